//! What the kernel keeps from the child: what a statement could talk ClickHouse into is refused all the same.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use embedded_clickhouse::{ChildOptions, Confinement, Walls, find_library};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use serde_json::Value as Json;

use crate::support::{Embedded, encoded};

/// A file that everybody may read.
const PUBLIC: &str = "/etc/passwd";

/// A test of walls on a system without would prove nothing: it fails, and says why.
async fn confined() -> Embedded {
    let embedded = Embedded::start().await;
    match &embedded.endpoint.confinement {
        Confinement::Confined => embedded,
        Confinement::Open { reason } => {
            panic!("this test needs a kernel with landlock and seccomp, and could not run: {reason}")
        }
    }
}

#[tokio::test]
async fn files_of_others_cannot_be_opened() {
    let embedded = confined().await;
    let outside = tempfile::tempdir().unwrap();
    let written = outside.path().join("x.csv");
    for statement in [
        format!("SELECT file('{PUBLIC}')"),
        format!("SELECT * FROM file('{PUBLIC}', LineAsString)"),
        "SELECT * FROM file('/proc/self/environ', LineAsString)".to_owned(),
        "SELECT * FROM file('/proc/self/maps', LineAsString)".to_owned(),
        format!(
            "SELECT * FROM file('/proc/{}/cmdline', LineAsString)",
            std::process::id()
        ),
        format!("SELECT 1 INTO OUTFILE '{}'", written.display()),
    ] {
        let answer = embedded.post("", statement.as_bytes()).await;
        assert_ne!(answer.status, 200, "{statement}: {}", answer.text());
        assert!(
            answer.text().contains("Permission denied"),
            "{statement}: {}",
            answer.text()
        );
    }
    assert!(!written.exists());
    embedded.supervisor.shutdown().await;
}

#[tokio::test]
async fn no_socket_is_opened_and_no_program_started() {
    let embedded = confined().await;
    // Its own port would answer: whoever reaches it has got out.
    let url = format!("{}/ping", embedded.endpoint.url);
    for statement in [
        format!("SELECT * FROM url('{url}', LineAsString)"),
        "SELECT * FROM remote('127.0.0.1:9000', system.one)".to_owned(),
        "SELECT * FROM executable('sh', TSV, 'a String', (SELECT 1))".to_owned(),
    ] {
        let settings = "http_max_tries=1&connect_timeout=1&connections_with_failover_max_tries=1";
        let answer = embedded.post(settings, statement.as_bytes()).await;
        assert_ne!(answer.status, 200, "{statement}: {}", answer.text());
    }
    embedded.supervisor.shutdown().await;
}

#[tokio::test]
async fn its_own_folder_is_its_own() {
    let embedded = confined().await;
    embedded
        .sql("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
        .await;
    embedded.sql("INSERT INTO t SELECT number FROM numbers(200000)").await;
    embedded.sql("OPTIMIZE TABLE t FINAL").await;
    assert_eq!(embedded.sql("SELECT count() FROM t").await.trim(), "200000");
    let spill = "max_bytes_before_external_group_by=1000000&max_bytes_ratio_before_external_group_by=0";
    let groups = encoded("SELECT count() FROM (SELECT a, count() FROM t GROUP BY a)");
    let answer = embedded.post(&format!("{spill}&query={groups}"), b"").await;
    assert_eq!(
        answer.text().trim(),
        "200000",
        "what does not fit into memory goes to its folder"
    );
    embedded.supervisor.shutdown().await;
}

#[tokio::test]
async fn the_environment_stays_with_the_parent() {
    let embedded = confined().await;
    let pid = embedded.supervisor.pid().unwrap();
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    let names: Vec<_> = environment
        .split(|byte| *byte == 0)
        .filter_map(|pair| pair.split(|byte| *byte == b'=').next())
        .map(String::from_utf8_lossy)
        .filter(|name| !name.is_empty())
        .collect();
    let kept = ["PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "RUST_BACKTRACE", "TZ"];
    assert!(names.iter().all(|name| kept.contains(&&**name)), "{names:?}");
    assert!(std::env::vars().count() > kept.len(), "the parent has more");
    embedded.supervisor.shutdown().await;
}

#[tokio::test]
async fn without_walls_the_parent_is_told() {
    let embedded = Embedded::start_with(|options| options.walls = Walls::Down).await;
    let Confinement::Open { reason } = &embedded.endpoint.confinement else {
        panic!("it was told to do without walls")
    };
    assert!(reason.contains("told to"), "{reason}");
    // What the other tests call refused is refused by the walls alone.
    let read = embedded.sql(&format!("SELECT length(file('{PUBLIC}')) > 0")).await;
    assert_eq!(read.trim(), "1");
    let url = format!("{}/ping", embedded.endpoint.url);
    let fetched = embedded.sql(&format!("SELECT * FROM url('{url}', LineAsString)")).await;
    assert_eq!(fetched.trim(), "Ok.");
    embedded.supervisor.shutdown().await;
}

/// A kernel without landlock, as a filter on the thread that starts the child makes it look.
#[test]
fn a_kernel_without_landlock_is_told_and_rows_are_stored_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let options = ChildOptions::new(folder.path().join("clickhouse"), find_library(None).unwrap());
    let line = serde_json::to_string(&options).unwrap() + "\n";
    let greeting = std::thread::spawn(move || {
        let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
        let call = BTreeMap::from([(libc::SYS_landlock_create_ruleset, Vec::new())]);
        let arch = std::env::consts::ARCH.try_into().unwrap();
        let filter = SeccompFilter::new(call, SeccompAction::Allow, missing, arch).unwrap();
        let filter: BpfProgram = filter.try_into().unwrap();
        seccompiler::apply_filter(&filter).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_embedded-clickhouse-child"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(line.as_bytes()).unwrap();
        let mut greeting = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut greeting)
            .unwrap();
        drop(input);
        assert!(child.wait().unwrap().success());
        greeting
    });
    let greeting: Json = serde_json::from_str(&greeting.join().unwrap()).unwrap();
    let reason = greeting["ready"]["confinement"]["open"]["reason"].as_str();
    assert!(
        reason.is_some_and(|reason| reason.contains("no landlock")),
        "{greeting}"
    );
}
