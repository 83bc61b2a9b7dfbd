//! What people ask, and what they are told.

use std::fs;
use std::path::Path;

use http::StatusCode;

use crate::Asked;

#[tokio::test]
async fn what_people_ask_is_answered() {
    let asked = Asked::start(&[]).await;
    for (statement, expected) in [
        ("SELECT 1", "1"),
        ("select count() from page_views;", "0"),
        ("WITH 2 AS x SELECT x * 3 -- a comment", "6"),
        ("SELECT 'file(1); -- $a$' AS `p 75`", "\"file(1); -- $a$\""),
        ("SELECT sum(number) FROM numbers(10)", "45"),
        (
            "SELECT max(x) FROM (SELECT arrayJoin([1, 2, 3]) AS x) WHERE x IN (SELECT 2)",
            "2",
        ),
        ("SELECT count() > 100 FROM system.columns WHERE database = 'rum'", "1"),
        ("SELECT * FROM (VALUES (7))", "7"),
        ("SELECT COLUMNS('dummy') FROM system.one", "0"),
        (
            "SELECT quantilesTDigestIf(0.5)(number, number > 2) FROM numbers(5)",
            "\"[3]\"",
        ),
        ("SELECT number FROM numbers(3) ORDER BY number DESC LIMIT 1", "2"),
        (
            "WITH t AS (SELECT 5 AS a) SELECT a FROM t WHERE a IN (SELECT a FROM t)",
            "5",
        ),
        (
            "SELECT toStartOfHour(toDateTime('2026-11-22 10:20:30', 'UTC')) + INTERVAL 1 DAY",
            "\"2026-11-23 10:00:00\"",
        ),
    ] {
        assert_eq!(asked.csv(statement, &[]).await, expected, "{statement}");
    }
    for (format, expected) in [
        ("csv", "\"a\"\n1\n"),
        ("JSONEachRow", "{\"a\":1}\n"),
        ("table", "┌─a─┐\n1. │ 1 │\n"),
        ("JSON", "\"data\""),
    ] {
        let answer = asked.ask_with("SELECT 1 AS a", &[("format", format)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        let text = answer.text.replace("   ┌", "┌");
        assert!(text.contains(expected), "{format}: {text}");
    }
    let answer = asked.ask_with("SELECT 1", &[("format", "Native")]).await;
    assert_eq!(answer.error().0, "bad_parameter");
    asked.database.stop().await;
}

#[tokio::test]
async fn documented_questions_pass_the_walls() {
    let asked = Asked::start(&[]).await;
    for (file, count) in [("README.md", 10), ("docs/questions.md", 5), ("docs/errors.md", 5)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = fs::read_to_string(path).unwrap();
        let questions: Vec<_> = text
            .split("```sql\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert_eq!(questions.len(), count, "{file}");
        for question in questions {
            let answer = asked.ask(question).await;
            assert_eq!(answer.status, StatusCode::OK, "{question}\n{}", answer.text);
        }
    }
    asked.database.stop().await;
}

#[tokio::test]
async fn an_error_tells_neither_version_nor_folders() {
    let asked = Asked::start(&[]).await;
    let answer = asked.ask("SELECT pgae FROM rum.page_views").await;
    let (code, message) = answer.error();
    assert_eq!(code, "bad_sql");
    assert!(message.contains("`pgae`") && !message.contains("version"), "{message}");
    asked.database.stop().await;
}
