//! Names that say that their value is a secret, and where that value is: `token=…`, `"password": "…"`, `Cookie: …`.

use super::TOKEN;
use super::digits::{byte, digits_end};

/// What a value must look like to be masked. The more often a name means something harmless, the more it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secrecy {
    /// Anything but a plain word of a sentence.
    Any,
    /// 8 bytes of a token with a digit, or 16.
    Token,
    /// 16 bytes of a token, with letters and digits: most keys are of keyboards and of stores.
    Key,
    /// Everything up to the end of the line: values of headers have parts.
    Line,
}

/// Ends of names, without `_` and `-`.
const ENDS: [(&str, Secrecy); 18] = [
    ("password", Secrecy::Any),
    ("passwd", Secrecy::Any),
    ("passphrase", Secrecy::Any),
    ("pwd", Secrecy::Any),
    ("secret", Secrecy::Any),
    ("token", Secrecy::Token),
    ("jwt", Secrecy::Token),
    ("apikey", Secrecy::Token),
    ("accesskey", Secrecy::Token),
    ("privatekey", Secrecy::Token),
    ("credential", Secrecy::Token),
    ("signature", Secrecy::Token),
    ("session", Secrecy::Token),
    ("sessionid", Secrecy::Token),
    ("sessid", Secrecy::Token),
    ("authorization", Secrecy::Line),
    ("cookie", Secrecy::Line),
    ("accesskeyid", Secrecy::Token),
];

/// Words that are ends of harmless ones too (`monkey`, `compass`), so that a name must have them as a word.
const WORDS: [(&str, Secrecy); 7] = [
    ("pass", Secrecy::Any),
    ("otp", Secrecy::Any),
    ("cvc", Secrecy::Any),
    ("sid", Secrecy::Token),
    ("sig", Secrecy::Token),
    ("auth", Secrecy::Token),
    ("key", Secrecy::Key),
];

/// Values that no secret has.
const NOTHING: [&str; 6] = ["null", "undefined", "none", "true", "false", "nil"];

/// How far a look goes that may find nothing.
const LOOK: usize = 64;

/// From where to where the secret is that belongs to the name between `start` and `end`, if that is a name of one.
pub(super) fn value(bytes: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let secrecy = secrecy(bytes.get(start..end)?)?;
    let (_, after_name) = quote(bytes, end);
    let sign = spaces_end(bytes, after_name);
    let assigned = byte(bytes, sign) == b'=';
    if !assigned && byte(bytes, sign) != b':' {
        return None;
    }
    let after_sign = sign.saturating_add(1);
    let (quoted, from) = quote(bytes, spaces_end(bytes, after_sign));
    let rest = bytes.get(from..)?;
    // A page that is called `/password`, with a position in its script.
    if after_sign == from && !assigned && is_position(rest) {
        return None;
    }
    let length = match (secrecy, &quoted) {
        (Secrecy::Line, _) => rest.iter().take_while(|byte| !b"\"'\\\n\r,}".contains(byte)).count(),
        (Secrecy::Any, Some(quote)) => quoted_length(rest, quote),
        (Secrecy::Any, None) => rest.iter().take_while(|byte| is_plain(**byte)).count(),
        (Secrecy::Token | Secrecy::Key, _) => rest.iter().take_while(|byte| is_token(**byte)).take(LOOK).count(),
    };
    let found = rest.get(..length)?;
    let certain = quoted.is_some() || (assigned && after_sign == from);
    let masks = !rest.starts_with(TOKEN.as_bytes())
        && match secrecy {
            Secrecy::Line => found.iter().any(u8::is_ascii_graphic),
            Secrecy::Any => length > 0 && (certain || !is_prose(found)) && !is_nothing(found),
            Secrecy::Token => length > 15 || (length > 7 && found.iter().any(u8::is_ascii_digit)),
            Secrecy::Key => {
                length > 15 && found.iter().any(u8::is_ascii_digit) && found.iter().any(u8::is_ascii_alphabetic)
            }
        };
    let more = rest
        .iter()
        .skip(length)
        .take_while(|byte| length >= LOOK && is_token(**byte));
    let length = match secrecy {
        Secrecy::Token | Secrecy::Key if masks => length.saturating_add(more.count()),
        _ => length,
    };
    masks.then_some((from, from.saturating_add(length)))
}

