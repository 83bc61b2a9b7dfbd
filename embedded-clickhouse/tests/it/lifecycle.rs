//! The child's life: started, killed, started again, ended, orphaned, cancelled, overloaded.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::Duration,
};

use crate::support::{Answer, Embedded, PATIENCE, client, encoded, options};
use embedded_clickhouse::{ChildState, Supervisor, SupervisorError};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::{
    io::AsyncWriteExt,
    net::TcpListener,
    time::{Instant, sleep, timeout},
};

/// Runs for minutes if nobody stops it.
const LONG: &str = "SELECT max(sipHash64(number)) FROM numbers(1000000000000)";
const RUNNING: &str = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number)%' \
    AND query NOT LIKE '%processes%'";

#[tokio::test]
async fn a_killed_child_comes_back_with_its_data() {
    let embedded = Embedded::start().await;
    embedded
        .sql("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
        .await;
    embedded.sql("INSERT INTO t SELECT number FROM numbers(1000)").await;
    let mut state = embedded.supervisor.state();
    let first = embedded.supervisor.pid().unwrap();
    kill(first, Signal::KILL);
    let back = |state: &ChildState| matches!(state, ChildState::Ready { pid, .. } if *pid != first);
    timeout(PATIENCE, state.wait_for(back)).await.unwrap().unwrap();
    // The same address and secret: whoever holds a client goes on.
    assert_eq!(embedded.supervisor.ready().await.unwrap(), embedded.endpoint);
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "1000\n");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn its_parent_goes_first_where_cores_are_short() {
    let embedded = Embedded::start().await;
    // The work of a statement is done by threads that ClickHouse starts for it.
    embedded
        .sql("SELECT sum(sipHash64(number)) FROM numbers_mt(100000)")
        .await;
    let (_, own) = niceness("/proc/thread-self".as_ref());
    let threads = std::fs::read_dir(format!("/proc/{}/task", embedded.supervisor.pid().unwrap())).unwrap();
    let mut threads: Vec<_> = threads.map(|thread| niceness(&thread.unwrap().path())).collect();
    // It looks at the process's memory now and then, and goes before all where ClickHouse may say so.
    threads.retain(|(name, _)| name != "MemoryWorker");
    assert!(threads.len() > 2, "{threads:?}");
    assert!(
        threads.iter().all(|(_, nice)| *nice == (own + 10).min(19)),
        "{own}: {threads:?}"
    );
}

/// A thread's name and niceness, by its `stat`: <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>.
#[cfg(target_os = "linux")]
fn niceness(thread: &std::path::Path) -> (String, i32) {
    let stat = std::fs::read_to_string(thread.join("stat")).unwrap();
    // A name may have spaces and brackets.
    let (name, fields) = stat.rsplit_once(')').unwrap();
    let (_, name) = name.split_once('(').unwrap();
    (
        name.to_owned(),
        fields.split_whitespace().nth(16).unwrap().parse().unwrap(),
    )
}

#[tokio::test]
async fn a_taken_port_makes_way_for_another() {
    let embedded = Embedded::start().await;
    let mut state = embedded.supervisor.state();
    let first = embedded.supervisor.pid().unwrap();
    let address = embedded.endpoint.url.strip_prefix("http://").unwrap().to_owned();
    kill(first, Signal::KILL);
    timeout(PATIENCE, state.wait_for(|s| matches!(s, ChildState::Down { .. })))
        .await
        .unwrap()
        .unwrap();
    let _squatter = TcpListener::bind(address).await.unwrap();
    timeout(PATIENCE, state.wait_for(|s| matches!(s, ChildState::Ready { .. })))
        .await
        .unwrap()
        .unwrap();
    let endpoint = embedded.supervisor.ready().await.unwrap();
    assert_ne!(endpoint.url, embedded.endpoint.url);
    let one: u8 = client(&endpoint).query("SELECT 1").fetch_one().await.unwrap();
    assert_eq!(one, 1);
}

#[tokio::test]
async fn shutdown_lets_a_statement_finish_and_leaves_no_process() {
    let embedded = Embedded::start().await;
    let pid = embedded.supervisor.pid().unwrap();
    let client = embedded.client();
    let slow = "SELECT sum(sleepEachRow(0.5)) FROM numbers(3) SETTINGS max_block_size = 1";
    let query = tokio::spawn(async move { client.query(slow).fetch_one::<u64>().await });
    until_running(
        &embedded,
        "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%processes%'",
        "1\n",
    )
    .await;
    timeout(PATIENCE, embedded.supervisor.shutdown()).await.unwrap();
    assert_eq!(query.await.unwrap().unwrap(), 0);
    assert!(!alive(pid));
}

#[tokio::test]
async fn shutdown_cancels_what_does_not_finish() {
    let embedded = Embedded::start_with(|options| options.drain_ms = 100).await;
    let client = embedded.client();
    let query = tokio::spawn(async move { client.query(LONG).fetch_one::<u64>().await });
    until_running(&embedded, RUNNING, "1\n").await;
    timeout(PATIENCE, embedded.supervisor.shutdown()).await.unwrap();
    let error = query.await.unwrap().unwrap_err().to_string();
    assert!(error.contains("Code: 394"), "{error}");
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place() {
    // One place for the long statement, one to ask whether it runs.
    let embedded = Embedded::start_with(|options| options.queries = 2).await;
    let mut stream = embedded.connect().await;
    let head = embedded.head("GET", &format!("query={}", encoded(LONG)), "Accept: */*");
    stream.write_all(head.as_bytes()).await.unwrap();
    until_running(&embedded, RUNNING, "1\n").await;
    drop(stream);
    until_running(&embedded, RUNNING, "0\n").await;
    // The same while rows are on their way.
    let mut stream = embedded.connect().await;
    let rows = "SELECT number, sipHash64(number) FROM numbers(1000000000000)";
    let head = embedded.head("GET", &format!("query={}", encoded(rows)), "Accept: */*");
    stream.write_all(head.as_bytes()).await.unwrap();
    until_running(&embedded, RUNNING, "1\n").await;
    drop(stream);
    until_running(&embedded, RUNNING, "0\n").await;
}

#[tokio::test]
async fn too_many_statements_wait_and_then_are_refused() {
    let embedded = Embedded::start_with(|options| {
        options.queries = 1;
        options.waiting_queries = 1;
    })
    .await;
    let query = format!("query={}", encoded(LONG));
    let mut ask = Vec::new();
    for _ in 0..2 {
        let mut stream = embedded.connect().await;
        let head = embedded.head("GET", &query, "Accept: */*");
        stream.write_all(head.as_bytes()).await.unwrap();
        ask.push(stream);
    }
    // One runs, one waits, and the third is turned away; which is the third is not ours to say.
    let answer = embedded.get(&query);
    let (first, second) = (ask.remove(0), ask.remove(0));
    let refused = tokio::select! {
        answer = answer => answer,
        answer = Answer::read(first) => answer,
        answer = Answer::read(second) => answer,
    };
    refused.assert_error(503, 202);
}

#[tokio::test]
async fn memory_is_limited() {
    let embedded = Embedded::start_with(|options| options.memory_bytes = 700 << 20).await;
    let sql = "SELECT length(groupArray(number)) FROM numbers(300000000)";
    embedded.post("", sql.as_bytes()).await.assert_error(500, 241);
    assert_eq!(embedded.sql("SELECT 1").await, "1\n");
}

#[tokio::test]
async fn a_child_that_cannot_start_says_why() {
    let data = tempfile::tempdir().unwrap();
    let missing = Supervisor::start(options(&data, |child| child.library = "/nowhere.so".into()));
    let Err(SupervisorError::Down(reason)) = missing.ready().await else {
        panic!("it started")
    };
    assert!(reason.contains("/nowhere.so is not usable as libchdb"), "{reason}");
    missing.shutdown().await;
    // The data folder belongs to one process.
    let first = Embedded::start_on(data).await;
    let second = Supervisor::start(options(&first.data, |_| {}));
    let Err(SupervisorError::Down(reason)) = second.ready().await else {
        panic!("it started")
    };
    assert!(reason.contains("another process has the folder open"), "{reason}");
    second.shutdown().await;
}

/// Without the supervisor: what the process itself does with its pipes and signals.
#[tokio::test]
async fn the_child_ends_with_its_parent_and_not_with_ctrl_c() {
    let data = tempfile::tempdir().unwrap();
    let options = options(&data, |_| {});
    for ending in ["its standard input ends", "SIGTERM"] {
        let mut child = Command::new(&options.program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        writeln!(input, "{}", serde_json::to_string(&options.child).unwrap()).unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        output.read_line(&mut greeting).unwrap();
        let greeting: serde_json::Value = serde_json::from_str(&greeting).unwrap();
        let url = format!("http://127.0.0.1:{}", greeting["ready"]["port"]);
        let client = clickhouse::Client::default()
            .with_url(url)
            .with_user(embedded_clickhouse::USER)
            .with_password(options.child.secret.expose());
        kill(child.id(), Signal::INT);
        // Many sessions, each of which libchdb could use to take the signals over.
        for _ in 0..20 {
            client.query("SELECT 1").execute().await.unwrap();
        }
        match ending {
            "SIGTERM" => kill(child.id(), Signal::TERM),
            _ => drop(input),
        }
        let exit = tokio::task::spawn_blocking(move || child.wait());
        let exit = timeout(PATIENCE, exit).await.unwrap().unwrap().unwrap();
        assert!(exit.success(), "{ending}: {exit}");
        // Nothing else is written there by a child that ends because it was told to.
        let mut rest = String::new();
        output.read_line(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}

fn kill(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

fn alive(pid: u32) -> bool {
    test_kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap()).is_ok()
}

/// Asks another process until it says so: the only way to know that its statement has begun.
async fn until_running(embedded: &Embedded, sql: &str, expected: &str) {
    let deadline = Instant::now() + PATIENCE;
    while embedded.sql(sql).await != expected {
        assert!(Instant::now() < deadline, "{sql} does not become {expected}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn no_pool_of_threads_can_wait_for_itself() {
    let embedded = Embedded::start().await;
    let pools = "SELECT sumIf(toUInt64OrZero(value), name = 'max_thread_pool_size') > sumIf(toUInt64OrZero(value), name != 'max_thread_pool_size') \
        FROM system.server_settings WHERE name LIKE '%pool_size' AND name NOT LIKE '%connection%'";
    assert_eq!(embedded.sql(pools).await, "1\n");
}
