//! Brings ClickHouse's tables to the state that this collector writes.
//!
//! Migrations are numbered files; what has been applied is noted in `rum_data.migrations`. Each statement can be run
//! again, so a migration that was interrupted is simply repeated. They only add, or change how long rows are kept: rows in the
//! spool name their columns and fit a table that has more of them.

use clickhouse::Row;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::client::{Clickhouse, ClickhouseError};

struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        number: 1,
        name: "tables",
        sql: include_str!("../../migrations/0001_tables.sql"),
    },
    Migration {
        number: 2,
        name: "views",
        sql: include_str!("../../migrations/0002_views.sql"),
    },
    Migration {
        number: 3,
        name: "alerts",
        sql: include_str!("../../migrations/0003_alerts.sql"),
    },
    Migration {
        number: 4,
        name: "attribution",
        sql: include_str!("../../migrations/0004_attribution.sql"),
    },
    Migration {
        number: 5,
        name: "errors",
        sql: include_str!("../../migrations/0005_errors.sql"),
    },
    Migration {
        number: 6,
        name: "events",
        sql: include_str!("../../migrations/0006_events.sql"),
    },
    Migration {
        number: 7,
        name: "traces",
        sql: include_str!("../../migrations/0007_traces.sql"),
    },
    Migration {
        number: 8,
        name: "before_error",
        sql: include_str!("../../migrations/0008_before_error.sql"),
    },
    Migration {
        number: 9,
        name: "visitors",
        sql: include_str!("../../migrations/0009_visitors.sql"),
    },
    Migration {
        number: 10,
        name: "dirty_hours",
        sql: include_str!("../../migrations/0010_dirty_hours.sql"),
    },
    Migration {
        number: 11,
        name: "clock_skew",
        sql: include_str!("../../migrations/0011_clock_skew.sql"),
    },
    Migration {
        number: 12,
        name: "old_marks",
        sql: include_str!("../../migrations/0012_old_marks.sql"),
    },
];

/// What has to be there before anything can be noted.
const NOTEBOOK: [&str; 2] = [
    "CREATE DATABASE IF NOT EXISTS rum_data",
    "CREATE TABLE IF NOT EXISTS rum_data.migrations \
     (number UInt32, name String, checksum String, applied_at DateTime('UTC')) \
     ENGINE = ReplacingMergeTree ORDER BY number",
];

/// Why the tables are not as they should be.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// ClickHouse did not carry out a statement.
    #[error("migration {number} ({name}) failed: {source}")]
    Failed {
        /// The migration's number; 0 is the table of migrations itself.
        number: u32,
        /// The migration's name.
        name: &'static str,
        /// What ClickHouse says.
        source: ClickhouseError,
    },
    /// A migration was applied with another text than this collector has.
    #[error(
        "migration {number} ({name}) was applied in another form: a migration is never edited once it was released, the \
         next number changes what it did"
    )]
    Edited {
        /// The migration's number.
        number: u32,
        /// The migration's name.
        name: &'static str,
    },
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The numbers that were applied now.
    pub applied: Vec<u32>,
    /// Numbers that are in ClickHouse and not in this collector: a newer one was here. Its tables have more columns, which
    /// is no harm.
    pub unknown: Vec<u32>,
}

#[derive(Row, Deserialize)]
struct Note {
    number: u32,
    checksum: String,
}

/// Applies what has not been applied yet. Run it again at will.
///
/// # Errors
/// [`MigrateError`]; what was applied before stays.
pub async fn migrate(clickhouse: &Clickhouse) -> Result<Migrated, MigrateError> {
    for statement in NOTEBOOK {
        clickhouse.execute(statement).await.map_err(failed(0, "notebook"))?;
    }
    let notes = notes(clickhouse).await.map_err(failed(0, "notebook"))?;
    let mut applied = Vec::new();
    for Migration { number, name, sql } in MIGRATIONS {
        let (number, name) = (*number, *name);
        let checksum = checksum(sql);
        if let Some(note) = notes.iter().find(|note| note.number == number) {
            if note.checksum != checksum {
                return Err(MigrateError::Edited { number, name });
            }
            continue;
        }
        for statement in statements(sql) {
            clickhouse.execute(&statement).await.map_err(failed(number, name))?;
        }
        note(clickhouse, number, name, &checksum)
            .await
            .map_err(failed(number, name))?;
        tracing::info!(number, name, "migration applied");
        applied.push(number);
    }
    let known = |number: u32| MIGRATIONS.iter().any(|migration| migration.number == number);
    let unknown = notes
        .iter()
        .map(|note| note.number)
        .filter(|number| !known(*number))
        .collect();
    Ok(Migrated { applied, unknown })
}

fn failed(number: u32, name: &'static str) -> impl FnOnce(ClickhouseError) -> MigrateError {
    move |source| MigrateError::Failed { number, name, source }
}

async fn notes(clickhouse: &Clickhouse) -> Result<Vec<Note>, ClickhouseError> {
    let statement = "SELECT number, checksum FROM rum_data.migrations FINAL ORDER BY number";
    Ok(clickhouse.client()?.query_raw(statement).fetch_all().await?)
}

async fn note(clickhouse: &Clickhouse, number: u32, name: &str, checksum: &str) -> Result<(), ClickhouseError> {
    let statement = "INSERT INTO rum_data.migrations (number, name, checksum, applied_at) \
                     SELECT {number:UInt32}, {name:String}, {checksum:String}, now()";
    let client = clickhouse.client()?;
    let query = client
        .query_raw(statement)
        .param("number", number)
        .param("name", name)
        .param("checksum", checksum);
    Ok(query.execute().await?)
}

/// Of the statements, so that a comment may be made better.
fn checksum(sql: &str) -> String {
    let mut hash = Sha256::new();
    statements(sql).for_each(|statement| hash.update(statement));
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The statements of a file: comments are lines of their own, and a statement ends with a semicolon at the end of a line.
fn statements(sql: &str) -> impl Iterator<Item = String> {
    let lines: Vec<_> = sql
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    let statements: Vec<_> = lines
        .join("\n")
        .split(";\n")
        .map(|part| part.trim().trim_end_matches(';').to_owned())
        .collect();
    statements.into_iter().filter(|statement| !statement.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_apart() {
        let sql = "-- One; two;\nCREATE TABLE a\n(\n    -- inside\n    x UInt8\n);\n\n-- Next.\nSELECT ';';\n";
        let found: Vec<_> = statements(sql).collect();
        assert_eq!(found, ["CREATE TABLE a\n(\n    x UInt8\n)", "SELECT ';'"]);
        assert_eq!(checksum(sql), checksum(&sql.replace("-- Next.", "-- Another word.")));
        assert_ne!(checksum(sql), checksum(&sql.replace("UInt8", "UInt16")));
    }

    #[test]
    fn every_statement_can_be_repeated_and_only_adds() {
        for (at, migration) in (1..).zip(MIGRATIONS) {
            assert_eq!(migration.number, at, "numbers have no gaps");
            for statement in statements(migration.sql) {
                let repeatable = [
                    "CREATE DATABASE IF NOT EXISTS ",
                    "CREATE TABLE IF NOT EXISTS ",
                    "CREATE OR REPLACE VIEW ",
                ];
                let alters = statement.starts_with("ALTER TABLE ");
                let adds = repeatable.iter().any(|start| statement.starts_with(start))
                    || (alters && statement.contains(" ADD ") && statement.contains("IF NOT EXISTS"));
                let keeps = alters && (statement.contains(" MODIFY TTL") || statement.contains(" MODIFY SETTING "));
                assert!(adds || keeps, "{statement}");
            }
        }
    }
}
