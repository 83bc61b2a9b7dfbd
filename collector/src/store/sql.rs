//! Statements of people over HTTP: looked through ([`super::wall`]), run with limits, answered piece by piece.
//!
//! The engine first writes the statement in its own way (which refuses a second one, and leaves no comments), then tells
//! that text's syntax tree, and then runs that very text: what runs is what was looked at.

use std::time::Duration;

use bytes::Bytes;
use clickhouse::query::{BytesCursor, Query};
use thiserror::Error;
use tokio::time::timeout;

use super::client::{Clickhouse, ClickhouseError, Confinement};
use super::query::SqlFormat;
use super::wall::{self, Forbidden};
use crate::config::SqlLimits;

/// The longest statement, in bytes.
pub const STATEMENT_BYTES: usize = 64 << 10;

/// How many nodes a syntax tree may have.
const NODES: &str = "10000";

/// How deep it may be.
const DEPTH: &str = "200";

/// How long ClickHouse may take to say that a statement has taken too long.
const GRACE: Duration = Duration::from_secs(5);

/// The longest text of ClickHouse's that is passed on, in characters.
const REASON_CHARS: usize = 1_000;

/// What somebody asks.
#[derive(Clone, Debug)]
pub struct Question {
    /// One SELECT.
    pub statement: String,
    /// Values for its `{name:Type}`, as text.
    pub parameters: Vec<(String, String)>,
    /// How the answer is written.
    pub format: SqlFormat,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SqlError {
    /// The statement is not one of those that people may run.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// ClickHouse itself does not allow it.
    #[error("ClickHouse does not allow this: {0}")]
    NotAllowed(String),
    /// The embedded ClickHouse is not confined.
    #[error(
        "statements are not run, because the kernel does not confine the embedded ClickHouse: {0}; run the collector on Linux \
         5.19 or newer with landlock (CONFIG_LSM or lsm= names it), or store in a server (clickhouse.url)"
    )]
    Unconfined(String),
    /// It is no SQL, or of tables and columns that do not exist.
    #[error("{0}")]
    Statement(String),
    /// It takes more than `[sql]` allows.
    #[error("the statement is over the limit {limit}: {reason}")]
    OverLimit {
        /// The setting.
        limit: &'static str,
        /// What ClickHouse says.
        reason: String,
    },
    /// The answer is longer than it may be.
    #[error("the answer is longer than {limit} bytes (sql.answer_bytes): add a LIMIT, or ask for less")]
    TooLong {
        /// The limit.
        limit: u64,
    },
    /// There is no ClickHouse at present.
    #[error("ClickHouse does not answer at present; ask again later")]
    Away,
}

/// ClickHouse's codes for what takes too much, and of what.
const OVER_LIMIT: [(u32, &str); 12] = [
    (158, "sql.result_rows"),                 // TOO_MANY_ROWS
    (159, TIME),                              // TIMEOUT_EXCEEDED
    (160, TIME),                              // TOO_SLOW
    (167, FORM),                              // TOO_DEEP_AST
    (168, FORM),                              // TOO_BIG_AST
    (173, "sql.memory_bytes"),                // CANNOT_ALLOCATE_MEMORY
    (241, "sql.memory_bytes"),                // MEMORY_LIMIT_EXCEEDED
    (306, FORM),                              // TOO_DEEP_RECURSION
    (307, "sql.read_bytes"),                  // TOO_MANY_BYTES
    (394, TIME),                              // QUERY_WAS_CANCELLED
    (396, "sql.result_rows or answer_bytes"), // TOO_MANY_ROWS_OR_BYTES
    (636, FORM),                              // TOO_MANY_TABLES
];

const TIME: &str = "sql.time";

/// What no setting says.
const FORM: &str = "of a statement's length and depth";

/// ClickHouse's codes for what it does not let this user do.
const NOT_ALLOWED: [u32; 4] = [
    164, // READONLY
    291, // DATABASE_ACCESS_DENIED
    452, // SETTING_CONSTRAINT_VIOLATION
    497, // ACCESS_DENIED
];

/// ClickHouse's codes for its being busy, or ending, which pass.
const BUSY: [u32; 3] = [
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    203, // NO_FREE_CONNECTION
    236, // ABORTED: the embedded one starts anew
];

