//! Texts with personal data and secrets in them, for property tests of whoever masks them.

use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use proptest::prelude::*;

/// Digits of a card with the check digit that is right.
fn card() -> impl Strategy<Value = String> {
    (
        "(4[0-9]{3}|5[1-5][0-9]{2}|6011|22[3-9][0-9]|35[2-8][0-9])[0-9]{11}",
        prop_oneof![Just(""), Just(" "), Just("-")],
    )
        .prop_map(|(digits, separator)| {
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
            let groups = valid.unwrap_or_default();
            let groups = groups
                .as_bytes()
                .chunks(4)
                .map(|group| String::from_utf8_lossy(group).to_string());
            groups.collect::<Vec<_>>().join(separator)
        })
}

/// What is to be masked: an e-mail address, a token, a card.
pub(crate) fn planted() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9._+-]{0,10}[a-z]@[a-z][a-z0-9-]{0,8}[a-z]\\.(com|de|co\\.uk|io|museum|xn--p1ai)",
        "[a-z]{2,10}%40[a-z]{1,10}\\.org",
        "eyJ[A-Za-z0-9_-]{10,40}\\.[A-Za-z0-9_-]{5,40}\\.[A-Za-z0-9_-]{5,40}",
        "Bearer [A-Za-z0-9_-]{6,30}[0-9]",
        card(),
    ]
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
