//! kill -9 of the collector right after it has said 204.

use anyhow::Result;
use rum_tests::collector::{Collector, Place, Sender, Store};
use rum_tests::traffic::Book;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const ROUNDS: usize = 4;
const PAGES: usize = 4;
/// Acknowledgements after which the collector is killed.
const ENOUGH: usize = 40;

#[tokio::test]
async fn what_was_answered_204_counts_once_after_a_restart() -> Result<()> {
    let place = Place::new()?;
    let mut book = Book::default();
    for round in 0..ROUNDS {
        let collector = place.start(&Store::Embedded).await?;
        // Every other time the kill comes in the middle of inserts, else before ClickHouse is up.
        if round % 2 == 1 {
            collector.ready("clickhouse").await?;
        }
        book.add(killed_under_traffic(collector).await?);
    }
    assert!(book.acknowledged() >= ROUNDS * ENOUGH);
    assert!(
        book.unanswered() > 0,
        "every kill was between batches: the test is too tame"
    );

    let collector = place.start(&Store::Embedded).await?;
    collector.settled().await?;
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());
    Ok(())
}

/// Pages send without a pause; the collector is killed on the very answer that is enough.
async fn killed_under_traffic(collector: Collector) -> Result<Book> {
    let (answered, mut answers) = mpsc::channel(1);
    let mut pages = JoinSet::new();
    for _ in 0..PAGES {
        pages.spawn(page(collector.sender(), answered.clone()));
    }
    for _ in 0..ENOUGH {
        answers.recv().await;
    }
    collector.kill().await?;
    answers.close();
    let mut book = Book::default();
    while let Some(page) = pages.join_next().await {
        book.add(page??);
    }
    Ok(book)
}

/// Sends until nobody answers.
async fn page(sender: Sender, answered: mpsc::Sender<()>) -> Result<Book> {
    let mut book = Book::default();
    while book.unanswered() == 0 {
        book.send(&sender).await?;
        // Nobody listens any more when the collector is dead.
        let _ = answered.send(()).await;
    }
    Ok(book)
}
