//! Traces of the collector itself, by OTLP over HTTP to whoever is configured; none by default, and then a request costs no more than
//! a look whether there are any.
//!
//! A caller's `traceparent` is taken over: if it says that its trace is recorded, so is our part, else it is not. Of requests without one,
//! and of inserts and rounds of the alert rules, a share is drawn before anything is made of them. <https://www.w3.org/TR/trace-context/>
//!
//! The interface of OpenTelemetry is used as it is, and not through `tracing`: its spans would be made of every request, and thrown away of
//! those that are not recorded.

mod method;
mod parent;

use std::sync::OnceLock;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use opentelemetry::Context;
pub(crate) use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

use self::method::SpanMethod;
use self::parent::Parent;
use crate::config;

/// How long the receiver may take for some spans, and for the last of them.
const PATIENCE: Duration = Duration::from_secs(5);

/// There is one for the process, as there is one log.
static TRACING: OnceLock<Tracing> = OnceLock::new();

struct Tracing {
    tracer: SdkTracer,
    ratio: f64,
}

impl Tracing {
    fn is_drawn(&self) -> bool {
        rand::random::<f64>() < self.ratio
    }
}

/// Nothing can be traced.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent: {0}; mend [traces], or remove its endpoint")]
pub struct TracesError(#[from] ExporterBuildError);

/// Traces that are on. Spans wait in a bounded queue and are sent by a thread of their own; what does not fit is dropped.
#[must_use]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Turns them on, if the configuration names a receiver. Call it outside of the runtime.
    ///
    /// # Errors
    /// When the receiver cannot be one.
    pub fn start(config: &config::Traces) -> Result<Option<Self>, TracesError> {
        let Some(endpoint) = &config.endpoint else {
            return Ok(None);
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder()
            .with_service_name("rum-collector")
            .with_attribute(version);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            // What is not to be recorded is never made.
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(resource.build())
            .build();
        TRACING.get_or_init(|| Tracing {
            tracer: provider.tracer("rum-collector"),
            ratio: config.ratio,
        });
        Ok(Some(Self(provider)))
    }

    /// Sends what is left. Call it outside of the runtime.
    pub fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

/// The trace that a request is in.
#[derive(Clone)]
pub(crate) struct Trace(Box<Kind>);

#[derive(Clone)]
enum Kind {
    /// It is somebody else's, and our part is not recorded.
    Named(Parent),
    /// Our part is recorded: the request's span.
    Recorded(Context),
}

impl Trace {
    /// That of a request with these headers; `None` if it is in none.
    pub(crate) fn of(headers: &HeaderMap, method: &Method, route: Option<&str>) -> Option<Self> {
        let parent = Parent::of(headers);
        let tracing = TRACING.get().filter(|tracing| {
            let said = parent.as_ref().map(Parent::is_recorded);
            said.unwrap_or_else(|| tracing.is_drawn())
        });
        let Some(Tracing { tracer, .. }) = tracing else {
            return Some(Self(Box::new(Kind::Named(parent?))));
        };
        let route = route.unwrap_or("other").to_owned();
        let method = SpanMethod::of(method);
        let name = format!("{} {route}", method.in_span_name);
        let mut attributes = vec![
            KeyValue::new("http.request.method", method.known),
            KeyValue::new("http.route", route),
        ];
        attributes.extend(
            method
                .original
                .map(|sent| KeyValue::new("http.request.method_original", sent)),
        );
        let builder = tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .with_attributes(attributes);
        let around = parent.map_or_else(Context::new, |parent| parent.context());
        let span = tracer.build_with_context(builder, &around);
        Some(Self(Box::new(Kind::Recorded(Context::new().with_span(span)))))
    }

    /// Its id, as everybody writes it.
    pub(crate) fn id(&self) -> String {
        match &*self.0 {
            Kind::Named(parent) => parent.trace_id().to_string(),
            Kind::Recorded(context) => context.span().span_context().trace_id().to_string(),
        }
    }

    /// The request has its answer.
    pub(crate) fn answered(&self, status: StatusCode) {
        let Kind::Recorded(context) = &*self.0 else { return };
        let span = context.span();
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if status.is_server_error() {
            span.set_status(Status::error(""));
        }
        span.end();
    }

    /// Work that is done for it.
    pub(crate) fn span(&self, name: &'static str) -> Option<Span> {
        let Kind::Recorded(context) = &*self.0 else {
            return None;
        };
        let Tracing { tracer, .. } = TRACING.get()?;
        let span = tracer.build_with_context(tracer.span_builder(name), context);
        Some(Span(Context::new().with_span(span)))
    }
}

/// Work that is recorded, until this is dropped.
#[must_use]
pub(crate) struct Span(Context);

impl Drop for Span {
    fn drop(&mut self) {
        self.0.span().end();
    }
}

/// Work that is done for many requests at once, or for none: a trace of its own, if it is drawn.
pub(crate) fn work(name: &'static str, attributes: impl FnOnce() -> Vec<KeyValue>) -> Option<Span> {
    let Tracing { tracer, .. } = TRACING.get().filter(|tracing| tracing.is_drawn())?;
    let builder = tracer.span_builder(name).with_attributes(attributes());
    let span = tracer.build_with_context(builder, &Context::new());
    Some(Span(Context::new().with_span(span)))
}
