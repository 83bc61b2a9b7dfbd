//! What the alert engine remembers: the log of transitions, which is its state and its outbox, and what was delivered.
//!
//! Rows have an identity, as everywhere: (fingerprint, at) names a transition, and with the receiver a delivery. So an
//! insert whose answer was lost is simply made again.

use std::time::Duration;

use clickhouse::{Row, RowOwned, RowWrite};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::client::{Clickhouse, ClickhouseError};
use super::schema::DATABASE;

/// How long a transition is remembered, in days; the migration's TTL has the same number. An alert that has fired for
/// longer without a change is a new one after a restart.
const REMEMBERED_DAYS: u16 = 90;
/// These tables are small: an answer that takes longer will not come.
const LIMIT: Duration = Duration::from_secs(15);

/// One step of one alert.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub(crate) struct TransitionRow {
    /// Identifies rule and group.
    pub(crate) fingerprint: String,
    /// When, in ms since the epoch; larger than in every row before it.
    pub(crate) at: i64,
    pub(crate) rule: String,
    pub(crate) group_values: Vec<String>,
    /// The state that it led to.
    pub(crate) phase: String,
    /// When that phase began, in ms since the epoch.
    pub(crate) since: i64,
    /// When the episode began to fire, in ms since the epoch; `since` where nothing fires.
    pub(crate) started: i64,
    /// `firing`, `resolved`, or empty where there is nothing to tell.
    pub(crate) status: String,
    /// What to tell: the body, as it is sent.
    pub(crate) notification: String,
    /// Whom to tell, by their ids.
    pub(crate) receivers: Vec<String>,
}

/// An alert that is not inactive.
#[derive(Clone, Debug, PartialEq, Row, Deserialize)]
pub(crate) struct StandingRow {
    pub(crate) fingerprint: String,
    pub(crate) rule: String,
    pub(crate) group_values: Vec<String>,
    pub(crate) phase: String,
    pub(crate) since: i64,
    pub(crate) started: i64,
    /// The last notification that it fires; empty if there was none.
    pub(crate) announced: String,
}

/// A notification that a receiver has not got.
#[derive(Clone, Debug, PartialEq, Row, Deserialize)]
pub(crate) struct OutboxRow {
    pub(crate) fingerprint: String,
    pub(crate) at: i64,
    pub(crate) notification: String,
}

/// The end of a notification's way to one receiver.
#[derive(Clone, Debug, PartialEq, Row, Serialize)]
pub(crate) struct DeliveryRow {
    pub(crate) receiver: String,
    pub(crate) fingerprint: String,
    pub(crate) at: i64,
    /// `accepted`, `refused` or `expired`.
    pub(crate) outcome: String,
    /// When, in ms since the epoch.
    pub(crate) ended: i64,
}

/// Why the log or the outbox cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AlertStateError {
    /// ClickHouse refused, or is away.
    #[error(transparent)]
    Clickhouse(#[from] ClickhouseError),
    /// ClickHouse did not answer.
    #[error("ClickHouse has not answered for {} s", LIMIT.as_secs())]
    Silent,
}

impl From<clickhouse::error::Error> for AlertStateError {
    fn from(error: clickhouse::error::Error) -> Self {
        Self::Clickhouse(error.into())
    }
}

/// Adds transitions to the log.
pub(crate) async fn record(clickhouse: &Clickhouse, rows: &[TransitionRow]) -> Result<(), AlertStateError> {
    within_limit(insert(clickhouse, "alert_transitions", rows)).await
}

/// Remembers that a notification reached the end of its way.
pub(crate) async fn record_delivery(clickhouse: &Clickhouse, row: &DeliveryRow) -> Result<(), AlertStateError> {
    within_limit(insert(clickhouse, "alert_deliveries", std::slice::from_ref(row))).await
}

/// The largest `at` of the log, 0 if it is empty.
pub(crate) async fn latest(clickhouse: &Clickhouse) -> Result<i64, AlertStateError> {
    const SQL: &str = "SELECT toInt64(max(at)) FROM rum_data.alert_transitions";
    within_limit(async { Ok(clickhouse.client()?.query_raw(SQL).fetch_one().await?) }).await
}

/// The alerts that are not inactive, as their last transitions say.
pub(crate) async fn standing(clickhouse: &Clickhouse) -> Result<Vec<StandingRow>, AlertStateError> {
    // `last` is one tuple, so that its parts come from one row. The age is asked for because a TTL is carried out late,
    // and in no order: an older row must not come back as the last one.
    const SQL: &str = "
        SELECT fingerprint, last.1 AS rule, last.2 AS group_values, last.3 AS phase, last.4 AS since, last.5 AS started, announced
        FROM (
            SELECT
                fingerprint,
                argMax((rule, group_values, phase, since, started), at) AS last,
                argMaxIf(notification, at, status = 'firing') AS announced
            FROM rum_data.alert_transitions
            WHERE at > now64(3) - toIntervalDay({days: UInt16})
            GROUP BY fingerprint
        )
        WHERE phase != 'inactive'";
    within_limit(async {
        Ok(clickhouse
            .client()?
            .query_raw(SQL)
            .param("days", REMEMBERED_DAYS)
            .fetch_all()
            .await?)
    })
    .await
}

/// What `receiver` must still be told, oldest first, at most `limit`.
pub(crate) async fn undelivered(
    clickhouse: &Clickhouse,
    receiver: &str,
    limit: u32,
) -> Result<Vec<OutboxRow>, AlertStateError> {
    const SQL: &str = "
        SELECT fingerprint, at, notification
        FROM rum_data.alert_transitions FINAL
        WHERE at > now64(3) - toIntervalDay({days: UInt16})
          AND has(receivers, {receiver: String})
          AND (fingerprint, at) NOT IN (
              SELECT fingerprint, at FROM rum_data.alert_deliveries WHERE receiver = {receiver: String}
          )
        ORDER BY at, fingerprint
        LIMIT {limit: UInt32}";
    within_limit(async {
        let query = clickhouse.client()?.query_raw(SQL).param("days", REMEMBERED_DAYS);
        Ok(query
            .param("receiver", receiver)
            .param("limit", limit)
            .fetch_all()
            .await?)
    })
    .await
}

async fn insert<T>(clickhouse: &Clickhouse, table: &str, rows: &[T]) -> Result<(), AlertStateError>
where
    T: RowOwned + RowWrite,
{
    let client = clickhouse
        .client()?
        .with_database(DATABASE)
        // What is told must have been remembered.
        .with_setting("async_insert", "0")
        // As with events: what a deduplication log knows may never have been stored.
        .with_setting("insert_deduplicate", "0");
    let mut insert = client.insert::<T>(table).await?;
    for row in rows {
        insert.write(row).await?;
    }
    Ok(insert.end().await?)
}

async fn within_limit<T>(answer: impl Future<Output = Result<T, AlertStateError>>) -> Result<T, AlertStateError> {
    timeout(LIMIT, answer).await.unwrap_or(Err(AlertStateError::Silent))
}
