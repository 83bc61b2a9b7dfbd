//! The bounds of `/v1/sql`.

use std::time::Duration;

use super::super::raw::RawSql;
use super::super::{SqlLimits, defaults};
use super::Problems;

/// Checks each of them.
pub(super) fn check(raw: &RawSql, problems: &mut Problems) -> SqlLimits {
    let default = defaults::SQL;
    let second = Duration::from_secs(1);
    let result_rows = raw.result_rows.unwrap_or(default.result_rows);
    if !(1..=1_000_000_000).contains(&result_rows) {
        problems.add(
            "sql.result_rows",
            format!("{result_rows} is out of range"),
            "use 1 to 1000000000",
        );
    }
    SqlLimits {
        time: problems.span("sql.time", raw.time, default.time, second..=600 * second),
        result_rows,
        answer_bytes: problems.bytes(
            "sql.answer_bytes",
            raw.answer_bytes,
            default.answer_bytes,
            1 << 10..=4 << 30,
        ),
        read_bytes: problems.bytes("sql.read_bytes", raw.read_bytes, default.read_bytes, 1 << 20..=1 << 50),
        memory_bytes: problems.bytes(
            "sql.memory_bytes",
            raw.memory_bytes,
            default.memory_bytes,
            16 << 20..=1 << 40,
        ),
        at_once: problems.count("sql.at_once", raw.at_once, default.at_once, 1..=64),
    }
}
