//! How far the document was loaded at a moment.

use crate::report::millis;
use crate::wire::record::NavigationRecord;

/// How far a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LoadState {
    /// Its HTML is being read.
    Loading = 0,
    /// The HTML is read; deferred scripts are not all run.
    DomInteractive = 1,
    /// Deferred scripts are run; images and the like are loading.
    DomContentLoaded = 2,
    /// Everything is loaded.
    Complete = 3,
}

impl LoadState {
    /// The name in the tables, as the reference library has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::DomInteractive => "dom-interactive",
            Self::DomContentLoaded => "dom-content-loaded",
            Self::Complete => "complete",
        }
    }
}

/// The moments of a navigation that tell the states apart, in ms since the time origin; 0 is one that did not happen yet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LoadMoments {
    /// `domInteractive`.
    pub dom_interactive: f64,
    /// `domContentLoadedEventStart`.
    pub dom_content_loaded_start: f64,
    /// `domComplete`.
    pub dom_complete: f64,
}

impl LoadMoments {
    /// The state at `t` (ms since the time origin).
    #[must_use]
    pub fn state_at(&self, t: f64) -> LoadState {
        let before = |moment: f64| moment == 0.0 || t < moment;
        if t < self.dom_interactive {
            LoadState::Loading
        } else if before(self.dom_content_loaded_start) {
            LoadState::DomInteractive
        } else if before(self.dom_complete) {
            LoadState::DomContentLoaded
        } else {
            LoadState::Complete
        }
    }
}

impl From<&NavigationRecord> for LoadMoments {
    fn from(navigation: &NavigationRecord) -> Self {
        let moment = |moment: Option<i64>| moment.map_or(0.0, millis);
        Self {
            dom_interactive: moment(navigation.dom_interactive),
            dom_content_loaded_start: moment(navigation.dom_content_loaded_start),
            dom_complete: moment(navigation.dom_complete),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_begins_with_its_moment() {
        let whole = LoadMoments {
            dom_interactive: 100.0,
            dom_content_loaded_start: 150.0,
            dom_complete: 400.0,
        };
        let no_content = LoadMoments {
            dom_content_loaded_start: 0.0,
            ..whole
        };
        let unfinished = LoadMoments {
            dom_complete: 0.0,
            ..whole
        };
        for (moments, t, expected) in [
            (whole, 0.0, LoadState::Loading),
            (whole, 99.9, LoadState::Loading),
            (whole, 100.0, LoadState::DomInteractive),
            (whole, 150.0, LoadState::DomContentLoaded),
            (whole, 399.9, LoadState::DomContentLoaded),
            (whole, 400.0, LoadState::Complete),
            (no_content, 1_000.0, LoadState::DomInteractive),
            (unfinished, 1_000.0, LoadState::DomContentLoaded),
        ] {
            assert_eq!(moments.state_at(t), expected, "{moments:?} at {t}");
        }
    }
}
