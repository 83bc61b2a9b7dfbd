//! The threads that connections live on: one a core, each with a runtime of its own. What a connection wakes is on its own thread,
//! where no other one looks for work, and all its memory is near.
//!
//! A thread answers its connections one after the other, so nothing on it may take long: batches are answered there, and everything
//! else where the collector itself runs ([`Server`](super::server::Server)).

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

/// The threads, until this is dropped. What still runs on them then is given up.
pub(crate) struct Workers {
    runtimes: Vec<Handle>,
    turn: AtomicUsize,
    end: CancellationToken,
}

impl Workers {
    /// Starts `count` of them.
    ///
    /// # Errors
    /// When the system has no thread or no descriptors for them.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let mut workers = Self {
            runtimes: Vec::new(),
            turn: AtomicUsize::new(0),
            end: CancellationToken::new(),
        };
        for _ in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            workers.runtimes.push(runtime.handle().clone());
            let end = workers.end.clone();
            thread::Builder::new().name("worker".to_owned()).spawn(move || {
                runtime.block_on(end.cancelled());
                runtime.shutdown_background();
            })?;
        }
        Ok(workers)
    }

    /// None but the runtime of the caller.
    pub(crate) fn here() -> Self {
        Self {
            runtimes: vec![Handle::current()],
            turn: AtomicUsize::new(0),
            end: CancellationToken::new(),
        }
    }

    /// Where the next connection is to live: each has its turn. Pages' connections are many and alike.
    pub(super) fn next(&self) -> Option<&Handle> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.runtimes.get(turn.checked_rem(self.runtimes.len())?)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[tokio::test]
    async fn each_has_its_turn() {
        let workers = Workers::start(3).unwrap();
        let mut threads = HashSet::new();
        for _ in 0..6 {
            let on = workers.next().unwrap().spawn(async { thread::current().id() });
            threads.insert(on.await.unwrap());
        }
        assert_eq!(threads.len(), 3);
        assert!(!threads.contains(&thread::current().id()));
    }

    #[tokio::test]
    async fn with_them_ends_what_runs_there() {
        let workers = Workers::start(1).unwrap();
        let for_ever = workers.next().unwrap().spawn(std::future::pending::<()>());
        drop(workers);
        assert!(for_ever.await.unwrap_err().is_cancelled());
    }
}
