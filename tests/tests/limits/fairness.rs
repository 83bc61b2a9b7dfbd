//! One app floods the collector with what takes long; another one sends now and then and does not notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rum_core::Id;
use rum_core::wire::event::UserTimingEvent;
use rum_core::wire::record::UserTiming;
use rum_core::wire::{Batch, Content, Event, Item, Skipped};
use rum_tests::collector::{Collector, KEY, Place, Store};
use rum_tests::traffic::{document, now_ms, page_view};
use rum_tests::waiting::until;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Pages of the app that floods: each sends its next batch as soon as the last one is answered.
const FLOODING: u64 = 64;
/// Batches of the other app.
const BATCHES: usize = 15;

const QUIET: &str = "quiet";

/// A batch with so many timings, all of its own.
fn batch(timings: i64) -> String {
    let now_ms = now_ms();
    let seconds = u32::try_from(now_ms / 1_000).unwrap_or_default();
    let id = || Id::starting_at(seconds, rand::random());
    let timing = |ordinal: i64| {
        Event::UserTiming(Box::new(UserTimingEvent {
            ordinal,
            what: UserTiming {
                start: 1_000 * ordinal,
                name: format!("step {ordinal} of what jane did with order 4711-{ordinal} at counter 12, then went on"),
                duration: Some(2_000),
                weight: None,
            },
        }))
    };
    let events = std::iter::once(page_view(id(), id())).chain((1..=timings).map(timing));
    let items = events.map(|event| Item {
        view: 0,
        seq: 5_000,
        event,
    });
    let batch = Batch {
        id: Id(rand::random()),
        sent_at_ms: now_ms,
        document: document(now_ms - 5_000),
        content: Content::Events(items.collect()),
        skipped: Skipped::default(),
    };
    batch.write()
}

/// A batch that is digested where it is served.
const SHORT: i64 = 3;
/// One that is as long as a batch may be, nearly.
const LONG: i64 = 1_500;

/// An app's pages.
#[derive(Clone)]
struct Pages {
    http: reqwest::Client,
    url: String,
    /// Batches that were answered.
    answered: Arc<AtomicU64>,
}

impl Pages {
    fn new(collector: &Collector, key: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: format!("{}/v1/batches?k={key}", collector.url()),
            answered: Arc::default(),
        }
    }

    /// Sends a batch; how long its answer took.
    async fn send(&self, timings: i64) -> Result<Duration> {
        let body = batch(timings);
        let begun = Instant::now();
        let answer = self.http.post(&self.url).body(body).send().await?;
        let took = begun.elapsed();
        ensure!(answer.status() == 204, "{}", answer.text().await?);
        self.answered.fetch_add(1, Ordering::Relaxed);
        Ok(took)
    }

    fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Keeps sending, one batch after the other; how long the answers took.
    async fn flood(self, end: CancellationToken) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        while !end.is_cancelled() {
            times.push(self.send(LONG).await?);
        }
        Ok(times)
    }
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// Batches of an app that wait for their turn, as `/metrics` tells.
async fn waiting(collector: &Collector, app: &str) -> Result<u64> {
    let page = collector.metrics().await?;
    let name = format!("rum_app_batches_waiting{{app=\"{app}\"}} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok());
    Ok(value.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_now_and_then_does_not_wait_behind_who_floods() -> Result<()> {
    // Few places, so that the flood has to wait on a machine of many cores, too; and for as long as it takes on a slow one.
    let other = format!(
        "[[apps]]\nname = {QUIET:?}\nkey = {QUIET:?}\norigins = [\"*\"]\n[limits]\nbatches_at_once = 4\nstore_timeout = \"60s\"\n\
         body_timeout = \"60s\"\n"
    );
    let place = Place::with(&other)?;
    let collector = place.start(&Store::nowhere()).await?;
    let (noisy, quiet) = (Pages::new(&collector, KEY), Pages::new(&collector, QUIET));
    let mut alone = Vec::new();
    for _ in 0..BATCHES {
        alone.push(quiet.send(SHORT).await?);
    }

    let end = CancellationToken::new();
    let mut flood = JoinSet::new();
    for _ in 0..FLOODING {
        flood.spawn(noisy.clone().flood(end.clone()));
    }
    let half = FLOODING / 2;
    until("the flood waits", async || {
        Ok((waiting(&collector, "shop").await? >= half).then_some(()))
    })
    .await?;

    for (what, timings) in [("short", SHORT), ("long", LONG)] {
        let (mut times, mut overtaken_by) = (Vec::new(), Vec::new());
        for _ in 0..BATCHES {
            let before = noisy.answered();
            times.push(quiet.send(timings).await?);
            overtaken_by.push(noisy.answered() - before);
        }
        // In one queue for all, each of these would have waited for nearly every page of the flood.
        let overtaken_by = median(overtaken_by).unwrap_or(FLOODING);
        println!(
            "{what}: {:?}, alone {:?}, {overtaken_by} of the flood before it",
            median(times),
            median(alone.clone())
        );
        ensure!(
            overtaken_by < FLOODING / 4,
            "{overtaken_by} batches of the flood were answered before a {what} one of the other app"
        );
    }
    let still = waiting(&collector, "shop").await?;
    ensure!(still >= half, "the flood has ended by itself: {still} wait");

    end.cancel();
    let mut flooded = Vec::new();
    while let Some(times) = flood.join_next().await {
        flooded.extend(times??);
    }
    println!("the flood: {:?}", median(flooded));
    assert!(collector.terminate().await?.success());
    Ok(())
}
