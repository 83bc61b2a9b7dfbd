//! The routes that a router really has, so that a test can go through all of them and none can be forgotten.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use http::Request;
use tower::ServiceExt as _;

/// A path as the router has it, such as `/readyz/{component}`, and a method that it takes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    pub(crate) method: String,
    pub(crate) path: String,
}

/// The paths, from what the router says of itself: axum has no other list of them.
pub(crate) fn paths(router: &Router) -> BTreeSet<String> {
    let text = format!("{router:?}");
    let own = text.split("fallback_router").next().unwrap();
    let quoted = own.split('"').skip(1).step_by(2);
    let paths: BTreeSet<_> = quoted.filter(|text| text.starts_with('/')).map(str::to_owned).collect();
    assert!(
        paths.contains("/v1/batches") && paths.contains("/readyz/{component}"),
        "axum writes routers in another way now: {own}"
    );
    paths
}

/// An address of a path: one that exists, where it has a parameter.
pub(crate) fn address(path: &str) -> String {
    path.replace("{component}", "spool").replace("{name}", "rum.js")
}

/// Paths and methods: each path says by itself which methods it takes, to who asks by one that there is not.
pub(crate) async fn routes(router: &Router) -> BTreeSet<Route> {
    let mut routes = BTreeSet::new();
    for path in paths(router) {
        let request = Request::builder().method("BREW").uri(address(&path));
        let answer = router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let allowed = answer
            .headers()
            .get("allow")
            .unwrap_or_else(|| panic!("{path}: {answer:?}"));
        routes.extend(allowed.to_str().unwrap().split(',').map(|method| Route {
            method: method.trim().to_owned(),
            path: path.clone(),
        }));
    }
    routes
}
