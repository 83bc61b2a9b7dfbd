//! Largest contentful paint (<https://web.dev/articles/lcp>): the last candidate before the user did something or the
//! page was hidden.

use super::FirstHidden;

/// Candidates kept: a page has two or three; input or being hidden may rule out the last ones afterwards.
const CANDIDATES: usize = 16;

/// LCP of a document, or of a soft navigation. `W` is what names a candidate.
#[derive(Clone, Copy, Debug)]
pub struct Lcp<W> {
    /// In the order in which they came. One at NaN is room for one: nothing compares with it.
    candidates: [(f64, W); CANDIDATES],
    /// The first input; infinite before that.
    input: f64,
}

impl<W: Copy + Default> Default for Lcp<W> {
    fn default() -> Self {
        Self::none(W::default())
    }
}

impl<W: Copy> Lcp<W> {
    /// None so far; `nothing` names no candidate.
    pub const fn none(nothing: W) -> Self {
        Self {
            candidates: [(f64::NAN, nothing); CANDIDATES],
            input: f64::INFINITY,
        }
    }

    /// The browser reported a candidate painted at `t` (ms).
    pub fn push(&mut self, t: f64, what: W) {
        if t > self.input {
            return;
        }
        self.candidates.copy_within(1.., 0);
        if let Some(last) = self.candidates.last_mut() {
            *last = (t, what);
        }
    }

    /// A trusted keydown or click at `t` (ms): what is painted later may be its doing.
    pub fn input(&mut self, t: f64) {
        if t < self.input {
            self.input = t;
        }
    }

    /// The candidate that counts, with the time of its paint in ms.
    #[must_use]
    pub fn largest(&self, hidden: &FirstHidden) -> Option<&(f64, W)> {
        self.candidates
            .iter()
            .rev()
            .find(|(t, _)| hidden.seen(*t) && *t <= self.input)
    }

    /// What names the candidates; the default where there is room for one.
    pub fn named(&self) -> impl Iterator<Item = W> {
        self.candidates.iter().map(|(_, what)| *what)
    }
}
