//! Why a batch is refused, and how that is said: one error, one exhaustive match.

use std::num::NonZeroU32;
use std::sync::Arc;

use http::StatusCode;
use rum_core::wire::{Expected, WireError};

use super::day_use::Resource;
use super::outcome::Outcome;

/// A batch is not taken. The text says what is wrong, where, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Reject {
    /// The request names no app.
    #[error("the parameter k is missing; send the app's key, as in /v1/batches?k=KEY")]
    MissingKey,
    /// No app has the key.
    #[error("no app has the key {key:?}; compare data-app in the page with [[apps]] in the collector's configuration")]
    UnknownKey {
        /// What was sent, cut.
        key: String,
    },
    /// A parameter is not what it should be.
    #[error("the parameter {name} is {value:?}; it must be {expected}")]
    BadParameter {
        /// Its name.
        name: &'static str,
        /// What was sent, cut.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The page's origin is not among the app's.
    #[error("pages of {origin} may not send for the app {app}; add the origin to it in the collector's configuration")]
    OriginNotAllowed {
        /// The page's origin, cut.
        origin: String,
        /// The app's name.
        app: String,
    },
    /// The body is of a type that cannot be what the path takes.
    #[error("the body cannot be of the type {media_type}; send Content-Type: {expected}")]
    MediaType {
        /// What was sent, cut.
        media_type: String,
        /// What may be sent.
        expected: &'static str,
    },
    /// The body is compressed in a way that is not known, or more than once.
    #[error("the encoding {name:?} is not known; send gzip, deflate, br, zstd or none")]
    UnknownEncoding {
        /// What was sent.
        name: String,
    },
    /// The body as sent is too large.
    #[error("the body is larger than {limit} bytes; send smaller batches, or raise limits.body_bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is too large once decompressed.
    #[error(
        "the decompressed body is larger than {limit} bytes; send smaller batches, or raise limits.decompressed_bytes"
    )]
    DecompressedTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection broke off within the body.
    #[error("the body ended too early: {reason}; send it again")]
    Incomplete {
        /// What the connection says.
        reason: String,
    },
    /// The body did not come in time.
    #[error("the body took longer than {seconds} s; send it again")]
    TooSlow {
        /// The limit.
        seconds: u64,
    },
    /// The body is not what its encoding says.
    #[error("the body is not {encoding}: {reason}; compress all of it, or do not name an encoding")]
    Damaged {
        /// The encoding.
        encoding: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// The body is no text.
    #[error("the body is not UTF-8 at byte {at}; if it is compressed, name the encoding by Content-Encoding or z")]
    NotUtf8 {
        /// The first byte that is wrong.
        at: usize,
    },
    /// The body is neither form of a batch.
    #[error("the body must be JSON that starts with [ (compact) or {{ (documented), and does not at byte {at}")]
    NotABatch {
        /// The first byte that is no white space.
        at: usize,
    },
    /// The compact form is wrong.
    #[error("{0}; rum_core::wire has the form")]
    Compact(WireError),
    /// The documented form is wrong.
    #[error("at byte {at}: {reason}; rum_core::wire::documented has the form")]
    Documented {
        /// Byte offset in the body, or of the end of the object that is wrong.
        at: usize,
        /// What the reader says.
        reason: String,
    },
    /// The body holds no reports of a browser.
    #[error(
        "the body holds no reports: {reason}; send the array of the Reporting API, or the object with csp-report of the \
         Content-Security-Policy"
    )]
    NotReports {
        /// What the reader says.
        reason: String,
    },
    /// A version that a newer SDK writes.
    #[error("{0}; update the collector before the SDK")]
    UnknownVersion(#[from] rum_core::wire::documented::UnknownVersion),
    /// More items than a batch may hold.
    #[error("the batch holds more than {limit} items; send several batches")]
    TooManyItems {
        /// The limit.
        limit: usize,
    },
    /// The rows of the batch are longer than the spool takes at once.
    #[error("the rows of this batch take {bytes} bytes, which is too much for one batch; send several")]
    RowsTooLarge {
        /// Their bytes.
        bytes: usize,
    },
    /// A number that cannot be, where the whole batch hangs on it.
    #[error("{field} is {value}; it must be {expected}")]
    OutOfRange {
        /// The field's name in the documented form.
        field: &'static str,
        /// Its value.
        value: i64,
        /// What it should be.
        expected: &'static str,
    },
    /// Events, but no view that they belong to.
    #[error("none of the {events} events belongs to a view of this batch; put the view into every batch")]
    NoView {
        /// How many events there are.
        events: usize,
    },
    /// The app's batches come faster than it may send.
    #[error(
        "the app {app} sends more than {per_second} batches a second; send it again later, or raise batches_per_second or \
         burst of the app in the collector's configuration"
    )]
    AppRate {
        /// The app's name.
        app: Arc<str>,
        /// What it may send.
        per_second: NonZeroU32,
        /// When there is room for one, in seconds.
        retry_after: u32,
    },
    /// The client's batches come faster than one address may send.
    #[error(
        "your address sends more than {per_second} batches a second; send it again later, or raise \
         limits.address_batches_per_second or limits.address_burst in the collector's configuration"
    )]
    AddressRate {
        /// What it may send.
        per_second: NonZeroU32,
        /// When there is room for one, in seconds.
        retry_after: u32,
    },
    /// The app has had its share of the day.
    #[error(
        "the app {app} has used up its {limit} {} of today; send it again after midnight (UTC), or raise {} of the app in the \
         collector's configuration",
        resource.name(),
        resource.key()
    )]
    OverQuota {
        /// The app's name.
        app: Arc<str>,
        /// What is used up.
        resource: Resource,
        /// How much of it there was.
        limit: u64,
        /// When the next day has begun, in seconds.
        retry_after: u32,
    },
    /// Too many batches wait, or this one has waited too long.
    #[error("the collector has more to do than it can at present; send the batch again later")]
    Busy {
        /// When to try again, in seconds.
        retry_after: u32,
    },
    /// The spool fills, and the app has more than its share of it.
    #[error(
        "the app {app} has more than its share of the collector's disk buffer, which others need, too; send the batch again later"
    )]
    SpoolShare {
        /// The app's name.
        app: Arc<str>,
    },
    /// The spool is at its limit: ClickHouse has been down or slow for long.
    #[error("the collector's disk buffer is full; send the batch again later")]
    SpoolFull,
    /// The spool cannot write.
    #[error("the collector cannot store the batch at present; send it again later")]
    SpoolFailing,
}

