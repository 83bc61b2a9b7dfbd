//! What a connection is at: requests that are being answered, or nothing. From that follows how long it may stay.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::places::Place;

/// How long a connection that has to end may take over it, if it is at nothing.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// How long a connection may be at something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Until the first byte of the next request has come, and from there until its head has come whole. The first head of a
    /// connection has this time but once.
    pub(super) head: Duration,
    /// From there until the last byte of its answer was fetched.
    pub(super) exchange: Duration,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// The first head did not come whole.
    Head,
    /// No further one came whole: mostly nobody has anything to ask any more.
    Idle,
    /// An answer was not fetched.
    Answer,
}

/// The requests of one connection.
pub(super) struct Exchanges {
    state: Mutex<State>,
    /// Whether the peer has to read before more can be written.
    blocked: AtomicBool,
}

struct State {
    /// Those that are being answered, the oldest first, each with its number.
    open: Vec<(u64, Instant)>,
    begun: u64,
    quiet_since: Instant,
    /// When the peer sent something since then: mostly a part of its next request.
    came: Option<Instant>,
}

impl Exchanges {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                open: Vec::new(),
                begun: 0,
                quiet_since: Instant::now(),
                came: None,
            }),
            blocked: AtomicBool::new(false),
        }
    }

    /// The time for the first head begins here: a handshake before it had its own.
    pub(super) fn restart(&self) {
        let mut state = self.state();
        state.quiet_since = Instant::now();
        state.came = None;
    }

    /// Bytes have come.
    pub(super) fn came(&self) {
        let mut state = self.state();
        if state.open.is_empty() {
            // Only once: who sends a byte now and then is not at a request for ever.
            state.came.get_or_insert_with(Instant::now);
        }
    }

    /// Whether the peer has to read before more can be written.
    pub(super) fn blocked(&self, blocked: bool) {
        self.blocked.store(blocked, Ordering::Relaxed);
    }

    fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        let mut state = self.state();
        state.begun += 1;
        let number = state.begun;
        state.open.push((number, Instant::now()));
        state.came = None;
        Exchange {
            exchanges: Arc::clone(self),
            number,
            place: None,
        }
    }

    /// Until when the connection may stay if nothing changes, and what will be late then.
    fn due(&self, patience: Patience) -> (Instant, Late) {
        let state = self.state();
        match state.open.first() {
            Some((_, since)) => (*since + patience.exchange, Late::Answer),
            // The end of an answer is on its way.
            None if self.is_blocked() => (state.quiet_since + patience.exchange, Late::Answer),
            None if state.begun == 0 => (state.quiet_since + patience.head, Late::Head),
            None => (state.came.unwrap_or(state.quiet_since) + patience.head, Late::Idle),
        }
    }

    /// Until when a connection that was asked to end at `asked` may take over it: what has come gets its answer in its usual time.
    fn last(&self, asked: Instant, patience: Patience) -> Instant {
        let state = self.state();
        let shortest = asked.max(state.quiet_since) + FAREWELL;
        // One that is not fetched takes no time from those that have come since.
        let usual = match state.open.last() {
            Some((_, since)) => *since + patience.exchange,
            None if self.is_blocked() => state.quiet_since + patience.exchange,
            // It was on the wire already: its sender could not know yet.
            None => match state.came {
                Some(came) if came >= asked => came + patience.head,
                _ => shortest,
            },
        };
        usual.max(shortest)
    }

    /// Waits until something takes too long.
    pub(super) async fn late(&self, patience: impl Fn() -> Patience) -> Late {
        loop {
            let (patience, now) = (patience(), Instant::now());
            let (due, late) = self.due(patience);
            if due <= now {
                return late;
            }
            // What is being answered may end long before it is late, and then no more is waited for than a head.
            sleep_until(due.min(now + patience.head)).await;
        }
    }

    /// Waits until a connection that is asked to end now has had its time for it.
    pub(super) async fn farewell(&self, patience: impl Fn() -> Patience) {
        let asked = Instant::now();
        loop {
            let (last, now) = (self.last(asked, patience()), Instant::now());
            if last <= now {
                return;
            }
            sleep_until(last.min(now + FAREWELL)).await;
        }
    }
}

/// A request that is being answered, until this is dropped.
pub(super) struct Exchange {
    exchanges: Arc<Exchanges>,
    number: u64,
    /// Its place, if it came by HTTP/2.
    pub(super) place: Option<Place>,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.exchanges.state();
        state.open.retain(|(number, _)| *number != self.number);
        if state.open.is_empty() {
            state.quiet_since = Instant::now();
            state.came = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep};

    use super::*;

    const PATIENCE: Patience = Patience {
        head: Duration::from_secs(1),
        exchange: Duration::from_secs(60),
    };
    const TEN: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_connection_may_stay_as_long_as_what_it_is_at_may_take() {
        let exchanges = Arc::new(Exchanges::new());
        let began = Instant::now();
        let late = |after: Duration, late| (began + after, late);
        exchanges.came();
        assert_eq!(exchanges.due(PATIENCE), late(PATIENCE.head, Late::Head));

        let first = exchanges.begin();
        advance(TEN).await;
        let second = exchanges.begin();
        assert_eq!(exchanges.due(PATIENCE), late(PATIENCE.exchange, Late::Answer));
        drop(first);
        assert_eq!(exchanges.due(PATIENCE), late(TEN + PATIENCE.exchange, Late::Answer));
        advance(TEN).await;
        exchanges.came();
        drop(second);
        assert_eq!(exchanges.due(PATIENCE), late(2 * TEN + PATIENCE.head, Late::Idle));
        exchanges.blocked(true);
        assert_eq!(exchanges.due(PATIENCE), late(2 * TEN + PATIENCE.exchange, Late::Answer));
    }

    #[tokio::test(start_paused = true)]
    async fn a_further_head_has_its_time_from_its_first_byte() {
        let exchanges = Arc::new(Exchanges::new());
        drop(exchanges.begin());
        advance(PATIENCE.head / 2).await;
        let begun = Instant::now();
        exchanges.came();
        advance(PATIENCE.head / 4).await;
        exchanges.came();
        assert_eq!(exchanges.due(PATIENCE), (begun + PATIENCE.head, Late::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_long_answer_nobody_is_idle_for_longer() {
        let exchanges = Arc::new(Exchanges::new());
        let watched = Arc::clone(&exchanges);
        let late = tokio::spawn(async move { (watched.late(|| PATIENCE).await, Instant::now()) });
        let exchange = exchanges.begin();
        sleep(TEN + PATIENCE.head / 2).await;
        drop(exchange);
        let quiet = Instant::now();
        assert_eq!(late.await.unwrap(), (Late::Idle, quiet + PATIENCE.head));
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_before_the_end_has_its_usual_time() {
        let exchanges = Arc::new(Exchanges::new());
        let asked = Instant::now();
        assert_eq!(exchanges.last(asked, PATIENCE), asked + FAREWELL);
        advance(FAREWELL / 2).await;
        let patience = Patience { head: TEN, ..PATIENCE };
        let came = Instant::now();
        exchanges.came();
        assert_eq!(exchanges.last(asked, patience), came + TEN);
        let exchange = exchanges.begin();
        assert_eq!(exchanges.last(asked, patience), came + PATIENCE.exchange);
        drop(exchange);
        assert_eq!(exchanges.last(asked, patience), came + FAREWELL);
        // What was there long before it was asked to end was late.
        exchanges.came();
        advance(TEN).await;
        let asked = Instant::now();
        assert_eq!(exchanges.last(asked, patience), asked + FAREWELL);
    }
}
