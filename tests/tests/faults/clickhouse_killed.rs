//! kill -9 of the embedded ClickHouse while pages send.

use std::time::Duration;

use anyhow::Result;
use rum_tests::collector::{Collector, Place, Sender, Store};
use rum_tests::processes::kill;
use rum_tests::traffic::Book;
use rum_tests::waiting::until;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long ClickHouse is not left alive.
const OUTAGE: Duration = Duration::from_secs(30);
/// A page view every so often.
const PACE: Duration = Duration::from_millis(15);
/// Views that are something to lose. How many there are is up to the disk and to what else the machine does.
const ENOUGH: usize = 50;
/// Kills in the middle of inserts.
const KILLS: usize = 5;

#[tokio::test]
async fn thirty_seconds_without_clickhouse_lose_nothing_and_double_nothing() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let traffic = Traffic::begin(collector.sender());
    grows(&collector, 0).await?;

    // The supervisor starts it again and again; nobody lets it live.
    let end = Instant::now() + OUTAGE;
    let mut kills = 0;
    while let Ok(found) = timeout_at(end, until("ClickHouse runs", async || collector.clickhouse().await)).await {
        // It may have ended by itself meanwhile.
        kills += usize::from(kill(found?).is_ok());
    }
    assert!(kills > 0);
    let part = collector.part("clickhouse").await?;
    assert_eq!(part["ready"], false, "the outage shows: {part}");

    let book = traffic.end().await?;
    assert!(
        book.acknowledged() > ENOUGH,
        "only {} views in all that time",
        book.acknowledged()
    );
    counted(collector, &book).await
}

#[tokio::test]
async fn killed_in_the_middle_of_inserts_clickhouse_loses_nothing_and_doubles_nothing() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let traffic = Traffic::begin(collector.sender());
    let mut rows = 0;
    for _ in 0..KILLS {
        rows = grows(&collector, rows).await?;
        let running = until("ClickHouse runs", async || collector.clickhouse().await).await?;
        kill(running)?;
    }
    let metrics = format!("{}/metrics", collector.url());
    until("the kills are counted", async || {
        let page = reqwest::get(&metrics).await?.text().await?;
        let mut lines = page.lines();
        let count = lines.find_map(|line| line.strip_prefix(r#"rum_clickhouse_restarts_total{reason="other"} "#));
        Ok((count.and_then(|count| count.parse::<usize>().ok()) == Some(KILLS)).then_some(()))
    })
    .await?;
    let book = traffic.end().await?;
    counted(collector, &book).await
}

/// Waits until more than `rows` page views are in the table: inserts are under way. Gives how many there are.
async fn grows(collector: &Collector, rows: u64) -> Result<u64> {
    until("page views arrive", async || {
        // While ClickHouse is down there is no answer.
        let answer = collector
            .sql("SELECT count() AS rows FROM rum.page_views")
            .await
            .unwrap_or_default();
        Ok(answer
            .first()
            .and_then(|row| row["rows"].as_u64())
            .filter(|now| *now > rows))
    })
    .await
}

/// Everything arrives, and counts once.
async fn counted(collector: Collector, book: &Book) -> Result<()> {
    assert_eq!(book.unanswered(), 0, "the collector answers while ClickHouse is down");
    collector.settled().await?;
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());
    Ok(())
}

/// Pages that send at their own pace.
struct Traffic {
    stop: CancellationToken,
    pages: JoinHandle<Result<Book>>,
}

impl Traffic {
    fn begin(sender: Sender) -> Self {
        let stop = CancellationToken::new();
        let pages = tokio::spawn(Self::run(sender, stop.clone()));
        Self { stop, pages }
    }

    async fn run(sender: Sender, stop: CancellationToken) -> Result<Book> {
        let mut book = Book::default();
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stop.run_until_cancelled(ticks.tick()).await.is_some() {
            book.send(&sender).await?;
        }
        Ok(book)
    }

    /// The book of all that was sent.
    async fn end(self) -> Result<Book> {
        self.stop.cancel();
        self.pages.await?
    }
}
