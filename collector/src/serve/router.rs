//! All routes, and what every answer carries.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http::{Method, StatusCode};
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;

use super::assets::Assets;
use super::headers::{Headers, Readers, Transport};
use super::health::{self, Health};
use super::metrics::{self, Metrics};
use super::observe::Observe;
use super::openapi::{self, Document};
use super::server::{Direct, Server};
use super::sql::{self, Sql};
use super::{Problem, login, schema};
use crate::ingest::{self, Ingest};

/// What is behind the routes.
pub struct Routes {
    /// What pages send.
    pub ingest: Ingest,
    /// What pages load.
    pub assets: Assets,
    /// How the collector is.
    pub health: Health,
    /// What it counts.
    pub metrics: Metrics,
    /// What people ask.
    pub sql: Sql,
    /// How all of it is reached.
    pub transport: Transport,
}

/// The whole server, without a socket.
pub fn server(routes: Routes) -> Server {
    let Routes {
        ingest,
        assets,
        health,
        metrics,
        sql,
        transport,
    } = routes;
    let access = sql.access().clone();
    let observe = Observe::new(metrics.traffic());
    let people = Headers {
        readers: Readers::People,
        transport,
    };
    // Pages ask for these, so pages may read the answers, also those for a path that does not exist.
    let document = Document::default();
    let direct = direct(ingest.clone(), observe.clone(), transport);
    let (public, of_public) = OpenApiRouter::with_openapi(openapi::frame())
        .merge(ingest::routes(ingest))
        .merge(assets.routes())
        .merge(schema::routes())
        .merge(openapi::routes(document.clone()))
        .split_for_parts();
    let public = public
        .fallback(async |request: Request| unknown_path(request.uri().path()))
        .method_not_allowed_fallback(method_not_allowed);
    let (private, of_private) = health::routes(health)
        .merge(metrics::routes(metrics))
        .merge(login::routes(sql.clone()))
        .merge(sql::routes(sql))
        .split_for_parts();
    document.complete(of_public.merge_from(of_private));
    let private = private.method_not_allowed_fallback(method_not_allowed).layer(
        ServiceBuilder::new()
            .layer(observe.clone())
            .map_response(move |response: http::Response<_>| people.on(response))
            .layer(Extension(access))
            .layer(CatchPanicLayer::custom(panicked)),
    );
    Server::new(direct, readable(public, observe, transport).merge(private))
}

/// The route of batches, as [`readable`] has it.
fn direct(ingest: Ingest, observe: Observe, transport: Transport) -> Direct {
    let headers = Headers {
        readers: Readers::Pages,
        transport,
    };
    let service = ServiceBuilder::new()
        .layer(observe.of(ingest::BATCHES))
        .map_response(move |response: http::Response<_>| headers.on(response).map(Body::new))
        .layer(CatchPanicLayer::custom(panicked))
        .service(ingest::batches_service(ingest));
    Direct {
        method: Method::POST,
        path: ingest::BATCHES,
        service: BoxCloneSyncService::new(service),
    }
}

/// Every answer of `routes` is readable by pages. A panic costs its request and nothing else, and is an answer, too.
fn readable(routes: Router, observe: Observe, transport: Transport) -> Router {
    let headers = Headers {
        readers: Readers::Pages,
        transport,
    };
    routes.layer(
        ServiceBuilder::new()
            .layer(observe)
            .map_response(move |response: http::Response<_>| headers.on(response))
            .layer(CatchPanicLayer::custom(panicked)),
    )
}

/// The answer for a path that does not exist.
pub(super) fn unknown_path(path: &str) -> Response {
    let path: String = path.trim_start_matches('/').chars().take(128).collect();
    let message = format!("there is nothing at /{path}; batches go to POST /v1/batches, the SDK is at /rum.js");
    Problem::new(StatusCode::NOT_FOUND, "unknown_path", message).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let message = format!("{method} is not for {path}; the Allow header says what is");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).into_response()
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or(panic.downcast_ref::<&str>().copied());
    tracing::error!(
        panic = text.unwrap_or("?"),
        "a request panicked: this is a bug in the collector"
    );
    let message = "the collector failed at this request and goes on; its log has the reason under this x-request-id";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", message).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::routing::get;
    use http_body_util::{BodyExt as _, Limited};
    use tower::ServiceExt as _;

    use super::super::metrics::Traffic;
    use super::*;
    use crate::at_hand::at_hand;

    #[tokio::test]
    async fn a_panic_is_a_readable_answer_and_the_server_goes_on() {
        let routes = Router::new()
            .route("/panics", get(async || -> &'static str { panic!("in a handler") }))
            .route("/lives", get(async || at_hand()[0].1.clone()));
        let server = readable(routes, Observe::new(Arc::new(Traffic::new())), Transport::Plain);
        let ask = async |path: &str| {
            server
                .clone()
                .oneshot(Request::get(path).body(Body::empty()).unwrap())
                .await
                .unwrap()
        };
        let answer = ask("/panics").await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        assert_eq!(answer.headers()["content-type"], "application/json");
        let answer = ask("/lives").await;
        assert_eq!(answer.status(), StatusCode::OK);
        // Who logs knows the id that the asker is told.
        let told = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let known = Limited::new(answer.into_body(), 1 << 10).collect().await.unwrap();
        assert!(!told.is_empty());
        assert_eq!(known.to_bytes(), told);
    }
}
