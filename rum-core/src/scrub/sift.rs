//! Whether a rule may find anything in a text: most texts hold nothing, and a rule's look at each byte costs many times this one.
//!
//! Each answer is about what a rule needs at least, so a `false` is certain. The page's Wasm goes without: its texts are few, and
//! this would be code to download.

use super::look::{Look, WORD};
use super::words::{BEGINNINGS, may_begin};
use super::{Rule, name};

/// Digits of the shortest card number, and of the shortest phone number.
const OF_CARD: usize = 13;
const OF_PHONE: usize = 8;
/// What may stand between a name and the sign behind it: a quote that is escaped, and two spaces.
const MOST_BETWEEN: usize = 4;

/// Whether `rule` may find anything in `text`.
pub(super) fn may_find(rule: Rule, text: &[u8]) -> bool {
    match rule {
        Rule::Secrets => has_sign(text) || has_beginning(text),
        Rule::Emails => has(text, |byte| byte == b'@' || byte == b'%'),
        Rule::Cards => digits(text) >= OF_CARD,
        Rule::Phones => digits(text) >= OF_PHONE,
    }
}

/// Without an early end: so it runs over many bytes at a time.
fn has(text: &[u8], is: impl Fn(u8) -> bool) -> bool {
    text.iter().fold(false, |found, byte| found | is(*byte))
}

fn digits(text: &[u8]) -> usize {
    text.iter().map(|byte| usize::from(byte.is_ascii_digit())).sum()
}

/// Whether there is a sign before a URL's host, or between a value and a name that says secret.
fn has_sign(text: &[u8]) -> bool {
    let look = Look::new(text, 0);
    let is_named = |sign: usize| (sign.saturating_sub(MOST_BETWEEN)..=sign).any(|end| name::is_of_secret(&look, end));
    has(text, |byte| byte == b'@')
        || (has(text, |byte| byte == b'=' || byte == b':')
            && (0..)
                .zip(text)
                .any(|(at, byte)| matches!(byte, b'=' | b':') && is_named(at)))
}

/// Whether a word begins as a secret does.
fn has_beginning(text: &[u8]) -> bool {
    let mut look = Look::new(text, 0);
    let mut in_word = false;
    let mut places = text.windows(3).enumerate();
    places.any(|(at, bytes)| {
        let begins = !in_word && matches!(bytes, [first, second, third] if may_begin(*first, *second, *third));
        in_word = matches!(bytes, [first, ..] if first.is_ascii_alphanumeric());
        begins && look.is(at, WORD) && look.find(at, BEGINNINGS) > 0
    })
}
