//! Tokens: who may read, and what.

use std::fmt;
use std::sync::Arc;

use rand::RngExt as _;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

/// Before each token, so that people and scanners of repositories know it for one.
const PREFIX: &str = "rum_";

/// How the configuration writes a hash.
const ALGORITHM: &str = "sha256:";

/// What a token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Reading: SQL, metrics, and the details of health.
    Read,
    /// Alerts: their state, silencing them.
    Alerts,
    /// Everything, the other two included.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Alerts, Self::Admin];

    /// As the configuration writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Alerts => "alerts",
            Self::Admin => "admin",
        }
    }
}

/// The apps whose data a token is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenApps {
    /// All: `["*"]`.
    All,
    /// These, by name.
    Listed(Vec<String>),
}

/// The SHA-256 of a token. A token is 256 random bits, which nobody guesses however fast hashes are: the slow hashes for
/// passwords would only slow down every request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of what somebody presents.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret).into())
    }

    /// As the configuration writes it: `sha256:` and 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(ALGORITHM)?.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
            *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ALGORITHM)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A new token, to be told once.
#[must_use]
pub fn new_token() -> String {
    use base64::Engine as _;
    let bits: [u8; 32] = rand::rng().random();
    format!("{PREFIX}{}", base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bits))
}

/// One token, as far as the configuration knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What the log calls it.
    pub name: String,
    /// Of the token itself, which is nowhere.
    pub hash: TokenHash,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// Whose data.
    pub apps: TokenApps,
}

impl Token {
    /// Whether it is good for `scope`, of whatever app.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| *own == scope || *own == Scope::Admin)
    }

    /// Whether it is good for every app.
    #[must_use]
    pub fn is_for_all_apps(&self) -> bool {
        self.apps == TokenApps::All
    }
}

/// All tokens.
#[derive(Clone, Debug, Default)]
pub struct Tokens(Vec<Arc<Token>>);

impl Tokens {
    /// The token that somebody presents. All are compared, to the last byte: how long it takes tells nothing.
    #[must_use]
    pub fn find(&self, secret: &str) -> Option<&Arc<Token>> {
        let offered = TokenHash::of(secret);
        let mut found = u32::MAX;
        for (at, token) in (0..).zip(&self.0) {
            let same: Choice = token.hash.0.ct_eq(&offered.0);
            found.conditional_assign(&at, same);
        }
        self.0.get(usize::try_from(found).ok()?)
    }

    /// The token of the same secret and name.
    pub(crate) fn same_as(&self, token: &Token) -> Option<&Arc<Token>> {
        self.0
            .iter()
            .find(|own| own.hash == token.hash && own.name == token.name)
    }

    /// No token is configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Token>> {
        self.0.iter()
    }
}

impl FromIterator<Token> for Tokens {
    fn from_iter<T: IntoIterator<Item = Token>>(tokens: T) -> Self {
        Self(tokens.into_iter().map(Arc::new).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, secret: &str, scopes: &[Scope]) -> Token {
        Token {
            name: name.into(),
            hash: TokenHash::of(secret),
            scopes: scopes.to_vec(),
            apps: TokenApps::All,
        }
    }

    #[test]
    fn a_hash_is_read_as_it_is_written() {
        let hash = TokenHash::of("rum_x");
        assert_eq!(TokenHash::parse(&hash.to_string()), Some(hash));
        assert_eq!(
            TokenHash::of("abc").to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        for wrong in ["", "sha256:", "rum_x", "md5:00", &format!("sha256:{}", "g".repeat(64))] {
            assert_eq!(TokenHash::parse(wrong), None, "{wrong}");
        }
        assert!(!format!("{:?}", token("a", "rum_x", &[])).contains("ba78"));
    }

    #[test]
    fn the_token_that_was_presented_is_found() {
        let tokens: Tokens = ["one", "two", "three"]
            .map(|name| token(name, name, &[]))
            .into_iter()
            .collect();
        for name in ["one", "two", "three"] {
            assert_eq!(tokens.find(name).unwrap().name, name);
        }
        for wrong in ["", "four", "one "] {
            assert!(tokens.find(wrong).is_none(), "{wrong}");
        }
        assert!(Tokens::default().find("").is_none());
    }

    #[test]
    fn admin_is_everything() {
        for (scopes, may) in [
            (vec![Scope::Read], [true, false, false]),
            (vec![Scope::Alerts], [false, true, false]),
            (vec![Scope::Read, Scope::Alerts], [true, true, false]),
            (vec![Scope::Admin], [true, true, true]),
            (vec![], [false, false, false]),
        ] {
            let token = token("a", "a", &scopes);
            assert_eq!(Scope::ALL.map(|scope| token.may(scope)), may, "{scopes:?}");
        }
    }

    #[test]
    fn new_tokens_are_long_and_never_the_same() {
        let token = new_token();
        assert_eq!(token.len(), PREFIX.len() + 43, "256 bits, six in a letter");
        assert_ne!(token, new_token());
    }
}
