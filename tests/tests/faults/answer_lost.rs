//! ClickHouse has committed an insert, and its answer never arrives: the writer repeats what is already there.

use anyhow::Result;
use rum_tests::collector::{Collector, Place, Store};
use rum_tests::database::Database;
use rum_tests::proxy::{Proxy, Withheld};
use rum_tests::traffic::Book;
use tempfile::TempDir;

/// Answers that are lost: more than there are tables, so that one table loses two.
const LOST: usize = 8;
const KILLS: usize = 3;
const BATCHES: usize = 20;

#[tokio::test]
async fn an_answer_that_is_lost_makes_nothing_count_twice() -> Result<()> {
    let mut stage = Stage::set().await?;
    stage.proxy.withhold(LOST);
    stage.visits().await?;
    for _ in 0..LOST {
        drop(stage.committed().await?);
    }
    stage.everything_counts_once().await
}

#[tokio::test]
async fn clickhouse_killed_between_its_commit_and_its_answer_makes_nothing_count_twice() -> Result<()> {
    let mut stage = Stage::set().await?;
    for _ in 0..KILLS {
        stage.proxy.withhold(1);
        stage.visits().await?;
        let withheld = stage.committed().await?;
        stage.database.kill().await?;
        drop(withheld);
        // It comes back with what it had committed, and the same rows come again.
        stage.collector.settled().await?;
    }
    stage.everything_counts_once().await
}

/// A collector whose way to ClickHouse leads through the proxy.
struct Stage {
    collector: Collector,
    proxy: Proxy,
    database: Database,
    book: Book,
    _place: Place,
    _folder: TempDir,
}

impl Stage {
    async fn set() -> Result<Self> {
        let folder = TempDir::new()?;
        let database = Database::start(folder.path()).await?;
        let proxy = Proxy::start(&database).await?;
        let place = Place::new()?;
        let collector = place.start(&Store::server(&database, proxy.url()).await?).await?;
        collector.ready("clickhouse").await?;
        Ok(Self {
            collector,
            proxy,
            database,
            book: Book::default(),
            _place: place,
            _folder: folder,
        })
    }

    async fn visits(&mut self) -> Result<()> {
        let sender = self.collector.sender();
        for _ in 0..BATCHES {
            self.book.send(&sender).await?;
        }
        Ok(())
    }

    /// An insert that is in the tables, which the writer does not know.
    async fn committed(&mut self) -> Result<Withheld> {
        let withheld = self.proxy.withheld().await?;
        // Whichever table it is: they are written side by side.
        let statement =
            "SELECT sum(total_rows) AS rows FROM system.tables WHERE database = 'rum_data' AND name != 'migrations'";
        let rows = self.database.sql(statement).await?;
        assert!(rows[0]["rows"].as_u64() > Some(0), "nothing is committed: {rows:?}");
        Ok(withheld)
    }

    async fn everything_counts_once(self) -> Result<()> {
        self.collector.settled().await?;
        assert_eq!(self.book.unanswered(), 0);
        self.book
            .agrees(async |statement| self.database.sql(&statement).await)
            .await?;
        assert!(self.collector.terminate().await?.success());
        self.database.stop().await;
        Ok(())
    }
}