impl From<ClickhouseError> for SqlError {
    fn from(error: ClickhouseError) -> Self {
        match error {
            ClickhouseError::Refused { code, .. } if BUSY.contains(&code) => Self::Away,
            ClickhouseError::Refused { code, message } => {
                let reason = safe(&message);
                let over = OVER_LIMIT.iter().find(|(over, _)| *over == code);
                match (over, code) {
                    (Some((_, limit)), _) => Self::OverLimit { limit, reason },
                    (None, code) if NOT_ALLOWED.contains(&code) => Self::NotAllowed(reason),
                    (None, _) => Self::Statement(reason),
                }
            }
            ClickhouseError::Absent | ClickhouseError::Unreachable(_) | ClickhouseError::TimedOut => Self::Away,
            ClickhouseError::Client(message) => Self::Statement(safe(&message)),
        }
    }
}

impl From<clickhouse::error::Error> for SqlError {
    fn from(error: clickhouse::error::Error) -> Self {
        ClickhouseError::from(error).into()
    }
}

/// An answer on its way.
pub struct Answer {
    cursor: BytesCursor,
    /// How many bytes may still come.
    left: u64,
    limits: SqlLimits,
}

impl Answer {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the statement fails on its way, or the answer is too long: then what has come is not all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, SqlError> {
        let wait = self.limits.time + GRACE;
        let piece = timeout(wait, self.cursor.next()).await.map_err(|_| too_slow(wait))??;
        if let Some(piece) = &piece {
            let limit = self.limits.answer_bytes;
            self.left = self
                .left
                .checked_sub(piece.len() as u64)
                .ok_or(SqlError::TooLong { limit })?;
        }
        Ok(piece)
    }
}

/// Runs what `question` asks, if it may run. The answer may still fail on its way.
///
/// # Errors
/// As [`SqlError`] says.
pub async fn ask(clickhouse: &Clickhouse, question: &Question, limits: &SqlLimits) -> Result<Answer, SqlError> {
    let level = match clickhouse.confinement()? {
        Confinement::Kernel => ReadOnly::Locked,
        Confinement::Grants => ReadOnly::Changeable,
        Confinement::Nothing { reason } => return Err(SqlError::Unconfined(reason)),
    };
    let asking = Asking {
        clickhouse,
        limits,
        level,
    };
    let wait = limits.time + GRACE;
    let statement = timeout(wait, asking.examined(question))
        .await
        .map_err(|_| too_slow(wait))??;
    let cursor = asking
        .query(&statement, &question.parameters)?
        .fetch_bytes(question.format.name())?;
    Ok(Answer {
        cursor,
        left: limits.answer_bytes,
        limits: limits.clone(),
    })
}

fn too_slow(wait: Duration) -> SqlError {
    SqlError::OverLimit {
        limit: TIME,
        reason: format!("there was no answer within {} s", wait.as_secs()),
    }
}

/// Whether a session's settings may still be changed.
#[derive(Clone, Copy)]
enum ReadOnly {
    /// No.
    Locked,
    /// Yes: a server sets up its HTTP session after it has read this. There the user's profile constrains them.
    Changeable,
}

struct Asking<'a> {
    clickhouse: &'a Clickhouse,
    limits: &'a SqlLimits,
    level: ReadOnly,
}

