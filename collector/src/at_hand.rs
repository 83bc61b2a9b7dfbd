//! The request that is being worked at: whoever logs says which one it is, and whoever does something long for it adds a span to
//! its trace.

use std::cell::OnceCell;
use std::sync::Arc;

use http::HeaderValue;
use tokio::task::futures::TaskLocalFuture;
use tokio::task_local;

use crate::traces::{Span, Trace};

/// The name of what has none, such as work for which no request has asked.
pub(crate) const NAMELESS: HeaderValue = HeaderValue::from_static("none");

task_local! {
    static AT_HAND: AtHand;
}

/// What is known of a request.
#[derive(Clone)]
pub(crate) struct AtHand {
    id: HeaderValue,
    trace: Option<Trace>,
    /// Once its key was looked up.
    app: OnceCell<Arc<str>>,
}

impl AtHand {
    /// Of the request that its answer calls `id`.
    pub(crate) const fn new(id: HeaderValue, trace: Option<Trace>) -> Self {
        Self {
            id,
            trace,
            app: OnceCell::new(),
        }
    }

    /// What its answer calls it.
    pub(crate) const fn id(&self) -> &HeaderValue {
        &self.id
    }

    /// The trace that it is in, if that is known.
    pub(crate) const fn trace(&self) -> Option<&Trace> {
        self.trace.as_ref()
    }

    /// Does `work` for it.
    pub(crate) fn scope<F: Future>(self, work: F) -> TaskLocalFuture<Self, F> {
        AT_HAND.scope(self, work)
    }

    /// Does `work` for it at once.
    pub(crate) fn sync_scope(self, work: impl FnOnce()) {
        AT_HAND.sync_scope(self, work);
    }
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
    let at_hand = AT_HAND.try_with(AtHand::clone);
    at_hand.unwrap_or_else(|_| AtHand::new(NAMELESS, None)).scope(work)
}

/// A span of the trace that the request at hand is in, if that is recorded: until it is dropped.
pub(crate) fn span(name: &'static str) -> Option<Span> {
    let span = |at_hand: &AtHand| at_hand.trace.as_ref()?.span(name);
    AT_HAND.try_with(span).ok().flatten()
}
