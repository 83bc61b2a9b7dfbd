//! SIGTERM: what was acknowledged is in ClickHouse when the process ends, and nothing is left behind.

use anyhow::Result;
use rum_tests::collector::{Place, Sender, Store};
use rum_tests::database::Database;
use rum_tests::processes::runs;
use rum_tests::traffic::Book;
use rum_tests::waiting::until;
use tempfile::TempDir;
use tokio::sync::mpsc;

const BATCHES: usize = 100;
/// So that a machine that stands still for a while has time for all that there is.
const LONG_DRAIN: &str = "[limits]\ndrain = \"60s\"\n";

#[tokio::test]
async fn a_collector_that_is_told_to_stop_inserts_what_it_has() -> Result<()> {
    let folder = TempDir::new()?;
    let database = Database::start(folder.path()).await?;
    let place = Place::with(LONG_DRAIN)?;
    let collector = place
        .start(&Store::server(&database, &database.endpoint().await?.url).await?)
        .await?;
    collector.ready("clickhouse").await?;

    // A page sends on while the collector is told, until nobody answers.
    let (answered, mut answers) = mpsc::channel(1);
    let page = tokio::spawn(send_on(collector.sender(), answered));
    for _ in 0..BATCHES {
        answers.recv().await;
    }
    answers.close();
    assert_eq!(collector.terminate().await?.code(), Some(0));
    let book = page.await??;
    assert!(book.acknowledged() >= BATCHES);

    // The database is asked, not a collector that could insert the rest now.
    book.agrees(async |statement| database.sql(&statement).await).await?;
    database.stop().await;
    Ok(())
}

async fn send_on(sender: Sender, answered: mpsc::Sender<()>) -> Result<Book> {
    let mut book = Book::default();
    while book.unanswered() == 0 {
        book.send(&sender).await?;
        // Nobody listens any more when the collector has been told.
        let _ = answered.send(()).await;
    }
    Ok(book)
}

#[tokio::test]
async fn a_collector_that_is_told_to_stop_leaves_an_empty_spool_and_no_process() -> Result<()> {
    let place = Place::with(LONG_DRAIN)?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let clickhouse = until("ClickHouse runs", async || collector.clickhouse().await).await?;
    let (sender, mut book) = (collector.sender(), Book::default());
    for _ in 0..BATCHES {
        book.send(&sender).await?;
    }
    let pid = collector.pid()?;
    assert_eq!(collector.terminate().await?.code(), Some(0));
    assert!(!runs(pid).await? && !runs(clickhouse).await?);

    // A collector without a database can insert nothing: what it finds in the spool is what was left.
    let collector = place.start(&Store::nowhere()).await?;
    assert_eq!(collector.part("spool").await?["drained"], true);
    assert!(collector.terminate().await?.success());

    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());
    Ok(())
}
