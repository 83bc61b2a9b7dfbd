//! What happens around every request: it gets an id, which is in each line of the log that is written for it and in the answer (a
//! proxy's id is taken over), its trace is known, and how it was answered is counted.
//!
//! One layer with types of its own, and no span but of the few requests that are traced: each layer of a router costs every request a copy of what is below it, so does
//! each function as a middleware, and a span is written out for every request although few are ever logged.

use std::cell::OnceCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use http::{HeaderName, HeaderValue, Method, Response};
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tokio::task_local;
use tower::{Layer, Service};

use super::metrics::Traffic;
use crate::traces::{Span, Trace};

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// Of what no request has asked for.
const NAMELESS: HeaderValue = HeaderValue::from_static("none");

/// The longest id that is taken over, in bytes: ids go into every line of the log.
const LONGEST: usize = 64;

task_local! {
    static AT_HAND: AtHand;
}

/// What is known of the request that is being worked at.
#[derive(Clone)]
struct AtHand {
    id: HeaderValue,
    trace: Option<Trace>,
    /// Once its key was looked up.
    app: OnceCell<Arc<str>>,
}

/// What the log says of the request at hand, in each line.
pub(crate) fn at_hand() -> Vec<(&'static str, String)> {
    let known = |at_hand: &AtHand| {
        let id = at_hand.id.to_str().unwrap_or_default().to_owned();
        let trace = at_hand.trace.as_ref().map(|trace| ("trace", trace.id()));
        let app = at_hand.app.get().map(|app| ("app", app.to_string()));
        [("request", id)].into_iter().chain(trace).chain(app).collect()
    };
    AT_HAND.try_with(known).unwrap_or_default()
}

/// The request at hand is one of `app`.
pub(crate) fn is_of(app: &Arc<str>) {
    // An error means that there is none, or that it is known already.
    let _ = AT_HAND.try_with(|at_hand| at_hand.app.set(Arc::clone(app)));
}

/// The same work, as a task of its own that still knows the request at hand.
pub(crate) fn with_request<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let at_hand = AT_HAND.try_with(AtHand::clone).unwrap_or(AtHand {
        id: NAMELESS,
        trace: None,
        app: OnceCell::new(),
    });
    AT_HAND.scope(at_hand, work)
}

/// A span of the trace that the request at hand is in, if that is recorded: until it is dropped.
pub(crate) fn span(name: &'static str) -> Option<Span> {
    let span = |at_hand: &AtHand| at_hand.trace.as_ref()?.span(name);
    AT_HAND.try_with(span).ok().flatten()
}

/// Names and counts the requests of a router.
#[derive(Clone, Debug)]
pub(super) struct Observe(Arc<Traffic>);

impl Observe {
    /// Counts them in `traffic`.
    pub(super) fn new(traffic: Arc<Traffic>) -> Self {
        Self(traffic)
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            inner,
            traffic: Arc::clone(&self.0),
        }
    }
}

/// A service whose requests are named and counted.
#[derive(Clone, Debug)]
pub(super) struct Observed<S> {
    inner: S,
    traffic: Arc<Traffic>,
}

impl<S: Service<Request, Response = Response<B>>, B> Service<Request> for Observed<S> {
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Answering<S::Future> {
        let route: Option<MatchedPath> = request.extensions().get().cloned();
        let route_text = route.as_ref().map(MatchedPath::as_str);
        let at_hand = AtHand {
            id: given(&request).unwrap_or_else(new),
            trace: Trace::of(request.headers(), request.method(), route_text),
            app: OnceCell::new(),
        };
        let seen = Seen {
            traffic: Arc::clone(&self.traffic),
            route,
            method: request.method().clone(),
            path: tracing::enabled!(tracing::Level::DEBUG).then(|| request.uri().path().to_owned()),
            begun: Instant::now(),
        };
        Answering {
            inner: AT_HAND.scope(at_hand, self.inner.call(request)),
            seen: Some(seen),
        }
    }
}

pin_project! {
    /// A request that is being answered.
    pub(super) struct Answering<F> {
        #[pin]
        inner: TaskLocalFuture<AtHand, F>,
        // Until it is answered.
        seen: Option<Seen>,
    }
}

impl<F: Future<Output = Result<Response<B>, E>>, B, E> Future for Answering<F> {
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut answered = ready!(this.inner.as_mut().poll(context));
        if let (Ok(response), Some(seen)) = (&mut answered, this.seen.take()) {
            seen.answered(response, this.inner.take_value());
        }
        Poll::Ready(answered)
    }
}

/// What is known of a request when it is answered.
struct Seen {
    traffic: Arc<Traffic>,
    route: Option<MatchedPath>,
    method: Method,
    /// Only for the log.
    path: Option<String>,
    begun: Instant,
}

impl Seen {
    fn answered<B>(self, response: &mut Response<B>, at_hand: Option<AtHand>) {
        let (status, elapsed) = (response.status(), self.begun.elapsed());
        let route = self.route.as_ref().map(MatchedPath::as_str);
        self.traffic.answered(route, &self.method, status, elapsed);
        let Some(at_hand) = at_hand else { return };
        if let Some(trace) = &at_hand.trace {
            trace.answered(status);
        }
        let id = at_hand.id.clone();
        if let Some(path) = self.path {
            AT_HAND.sync_scope(at_hand, || {
                tracing::debug!(method = %self.method, path, status = status.as_u16(), ?elapsed, "answered");
            });
        }
        response.headers_mut().insert(NAME, id);
    }
}

fn given(request: &Request) -> Option<HeaderValue> {
    let id = request.headers().get(NAME)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(plain)).then(|| id.clone())
}

fn new() -> HeaderValue {
    let id = format!("{:016x}", rand::random::<u64>());
    HeaderValue::from_str(&id).unwrap_or(NAMELESS)
}
