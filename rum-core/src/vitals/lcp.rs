//! Largest contentful paint (<https://web.dev/articles/lcp>): the last candidate before the user did something or the
//! page was hidden.

use super::FirstHidden;

/// Candidates kept: a page has two or three; input or being hidden may rule out the last ones afterwards.
const CANDIDATES: usize = 16;

/// LCP of a document, or of a soft navigation. `W` is what names a candidate.
#[derive(Clone, Copy, Debug)]
pub struct Lcp<W> {
    /// In the order in which they came.
    candidates: [Option<(f64, W)>; CANDIDATES],
    input: Option<f64>,
}

impl<W: Copy> Default for Lcp<W> {
    fn default() -> Self {
        Self {
            candidates: [None; CANDIDATES],
            input: None,
        }
    }
}

impl<W: Copy> Lcp<W> {
    /// The browser reported a candidate painted at `t` (ms).
    pub fn push(&mut self, t: f64, what: W) {
        if self.input.is_some_and(|input| t > input) {
            return;
        }
        self.candidates.copy_within(1.., 0);
        if let Some(last) = self.candidates.last_mut() {
            *last = Some((t, what));
        }
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
            .flatten()
            .find(|(t, _)| hidden.seen(*t) && untouched(*t))
    }

    /// What names the candidates.
    pub fn named(&self) -> impl Iterator<Item = W> {
        self.candidates.iter().flatten().map(|(_, what)| *what)
    }
}
