//! What answers requests: the router, and beside it the one route that is asked a thousand times for each other.
//!
//! Batches are answered where their connection lives, which is soon done. What the router answers may take long, and asks ClickHouse
//! over connections that outlive the requests: it runs on the collector's own runtime.
//!
//! A router copies what is behind a route for each of its requests, and puts it into a box at each layer. Batches need none of
//! that: their path has no parameters. What they get is the same, by the same layers.

use std::convert::Infallible;
use std::future::pending;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use http::Method;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::background::finished;

/// Everything that is answered; clones answer the same.
#[derive(Clone)]
pub struct Server {
    direct: Option<Direct>,
    router: Router,
    /// Where the router's answers are made, if not where they are asked for.
    home: Option<Handle>,
}

/// A route that no router needs to look for.
#[derive(Clone)]
pub(super) struct Direct {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) service: BoxCloneSyncService<Request, Response, Infallible>,
}

impl Server {
    pub(super) fn new(direct: Direct, router: Router) -> Self {
        Self {
            direct: Some(direct),
            router,
            home: None,
        }
    }

    /// The same, whose router answers on `home`.
    pub(super) fn at(self, home: Handle) -> Self {
        Self {
            home: Some(home),
            ..self
        }
    }

    /// The answer to a request.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let answered = match &self.direct {
            Some(direct) if direct.is_for(&request) => direct.service.clone().oneshot(request).await,
            _ => self.routed(request).await,
        };
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    async fn routed(&self, request: Request) -> Result<Response, Infallible> {
        let answering = self.router.clone().oneshot(request);
        let Some(home) = &self.home else {
            return answering.await;
        };
        match finished(AbortOnDropHandle::new(home.spawn(answering))).await {
            Some(answered) => answered,
            // The collector has ended, and this with it.
            None => pending().await,
        }
    }

    /// The same without the way round the router.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

impl From<Router> for Server {
    fn from(router: Router) -> Self {
        Self {
            direct: None,
            router,
            home: None,
        }
    }
}

impl Direct {
    fn is_for(&self, request: &Request) -> bool {
        request.method() == self.method && request.uri().path() == self.path
    }
}