/// Whether this is a word as sentences have it: short, letters only, no capital but the first.
pub(super) fn is_prose(word: &[u8]) -> bool {
    word.len() < 16
        && word.first().is_some_and(u8::is_ascii_alphabetic)
        && word.iter().skip(1).all(u8::is_ascii_lowercase)
}

/// Bytes of tokens: base64 in both alphabets, and what URLs escape.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte)
}

fn secrecy(name: &[u8]) -> Option<Secrecy> {
    let end = ENDS.iter().find(|(end, _)| before(name, end).is_some());
    let word = || {
        WORDS.iter().find(|(word, _)| {
            before(name, word).is_some_and(|head| {
                let first = byte(name, head.len());
                let camel = first.is_ascii_uppercase() && head.last().is_some_and(u8::is_ascii_lowercase);
                camel || !head.last().is_some_and(u8::is_ascii_alphabetic)
            })
        })
    };
    end.or_else(word).map(|(_, secrecy)| *secrecy)
}

/// What stands before `end` in a name that ends so, whatever its case and its `_` and `-`.
fn before<'a>(name: &'a [u8], end: &str) -> Option<&'a [u8]> {
    let mut head = name;
    for wanted in end.bytes().rev() {
        while let Some((b'_' | b'-', rest)) = head.split_last() {
            head = rest;
        }
        let (last, rest) = head.split_last()?;
        if !last.eq_ignore_ascii_case(&wanted) {
            return None;
        }
        head = rest;
    }
    Some(head)
}

/// The quote that begins at `at`, also one that is escaped within JSON, and where what it quotes begins.
fn quote(bytes: &[u8], at: usize) -> (Option<&[u8]>, usize) {
    let escape = usize::from(byte(bytes, at) == b'\\');
    let end = at.saturating_add(escape).saturating_add(1);
    match bytes.get(at..end) {
        Some(found @ [.., b'"' | b'\'']) => (Some(found), end),
        _ => (None, at),
    }
}

/// How long a text is of which only the quote at its end is missing.
fn quoted_length(rest: &[u8], quote: &[u8]) -> usize {
    let mut length = 0_usize;
    while let Some(tail) = rest
        .get(length..)
        .filter(|tail| !tail.is_empty() && !tail.starts_with(quote))
    {
        // In a text that is not within another one a backslash keeps a quote from ending it.
        let escaped = quote.len() == 1 && tail.first() == Some(&b'\\') && tail.get(1).is_some_and(u8::is_ascii);
        length = length.saturating_add(1).saturating_add(usize::from(escaped));
    }
    length.min(rest.len())
}

/// Two spaces at most: more are a table's.
fn spaces_end(bytes: &[u8], at: usize) -> usize {
    let spaces = bytes.iter().skip(at).take(2).take_while(|byte| **byte == b' ');
    at.saturating_add(spaces.count())
}

/// Whether this begins with a line and a column.
fn is_position(rest: &[u8]) -> bool {
    let line = digits_end(rest.get(..LOOK.min(rest.len())).unwrap_or_default(), 0);
    line > 0 && byte(rest, line) == b':' && byte(rest, line.saturating_add(1)).is_ascii_digit()
}

fn is_nothing(value: &[u8]) -> bool {
    NOTHING
        .iter()
        .any(|nothing| value.eq_ignore_ascii_case(nothing.as_bytes()))
}

/// Bytes of a value without quotes.
fn is_plain(byte: u8) -> bool {
    byte > b' ' && !b"\"'`&;,<>()[]{}\\".contains(&byte)
}
