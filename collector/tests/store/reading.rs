//! The tables and views are what they should be, and can be asked.

use rum_collector::store::query::{self, GroupBy, GroupStats, Measure, SqlFormat, WindowQuery};
use rum_collector::store::{Appended, Table, migrate};
use rum_core::vitals::Metric;
use serde_json::{Value as Json, json};

use crate::fixture::{Store, Visit};
use crate::support::Database;

/// Each view with the rows that a visit has in it.
const VIEWS: [(&str, u64); 14] = [
    ("page_views", 1),
    ("page_views_all", 1),
    ("web_vitals", 3),
    ("web_vitals_all", 3),
    ("requests", 1),
    ("resources", 1),
    ("long_frames", 2),
    ("long_frame_scripts", 2),
    ("timings", 2),
    ("errors", 1),
    ("actions", 1),
    ("sessions", 1),
    ("logs", 1),
    ("breadcrumbs", 5),
];

#[tokio::test]
async fn tables_have_the_columns_that_are_written() {
    let database = Database::start().await;
    let first = migrate(&database.clickhouse).await.unwrap();
    assert!(
        first.applied.starts_with(&[1, 2]) && first.unknown.is_empty(),
        "{first:?}"
    );
    assert_eq!(migrate(&database.clickhouse).await.unwrap().applied, [] as [u32; 0]);
    for table in Table::ALL {
        let found: Vec<(String, String)> = database
            .client
            .query_raw("SELECT name, type FROM system.columns WHERE database = 'rum_data' AND table = {table:String} ORDER BY name")
            .param("table", table.name())
            .fetch_all()
            .await
            .unwrap();
        let mut written: Vec<_> = table
            .columns()
            .into_iter()
            .map(|column| (column.name, column.sql_type))
            .collect();
        // An insert names its columns: their order is the writer's own.
        written.sort();
        assert_eq!(found, written, "{table:?}");
    }

    database
        .run("INSERT INTO rum_data.migrations SELECT 999, 'later', '', now()")
        .await;
    assert_eq!(migrate(&database.clickhouse).await.unwrap().unknown, [999]);
    database
        .run("INSERT INTO rum_data.migrations SELECT 1, 'tables', 'other', now()")
        .await;
    let error = migrate(&database.clickhouse).await.unwrap_err().to_string();
    assert!(error.contains("migration 1 (tables)"), "{error}");
    database.stop().await;
}

