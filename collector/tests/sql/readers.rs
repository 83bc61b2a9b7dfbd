//! As whom a server is asked for which token, and what that user sees, on a stand-in for a server; `servers.rs` has real ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use axum::Router;
use http::StatusCode;
use rum_collector::config::{Config, TokenHash};
use rum_collector::run::Collector;
use rum_collector::store::{self, Clickhouse, grants};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::sleep;

use crate::program::Program;
use crate::stand_in::{StandIn, User};
use crate::support::{Database, PATIENCE};
use crate::{Answer, post};

/// Names, which are the tokens, too, and their apps.
const TOKENS: [(&str, &str); 5] = [
    ("everything", r#"["*"]"#),
    ("of-shop", r#"["shop"]"#),
    ("of-both", r#"["blog", "shop"]"#),
    ("of-blog", r#"["blog"]"#),
    ("of-all-names", r#"["shop", "blog", "docs"]"#),
];

pub(crate) const PASSWORD: &str = "of the test";

/// Tables with a column `app`; the others say nothing of apps.
const TABLES: [&str; 10] = [
    "views",
    "vitals",
    "requests",
    "errors",
    "actions",
    "clock_bad",
    "long_frames",
    "timings",
    "logs",
    "dirty_hours",
];

/// A row of each app in some tables.
pub(crate) const ROWS: [&str; 3] = [
    "INSERT INTO rum_data.views (retention, hour, app, view_id, page) \
     SELECT 90, toStartOfHour(now()), arrayJoin(['shop', 'blog', 'docs']) AS app, cityHash64(app), '/'",
    "INSERT INTO rum_data.errors (retention, hour, app, view_id) \
     SELECT 90, toStartOfHour(now()), arrayJoin(['shop', 'blog', 'docs']) AS app, cityHash64(app)",
    "INSERT INTO rum_data.dirty_hours (retention, hour, app, mark) \
     SELECT 90, toStartOfHour(now()), arrayJoin(['shop', 'blog', 'docs']) AS app, cityHash64(app)",
];

/// Which apps these show: a table, a view, a view of several tables, a subquery, a join.
const APPS_SHOWN: [&str; 6] = [
    "SELECT DISTINCT app FROM rum_data.views ORDER BY app",
    "SELECT DISTINCT app FROM page_views ORDER BY app",
    "SELECT DISTINCT app FROM rum.sessions ORDER BY app",
    "SELECT app FROM rum.dirty_hours ORDER BY app",
    "SELECT app FROM (SELECT app FROM rum.errors) ORDER BY app",
    "SELECT a.app FROM rum_data.views AS a JOIN rum_data.errors AS b ON a.view_id = b.view_id ORDER BY a.app",
];

fn policies(apps: &[&str]) -> BTreeMap<String, String> {
    let apps: Vec<_> = apps.iter().map(|app| format!("'{app}'")).collect();
    let condition = format!("app IN ({})", apps.join(", "));
    TABLES
        .map(|table| (format!("rum_data.{table}"), condition.clone()))
        .into()
}

fn users() -> Vec<User> {
    let user = |name, apps: &[&str]| User {
        name,
        password: PASSWORD,
        policies: if apps.is_empty() {
            BTreeMap::new()
        } else {
            policies(apps)
        },
    };
    vec![
        user("rum", &[]),
        user("rum_reader", &[]),
        user("rum_reader_shop", &["shop"]),
        user("rum_reader_both", &["shop", "blog"]),
    ]
}

/// The sections of a collector that stores in a server, with `readers` in the place of those of some apps.
fn sections(folder: &Path, url: &str, readers: &[(&str, &str)]) -> String {
    let password = folder.join("password");
    fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let mut text = String::new();
    for app in ["shop", "blog", "docs"] {
        text += &format!("[[apps]]\nname = \"{app}\"\nkey = \"key-{app}\"\norigins = [\"*\"]\n");
    }
    for (token, apps) in TOKENS {
        let hash = TokenHash::of(token);
        text += &format!("[[tokens]]\nname = \"{token}\"\nhash = \"{hash}\"\nscopes = [\"read\"]\napps = {apps}\n");
    }
    text += &format!(
        "[clickhouse]\nurl = \"{url}\"\nuser = \"rum\"\npassword_file = {password:?}\nread_user = \"rum_reader\"\n\
         read_password_file = {password:?}\n"
    );
    for (user, apps) in readers {
        text += &format!("[[clickhouse.readers]]\napps = {apps}\nuser = \"{user}\"\npassword_file = {password:?}\n");
    }
    text
}

const READERS: [(&str, &str); 2] = [
    ("rum_reader_shop", r#"["shop"]"#),
    ("rum_reader_both", r#"["shop", "blog"]"#),
];

pub(crate) fn router(folder: &Path, url: &str, readers: &[(&str, &str)]) -> Router {
    let file = folder.join("rum.toml");
    let data = folder.join("data");
    fs::write(&file, format!("data = {data:?}\n{}", sections(folder, url, readers))).unwrap();
    let config = Config::load(Some(&file), []).unwrap();
    // Only what is asked by /v1/sql goes to ClickHouse: the collector itself has none.
    Collector::open(&config, watch::channel(None).1).unwrap().router()
}

async fn shown(router: &Router, token: &str, statement: &str) -> Vec<String> {
    let answer = ask(router, token, statement).await;
    assert_eq!(answer.status, StatusCode::OK, "{token}: {statement}\n{}", answer.text);
    answer
        .text
        .lines()
        .skip(1)
        .map(|line| line.trim_matches('"').to_owned())
        .collect()
}

pub(crate) async fn ask(router: &Router, token: &str, statement: &str) -> Answer {
    post(router, token, "format=csv", statement).await
}

/// Each token sees the rows of its apps and no others.
pub(crate) async fn tokens_see_their_rows(router: &Router, expected: &[(&str, &[&str])]) {
    for statement in APPS_SHOWN {
        for (token, apps) in expected {
            assert_eq!(shown(router, token, statement).await, *apps, "{token}: {statement}");
        }
    }
    for (token, apps) in expected {
        let count = shown(router, token, "SELECT count() FROM rum_data.views").await;
        assert_eq!(count, [apps.len().to_string()], "{token}");
    }
}

#[tokio::test]
async fn a_token_asks_as_the_reader_of_its_apps() {
    let database = Database::start().await;
    store::migrate(&database.clickhouse).await.unwrap();
    let server = StandIn::start(&database, users()).await;
    let folder = TempDir::new().unwrap();
    let router = router(folder.path(), &server.url, &READERS);
    for (token, user) in [
        ("everything", Some("rum_reader")),
        ("of-shop", Some("rum_reader_shop")),
        ("of-both", Some("rum_reader_both")),
        ("of-blog", None),
        ("of-all-names", None),
    ] {
        let answer = ask(&router, token, "SELECT 'of the test'").await;
        let asked = server.asked();
        let Some(user) = user else {
            let (code, message) = answer.error();
            assert_eq!(
                (answer.status, code.as_str()),
                (StatusCode::FORBIDDEN, "reader_missing"),
                "{token}"
            );
            assert_eq!(asked, [], "{token}");
            for said in [token, "[[clickhouse.readers]]", "\"blog\"", "docs/operating.md"] {
                assert!(message.contains(said), "{said} is not in: {message}");
            }
            continue;
        };
        assert_eq!(answer.status, StatusCode::OK, "{token}: {}", answer.text);
        assert!(
            asked.iter().any(|asked| asked.statement == "SELECT 'of the test'"),
            "{asked:?}"
        );
        assert!(asked.iter().all(|asked| asked.user == user), "{token}: {asked:?}");
    }
    database.stop().await;
}

/// A database with rows of all apps.
async fn filled() -> Database {
    let database = Database::start().await;
    store::migrate(&database.clickhouse).await.unwrap();
    for rows in ROWS {
        database.run(rows).await;
    }
    database
}

#[tokio::test]
async fn a_token_sees_the_rows_of_its_apps() {
    let database = filled().await;
    let server = StandIn::start(&database, users()).await;
    let folder = TempDir::new().unwrap();
    let router = router(folder.path(), &server.url, &READERS);
    tokens_see_their_rows(
        &router,
        &[
            ("everything", &["blog", "docs", "shop"]),
            ("of-shop", &["shop"]),
            ("of-both", &["blog", "shop"]),
        ],
    )
    .await;
    database.stop().await;
}

#[tokio::test]
async fn rows_of_other_apps_are_warned_of() {
    let database = Database::start().await;
    store::migrate(&database.clickhouse).await.unwrap();
    let mut users = users();
    // Of one user a policy is forgotten, and it has one on a table without the column that it asks for, where the others have none.
    users[3].policies.remove("rum_data.errors");
    users[3]
        .policies
        .insert("rum_data.migrations".to_owned(), "app = 'shop'".to_owned());
    let server = StandIn::start(&database, users).await;
    let apps: BTreeSet<String> = ["shop".to_owned(), "blog".to_owned()].into();
    let rows_told = async |user| {
        let reader = Clickhouse::at(server.endpoint(user, PASSWORD));
        let told = grants::excess(&reader, Some(&apps)).await.unwrap();
        told.into_iter()
            .filter(|told| told.contains("rows"))
            .collect::<Vec<_>>()
    };
    let migrations =
        "sees rows of rum_data.migrations, which says nothing of apps: it needs a row policy on all of rum_data.*";
    for (user, told) in [
        ("rum_reader", &[migrations][..]),
        ("rum_reader_shop", &[migrations]),
        ("rum_reader_both", &[]),
    ] {
        assert_eq!(rows_told(user).await, told, "{user}: there are no other rows");
    }
    for rows in ROWS {
        database.run(rows).await;
    }
    for (user, tables) in [
        ("rum_reader", &["dirty_hours", "errors", "migrations", "views"][..]),
        ("rum_reader_shop", &["migrations"]),
        ("rum_reader_both", &["errors"]),
    ] {
        let told = rows_told(user).await;
        assert_eq!(told.len(), tables.len(), "{user}: {told:#?}");
        for (told, table) in told.iter().zip(tables) {
            assert!(told.contains(&format!("rum_data.{table}")), "{user}: {told}");
            assert!(*table == "migrations" || told.contains("\"docs\""), "{user}: {told}");
        }
    }
    database.stop().await;
}

#[tokio::test]
async fn check_config_asks_as_each_reader() {
    let database = filled().await;
    let server = StandIn::start(&database, users()).await;
    let folder = TempDir::new().unwrap();
    // Whose policies show another app, who shows none, and who does not know the password.
    let readers = [
        ("rum_reader_both", r#"["shop"]"#),
        ("rum_reader_shop", r#"["shop", "blog"]"#),
        ("rum_reader_docs", r#"["docs"]"#),
    ];
    let text = sections(folder.path(), &server.url, &readers);
    fs::write(folder.path().join("rum.toml"), text).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_rum-collector"));
    program
        .args(["check-config", "--config", "rum.toml"])
        .current_dir(folder.path());
    let output = tokio::task::spawn_blocking(move || program.output().unwrap())
        .await
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let warnings: Vec<_> = shown
        .lines()
        .filter_map(|line| line.strip_prefix("# warning: "))
        .collect();
    for said in [
        "clickhouse.read_user has more than it needs: GRANT",
        "clickhouse.readers[0] has more than it needs: GRANT",
        "clickhouse.readers[0] sees rows of other apps in rum_data.views, of \"blog\" among them",
        "clickhouse.readers[1] may write: its profile needs readonly = 2",
        "what clickhouse.readers[2] may do is not known: Code: 516.",
        "the token of-blog gets no SQL",
        "the token of-all-names gets no SQL",
    ] {
        assert!(
            warnings.iter().any(|warning| warning.starts_with(said)),
            "{said} is not in {warnings:#?}"
        );
    }
    for never in [
        "clickhouse.read_user sees rows",
        "clickhouse.readers[1] sees rows of other apps",
        "the token of-shop",
        "the token everything",
    ] {
        assert!(!shown.contains(never), "{never} is in {shown}");
    }
    assert!(!shown.contains(PASSWORD));
    database.stop().await;
}

#[tokio::test]
async fn who_reads_changes_without_a_restart() {
    let database = Database::start().await;
    store::migrate(&database.clickhouse).await.unwrap();
    let server = StandIn::start(&database, users()).await;
    let folder = TempDir::new().unwrap();
    let configure = |folder: &Path, readers: &[(&str, &str)]| {
        let text = format!(
            "listen = \"127.0.0.1:0\"\ndata = \"data\"\n{}",
            sections(folder, &server.url, readers)
        );
        fs::write(folder.join("rum.toml.new"), text).unwrap();
        fs::rename(folder.join("rum.toml.new"), folder.join("rum.toml")).unwrap();
    };
    configure(folder.path(), &[]);
    let program = tokio::task::spawn_blocking(|| Program::start(folder, ""))
        .await
        .unwrap();
    let client = reqwest::Client::new();
    let ask = async |token: &str| {
        let request = client.post(format!("{}/v1/sql", program.url)).bearer_auth(token);
        let answer = request.body("SELECT 'of the test'").send().await.unwrap();
        answer.status()
    };
    let users_asked = || {
        let asked = server
            .asked()
            .into_iter()
            .filter(|asked| asked.statement == "SELECT 'of the test'");
        asked.map(|asked| asked.user).collect::<Vec<_>>()
    };
    let read_again = async |readers: &[(&str, &str)]| {
        let log = || fs::read_to_string(program.folder.path().join("log")).unwrap();
        let reads = |log: &str| log.matches("was read again and is in force").count();
        let before = reads(&log());
        configure(program.folder.path(), readers);
        let deadline = Instant::now() + PATIENCE;
        while reads(&log()) == before {
            assert!(Instant::now() < deadline, "{}", log());
            sleep(Duration::from_millis(50)).await;
        }
        assert!(!log().contains("takes a restart"), "{}", log());
    };
    assert_eq!(ask("of-shop").await, StatusCode::FORBIDDEN);
    assert_eq!(users_asked(), [""; 0]);
    read_again(&READERS).await;
    assert_eq!(ask("of-shop").await, StatusCode::OK);
    assert_eq!(users_asked(), ["rum_reader_shop"]);
    // Who has asked for a token before does so no more.
    read_again(&[("rum_reader_both", r#"["shop"]"#)]).await;
    assert_eq!(ask("of-shop").await, StatusCode::OK);
    assert_eq!(ask("of-both").await, StatusCode::FORBIDDEN);
    assert_eq!(users_asked(), ["rum_reader_both"]);
    drop(program);
    database.stop().await;
}
