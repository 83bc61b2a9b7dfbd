//! When the spool syncs, and what it says when that fails.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::tests::{append, options, segments, waiting};
use super::*;

/// A spool that counts its syncs, and fails them while it is told to.
struct Subject {
    spool: Spool,
    syncs: Arc<AtomicUsize>,
    failing: Arc<AtomicBool>,
}

fn open(folder: &Path, fsync: Fsync) -> Subject {
    let (syncs, failing) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let mut options = options(folder);
    options.fsync = fsync;
    let (counted, fails) = (Arc::clone(&syncs), Arc::clone(&failing));
    options.sync = Arc::new(move |file| {
        if fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is gone"));
        }
        counted.fetch_add(1, Ordering::SeqCst);
        file.sync_data()
    });
    Subject {
        spool: Spool::open(options).unwrap(),
        syncs,
        failing,
    }
}

impl Subject {
    fn syncs(&self) -> usize {
        self.syncs.load(Ordering::SeqCst)
    }

    async fn until_synced(&self, syncs: usize) {
        let mut ticks = tokio::time::interval(Duration::from_millis(5));
        let synced = async {
            while self.syncs() < syncs {
                ticks.tick().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), synced).await.unwrap();
    }
}

#[tokio::test]
async fn each_batch_is_synced_before_its_answer_by_default() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path(), Fsync::Batch);
    for id in 1..=3 {
        append(&subject.spool, id, "text").await.unwrap();
        // One more is the header's.
        assert_eq!(subject.syncs() as u64, 1 + id);
    }
    assert_eq!(subject.spool.health().fsync, Fsync::Batch);
}

#[tokio::test]
async fn an_interval_syncs_what_was_acknowledged_before_although_nothing_comes_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path(), Fsync::Interval(Duration::from_millis(50)));
    for id in 1..=3 {
        append(&subject.spool, id, "text").await.unwrap();
    }
    assert_eq!(
        waiting(&subject.spool, &["text"]),
        [3],
        "the writer has them all the same"
    );
    subject.until_synced(2).await;
}

#[tokio::test]
async fn an_end_in_order_syncs_an_interval_and_off_leaves_it_to_the_system() {
    for (fsync, expected) in [(Fsync::Interval(Duration::from_secs(60)), 2), (Fsync::Off, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let Subject { spool, syncs, .. } = open(folder.path(), fsync);
        append(&spool, 1, "text").await.unwrap();
        assert_eq!(syncs.load(Ordering::SeqCst), 1, "{fsync:?}: the header alone");
        drop(spool);
        assert_eq!(syncs.load(Ordering::SeqCst), expected, "{fsync:?}");
        assert_eq!(waiting(&open(folder.path(), fsync).spool, &["text"]), [1], "{fsync:?}");
    }
}

#[tokio::test]
async fn a_sync_that_fails_later_shows_and_another_segment_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let subject = open(folder.path(), Fsync::Interval(Duration::from_millis(1)));
    append(&subject.spool, 1, "first").await.unwrap();
    subject.until_synced(2).await;
    subject.failing.store(true, Ordering::SeqCst);
    append(&subject.spool, 2, "second").await.unwrap();
    let refused = subject
        .spool
        .log
        .refusal()
        .wait_for(Option::is_some)
        .await
        .unwrap()
        .clone();
    let refusal = refused.unwrap();
    assert_eq!(refusal.cause, RefusalCause::Failing);
    assert!(refusal.message.contains("the disk is gone"), "{refusal:?}");
    append(&subject.spool, 3, "refused").await.unwrap_err();
    subject.failing.store(false, Ordering::SeqCst);
    subject.spool.log.refusal().wait_for(Option::is_none).await.unwrap();
    append(&subject.spool, 3, "third").await.unwrap();
    assert_eq!(segments(folder.path()).len(), 2);
    assert_eq!(waiting(&subject.spool, &["first", "second", "third"]), [1, 1, 1]);
}
