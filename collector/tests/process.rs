//! The real program with the real embedded ClickHouse: how it starts, what it prints, how it ends.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

#[path = "support/program.rs"]
mod program;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Output};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::StatusCode;
use rum_collector::store::{Spool, SpoolOptions};
use tempfile::TempDir;

use self::program::{Program, command};

/// How long anything may take before the test says that it will not happen.
const DEADLINE: Duration = Duration::from_secs(60);

struct Collector {
    program: Program,
}

/// A folder with a configuration.
fn configured(more: &str) -> Arc<TempDir> {
    let folder = TempDir::new().unwrap();
    configure(folder.path(), more);
    Arc::new(folder)
}

fn configure(folder: &Path, more: &str) {
    let text = format!(
        "listen = \"127.0.0.1:0\"\ndata = {:?}\n[[apps]]\nname = \"shop\"\nkey = \"demo\"\norigins = [\"*\"]\n{more}",
        folder.join("data")
    );
    fs::write(folder.join("rum.toml"), text).unwrap();
}

impl Collector {
    fn start(folder: &Arc<TempDir>) -> Self {
        Self::start_after(folder, "")
    }

    /// `shell` is what is done to the process before it begins.
    fn start_after(folder: &Arc<TempDir>, shell: &str) -> Self {
        Self {
            program: Program::start(Arc::clone(folder), shell),
        }
    }

    async fn post(&self, batch: &str) -> reqwest::Response {
        let request = reqwest::Client::new().post(format!("{}/v1/batches?k=demo", self.program.url));
        request
            .header("content-type", "text/plain")
            .body(batch.to_owned())
            .send()
            .await
            .unwrap()
    }

