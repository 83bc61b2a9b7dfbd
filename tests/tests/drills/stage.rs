//! What the drills share: a ClickHouse that outlives collectors, a folder for these, and the book of all visits.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use rum_tests::collector::{Collector, Place, Sender, Store};
use rum_tests::database::Database;
use rum_tests::proxy::Proxy;
use rum_tests::traffic::{Book, Visit, now_ms};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

/// Pages that send at once.
const PAGES: usize = 3;
/// The pause of a page between two visits: as many as a boundary needs come in no time.
pub(crate) const PACE: Duration = Duration::from_millis(4);
/// How long a collector may live that is to die. Generous: it is only waited out when it does not.
const LIFE: Duration = Duration::from_secs(60);

/// Small segments, so that some are sealed and deleted in every life.
pub(crate) const SMALL_SEGMENTS: &str = "[spool]\nsegment_bytes = \"64 KiB\"\n";

/// ClickHouse, and collectors whose way to it can be closed.
pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) store: Store,
    pub(crate) proxy: Proxy,
    pub(crate) database: Database,
    pub(crate) book: Book,
    _folder: TempDir,
}

impl Stage {
    pub(crate) async fn set(more: &str) -> Result<Self> {
        let folder = TempDir::new()?;
        let database = Database::start(folder.path()).await?;
        let proxy = Proxy::start(&database).await?;
        Ok(Self {
            place: Place::with(more)?,
            store: Store::server(&database, proxy.url()).await?,
            proxy,
            database,
            book: Book::default(),
            _folder: folder,
        })
    }

    /// Starts a collector on what the last one has left.
    pub(crate) async fn start(&self) -> Result<Collector> {
        self.place.start(&self.store).await
    }

    /// Pages send until the collector is dead, which was told to die. `age_ms` is how far their clocks are behind.
    pub(crate) async fn until_dead(&mut self, collector: Collector, age_ms: i64) -> Result<()> {
        let mut pages = JoinSet::new();
        for _ in 0..PAGES {
            pages.spawn(page(collector.sender(), age_ms));
        }
        let all = async {
            while let Some(page) = pages.join_next().await {
                self.book.add(page??);
            }
            anyhow::Ok(())
        };
        timeout(LIFE, all)
            .await
            .context("nothing has killed it: the boundary is never reached")??;
        killed(collector.ended().await?)
    }

    /// A collector that meets nothing stores all that there is, and it counts once; every hour with rows is marked.
    pub(crate) async fn everything_counts_once(&self) -> Result<()> {
        let collector = self.start().await?;
        self.counts_once(&collector).await?;
        if !collector.terminate().await?.success() {
            bail!("it does not end in order");
        }
        Ok(())
    }

    /// Likewise of the collector that runs.
    pub(crate) async fn counts_once(&self, collector: &Collector) -> Result<()> {
        collector.settled().await?;
        let sql = async |statement: String| self.database.sql(&statement).await;
        self.book.agrees(sql).await?;
        for table in [
            "page_views",
            "web_vitals",
            "requests",
            "errors",
            "actions",
            "long_frames",
            "timings",
        ] {
            let unmarked = format!(
                "SELECT DISTINCT toString(hour) AS hour FROM rum.{table} WHERE (app, hour) NOT IN (SELECT app, hour FROM rum.dirty_hours)"
            );
            let unmarked = self.database.sql(&unmarked).await?;
            if !unmarked.is_empty() {
                bail!("hours of {table} are not marked: {unmarked:?}");
            }
        }
        Ok(())
    }
}

/// What a variable says of how much is drilled.
pub(crate) fn setting<T: FromStr>(name: &str, default: T) -> Result<T> {
    match env::var(name) {
        Ok(text) => text
            .parse()
            .ok()
            .with_context(|| format!("{name} is no number: {text}")),
        Err(_) => Ok(default),
    }
}

/// At how many arrivals of each boundary it is struck.
pub(crate) fn arrivals() -> Result<u32> {
    setting("RUM_DRILL_ARRIVALS", 1)
}

/// Says what a drill did, or could not do, whether it passes or not.
pub(crate) fn say(text: &str) {
    // Who has no standard error cannot be told.
    let _ = writeln!(io::stderr(), "drill: {text}");
}

/// Whether it was SIGKILL.
pub(crate) fn killed(status: ExitStatus) -> Result<()> {
    match status.signal() {
        Some(9) => Ok(()),
        _ => bail!("it was not killed, but ended with {status}"),
    }
}

/// The segments' files in a spool's folder, the newest last.
pub(crate) fn segments(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "segment") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Sends until nobody answers.
pub(crate) async fn page(sender: Sender, age_ms: i64) -> Result<Book> {
    page_at(PACE, sender, age_ms).await
}

/// The same, at another pace.
pub(crate) async fn page_at(pace: Duration, sender: Sender, age_ms: i64) -> Result<Book> {
    let mut book = Book::default();
    let mut ticks = tokio::time::interval(pace);
    while book.unanswered() == 0 {
        ticks.tick().await;
        book.send_visit(&sender, &Visit::at(now_ms() - age_ms)).await?;
    }
    Ok(book)
}
