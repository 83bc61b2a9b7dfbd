//! The keeper, as a process: nothing that it started outlives its stdin.

#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, test_kill_process};

/// A keeper of the shell script, and what the script writes.
fn keep(grace_seconds: u32, script: &str) -> (Child, BufReader<ChildStdout>) {
    let mut keeper = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["keep", "--grace", &grace_seconds.to_string(), "--", "sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(keeper.stdout.take().unwrap());
    (keeper, output)
}

fn line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    line.trim().to_owned()
}

fn lives(pid: &str) -> bool {
    test_kill_process(Pid::from_raw(pid.parse().unwrap()).unwrap()).is_ok()
}

#[test]
fn the_server_may_drain_when_stdin_closes() {
    let script = "trap 'echo drained; exit 0' TERM; echo $$; while :; do sleep 1 & wait $!; done";
    let (mut keeper, mut output) = keep(60, script);
    let server = line(&mut output);
    assert!(lives(&server));
    drop(keeper.stdin.take());
    assert_eq!(line(&mut output), "drained");
    assert!(keeper.wait().unwrap().success());
    assert!(!lives(&server));
}

#[test]
fn a_server_that_will_not_end_is_killed_with_all_that_it_started() {
    let script = "trap '' TERM; sleep 600 & echo $!; echo $$; wait; wait";
    let (mut keeper, mut output) = keep(1, script);
    let (grandchild, server) = (line(&mut output), line(&mut output));
    assert!(lives(&grandchild) && lives(&server));
    drop(keeper.stdin.take());
    assert!(!keeper.wait().unwrap().success());
    // Its pipe ends when the last process that holds it has.
    assert_eq!(line(&mut output), "");
    assert!(!lives(&server));
}

#[test]
fn the_servers_own_end_is_passed_on_while_stdin_is_open() {
    let (mut keeper, _output) = keep(60, "exit 7");
    // Held, because `wait` closes what it finds in `keeper.stdin`.
    let leash = keeper.stdin.take();
    assert_eq!(keeper.wait().unwrap().code(), Some(7));
    drop(leash);
}