    /// Waits until the component is ready.
    async fn ready(&self, component: &str) {
        let started = Instant::now();
        loop {
            let answer = reqwest::get(format!("{}/readyz/{component}", self.program.url))
                .await
                .unwrap();
            if answer.status() == StatusCode::OK {
                return;
            }
            let body = answer.text().await.unwrap();
            assert!(
                started.elapsed() < DEADLINE,
                "{component} is not ready: {body}\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until the statement gives this answer, as CSV without its head.
    async fn answers(&self, statement: &str, expected: &str) {
        let started = Instant::now();
        loop {
            let output = sql(self.program.folder.path(), statement);
            let text = String::from_utf8(output.stdout).unwrap();
            if output.status.success()
                && text
                    .split_once('\n')
                    .is_some_and(|(_, rows)| rows.trim_end() == expected)
            {
                return;
            }
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(
                started.elapsed() < DEADLINE,
                "{statement}: {text}{error}\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn log(&self) -> String {
        self.program.log()
    }

    fn end(self, signal: &str) -> ExitStatus {
        self.program.end(signal)
    }
}

fn sql(folder: &Path, statement: &str) -> Output {
    command(folder, &["sql", statement, "--format", "csv"])
        .output()
        .unwrap()
}

/// A batch of one view that began now, and its LCP.
fn batch(id: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!(
        r#"[1,0,"{id:016x}",{now}000,[{now}000,"https://shop.example","0.1.0"],[[1,0,1200,"{now:08x}{id:08x}","{now:08x}00000001",0,0,"/product/7"],[2,0,1200,1,0,1100000]]]"#
    )
}

#[tokio::test]
async fn a_batch_travels_from_the_request_to_the_command_line() {
    let folder = configured("");
    let collector = Collector::start(&folder);
    assert_eq!(
        collector.post(&batch(7)).await.status(),
        StatusCode::NO_CONTENT,
        "before ClickHouse is up"
    );
    collector.ready("clickhouse").await;
    collector
        .answers(
            "SELECT page, metric, value FROM rum.web_vitals",
            "\"/product/:id\",\"LCP\",1100",
        )
        .await;

    let endpoint = folder.path().join("data/clickhouse.endpoint");
    assert_eq!(fs::metadata(&endpoint).unwrap().permissions().mode() & 0o777, 0o600);

    let output = sql(folder.path(), "SELECT nothing FROM nowhere");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("UNKNOWN_TABLE"), "{error}");

    let second = command(folder.path(), &["serve"]).output().unwrap();
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(
        !second.status.success() && error.contains("in use by another collector"),
        "{error}"
    );
    assert!(second.stdout.is_empty(), "only who listens says so");

    assert!(collector.end("-TERM").success());
    assert!(!endpoint.exists());
    let output = sql(folder.path(), "SELECT 1");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains("rum-collector serve"),
        "{error}"
    );
}

#[tokio::test]
async fn what_was_answered_204_survives_a_kill_and_counts_once() {
    let folder = configured("");
    let collector = Collector::start(&folder);
    assert_eq!(collector.post(&batch(1)).await.status(), StatusCode::NO_CONTENT);
    assert!(!collector.end("-KILL").success());

    let collector = Collector::start(&folder);
    assert_eq!(collector.post(&batch(1)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(collector.post(&batch(2)).await.status(), StatusCode::NO_CONTENT);
    collector.answers("SELECT count() FROM rum.page_views", "2").await;
    assert!(collector.end("-INT").success());
}

#[tokio::test]
async fn a_shutdown_inserts_what_it_can() {
    let folder = configured("[limits]\ndrain = \"60s\"\n");
    let collector = Collector::start(&folder);
    collector.ready("clickhouse").await;
    // Fewer than a second's rows: they wait to be joined by others, unless the collector ends.
    for id in 1..=20 {
        assert_eq!(collector.post(&batch(id)).await.status(), StatusCode::NO_CONTENT);
    }
    assert!(collector.end("-TERM").success());
    let spool = Spool::open(SpoolOptions::new(folder.path().join("data/spool"))).unwrap();
    let waiting: Vec<_> = spool
        .health()
        .tables
        .into_iter()
        .filter(|table| !table.drained)
        .collect();
    assert!(waiting.is_empty(), "{waiting:?}");
    drop(spool);
    let collector = Collector::start(&folder);
    collector.ready("clickhouse").await;
    collector.answers("SELECT count() FROM rum.page_views", "20").await;
}

#[tokio::test]
async fn a_log_that_cannot_be_written_costs_its_lines_and_nothing_else() {
    let folder = configured("");
    let collector = Collector::start_after(&folder, "exec 2>/dev/full;");
    collector.ready("clickhouse").await;
    assert_eq!(collector.post(&batch(1)).await.status(), StatusCode::NO_CONTENT);
    collector.answers("SELECT count() FROM rum.page_views", "1").await;
    assert!(collector.end("-TERM").success());
}

#[tokio::test]
async fn without_its_database_a_collector_takes_batches() {
    // Port 9 discards, if anybody is there.
    let folder = configured("[clickhouse]\nurl = \"http://127.0.0.1:9\"\n");
    let collector = Collector::start(&folder);
    assert_eq!(collector.post(&batch(1)).await.status(), StatusCode::NO_CONTENT);
    let ready = reqwest::get(format!("{}/readyz", collector.program.url)).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready: serde_json::Value = serde_json::from_str(&ready.text().await.unwrap()).unwrap();
    assert_eq!(
        ready["outcomes"]["batch_stored"], 1,
        "who asks from the machine is told: {ready}"
    );
    collector.ready("spool").await;
    let metrics = reqwest::get(format!("{}/metrics", collector.program.url))
        .await
        .unwrap();
    assert_eq!(metrics.status(), StatusCode::OK);
    assert_eq!(
        metrics.headers()["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let metrics = metrics.text().await.unwrap();
    for line in [r#"rum_batches_total{outcome="batch_stored"} 1"#, "rum_clickhouse_up 0"] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} is not in\n{metrics}"
        );
    }
    assert!(collector.end("-TERM").success());
}

/// What a server with TLS answers to who trusts this certificate.
async fn https(collector: &Collector, certificate: &str, path: &str) -> String {
    let trusted = reqwest::Certificate::from_pem(certificate.as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let url = collector.program.url.replace("127.0.0.1", "localhost");
    let answer = client.get(format!("{url}{path}")).send().await.unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_hangup_has_the_certificate_read_again() {
    let folder = Arc::new(TempDir::new().unwrap());
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.pem();
    let (file, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    fs::write(&file, &certificate).unwrap();
    fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
    // No database: port 9 discards, if anybody is there.
    let tls = format!("[tls]\ncertificate = {file:?}\nkey = {key:?}\n[clickhouse]\nurl = \"http://127.0.0.1:9\"\n");
    configure(folder.path(), &tls);
    let collector = Collector::start(&folder);
    assert!(
        collector.program.url.starts_with("https://"),
        "{}",
        collector.program.url
    );
    assert_eq!(https(&collector, &certificate, "/healthz").await, "ok\n");
    let started = Instant::now();
    loop {
        // Again and again: what looks after the certificate may begin a moment after the first answer.
        collector.program.signal("-HUP");
        let metrics = https(&collector, &certificate, "/metrics").await;
        // The files are as they were.
        let loaded = metrics
            .lines()
            .find_map(|line| line.strip_prefix("rum_tls_reloads_total{outcome=\"loaded\"} "));
        if loaded != Some("0") {
            break;
        }
        assert!(started.elapsed() < DEADLINE, "{metrics}\n{}", collector.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(collector.end("-TERM").success());

    fs::write(&key, "").unwrap();
    for arguments in [["check-config"], ["serve"]] {
        let output = command(folder.path(), &arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && error.contains("holds no private key"),
            "{arguments:?}: {error}"
        );
    }
}

#[test]
fn the_command_line_says_what_is_wrong() {
    let folder = TempDir::new().unwrap();
    configure(folder.path(), "[limits]\nconnections = 0\n");
    for arguments in [["check-config"], ["serve"]] {
        let output = command(folder.path(), &arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && error.contains("limits.connections"),
            "{arguments:?}: {error}"
        );
    }
    configure(folder.path(), "");
    let output = command(folder.path(), &["check-config"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && shown.contains("key = \"demo\""), "{shown}");
}

#[test]
fn a_new_token_is_printed_with_the_section_that_lets_it_in() {
    let folder = TempDir::new().unwrap();
    let new = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_rum-collector"))
            .args(["token", "new"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = new(&[
        "--name", "grafana", "--scope", "read", "--scope", "alerts", "--app", "shop",
    ]);
    let token = text.lines().find_map(|line| line.strip_prefix("# rum_")).unwrap();
    configure(folder.path(), &text);
    let output = command(folder.path(), &["check-config"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        shown.contains("name = \"grafana\"") && shown.contains("scopes = [\"read\", \"alerts\"]"),
        "{shown}"
    );
    assert!(!shown.contains(token));
    assert_ne!(new(&[]), new(&[]));
}

#[test]
fn what_the_user_for_reading_may_do_is_looked_up_as_far_as_it_can_be() {
    let folder = TempDir::new().unwrap();
    configure(
        folder.path(),
        "[clickhouse]\nurl = \"http://127.0.0.1:9\"\nuser = \"rum\"\nread_user = \"rum_reader\"\n",
    );
    let output = command(folder.path(), &["check-config"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        shown.contains("# warning: what clickhouse.read_user may do is not known"),
        "{shown}"
    );
}

#[test]
fn commands_for_what_lies_on_disk_say_what_they_lack() {
    let folder = configured("");
    for (arguments, part) in [
        (&["spool", "ls"][..], "--config"),
        (&["spool", "verify"], "--config"),
        (&["spool", "replay"], "--config"),
        (&["spool", "replay", "--table", "pages"], "the tables are views, vitals"),
        (&["deadletter", "ls"], "--config"),
        (&["deadletter", "retry"], "rum-collector serve"),
    ] {
        let output = command(folder.path(), arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && error.contains(part),
            "{arguments:?}: {error}"
        );
        assert!(output.stdout.is_empty());
    }
    assert!(!folder.path().join("data").exists(), "who only looks makes no folder");
}

#[test]
fn without_libchdb_one_sentence_says_what_to_do() {
    let folder = configured("");
    let output = command(folder.path(), &["serve"])
        .env("RUM_LIBCHDB", folder.path().join("libchdb.so"))
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    let said = error.lines().last().unwrap_or_default();
    for part in [
        "RUM_LIBCHDB",
        "@chdb/lib-",
        "clickhouse.url",
        folder.path().to_str().unwrap(),
    ] {
        assert!(said.contains(part), "{part} is not in {error}");
    }
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[test]
fn a_port_that_is_taken_is_named() {
    let folder = configured("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = command(folder.path(), &["serve"])
        .env("RUM_LISTEN", &address)
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && error.contains(&address) && error.contains("RUM_LISTEN"),
        "{error}"
    );
}
