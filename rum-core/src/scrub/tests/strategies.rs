//! Texts with personal data and secrets in them, for property tests of whoever masks them.

use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use proptest::prelude::*;

/// Digits of a card with the check digit that is right: 13 to 19, in groups or not.
fn card() -> impl Strategy<Value = String> {
    let separator = prop_oneof![
        Just(""),
        Just(" "),
        Just("-"),
        Just("."),
        Just("\u{a0}"),
        Just("\u{2013}")
    ];
    let sixteen = "(4[0-9]{3}|5[1-5][0-9]{2}|6011|22[3-9][0-9]|35[2-8][0-9])[0-9]{11}";
    prop_oneof![
        3 => (sixteen, separator.clone()).prop_map(|(digits, separator)| grouped(&checked(&digits), &[4, 4, 4, 4], separator)),
        1 => ("3[47][0-9]{12}", separator).prop_map(|(digits, separator)| grouped(&checked(&digits), &[4, 6, 5], separator)),
        1 => "4[0-9]{11}|4[0-9]{17}|62[0-9]{16}".prop_map(|digits| checked(&digits)),
    ]
}

/// The digits with the one behind them that Luhn's rule wants.
fn checked(digits: &str) -> String {
    let valid = (0..10).map(|check| format!("{digits}{check}")).find(|number| {
        let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
        let doubled = digits.map(|(at, digit)| {
            if at % 2 == 1 {
                digit * 2 / 10 + digit * 2 % 10
            } else {
                digit
            }
        });
        doubled.sum::<u32>() % 10 == 0
    });
    valid.unwrap_or_default()
}

fn grouped(digits: &str, sizes: &[usize], separator: &str) -> String {
    let mut rest = digits;
    let groups = sizes.iter().map(|size| {
        let (group, behind) = rest.split_at(*size);
        rest = behind;
        group
    });
    groups.collect::<Vec<_>>().join(separator)
}

/// Characters by which a secret would be known again.
const TELLING: usize = 6;

/// What is left of a planted secret in a scrubbed text, if anything is that tells.
pub(crate) fn left_of<'a>(planted: &'a str, scrubbed: &str) -> Option<&'a str> {
    let secret = planted.strip_prefix("Bearer ").unwrap_or(planted);
    let borders: Vec<usize> = secret.char_indices().map(|(at, _)| at).chain([secret.len()]).collect();
    let telling = TELLING.min(borders.len() - 1);
    let mut windows = borders
        .windows(telling + 1)
        .map(|window| &secret[window[0]..window[telling]]);
    windows.find(|window| scrubbed.contains(window))
}

/// What is to be masked: an e-mail address, a token, a card.
pub(crate) fn planted() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z][A-Za-z0-9._+-]{0,10}[A-Za-z]@[A-Za-z][A-Za-z0-9-]{0,8}[A-Za-z]\\.(com|de|co\\.uk|io|museum|xn--p1ai)",
        "[a-z]{2,10}%40[a-z]{1,10}\\.org",
        "eyJ[A-Za-z0-9_-]{10,40}\\.[A-Za-z0-9_-]{5,40}\\.[A-Za-z0-9_-]{5,40}",
        // Letters alone may be a word: "Bearer authentication required".
        "Bearer [A-Za-z0-9._~+/-]{6,30}[0-9]={0,2}",
        card(),
    ]
}

/// What may stand around it.
pub(crate) const BORDERS: &[&str] = &[" ", "\n", "<", "\t", ", ", "\"", "(", "/", "=", ":", "?", ";", "'"];

/// Whether what is planted between these would rightly be something else:
/// - the local part of an address that goes on behind its border: then the address is masked, and the groups of a card before it are
///   not known any more. An apostrophe belongs to names.
/// - the user of a URL: then the host behind the `@` stays.
/// - a web token, whatever the case of its first letters, which is masked first: then the other side of the `@` stays.
pub(crate) fn is_part_of_another(before: &str, border: &str, planted: &str, after: &str) -> bool {
    let local_part = border == "'" && after.contains(['@', '%']);
    let user = planted.contains('@') && format!("{before}{border}").contains("://");
    let token = planted.contains('@') && planted.to_ascii_lowercase().contains("eyj");
    local_part || user || token
}

/// Texts of what the rules look for, in any order.
pub(crate) fn mixture() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        planted(),
        "[a-z0-9 .@:/=+()_%\"'\\\\-]{0,6}",
        "[0-9 .()+-]{0,16}",
        prop::sample::select(vec![
            "key=",
            "password:",
            "password=\"",
            "token=",
            "Cookie: ",
            "bearer ",
            "basic ",
            "://",
            "[email]",
            "[token]",
            "[card]",
            "[phone]",
            "+49 176 1234 5678",
            "555-123-4567",
            "(555) 123-4567",
            "01 23 45 67 89",
            "sk_live_0123456789",
            "%2B",
            "é",
            ".",
            "-",
            " ",
        ])
        .prop_map(ToString::to_string),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}
