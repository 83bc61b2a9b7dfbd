//! The spool, and the way from it into ClickHouse.

use std::io;

use super::exposition::Family;
use crate::store::{FailureClass, Measures, Spool, SpoolHealth, Table};

/// The metrics at `now_ms`. Blocks on the disk.
pub(super) fn families(spool: &Spool, now_ms: i64) -> Vec<Family> {
    let health = spool.health();
    let mut families = of_spool(&health);
    families.push(ages(&spool.waiting_since_ms(), now_ms));
    families.extend(of_commits(spool.measures()));
    families.extend(of_inserts(spool.measures()));
    families.push(of_tables(
        Family::gauge(
            "rum_insert_stalled",
            "1 while something keeps a table's rows out of ClickHouse.",
        ),
        |table| health.tables.iter().any(|of| of.table == table && of.stall.is_some()),
    ));
    families
}

fn of_spool(health: &SpoolHealth) -> Vec<Family> {
    vec![
        Family::gauge("rum_spool_bytes", "Bytes of all segments of the spool.").sample([], health.bytes),
        Family::gauge("rum_spool_limit_bytes", "Bytes at which the spool is full.").sample([], health.limit_bytes),
        Family::gauge(
            "rum_spool_fsync_info",
            "1, with what a 204 promises, as spool.fsync says it.",
        )
        .sample([("mode", health.fsync.name())], 1_u64),
        Family::gauge("rum_spool_segments", "Segments of the spool.").sample([], health.segments as u64),
        Family::counter(
            "rum_spool_damaged_places_total",
            "Places where stored batches were lost to damage: found at the start, or met since.",
        )
        .sample([], health.damaged),
        Family::counter("rum_spool_lost_bytes_total", "Bytes of these places.").sample([], health.lost_bytes),
        Family::gauge(
            "rum_spool_torn_bytes",
            "Bytes of an unfinished frame, which a crash had left, that this start has cut off the newest segment.",
        )
        .sample([], health.torn_bytes),
        Family::gauge(
            "rum_spool_refusing",
            "1 while the spool takes no batch, which is answered 503.",
        )
        .sample([], health.refusal.is_some()),
    ]
}

fn ages(since: &[(Table, io::Result<Option<i64>>)], now_ms: i64) -> Family {
    let family = Family::gauge(
        "rum_spool_oldest_age_seconds",
        "Age of the oldest batch that a table's writer has not passed, 0 if there is none; absent if it cannot be read.",
    );
    since.iter().fold(family, |family, (table, since)| match since {
        Ok(since) => {
            let age_ms = since.map_or(0, |since| now_ms.saturating_sub(since).max(0));
            family.sample([("table", table.name())], age_ms as f64 / 1e3)
        }
        Err(_) => family,
    })
}

fn of_commits(measures: &Measures) -> Vec<Family> {
    let commits = &measures.commits;
    vec![
        Family::histogram(
            "rum_spool_commit_duration_seconds",
            "Time that writing and syncing a group of batches took.",
        )
        .sample([], commits.time.snapshot()),
        Family::histogram("rum_spool_commit_batches", "Batches that shared one sync.")
            .sample([], commits.batches.snapshot()),
        Family::counter(
            "rum_spool_written_bytes_total",
            "Bytes that were made durable in the spool.",
        )
        .sample([], commits.bytes.get()),
        Family::counter(
            "rum_spool_commit_failures_total",
            "Groups of batches that the disk refused.",
        )
        .sample([], commits.failures.get()),
    ]
}

fn of_inserts(measures: &Measures) -> Vec<Family> {
    let mut failures = Family::counter(
        "rum_insert_failures_total",
        "Attempts to insert that failed, by what the writer makes of ClickHouse's code.",
    );
    for table in Table::ALL {
        for class in FailureClass::ALL {
            let labels = [("table", table.name()), ("class", class.name())];
            failures = failures.sample(labels, measures.table(table).failures(class).get());
        }
    }
    vec![
        of_tables(
            Family::counter("rum_insert_rows_total", "Rows that ClickHouse has taken."),
            |table| measures.table(table).rows.get(),
        ),
        of_tables(
            Family::counter("rum_insert_bytes_total", "Bytes of these rows before compression."),
            |table| measures.table(table).bytes.get(),
        ),
        of_tables(
            Family::histogram(
                "rum_insert_duration_seconds",
                "Time that each insert took that succeeded.",
            ),
            |table| measures.table(table).time.snapshot(),
        ),
        of_tables(
            Family::gauge(
                "rum_insert_size_rows",
                "Rows that an insert may have now: fewer once ClickHouse had no memory or time for so many, then more again. 0 before \
                 the first.",
            ),
            |table| measures.table(table).size.get(),
        ),
        failures,
        of_tables(
            Family::counter(
                "rum_insert_retries_total",
                "Attempts to insert that were repeated with the same rows.",
            ),
            |table| measures.table(table).retries.get(),
        ),
        of_tables(
            Family::counter(
                "rum_dead_letters_total",
                "Rows that ClickHouse will never take and that are kept apart.",
            ),
            |table| measures.table(table).dead_letters.get(),
        ),
        of_tables(
            Family::histogram(
                "rum_ingest_lag_seconds",
                "For each row, time from its batch's arrival until ClickHouse had it.",
            ),
            |table| measures.table(table).lag.snapshot(),
        ),
    ]
}

fn of_tables<T: Into<super::exposition::Value>>(family: Family, value: impl Fn(Table) -> T) -> Family {
    Table::ALL.into_iter().fold(family, |family, table| {
        family.sample([("table", table.name())], value(table))
    })
}

#[cfg(test)]
mod tests {
    use super::super::exposition::text;
    use super::*;

    #[test]
    fn an_age_is_never_negative_and_an_unknown_one_is_absent() {
        let since = [
            (Table::Views, Ok(Some(5_000))),
            (Table::Vitals, Ok(None)),
            (Table::Errors, Ok(Some(9_000))),
            (Table::Logs, Err(io::ErrorKind::InvalidData.into())),
        ];
        let page = text(vec![ages(&since, 7_500)]).unwrap();
        let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(
            samples,
            [
                r#"rum_spool_oldest_age_seconds{table="views"} 2.5"#,
                r#"rum_spool_oldest_age_seconds{table="vitals"} 0.0"#,
                r#"rum_spool_oldest_age_seconds{table="errors"} 0.0"#,
            ]
        );
    }
}
