//! Empties the outbox of one receiver, oldest first: what a receiver cannot take now waits in ClickHouse, not here.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::webhook::{Outcome, Webhook};
use crate::clock;
use crate::store::Clickhouse;
use crate::store::alert_state::{self, AlertStateError, DeliveryRow, OutboxRow};

/// Notifications in memory at once.
const AT_ONCE: u32 = 100;
/// The pause before a receiver that could not be reached, or a database that did not answer, is asked again.
const PAUSE: Duration = Duration::from_secs(15);
/// News of yesterday helps nobody: an older notification is given up, with a line in the log.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);

/// How an attempt to empty the outbox ended.
enum Pass {
    /// There is nothing more to send.
    Empty,
    /// Something is in the way.
    Blocked,
}

/// Delivers until `shutdown`, whenever there are `news` or a pause is over. A post under way is finished and recorded first.
pub(super) async fn run(
    webhook: Webhook,
    clickhouse: Clickhouse,
    mut news: watch::Receiver<()>,
    shutdown: CancellationToken,
) {
    loop {
        let pause = match pass(&webhook, &clickhouse, &shutdown).await {
            Ok(Pass::Empty) => None,
            Ok(Pass::Blocked) => Some(PAUSE),
            Err(error) => {
                tracing::warn!(%webhook, %error, "the outbox of the alerts cannot be read");
                Some(PAUSE)
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = news.changed() => if changed.is_err() { return },
            () = pause_or_ever(pause) => {}
        }
    }
}

async fn pause_or_ever(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

async fn pass(
    webhook: &Webhook,
    clickhouse: &Clickhouse,
    shutdown: &CancellationToken,
) -> Result<Pass, AlertStateError> {
    let receiver = webhook.id();
    loop {
        let waiting = alert_state::undelivered(clickhouse, &receiver, AT_ONCE).await?;
        if waiting.is_empty() {
            return Ok(Pass::Empty);
        }
        for row in waiting {
            if shutdown.is_cancelled() {
                return Ok(Pass::Blocked);
            }
            let Some(outcome) = send(webhook, &row, shutdown).await else {
                return Ok(Pass::Blocked);
            };
            let delivery = DeliveryRow {
                receiver: receiver.clone(),
                fingerprint: row.fingerprint,
                at: row.at,
                outcome: outcome.to_owned(),
                ended: clock::now_ms(),
            };
            if !record(webhook, clickhouse, &delivery, shutdown).await {
                return Ok(Pass::Blocked);
            }
        }
    }
}

/// How the notification's way ended; `None` if it has not.
async fn send(webhook: &Webhook, row: &OutboxRow, shutdown: &CancellationToken) -> Option<&'static str> {
    let key = format!("{}-{}", row.fingerprint, row.at);
    let age = Timestamp::from_millisecond(row.at).map(|at| clock::now().duration_since(at));
    if age.is_ok_and(|age| age > MAX_AGE) {
        tracing::error!(%webhook, key, "a notification is given up: the receiver could not be reached for a day");
        return Some("expired");
    }
    match webhook.deliver(&key, &row.notification, shutdown).await {
        Outcome::Accepted => {
            tracing::info!(%webhook, key, "a notification is delivered");
            Some("accepted")
        }
        Outcome::Refused { status } => {
            tracing::error!(
                %webhook, key, %status,
                "a notification is refused and given up: check `alerts.webhooks` (redirects are not followed)"
            );
            Some("refused")
        }
        Outcome::Unreachable { why } => {
            tracing::warn!(%webhook, key, why, "a notification waits: its receiver cannot be reached");
            None
        }
    }
}

/// Until it is recorded it must not be forgotten, or it would be sent again. Whether it was recorded before `shutdown`.
async fn record(
    webhook: &Webhook,
    clickhouse: &Clickhouse,
    delivery: &DeliveryRow,
    shutdown: &CancellationToken,
) -> bool {
    while let Err(error) = alert_state::record_delivery(clickhouse, delivery).await {
        tracing::warn!(%webhook, %error, "a delivery cannot be recorded; trying again");
        tokio::select! {
            () = shutdown.cancelled() => {
                tracing::error!(%webhook, fingerprint = delivery.fingerprint, "a delivery was not recorded: it will be repeated");
                return false;
            }
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
    true
}
