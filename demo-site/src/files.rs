//! The files that pages load: scripts, the style sheet and the pictures, all inside the binary.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::switches::RequestedSwitches;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A newcomer who edits a file and starts the shop again must see the change, so files are asked for again.
const REVALIDATE: &str = "no-cache";
/// A picture that was slow once must be slow the next time.
const NEVER_KEPT: &str = "no-store";

struct File {
    name: &'static str,
    media_type: &'static str,
    body: &'static str,
}

macro_rules! files {
    ($folder:literal, $media_type:expr, [$($name:literal),* $(,)?]) => {
        &[$(File { name: $name, media_type: $media_type, body: include_str!(concat!("../", $folder, "/", $name)) }),*]
    };
}

const SCRIPTS: &[File] = files!(
    "assets",
    JAVASCRIPT,
    [
        "cart.js",
        "late-rum.js",
        "magazine.js",
        "observer.js",
        "panel.js",
        "problems.js",
        "products.js",
        "recommendations.js",
        "shop.js",
        "switches.js",
    ]
);
const STYLES: &[File] = files!("assets", CSS, ["shop.css"]);
const PICTURES: &[File] = files!(
    "images",
    SVG,
    [
        "clerk.svg",
        "hero.svg",
        "heron.svg",
        "lampion.svg",
        "mark.svg",
        "menhir.svg",
        "perigee.svg",
        "porcini.svg",
        "taper.svg",
        "vesper.svg",
    ]
);

/// `GET /assets/{name}`
pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    match SCRIPTS.iter().chain(STYLES).find(|file| file.name == name) {
        Some(file) => answer(file, REVALIDATE),
        None => missing(),
    }
}

/// `GET /images/{name}`: with `slow-lcp=MS` the answer waits that long.
pub(crate) async fn picture(Path(name): Path<String>, RequestedSwitches(switches): RequestedSwitches) -> Response {
    let Some(file) = PICTURES.iter().find(|file| file.name == name) else {
        return missing();
    };
    match switches.map(|switches| switches.slow_lcp()) {
        Err(bad) => (StatusCode::BAD_REQUEST, bad.to_string()).into_response(),
        Ok(None) => answer(file, REVALIDATE),
        Ok(Some(delay)) => {
            tokio::time::sleep(delay).await;
            answer(file, NEVER_KEPT)
        }
    }
}

fn answer(file: &File, caching: &'static str) -> Response {
    ([(CONTENT_TYPE, file.media_type), (CACHE_CONTROL, caching)], file.body).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is no such file.").into_response()
}
