//! Answers from ClickHouse: any statement for the command line, and windows of arrival for alerts.

use std::time::Duration;

use clickhouse::Row;
use rum_core::vitals::Metric;
use serde::Deserialize;
use thiserror::Error;
use tokio::time::timeout;

use super::client::{Clickhouse, ClickhouseError};

/// The longest answer to a statement of the command line, in bytes.
const ANSWER_BYTES: usize = 64 << 20;

/// How long a statement may run.
const QUERY_LIMIT: Duration = Duration::from_secs(60);

/// Rows whose own time is this much before their arrival, in hours, say nothing about now: a page that kept them until
/// its next visit.
const LATE_HOURS: u32 = 6;

/// Errors that code threw or spoke of. What browsers say by themselves, such as deprecations and images that could not be
/// loaded, is much more and says less: nobody is to be called for it unasked.
const THROWN: &str = " AND source NOT IN ('resource', 'csp-violation', 'deprecation', 'intervention', 'crash')";

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum QueryError {
    /// ClickHouse did not give one.
    #[error(transparent)]
    Clickhouse(#[from] ClickhouseError),
    /// It took too long.
    #[error("no answer within {} s", QUERY_LIMIT.as_secs())]
    TimedOut,
    /// It is too long.
    #[error("the answer is longer than {ANSWER_BYTES} bytes: add a LIMIT")]
    TooLong,
    /// It is no text.
    #[error("the answer is no text in UTF-8")]
    NotText,
}

impl From<clickhouse::error::Error> for QueryError {
    fn from(error: clickhouse::error::Error) -> Self {
        Self::Clickhouse(error.into())
    }
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SqlFormat {
    /// A table for people.
    #[default]
    Table,
    /// One JSON object with the columns and the rows.
    Json,
    /// One JSON object a row, each in a line.
    JsonLines,
    /// CSV with a first line of names.
    Csv,
}

impl SqlFormat {
    /// As ClickHouse calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Table => "PrettyCompactNoEscapesMonoBlock",
            Self::Json => "JSON",
            Self::JsonLines => "JSONEachRow",
            Self::Csv => "CSVWithNames",
        }
    }
}

/// Runs one statement that only reads, and gives its answer as text.
///
/// # Errors
/// As [`QueryError`] says; ClickHouse's own message is in [`ClickhouseError::Refused`].
pub async fn sql(clickhouse: &Clickhouse, statement: &str, format: SqlFormat) -> Result<String, QueryError> {
    let read = async {
        let mut answer = clickhouse
            .client()?
            .query_raw(statement)
            .with_setting("readonly", "2")
            // 64-bit counts stay numbers.
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .fetch_bytes(format.name())?;
        let mut text = Vec::new();
        while let Some(piece) = answer.next().await? {
            if text.len() + piece.len() > ANSWER_BYTES {
                return Err(QueryError::TooLong);
            }
            text.extend_from_slice(&piece);
        }
        String::from_utf8(text).map_err(|_| QueryError::NotText)
    };
    timeout(QUERY_LIMIT, read).await.map_err(|_| QueryError::TimedOut)?
}

/// Asks whether ClickHouse answers at all.
///
/// # Errors
/// As [`QueryError`] says.
pub async fn ping(clickhouse: &Clickhouse) -> Result<(), QueryError> {
    sql(clickhouse, "SELECT 1", SqlFormat::Csv).await.map(drop)
}

/// What is asked about a window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowQuery {
    /// Of one app; of all if absent.
    pub app: Option<String>,
    /// What is measured.
    pub measure: Measure,
    /// One answer for all, or one a page.
    pub group_by: GroupBy,
    /// Only this page.
    pub page: Option<String>,
    /// The window's beginning, of arrival, in ms since the epoch.
    pub from_ms: i64,
    /// The window's end, which does not belong to it.
    pub to_ms: i64,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// A quantile of a metric, in ms (CLS as it is). Document scope.
    Quantile {
        /// The metric.
        metric: Metric,
        /// Between 0 and 1.
        q: f64,
    },
    /// Rows of errors that code threw or spoke of: an error counts once a document, however often it occurred there.
    ErrorCount,
}

/// Into what the answers are divided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupBy {
    /// One answer.
    #[default]
    Nothing,
    /// One a page.
    Page,
}

