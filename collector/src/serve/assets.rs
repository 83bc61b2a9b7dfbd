//! The SDK's files as pages load them: read and compressed once, at the start, then answered from memory.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Problem;
use crate::problem::Refused;

/// Five minutes: how long an update of the SDK takes to reach every page. Older copies stay good for a day while a new
/// one is fetched behind the page's back.
const CAPTURE_CACHING: &str = "public, max-age=300, stale-while-revalidate=86400";
/// For names that hold their content's hash.
const HASHED_CACHING: &str = "public, max-age=31536000, immutable";

/// Lets a page's own resource timing see sizes and phases of our files: the SDK's cost is nobody's secret.
const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

/// The SDK's build is there, and not usable.
#[derive(Debug, thiserror::Error)]
pub enum AssetsError {
    /// A file is missing or not readable.
    #[error("{}: {source}. Build the SDK again with `cargo xtask wasm`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The manifest is not one.
    #[error("{}: {source}. Build the SDK again with `cargo xtask wasm`", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        source: serde_json::Error,
    },
}

/// What the SDK's build lists: names in its own folder.
#[derive(Deserialize)]
struct Manifest {
    capture: String,
    glue: Vec<String>,
    wasm: Vec<String>,
    /// The capture script again, by a name that holds its hash: a page may pin it.
    pinned: Option<String>,
}

/// The files, by name.
#[derive(Clone, Debug, Default)]
pub struct Assets(Arc<HashMap<String, Asset>>);

#[derive(Debug)]
struct Asset {
    media_type: &'static str,
    caching: &'static str,
    /// In the order of preference.
    compressed: Vec<Form>,
    whole: Form,
}

/// A file in one encoding.
#[derive(Debug)]
struct Form {
    encoding: Coding,
    bytes: Bytes,
    etag: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    const fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

impl Assets {
    /// Reads the files that `dist/manifest.json` lists. Without a manifest there is nothing to serve: pages may well load
    /// the SDK from elsewhere.
    ///
    /// # Errors
    /// When there is a manifest, and it or a file of it cannot be read.
    pub fn load(dist: &Path) -> Result<Self, AssetsError> {
        let path = dist.join("manifest.json");
        if !path.exists() {
            return Ok(Self::default());
        }
        let manifest: Manifest =
            serde_json::from_slice(&read(&path)?).map_err(|source| AssetsError::Manifest { path, source })?;
        let hashed = manifest
            .glue
            .into_iter()
            .chain(manifest.wasm)
            .chain(manifest.pinned)
            .map(|name| (name, HASHED_CACHING));
        let mut assets = HashMap::new();
        for (name, caching) in hashed.chain([(manifest.capture, CAPTURE_CACHING)]) {
            let asset = Asset::new(&name, caching, read(&dist.join(&name))?);
            assets.insert(name, asset);
        }
        Ok(Self(Arc::new(assets)))
    }

