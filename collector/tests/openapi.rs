//! `/openapi.json` of the real program: it has every route and no other, is OpenAPI 3.1, and real answers are as it says.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics is a test that fails"
)]

#[path = "support/noon.rs"]
mod noon;
#[path = "support/program.rs"]
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jsonschema::Validator;
use reqwest::{Client, Method, RequestBuilder, Response};
use rum_collector::config::Config;
use rum_collector::run::Collector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use self::noon::ms_until_noon;
use self::program::Program;

/// How long anything may take before the test says that it will not happen.
const DEADLINE: Duration = Duration::from_secs(90);

/// OpenAPI's own schema of its documents, as an npm package has it.
const RULES: &str = "../node_modules/@seriousme/openapi-schema-validator/schemas/v3.1/schema.json";

/// What answers carry whatever they are: HTTP's own, and what docs/operating.md says of all of them.
const EVERYWHERE: [&str; 10] = [
    "content-type",
    "content-length",
    "transfer-encoding",
    "date",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cross-origin-resource-policy",
    "x-content-type-options",
    "referrer-policy",
    "content-security-policy",
];

const METHODS: [Method; 7] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

struct Running {
    program: Program,
    token: String,
    http: Client,
}

impl Running {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let new = Command::new(env!("CARGO_BIN_EXE_rum-collector"))
            .args(["token", "new", "--name", "reader"])
            .output()
            .unwrap();
        let section = String::from_utf8(new.stdout).unwrap();
        let token = section.lines().find_map(|line| line.strip_prefix("# rum_")).unwrap();
        let dist = folder.path().join("dist");
        fs::create_dir(&dist).unwrap();
        fs::write(
            dist.join("manifest.json"),
            r#"{"capture":"rum.js","glue":[],"wasm":[]}"#,
        )
        .unwrap();
        fs::write(dist.join("rum.js"), "void 0").unwrap();
        let config = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"data\"\n[sdk]\ndist = \"dist\"\n[[apps]]\nname = \"shop\"\nkey = \"k\"\norigins = [\"https://shop.example\"]\n\
             rates = [{{ version = 1, share = 0.5 }}]\nrate = 1\n[[apps]]\nname = \"blog\"\nkey = \"b\"\norigins = [\"*\"]\nevents_per_day = 1\n{section}"
        );
        fs::write(folder.path().join("rum.toml"), config).unwrap();
        // A quota is used up on the way.
        let at_noon = format!("echo {} >clock; export RUM_FAULT_CLOCK=clock;", ms_until_noon());
        let running = Self {
            program: Program::start(folder, &at_noon),
            token: format!("rum_{token}"),
            http: Client::new(),
        };
        let started = Instant::now();
        while !running
            .get("/readyz/clickhouse")
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
        {
            assert!(started.elapsed() < DEADLINE, "ClickHouse does not come");
            sleep(Duration::from_millis(50)).await;
        }
        running
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.program.url))
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let request = self.request(Method::POST, path).header("content-type", "text/plain");
        request.body(body)
    }
}

/// The document, and what of it was seen in real answers.
struct Document {
    json: Value,
    seen: BTreeSet<(String, String)>,
}

impl Document {
    /// What a reference leads to.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.json.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn validator(&self, schema: &Value) -> Validator {
        let root = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.json["components"],
            "allOf": [schema],
        });
        jsonschema::validator_for(&root).unwrap()
    }

    /// The answer to a request for `route` is one of those that the document has.
    async fn has(&mut self, route: &str, method: &str, answer: Response) -> u16 {
        let status = answer.status().as_u16();
        let what = format!("{method} {route} answers {status}");
        let response = &self.json["paths"][route][method]["responses"][status.to_string()];
        let response = self.resolved(response);
        assert!(response.is_object(), "{what}, which is not in the document");
        for (name, _) in response["headers"].as_object().into_iter().flatten() {
            // They are only there while sampling is on, and where something else than the plain file is accepted.
            let optional = ["Rum-Rate", "Content-Encoding"].contains(&name.as_str());
            assert!(answer.headers().contains_key(name) || optional, "{what} without {name}");
        }
        for (name, value) in answer.headers() {
            let said = response["headers"].as_object().into_iter().flatten();
            let said = said.map(|(name, _)| name.as_str()).chain(EVERYWHERE);
            let known = said.into_iter().any(|said| name.as_str().eq_ignore_ascii_case(said));
            assert!(
                known || value == "no-store",
                "{what} with {name}: {value:?}, which is not in the document"
            );
        }
        let media_type = answer
            .headers()
            .get("content-type")
            .map(|value| value.to_str().unwrap().to_owned());
        let body = answer.bytes().await.unwrap();
        match response["content"].as_object() {
            None => assert!(body.is_empty(), "{what} with a body"),
            Some(content) => {
                let media_type = media_type.unwrap_or_else(|| panic!("{what} without a type"));
                let essence = media_type.split(';').next().unwrap().trim();
                let described = content
                    .get(essence)
                    .unwrap_or_else(|| panic!("{what} with {essence}, which is not in the document"));
                let value = match essence.ends_with("json") && !essence.ends_with("ndjson") {
                    true => serde_json::from_slice(&body).unwrap(),
                    false => Value::String(String::from_utf8_lossy(&body).into_owned()),
                };
                let errors: Vec<_> = self
                    .validator(&described["schema"])
                    .iter_errors(&value)
                    .map(|error| format!("{}: {error}", error.instance_path()))
                    .collect();
                assert!(errors.is_empty(), "{what} with {value}: {errors:?}");
            }
        }
        self.seen.insert((method.to_owned(), route.to_owned()));
        status
    }
}

