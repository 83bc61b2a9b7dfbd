//! The real program whose configuration changes while it runs.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

#[path = "support/noon.rs"]
mod noon;
#[path = "support/program.rs"]
mod program;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::noon::ms_until_noon;
use self::program::{Program, command};

/// How long anything may take before the test says that it will not happen.
const DEADLINE: Duration = Duration::from_secs(90);

/// A server that nobody can reach: everything stays in the spool.
const NOWHERE: &str = "[clickhouse]\nurl = \"http://127.0.0.1:9\"\n";

fn app(name: &str, more: &str) -> String {
    format!("[[apps]]\nname = {name:?}\nkey = \"key-{name}\"\norigins = [\"*\"]\n{more}\n")
}

struct Collector {
    program: Program,
    http: Client,
}

impl Collector {
    fn start(sections: &str) -> Self {
        Self::start_after(sections, "")
    }

    /// `shell` is what is done to the process before it begins.
    fn start_after(sections: &str, shell: &str) -> Self {
        let folder = TempDir::new().unwrap();
        configure(folder.path(), sections);
        Self {
            program: Program::start(folder, shell),
            http: Client::new(),
        }
    }

    /// In the place of the file before, at once.
    fn configure(&self, sections: &str) {
        configure(self.program.folder.path(), sections);
    }

    fn log(&self) -> String {
        self.program.log()
    }

    fn post(&self, app: &str, id: u64) -> RequestBuilder {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        self.post_view(app, id, now, "/")
    }

    /// A batch of one view that started at `start`.
    fn post_view(&self, app: &str, id: u64, start: u64, path: &str) -> RequestBuilder {
        let body = format!(
            r#"[1,0,"{id:016x}",{start}000,[{start}000,"https://shop.example","0.1.0"],[[1,0,1200,"{start:08x}{id:08x}","{start:08x}00000001",0,0,"{path}"]]]"#
        );
        let url = format!("{}/v1/batches?k=key-{app}", self.program.url);
        self.http.post(url).header("content-type", "text/plain").body(body)
    }

    async fn status(&self, request: RequestBuilder) -> StatusCode {
        request.send().await.unwrap().status()
    }

    async fn text(&self, path: &str) -> String {
        let answer = self.http.get(format!("{}{path}", self.program.url)).send().await;
        answer.unwrap().text().await.unwrap()
    }

