//! Statements that read: the `clickhouse` crate and plain HTTP against the real engine.

use crate::support::{Embedded, Ending, encoded};
use clickhouse::{Row, error::Error};
use serde::Deserialize;

#[derive(Debug, PartialEq, Eq, Row, Deserialize)]
struct Pair {
    n: u64,
    text: String,
}

#[tokio::test]
async fn the_clickhouse_crate_reads_rows_with_binds_and_parameters() {
    let embedded = Embedded::start().await;
    let client = embedded.client();
    let rows: Vec<Pair> = client
        .query("SELECT number AS n, {text:String} AS text FROM numbers(?)")
        .bind(2)
        .param("text", "tab\t quote' back\\slash\nline")
        .fetch_all()
        .await
        .unwrap();
    let text = "tab\t quote' back\\slash\nline".to_owned();
    assert_eq!(
        rows,
        [
            Pair {
                n: 0,
                text: text.clone()
            },
            Pair { n: 1, text }
        ]
    );
    // Many pieces, each of which libchdb writes with a header of its own.
    let mut cursor = client
        .query("SELECT number AS n, toString(number) AS text FROM numbers(300000)")
        .fetch::<Pair>()
        .unwrap();
    let mut expected = 0;
    while let Some(row) = cursor.next().await.unwrap() {
        assert_eq!(
            row,
            Pair {
                n: expected,
                text: expected.to_string()
            }
        );
        expected += 1;
    }
    assert_eq!(expected, 300_000);
    let tables: Vec<String> = client.query("SHOW DATABASES").fetch_all().await.unwrap();
    assert!(tables.contains(&"system".to_owned()), "{tables:?}");
}

/// 100 MB, and an error near the end: far more than all buffers on the way hold, so the answer has
/// begun when it comes.
const LATE_ERROR: &str = "SELECT repeat('x', 1000) AS text, throwIf(number = 90000) AS thrown \
    FROM numbers(100000) SETTINGS max_block_size = 1000, max_threads = 1";

#[tokio::test]
async fn errors_reach_the_clickhouse_crate_with_their_code() {
    let embedded = Embedded::start().await;
    let client = embedded.client();
    let error = client.query("SELECT * FROM nowhere").execute().await.unwrap_err();
    let Error::BadResponse(text) = error else {
        panic!("{error}")
    };
    assert!(
        text.starts_with("Code: 60. DB::Exception: ") && text.contains("(UNKNOWN_TABLE)"),
        "{text}"
    );
    let mut cursor = client.query(LATE_ERROR).fetch::<(String, u8)>().unwrap();
    let mut rows = 0;
    let error = loop {
        match cursor.next().await {
            Ok(Some(_)) => rows += 1,
            Ok(None) => panic!("the error was lost after {rows} rows"),
            Err(error) => break error,
        }
    };
    let Error::BadResponse(text) = error else {
        panic!("{error}")
    };
    assert!(text.starts_with("Code: 395. DB::Exception: "), "{text}");
    assert!(rows >= 50_000, "{rows} rows came before the error");
}

#[tokio::test]
async fn every_format_is_one_document() {
    let embedded = Embedded::start().await;
    let select = "SELECT number AS n, 'a\"b' AS s FROM numbers(200000) ORDER BY n FORMAT ";
    // Each format's length and end, as an engine that formats the whole result would have them.
    for format in [
        "TSV",
        "CSVWithNames",
        "CSVWithNamesAndTypes",
        "TSVWithNamesAndTypes",
        "JSONEachRow",
        "JSONCompactEachRowWithNames",
        "RowBinary",
        "RowBinaryWithNamesAndTypes",
        "JSON",
        "JSONCompact",
        "PrettyCompact",
        "Vertical",
        "Values",
        "Markdown",
    ] {
        let sql = format!("{select}{format}");
        let streamed = embedded.post("output_format_write_statistics=0", sql.as_bytes()).await;
        let whole = embedded
            .post("output_format_write_statistics=0&wait_end_of_query=1", sql.as_bytes())
            .await;
        assert_eq!(
            (streamed.status, whole.status),
            (200, 200),
            "{format}: {}",
            streamed.text()
        );
        assert_eq!(streamed.ending, Ending::Complete, "{format}");
        assert_eq!(streamed.header("x-clickhouse-format"), Some(format));
        assert!(streamed.body == whole.body, "{format}: the streamed result differs");
    }
}

#[tokio::test]
async fn totals_follow_the_rows() {
    let embedded = Embedded::start().await;
    let sql = "SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k";
    assert_eq!(embedded.sql(sql).await, "0\t5\n1\t5\n\n0\t10\n");
    let answer = embedded.post("extremes=1&default_format=CSV", b"SELECT 1 AS a").await;
    assert_eq!(answer.text(), "1\n\n1\n1\n");
}