    /// The routes: a file a name.
    pub(super) fn routes(self) -> OpenApiRouter {
        OpenApiRouter::new().routes(routes!(asset)).with_state(self)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, AssetsError> {
    std::fs::read(path).map_err(|source| AssetsError::Read {
        path: path.to_owned(),
        source,
    })
}

impl Asset {
    fn new(name: &str, caching: &'static str, bytes: Vec<u8>) -> Self {
        let hash = Sha256::digest(&bytes);
        let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        // Each encoding is a representation of its own, so its tag is, too (RFC 9110, 8.8.3.3).
        let form = |encoding: Coding, bytes: Vec<u8>| {
            let etag = format!("\"{hash}-{}\"", encoding.name());
            Form {
                encoding,
                bytes: bytes.into(),
                etag,
            }
        };
        let compressed = [(Coding::Brotli, brotli(&bytes)), (Coding::Gzip, gzip(&bytes))];
        let compressed = compressed
            .into_iter()
            .filter_map(|(encoding, bytes)| Some(form(encoding, bytes.ok()?)));
        Self {
            media_type: media_type(name),
            caching,
            compressed: compressed.collect(),
            whole: form(Coding::Identity, bytes),
        }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let accepted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let form = self
            .compressed
            .iter()
            .find(|form| accepts(accepted, form.encoding))
            .unwrap_or(&self.whole);
        let fixed = [
            (CACHE_CONTROL, self.caching),
            (VARY, "Accept-Encoding"),
            (TIMING_ALLOW_ORIGIN, "*"),
            (CONTENT_TYPE, self.media_type),
        ];
        let etag = [(ETAG, form.etag.clone())];
        if is_current(headers, &form.etag) {
            return (StatusCode::NOT_MODIFIED, etag, fixed).into_response();
        }
        match form.encoding {
            Coding::Identity => (etag, fixed, form.bytes.clone()).into_response(),
            encoding => (etag, fixed, [(CONTENT_ENCODING, encoding.name())], form.bytes.clone()).into_response(),
        }
    }
}

/// A file of the SDK: `rum.js`, and those that it loads.
///
/// Compressed as `Accept-Encoding` says. Names with a hash are for ever, `rum.js` is asked for again after five minutes.
#[utoipa::path(
    get, path = "/{name}", tag = "sdk",
    params(("name" = String, Path, description = "The file's name"), ("If-None-Match" = Option<String>, Header, description = "The ETag of the copy at hand")),
    responses(
        (status = 200, description = "The file.", headers(
                ("ETag" = String, description = "Of this representation"),
                ("Cache-Control" = String, description = "For how long it is good"),
                ("Content-Encoding" = String, description = "`br` or `gzip`; absent where the request accepts neither"),
                ("Vary" = String, description = "Always `Accept-Encoding`"),
                ("Timing-Allow-Origin" = String, description = "Always `*`"),
            ),
            content((String = "text/javascript"), (String = "application/wasm"))),
        (status = 304, description = "The copy at hand is current.", headers(
            ("ETag" = String, description = "Of this representation"),
            ("Cache-Control" = String, description = "For how long it is good"),
            ("Vary" = String, description = "Always `Accept-Encoding`"),
            ("Timing-Allow-Origin" = String, description = "Always `*`"),
        )),
        (status = 404, response = Refused),
    )
)]
async fn asset(
    State(assets): State<Assets>,
    name: Result<UrlPath<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // What is no text is the name of no file.
    let Ok(UrlPath(name)) = name else {
        return super::router::unknown_path(uri.path());
    };
    match assets.0.get(&name) {
        Some(asset) => asset.answer(&headers),
        None if assets.0.is_empty() && name == "rum.js" => {
            let message = "this collector has no build of the SDK; run `cargo xtask wasm`, or set sdk.dist";
            Problem::new(StatusCode::NOT_FOUND, "sdk_not_built", message).into_response()
        }
        None => super::router::unknown_path(&name),
    }
}

/// Instantiating Wasm while it streams needs the exact type.
fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "wasm")) => "application/wasm",
        _ => "application/octet-stream",
    }
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let params = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut out, &params)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether `Accept-Encoding` names the encoding, and not with a weight of 0.
fn accepts(header: &str, encoding: Coding) -> bool {
    header.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(encoding.name()));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        named && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// Whether the client has this very representation. <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2>