    async fn part(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(&format!("/readyz/{name}")).await).unwrap()
    }

    async fn until(&self, what: &str, mut look: impl AsyncFnMut() -> bool) {
        let started = Instant::now();
        while !look().await {
            assert!(
                started.elapsed() < DEADLINE,
                "not within {DEADLINE:?}: {what}\n{}",
                self.log()
            );
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// The rows of a statement, once they are these.
    async fn answers(&self, statement: &str, expected: &str) {
        self.until(&format!("{statement} gives {expected}"), async || {
            let folder = self.program.folder.path();
            let output = command(folder, &["sql", statement, "--format", "csv"])
                .output()
                .unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            text.split_once('\n')
                .is_some_and(|(_, rows)| rows.trim_end() == expected)
        })
        .await;
    }

    fn end(self) {
        assert!(self.program.end("-TERM").success());
    }
}

fn configure(folder: &Path, sections: &str) {
    let new = folder.join("rum.toml.new");
    fs::write(&new, format!("listen = \"127.0.0.1:0\"\ndata = \"data\"\n{sections}")).unwrap();
    fs::rename(new, folder.join("rum.toml")).unwrap();
}

fn reads(log: &str) -> usize {
    log.matches("was read again and is in force").count()
}

#[tokio::test]
async fn a_file_in_the_place_of_the_one_before_adds_and_removes_apps() {
    let collector = Collector::start(&(NOWHERE.to_owned() + &app("shop", "")));
    assert_eq!(
        collector.status(collector.post("shop", 1)).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(collector.status(collector.post("blog", 2)).await, StatusCode::FORBIDDEN);
    collector.configure(&(NOWHERE.to_owned() + &app("blog", "")));
    collector
        .until("the new app may send", async || {
            collector.status(collector.post("blog", 3)).await == StatusCode::NO_CONTENT
        })
        .await;
    assert_eq!(collector.status(collector.post("shop", 4)).await, StatusCode::FORBIDDEN);
    let metrics = collector.text("/metrics").await;
    assert!(metrics.contains("rum_app_events_total{app=\"blog\"} 1"), "{metrics}");
    assert!(!metrics.contains("app=\"shop\""), "{metrics}");
    collector.end();
}

#[tokio::test]
async fn a_hangup_reads_the_file_again_and_leaves_the_rest_alone() {
    let at_noon = format!("echo {} >clock; export RUM_FAULT_CLOCK=clock;", ms_until_noon());
    let collector = Collector::start_after(&(NOWHERE.to_owned() + &app("shop", "events_per_day = 2")), &at_noon);
    assert_eq!(
        collector.status(collector.post("shop", 1)).await,
        StatusCode::NO_CONTENT
    );
    for before in 0..3 {
        assert_eq!(reads(&collector.log()), before);
        collector.program.signal("-HUP");
        collector
            .until("it is read again", async || reads(&collector.log()) > before)
            .await;
    }
    // What was counted of the day is still counted.
    assert_eq!(collector.part("quotas").await["today"]["shop"]["events"]["used"], 1);
    assert_eq!(
        collector.status(collector.post("shop", 2)).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        collector.status(collector.post("shop", 3)).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    collector.end();
}

#[tokio::test]
async fn a_broken_file_leaves_the_old_one_in_force_and_is_told_with_its_line() {
    let good = NOWHERE.to_owned() + &app("shop", "");
    let collector = Collector::start(&good);
    let successful = async |value: u8| {
        let line = format!("rum_config_last_reload_successful {value}");
        collector.text("/metrics").await.lines().any(|found| found == line)
    };
    assert!(successful(1).await);
    // listen, data, [clickhouse], url, then four lines of the app.
    for (broken, line, said) in [
        (good.clone() + "key = = 3\n", "line 10", "extra `=`"),
        (
            good.clone() + "batches_per_second = 0\n",
            "(line 10)",
            "apps[0].batches_per_second",
        ),
        (good.clone() + &app("shop", ""), "(line 11)", "apps[1].name"),
    ] {
        collector.configure(&broken);
        collector
            .until(said, async || {
                let part = collector.part("configuration").await;
                let problem = part["problem"].as_str().unwrap_or_default();
                part["state"] == "degraded" && part["ready"] == true && problem.contains(said) && problem.contains(line)
            })
            .await;
        assert!(successful(0).await);
        assert!(collector.log().contains(line), "{}", collector.log());
        assert_eq!(
            collector.status(collector.post("shop", 1)).await,
            StatusCode::NO_CONTENT
        );
    }
    fs::remove_file(collector.program.folder.path().join("rum.toml")).unwrap();
    collector
        .until("no file is a broken one", async || {
            let part = collector.part("configuration").await;
            part["problem"]
                .as_str()
                .is_some_and(|problem| problem.contains("cannot be read"))
        })
        .await;
    assert_eq!(
        collector.status(collector.post("shop", 1)).await,
        StatusCode::NO_CONTENT
    );
    collector.configure(&good);
    collector.until("it is mended", async || successful(1).await).await;
    assert_eq!(collector.part("configuration").await["state"], "healthy");
    collector.end();
}

#[tokio::test]
async fn what_takes_a_restart_is_named_and_everything_else_is_in_force() {
    let collector = Collector::start(&(NOWHERE.to_owned() + &app("shop", "")));
    let more =
        "[limits]\nconnections = 7\nbody_bytes = 2048\n[spool]\nmax_bytes = \"1 GiB\"\n[log]\nlevel = \"debug\"\n";
    let text = fs::read_to_string(collector.program.folder.path().join("rum.toml")).unwrap();
    let other = text
        .replace("\"127.0.0.1:0\"", "\"127.0.0.1:1\"")
        .replace("\"data\"", "\"elsewhere\"");
    fs::write(collector.program.folder.path().join("rum.toml"), other + more).unwrap();
    let keys = ["listen", "data", "limits.connections", "spool"];
    collector
        .until("the keys are named", async || {
            collector.part("configuration").await["needs_restart"] == serde_json::json!(keys)
        })
        .await;
    assert!(!collector.program.folder.path().join("elsewhere").exists());
    let log = collector.log();
    for key in keys {
        let named = |line: &str| line.contains("takes a restart") && line.contains(&format!("\"key\":\"{key}\""));
        assert!(log.lines().any(named), "{key} is not in\n{log}");
    }
    let long = "x".repeat(3_000);
    assert_eq!(
        collector.status(collector.post("shop", 1).body(long)).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    // The level is another one, too.
    collector
        .until("details are logged", async || {
            collector.log().contains("\"message\":\"a batch is refused")
        })
        .await;
    collector.end();
}

#[tokio::test]
async fn a_token_that_is_removed_ends_its_logins_and_new_rules_are_evaluated() {
    let new = Command::new(env!("CARGO_BIN_EXE_rum-collector"))
        .args(["token", "new", "--name", "grafana"])
        .output()
        .unwrap();
    let section = String::from_utf8(new.stdout).unwrap();
    let token = section
        .lines()
        .find_map(|line| line.strip_prefix("# ").filter(|line| line.starts_with("rum_")))
        .unwrap();
    let collector = Collector::start(&(NOWHERE.to_owned() + &app("shop", "")));
    // A proxy's header: without a token this is anybody.
    let ask = |header: &str, value: &str| {
        let request = collector.http.get(format!("{}/metrics", collector.program.url));
        request.header("x-forwarded-for", "192.0.2.7").header(header, value)
    };
    let bearer = format!("Bearer {token}");
    assert_eq!(collector.part("alerts").await["rules"], "none");
    let rules =
        "rules:\n  - alert: SlowLcp\n    metric: lcp\n    stat: p75\n    above: 4s\n    window: 5m\n    for: 2m\n";
    fs::write(collector.program.folder.path().join("rules.yaml"), rules).unwrap();
    collector.configure(&format!(
        "{NOWHERE}[alerts]\nrules = \"rules.yaml\"\n{}{section}",
        app("shop", "")
    ));
    collector
        .until("the token is let in", async || {
            collector.status(ask("authorization", &bearer)).await == StatusCode::OK
        })
        .await;
    // There is no ClickHouse that could evaluate them. They follow the tokens, part by part.
    collector
        .until("the rules are in force", async || {
            collector.part("alerts").await["state"] == "unhealthy"
        })
        .await;
    let login = collector.http.post(format!("{}/v1/login", collector.program.url));
    let login = login
        .body(serde_json::json!({ "token": token }).to_string())
        .send()
        .await
        .unwrap();
    let cookie = login.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let by_cookie = || {
        let request = collector.http.get(format!("{}/readyz", collector.program.url));
        request.header("cookie", &cookie)
    };
    assert_eq!(collector.status(by_cookie()).await, StatusCode::SERVICE_UNAVAILABLE);
    // A rules file that is no good keeps everything as it was, also what is right.
    fs::write(collector.program.folder.path().join("rules.yaml"), "rules: 7\n").unwrap();
    collector
        .until("the rules are refused", async || {
            let part = collector.part("configuration").await;
            part["problem"]
                .as_str()
                .is_some_and(|problem| problem.contains("rules.yaml"))
        })
        .await;
    assert_eq!(collector.status(ask("authorization", &bearer)).await, StatusCode::OK);
    collector.configure(&(NOWHERE.to_owned() + &app("shop", "")));
    collector
        .until("the token is gone", async || {
            collector.status(ask("authorization", &bearer)).await == StatusCode::UNAUTHORIZED
        })
        .await;
    let ended = collector
        .http
        .post(format!("{}/v1/sql", collector.program.url))
        .header("cookie", &cookie)
        .body("SELECT 1");
    assert_eq!(collector.status(ended).await, StatusCode::UNAUTHORIZED);
    collector
        .until("the rules are gone", async || {
            collector.part("alerts").await["rules"] == "none"
        })
        .await;
    collector.end();
}

/// Batches of four senders while quotas, limits and patterns change under them, in the real ClickHouse: each that was answered 204 is
/// there once, and each view is called by the patterns of its start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_acknowledged_batch_is_stored_and_views_keep_their_names() {
    let collector = Arc::new(Collector::start(&app("shop", "")));
    let (acknowledged, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let stop = Arc::new(AtomicBool::new(false));
    let senders: JoinSet<()> = (0..4_u64)
        .map(|sender| {
            let (collector, stop) = (Arc::clone(&collector), Arc::clone(&stop));
            let (acknowledged, refused) = (Arc::clone(&acknowledged), Arc::clone(&refused));
            async move {
                let mut id = (sender + 1) << 24;
                while !stop.load(Ordering::Relaxed) {
                    id += 1;
                    match collector.status(collector.post("shop", id)).await {
                        StatusCode::NO_CONTENT => acknowledged.fetch_add(1, Ordering::Relaxed),
                        StatusCode::TOO_MANY_REQUESTS => refused.fetch_add(1, Ordering::Relaxed),
                        other => panic!("{other}"),
                    };
                }
            }
        })
        .collect();
    let more_than = async |count: &AtomicU64, what: &str| {
        let before = count.load(Ordering::Relaxed);
        collector
            .until(what, async || count.load(Ordering::Relaxed) > before)
            .await;
    };
    for round in 0..3 {
        more_than(&acknowledged, "batches are taken").await;
        let limits = format!("[limits]\nbatches_at_once = {}\n", 1 + round);
        collector.configure(&(limits.clone() + &app("shop", "events_per_day = 1")));
        more_than(&refused, "the quota is in force").await;
        collector.configure(&(limits + &app("shop", "events_per_day = 100_000_000")));
    }
    more_than(&acknowledged, "batches are taken again").await;
    stop.store(true, Ordering::Relaxed);
    senders.join_all().await;

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before = reads(&collector.log());
    collector.configure(&app("shop", "pages = [\"/sale/:what\"]"));
    collector
        .until("the patterns are read", async || reads(&collector.log()) > before)
        .await;
    // One that is open, and one whose page's clock is ahead: another collector may have named it.
    for (id, start) in [(1, now - 1), (2, now + 200)] {
        let sent = collector.post_view("shop", id, start, "/sale/shoes");
        assert_eq!(collector.status(sent).await, StatusCode::NO_CONTENT);
    }
    let all = acknowledged.load(Ordering::Relaxed);
    collector
        .answers("SELECT count() FROM rum.page_views WHERE page = '/'", &all.to_string())
        .await;
    collector
        .answers(
            "SELECT page FROM rum.page_views WHERE page != '/' ORDER BY page",
            "\"/sale/shoes\"\n\"/sale/shoes\"",
        )
        .await;
    let record = fs::read_to_string(collector.program.folder.path().join("data/pages.json")).unwrap();
    let record: Value = serde_json::from_str(&record).unwrap();
    let entry = &record["shop"][0];
    assert_eq!(entry["patterns"], serde_json::json!(["/sale/:what"]));
    assert!(entry["from"].as_u64().unwrap() > now + 300, "{record}");
    Arc::into_inner(collector).unwrap().end();
}
