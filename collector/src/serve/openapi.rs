//! `GET /openapi.json`: what everybody may ask, as OpenAPI 3.1. Each handler says its own part beside its code, from the types that it
//! reads and writes; the router is made of the same handlers, so there is no route that is not in it.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{asker, schema};
use crate::problem::{Body, Failed, Later, Refused, Unknown};

/// It changes with the collector only.
const CACHING: &str = "public, max-age=3600";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "wasm-rum collector",
        description = "Real User Monitoring: pages send batches, people ask. Every answer has an `x-request-id`; 429, 503 and 408 say when to try again.",
        license(name = "MIT", identifier = "MIT"),
    ),
    components(schemas(Body), responses(Refused, Later, Unknown, Failed)),
    tags(
        (name = "ingest", description = "What pages send"),
        (name = "sdk", description = "What pages load"),
        (name = "reading", description = "What people ask"),
        (name = "access", description = "Tokens and logins"),
        (name = "operating", description = "How the collector is"),
    )
)]
struct Frame;

/// The document without its routes.
pub(super) fn frame() -> OpenApi {
    let mut frame = <Frame as utoipa::OpenApi>::openapi();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("rum_…")
        .description(Some(
            "A token of the configuration: `rum-collector token new` makes one",
        ));
    let login = ApiKeyValue::with_description(
        asker::COOKIE_NAME,
        "The cookie of POST /v1/login; on the collector's own machine it is called rum_session",
    );
    let components = frame.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
    components.add_security_scheme("login", SecurityScheme::ApiKey(ApiKey::Cookie(login)));
    frame
}

/// The document, once the routes are known; a handle.
#[derive(Clone, Default)]
pub(super) struct Document(Arc<OnceLock<Bytes>>);

impl Document {
    /// These are all routes.
    pub(super) fn complete(&self, api: OpenApi) {
        let mut document = serde_json::to_value(api).unwrap_or_default();
        complete(&mut document);
        self.0.get_or_init(|| document.to_string().into());
    }
}

/// What is the same everywhere, and what no type of ours has: the schema of batches, which is generated from the wire's tables.
fn complete(document: &mut Value) {
    let batch = serde_json::from_str(schema::SCHEMA).unwrap_or_else(|_| json!({}));
    let batch = with_id(batch);
    document["components"]["schemas"]["DocumentedBatch"] = batch;
    document["components"]["schemas"]["Batch"] = json!({
        "description": "Documented (an object), or compact (an array): see docs/wire.md",
        "anyOf": [{ "$ref": "#/components/schemas/DocumentedBatch" }, { "type": "array" }],
    });
    document["components"]["headers"] = json!({
        "x-request-id": {
            "description": "What the log calls this request; a proxy's own is taken over",
            "schema": { "type": "string" },
        },
    });
    let content = &mut document["paths"]["/v1/batches"]["post"]["requestBody"]["content"];
    for content in content
        .as_object_mut()
        .into_iter()
        .flat_map(|content| content.values_mut())
    {
        content["schema"] = json!({ "$ref": "#/components/schemas/Batch" });
    }
    let operations = members(&mut document["paths"]).flat_map(members);
    for responses in operations.map(|operation| &mut operation["responses"]) {
        responses["500"] = json!({ "$ref": "#/components/responses/Failed" });
        crowded(responses);
        members(responses).for_each(named);
    }
    members(&mut document["components"]["responses"]).for_each(named);
}

/// By HTTP/2 there may be no place for a request, whatever it asks for.
fn crowded(responses: &mut Value) {
    for status in ["429", "503"] {
        match responses.get_mut(status) {
            None => responses[status] = json!({ "$ref": "#/components/responses/Later" }),
            // One with a body of its own.
            Some(own) if own.get("$ref").is_none() => {
                let schema = &mut own["content"]["application/json"]["schema"];
                *schema = json!({ "anyOf": [schema.take(), { "$ref": "#/components/schemas/Problem" }] });
            }
            Some(_) => {}
        }
    }
}

/// Its references are to itself.
fn with_id(mut schema: Value) -> Value {
    schema["$id"] = "/v1/schema.json".into();
    schema
}

/// A response has the id of its request, unless it is one that is written elsewhere.
fn named(response: &mut Value) {
    if response.get("$ref").is_none() {
        response["headers"]["x-request-id"] = json!({ "$ref": "#/components/headers/x-request-id" });
    }
}

fn members(of: &mut Value) -> impl Iterator<Item = &mut Value> {
    of.as_object_mut().into_iter().flat_map(|object| object.values_mut())
}

/// The route.
pub(super) fn routes(document: Document) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(openapi)).with_state(document)
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operating",
    responses((status = 200, description = "OpenAPI 3.1.", body = Value, headers(("Cache-Control" = String, description = "For how long it is good"))))
)]
async fn openapi(State(document): State<Document>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHING)];
    (headers, document.0.get().cloned().unwrap_or_default())
}