fn batch(id: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!(
        r#"[1,0,"{id:016x}",{now}000,[{now}000,"https://shop.example","0.1.0"],[[1,0,1200,"{now:08x}{id:08x}","{now:08x}00000001",0,0,"/"]]]"#
    )
}

/// The routes of the document, each with its methods.
fn documented(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| {
        item.as_object()
            .unwrap()
            .keys()
            .map(|method| method.to_uppercase())
            .collect()
    };
    paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

#[tokio::test]
async fn the_document_has_every_route_and_its_methods() {
    let folder = TempDir::new().unwrap();
    let data = ("RUM_DATA".to_owned(), folder.path().display().to_string());
    let config = Config::load(None, [data]).unwrap();
    let collector = Collector::open(&config, tokio::sync::watch::channel(None).1).unwrap();
    // The router's own table of paths: it has no other way to tell.
    let table = format!("{:?}", collector.router());
    let paths: BTreeSet<_> = table
        .split('"')
        .filter(|text| text.starts_with('/'))
        // Those two are axum's own, for what has no route.
        .filter(|text| !["/", "/{*__private__axum_fallback}"].contains(text))
        .map(str::to_owned)
        .collect();
    let running = Running::start().await;
    let document: Value = running.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    let documented = documented(&document);
    assert_eq!(paths, documented.keys().cloned().collect());
    for (path, mut methods) in documented {
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        let concrete = path.replace("{component}", "spool").replace("{name}", "rum.js");
        for method in METHODS {
            let answer = running.request(method.clone(), &concrete).send().await.unwrap();
            let known = methods.contains(method.as_str());
            assert_eq!(answer.status().as_u16() != 405, known, "{method} {path}");
            if !known {
                let allow = answer.headers()["allow"].to_str().unwrap().to_owned();
                assert_eq!(
                    allow.split(',').map(str::to_owned).collect::<BTreeSet<_>>(),
                    methods,
                    "{path}"
                );
            }
        }
    }
    assert!(running.program.end("-TERM").success());
}

/// What may come to any request, and that who may come again is told when.
#[tokio::test]
async fn each_operation_says_what_any_request_may_be_answered() {
    let running = Running::start().await;
    let json: Value = running.get("/openapi.json").send().await.unwrap().json().await.unwrap();
    let document = Document {
        json,
        seen: BTreeSet::new(),
    };
    let problem = json!({ "error": { "code": "busy", "message": "too many" } });
    for (path, item) in document.json["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let of = |status: &str| document.resolved(&operation["responses"][status]);
            for status in ["429", "500", "503"] {
                let schema = &of(status)["content"]["application/json"]["schema"];
                assert!(schema.is_object(), "{method} {path} has no {status}");
                let rules = document.validator(schema);
                assert!(
                    rules.is_valid(&problem) && !rules.is_valid(&json!({})),
                    "{method} {path} {status}: {schema}"
                );
            }
            for status in ["408", "429", "503"] {
                let headers = &of(status)["headers"];
                assert!(
                    of(status).is_null() || headers["Retry-After"].is_object(),
                    "{method} {path} {status}: {headers}"
                );
            }
        }
    }
}

