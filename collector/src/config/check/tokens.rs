//! The tokens of the configuration.

use std::collections::HashSet;
use std::net::SocketAddr;

use super::super::raw::RawToken;
use super::super::{Apps, Scope, Token, TokenApps, TokenHash, Tokens};
use super::{KEY_RULE, Problems, is_word};

/// Checks all of them; without any, nobody may listen where others can ask.
pub(super) fn check(raw: Vec<RawToken>, apps: &Apps, listen: SocketAddr, problems: &mut Problems) -> Tokens {
    if raw.is_empty() && !listen.ip().is_loopback() {
        problems.add(
            "tokens",
            format!("there are none, and {listen} can be reached from other machines"),
            "add one, which `rum-collector token new` prints, or listen on 127.0.0.1 behind a proxy",
        );
    }
    let (mut names, mut hashes) = (HashSet::new(), HashSet::new());
    let mut tokens = Vec::new();
    for (at, token) in raw.into_iter().enumerate() {
        let place = |field: &str| format!("tokens[{at}].{field}");
        let RawToken {
            name,
            hash,
            scopes,
            apps: of_apps,
        } = token;
        if !is_word(&name) {
            problems.add(place("name"), format!("{name:?} cannot be a name"), KEY_RULE);
        }
        if !names.insert(name.clone()) {
            problems.add(
                place("name"),
                format!("{name:?} is another token's name"),
                "give each token a name of its own: the log knows them by it",
            );
        }
        let scopes = scopes_of(&scopes, &place("scopes"), problems);
        let of_apps = apps_of(of_apps, apps, &place("apps"), problems);
        // What is written there may be the token itself: it is not said again.
        let Some(hash) = TokenHash::parse(&hash) else {
            problems.add(
                place("hash"),
                "is no hash",
                "write \"sha256:\" and the 64 hexadecimal digits that `rum-collector token new` prints, never the token itself",
            );
            continue;
        };
        if !hashes.insert(hash) {
            problems.add(
                place("hash"),
                "is another token's hash",
                "make a token of its own with `rum-collector token new`",
            );
        }
        tokens.push(Token {
            name,
            hash,
            scopes,
            apps: of_apps,
        });
    }
    tokens.into_iter().collect()
}

fn scopes_of(texts: &[String], key: &str, problems: &mut Problems) -> Vec<Scope> {
    let names = Scope::ALL.map(Scope::name).join(", ");
    if texts.is_empty() {
        problems.add(
            key,
            "is empty, so the token is good for nothing",
            format!("name one or more of {names}"),
        );
    }
    let read = |text: &String| {
        let scope = Scope::ALL.into_iter().find(|scope| scope.name() == text);
        if scope.is_none() {
            problems.add(key, format!("{text:?} is no scope"), format!("there are {names}"));
        }
        scope
    };
    texts.iter().filter_map(read).collect()
}

fn apps_of(names: Vec<String>, apps: &Apps, key: &str, problems: &mut Problems) -> TokenApps {
    if names.is_empty() {
        problems.add(
            key,
            "is empty, so the token is good for nothing",
            "name the apps, or write [\"*\"] for all",
        );
    }
    if names.iter().any(|name| name == "*") {
        if names.len() > 1 {
            problems.add(
                key,
                "lists apps beside \"*\"",
                "\"*\" is all apps: remove it, or the others",
            );
        }
        return TokenApps::All;
    }
    for name in &names {
        if !apps.sorted().iter().any(|app| *app.name == **name) {
            problems.add(
                key,
                format!("there is no app {name:?}"),
                "write the name of an [[apps]] section, or [\"*\"] for all",
            );
        }
    }
    TokenApps::Listed(names)
}
