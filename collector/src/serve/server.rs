//! What answers requests: the router, and beside it the one route that is asked a thousand times for each other.
//!
//! A router copies what is behind a route for each of its requests, and puts it into a box at each layer. Batches need none of
//! that: their path has no parameters. What they get is the same, by the same layers.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use http::Method;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

/// Everything that is answered; clones answer the same.
#[derive(Clone)]
pub struct Server {
    direct: Option<Direct>,
    router: Router,
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
        }
    }

    /// The answer to a request.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let answered = match &self.direct {
            Some(direct) if direct.is_for(&request) => direct.service.clone().oneshot(request).await,
            _ => self.router.clone().oneshot(request).await,
        };
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// The same without the way round the router.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

impl From<Router> for Server {
    fn from(router: Router) -> Self {
        Self { direct: None, router }
    }
}

impl Direct {
    fn is_for(&self, request: &Request) -> bool {
        request.method() == self.method && request.uri().path() == self.path
    }
}
