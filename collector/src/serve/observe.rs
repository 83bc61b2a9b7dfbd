//! What happens around every request: it gets an id, which is in each line of the log that is written for it and in the answer (a
//! proxy's id is taken over), its trace is known, and how it was answered is counted.
//!
//! One layer with types of its own, and no span but of the few requests that are traced: each layer of a router costs every request a copy of what is below it, so does
//! each function as a middleware, and a span is written out for every request although few are ever logged.

use std::array;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response};
use pin_project_lite::pin_project;
use tokio::task::futures::TaskLocalFuture;
use tower::{Layer, Service};

use super::metrics::Traffic;
use crate::at_hand::{AtHand, NAMELESS};
use crate::traces::Trace;

const NAME: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over, in bytes: ids go into every line of the log.
const LONGEST: usize = 64;

/// Names and counts the requests of a router, or of one route.
#[derive(Clone, Debug)]
pub(super) struct Observe {
    traffic: Arc<Traffic>,
    route: Option<&'static str>,
}

impl Observe {
    /// Counts those of a router in `traffic`.
    pub(super) fn new(traffic: Arc<Traffic>) -> Self {
        Self { traffic, route: None }
    }

    /// Counts those of `route`, which no router has looked for.
    pub(super) fn of(self, route: &'static str) -> Self {
        Self {
            route: Some(route),
            ..self
        }
    }
}

/// The route of a request, as the router writes it.
#[derive(Clone, Debug)]
enum Route {
    Known(&'static str),
    Matched(MatchedPath),
}

impl Route {
    fn text(&self) -> &str {
        match self {
            Self::Known(route) => route,
            Self::Matched(route) => route.as_str(),
        }
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed {
            inner,
            observe: self.clone(),
        }
    }
}

/// A service whose requests are named and counted.
#[derive(Clone, Debug)]
pub(super) struct Observed<S> {
    inner: S,
    observe: Observe,
}

impl<S: Service<Request, Response = Response<B>>, B> Service<Request> for Observed<S> {
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Answering<S::Future> {
        let Observe { traffic, route } = &self.observe;
        let matched = || request.extensions().get().cloned().map(Route::Matched);
        let route = route.map(Route::Known).or_else(matched);
        let route_text = route.as_ref().map(Route::text);
        let trace = Trace::of(request.headers(), request.method(), route_text);
        let at_hand = AtHand::new(name_of(request.headers()), trace);
        let seen = Seen {
            traffic: Arc::clone(traffic),
            route,
            method: request.method().clone(),
            path: tracing::enabled!(tracing::Level::DEBUG).then(|| request.uri().path().to_owned()),
            begun: Instant::now(),
        };
        Answering {
            inner: at_hand.scope(self.inner.call(request)),
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
    route: Option<Route>,
    method: Method,
    /// Only for the log.
    path: Option<String>,
    begun: Instant,
}

impl Seen {
    fn answered<B>(self, response: &mut Response<B>, at_hand: Option<AtHand>) {
        let (status, elapsed) = (response.status(), self.begun.elapsed());
        let route = self.route.as_ref().map(Route::text);
        self.traffic.answered(route, &self.method, status, elapsed);
        let Some(at_hand) = at_hand else { return };
        if let Some(trace) = at_hand.trace() {
            trace.answered(status);
        }
        let id = at_hand.id().clone();
        if let Some(path) = self.path {
            at_hand.sync_scope(|| {
                tracing::debug!(method = %self.method, path, status = status.as_u16(), ?elapsed, "answered");
            });
        }
        response.headers_mut().insert(NAME, id);
    }
}

/// Names a request that no router sees, by its headers, in its answer.
pub(super) fn named<B>(headers: &HeaderMap, mut answer: Response<B>) -> Response<B> {
    answer.headers_mut().insert(NAME, name_of(headers));
    answer
}

fn name_of(headers: &HeaderMap) -> HeaderValue {
    given(headers).unwrap_or_else(new)
}

fn given(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(NAME)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(plain)).then(|| id.clone())
}

fn new() -> HeaderValue {
    let number: u64 = rand::random();
    let digits: [u8; 16] = array::from_fn(|at| b"0123456789abcdef"[(number >> (4 * at)) as usize & 0xf]);
    HeaderValue::from_bytes(&digits).unwrap_or(NAMELESS)
}
