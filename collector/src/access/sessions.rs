//! Logins of browsers: a random number in a cookie stands for a token. Only its hash is kept, in memory: a restart ends
//! all logins, and so does the removal of a token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::config::Token;

/// How long a login lasts: a day's work.
pub const COOKIE_LIFETIME: Duration = Duration::from_secs(12 * 3_600);

/// Logins at once; when there are more, the oldest goes of the token that has most: nobody ends those of others.
const MOST: usize = 1_024;

/// What the cookie holds.
pub struct SessionId(String);

impl SessionId {
    /// The text, for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// All logins.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<[u8; 32], Session>>);

struct Session {
    token: Arc<Token>,
    ends: Instant,
}

impl Sessions {
    pub(super) fn begin(&self, token: Arc<Token>, now: Instant) -> SessionId {
        let bits: [u8; 32] = rand::rng().random();
        let id = BASE64_URL_SAFE_NO_PAD.encode(bits);
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MOST {
            sessions.retain(|_, session| session.ends > now);
        }
        if sessions.len() >= MOST {
            let mut of_tokens = HashMap::<&str, usize>::new();
            for session in sessions.values() {
                *of_tokens.entry(&session.token.name).or_default() += 1;
            }
            let most = of_tokens.into_iter().max_by_key(|(_, logins)| *logins);
            let oldest = sessions
                .iter()
                .filter(|(_, session)| most.is_some_and(|(name, _)| name == session.token.name))
                .min_by_key(|(_, session)| session.ends)
                .map(|(key, _)| *key);
            oldest.and_then(|key| sessions.remove(&key));
        }
        let ends = now + COOKIE_LIFETIME;
        sessions.insert(key(&id), Session { token, ends });
        SessionId(id)
    }

    /// A table by hash: how long the look-up takes tells nothing of the number itself.
    pub(super) fn find(&self, id: &str, now: Instant) -> Option<Arc<Token>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(id);
        if sessions.get(&key)?.ends <= now {
            sessions.remove(&key);
            return None;
        }
        sessions.get(&key).map(|session| Arc::clone(&session.token))
    }

    pub(super) fn end(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(id));
    }
}

fn key(id: &str) -> [u8; 32] {
    Sha256::digest(id).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Scope, TokenApps, TokenHash};

    fn token() -> Arc<Token> {
        named("t")
    }

    fn named(name: &str) -> Arc<Token> {
        Arc::new(Token {
            name: name.into(),
            hash: TokenHash::of("t"),
            scopes: vec![Scope::Read],
            apps: TokenApps::All,
        })
    }

    #[tokio::test]
    async fn a_login_lasts_until_its_end_or_a_logout() {
        let sessions = Sessions::default();
        let now = Instant::now();
        let id = sessions.begin(token(), now);
        assert!(sessions.find(id.expose(), now).is_some());
        assert!(sessions.find("other", now).is_none());
        let last = now + COOKIE_LIFETIME - Duration::from_millis(1);
        assert!(sessions.find(id.expose(), last).is_some());
        assert!(sessions.find(id.expose(), now + COOKIE_LIFETIME).is_none());
        assert!(sessions.find(id.expose(), now).is_none(), "it has gone");
        let id = sessions.begin(token(), now);
        sessions.end(id.expose());
        assert!(sessions.find(id.expose(), now).is_none());
    }

    #[tokio::test]
    async fn the_oldest_makes_room() {
        let sessions = Sessions::default();
        let now = Instant::now();
        let first = sessions.begin(token(), now);
        let later = now + Duration::from_secs(1);
        let ids: Vec<_> = (0..MOST).map(|_| sessions.begin(token(), later)).collect();
        assert!(sessions.find(first.expose(), later).is_none());
        // Of another token: it ends one of those that are most.
        let other = sessions.begin(named("other"), later);
        for _ in 0..MOST {
            sessions.begin(token(), later + Duration::from_secs(1));
        }
        assert!(sessions.find(other.expose(), later).is_some());
        assert!(!ids.iter().any(|id| sessions.find(id.expose(), later).is_some()));
    }
}
