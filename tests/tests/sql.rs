//! `/v1/sql` of the real program: what was sent is answered to who has a token, and ClickHouse is behind its walls.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use reqwest::{RequestBuilder, StatusCode};
use rum_tests::collector::{Collector, Place, Store};
use rum_tests::database::rows;
use rum_tests::processes::binary;
use rum_tests::traffic::Book;
use rum_tests::waiting::until;
use serde_json::Value;

const VISITS: usize = 20;

/// A token, and the section that lets it in, as the command makes them.
fn token() -> Result<(String, String)> {
    let output = Command::new(binary("rum-collector")?).args(["token", "new"]).output()?;
    ensure!(output.status.success());
    let section = String::from_utf8(output.stdout)?;
    let token = section
        .lines()
        .find_map(|line| line.strip_prefix("# ").filter(|line| line.starts_with("rum_")));
    Ok((token.context("no token")?.to_owned(), section))
}

struct Client<'c> {
    collector: &'c Collector,
    token: String,
    http: reqwest::Client,
}

impl Client<'_> {
    fn ask(&self, format: &str, statement: &str) -> RequestBuilder {
        let url = format!("{}/v1/sql?format={format}", self.collector.url());
        self.http.post(url).bearer_auth(&self.token).body(statement.to_owned())
    }

    async fn metric(&self, name: &str) -> Result<Option<u64>> {
        let page = self
            .http
            .get(format!("{}/metrics", self.collector.url()))
            .send()
            .await?
            .text()
            .await?;
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        Ok(line.and_then(|value| value.trim().parse().ok()))
    }
}

#[tokio::test]
async fn what_was_sent_is_answered_to_who_has_a_token() -> Result<()> {
    let (token, section) = token()?;
    let place = Place::with(&section)?;
    let collector = place.start(&Store::Embedded).await?;
    let client = Client {
        collector: &collector,
        token,
        http: reqwest::Client::new(),
    };
    let mut book = Book::default();
    for _ in 0..VISITS {
        book.send(&collector.sender()).await?;
    }
    collector.settled().await?;
    // The book asks as it asks the command line, and passes the walls.
    let agreed = book.agrees(async |statement| {
        let answer = client.ask("json", &statement).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{statement}: {text}");
        rows(&text)
    });
    agreed.await?;

    // Longer than what is kept back, and whole.
    let long = "SELECT number, hex(SHA256(toString(number))) FROM numbers(200000)";
    let text = client.ask("csv", long).send().await?.error_for_status()?.text().await?;
    assert_eq!((text.lines().count(), text.len() > 10 << 20), (200_001, true));

    // Who leaves frees the place, and what is asked next is answered.
    let endless = "SELECT number, hex(SHA256(toString(number))) FROM numbers(900000)";
    for _ in 0..4 {
        let mut left = client.ask("csv", endless).send().await?.error_for_status()?;
        assert!(left.chunk().await?.is_some());
        drop(left);
    }
    let left = until("those who left are counted", async || {
        let count = client.metric("rum_sql_statements_total{outcome=\"abandoned\"}").await?;
        Ok((count == Some(4)).then_some(()))
    });
    left.await?;
    assert_eq!(
        client.ask("csv", "SELECT 1 AS a").send().await?.text().await?,
        "\"a\"\n1\n"
    );

    let stranger = client
        .http
        .post(format!("{}/v1/sql", collector.url()))
        .body("SELECT 1")
        .send()
        .await?;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert!(collector.terminate().await?.success());
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_database_is_behind_its_walls() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let pid = collector.clickhouse().await?.context("no child")?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let has = |line: &str| {
        status
            .lines()
            .any(|found| found.split_whitespace().collect::<Vec<_>>().join(" ") == line)
    };
    ensure!(
        has("Seccomp: 2") && has("NoNewPrivs: 1"),
        "ClickHouse is not confined: this test needs a kernel with landlock and seccomp, and could not run"
    );
    // Past the first wall: with the child's own secret, as nobody but this user's programs has it.
    for statement in [
        "SELECT file('/etc/passwd')",
        "SELECT 1 INTO OUTFILE '/tmp/rum-escaped.csv'",
    ] {
        let refused = place
            .execute(statement)
            .await
            .err()
            .context("it was not refused")?
            .to_string();
        assert!(refused.contains("Permission denied"), "{refused}");
    }
    assert!(collector.terminate().await?.success());
    Ok(())
}

#[tokio::test]
async fn without_walls_rows_are_stored_and_statements_refused() -> Result<()> {
    let (token, section) = token()?;
    let place = Place::with(&format!("[clickhouse]\nconfine = false\n{section}"))?;
    let collector = place.start(&Store::Embedded).await?;
    let mut book = Book::default();
    book.send(&collector.sender()).await?;
    collector.settled().await?;
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    let client = Client {
        collector: &collector,
        token,
        http: reqwest::Client::new(),
    };
    let answer = client.ask("json", "SELECT 1").send().await?;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let said: Value = serde_json::from_str(&answer.text().await?)?;
    assert_eq!(said["error"]["code"], "sql_unconfined", "{said}");
    assert!(collector.terminate().await?.success());
    Ok(())
}