/// The answer for one group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupStats {
    /// What names it: nothing, or the page.
    pub group: Vec<String>,
    /// The measure; a quantile of no samples is not a number.
    pub value: f64,
    /// On how many rows it rests.
    pub samples: u64,
    /// Rows of the window that were left out, because they are more than six hours older than their arrival.
    pub late: u64,
}

#[derive(Row, Deserialize)]
struct WindowRow {
    group: String,
    value: f64,
    samples: u64,
    late: u64,
}

/// Measures a window of arrival.
///
/// # Errors
/// As [`QueryError`] says.
pub async fn window(clickhouse: &Clickhouse, query: &WindowQuery) -> Result<Vec<GroupStats>, QueryError> {
    let app = query.app.as_deref();
    let mut asked = clickhouse
        .client()?
        .query_raw(&window_statement(query))
        .param("from_ms", query.from_ms)
        .param("to_ms", query.to_ms)
        .param("app", app.unwrap_or_default())
        .param("page", query.page.as_deref().unwrap_or_default());
    if let Measure::Quantile { metric, .. } = query.measure {
        asked = asked.param("metric", metric.name());
    }
    let rows = timeout(QUERY_LIMIT, asked.fetch_all::<WindowRow>())
        .await
        .map_err(|_| QueryError::TimedOut)??;
    Ok(rows
        .into_iter()
        .map(|row| GroupStats {
            group: match query.group_by {
                GroupBy::Nothing => Vec::new(),
                GroupBy::Page => vec![row.group],
            },
            value: row.value,
            samples: row.samples,
            late: row.late,
        })
        .collect())
}

/// The statement; what comes from outside is bound as a parameter.
fn window_statement(query: &WindowQuery) -> String {
    let on_time = format!("ts >= recv_ts - INTERVAL {LATE_HOURS} HOUR");
    let (source, value, own) = match query.measure {
        Measure::Quantile { q, .. } => (
            "rum.web_vitals",
            // Weights are counted in thousandths. Without a row on time there is no value, which is not 0.
            format!("quantileExactWeightedIf({q:?})(value, toUInt64(round(weight * 1000)), {on_time})"),
            " AND metric = {metric:String}",
        ),
        Measure::ErrorCount => ("rum.errors", format!("countIf({on_time})"), THROWN),
    };
    let group = match query.group_by {
        GroupBy::Nothing => "''",
        GroupBy::Page => "toString(page)",
    };
    let app = if query.app.is_some() {
        " AND app = {app:String}"
    } else {
        ""
    };
    let page = if query.page.is_some() {
        " AND page = {page:String}"
    } else {
        ""
    };
    // `hour` can be two days before the arrival at most: without it every partition would be read.
    format!(
        "SELECT {group} AS group, toFloat64({value}) AS value, countIf({on_time}) AS samples, \
         countIf(NOT ({on_time})) AS late \
         FROM {source} \
         WHERE recv_ts >= fromUnixTimestamp64Milli({{from_ms:Int64}}, 'UTC') \
         AND recv_ts < fromUnixTimestamp64Milli({{to_ms:Int64}}, 'UTC') \
         AND hour >= fromUnixTimestamp64Milli({{from_ms:Int64}}, 'UTC') - INTERVAL 49 HOUR \
         AND hour <= fromUnixTimestamp64Milli({{to_ms:Int64}}, 'UTC') + INTERVAL 1 HOUR\
         {own}{app}{page} \
         GROUP BY group HAVING samples + late > 0 ORDER BY group"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_bind_what_comes_from_outside() {
        let query = WindowQuery {
            app: Some("shop".into()),
            measure: Measure::Quantile {
                metric: Metric::Lcp,
                q: 0.75,
            },
            group_by: GroupBy::Page,
            page: Some("/'; DROP TABLE x".into()),
            from_ms: 1,
            to_ms: 2,
        };
        insta::assert_snapshot!("window_quantile_by_page", window_statement(&query));
        let query = WindowQuery {
            app: None,
            measure: Measure::ErrorCount,
            group_by: GroupBy::Nothing,
            page: None,
            ..query
        };
        insta::assert_snapshot!("window_error_count", window_statement(&query));
    }
}
