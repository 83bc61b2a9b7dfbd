//! Dirty-hour marks: each (app, hour) that got rows, told to whoever computes from rows.
//!
//! A mark is inserted after its rows are, and before the cursor moves: killed between, the rows come again and are marked again,
//! which does no harm. A mark is of no use before: who read it would compute the hour without its rows, and clear it.
//! For the same reason no mark is left out because there was one a moment ago. Tables that have just been written share one
//! instead, as batches share a sync: a mark that is inserted while others wait is followed by one for all of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

use super::client::{Clickhouse, ClickhouseError};
use crate::background::{Keeper, Task};
use crate::fault::{self, Step};

/// Marks are RowBinary of this.
pub(super) const STATEMENT: &str = "INSERT INTO rum_data.dirty_hours (retention, hour, app, mark) FORMAT RowBinary";

/// How long ClickHouse may take for a few small rows.
const PATIENCE: Duration = Duration::from_secs(20);

/// Tables that wait for their mark, at most: each has one writer.
const WAITING: usize = 16;

/// Hours of apps, each as the first columns of its rows spell it: retention, hour, app.
pub(super) type Hours = BTreeSet<Box<[u8]>>;

/// A mark of each hour, all with an id that no other insert has.
pub(super) fn rows(hours: &Hours) -> Bytes {
    let mark: u64 = rand::random();
    let row = |hour: &[u8]| [hour, &mark.to_le_bytes()].concat();
    hours.iter().flat_map(|hour| row(hour)).collect()
}

/// Hours that want to be marked.
struct Request {
    hours: Hours,
    answer: oneshot::Sender<Result<(), ClickhouseError>>,
}

/// Marks hours; clones share what they insert.
#[derive(Clone)]
pub(super) struct Marks(mpsc::Sender<Request>);

impl Marks {
    /// The handle, and what does the work until no handle is left; `keeper` begins it again when it panics.
    pub(super) fn new(clickhouse: Clickhouse, keeper: Keeper) -> (Self, impl Future<Output = ()> + Send + 'static) {
        Self::by(keeper, move |hours| insert(clickhouse.clone(), hours))
    }

    /// With `insert` to bring marks into the database.
    fn by<F>(
        keeper: Keeper,
        insert: impl Fn(Hours) -> F + Clone + Send + Sync + 'static,
    ) -> (Self, impl Future<Output = ()> + Send + 'static)
    where
        F: Future<Output = Result<(), ClickhouseError>> + Send + 'static,
    {
        let (sender, requests) = mpsc::channel(WAITING);
        // Whoever does the work has them, one after the other.
        let requests = Arc::new(Mutex::new(requests));
        let work = move || run(insert.clone(), Arc::clone(&requests));
        (Self(sender), keeper.keep(Task::Marks, work))
    }

    /// Marks `hours`, in which rows are now; when this returns `Ok`, the marks are in ClickHouse.
    ///
    /// # Errors
    /// As inserts fail. The marks may be there or not, and may come again.
    pub(super) async fn mark(&self, hours: Hours) -> Result<(), ClickhouseError> {
        let ended = || ClickhouseError::Client("who marks hours has panicked, or is ending".to_owned());
        let (answer, answered) = oneshot::channel();
        let request = Request { hours, answer };
        self.0.send(request).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

async fn run<F>(insert: impl Fn(Hours) -> F, requests: Arc<Mutex<mpsc::Receiver<Request>>>)
where
    F: Future<Output = Result<(), ClickhouseError>>,
{
    let mut requests = requests.lock().await;
    while let Some(first) = requests.recv().await {
        let mut hours = first.hours;
        let mut waiting = vec![first.answer];
        while let Ok(mut next) = requests.try_recv() {
            hours.append(&mut next.hours);
            waiting.push(next.answer);
        }
        let marked = insert(hours).await;
        for answer in waiting {
            // Who does not wait any more has stopped, and marks again after the next start.
            let _ = answer.send(marked.clone());
        }
    }
}

async fn insert(clickhouse: Clickhouse, hours: Hours) -> Result<(), ClickhouseError> {
    let refused = |error: std::io::Error| ClickhouseError::Unreachable(error.to_string());
    fault::before(Step::Mark).map_err(refused)?;
    // All tables wait for it: one that hangs must not take as long as a large insert may.
    let marked = timeout(PATIENCE, clickhouse.insert(STATEMENT, &rows(&hours))).await;
    let marked = marked.unwrap_or_else(|_| Err(ClickhouseError::Unreachable("no answer in time".to_owned())));
    fault::after(Step::Mark);
    marked
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::background::Panics;

    #[tokio::test(start_paused = true)]
    async fn a_panic_costs_the_marks_that_wait_and_no_later_ones() {
        let (panics, inserts) = (Panics::default(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&inserts);
        let insert = move |hours: Hours| {
            let insert = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                assert_ne!(insert, 0, "with {} hours", hours.len());
                Ok(())
            }
        };
        let keeper = Keeper::new(panics.clone(), CancellationToken::new());
        let (marks, marking) = Marks::by(keeper, insert);
        let marking = tokio::spawn(marking);
        let hours: Hours = [b"an hour".as_slice()].map(Into::into).into();
        let first = marks.mark(hours.clone()).await;
        assert!(matches!(first, Err(ClickhouseError::Client(_))), "{first:?}");
        // Whoever is told so asks again, and waits until it was started again.
        assert_eq!(marks.mark(hours).await, Ok(()));
        assert_eq!((panics.of(Task::Marks), inserts.load(Ordering::Relaxed)), (1, 2));
        drop(marks);
        marking.await.unwrap();
    }

    #[test]
    fn a_mark_is_its_hour_and_an_id_of_its_insert() {
        let hours: Hours = [b"\x1e\0\0\0\0\0\x01a".as_slice(), b"\x1e\0\0\0\0\0\x01b"]
            .map(Into::into)
            .into();
        let (first, second) = (rows(&hours), rows(&hours));
        assert_eq!(first.len(), 2 * (8 + 8));
        assert!(first.starts_with(b"\x1e\0\0\0\0\0\x01a") && first[16..].starts_with(b"\x1e\0\0\0\0\0\x01b"));
        assert_eq!(first[8..16], first[24..32], "one id an insert");
        assert_ne!(first[8..16], second[8..16], "and another one for the next");
    }
}
