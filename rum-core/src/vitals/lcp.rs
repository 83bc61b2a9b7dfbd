//! Largest contentful paint (<https://web.dev/articles/lcp>): the last candidate before the user did something or the
//! page was hidden.

use alloc::vec::Vec;

use super::FirstHidden;

/// Candidates kept: a page has two or three; input or being hidden may rule out the last ones afterwards.
const CANDIDATES: usize = 16;

/// LCP of a document, or of a soft navigation. `W` is what names a candidate.
#[derive(Clone, Debug)]
pub struct Lcp<W> {
    candidates: Vec<(f64, W)>,
    input: Option<f64>,
}

impl<W> Default for Lcp<W> {
    fn default() -> Self {
        Self {
            candidates: Vec::new(),
            input: None,
        }
    }
}

impl<W> Lcp<W> {
    /// The browser reported a candidate painted at `t` (ms).
    pub fn push(&mut self, t: f64, what: W) {
        if self.input.is_some_and(|input| t > input) {
            return;
        }
        if self.candidates.len() >= CANDIDATES {
            self.candidates.remove(0);
        }
        self.candidates.push((t, what));
    }

    /// A trusted keydown or click at `t` (ms): what is painted later may be its doing.
    pub fn input(&mut self, t: f64) {
        self.input = Some(self.input.map_or(t, |first| first.min(t)));
    }

    /// The candidate that counts, with the time of its paint in ms.
    #[must_use]
    pub fn largest(&self, hidden: &FirstHidden) -> Option<&(f64, W)> {
        let untouched = |t: f64| self.input.is_none_or(|input| t <= input);
        self.candidates
            .iter()
            .rev()
            .find(|(t, _)| hidden.seen(*t) && untouched(*t))
    }
}
