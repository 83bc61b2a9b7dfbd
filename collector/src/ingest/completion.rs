//! Work that goes on to its end whoever goes away meanwhile.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::at_hand::with_request;

/// Requests that are worked at although their senders have gone, at most: each may have a body in memory, and no connection bounds
/// them any more.
pub(super) const ABANDONED: usize = 64;

/// Who does what nobody waits for any more; clones are the same one.
#[derive(Clone)]
pub(super) struct Abandoned(Arc<Shared>);

struct Shared {
    tasks: TaskTracker,
    places: Arc<Semaphore>,
}

impl Default for Abandoned {
    fn default() -> Self {
        Self(Arc::new(Shared {
            tasks: TaskTracker::new(),
            places: Arc::new(Semaphore::new(ABANDONED)),
        }))
    }
}

impl Abandoned {
    /// A request whose sender waits for `work`. Should that go away it is worked at all the same, if there is a place; if not, it is
    /// dropped, but for its [`Self::rest`].
    pub(super) fn request<F: Work>(&self, work: F) -> RunToCompletion<F> {
        self.run(work, Room::Places)
    }

    /// Work that cannot be taken back, should its request end before it.
    pub(super) fn rest<F: Work>(&self, work: F) -> RunToCompletion<F> {
        self.run(work, Room::Always)
    }

    fn run<F: Work>(&self, work: F, room: Room) -> RunToCompletion<F> {
        RunToCompletion {
            work: Some(Box::pin(work)),
            room,
            abandoned: self.clone(),
        }
    }

    /// Waits until all is done that nobody waits for. No requests come any more.
    pub(super) async fn done(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// How many requests more may be worked at whose senders go away.
    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.0.places.available_permits()
    }

    fn take<F: Work>(&self, work: Pin<Box<F>>, room: Room) {
        let Shared { tasks, places } = &*self.0;
        let place = match room {
            Room::Always => None,
            Room::Places => match Arc::clone(places).try_acquire_owned() {
                Ok(place) => Some(place),
                Err(_) => return,
            },
        };
        // Without a runtime the collector has ended.
        let Ok(runtime) = Handle::try_current() else { return };
        let work = async move {
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                tracing::error!("a request whose sender has gone panicked: this is a bug in the collector");
            }
            drop(place);
        };
        tasks.spawn_on(with_request(work), &runtime);
    }
}

/// What may be worked at anywhere.
pub(super) trait Work: Future<Output: Send> + Send + 'static {}

impl<F: Future<Output: Send> + Send + 'static> Work for F {}

#[derive(Clone, Copy)]
enum Room {
    Always,
    Places,
}

/// Work that is done where it is waited for, and in a task of its own once nobody waits any more. Hardly anybody goes away, so
/// hardly any work costs a task.
pub(super) struct RunToCompletion<F: Work> {
    work: Option<Pin<Box<F>>>,
    room: Room,
    abandoned: Abandoned,
}

impl<F: Work> Future for RunToCompletion<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // Taken while it runs: work that panics is over.
        let Some(mut work) = self.work.take() else {
            return Poll::Pending;
        };
        let polled = work.as_mut().poll(context);
        if polled.is_pending() {
            self.work = Some(work);
        }
        polled
    }
}

impl<F: Work> Drop for RunToCompletion<F> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            self.abandoned.take(work, self.room);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_done_all_the_same() {
        let abandoned = Abandoned::default();
        let (go, gone) = oneshot::channel();
        let (done, mut finished) = oneshot::channel();
        let mut work = abandoned.request(async move {
            let told: u32 = gone.await.unwrap();
            done.send(told + 1).unwrap();
        });
        assert!((&mut work).now_or_never().is_none());
        drop(work);
        let mut all = Box::pin(abandoned.done());
        assert!((&mut all).now_or_never().is_none());
        go.send(1).unwrap();
        all.await;
        assert_eq!(finished.try_recv(), Ok(2));
    }

    #[tokio::test]
    async fn there_are_so_many_places_and_what_finds_none_is_dropped() {
        let abandoned = Abandoned::default();
        let runs = Arc::new(AtomicUsize::new(0));
        let go = Arc::new(Semaphore::new(0));
        let work = || {
            let (runs, go) = (Arc::clone(&runs), Arc::clone(&go));
            async move {
                let _gone = go.acquire().await.unwrap();
                runs.fetch_add(1, Ordering::Relaxed);
            }
        };
        (0..ABANDONED + 3).for_each(|_| drop(abandoned.request(work())));
        // What cannot be taken back needs no place.
        drop(abandoned.rest(work()));
        go.add_permits(1);
        abandoned.done().await;
        assert_eq!(runs.load(Ordering::Relaxed), ABANDONED + 1);
    }

    #[tokio::test]
    async fn work_runs_once_whether_it_ends_or_panics() {
        let abandoned = Abandoned::default();
        let runs = Arc::new(AtomicUsize::new(0));
        for panics in [false, true] {
            let counted = Arc::clone(&runs);
            let mut work = abandoned.request(async move {
                counted.fetch_add(1, Ordering::Relaxed);
                assert!(!panics, "as it shall");
            });
            let ended = AssertUnwindSafe(&mut work).catch_unwind().await;
            assert_eq!(ended.is_err(), panics);
            drop(work);
        }
        abandoned.done().await;
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_panic_gives_its_place_back() {
        let abandoned = Abandoned::default();
        for _ in 0..2 * ABANDONED {
            drop(abandoned.request(async { panic!("as it shall") }));
            tokio::task::yield_now().await;
        }
        abandoned.done().await;
        assert_eq!(abandoned.free(), ABANDONED);
    }
}
