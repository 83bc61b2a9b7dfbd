//! Something scarce, such as places or bytes, shared fairly among parties, such as apps: one that wants much cannot starve
//! another. [`queue`] decides who is next; here it is waited.

mod queue;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use self::queue::{Arrival, Next, Queue};

/// Units that are lent to parties; clones lend the same ones.
#[derive(Clone)]
pub(crate) struct Fair(Arc<Mutex<Queue<oneshot::Sender<Lent>>>>);

/// Units that somebody has until this is dropped.
#[must_use]
pub(crate) struct Lent {
    by: Fair,
    party: Arc<str>,
    units: u64,
}

/// So many wait that one more would wait in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl Fair {
    /// Lends `capacity` units; at most `room` wait for some, of all parties together.
    pub(crate) fn new(capacity: u64, room: usize) -> Self {
        Self(Arc::new(Mutex::new(Queue::new(capacity, room))))
    }

    /// Waits until it is the turn of `party` and `units` are free. Who wants more than there are gets all. A caller that
    /// goes away gives up its place in the queue.
    ///
    /// # Errors
    /// [`Crowded`] at once, or later if a party that has fewer waiting needs the room.
    pub(crate) async fn lend(&self, party: &Arc<str>, units: u64) -> Result<Lent, Crowded> {
        match self.come(party, units)? {
            Come::Served(lent) => Ok(lent),
            // Dropped from the last to the first: who does not wait any more leaves the queue, and what it was given
            // meanwhile comes back.
            Come::Waits { answer, _waiting } => answer.await.map_err(|_| Crowded),
        }
    }

    fn come<'a>(&'a self, party: &'a Arc<str>, units: u64) -> Result<Come<'a>, Crowded> {
        let mut queue = self.lock();
        let units = queue.given_for(units);
        let mut answer = None;
        let arrival = queue.arrive(party, units, || {
            let (sender, receiver) = oneshot::channel();
            answer = Some(receiver);
            sender
        });
        match (arrival, answer) {
            (Arrival::Served, _) => Ok(Come::Served(self.lent(Arc::clone(party), units))),
            // Who is pushed out sees that nobody is left to answer.
            (Arrival::Waits { ticket, pushed_out: _ }, Some(answer)) => {
                let waiting = Waiting {
                    with: self,
                    party,
                    ticket,
                };
                self.serve(queue);
                Ok(Come::Waits {
                    answer,
                    _waiting: waiting,
                })
            }
            (Arrival::Crowded | Arrival::Waits { .. }, _) => Err(Crowded),
        }
    }

    /// From now on there are `capacity` units, and room for as many to wait.
    pub(crate) fn resize(&self, capacity: u64, room: usize) {
        let mut queue = self.lock();
        queue.resize(capacity, room);
        self.serve(queue);
    }

    /// How many of `party` wait now.
    pub(crate) fn waiting(&self, party: &str) -> usize {
        self.lock().waiting(party)
    }

    /// Tells all who are next. An answer that nobody hears gives its units back by being dropped, so no lock is held then.
    fn serve(&self, mut queue: MutexGuard<'_, Queue<oneshot::Sender<Lent>>>) {
        let mut next = Vec::new();
        while let Some(one) = queue.next() {
            next.push(one);
        }
        drop(queue);
        for Next { party, units, who } in next {
            let _ = who.send(self.lent(party, units));
        }
    }

    fn lent(&self, party: Arc<str>, units: u64) -> Lent {
        Lent {
            by: self.clone(),
            party,
            units,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue<oneshot::Sender<Lent>>> {
        // No code panics while it holds the lock half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Fair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fair")
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lent({} to {})", self.units, self.party)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut queue = self.by.lock();
        queue.release(&self.party, self.units);
        self.by.serve(queue);
    }
}

/// Somebody who came.
enum Come<'a> {
    Served(Lent),
    Waits {
        answer: oneshot::Receiver<Lent>,
        _waiting: Waiting<'a>,
    },
}