/// How a refusal is said over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The error's name, which never changes.
    pub code: &'static str,
    /// The byte of the body where it went wrong, where that is known.
    pub at: Option<usize>,
    /// When to try again, in seconds, if the batch is good.
    pub retry_after: Option<u32>,
    /// What it is counted under.
    pub outcome: Outcome,
}

/// A full spool empties when ClickHouse is back: sooner than this is not worth a page's battery.
const RETRY_WHEN_FULL_SECONDS: u32 = 60;
/// A failing disk, or a burst: the next attempt may well succeed.
const RETRY_SOON_SECONDS: u32 = 10;
/// Those who are refused in a burst come back over so many seconds, not as another burst.
const SPREAD_SECONDS: f64 = 10.0;

impl Reject {
    /// There is more to do than can be done; `draw` is a random number from 0 to 1.
    pub(super) fn busy(draw: f64) -> Self {
        let spread = (draw.clamp(0.0, 1.0) * SPREAD_SECONDS) as u32;
        Self::Busy {
            retry_after: RETRY_SOON_SECONDS / 2 + spread,
        }
    }

    /// Status, code, place and count of this refusal.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        use Outcome::{
            RefusedBusy, RefusedForNow, RefusedForm, RefusedIncomplete, RefusedQuota, RefusedRate, RefusedSender,
            RefusedShare, RefusedSize,
        };
        let refusal = |status, code, outcome| Refusal {
            status,
            code,
            at: None,
            retry_after: None,
            outcome,
        };
        let at = |at, refusal| Refusal {
            at: Some(at),
            ..refusal
        };
        let retry = |seconds, refusal| Refusal {
            retry_after: Some(seconds),
            ..refusal
        };
        match self {
            Self::MissingKey => refusal(StatusCode::BAD_REQUEST, "missing_key", RefusedSender),
            Self::UnknownKey { .. } => refusal(StatusCode::FORBIDDEN, "unknown_key", RefusedSender),
            Self::BadParameter { .. } => refusal(StatusCode::BAD_REQUEST, "bad_parameter", RefusedSender),
            Self::OriginNotAllowed { .. } => refusal(StatusCode::FORBIDDEN, "origin_not_allowed", RefusedSender),
            Self::MediaType { .. } => refusal(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                RefusedForm,
            ),
            Self::UnknownEncoding { .. } => {
                refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_encoding", RefusedForm)
            }
            Self::BodyTooLarge { .. } => refusal(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", RefusedSize),
            Self::DecompressedTooLarge { .. } => {
                refusal(StatusCode::PAYLOAD_TOO_LARGE, "decompressed_too_large", RefusedSize)
            }
            Self::Incomplete { .. } => refusal(StatusCode::BAD_REQUEST, "incomplete_body", RefusedIncomplete),
            Self::TooSlow { .. } => retry(
                RETRY_SOON_SECONDS,
                refusal(StatusCode::REQUEST_TIMEOUT, "body_timeout", RefusedIncomplete),
            ),
            Self::Damaged { .. } => refusal(StatusCode::BAD_REQUEST, "damaged_encoding", RefusedForm),
            Self::NotUtf8 { at: place } => at(*place, refusal(StatusCode::BAD_REQUEST, "not_utf8", RefusedForm)),
            Self::NotABatch { at: place } => at(*place, refusal(StatusCode::BAD_REQUEST, "not_a_batch", RefusedForm)),
            Self::Compact(error) => at(
                error.at,
                refusal(StatusCode::BAD_REQUEST, code_of(error.expected), RefusedForm),
            ),
            Self::Documented { at: place, .. } => {
                at(*place, refusal(StatusCode::BAD_REQUEST, "bad_document", RefusedForm))
            }
            Self::NotReports { .. } => refusal(StatusCode::BAD_REQUEST, "not_reports", RefusedForm),
            Self::UnknownVersion(_) => refusal(StatusCode::BAD_REQUEST, "unknown_version", RefusedForm),
            Self::TooManyItems { .. } => refusal(StatusCode::PAYLOAD_TOO_LARGE, "too_many_items", RefusedSize),
            Self::RowsTooLarge { .. } => refusal(StatusCode::PAYLOAD_TOO_LARGE, "rows_too_large", RefusedSize),
            Self::OutOfRange { .. } => refusal(StatusCode::BAD_REQUEST, "out_of_range", RefusedForm),
            Self::NoView { .. } => refusal(StatusCode::BAD_REQUEST, "no_view", RefusedForm),
            Self::AppRate { retry_after, .. } | Self::AddressRate { retry_after, .. } => retry(
                *retry_after,
                refusal(StatusCode::TOO_MANY_REQUESTS, "rate_limited", RefusedRate),
            ),
            Self::OverQuota { retry_after, .. } => retry(
                *retry_after,
                refusal(StatusCode::TOO_MANY_REQUESTS, "quota_exceeded", RefusedQuota),
            ),
            Self::Busy { retry_after } => retry(
                *retry_after,
                refusal(StatusCode::SERVICE_UNAVAILABLE, "busy", RefusedBusy),
            ),
            Self::SpoolShare { .. } => retry(
                RETRY_WHEN_FULL_SECONDS,
                refusal(StatusCode::SERVICE_UNAVAILABLE, "spool_share", RefusedShare),
            ),
            Self::SpoolFull => retry(
                RETRY_WHEN_FULL_SECONDS,
                refusal(StatusCode::SERVICE_UNAVAILABLE, "spool_full", RefusedForNow),
            ),
            Self::SpoolFailing => retry(
                RETRY_SOON_SECONDS,
                refusal(StatusCode::SERVICE_UNAVAILABLE, "spool_failing", RefusedForNow),
            ),
        }
    }
}

