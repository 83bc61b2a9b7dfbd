//! Reports of browsers are errors of their pages, and no page views.

use serde_json::json;

use crate::front::{Front, ask};
use crate::support::Database;

#[tokio::test]
async fn a_report_is_an_error_once_and_no_page_view() {
    let database = Database::start().await;
    let front = Front::start(&database, "[{version = 1, share = 0.1}]").await;
    let crash = |age: i64| {
        json!({
            "age": age, "type": "crash", "url": "https://shop.example/order/4711?mail=jane.doe@example.com",
            "user_agent": "Mozilla/5.0", "body": { "reason": "oom", "visibility_state": "visible" },
        })
    };
    let violation = json!({
        "age": 3, "type": "csp-violation", "url": "https://shop.example/cart",
        "body": {
            "blockedURL": "https://evil.example/u/jane.doe@example.com/x.js", "effectiveDirective": "script-src-elem",
            "sourceFile": "https://shop.example/a.js", "lineNumber": 3, "columnNumber": 5, "disposition": "enforce",
        },
    });
    // At the start of a second, so that no request is long enough on its way to move the moment over its border.
    let now_ms = || jiff::Timestamp::now().as_millisecond();
    let crashed_ms = now_ms() / 1_000 * 1_000 - 5_000;
    // The browser gets no answer, and delivers the crash again: the age is what has changed by then.
    let media_type = "application/reports+json";
    let first = json!([crash(now_ms() - crashed_ms), violation]);
    front.post("/v1/reports", media_type, &first).await;
    let again = json!([crash(now_ms() - crashed_ms)]);
    front.post("/v1/reports", media_type, &again).await;
    front.stop().await;
    let statement = "SELECT page, type, message, source, origin, handled, count, weight, url, line, column, attributes,
                            frame_file, session_id = view_id AS alone
                     FROM rum.errors ORDER BY source";
    insta::assert_json_snapshot!("reports", ask(&database, statement).await);
    for view in ["page_views", "sessions"] {
        assert_eq!(
            database.number(&format!("SELECT count() FROM rum.{view}")).await,
            0,
            "{view}"
        );
    }
    database.stop().await;
}
