//! Who may ask: tokens, logins of browsers, and patience with those who present something wrong. It knows no HTTP.

mod sessions;
mod throttle;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{Instant, sleep};

use sessions::Sessions;
pub use sessions::{COOKIE_LIFETIME, SessionId};
use throttle::{Patience, Throttle};

use crate::config::{Proxies, Token, Tokens};
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

/// Who may ask; a handle.
#[derive(Clone, Default)]
pub struct Access(Arc<Shared>);

#[derive(Default)]
struct Shared {
    tokens: ArcSwap<Tokens>,
    proxies: ArcSwap<Proxies>,
    sessions: Sessions,
    throttle: Throttle,
    denials: Denials,
}

impl Access {
    /// Lets in who has one of these. What `proxies` say is believed of where somebody is.
    #[must_use]
    pub fn new(tokens: Tokens, proxies: Proxies) -> Self {
        Self(Arc::new(Shared {
            tokens: ArcSwap::from_pointee(tokens),
            proxies: ArcSwap::from_pointee(proxies),
            ..Shared::default()
        }))
    }

    /// Lets in who has one of these from now on, and believes these proxies. Logins by other tokens have ended.
    pub fn change(&self, tokens: Tokens, proxies: Proxies) {
        self.0.tokens.store(Arc::new(tokens));
        self.0.proxies.store(Arc::new(proxies));
    }

    /// Whether anybody can be let in.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.tokens.load().is_empty()
    }

    /// The token that was presented from `address`. A right one is never held up, for many people may come from one
    /// address. A wrong one is told so late, and ever later.
    ///
    /// # Errors
    /// As [`Denied`] says.
    pub async fn token(&self, presented: &str, address: Option<IpAddr>) -> Result<Arc<Token>, Denied> {
        let Shared {
            tokens,
            throttle,
            denials,
            ..
        } = &*self.0;
        if let Some(token) = tokens.load().find(presented) {
            return Ok(Arc::clone(token));
        }
        match throttle.wrong(address, Instant::now()) {
            Patience::Wait(place) => {
                denials.unknown.add(1);
                sleep(place.delay()).await;
                Err(Denied::Unknown)
            }
            Patience::None { retry_after } => {
                denials.throttled.add(1);
                Err(Denied::Throttled { retry_after })
            }
        }
    }

    /// Whose word is taken for where somebody is.
    #[must_use]
    pub fn proxies(&self) -> Arc<Proxies> {
        self.0.proxies.load_full()
    }

    /// Begins a login.
    #[must_use]
    pub fn log_in(&self, token: Arc<Token>) -> SessionId {
        self.0.sessions.begin(token, Instant::now())
    }

    /// The token of a login, unless that has ended.
    #[must_use]
    pub fn session(&self, cookie: &str) -> Option<Arc<Token>> {
        let token = self.0.sessions.find(cookie, Instant::now());
        // What it is good for now; it may have been removed since.
        let token = token.and_then(|token| self.0.tokens.load().same_as(&token).map(Arc::clone));
        if token.is_none() {
            self.0.denials.expired.add(1);
        }
        token
    }

    /// Ends a login.
    pub fn log_out(&self, cookie: &str) {
        self.0.sessions.end(cookie);
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
