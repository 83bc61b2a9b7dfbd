//! The real program's log, as machines read it.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::program::Program;

/// How long anything may take before the test says that it will not happen.
const DEADLINE: Duration = Duration::from_secs(90);

struct Collector {
    program: Program,
    http: Client,
}

impl Collector {
    /// `shell` is what is done to the process before it begins.
    fn start(sections: &str, shell: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let config = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"data\"\n[[apps]]\nname = \"shop\"\nkey = \"k\"\norigins = [\"*\"]\n[clickhouse]\nurl = \"http://127.0.0.1:9\"\n{sections}"
        );
        fs::write(folder.path().join("rum.toml"), config).unwrap();
        Self {
            program: Program::start(folder, shell),
            http: Client::new(),
        }
    }

    fn post(&self, body: String) -> RequestBuilder {
        let url = format!("{}/v1/batches?k=k", self.program.url);
        self.http.post(url).header("content-type", "text/plain").body(body)
    }

    /// Every line is one object.
    fn log(&self) -> Vec<Value> {
        let text = self.program.log();
        // The last one may be half there.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The first line with this message, once it is there.
    async fn line(&self, message: &str, mut meanwhile: impl AsyncFnMut()) -> Value {
        let started = Instant::now();
        loop {
            let log = self.log();
            let found = log
                .iter()
                .find(|line| line["message"].as_str().is_some_and(|said| said.starts_with(message)));
            if let Some(found) = found {
                return found.clone();
            }
            assert!(started.elapsed() < DEADLINE, "{message} is not in {log:#?}");
            meanwhile().await;
            sleep(Duration::from_millis(20)).await;
        }
    }
}

fn batch(id: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!(
        r#"[1,0,"{id:016x}",{now}000,[{now}000,"https://shop.example","0.1.0"],[[1,0,1200,"{now:08x}{id:08x}","{now:08x}00000001",0,0,"/"]]]"#
    )
}

#[tokio::test]
async fn a_line_that_is_written_for_a_request_says_which_and_of_whom() {
    let collector = Collector::start("[log]\nlevel = \"debug\"\n", "");
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let refused = collector
        .post("[7".to_owned())
        .header("x-request-id", "from-the-proxy")
        .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"));
    assert_eq!(
        refused.send().await.unwrap().headers()["x-request-id"],
        "from-the-proxy"
    );
    for message in ["a batch is refused", "answered"] {
        let line = collector.line(message, async || {}).await;
        assert_eq!(
            (&line["request"], &line["trace"], &line["app"]),
            (&"from-the-proxy".into(), &trace.into(), &"shop".into()),
            "{line}"
        );
        assert!(line["timestamp"].is_string() && line["level"] == "DEBUG", "{line}");
    }
    // What is done for nobody says nothing of a request.
    let line = collector.line("ClickHouse is not ready", async || {}).await;
    assert_eq!((line.get("request"), line.get("app")), (None, None), "{line}");
    assert!(collector.program.end("-TERM").success());
}

/// A disk that lets no file grow beyond 64 KiB: each batch that does not fit is a line.
#[tokio::test]
async fn what_is_said_too_often_is_held_back_and_counted() {
    // In blocks of 512 bytes; the log itself would be such a file, so it is short until then.
    let collector = Collector::start("", "trap '' XFSZ; ulimit -f 128;");
    let mut id = 0;
    let held = collector
        .line("lines of one kind came too often", async || {
            // At once: those that wait for one sync fail together.
            let sent: JoinSet<_> = (0..100)
                .map(|_| {
                    id += 1;
                    collector.post(batch(id)).send()
                })
                .collect();
            sent.join_all()
                .await
                .into_iter()
                .for_each(|answer| drop(answer.unwrap()));
        })
        .await;
    assert_eq!(held["level"], "WARN");
    assert!(held["held_back"].as_u64().unwrap() > 0, "{held}");
    let like = held["like"].as_str().unwrap();
    let of_kind = collector.log().iter().filter(|line| line["message"] == like).count();
    assert!(of_kind >= 20, "{like} is there {of_kind} times");
}

/// A request that has begun: its body is asked for, and comes later.
struct Begun {
    stream: TcpStream,
    body: String,
}

impl Begun {
    async fn at(collector: &Collector, id: u64) -> Self {
        let body = batch(id);
        let address = collector.program.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /v1/batches?k=k HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nConnection: close\r\nExpect: 100-continue\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut asked).await.unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100"), "{}", asked.escape_ascii());
        Self { stream, body }
    }

    async fn finish(mut self) -> String {
        self.stream.write_all(self.body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        #[expect(clippy::disallowed_methods, reason = "a take is before it")]
        self.stream.take(1 << 16).read_to_string(&mut answer).await.unwrap();
        answer
    }
}

/// Requests that the collector finishes at its end, and each of them leaves a line.
#[tokio::test]
async fn what_is_held_back_at_the_end_is_told_before_it() {
    const REQUESTS: u64 = 60;
    let mut collector = Collector::start("[limits]\ndrain = \"60s\"\nbody_timeout = \"60s\"\n", "");
    // No segment can be begun any more.
    fs::remove_dir_all(collector.program.folder.path().join("data/spool")).unwrap();
    let mut begun = Vec::new();
    for id in 1..=REQUESTS {
        begun.push(Begun::at(&collector, id).await);
    }
    collector.program.signal("-TERM");
    collector.line("told to stop", async || {}).await;
    let answers: JoinSet<_> = begun.into_iter().map(Begun::finish).collect();
    for answer in answers.join_all().await {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    }
    let ended = tokio::task::spawn_blocking(move || {
        assert!(collector.program.wait().success());
        collector
    });
    let log = ended.await.unwrap().log();
    let of_kind = |line: &&Value| line["message"] == "a batch cannot be stored";
    let written = log.iter().filter(of_kind).count();
    let told = log.iter().filter(|line| line["like"] == "a batch cannot be stored");
    let held: u64 = told.map(|line| line["held_back"].as_u64().unwrap()).sum();
    assert_eq!(written as u64 + held, REQUESTS, "{log:#?}");
    assert!(held > 0, "{log:#?}");
}
