//! Who may ask: tokens, logins of browsers, and patience with those who present something wrong. It knows no HTTP.

mod admission;
mod sessions;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

pub use admission::Admission;
use admission::Terms;
use sessions::Sessions;
pub use sessions::{COOKIE_LIFETIME, SessionId};
use throttle::Throttle;

use crate::config::Config;
use crate::meter::Counter;

/// What is logged of who asked what; a target of its own, so that it can be kept apart (`RUM_LOG=rum_audit=info`).
pub(crate) const AUDIT: &str = "rum_audit";

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no such token.
    Unknown,
    /// Too many wrong ones come from there at once.
    Throttled {
        /// When to try again, in seconds.
        retry_after: u32,
    },
}

/// How often somebody was not let in, since the start.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    /// No such token.
    pub(crate) unknown: Counter,
    /// Too many wrong ones at once.
    pub(crate) throttled: Counter,
    /// A cookie whose login has ended.
    pub(crate) expired: Counter,
    /// A token that is not good for this.
    pub(crate) scope: Counter,
    /// A cookie, from a page of another site.
    pub(crate) cross_site: Counter,
}

/// Who may ask, and how much; a handle.
#[derive(Clone)]
pub struct Access(Arc<Shared>);

struct Shared {
    terms: ArcSwap<Terms>,
    sessions: Sessions,
    throttle: Throttle,
    denials: Denials,
}

impl Access {
    /// Lets in whom `config` does.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self(Arc::new(Shared {
            terms: ArcSwap::from_pointee(Terms::of(config)),
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            denials: Denials::default(),
        }))
    }

    /// Lets in whom `config` does, for requests that come from now on. Logins by other tokens have ended.
    pub fn change(&self, config: &Config) {
        self.0.terms.store(Arc::new(Terms::of(config)));
    }

    /// What a request goes by that begins now.
    #[must_use]
    pub fn now(&self) -> Admission {
        Admission {
            shared: Arc::clone(&self.0),
            terms: self.0.terms.load_full(),
        }
    }

    /// How often somebody was not let in.
    pub(crate) fn denials(&self) -> &Denials {
        &self.0.denials
    }
}

/// As HTTP has it: whole seconds, and never none.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
}
