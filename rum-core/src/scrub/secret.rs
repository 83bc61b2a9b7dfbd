//! Secrets: by their own form, by the word before them, by the name that they are the value of.

use alloc::string::String;

use super::digits::byte;
use super::mask::Mask;
use super::name::{self, is_prose, is_token};
use super::{CARD, EMAIL, PHONE, TOKEN};

/// Beginnings of keys that services give out, and how many bytes follow at least.
const KEYS: [(&str, usize); 29] = [
    // GitHub, GitLab, npm, PyPI
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("npm_", 30),
    ("pypi-", 30),
    // Slack
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    // Stripe
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("pk_live_", 10),
    ("pk_test_", 10),
    ("rk_live_", 10),
    ("rk_test_", 10),
    ("whsec_", 16),
    // AWS
    ("AKIA", 16),
    ("ASIA", 16),
    // Google, and others
    ("AIza", 30),
    ("GOCSPX-", 20),
    ("ya29.", 20),
    ("sk-", 20),
    ("hf_", 30),
];

/// What a key's bytes are looked through for a digit: more would be slow for a text of many beginnings.
const LOOK: usize = 40;

pub(super) fn mask(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut mask = Mask::new(text);
    // Where the name began that may have ended at `at`.
    let mut name = 0_usize;
    let mut at = 0_usize;
    while let Some(here) = bytes.get(at) {
        let last = at.checked_sub(1).map_or(0, |before| byte(bytes, before));
        let found = if is_name(*here) {
            if !is_name(last) {
                name = at;
            }
            let begins = here.is_ascii_alphanumeric() && !last.is_ascii_alphanumeric();
            if begins { secret(bytes, at) } else { None }
        } else {
            let of_name = if is_name(last) {
                name::value(bytes, name, at)
            } else {
                None
            };
            of_name.or_else(|| credentials(bytes, at))
        };
        match found {
            Some((from, to)) => {
                mask.put(from, to, TOKEN);
                (at, name) = (to, to);
            }
            None => at = at.saturating_add(1),
        }
    }
    mask.finish()
}

/// The secret in what begins, as a word, at `at`.
fn secret(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(at..)?;
    let length = web_token(rest).or_else(|| key(rest));
    length
        .map(|length| (at, at.saturating_add(length)))
        .or_else(|| of_scheme(bytes, at))
}

/// How long the JSON web token is (RFC 7519, and with more parts RFC 7516) that `rest` begins with.
fn web_token(rest: &[u8]) -> Option<usize> {
    if !rest.starts_with(b"eyJ") || name_length(rest, 10) < 10 {
        return None;
    }
    let mut length = name_length(rest, usize::MAX);
    for _ in 0..4 {
        let part = rest.get(length..).and_then(|tail| tail.strip_prefix(b"."));
        let part = part.map_or(0, |part| name_length(part, usize::MAX));
        if part > 0 {
            length = length.saturating_add(part).saturating_add(1);
        }
    }
    Some(length)
}

/// How long the key is that `rest` begins with.
fn key(rest: &[u8]) -> Option<usize> {
    let found = KEYS.iter().find_map(|(prefix, least)| {
        let tail = rest.strip_prefix(prefix.as_bytes())?;
        let long = name_length(tail, *least) == *least;
        let digit = tail
            .iter()
            .take(LOOK)
            .take_while(|byte| is_name(**byte))
            .any(u8::is_ascii_digit);
        (long && digit).then_some(prefix.len())
    })?;
    let tail = rest.get(found..).unwrap_or_default();
    Some(found.saturating_add(name_length(tail, usize::MAX)))
}

/// What follows `Bearer` or `Basic` at `at` (RFC 6750, RFC 7617), also in a URL.
fn of_scheme(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = bytes.get(at..)?;
    let is = |scheme: &[u8]| {
        rest.get(..scheme.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(scheme))
    };
    let (scheme, least) = match () {
        () if is(b"bearer") => (6, 1),
        () if is(b"basic") => (5, 8),
        () => return None,
    };
    let after = at.saturating_add(scheme);
    let tail = bytes.get(after..)?;
    let spaces = match tail {
        [b'%', b'2', b'0', ..] => 3,
        _ => tail.iter().take_while(|byte| **byte == b' ').count(),
    };
    let from = after.saturating_add(spaces);
    let value = bytes.get(from..)?;
    let token = value.iter().take_while(|byte| is_token(**byte));
    // A point at the end is the sentence's.
    let length = token.count();
    let point = value.get(..length).and_then(<[u8]>::last) == Some(&b'.');
    let length = length.saturating_sub(usize::from(point));
    let masks = spaces > 0 && length >= least && !is_prose(value.get(..length)?);
    masks.then_some((from, from.saturating_add(length)))
}

/// User and password of the URL whose `://` begins at `at`. The last `@` ends them: the user may be an address. What had
/// spaces, and has a placeholder now, was none the first time, and is none the second time.
fn credentials(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let from = at.saturating_add(3);
    let rest = bytes.get(at..)?.strip_prefix(b"://")?;
    let authority = rest
        .iter()
        .take_while(|byte| **byte > b' ' && !b"/?#\"'<>()".contains(byte));
    let authority = rest.get(..authority.count())?;
    let length = authority.iter().rposition(|byte| *byte == b'@')?;
    let user = authority.get(..length)?;
    let was_masked = [CARD, EMAIL, PHONE].iter().any(|placeholder| {
        let placeholder = placeholder.as_bytes();
        user.windows(placeholder.len()).any(|part| part == placeholder)
    });
    let masks = user.contains(&b':') && !was_masked;
    masks.then_some((from, from.saturating_add(length)))
}

/// How many bytes of a name `rest` begins with, and no more than `most`.
fn name_length(rest: &[u8], most: usize) -> usize {
    rest.iter().take(most).take_while(|byte| is_name(**byte)).count()
}

/// Bytes of names, and of base64 in the alphabet for URLs.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_".contains(&byte)
}