fn is_current(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    known
        .split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tempfile::TempDir;
    use tower::ServiceExt as _;

    use super::*;

    const CAPTURE: &str = "!function(){console.log('capture')}()";
    const WASM: &[u8] = b"\0asm\x01\0\0\0";

    fn dist() -> TempDir {
        let dist = TempDir::new().unwrap();
        let manifest = r#"{"capture":"rum.js","glue":["rum-glue.0a1b.js"],"wasm":["rum.2c3d.wasm"],"stub":"stub.js","pinned":"rum.4e5f.js"}"#;
        for (name, content) in [
            ("manifest.json", manifest.as_bytes()),
            ("rum.js", CAPTURE.as_bytes()),
            ("rum.4e5f.js", CAPTURE.as_bytes()),
            ("rum-glue.0a1b.js", b"export {}"),
            ("rum.2c3d.wasm", WASM),
            ("stub.js", b"stub"),
        ] {
            std::fs::write(dist.path().join(name), content).unwrap();
        }
        dist
    }

    async fn get(path: &str, headers: &[(HeaderName, &str)]) -> (StatusCode, HeaderMap, Bytes) {
        let routes = axum::Router::from(Assets::load(dist().path()).unwrap().routes());
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| {
            request.header(name, *value)
        });
        let (parts, body) = routes
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
            .into_parts();
        (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn each_file_has_its_type_and_its_caching() {
        for (path, media_type, caching) in [
            ("/rum.js", "text/javascript; charset=utf-8", CAPTURE_CACHING),
            ("/rum.4e5f.js", "text/javascript; charset=utf-8", HASHED_CACHING),
            ("/rum-glue.0a1b.js", "text/javascript; charset=utf-8", HASHED_CACHING),
            ("/rum.2c3d.wasm", "application/wasm", HASHED_CACHING),
        ] {
            let (status, headers, _) = get(path, &[]).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert_eq!(headers[CONTENT_TYPE], media_type);
            assert_eq!(headers[CACHE_CONTROL], caching);
            assert_eq!(headers[VARY], "Accept-Encoding");
        }
    }

    #[tokio::test]
    async fn only_what_the_manifest_lists_is_served() {
        for path in ["/manifest.json", "/stub.js", "/..%2Fsecret"] {
            assert_eq!(get(path, &[]).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn the_smallest_accepted_encoding_is_sent_and_holds_the_file() {
        for (accept, encoding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", Some("gzip")),
            ("identity", None),
            ("", None),
        ] {
            let (_, headers, body) = get("/rum.js", &[(ACCEPT_ENCODING, accept)]).await;
            assert_eq!(
                headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap()),
                encoding,
                "{accept:?}"
            );
            let mut text = String::new();
            let limit = CAPTURE.len() as u64 + 1;
            let decoder: Box<dyn io::Read> = match encoding {
                Some("br") => Box::new(brotli::Decompressor::new(&*body, 4_096)),
                Some("gzip") => Box::new(flate2::read::GzDecoder::new(&*body)),
                _ => Box::new(&*body),
            };
            #[expect(clippy::disallowed_methods, reason = "a take is before it")]
            decoder.take(limit).read_to_string(&mut text).unwrap();
            assert_eq!(text, CAPTURE, "{accept:?}");
        }
    }

    #[tokio::test]
    async fn who_has_the_file_is_told_so() {
        let (_, headers, _) = get("/rum.js", &[(ACCEPT_ENCODING, "br")]).await;
        let etag = headers[ETAG].to_str().unwrap().to_owned();
        for (known, accept, expected) in [
            (etag.as_str(), "br", StatusCode::NOT_MODIFIED),
            (&format!("\"x\", W/{etag}"), "br", StatusCode::NOT_MODIFIED),
            // Another encoding is another representation.
            (etag.as_str(), "gzip", StatusCode::OK),
            ("\"x\"", "br", StatusCode::OK),
        ] {
            let (status, headers, body) = get("/rum.js", &[(IF_NONE_MATCH, known), (ACCEPT_ENCODING, accept)]).await;
            assert_eq!(status, expected, "{known} {accept}");
            assert_eq!(body.is_empty(), status == StatusCode::NOT_MODIFIED);
            assert_eq!(headers[CACHE_CONTROL], CAPTURE_CACHING);
        }
    }

    #[test]
    fn a_build_that_is_not_whole_is_an_error() {
        let dist = dist();
        std::fs::remove_file(dist.path().join("rum.2c3d.wasm")).unwrap();
        let error = Assets::load(dist.path()).unwrap_err().to_string();
        assert!(
            error.contains("rum.2c3d.wasm") && error.contains("cargo xtask wasm"),
            "{error}"
        );
        std::fs::write(dist.path().join("manifest.json"), "{}").unwrap();
        assert!(matches!(Assets::load(dist.path()), Err(AssetsError::Manifest { .. })));
        std::fs::remove_file(dist.path().join("manifest.json")).unwrap();
        assert!(Assets::load(dist.path()).unwrap().0.is_empty());
    }
}