/// Somebody in the queue.
struct Waiting<'a> {
    with: &'a Fair,
    party: &'a Arc<str>,
    ticket: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut queue = self.with.lock();
        queue.leave(self.party, self.ticket);
        // What it waited for may be enough for those behind it.
        self.with.serve(queue);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    /// Polls once: what it is by then.
    async fn at_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = std::future::ready(()) => None,
        }
    }

    fn party(name: &str) -> Arc<str> {
        name.into()
    }

    #[tokio::test]
    async fn what_is_given_back_goes_to_who_is_next() {
        let (a, b) = (party("a"), party("b"));
        let fair = Fair::new(1, 10);
        let held = fair.lend(&a, 1).await.unwrap();
        let mut again = pin!(fair.lend(&a, 1));
        assert!(at_once(&mut again).await.is_none());
        let mut other = pin!(fair.lend(&b, 1));
        assert!(at_once(&mut other).await.is_none());
        assert_eq!((fair.waiting("a"), fair.waiting("b")), (1, 1));
        drop(held);
        // Neither holds any; b's turn was longest ago.
        let held = at_once(&mut other).await.unwrap().unwrap();
        assert!(at_once(&mut again).await.is_none());
        drop(held);
        let _held = again.await.unwrap();
    }

    #[tokio::test]
    async fn who_goes_away_keeps_nothing_from_others() {
        let (a, b) = (party("a"), party("b"));
        let fair = Fair::new(2, 10);
        let held = fair.lend(&a, 1).await.unwrap();
        {
            // It waits for two, and so does everybody behind it.
            let mut greedy = pin!(fair.lend(&b, 2));
            assert!(at_once(&mut greedy).await.is_none());
        }
        let other = fair.lend(&b, 1).await.unwrap();

        // Served, and gone before it has heard of that.
        let mut unheard = Box::pin(fair.lend(&a, 2));
        assert!(at_once(&mut unheard).await.is_none());
        drop((held, other));
        drop(unheard);
        let _all = fair.lend(&b, 2).await.unwrap();
    }

    #[tokio::test]
    async fn in_a_full_room_the_newest_of_who_has_most_is_told() {
        let (a, b) = (party("a"), party("b"));
        let fair = Fair::new(1, 2);
        let held = fair.lend(&a, 1).await.unwrap();
        let mut first = pin!(fair.lend(&a, 1));
        let mut second = pin!(fair.lend(&a, 1));
        assert!(at_once(&mut first).await.is_none());
        assert!(at_once(&mut second).await.is_none());
        assert_eq!(fair.lend(&a, 1).await.unwrap_err(), Crowded);
        let mut other = pin!(fair.lend(&b, 1));
        assert!(at_once(&mut other).await.is_none());
        assert_eq!(at_once(&mut second).await.unwrap().unwrap_err(), Crowded);
        drop(held);
        drop(other.await.unwrap());
        drop(first.await.unwrap());
    }

    /// A thousand that come, wait, go away and hold in every order: nothing is lent twice, and in the end all is there.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn nothing_is_lost_or_lent_twice_when_all_come_at_once() {
        use std::sync::atomic::{AtomicU64, Ordering};
        let (fair, lent) = (Fair::new(5, 50), Arc::new(AtomicU64::new(0)));
        let tasks: tokio::task::JoinSet<()> = (0..1_000_u64)
            .map(|number| {
                let (fair, lent) = (fair.clone(), Arc::clone(&lent));
                async move {
                    let name = party(&format!("app{}", number % 3));
                    let units = number % 4 + 1;
                    let lend = fair.lend(&name, units);
                    let found = if number % 7 == 0 {
                        let mut lend = pin!(lend);
                        at_once(&mut lend).await
                    } else {
                        Some(lend.await)
                    };
                    if let Some(Ok(_held)) = found {
                        let before = lent.fetch_add(units, Ordering::SeqCst);
                        assert!(before + units <= 5, "{before} are lent, and {units} more");
                        tokio::task::yield_now().await;
                        lent.fetch_sub(units, Ordering::SeqCst);
                    }
                }
            })
            .collect();
        tasks.join_all().await;
        let _all = fair.lend(&party("app0"), 5).await.unwrap();
    }
}
