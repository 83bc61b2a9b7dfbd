//! The HTTP interface, exchange by exchange, as data: `tests/exchanges/*.toml` say what is sent and what a ClickHouse server
//! answers. The embedded one answers the same, or the data says that it does not and why. Where `RUM_TEST_CLICKHOUSE_URLS` names
//! servers (`http://user:password@host:8123`, several with spaces between), the same files are sent to each of them: it is they
//! who know what is right. An exchange that asks for something which came with a version (`since`) is left out of older ones.

mod data;
mod target;

use url::Url;

use crate::support::Embedded;
use data::version;
use target::Target;

/// A name that no other run on the same server has.
fn database() -> String {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    format!("exchanges_{}_{}", std::process::id(), since.as_nanos())
}

#[tokio::test]
async fn the_embedded_one_answers_as_a_server_does() {
    let embedded = Embedded::start().await;
    let endpoint = &embedded.endpoint;
    let target = Target {
        address: endpoint.url.strip_prefix("http://").unwrap().to_owned(),
        user: endpoint.user.clone(),
        password: endpoint.secret.expose().to_owned(),
        database: database(),
        version: None,
    };
    let count = target.try_all().await;
    assert!(count >= 70, "only {count} exchanges");
    embedded.supervisor.shutdown().await;
}

/// Without the variable there is no server to ask, and nothing is claimed.
#[tokio::test]
async fn servers_answer_as_the_exchanges_say() {
    for url in std::env::var("RUM_TEST_CLICKHOUSE_URLS")
        .unwrap_or_default()
        .split_whitespace()
    {
        let url = Url::parse(url).unwrap();
        let text = |text: &str| {
            url::form_urlencoded::parse(text.as_bytes())
                .map(|(name, _)| name.into_owned())
                .collect()
        };
        let mut target = Target {
            address: format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap()),
            user: text(url.username()),
            password: text(url.password().unwrap_or_default()),
            database: database(),
            version: None,
        };
        target.version = Some(version(&target.run("SELECT version()").await));
        let count = target.try_all().await;
        assert!(count >= 15, "{url} is so old that only {count} exchanges are for it");
    }
}
