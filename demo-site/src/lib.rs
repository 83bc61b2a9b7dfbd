#![doc = include_str!("../README.md")]

mod api;
mod catalogue;
mod content_policy;
mod files;
mod options;
mod pages;
mod panel;
mod stories;
mod switches;
mod template;

use std::future::{Future, IntoFuture};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use options::{BadRumTag, RumTag, ShopOptions};

/// How long requests that are under way may take to finish once the shop is told to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// The whole shop as a router: no socket, no clock of its own beyond the delays that a request asks for.
pub fn router(options: ShopOptions) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/products", get(pages::products))
        .route("/products/{id}", get(pages::product))
        .route("/cart", get(pages::cart))
        .route("/magazine", get(pages::magazine))
        .route("/magazine/about", get(pages::magazine))
        .route("/magazine/stories/{id}", get(pages::story))
        .route("/api/products", get(api::products))
        .route("/api/products/{id}", get(api::product))
        .route("/api/recommendations", get(api::recommendations))
        .route("/api/stock/{id}", get(api::stock))
        .route("/api/cart", post(api::add_to_cart))
        .route("/api/orders", post(api::place_order))
        .route("/api/stories", get(api::stories))
        .route("/api/stories/{id}", get(api::story))
        .route("/assets/{name}", get(files::asset))
        .route("/images/{name}", get(files::picture))
        .fallback(pages::not_found)
        .with_state(Arc::new(options))
}

/// Serves the shop on `listener` until `shutdown` resolves, then lets requests under way finish for two seconds.
///
/// # Errors
/// When the listener fails for good.
pub async fn run(
    listener: TcpListener,
    options: ShopOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel();
    let serve = axum::serve(listener, router(options)).with_graceful_shutdown(async move {
        shutdown.await;
        // The receiver is gone only when serving has ended by itself: then nobody waits for the drain.
        let _ = stopping.send(());
    });
    tokio::select! {
        ended = serve.into_future() => ended,
        () = async {
            if stopped.await.is_ok() {
                tokio::time::sleep(DRAIN).await;
            } else {
                std::future::pending::<()>().await;
            }
        } => Ok(()),
    }
}