#[tokio::test]
async fn real_answers_are_as_the_document_says() {
    let running = Running::start().await;
    let json: Value = running.get("/openapi.json").send().await.unwrap().json().await.unwrap();

    let rules = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(RULES))
        .unwrap_or_else(|error| panic!("{RULES}: {error}; `npm ci` in the root of the workspace fetches it"));
    let rules: Value = serde_json::from_str(&rules).unwrap();
    let rules = jsonschema::validator_for(&rules).unwrap();
    let errors: Vec<_> = rules
        .iter_errors(&json)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(
        !rules.is_valid(&json!({ "openapi": "3.1.0" })),
        "these rules find something"
    );

    let mut document = Document {
        json,
        seen: BTreeSet::new(),
    };
    let (token, wrong) = (format!("Bearer {}", running.token), "Bearer rum_wrong");
    let long = "x".repeat(300_000);
    let login = json!({ "token": running.token }).to_string();
    let elsewhere = |request: RequestBuilder| request.header("x-forwarded-for", "192.0.2.7");
    for (route, method, request, expected) in [
        ("/openapi.json", "get", running.get("/openapi.json"), 200),
        ("/v1/schema.json", "get", running.get("/v1/schema.json"), 200),
        ("/healthz", "get", running.get("/healthz"), 200),
        ("/readyz", "get", running.get("/readyz"), 200),
        ("/readyz", "get", elsewhere(running.get("/readyz")), 200),
        (
            "/readyz",
            "get",
            elsewhere(running.get("/readyz").header("authorization", wrong)),
            401,
        ),
        ("/readyz/{component}", "get", running.get("/readyz/quotas"), 200),
        ("/readyz/{component}", "get", running.get("/readyz/configuration"), 200),
        ("/readyz/{component}", "get", running.get("/readyz/tls"), 200),
        ("/readyz/{component}", "get", running.get("/readyz/nothing"), 404),
        ("/readyz/{component}", "get", running.get("/readyz/%FF"), 404),
        ("/metrics", "get", running.get("/metrics"), 200),
        ("/metrics", "get", elsewhere(running.get("/metrics")), 403),
        (
            "/metrics",
            "get",
            elsewhere(running.get("/metrics").header("authorization", &token)),
            200,
        ),
        ("/{name}", "get", running.get("/rum.js"), 200),
        (
            "/{name}",
            "get",
            running.get("/rum.js").header("if-none-match", "*"),
            304,
        ),
        (
            "/{name}",
            "get",
            running.get("/rum.js").header("accept-encoding", "gzip"),
            200,
        ),
        ("/{name}", "get", running.get("/other.js"), 404),
        ("/{name}", "get", running.get("/%FF"), 404),
        (
            "/v1/batches",
            "options",
            running.request(Method::OPTIONS, "/v1/batches"),
            204,
        ),
        (
            "/v1/reports",
            "options",
            running.request(Method::OPTIONS, "/v1/reports"),
            204,
        ),
        ("/v1/batches", "post", running.post("/v1/batches?k=k", batch(1)), 204),
        ("/v1/batches", "post", running.post("/v1/batches?k=b", batch(2)), 204),
        ("/v1/batches", "post", running.post("/v1/batches?k=b", batch(3)), 429),
        ("/v1/batches", "post", running.post("/v1/batches?k=k", "[7"), 400),
        ("/v1/batches", "post", running.post("/v1/batches?k=none", batch(1)), 403),
        ("/v1/batches", "post", running.post("/v1/batches?k=k", long), 413),
        (
            "/v1/batches",
            "post",
            running.post("/v1/batches?k=k&z=lzma", batch(1)),
            415,
        ),
        (
            "/v1/reports",
            "post",
            running
                .request(Method::POST, "/v1/reports?k=k")
                .header("content-type", "application/reports+json")
                .body("[]"),
            204,
        ),
        ("/v1/reports", "post", running.post("/v1/reports?k=k", "[]"), 415),
        ("/v1/login", "post", running.post("/v1/login", login), 200),
        ("/v1/login", "post", running.post("/v1/login", "{}"), 400),
        (
            "/v1/login",
            "post",
            running.post("/v1/login", "{\"token\":\"rum_wrong\"}"),
            401,
        ),
        (
            "/v1/login",
            "post",
            running.post("/v1/login", "{}").header("sec-fetch-site", "cross-site"),
            403,
        ),
        ("/v1/logout", "post", running.post("/v1/logout", ""), 204),
        (
            "/v1/logout",
            "post",
            running.post("/v1/logout", "").header("sec-fetch-site", "cross-site"),
            403,
        ),
        (
            "/v1/sql",
            "post",
            running
                .post("/v1/sql", "SELECT 1 AS one")
                .header("authorization", &token),
            200,
        ),
        (
            "/v1/sql",
            "post",
            running
                .post("/v1/sql?format=csv", "SELECT 1")
                .header("authorization", &token),
            200,
        ),
        (
            "/v1/sql",
            "post",
            running
                .post("/v1/sql?format=jsoneachrow", "SELECT 1")
                .header("authorization", &token),
            200,
        ),
        (
            "/v1/sql",
            "post",
            running
                .post("/v1/sql?format=table", "SELECT 1")
                .header("authorization", &token),
            200,
        ),
        (
            "/v1/sql",
            "post",
            running
                .post("/v1/sql", "SELECT nothing FROM rum.nowhere")
                .header("authorization", &token),
            400,
        ),
        ("/v1/sql", "post", running.post("/v1/sql", "SELECT 1"), 401),
        (
            "/v1/sql",
            "post",
            running
                .post("/v1/sql", "DROP TABLE rum_data.views")
                .header("authorization", &token),
            403,
        ),
        (
            "/v1/sql",
            "post",
            running
                .post("/v1/sql", "x".repeat(70_000))
                .header("authorization", &token),
            413,
        ),
    ] {
        let answer = request.send().await.unwrap();
        let status = document.has(route, method, answer).await;
        assert_eq!(status, expected, "{method} {route}");
    }
    let all: BTreeSet<_> = documented(&document.json)
        .into_iter()
        .flat_map(|(path, methods)| {
            methods
                .into_iter()
                .map(move |method| (method.to_lowercase(), path.clone()))
        })
        .collect();
    assert_eq!(document.seen, all, "each operation has been asked");
    assert!(running.program.end("-TERM").success());
}