#[tokio::test]
async fn every_view_answers() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    let visit = Visit::new(1);
    assert_eq!(store.append(visit).await, Appended::Stored);
    store.drained().await;
    for (view, rows) in VIEWS {
        let answer = query::sql(
            &database.clickhouse,
            &format!("SELECT * FROM rum.{view} ORDER BY ALL"),
            SqlFormat::Json,
        )
        .await
        .unwrap();
        let answer: Json = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["rows"], json!(rows), "{view}");
        let mut rows = answer["data"].clone();
        // What depends on the moment of the test, or on its random ids.
        for name in [
            "hour",
            "ts",
            "last_ts",
            "recv_ts",
            "start",
            "end",
            "session_id",
            "view_id",
            "document_id",
        ] {
            for value in rows
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .filter_map(|row| row.get_mut(name))
            {
                let form: String = value
                    .as_str()
                    .unwrap()
                    .chars()
                    .map(|c| if c.is_ascii_hexdigit() { '#' } else { c })
                    .collect();
                *value = form.into();
            }
        }
        insta::assert_json_snapshot!(view, rows);
    }
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn what_led_to_an_error_is_told_with_it() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    for number in 1..=2 {
        store.append(Visit::new(number)).await;
    }
    store.drained().await;
    let ask = async |statement: &str| -> Vec<Json> {
        let answer = query::sql(&database.clickhouse, statement, SqlFormat::Json)
            .await
            .unwrap();
        let answer: Json = serde_json::from_str(&answer).unwrap();
        answer["data"].as_array().unwrap().clone()
    };
    for error in ask("SELECT view_id, ordinal, session_id, ts FROM rum.errors").await {
        let (view, ordinal) = (error["view_id"].as_str().unwrap(), error["ordinal"].to_string());
        let crumbs = ask(&format!(
            "SELECT ts, page, kind, text FROM rum.before_error(view_id = '{view}', ordinal = {})",
            ordinal.trim_matches('"')
        ))
        .await;
        let same = format!(
            "SELECT ts, page, kind, text FROM rum.breadcrumbs WHERE session_id = {} AND ts <= {} AND NOT (kind = 'error' AND view_id = '{view}')",
            error["session_id"], error["ts"]
        );
        assert!(crumbs.len() > 1, "{crumbs:?}");
        let moment = |crumb: &Json| crumb["ts"].as_str().unwrap().to_owned();
        assert!(
            crumbs.is_sorted_by(|later, earlier| moment(later) >= moment(earlier)),
            "{crumbs:?}"
        );
        // Two visits may have crumbs of the same moment, and those come in any order.
        let in_order = |mut crumbs: Vec<Json>| {
            crumbs.sort_by_key(Json::to_string);
            crumbs
        };
        assert_eq!(in_order(crumbs), in_order(ask(&same.replace('"', "'")).await));
    }
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn words_traces_and_hours_are_found_by_their_indexes() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    store.append(Visit::new(1)).await;
    store.drained().await;
    for (view, condition, index) in [
        ("logs", "hasToken(message, 'stock')", "Name: message"),
        (
            "logs",
            "trace_id = '0af7651916cd43dd8448eb211c80319c'",
            "Name: trace_id",
        ),
        (
            "requests",
            "trace_id = '0af7651916cd43dd8448eb211c80319c'",
            "Name: trace_id",
        ),
        (
            "page_views",
            "trace_id = '0af7651916cd43dd8448eb211c80319c'",
            "Name: trace_id",
        ),
        // Through the union of tables.
        (
            "breadcrumbs",
            "kind = 'error' AND app = 'shop' AND hour >= now() - INTERVAL 1 DAY",
            "(hour in [",
        ),
    ] {
        let count = format!("SELECT count() FROM rum.{view} WHERE {condition}");
        assert_eq!(database.number(&count).await, 1, "{count}");
        let plan = query::sql(
            &database.clickhouse,
            &format!("EXPLAIN indexes = 1 {count}"),
            SqlFormat::Csv,
        )
        .await
        .unwrap();
        assert!(plan.contains(index), "{count}: {plan}");
    }
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn windows_of_arrival_are_measured() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    let before = jiff::Timestamp::now().as_millisecond();
    for (number, lcp) in (1..).zip([1_000_000, 2_000_000, 3_000_000, 4_000_000]) {
        store
            .append(Visit {
                lcp,
                ..Visit::new(number)
            })
            .await;
    }
    store.drained().await;
    let after = jiff::Timestamp::now().as_millisecond() + 1;
    let p75 = WindowQuery {
        app: Some("shop".into()),
        measure: Measure::Quantile {
            metric: Metric::Lcp,
            q: 0.75,
        },
        group_by: GroupBy::Page,
        page: None,
        from_ms: before,
        to_ms: after,
    };
    let stats = |group: &[&str], value: f64, samples: u64| GroupStats {
        group: group.iter().map(ToString::to_string).collect(),
        value,
        samples,
        late: 0,
    };
    let ask = async |query: &WindowQuery| query::window(&database.clickhouse, query).await.unwrap();
    assert_eq!(ask(&p75).await, [stats(&["/cart"], 3_000.0, 4)]);
    let errors = WindowQuery {
        measure: Measure::ErrorCount,
        group_by: GroupBy::Nothing,
        ..p75.clone()
    };
    assert_eq!(ask(&errors).await, [stats(&[], 4.0, 4)]);
    assert_eq!(
        ask(&WindowQuery {
            page: Some("/cart".into()),
            app: None,
            ..errors.clone()
        })
        .await
        .len(),
        1
    );
    // A page kept it for seven hours: it is counted, and says nothing about now.
    let late = Visit {
        late: 7 * 3_600,
        lcp: 60_000_000,
        ..Visit::new(9)
    };
    store.append(late).await;
    store.drained().await;
    let until_now = WindowQuery {
        to_ms: jiff::Timestamp::now().as_millisecond() + 1,
        ..p75.clone()
    };
    assert_eq!(
        ask(&until_now).await,
        [GroupStats {
            late: 1,
            ..stats(&["/cart"], 3_000.0, 4)
        }]
    );
    for empty in [
        WindowQuery {
            app: Some("blog".into()),
            ..errors.clone()
        },
        WindowQuery {
            page: Some("/".into()),
            ..errors.clone()
        },
        WindowQuery {
            to_ms: before,
            ..errors.clone()
        },
        WindowQuery {
            from_ms: after + 600_000,
            to_ms: after + 601_000,
            ..errors
        },
    ] {
        assert_eq!(ask(&empty).await, [], "{empty:?}");
    }
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn people_ask_in_sql_and_only_read() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let ask = async |statement: &str, format| query::sql(&database.clickhouse, statement, format).await;
    let statement = "SELECT char(97 + number) AS name, toUInt64(pow(2, 60)) + number AS big FROM numbers(2)";
    insta::assert_snapshot!("table", ask(statement, SqlFormat::Table).await.unwrap());
    insta::assert_snapshot!("csv", ask(statement, SqlFormat::Csv).await.unwrap());
    let json: Json = serde_json::from_str(&ask(statement, SqlFormat::Json).await.unwrap()).unwrap();
    assert_eq!(
        json["data"],
        json!([{ "name": "a", "big": 1_u64 << 60 }, { "name": "b", "big": (1_u64 << 60) + 1 }])
    );
    for (statement, code) in [
        ("SELEKT 1", "Code: 62"),
        ("SELECT * FROM rum.nothing", "Code: 60"),
        ("DROP TABLE rum_data.views", "Code: 164"),
    ] {
        let error = ask(statement, SqlFormat::Table).await.unwrap_err().to_string();
        assert!(error.contains(code), "{statement}: {error}");
    }
    database.stop().await;
}
