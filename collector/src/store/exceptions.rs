//! ClickHouse's exceptions, by code: what the writer does about each of them.
//! <https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp>

/// What to do with rows that ClickHouse did not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// It passes by itself: repeat, ever more slowly.
    Retry,
    /// It passes by itself, and may have been too much for the time: repeat, ever more slowly, with half as much.
    RetryHalf,
    /// Each partition on its own; rows of one partition are repeated, and after a while halved, until a row is alone: the table
    /// may be partitioned otherwise. No row is bad.
    SplitByPartition,
    /// Half as much; one row is repeated.
    Halve,
    /// Some row is bad: halves, until it is alone; it goes to the dead letters.
    SplitByRow,
    /// Somebody has to mend the table, the rights or the settings: repeat slowly, and say so aloud.
    Mend,
    /// Nobody has thought of it: as `Mend`.
    Unknown,
}

const POLICIES: &[(Policy, &[u32])] = &[
    (
        Policy::Retry,
        &[
            3,   // UNEXPECTED_END_OF_FILE: the connection
            32,  // ATTEMPT_TO_READ_AFTER_EOF: likewise
            40,  // CHECKSUM_DOESNT_MATCH: of a block on the way
            164, // READONLY
            202, // TOO_MANY_SIMULTANEOUS_QUERIES
            203, // NO_FREE_CONNECTION
            210, // NETWORK_ERROR
            225, // NO_ZOOKEEPER
            236, // ABORTED: it is shutting down
            242, // TABLE_IS_READ_ONLY
            243, // NOT_ENOUGH_SPACE
            271, // CANNOT_DECOMPRESS: a block on the way
            279, // ALL_CONNECTION_TRIES_FAILED
            285, // TOO_FEW_LIVE_REPLICAS
            286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
            319, // UNKNOWN_STATUS_OF_INSERT
            394, // QUERY_WAS_CANCELLED
            439, // CANNOT_SCHEDULE_TASK
            473, // DEADLOCK_AVOIDED
            999, // KEEPER_EXCEPTION
        ],
    ),
    (
        Policy::RetryHalf,
        &[
            159, // TIMEOUT_EXCEEDED
            209, // SOCKET_TIMEOUT
        ],
    ),
    (
        Policy::SplitByPartition,
        &[
            252, // TOO_MANY_PARTS: also said of too many partitions in one insert
        ],
    ),
    (
        Policy::Halve,
        &[
            173, // CANNOT_ALLOCATE_MEMORY
            229, // QUERY_IS_TOO_LARGE
            241, // MEMORY_LIMIT_EXCEEDED
        ],
    ),
    (
        Policy::SplitByRow,
        &[
            6,   // CANNOT_PARSE_TEXT
            27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
            33,  // CANNOT_READ_ALL_DATA
            38,  // CANNOT_PARSE_DATE
            41,  // CANNOT_PARSE_DATETIME
            53,  // TYPE_MISMATCH
            69,  // ARGUMENT_OUT_OF_BOUND
            70,  // CANNOT_CONVERT_TYPE
            117, // INCORRECT_DATA
            131, // TOO_LARGE_STRING_SIZE
            321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
            349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
            469, // VIOLATED_CONSTRAINT
            691, // UNKNOWN_ELEMENT_OF_ENUM
        ],
    ),
    (
        Policy::Mend,
        &[
            16,  // NO_SUCH_COLUMN_IN_TABLE
            20,  // NUMBER_OF_COLUMNS_DOESNT_MATCH
            47,  // UNKNOWN_IDENTIFIER
            60,  // UNKNOWN_TABLE
            73,  // UNKNOWN_FORMAT
            81,  // UNKNOWN_DATABASE
            115, // UNKNOWN_SETTING
            193, // WRONG_PASSWORD
            452, // SETTING_CONSTRAINT_VIOLATION
            497, // ACCESS_DENIED
            516, // AUTHENTICATION_FAILED
        ],
    ),
];

/// What to do about an exception.
pub(super) fn policy(code: u32) -> Policy {
    POLICIES
        .iter()
        .find(|(_, codes)| codes.contains(&code))
        .map_or(Policy::Unknown, |(policy, _)| *policy)
}

/// The code in an exception's text, `Code: 60. DB::Exception: …`. The only place that reads such a text.
pub(super) fn code(text: &str) -> Option<u32> {
    let rest = text.trim_start().strip_prefix("Code: ")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_one_policy() {
        let mut seen = HashSet::new();
        for (policy, codes) in POLICIES {
            assert!(codes.is_sorted(), "{policy:?}");
            for code in *codes {
                assert!(seen.insert(code), "{code} has two policies");
            }
        }
    }

    #[test]
    fn what_passes_is_repeated_and_what_does_not_is_not() {
        for code in [32, 164, 202, 210, 242, 243, 319, 999] {
            assert_eq!(policy(code), Policy::Retry, "{code}");
        }
        // Repeated as well, in smaller pieces.
        for code in [159, 209] {
            assert_eq!(policy(code), Policy::RetryHalf, "{code}");
        }
        assert_eq!(policy(252), Policy::SplitByPartition);
        for code in [173, 241] {
            assert_eq!(policy(code), Policy::Halve, "{code}");
        }
        for code in [53, 117] {
            assert_eq!(policy(code), Policy::SplitByRow, "{code}");
        }
        assert_eq!(policy(60), Policy::Mend);
        assert_eq!(policy(4_242), Policy::Unknown);
    }

    #[test]
    fn the_code_is_read_from_the_text() {
        for (text, expected) in [
            ("Code: 60. DB::Exception: Unknown table (UNKNOWN_TABLE)", Some(60)),
            ("Code: 241", Some(241)),
            ("503 Service Unavailable", None),
            ("Code: x", None),
            ("", None),
        ] {
            assert_eq!(code(text), expected, "{text}");
        }
    }
}