impl Asking<'_> {
    /// The statement in the engine's own writing, once its syntax tree has been looked through.
    async fn examined(&self, question: &Question) -> Result<String, SqlError> {
        let text = [("statement".to_owned(), question.statement.clone())];
        let statement: String = self
            .query("SELECT formatQuerySingleLine({statement:String})", &text)?
            .fetch_one()
            .await?;
        wall::examine_writing(&statement)?;
        let tree: Vec<String> = self
            .query(&format!("EXPLAIN AST {statement}"), &question.parameters)?
            .fetch_all()
            .await?;
        wall::examine(&tree)?;
        wall::examine_calls(&statement)?;
        Ok(statement)
    }

    /// A statement that only reads, under the limits.
    fn query(&self, statement: &str, parameters: &[(String, String)]) -> Result<Query, SqlError> {
        let SqlLimits {
            time,
            result_rows,
            answer_bytes,
            read_bytes,
            memory_bytes,
            ..
        } = self.limits;
        let settings = [
            ("max_execution_time", time.as_secs().to_string()),
            ("timeout_overflow_mode", "throw".to_owned()),
            ("max_result_rows", result_rows.to_string()),
            ("max_result_bytes", answer_bytes.to_string()),
            ("result_overflow_mode", "throw".to_owned()),
            ("max_bytes_to_read", read_bytes.to_string()),
            ("read_overflow_mode", "throw".to_owned()),
            ("max_memory_usage", memory_bytes.to_string()),
            // What does not fit into memory may go to disk, as much again.
            ("max_temporary_data_on_disk_size_for_query", memory_bytes.to_string()),
            ("max_query_size", (4 * STATEMENT_BYTES).to_string()),
            ("max_ast_elements", NODES.to_owned()),
            ("max_expanded_ast_elements", NODES.to_owned()),
            ("max_ast_depth", DEPTH.to_owned()),
            ("max_parser_depth", DEPTH.to_owned()),
            ("allow_introspection_functions", "0".to_owned()),
            // 64-bit counts stay numbers.
            ("output_format_json_quote_64bit_integers", "0".to_owned()),
        ];
        let level = match self.level {
            ReadOnly::Locked => "1",
            ReadOnly::Changeable => "2",
        };
        let client = self.clickhouse.client()?.with_database(wall::DATABASE);
        let mut query = client.query_raw(statement).with_setting("readonly", level);
        for (name, value) in settings {
            query = query.with_setting(name, value);
        }
        for (name, value) in parameters {
            query = query.with_setting(format!("param_{name}"), escaped(value));
        }
        Ok(query)
    }
}

/// A value as ClickHouse reads values: as a field of TSV. Quotes stay, for those of a list's items are part of it.
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\0' => escaped.push_str("\\0"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text of ClickHouse's as a stranger may read it: without its version, traces, folders and control characters.
fn safe(message: &str) -> String {
    let text = message.split("Stack trace:").next().unwrap_or_default();
    let text = text.split("DB::Exception: ").last().unwrap_or(text);
    let text = text.rsplit_once(" (version ").map_or(text, |(before, _)| before);
    let words = text
        .split_whitespace()
        .map(|word| if is_of_disk(word) { "[path]" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    text.chars().filter(|c| !c.is_control()).take(REASON_CHARS).collect()
}

/// Whether a word names a file of ClickHouse's own. Pages have paths, too: those stay.
fn is_of_disk(word: &str) -> bool {
    let inside = [
        "/clickhouse/",
        "/store/",
        "/metadata/",
        "/user_files/",
        "/user_scripts/",
        "/tmp/",
    ];
    let ends = [".bin", ".mrk", ".sql", ".so"];
    let bare = word.trim_end_matches([':', ',', '.', ';', ')', '\'']);
    inside.iter().any(|part| word.contains(part)) || (bare.contains('/') && ends.iter().any(|end| bare.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_clickhouse_is_made_safe() {
        for (text, expected) in [
            (
                "Code: 47. DB::Exception: Unknown identifier `pgae` in scope SELECT pgae. (UNKNOWN_IDENTIFIER) (version 26.7.2.1)",
                "Unknown identifier `pgae` in scope SELECT pgae. (UNKNOWN_IDENTIFIER)",
            ),
            (
                "Code: 76. DB::Exception: Cannot open file /var/lib/rum/clickhouse/store/1.bin: , errno: 13. (CANNOT_OPEN_FILE) (version 1)",
                "Cannot open file [path] , errno: 13. (CANNOT_OPEN_FILE)",
            ),
            (
                "Code: 1. DB::Exception: a\u{1b}[31mb /product/7 Stack trace: 0. x",
                "a[31mb /product/7",
            ),
        ] {
            assert_eq!(safe(text), expected);
        }
        assert_eq!(safe(&"x".repeat(5_000)).len(), REASON_CHARS);
    }

    #[test]
    fn codes_say_whose_fault_it_is() {
        let of = |code| {
            SqlError::from(ClickhouseError::Refused {
                code,
                message: "m".into(),
            })
        };
        let over = |limit| SqlError::OverLimit {
            limit,
            reason: "m".into(),
        };
        assert_eq!(of(159), over("sql.time"));
        assert_eq!(of(241), over("sql.memory_bytes"));
        assert_eq!(of(164), SqlError::NotAllowed("m".into()));
        assert_eq!(of(62), SqlError::Statement("m".into()));
        assert_eq!(of(202), SqlError::Away);
        assert_eq!(of(236), SqlError::Away);
        assert_eq!(SqlError::from(ClickhouseError::Absent), SqlError::Away);
    }
}
