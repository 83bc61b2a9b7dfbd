//! Numbers of payment cards (ISO/IEC 7812).

use alloc::string::String;

use super::CARD;
use super::digits::{byte, digits_end, follow, may_begin, may_end};
use super::mask::Mask;

/// How cards print their numbers, the longest first where one begins as another.
const FOURS: [&[u8]; 4] = [&[4, 4, 4, 4, 3], &[4, 4, 4, 4, 2], &[4, 4, 4, 4, 1], &[4, 4, 4, 4]];

/// And how those do that begin with 3 and are shorter.
const SIXES: [&[u8]; 2] = [&[4, 6, 5], &[4, 6, 4]];

/// Digits around a point are a fraction.
const POINT: &[u8] = b".";

pub(super) fn mask(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut mask = Mask::new(text);
    let mut at = 0_usize;
    while at < bytes.len() {
        let digits = digits_end(bytes, at);
        if digits == at {
            at = at.saturating_add(1);
            continue;
        }
        let end = card_end(bytes, at, digits);
        if let Some(end) = end {
            mask.put(at, end, CARD);
        }
        at = end.unwrap_or(digits);
    }
    mask.finish()
}

/// Where the card's number ends that begins at `at`, whose first digits end at `digits`.
fn card_end(bytes: &[u8], at: usize, digits: usize) -> Option<usize> {
    let first = byte(bytes, at);
    if !may_begin(bytes, at, POINT) || !is_issued(first, byte(bytes, at.saturating_add(1))) {
        return None;
    }
    let whole = (13..=19).contains(&digits.saturating_sub(at)).then_some(digits);
    let groups = FOURS.iter().chain(SIXES.iter().filter(|_| first == b'3'));
    let grouped = groups.filter_map(|groups| follow(bytes, at, groups, b" -").map(|(end, _)| end));
    whole
        .into_iter()
        .chain(grouped)
        .find(|end| may_end(bytes, *end, POINT) && is_checked(bytes.get(at..*end).unwrap_or_default()))
}

/// Whether numbers that begin so belong to cards that people carry.
fn is_issued(first: u8, second: u8) -> bool {
    matches!((first, second), (b'3'..=b'6', _) | (b'2', b'2'..=b'7'))
}

/// Whether the last digit is right (Luhn: from the right every second digit is doubled, and the digits' sum ends in 0).
fn is_checked(number: &[u8]) -> bool {
    let digits = number.iter().rev().filter(|byte| byte.is_ascii_digit());
    let sum: u32 = digits
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte.saturating_sub(b'0'));
            match (index & 1, digit) {
                (0, _) => digit,
                (_, 0..=4) => digit.saturating_mul(2),
                _ => digit.saturating_mul(2).saturating_sub(9),
            }
        })
        .sum();
    sum.is_multiple_of(10)
}