/// The code of what the compact form's reader missed.
const fn code_of(expected: Expected) -> &'static str {
    match expected {
        Expected::CommaOrEnd | Expected::Value | Expected::End | Expected::Shallow => "bad_json",
        Expected::Array | Expected::Integer | Expected::Text | Expected::Id => "wrong_type",
        Expected::Required => "missing_field",
        Expected::FewerItems => "too_many_items",
        Expected::Version => "unknown_version",
        Expected::View => "no_view",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_come_again_is_told_when() {
        let app: Arc<str> = "shop".into();
        let per_second = NonZeroU32::MIN;
        for (reject, status, seconds) in [
            (
                Reject::AppRate {
                    app: Arc::clone(&app),
                    per_second,
                    retry_after: 3,
                },
                429,
                3..=3,
            ),
            (
                Reject::AddressRate {
                    per_second,
                    retry_after: 1,
                },
                429,
                1..=1,
            ),
            (
                Reject::OverQuota {
                    app: Arc::clone(&app),
                    resource: Resource::Bytes,
                    limit: 7,
                    retry_after: 40_000,
                },
                429,
                40_000..=40_000,
            ),
            (Reject::busy(0.0), 503, 5..=5),
            (Reject::busy(1.0), 503, 15..=15),
            (Reject::SpoolShare { app }, 503, 60..=60),
            (Reject::SpoolFull, 503, 60..=60),
            (Reject::SpoolFailing, 503, 10..=10),
        ] {
            let refusal = reject.refusal();
            assert_eq!(refusal.status.as_u16(), status, "{reject}");
            assert!(
                refusal.retry_after.is_some_and(|told| seconds.contains(&told)),
                "{reject}"
            );
        }
    }

    #[test]
    fn a_limit_says_which_it_is_and_how_to_mend_it() {
        let reject = Reject::OverQuota {
            app: "shop".into(),
            resource: Resource::Events,
            limit: 5_000,
            retry_after: 1,
        };
        assert_eq!(
            reject.to_string(),
            "the app shop has used up its 5000 events of today; send it again after midnight (UTC), or raise events_per_day of \
             the app in the collector's configuration"
        );
    }
}
