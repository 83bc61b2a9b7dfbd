//! Who runs: so many statements at once, so many that wait, and half of both at most for people. What they ask may take
//! long, and inserts must not wait for it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::exception::{Exception, Kind};

/// The places of all statements, and those of them that people may have.
pub(crate) struct Places {
    queries: usize,
    all: Lane,
    people: Lane,
}

/// A statement's place, until it is dropped.
pub(crate) struct Place {
    _people: Option<Turn>,
    _all: Turn,
}

/// Whose statement it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// The collector itself.
    Collector,
    /// Somebody who is let in to read, with settings that cannot be changed (`readonly=1`).
    People,
}

impl Places {
    pub(crate) fn new(queries: usize, waiting: usize) -> Self {
        Self {
            queries,
            all: Lane::new(queries, waiting),
            people: Lane::new((queries / 2).max(1), waiting / 2),
        }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// When too many wait already.
    pub(crate) async fn enter(&self, asker: Asker) -> Result<Place, Exception> {
        // In this order: a statement of people that waits for its half holds nothing that others want.
        let people = match asker {
            Asker::Collector => None,
            Asker::People => Some(self.people.enter().await?),
        };
        Ok(Place {
            _people: people,
            _all: self.all.enter().await?,
        })
    }

    /// Waits until no statement runs.
    pub(crate) async fn idle(&self) {
        let all = u32::try_from(self.queries).unwrap_or(u32::MAX);
        let _ = self.all.running.acquire_many(all).await;
    }
}

struct Lane {
    running: Arc<Semaphore>,
    /// Who runs, or waits for it.
    admitted: Arc<Semaphore>,
}

struct Turn {
    _running: OwnedSemaphorePermit,
    _admitted: OwnedSemaphorePermit,
}

impl Lane {
    fn new(running: usize, waiting: usize) -> Self {
        Self {
            running: Arc::new(Semaphore::new(running)),
            admitted: Arc::new(Semaphore::new(running + waiting)),
        }
    }

    async fn enter(&self) -> Result<Turn, Exception> {
        let full = || {
            let message = "Too many simultaneous queries: the queue is full";
            Exception::new(Kind::TooManySimultaneousQueries, message)
        };
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| full())?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| full())?;
        Ok(Turn {
            _running: running,
            _admitted: admitted,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Poll;
    use std::{future::Future, pin::pin};

    fn is_waiting(future: impl Future<Output = Result<Place, Exception>>) -> bool {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        matches!(pin!(future).poll(&mut context), Poll::Pending)
    }

    #[tokio::test]
    async fn people_have_half_and_the_collector_the_rest() {
        let places = Places::new(4, 8);
        let first = places.enter(Asker::People).await.ok();
        let second = places.enter(Asker::People).await.ok();
        assert!(first.is_some() && second.is_some());
        assert!(is_waiting(places.enter(Asker::People)));
        let inserts = [
            places.enter(Asker::Collector).await.ok(),
            places.enter(Asker::Collector).await.ok(),
        ];
        assert!(inserts.iter().all(Option::is_some));
        assert!(is_waiting(places.enter(Asker::Collector)));
        drop(first);
        assert!(places.enter(Asker::People).await.is_ok());
    }

    #[tokio::test]
    async fn people_who_wait_leave_room_in_the_queue() {
        let places = Places::new(2, 4);
        let _runs = places.enter(Asker::People).await.ok();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(places.enter(Asker::People))).collect();
        for future in &mut waiting {
            assert!(future.as_mut().poll(&mut context).is_pending());
        }
        let refused = places.enter(Asker::People).await.err().map(|error| error.code());
        assert_eq!(refused, Some(202));
        assert!(places.enter(Asker::Collector).await.is_ok());
    }
}
