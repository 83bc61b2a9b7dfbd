//! A collector without a database, asked through its router, and what is real for a start.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use http_body_util::BodyExt as _;
use rum_collector::config::{Config, Limits, TokenHash};
use rum_collector::run::Collector;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tower::ServiceExt as _;

pub(crate) const TOKEN: &str = "rum_of_the_fuzzer";

/// What a byte of a body may become: a number is read into an event, and that into a row with columns for all that it does not say.
const BECOMES: usize = 64;

/// The limits of the default.
pub(crate) fn limits() -> Limits {
    Config::load(None, []).unwrap().limits
}

/// Memory of a request whose body is not compressed. Cases have a tenth of it: their bodies are shorter.
pub(crate) fn memory() -> usize {
    BECOMES * limits().body_bytes
}

pub(crate) struct Subject {
    router: Router,
    runtime: Runtime,
    folder: TempDir,
}

impl Subject {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        let tokens = format!(
            r#"[{{name = "fuzz", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
            TokenHash::of(TOKEN)
        );
        let environment = [
            ("RUM_DATA", data.display().to_string()),
            ("RUM_SDK_DIST", folder.path().display().to_string()),
            ("RUM_TOKENS", tokens),
            ("RUM_TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#.to_owned()),
            (
                "RUM_APPS",
                r#"[{name = "shop", key = "k", origins = ["*"], pages = ["/item/:sku", "/docs/*"]}]"#.to_owned(),
            ),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(None, environment).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let router = runtime.block_on(async { Collector::open(&config, watch::channel(None).1).unwrap().router() });
        Self {
            router,
            runtime,
            folder,
        }
    }

    /// Where its spool is.
    pub(crate) fn spool(&self) -> PathBuf {
        self.folder.path().join("data").join("spool")
    }

    /// The status of the answer, which is whole and no failure of the collector's own.
    pub(crate) fn ask(&self, request: http::request::Builder, body: Vec<u8>) -> Result<u16, String> {
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
        let Ok(request) = request.extension(peer).body(Body::from(body)) else {
            // What is no request of HTTP never gets here.
            return Ok(0);
        };
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let body = answer
                .into_body()
                .collect()
                .await
                .map_err(|error| error.to_string())?
                .to_bytes();
            // A panic is caught, and answered 500.
            if status == 500 {
                return Err(format!("500: {}", String::from_utf8_lossy(&body)));
            }
            Ok(status)
        })
    }

    pub(crate) fn send(&self, body: &[u8]) -> Result<u16, String> {
        self.ask(Request::post("/v1/batches?k=k"), body.to_vec())
    }
}

/// Bodies of pages, as they were recorded, and of those who write them by hand.
pub(crate) fn bodies() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings");
    let mut bodies = vec![
        br#"[1,0,"00000000000000ff",1795226217000,[1795226212000,"https://shop.example","0.1.0"],[[1,0,1200,"6b00f0a400000001","6b00f0a400000002",0,0,"/product/7"],[2,0,1200,1,0,1100000]]]"#.to_vec(),
        br#"{"version":1,"batch_id":"00000000000000fe","sent_at_ms":1795226217000,"document":{"time_origin_ms":1795226212000,"origin":"https://shop.example","sdk":"curl"},"views":[{"seq":1200,"view_id":"6b00f0a400000001","session_id":"6b00f0a400000002","kind":0,"start":0,"page":"/product/7"}],"vitals":[{"view":0,"seq":1200,"metric":1,"scope":0,"value":1100000}]}"#.to_vec(),
    ];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let recording: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let records: Vec<_> = recording["parts"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|part| part.as_array().unwrap())
            .collect();
        let (number, document) = (bodies.len(), &recording["document"]);
        let records = serde_json::to_string(&records).unwrap();
        bodies.push(format!(r#"[1,1,"{number:016x}",1795226217000,{document},{records}]"#).into_bytes());
    }
    assert!(bodies.len() > 6, "the recordings are gone");
    bodies
}
