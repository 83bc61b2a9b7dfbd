//! What one request goes by: tokens, proxies and bounds of one configuration, whatever changes while it is answered.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::throttle::Patience;
use super::{Denials, Denied, SessionId, Shared};
use crate::config::{Config, Proxies, SqlLimits, Token, Tokens};

/// What a configuration says of those who ask. In one piece: a request must not have the tokens of one and the bounds of another.
#[derive(Debug)]
pub(super) struct Terms {
    tokens: Tokens,
    proxies: Proxies,
    sql: SqlLimits,
    body_timeout: Duration,
}

impl Terms {
    pub(super) fn of(
        Config {
            tokens,
            trusted_proxies,
            sql,
            limits,
            ..
        }: &Config,
    ) -> Self {
        Self {
            tokens: tokens.clone(),
            proxies: trusted_proxies.clone(),
            sql: sql.clone(),
            body_timeout: limits.body_timeout,
        }
    }
}

/// Who may ask and how much, for one request.
#[derive(Clone)]
pub struct Admission {
    pub(super) shared: Arc<Shared>,
    pub(super) terms: Arc<Terms>,
}

impl Admission {
    /// Whether anybody can be let in.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.terms.tokens.is_empty()
    }

    /// The token that was presented from `address`. A right one is never held up, for many people may come from one
    /// address. A wrong one is told so late, and ever later.
    ///
    /// # Errors
    /// As [`Denied`] says.
    pub async fn token(&self, presented: &str, address: Option<IpAddr>) -> Result<Arc<Token>, Denied> {
        if let Some(token) = self.terms.tokens.find(presented) {
            return Ok(Arc::clone(token));
        }
        let Shared { throttle, denials, .. } = &*self.shared;
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
    pub fn proxies(&self) -> &Proxies {
        &self.terms.proxies
    }

    /// What a statement may take.
    #[must_use]
    pub fn sql(&self) -> &SqlLimits {
        &self.terms.sql
    }

    /// How long the body of a request may take.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        self.terms.body_timeout
    }

    /// Begins a login.
    #[must_use]
    pub fn log_in(&self, token: Arc<Token>) -> SessionId {
        self.shared.sessions.begin(token, Instant::now())
    }

    /// The token of a login, unless that has ended.
    #[must_use]
    pub fn session(&self, cookie: &str) -> Option<Arc<Token>> {
        let token = self.shared.sessions.find(cookie, Instant::now());
        // What it is good for now; it may have been removed since.
        let token = token.and_then(|token| self.terms.tokens.same_as(&token).map(Arc::clone));
        if token.is_none() {
            self.shared.denials.expired.add(1);
        }
        token
    }

    /// Ends a login.
    pub fn log_out(&self, cookie: &str) {
        self.shared.sessions.end(cookie);
    }

    /// How often somebody was not let in.
    pub(crate) fn denials(&self) -> &Denials {
        &self.shared.denials
    }
}

#[cfg(test)]
mod tests {
    use super::super::Access;
    use super::*;
    use crate::config::TokenHash;

    fn config(token: &str, seconds: u64) -> Config {
        let hash = TokenHash::of(token);
        let tokens = format!(r#"[{{name = "{token}", hash = "{hash}", scopes = ["read"], apps = ["*"]}}]"#);
        let environment = [
            ("RUM_TOKENS", tokens),
            ("RUM_SQL_TIME", format!("{seconds}s")),
            ("RUM_LIMITS_BODY_TIMEOUT", format!("{seconds}s")),
            ("RUM_TRUSTED_PROXIES", format!("[\"10.0.0.{seconds}\"]")),
        ];
        Config::load(None, environment.map(|(name, value)| (name.to_owned(), value))).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_goes_by_one_configuration_to_its_end() {
        let access = Access::new(&config("old", 5));
        let before = access.now();
        let login = before.log_in(before.token("old", None).await.unwrap());
        access.change(&config("new", 7));
        let after = access.now();
        for (admission, token, other, seconds) in [(&before, "old", "new", 5), (&after, "new", "old", 7)] {
            assert_eq!(admission.token(token, None).await.unwrap().name, token);
            assert_eq!(admission.token(other, None).await, Err(Denied::Unknown));
            let time = Duration::from_secs(seconds);
            assert_eq!((admission.sql().time, admission.body_timeout()), (time, time));
            let proxy: IpAddr = format!("10.0.0.{seconds}").parse().unwrap();
            assert!(admission.proxies().contain(proxy));
        }
        assert!(before.session(login.expose()).is_some());
        assert!(after.session(login.expose()).is_none(), "its token has gone");
    }
}