#[tokio::test]
async fn plain_http_as_curl_speaks_it() {
    let embedded = Embedded::start().await;
    let answer = embedded.get(&format!("query={}", encoded("SELECT 1 AS a"))).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "1\n"));
    assert_eq!(answer.header("x-clickhouse-timezone"), Some("UTC"));
    assert_eq!(answer.header("x-clickhouse-format"), Some("TabSeparated"));
    assert!(answer.header("x-clickhouse-server-display-name").is_some());
    // Statement in two pieces, the query's id, a format by parameter, a bound value.
    let answer = embedded
        .post(
            "query=SELECT&query_id=mine&default_format=JSONEachRow&param_x=7",
            b"{x:UInt8} AS x",
        )
        .await;
    assert_eq!(answer.text(), "{\"x\":7}\n");
    assert_eq!(answer.header("x-clickhouse-query-id"), Some("mine"));
    let zone = "SELECT timezone(), toString(toDateTime(0))";
    assert_eq!(embedded.sql(zone).await, "UTC\t1970-01-01 00:00:00\n");
    // A GET does not write.
    let create = encoded("CREATE TABLE t (a UInt8) ENGINE = Memory");
    embedded.get(&format!("query={create}")).await.assert_error(500, 164);
    embedded.post("", b"SELECT 1; SELECT 2").await.assert_error(400, 62);
    embedded.post("", b"SELEC 1").await.assert_error(400, 62);
    embedded
        .post("no_such_setting=1", b"SELECT 1")
        .await
        .assert_error(404, 115);
    embedded
        .post("database=nowhere", b"SELECT 1")
        .await
        .assert_error(404, 81);
    embedded.post("session_id=a", b"SELECT 1").await.assert_error(501, 48);
    embedded.post("", b"SELECT {x:UInt8}").await.assert_error(500, 456);
}

#[tokio::test]
async fn compressed_answers_are_checked_blocks() {
    let embedded = Embedded::start().await;
    let sql = b"SELECT number FROM numbers(200000) FORMAT RowBinary";
    let plain = embedded.post("", sql).await.body;
    let answer = embedded.post("compress=1", sql).await;
    let mut rest = &answer.body[..];
    let mut decompressed = Vec::new();
    while !rest.is_empty() {
        assert_eq!(rest[16], 0x82);
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
        let (compressed, length) = (word(17), word(21));
        let sum = cityhash_rs::cityhash_102_128(&rest[16..16 + compressed]).rotate_right(64);
        assert_eq!(rest[..16], sum.to_le_bytes());
        decompressed.extend(lz4_flex::block::decompress(&rest[25..16 + compressed], length).unwrap());
        rest = &rest[16 + compressed..];
    }
    assert!(decompressed == plain);
    assert!(answer.body.len() < plain.len());
}

#[tokio::test]
async fn an_error_in_mid_stream_breaks_the_answer_off() {
    let embedded = Embedded::start().await;
    let answer = embedded.post("", LATE_ERROR.as_bytes()).await;
    assert_eq!((answer.status, answer.ending), (200, Ending::BrokenOff));
    let body = String::from_utf8_lossy(&answer.body);
    assert!(
        body.contains("__exception__\r\n") && body.contains("Code: 395. "),
        "the reason is said"
    );
    // The same, when the answer waits for the end: an error with a status.
    embedded
        .post("wait_end_of_query=1", LATE_ERROR.as_bytes())
        .await
        .assert_error(500, 395);
}

#[tokio::test]
async fn nothing_of_a_request_is_left_for_the_next() {
    let embedded = Embedded::start().await;
    embedded.sql("CREATE DATABASE other").await;
    let state = "SELECT currentDatabase(), getSetting('max_block_size'), getSetting('readonly')";
    let before = embedded.sql(state).await;
    let changed = embedded.post("database=other&max_block_size=77&readonly=2", state.as_bytes());
    assert_eq!(changed.await.text(), "other\t77\t2\n");
    embedded.sql("USE other").await;
    embedded.sql("SET max_block_size = 78, readonly = 1").await;
    embedded.sql("CREATE TEMPORARY TABLE left (a UInt8)").await;
    embedded.post("param_x=1", b"SELECT {x:UInt8}").await;
    assert_eq!(embedded.sql(state).await, before);
    embedded.post("", b"SELECT * FROM left").await.assert_error(404, 60);
    embedded.post("", b"SELECT {x:UInt8}").await.assert_error(500, 456);
}

#[tokio::test]
async fn only_who_knows_the_secret_is_answered() {
    let embedded = Embedded::start().await;
    let ask = |line: &str| format!("{line}\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let ping = embedded.exchange(&ask("GET /ping HTTP/1.1"), b"").await;
    assert_eq!((ping.status, ping.text().as_str()), (200, "Ok.\n"));
    for line in [
        "GET /?query=SELECT%201 HTTP/1.1",
        "GET / HTTP/1.1",
        "GET /nowhere HTTP/1.1",
    ] {
        embedded.exchange(&ask(line), b"").await.assert_error(403, 516);
    }
    let wrong = "GET /?query=SELECT%201&user=rum&password=wrong HTTP/1.1";
    embedded.exchange(&ask(wrong), b"").await.assert_error(403, 516);
    let secret = embedded.endpoint.secret.expose();
    let right = format!("GET /?query=SELECT%201&user=rum&password={secret} HTTP/1.1");
    assert_eq!(embedded.exchange(&ask(&right), b"").await.text(), "1\n");
}
