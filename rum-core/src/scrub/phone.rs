//! Phone numbers: international ones by their `+`, national ones by the groups that people write them in.

use alloc::string::String;

use super::PHONE;
use super::digits::{byte, digits_end, follow, may_begin, may_end};
use super::mask::Mask;

/// Digits of an international number (ITU-T E.164 has 15 at most).
const DIGITS: core::ops::RangeInclusive<usize> = 8..=15;

/// North American forms; a space alone would make phones of numbers in a row.
const AMERICAN: [&[u8]; 2] = [&[3, 3, 4], &[1, 3, 3, 4]];

/// Forms with the leading 0 that most of the world writes for calls within a country.
const WITH_ZERO: [&[u8]; 13] = [
    &[2, 2, 2, 2, 2],
    &[3, 3, 4],
    &[3, 4, 3],
    &[3, 4, 4],
    &[4, 3, 3],
    &[4, 3, 4],
    &[5, 3, 3],
    &[3, 7],
    &[3, 8],
    &[4, 6],
    &[4, 7],
    &[4, 8],
    &[5, 6],
];

/// What joins groups of digits to something longer.
const JOINTS: &[u8] = b"-.";

pub(super) fn mask(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut mask = Mask::new(text);
    let mut at = 0_usize;
    while let Some(first) = bytes.get(at) {
        let end = match first {
            b'+' if stands_alone(bytes, at) => international_end(bytes, at.saturating_add(1)),
            b'%' if is_plus(bytes, at) => international_end(bytes, at.saturating_add(3)),
            b'(' if stands_alone(bytes, at) => bracketed_end(bytes, at),
            b'0'..=b'9' if may_begin(bytes, at, JOINTS) => national_end(bytes, at),
            _ => None,
        };
        if let Some(end) = end {
            mask.put(at, end, PHONE);
        }
        at = end.unwrap_or_else(|| digits_end(bytes, at).max(at.saturating_add(1)));
    }
    mask.finish()
}

/// Whether what begins at `at` belongs to nothing before it; a placeholder was a word.
fn stands_alone(bytes: &[u8], at: usize) -> bool {
    let last = at.checked_sub(1).map_or(0, |before| byte(bytes, before));
    !last.is_ascii_alphanumeric() && last != b']'
}

/// Whether the `%` at `at` begins a `+` in a URL.
fn is_plus(bytes: &[u8], at: usize) -> bool {
    let escape = bytes.get(at..).and_then(|rest| rest.get(..3));
    escape.is_some_and(|escape| escape.eq_ignore_ascii_case(b"%2B"))
}

/// Where the number ends whose country code begins at `at`.
fn international_end(bytes: &[u8], at: usize) -> Option<usize> {
    if !matches!(byte(bytes, at), b'1'..=b'9') {
        return None;
    }
    let (mut digits, mut end, mut group) = (0_usize, at, at);
    // As many whole groups as there is room for; a group has a digit, so there are 15 rounds at most.
    loop {
        let group_end = digits_end(bytes, group);
        let more = digits.saturating_add(group_end.saturating_sub(group));
        if group_end == group || more > *DIGITS.end() || byte(bytes, group_end).is_ascii_alphanumeric() {
            break;
        }
        (digits, end) = (more, group_end);
        // One separator, or two around a bracket.
        let gap = bytes
            .iter()
            .skip(end)
            .take(2)
            .take_while(|byte| b" -.()/".contains(byte));
        group = end.saturating_add(gap.count());
    }
    DIGITS.contains(&digits).then_some(end)
}

/// Where `(555) 123-4567` ends that begins at `at`.
fn bracketed_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (area, _) = follow(bytes, at.saturating_add(1), &[3], b"")?;
    if byte(bytes, area) != b')' {
        return None;
    }
    let after = area.saturating_add(1);
    let start = after.saturating_add(usize::from(b" -".contains(&byte(bytes, after))));
    let (end, _) = follow(bytes, start, &[3, 4], b" -.")?;
    may_end(bytes, end, JOINTS).then_some(end)
}

fn national_end(bytes: &[u8], at: usize) -> Option<usize> {
    let zero = byte(bytes, at) == b'0' && matches!(byte(bytes, at.saturating_add(1)), b'1'..=b'9');
    let (forms, separators): (&[&[u8]], &[u8]) = if zero { (&WITH_ZERO, b" -.") } else { (&AMERICAN, b"-.") };
    let ends = forms.iter().filter_map(|groups| follow(bytes, at, groups, separators));
    // Digits that go on in the same manner are a list, an address or an id.
    ends.filter(|(end, separator)| may_end(bytes, *end, JOINTS) && may_end(bytes, *end, &[*separator]))
        .map(|(end, _)| end)
        .next()
}
