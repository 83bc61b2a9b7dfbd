//! A table's writer that falls gets up again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::*;
use crate::store::frame::tests::frame_of;
use crate::store::spool::SpoolOptions;

/// A writer of views, for which nothing is in the spool and so no ClickHouse is needed.
fn writer(spool: &Spool, shutdown: &CancellationToken) -> TableWriter {
    let nowhere = Clickhouse::new(tokio::sync::watch::channel(None).1);
    let options = WriterOptions::default();
    TableWriter {
        consumer: spool.consumer(Table::Views),
        marks: Marks::new(nowhere.clone(), options.keeper(shutdown)).0,
        clickhouse: nowhere,
        options,
        size: InsertSize::new(1),
        dead_letters: DeadLetters::new(spool.folder(), 0),
        shutdown: shutdown.clone(),
        stop: CancellationToken::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_stalls_a_table_and_then_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(SpoolOptions::new(folder.path().to_owned())).unwrap();
    spool.append(frame_of(1, &["text"])).await.unwrap();
    let views = || spool.health().tables.swap_remove(Table::Views.index());
    let shutdown = CancellationToken::new();
    let (starts, started) = (AtomicU32::new(0), Arc::new(Notify::new()));
    let again = Arc::clone(&started);
    let writer = writer(&spool, &shutdown);
    let panics = writer.options.panics.clone();
    let running = writer.keep_running(move |writer| {
        let start = starts.fetch_add(1, Ordering::Relaxed);
        let started = Arc::clone(&started);
        async move {
            started.notify_one();
            if start == 0 {
                // As when reading panics.
                let read = spawn_blocking(|| panic!("in the read"));
                let Err(Stopped) = finished::<()>(read).await else {
                    return;
                };
            } else {
                writer.run().await;
            }
        }
    });
    let running = tokio::spawn(running);
    again.notified().await;
    let before = Instant::now();
    // Paused time moves only once everything else waits: for the pause's end.
    sleep(WriterOptions::default().mending_pause / 2).await;
    let stall = views().stall.unwrap();
    assert!(stall.message.contains("panicked") && stall.attempts == 1, "{stall:?}");
    assert!(!views().drained);
    assert_eq!(panics.of(Task::TableWriter), 1);
    timeout(Duration::from_secs(60), again.notified()).await.unwrap();
    assert!(before.elapsed() >= WriterOptions::default().mending_pause);
    shutdown.cancel();
    running.await.unwrap();
    assert!(views().drained && views().stall.is_none(), "{:?}", views());
}
