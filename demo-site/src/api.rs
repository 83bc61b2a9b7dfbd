//! The JSON endpoints that the pages fetch.

use std::io;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::catalogue::{self, Kind, PRODUCTS, Product};
use crate::stories::{STORIES, Story};
use crate::switches::{FetchFailure, RequestedSwitches};

/// Longer than the patience of `recommendations.js`, which aborts after three seconds.
const BEYOND_PATIENCE: Duration = Duration::from_secs(10);
/// More of one lamp than anybody carries home.
const MOST_OF_ONE: u32 = 20;

const FRESH: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-cache")];

/// Why an endpoint refuses. Each becomes `{"error": …}`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("there is no {what} called {id:?}")]
    Missing { what: &'static str, id: String },
    #[error("{0}")]
    BadRequest(String),
    #[error("the recommendations are broken, as this page asked for")]
    Broken,
    #[error("the recommendations are gone, as this page asked for")]
    Gone,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Missing { .. } | Self::Gone => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, FRESH, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

fn fresh(value: impl Serialize) -> Response {
    (FRESH, Json(value)).into_response()
}

fn find(id: &str) -> Result<&'static Product, ApiError> {
    Product::find(id).ok_or_else(|| ApiError::Missing {
        what: "product",
        id: id.to_owned(),
    })
}

#[derive(Debug, Deserialize)]
pub(crate) struct ListQuery {
    kind: Option<String>,
}

/// `GET /api/products?kind=table|floor|ceiling|wall`
pub(crate) async fn products(Query(query): Query<ListQuery>) -> Result<Response, ApiError> {
    let kind = query
        .kind
        .map(|word| {
            Kind::parse(&word).ok_or(ApiError::Missing {
                what: "kind of lamp",
                id: word,
            })
        })
        .transpose()?;
    let chosen: Vec<_> = PRODUCTS
        .iter()
        .filter(|product| kind.is_none_or(|kind| product.kind == kind))
        .collect();
    Ok(fresh(json!({ "products": chosen })))
}

/// `GET /api/products/{id}`: with the details that the list leaves out.
pub(crate) async fn product(Path(id): Path<String>) -> Result<Response, ApiError> {
    let product = find(&id)?;
    let details: Vec<Value> = product
        .details
        .iter()
        .map(|(label, value)| json!({ "label": label, "value": value }))
        .collect();
    Ok(fresh(json!({ "product": product, "details": details })))
}

/// `GET /api/stock/{id}`
pub(crate) async fn stock(Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(fresh(json!({ "in_stock": find(&id)?.in_stock })))
}

#[derive(Debug, Deserialize)]
pub(crate) struct BesideQuery {
    #[serde(rename = "for")]
    product: Option<String>,
}

/// `GET /api/recommendations?for={id}`, or what `fail-fetch` makes of it.
pub(crate) async fn recommendations(
    Query(query): Query<BesideQuery>,
    RequestedSwitches(switches): RequestedSwitches,
) -> Result<Response, ApiError> {
    let switches = switches.map_err(|bad| ApiError::BadRequest(bad.to_string()))?;
    match switches.fail_fetch() {
        Some(FetchFailure::ServerError) => return Err(ApiError::Broken),
        Some(FetchFailure::NotFound) => return Err(ApiError::Gone),
        Some(FetchFailure::Network) => return Ok(broken_connection()),
        Some(FetchFailure::Abort) => tokio::time::sleep(BEYOND_PATIENCE).await,
        None => {}
    }
    let products: Vec<_> = catalogue::beside(query.product.as_deref()).collect();
    Ok(fresh(json!({ "products": products })))
}

/// A body that fails before its first byte: hyper has not flushed the head by then and closes the connection, so
/// the page sees a network failure and not a status.
fn broken_connection() -> Response {
    let cut = io::Error::new(io::ErrorKind::ConnectionAborted, "cut, as this page asked for");
    Body::from_stream(stream::once(async { Err::<Vec<u8>, _>(cut) })).into_response()
}

/// One line of a cart.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    product: String,
    quantity: u32,
}

impl Line {
    fn checked(&self) -> Result<&'static Product, ApiError> {
        if (1..=MOST_OF_ONE).contains(&self.quantity) {
            find(&self.product)
        } else {
            Err(ApiError::BadRequest(format!(
                "quantity must be from 1 to {MOST_OF_ONE}, not {}",
                self.quantity
            )))
        }
    }
}

/// `POST /api/cart`: the cart itself lives in the visitor's browser; the shop only agrees to the line.
pub(crate) async fn add_to_cart(line: Result<Json<Line>, JsonRejection>) -> Result<Response, ApiError> {
    let Json(line) = line.map_err(|bad| ApiError::BadRequest(bad.body_text()))?;
    let product = line.checked()?;
    let total_cents = product.price_cents * line.quantity;
    let added = json!({ "product": product.id, "quantity": line.quantity, "total_cents": total_cents });
    Ok((StatusCode::CREATED, fresh(added)).into_response())
}

#[derive(Debug, Deserialize)]
pub(crate) struct Order {
    lines: Vec<Line>,
}

/// `POST /api/orders`: adds up what would be paid. Nobody is asked for money.
pub(crate) async fn place_order(order: Result<Json<Order>, JsonRejection>) -> Result<Response, ApiError> {
    let Json(order) = order.map_err(|bad| ApiError::BadRequest(bad.body_text()))?;
    if order.lines.is_empty() || order.lines.len() > PRODUCTS.len() {
        return Err(ApiError::BadRequest(format!(
            "an order has 1 to {} lines",
            PRODUCTS.len()
        )));
    }
    let mut total_cents = 0;
    for line in &order.lines {
        total_cents += line.checked()?.price_cents * line.quantity;
    }
    Ok((StatusCode::CREATED, fresh(json!({ "total_cents": total_cents }))).into_response())
}

/// `GET /api/stories`
pub(crate) async fn stories() -> Response {
    fresh(json!({ "stories": STORIES }))
}

/// `GET /api/stories/{id}`
pub(crate) async fn story(Path(id): Path<String>) -> Result<Response, ApiError> {
    let story = Story::find(&id).ok_or(ApiError::Missing { what: "story", id })?;
    Ok(fresh(json!({ "story": story, "paragraphs": story.paragraphs })))
}
