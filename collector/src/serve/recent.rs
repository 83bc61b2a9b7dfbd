//! An answer that may be a little old: however often and by however many it is asked for, it costs one question at a time
//! and about one a second.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// The last answer, for as long as it is fresh.
pub(super) struct Recent<T> {
    fresh: Duration,
    last: Mutex<Option<(Instant, T)>>,
}

impl<T: Clone> Recent<T> {
    /// Answers are given again for as long as `fresh`.
    pub(super) fn new(fresh: Duration) -> Self {
        Self {
            fresh,
            last: Mutex::new(None),
        }
    }

    /// The last answer, or else that of `ask`. Who asks meanwhile waits for the same answer.
    pub(super) async fn get(&self, ask: impl Future<Output = T>) -> T {
        let mut last = self.last.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < self.fresh
        {
            return answer.clone();
        }
        let answer = ask.await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::{advance, sleep};

    use super::*;

    const FRESH: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn many_questions_at_once_are_one_and_an_old_answer_is_asked_for_again() {
        let (recent, asked) = (Recent::new(FRESH), AtomicU32::new(0));
        let ask = async || {
            recent
                .get(async {
                    sleep(FRESH / 10).await;
                    asked.fetch_add(1, Ordering::Relaxed) + 1
                })
                .await
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (1, 1, 1));
        advance(FRESH / 2).await;
        assert_eq!(ask().await, 1);
        advance(FRESH / 2).await;
        assert_eq!(ask().await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_while_it_asks_leaves_the_question_to_the_next() {
        let recent = Recent::new(FRESH);
        let gone = tokio::time::timeout(FRESH, recent.get(std::future::pending::<u32>())).await;
        assert!(gone.is_err());
        assert_eq!(recent.get(async { 7 }).await, 7);
    }
}
