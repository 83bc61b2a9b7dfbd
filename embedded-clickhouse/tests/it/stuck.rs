//! Statements that ClickHouse cannot stop, and those of people that would take all places.

use crate::support::{Answer, Embedded, PATIENCE, encoded};
use embedded_clickhouse::{ChildState, Ends};
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, sleep, timeout},
};

/// One function over one value: it compares half of a text with every place of the text, for many minutes, and looks neither at
/// the clock nor at KILL. Not constant, so that it is not computed before it runs.
const ENDLESS: &str = "SELECT position(repeat(repeat('a', 900000 + number), 10), concat(repeat('a', 800000 + number), 'b')) \
    FROM numbers(1)";

async fn running(embedded: &Embedded, what: &str) -> String {
    let sql =
        format!("SELECT count() FROM system.processes WHERE query LIKE '%{what}%' AND query NOT LIKE '%processes%'");
    embedded.sql(&sql).await.trim().to_owned()
}

async fn until_running(embedded: &Embedded, what: &str, expected: &str) {
    let deadline = Instant::now() + PATIENCE;
    while running(embedded, what).await != expected {
        assert!(Instant::now() < deadline, "{what} does not become {expected}");
        sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Waits until another child answers, and gives the reason for which the first one ended.
async fn anew(embedded: &Embedded, first: u32) -> String {
    let mut state = embedded.supervisor.state();
    let down = timeout(
        PATIENCE,
        state.wait_for(|state| matches!(state, ChildState::Down { .. })),
    );
    let ChildState::Down { reason } = down.await.unwrap().unwrap().clone() else {
        unreachable!("it was waited for")
    };
    let back = |state: &ChildState| matches!(state, ChildState::Ready { pid, .. } if *pid != first);
    timeout(PATIENCE, state.wait_for(back)).await.unwrap().unwrap();
    reason
}

#[tokio::test]
async fn a_cancelled_statement_that_does_not_stop_ends_the_child() {
    let embedded = Embedded::start_with(|options| options.stuck_ms = 1_500).await;
    embedded
        .sql("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
        .await;
    embedded.sql("INSERT INTO t SELECT number FROM numbers(1000)").await;
    let first = embedded.supervisor.pid().unwrap();
    let mut asker = embedded.connect().await;
    let query = format!("readonly=1&query_id=endless&query={}", encoded(ENDLESS));
    let head = embedded.head("POST", &query, "Content-Length: 0");
    asker.write_all(head.as_bytes()).await.unwrap();
    until_running(&embedded, "position", "1").await;
    // Others run when it ends: one that reads, and one that writes.
    let others = ["", "INSERT INTO t "].map(|head| {
        let sql = format!("{head}SELECT sum(sleepEachRow(1)) FROM numbers(120) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0");
        (sql.clone(), embedded.head("POST", "", &format!("Content-Length: {}", sql.len())))
    });
    let mut told = Vec::new();
    for (sql, head) in &others {
        let mut stream = embedded.connect().await;
        stream.write_all(format!("{head}{sql}").as_bytes()).await.unwrap();
        told.push(Answer::read(stream));
    }
    until_running(&embedded, "sleepEachRow", "2").await;
    let writes = told.pop().unwrap();
    let reads = told.pop().unwrap();
    drop(asker);
    let (reason, reads, writes) = tokio::join!(anew(&embedded, first), reads, writes);
    assert!(
        reason.contains("statement endless did not stop within 1.5 s after it was cancelled")
            && reason.contains("2 others"),
        "{reason}"
    );
    reads.assert_error(500, 236);
    writes.assert_error(500, 319);
    let ends = *embedded.supervisor.ends().borrow();
    assert_eq!(ends, Ends { stuck: 1, other: 0 });
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "1000\n");
    embedded.supervisor.shutdown().await;
}

#[tokio::test]
async fn a_statement_that_runs_on_after_its_time_ends_the_child() {
    let embedded = Embedded::start_with(|options| options.stuck_ms = 500).await;
    let first = embedded.supervisor.pid().unwrap();
    let query = format!("readonly=1&max_execution_time=0.5&query={}", encoded(ENDLESS));
    let (answer, reason) = tokio::join!(embedded.post(&query, b""), anew(&embedded, first));
    answer.assert_error(500, 236);
    assert!(reason.contains("after its time of 0.5 s was over"), "{reason}");
    embedded.supervisor.shutdown().await;
}

#[tokio::test]
async fn a_client_that_fetches_slowly_is_no_stuck_statement() {
    let embedded = Embedded::start_with(|options| options.stuck_ms = 10_000).await;
    let first = embedded.supervisor.pid().unwrap();
    // Far more than all buffers on the way hold, so that the statement waits for its client.
    let sql = "SELECT repeat('x', 1000) FROM numbers(100000)";
    let query = format!(
        "readonly=1&max_execution_time=0.2&timeout_overflow_mode=break&query={}",
        encoded(sql)
    );
    let mut slow = embedded.connect().await;
    slow.write_all(embedded.head("POST", &query, "Content-Length: 0").as_bytes())
        .await
        .unwrap();
    // For longer than the slow one's time and the patience with it.
    let wait = "SELECT sum(sleepEachRow(0.5)) FROM numbers(24) SETTINGS max_block_size = 1";
    assert_eq!(embedded.sql(wait).await, "0\n");
    assert_eq!(embedded.supervisor.pid(), Some(first));
    assert_eq!(Answer::read(slow).await.status, 200);
    assert_eq!(*embedded.supervisor.ends().borrow(), Ends::default());
    embedded.supervisor.shutdown().await;
}

#[tokio::test]
async fn people_leave_half_of_the_places_to_inserts() {
    let embedded = Embedded::start_with(|options| options.queries = 4).await;
    embedded
        .sql("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
        .await;
    let long = encoded("SELECT max(sipHash64(number)) FROM numbers(1000000000000)");
    let mut people = Vec::new();
    for _ in 0..6 {
        let mut stream = embedded.connect().await;
        let query = format!("readonly=1&max_threads=1&query={long}");
        let head = embedded.head("POST", &query, "Content-Length: 0");
        stream.write_all(head.as_bytes()).await.unwrap();
        people.push(stream);
    }
    until_running(&embedded, "sipHash64", "2").await;
    embedded.sql("INSERT INTO t SELECT number FROM numbers(10)").await;
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "10\n");
    assert_eq!(running(&embedded, "sipHash64").await, "2");
    drop(people);
    until_running(&embedded, "sipHash64", "0").await;
    embedded.supervisor.shutdown().await;
}
