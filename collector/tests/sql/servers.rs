//! The users of docs/operating.md on real servers. `RUM_TEST_CLICKHOUSE_URLS` names them (`http://user:password@host:8123`, several with
//! spaces between); the user makes users, policies and the databases `rum` and `rum_data`, which have not been there and are dropped again.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use http::StatusCode;
use rum_collector::store::{self, Clickhouse, Confinement, Endpoint, grants};
use tempfile::TempDir;
use url::Url;
use url::form_urlencoded::parse;

use crate::documented;
use crate::readers::{PASSWORD, ROWS, ask, router, tokens_see_their_rows};

/// From which version on there is all that the collector's tables are made of.
const OLDEST: (u32, u32) = (26, 2);

/// What takes away all that was made.
const CLEAN: [&str; 5] = [
    "DROP ROW POLICY IF EXISTS rum_all_apps, rum_shop ON rum_data.*",
    "DROP USER IF EXISTS rum_reader, rum_reader_shop",
    "DROP SETTINGS PROFILE IF EXISTS rum_reading",
    "DROP DATABASE IF EXISTS rum SYNC",
    "DROP DATABASE IF EXISTS rum_data SYNC",
];

#[derive(Clone)]
struct Server {
    endpoint: Endpoint,
    client: clickhouse::Client,
}

impl Server {
    fn at(url: &str) -> Self {
        let mut url = Url::parse(url).unwrap();
        let text = |text: &str| {
            parse(text.as_bytes())
                .map(|(name, _)| name.into_owned())
                .collect::<String>()
        };
        let (user, password) = (text(url.username()), text(url.password().unwrap_or_default()));
        url.set_username("").unwrap();
        url.set_password(None).unwrap();
        let client = clickhouse::Client::default()
            .with_url(url.as_str())
            .with_user(&user)
            .with_password(&password);
        let endpoint = Endpoint {
            url: url.into(),
            user,
            password,
            confinement: Confinement::Grants,
        };
        Self { endpoint, client }
    }

    async fn run(&self, statement: &str) {
        let done = self.client.query_raw(statement).execute().await;
        assert!(
            done.is_ok(),
            "{}: {statement}\n{}",
            self.endpoint.url,
            done.unwrap_err()
        );
    }

    async fn version(&self) -> (u32, u32) {
        let version: String = self.client.query_raw("SELECT version()").fetch_one().await.unwrap();
        let mut numbers = version.split('.').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    }

    async fn has_tables(&self) -> bool {
        let statement = "SELECT count() FROM system.databases WHERE name IN ('rum', 'rum_data')";
        let count: u64 = self.client.query_raw(statement).fetch_one().await.unwrap();
        count > 0
    }

    fn as_user(&self, user: &str) -> Clickhouse {
        Clickhouse::at(Endpoint {
            user: user.to_owned(),
            password: PASSWORD.to_owned(),
            ..self.endpoint.clone()
        })
    }
}

/// To whoever runs the tests, also where they succeed.
fn tell(text: &str) {
    io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

#[tokio::test]
async fn readers_of_servers_see_the_rows_of_their_apps() {
    let urls = std::env::var("RUM_TEST_CLICKHOUSE_URLS").unwrap_or_default();
    if urls.trim().is_empty() {
        tell("RUM_TEST_CLICKHOUSE_URLS names no server: users and row policies were tried on a stand-in alone");
    }
    for url in urls.split_whitespace() {
        let server = Server::at(url);
        let (name, version) = (&server.endpoint.url, server.version().await);
        if version < OLDEST {
            tell(&format!(
                "{name} is {version:?}, and the collector needs {OLDEST:?}: its users were not tried"
            ));
            continue;
        }
        assert!(
            !server.has_tables().await,
            "{name} has the databases of a collector, which this test would drop"
        );
        let tried = tokio::spawn(try_readers(server.clone())).await;
        for statement in CLEAN {
            server.run(statement).await;
        }
        assert!(tried.is_ok(), "{name}: {}", tried.unwrap_err());
    }
}

async fn try_readers(server: Server) {
    store::migrate(&Clickhouse::at(server.endpoint.clone())).await.unwrap();
    for rows in ROWS {
        server.run(rows).await;
    }
    for statement in documented::statements() {
        let statement = statement
            .replace("IDENTIFIED BY '…'", &format!("IDENTIFIED BY '{PASSWORD}'"))
            .replace("HOST IP '10.0.0.0/8'", "HOST ANY")
            .replace("TO rum,", &format!("TO `{}`,", server.endpoint.user));
        server.run(&statement).await;
    }
    let folder = TempDir::new().unwrap();
    let router = router(
        folder.path(),
        &server.endpoint.url,
        &[("rum_reader_shop", r#"["shop"]"#)],
    );
    tokens_see_their_rows(
        &router,
        &[("everything", &["blog", "docs", "shop"]), ("of-shop", &["shop"])],
    )
    .await;
    let answer = ask(&router, "of-shop", "SELECT count() FROM rum_data.migrations").await;
    assert_ne!(
        answer.status,
        StatusCode::OK,
        "what says nothing of apps: {}",
        answer.text
    );

    let excess = async |user, apps: Option<&str>| {
        let apps = apps.map(|app| BTreeSet::from([app.to_owned()]));
        grants::excess(&server.as_user(user), apps.as_ref()).await.unwrap()
    };
    assert_eq!(excess("rum_reader", None).await, [""; 0]);
    assert_eq!(excess("rum_reader_shop", Some("shop")).await, [""; 0]);
    let others = excess("rum_reader_shop", Some("blog")).await;
    assert_eq!(others.len(), 3, "{others:#?}");
    assert!(others.iter().all(|told| told.contains("\"shop\"")), "{others:#?}");
}
