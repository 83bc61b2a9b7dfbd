//! What became of batches, events and texts. Whatever is dropped, cut or worth knowing is counted under one of these.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! outcomes {
    ($($(#[doc = $doc:literal])* $variant:ident => $name:literal,)*) => {
        /// What became of something.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Outcome { $($(#[doc = $doc])* $variant,)* }

        impl Outcome {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in logs, in `/readyz` and in `/metrics`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

outcomes! {
    /// A batch is in the spool.
    BatchStored => "batch_stored",
    /// A batch was in the spool already: a retry.
    BatchDuplicate => "batch_duplicate",
    /// A batch held nothing that could be stored, and nothing was lost by that.
    BatchEmpty => "batch_empty",
    /// A batch was refused: key, origin or parameters.
    RefusedSender => "refused_sender",
    /// A batch was refused: too large, compressed or not.
    RefusedSize => "refused_size",
    /// A batch was refused: its encoding or its form.
    RefusedForm => "refused_form",
    /// A batch was refused: it did not arrive whole, or not in time.
    RefusedIncomplete => "refused_incomplete",
    /// A batch was refused: the spool could not take it. The page sends it again.
    RefusedForNow => "refused_for_now",
    /// A batch was refused: its app or its sender's address has sent too many of late. The page sends it again.
    RefusedRate => "refused_rate",
    /// A batch was refused: its app has used up its quota of the day. Few pages are still there at midnight.
    RefusedQuota => "refused_quota",
    /// A batch was refused: its app has more than its share of the spool, which fills. The page sends it again.
    RefusedShare => "refused_share",
    /// A batch was refused: too many waited for their turn already. The page sends it again.
    RefusedBusy => "refused_busy",
    /// A batch came from a page whose origin is opaque (`Origin: null`).
    OriginOpaque => "origin_opaque",
    /// A batch came without an origin: not from a browser.
    OriginAbsent => "origin_absent",
    /// An event was handed to the spool.
    EventAccepted => "event_accepted",
    /// An item was dropped: its kind is a newer writer's.
    EventUnknownKind => "event_unknown_kind",
    /// An event was dropped: its metric or scope is a newer writer's.
    EventUnknownValue => "event_unknown_value",
    /// An event was dropped: its view is not in the batch.
    EventUnknownView => "event_unknown_view",
    /// An event was dropped: it is not of its kind's form, while the rest of its batch is.
    EventMalformed => "event_malformed",
    /// An event was dropped: a number in it cannot be.
    EventOutOfRange => "event_out_of_range",
    /// A report of an error was dropped: a browser extension threw it.
    ErrorOfExtension => "error_of_extension",
    /// A report of an error was dropped: a script of another origin threw it, and the browser says no more.
    ErrorOpaque => "error_opaque",
    /// A batch named a version of the sampling rate that is not configured: its rows weigh as those of version 0.
    RateUnknown => "rate_unknown",
    /// An event is of a bot: it is stored, and left out of what people read.
    EventOfBot => "event_of_bot",
    /// A request says whom it is forwarded for, and came from no listed proxy: that is not believed.
    ForwardedUnlisted => "forwarded_unlisted",
    /// A proxy said whom a request is for in a way that cannot be read, or in two ways: it counts as the last proxy's that is known.
    ForwardedMalformed => "forwarded_malformed",
    /// The country of a request is not known, neither by its header nor by the file.
    CountryUnknown => "country_unknown",
    /// A trace id, a span id or a debug id was left out: it is none.
    IdInvalid => "id_invalid",
    /// A report of a browser was dropped: it is of a type that is not stored.
    ReportOtherType => "report_other_type",
    /// A report of a browser was dropped: it is not of its type's form.
    ReportMalformed => "report_malformed",
    /// A report of a browser was dropped: the body held too many.
    ReportOverLimit => "report_over_limit",
    /// A vital was dropped: it is above its metric's cap, which background tabs and machines that sleep produce.
    VitalAboveCap => "vital_above_cap",
    /// A field was skipped: it is a newer writer's.
    FieldUnknown => "field_unknown",
    /// A text was cut to its limit.
    TextCut => "text_cut",
    /// Personal data or secrets in a text were masked.
    TextScrubbed => "text_scrubbed",
    /// A list was cut to its limit.
    ListCut => "list_cut",
}

/// What an outcome is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A batch: each that is answered has one of these.
    Batch,
    /// An event, or a browser's report that would have become one.
    Event,
    /// A detail of what was taken all the same, worth knowing.
    Detail,
}

impl Outcome {
    /// What it is of.
    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::BatchStored
            | Self::BatchDuplicate
            | Self::BatchEmpty
            | Self::RefusedSender
            | Self::RefusedSize
            | Self::RefusedForm
            | Self::RefusedIncomplete
            | Self::RefusedForNow
            | Self::RefusedRate
            | Self::RefusedQuota
            | Self::RefusedShare
            | Self::RefusedBusy => Subject::Batch,
            Self::EventAccepted
            | Self::EventUnknownKind
            | Self::EventUnknownValue
            | Self::EventUnknownView
            | Self::EventMalformed
            | Self::EventOutOfRange
            | Self::ErrorOfExtension
            | Self::ErrorOpaque
            | Self::ReportOtherType
            | Self::ReportMalformed
            | Self::ReportOverLimit
            | Self::VitalAboveCap => Subject::Event,
            Self::OriginOpaque
            | Self::OriginAbsent
            | Self::RateUnknown
            | Self::EventOfBot
            | Self::ForwardedUnlisted
            | Self::ForwardedMalformed
            | Self::CountryUnknown
            | Self::IdInvalid
            | Self::FieldUnknown
            | Self::TextCut
            | Self::TextScrubbed
            | Self::ListCut => Subject::Detail,
        }
    }
}

const COUNT: usize = Outcome::ALL.len();

/// Counts of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally([u64; COUNT]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Tally {
    /// Counts `n` more.
    pub fn add(&mut self, outcome: Outcome, n: u64) {
        let count = &mut self.0[outcome as usize];
        *count = count.saturating_add(n);
    }

    /// How many so far.
    #[must_use]
    pub fn get(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize]
    }
}

/// Counts since the start, shared by all requests.
#[derive(Debug)]
pub struct Outcomes([AtomicU64; COUNT]);

impl Default for Outcomes {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; COUNT])
    }
}

impl Outcomes {
    /// Counts one more.
    pub fn count(&self, outcome: Outcome) {
        self.0[outcome as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Adds the counts of one batch.
    pub fn add(&self, tally: &Tally) {
        for (total, n) in self.0.iter().zip(tally.0) {
            if n > 0 {
                total.fetch_add(n, Ordering::Relaxed);
            }
        }
    }

    /// How many since the start.
    #[must_use]
    pub fn get(&self, outcome: Outcome) -> u64 {
        self.0[outcome as usize].load(Ordering::Relaxed)
    }

    /// Everything that has happened at least once.
    #[must_use]
    pub fn snapshot(&self) -> serde_json::Map<String, serde_json::Value> {
        let counts = Outcome::ALL
            .iter()
            .map(|outcome| (outcome.name().to_owned(), self.get(*outcome)));
        counts
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| (name, n.into()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_a_row_for_each() {
        let readme = include_str!("../../README.md");
        for outcome in Outcome::ALL {
            let row = format!("\n| `{}` | ", outcome.name());
            assert!(readme.contains(&row), "{}", outcome.name());
        }
    }
}
