//! What to do with rows that ClickHouse did not take.

use super::super::batch_rows::BatchRows;
use super::super::client::ClickhouseError;
use super::super::exceptions::{Policy, policy};
use super::super::schema::Table;

/// Rows of one batch that go to the dead letters at most. If more are refused it is the table that is wrong, not the
/// rows: they wait in the spool until it is mended.
const BAD_ROWS: usize = 100;

/// How often rows of one partition are repeated that are too many for its parts: with the pauses between, half a minute in which
/// merges may make room. Smaller inserts would only make more parts.
const WAITS_FOR_MERGES: u32 = 8;

/// What was tried.
pub(super) struct Attempt<'a> {
    pub(super) table: Table,
    /// The rows that were not taken.
    pub(super) piece: &'a BatchRows,
    /// How often it was repeated already.
    pub(super) repeats: u32,
    /// Rows of the same batch that are dead letters.
    pub(super) bad_rows: usize,
}

/// What to do with rows that were not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// These instead, in their order.
    Split(Vec<BatchRows>),
    /// It is one row, and never will be taken.
    Bury { code: u32, message: String },
    /// Again, ever more slowly.
    Repeat,
    /// Again, when somebody has mended it.
    Alarm,
}

/// What to do about `error`.
pub(super) fn judge(error: &ClickhouseError, attempt: &Attempt<'_>) -> Verdict {
    let Attempt {
        table,
        piece,
        repeats,
        bad_rows,
    } = *attempt;
    let (code, message) = match error {
        ClickhouseError::Refused { code, message } => (*code, message),
        ClickhouseError::Client(_) => return Verdict::Alarm,
        ClickhouseError::Absent | ClickhouseError::Unreachable(_) | ClickhouseError::TimedOut => {
            return Verdict::Repeat;
        }
    };
    let halves = || Verdict::Split(piece.halves().into());
    match policy(code) {
        Policy::Retry | Policy::RetryHalf => Verdict::Repeat,
        Policy::SplitByPartition => match table.partition_prefix().map(|_| piece.partitions()) {
            Some(partitions) if partitions.len() > 1 => Verdict::Split(partitions),
            _ if piece.len() > 1 && repeats >= WAITS_FOR_MERGES => halves(),
            _ => Verdict::Repeat,
        },
        Policy::Halve if piece.len() > 1 => halves(),
        Policy::Halve => Verdict::Repeat,
        Policy::SplitByRow if bad_rows >= BAD_ROWS => Verdict::Alarm,
        Policy::SplitByRow if piece.len() > 1 => halves(),
        Policy::SplitByRow => Verdict::Bury {
            code,
            message: message.clone(),
        },
        Policy::Mend | Policy::Unknown => Verdict::Alarm,
    }
}

/// Whether fewer rows would have been better.
pub(super) fn too_much(error: &ClickhouseError) -> bool {
    match error {
        ClickhouseError::TimedOut => true,
        ClickhouseError::Refused { code, .. } => match policy(*code) {
            Policy::RetryHalf | Policy::Halve => true,
            Policy::Retry | Policy::SplitByPartition | Policy::SplitByRow | Policy::Mend | Policy::Unknown => false,
        },
        ClickhouseError::Absent | ClickhouseError::Unreachable(_) | ClickhouseError::Client(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of one day and one of another, with nothing but what partitions are made of.
    fn rows() -> BatchRows {
        let row = |day: u32| [30_u16.to_le_bytes().as_slice(), &(day * 86_400).to_le_bytes()].concat();
        BatchRows::new([row(1), row(2), row(1)].concat(), vec![6, 12, 18])
    }

    fn of_one_day() -> BatchRows {
        rows().partitions().remove(0)
    }

    fn one() -> BatchRows {
        rows().partitions().remove(1)
    }

    fn refused(code: u32) -> ClickhouseError {
        ClickhouseError::Refused {
            code,
            message: format!("Code: {code}."),
        }
    }

    fn first_time(piece: &BatchRows) -> Attempt<'_> {
        Attempt {
            table: Table::Vitals,
            piece,
            repeats: 0,
            bad_rows: 0,
        }
    }

    fn judged(error: &ClickhouseError, piece: &BatchRows) -> Verdict {
        judge(error, &first_time(piece))
    }

    #[track_caller]
    fn check_split(verdict: &Verdict, expected: &[usize]) {
        let Verdict::Split(pieces) = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!(pieces.iter().map(BatchRows::len).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_unknown_outcome_is_repeated() {
        for error in [
            ClickhouseError::Absent,
            ClickhouseError::Unreachable("reset".into()),
            ClickhouseError::TimedOut,
            refused(209),
            refused(210),
        ] {
            assert_eq!(judged(&error, &rows()), Verdict::Repeat, "{error}");
        }
    }

    #[test]
    fn less_is_asked_for_after_what_was_too_much_and_after_nothing_else() {
        for error in [
            ClickhouseError::TimedOut,
            refused(159),
            refused(209),
            refused(229),
            refused(241),
        ] {
            assert!(too_much(&error), "{error}");
        }
        for error in [
            ClickhouseError::Absent,
            ClickhouseError::Unreachable("reset".into()),
            ClickhouseError::Client("no url".into()),
            refused(252),
            refused(210),
            refused(117),
            refused(60),
            refused(4_242),
        ] {
            assert!(!too_much(&error), "{error}");
        }
    }

    #[test]
    fn too_many_parts_is_tried_by_partition_and_then_after_a_while_by_halves() {
        check_split(&judged(&refused(252), &rows()), &[2, 1]);
        let patient = |piece: &BatchRows, table| {
            let attempt = |repeats| Attempt {
                table,
                repeats,
                ..first_time(piece)
            };
            assert_eq!(judge(&refused(252), &attempt(WAITS_FOR_MERGES - 1)), Verdict::Repeat);
            judge(&refused(252), &attempt(WAITS_FOR_MERGES))
        };
        check_split(&patient(&of_one_day(), Table::Vitals), &[1, 1]);
        // It has no partitions.
        check_split(&patient(&rows(), Table::ClockBad), &[1, 2]);
        // The row is not bad.
        assert_eq!(patient(&one(), Table::Vitals), Verdict::Repeat);
    }

    #[test]
    fn too_much_at_once_is_halved_and_never_buried() {
        check_split(&judged(&refused(241), &rows()), &[1, 2]);
        assert_eq!(judged(&refused(241), &one()), Verdict::Repeat);
    }

    #[test]
    fn a_bad_row_is_found_and_buried_but_not_a_whole_table() {
        check_split(&judged(&refused(117), &rows()), &[1, 2]);
        let bad = one();
        assert!(matches!(judged(&refused(117), &bad), Verdict::Bury { code: 117, .. }));
        let many = Attempt {
            bad_rows: BAD_ROWS,
            ..first_time(&bad)
        };
        assert_eq!(judge(&refused(117), &many), Verdict::Alarm);
    }

    #[test]
    fn what_nobody_thought_of_is_told_and_nothing_is_lost() {
        for error in [refused(60), refused(4_242), ClickhouseError::Client("no url".into())] {
            assert_eq!(judged(&error, &one()), Verdict::Alarm, "{error}");
        }
    }
}
