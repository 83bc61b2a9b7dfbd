//! What takes too much.

use std::time::{Duration, Instant};

use http::StatusCode;

use crate::{Asked, router};

#[tokio::test]
async fn limits_hold() {
    let limits = [
        ("RUM_SQL_RESULT_ROWS", "100000"),
        ("RUM_SQL_ANSWER_BYTES", "4 MiB"),
        ("RUM_SQL_READ_BYTES", "1 GiB"),
        ("RUM_SQL_MEMORY_BYTES", "64 MiB"),
    ];
    let mut asked = Asked::start(&limits).await;
    // Of time there is enough for all others, also on a machine that stands still for a while.
    let usual = asked.router.clone();
    asked.router = router(&asked.database, &[&limits[..], &[("RUM_SQL_TIME", "1s")]].concat());
    let sums = "sum(sipHash64(sipHash64(a.number + b.number)))";
    let endless = format!("SELECT {sums} FROM numbers(10000000) AS a CROSS JOIN numbers(100000) AS b");
    let answer = asked.ask(&endless).await;
    let (code, message) = answer.error();
    assert!(
        code == "sql_over_limit" && message.contains("sql.time"),
        "{}",
        answer.text
    );
    asked.router = usual;
    for (statement, said) in [
        ("SELECT sum(cityHash64(number)) FROM numbers(100000000000)", "sql."),
        ("SELECT number FROM system.numbers", ""),
        ("SELECT number FROM numbers(100001)", "sql.result_rows"),
        (
            "SELECT sum(length(repeat(toString(number), 1000))) FROM numbers(1000000) GROUP BY number",
            "sql.",
        ),
        (
            "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count() FROM t",
            "",
        ),
        ("SELECT groupArray(number) FROM numbers(30000000)", "sql.memory_bytes"),
        ("SELECT repeat('x', 100000000)", ""),
    ] {
        let began = Instant::now();
        let answer = asked.ask(statement).await;
        let (code, message) = answer.error();
        assert_eq!(
            (answer.status, code.as_str()),
            (StatusCode::BAD_REQUEST, "sql_over_limit"),
            "{statement}\n{}",
            answer.text
        );
        assert!(message.contains(said), "{statement}: {message}");
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{statement} took {:?}",
            began.elapsed()
        );
    }
    // Longer as text than ClickHouse counts it: the cut is here, and the body is broken off.
    let answer = asked
        .ask_with(
            "SELECT number, number, number, number FROM numbers(99999)",
            &[("format", "jsoneachrow")],
        )
        .await;
    assert!(
        answer.status.is_success() && !answer.whole,
        "{} bytes came",
        answer.text.len()
    );
    assert!(answer.text.len() <= 4 << 20);
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    assert_eq!(asked.ask(&long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    assert_eq!(asked.ask(&deep).await.status, StatusCode::BAD_REQUEST);
    let wide = format!("SELECT {}", ["1"; 20_000].join(","));
    assert_eq!(asked.ask(&wide).await.error().0, "sql_over_limit");
    assert_eq!(
        asked.ask(&format!("SELECT '{}'", "x".repeat(1 << 20))).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    for (open, middle, close) in [
        ("[", "1", "]"),
        ("(SELECT ", "1", ")"),
        ("(SELECT * FROM ", "system.one", ")"),
        ("abs(", "1", ")"),
        ("CASE WHEN 1 THEN ", "1", " END"),
        ("NOT ", "1", ""),
        ("- ", "1", ""),
        ("arrayMap(x -> ", "x", ", [1])"),
        ("1 + (", "1", ")"),
        ("{'a': ", "1", "}"),
        ("CAST(", "1", " AS String)"),
        ("1 BETWEEN 0 AND ", "1", ""),
    ] {
        let times = 60_000 / (open.len() + close.len());
        let statement = format!("SELECT {}{middle}{}", open.repeat(times), close.repeat(times));
        let answer = asked.ask(&statement).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{open}…: {}",
            answer.text.chars().take(300).collect::<String>()
        );
    }
    // Nothing of it has hurt.
    assert_eq!(asked.csv("SELECT 1", &[]).await, "1");
    asked.database.stop().await;
}

/// The engine does not look at the clock while one function is at one value. Who asked is answered all the same, and others go on;
/// what becomes of the statement is tested in `embedded-clickhouse/tests/it/stuck.rs`.
#[tokio::test]
async fn what_cannot_be_stopped_is_answered_and_keeps_nobody_out() {
    let asked = Asked::start(&[("RUM_SQL_TIME", "1s"), ("RUM_SQL_AT_ONCE", "8")]).await;
    let endless = "SELECT position(repeat(repeat('a', 900000 + number), 10), concat(repeat('a', 800000 + number), 'b')) FROM numbers(1)";
    let all = tokio::join!(asked.ask(endless), asked.ask(endless), asked.ask(endless));
    for answer in [all.0, all.1, all.2] {
        let (code, message) = answer.error();
        assert_eq!(code, "sql_over_limit", "{}", answer.text);
        assert!(message.contains("sql.time"), "{message}");
    }
    // Three of the four places of people are still taken. Who asks now has all the time there is.
    let asked = Asked {
        router: router(&asked.database, &[]),
        database: asked.database,
    };
    assert_eq!(asked.csv("SELECT 1", &[]).await, "1");
    asked
        .database
        .run("CREATE TABLE rum_data.of_the_test (a UInt8) ENGINE = Memory")
        .await;
    asked.database.stop().await;
}
