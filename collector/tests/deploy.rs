//! What is in `deploy/`, as far as it can be tried without a systemd that runs and without a registry of images.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics is a test that fails"
)]

#[path = "support/program.rs"]
#[expect(
    dead_code,
    reason = "others end it by a signal alone; here it tells of its end meanwhile"
)]
mod program;

use std::env;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use rum_collector::store::{Spool, SpoolOptions};
use tempfile::TempDir;

use self::program::{Program, command};

/// How long anything may take before the test says that it will not happen.
const DEADLINE: Duration = Duration::from_secs(60);

fn unit() -> String {
    fs::read_to_string(deployed("rum-collector.service")).unwrap()
}

fn deployed(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name)
}

fn analyze(arguments: &[&str]) -> Output {
    let program = env::var_os("RUM_SYSTEMD_ANALYZE").unwrap_or_else(|| "systemd-analyze".into());
    let output = Command::new(program).args(arguments).output();
    output.unwrap_or_else(|error| {
        panic!(
            "systemd-analyze cannot be run ({error}): `cargo xtask test --only native` installs Debian's package systemd; or set \
             RUM_SYSTEMD_ANALYZE to its path"
        )
    })
}

#[test]
fn systemd_has_nothing_to_say_about_the_unit() {
    let folder = TempDir::new().unwrap();
    // The unit with a program that is there.
    let unit = unit().replace("/usr/bin/rum-collector", env!("CARGO_BIN_EXE_rum-collector"));
    let file = folder.path().join("rum-collector.service");
    fs::write(&file, &unit).unwrap();
    let path = file.to_str().unwrap();
    let output = analyze(&["verify", "--man=no", path]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let of_ours: Vec<_> = said.lines().filter(|line| line.contains("rum-collector")).collect();
    assert!(output.status.success() && of_ours.is_empty(), "{said}");

    fs::write(&file, unit.replace("ProtectSystem=strict", "ProtectSystem=very")).unwrap();
    let said = String::from_utf8_lossy(&analyze(&["verify", "--man=no", path]).stderr).into_owned();
    assert!(said.contains("protect system"), "it finds mistakes: {said}");
}

/// Of ten; an ordinary service has nine and more.
#[test]
fn the_unit_is_exposed_to_little() {
    let path = deployed("rum-collector.service");
    let output = analyze(&[
        "security",
        "--offline=true",
        "--threshold=20",
        "--no-pager",
        path.to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder with a configuration.
fn configured() -> Arc<TempDir> {
    let folder = TempDir::new().unwrap();
    let text = "listen = \"127.0.0.1:0\"\ndata = \"data\"\n[clickhouse]\nurl = \"http://127.0.0.1:9\"\n";
    fs::write(folder.path().join("rum.toml"), text).unwrap();
    Arc::new(folder)
}

#[test]
fn the_service_manager_is_told_when_it_is_ready_reloads_stops_and_lives() {
    let folder = configured();
    let manager = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    manager.set_read_timeout(Some(DEADLINE)).unwrap();
    let next = || {
        let mut buffer = [0; 512];
        let length = manager
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("nothing is told: {error}"));
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let news = || {
        loop {
            let told = next();
            if !told.starts_with("WATCHDOG=1") {
                return told;
            }
        }
    };
    // A socket holds ten of these, and who tells more waits: that is five seconds in which nobody listens here.
    let managed = "export NOTIFY_SOCKET=\"$PWD/notify\" WATCHDOG_USEC=1000000;";
    let mut program = Program::start(Arc::clone(&folder), managed);
    assert_eq!(news().trim_end(), "READY=1");
    // The spool was recovered by then: its folder is locked and has a segment.
    assert!(Spool::open(SpoolOptions::new(folder.path().join("data/spool"))).is_err());
    for _ in 0..3 {
        while !next().starts_with("WATCHDOG=1") {}
    }
    program.signal("-HUP");
    let reloading = news();
    assert!(
        reloading.contains("RELOADING=1") && reloading.contains("MONOTONIC_USEC="),
        "{reloading}"
    );
    assert_eq!(news().trim_end(), "READY=1");
    program.signal("-TERM");
    assert_eq!(news().trim_end(), "STOPPING=1");
    // Whatever else is told, nobody waits for who listens no more.
    drop(manager);
    assert!(program.wait().success());
}

#[test]
fn health_is_a_status_of_the_command() {
    let folder = configured();
    let program = Program::start(Arc::clone(&folder), "");
    let address = program.url.strip_prefix("http://").unwrap().to_owned();
    let health = |part: &[&str]| {
        let mut command = command(folder.path(), &[&["health"], part].concat());
        command
            .env("RUM_LISTEN", &address)
            .env("http_proxy", "http://127.0.0.1:9");
        command.output().unwrap()
    };
    let spool = health(&["spool"]);
    let said = String::from_utf8(spool.stdout).unwrap();
    assert!(spool.status.success() && said.contains("\"ready\":true"), "{said}");
    let all = health(&[]);
    assert!(!all.status.success(), "there is no ClickHouse");
    assert!(String::from_utf8(all.stdout).unwrap().contains("clickhouse"));
    drop(program);
    let gone = health(&["spool"]);
    let said = String::from_utf8(gone.stderr).unwrap();
    assert!(!gone.status.success() && said.contains("is it running"), "{said}");
}

#[test]
fn the_image_runs_what_this_program_understands() {
    let dockerfile = fs::read_to_string(deployed("Dockerfile")).unwrap();
    // The health check and the command, word for word.
    for (line, arguments) in [
        (
            "CMD [\"/usr/bin/rum-collector\", \"health\", \"spool\"]",
            &["health", "spool"][..],
        ),
        ("CMD [\"serve\"]", &["serve"]),
    ] {
        assert!(dockerfile.contains(line), "{line}");
        let help = Command::new(env!("CARGO_BIN_EXE_rum-collector"))
            .args(arguments)
            .arg("--help")
            .output();
        assert!(help.unwrap().status.success(), "{arguments:?}");
    }
    // Its variables are keys of the configuration.
    let variables = dockerfile.split("ENV ").nth(1).unwrap().split("VOLUME").next().unwrap();
    let pairs: Vec<_> = variables
        .split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(pairs.len(), 4, "{pairs:?}");
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("rum.toml"), "").unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_rum-collector"));
    check
        .arg("check-config")
        .envs(pairs)
        .env("RUM_CONFIG", folder.path().join("rum.toml"));
    let output = check.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("tokens: there are none"),
        "it listens beyond loopback: {said}"
    );
}
