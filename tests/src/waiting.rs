//! Waiting for what another process does: the one place where tests look again and again.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Generous: it is only waited out when something is broken.
pub const LIMIT: Duration = Duration::from_secs(90);

const EVERY: Duration = Duration::from_millis(50);

/// Asks `look` until it gives something.
///
/// # Errors
/// What `look` fails with, or that `what` did not come within [`LIMIT`].
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let asking = async {
        loop {
            ticks.tick().await;
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
        }
    };
    timeout(LIMIT, asking)
        .await
        .with_context(|| format!("not within {} s: {what}", LIMIT.as_secs()))?
}
