//! Who may ask: one user, whose secret the parent makes at its start.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::{HeaderMap, header::AUTHORIZATION};
use rand::{RngExt as _, distr::Alphanumeric};
use serde::{Deserialize, Serialize};
use std::fmt;
use subtle::ConstantTimeEq;

/// The only user that the child knows.
pub const USER: &str = "rum";

/// A password that is not printed by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A new one, of 48 random letters and digits (285 bits).
    #[must_use]
    pub fn random() -> Self {
        Self(rand::rng().sample_iter(Alphanumeric).take(48).map(char::from).collect())
    }

    /// The text, for the client that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Whether the request carries user and secret: in the `X-ClickHouse-User` and `-Key` headers, as
/// basic authorization, or as `user` and `password` parameters.
pub(crate) fn allowed(headers: &HeaderMap, parameters: &[(String, String)], secret: &Secret) -> bool {
    let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let parameter = |name: &str| {
        parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.to_owned())
    };
    let offered = header("x-clickhouse-key")
        .map(|key| (header("x-clickhouse-user"), key))
        .or_else(|| basic(headers).map(|(user, key)| (Some(user), key)))
        .or_else(|| parameter("password").map(|key| (parameter("user"), key)));
    offered.is_some_and(|(user, key)| {
        // Both are compared, always, and in a time that does not depend on where they differ.
        let user = user.unwrap_or_default().as_bytes().ct_eq(USER.as_bytes());
        let key = key.as_bytes().ct_eq(secret.expose().as_bytes());
        (user & key).into()
    })
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok()?;
    let (user, key) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| (user.to_owned(), key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&'static str, String)], parameters: &[(&str, &str)], expected: bool) {
        let secret = Secret("s3cret".into());
        let headers = headers
            .iter()
            .map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()))
            .collect();
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        assert_eq!(allowed(&headers, &parameters, &secret), expected);
    }

    #[test]
    fn three_ways_in_and_no_other() {
        let key = |user: &str, key: &str| {
            vec![
                ("x-clickhouse-user", user.to_owned()),
                ("x-clickhouse-key", key.to_owned()),
            ]
        };
        let basic = |text: &str| vec![("authorization", format!("Basic {}", BASE64_STANDARD.encode(text)))];
        check(&key("rum", "s3cret"), &[], true);
        check(&key("rum", "s3cre"), &[], false);
        check(&key("default", "s3cret"), &[], false);
        check(&basic("rum:s3cret"), &[], true);
        check(&basic("rum:wrong"), &[], false);
        check(&[("authorization", "Bearer s3cret".into())], &[], false);
        check(&[], &[("user", "rum"), ("password", "s3cret")], true);
        check(&[], &[("password", "s3cret")], false);
        check(&[], &[], false);
        // A wrong header is not mended by a right parameter.
        check(&key("rum", "wrong"), &[("user", "rum"), ("password", "s3cret")], false);
    }

    #[test]
    fn a_secret_is_long_random_and_not_printed() {
        let secret = Secret::random();
        assert_eq!(secret.expose().len(), 48);
        assert_ne!(secret, Secret::random());
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }
}
