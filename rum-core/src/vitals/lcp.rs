//! Largest contentful paint (<https://web.dev/articles/lcp>): the last candidate before the user did something or the
//! page was hidden.

use alloc::string::String;

use super::{FirstHidden, Metric, bare};
use crate::wire::event::VitalEvent;
use crate::wire::record::LargestPaintRecord;

#[derive(Clone, Debug)]
struct Candidate {
    t: i64,
    target: Option<String>,
    url: Option<String>,
}

/// LCP of a document.
#[derive(Clone, Debug, Default)]
pub struct Lcp {
    candidates: alloc::vec::Vec<Candidate>,
    input: Option<i64>,
}

/// Candidates kept: a page has two or three; input or being hidden may rule out the last ones afterwards.
const CANDIDATES: usize = 16;

impl Lcp {
    /// The browser reported a candidate painted at `t`.
    pub fn push(&mut self, t: i64, entry: LargestPaintRecord) {
        if self.input.is_some_and(|input| t > input) {
            return;
        }
        if self.candidates.len() >= CANDIDATES {
            self.candidates.remove(0);
        }
        self.candidates.push(Candidate {
            t,
            target: entry.target,
            url: entry.url,
        });
    }

    /// A trusted keydown or click at `t`: what is painted later may be its doing.
    pub fn input(&mut self, t: i64) {
        self.input = Some(self.input.map_or(t, |first| first.min(t)));
    }

    /// The value, with the element and its resource.
    #[must_use]
    pub fn value(&self, activation: i64, hidden: &FirstHidden) -> Option<VitalEvent> {
        let last = self
            .candidates
            .iter()
            .rev()
            .find(|candidate| hidden.seen(candidate.t) && self.input.is_none_or(|input| candidate.t <= input))?;
        Some(VitalEvent {
            target: last.target.clone(),
            detail: last.url.clone(),
            ..bare(Metric::Lcp, last.t.saturating_sub(activation).max(0))
        })
    }
}
