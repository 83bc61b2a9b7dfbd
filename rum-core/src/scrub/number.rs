//! Numbers that are written in groups: of payment cards (ISO/IEC 7812) and of phones (ITU-T E.164, and national forms).

use super::look::{BRACKET, DASH, DIGIT, Look, POINT, SLASH, SPACE, WORD};
use super::words::{DIVIDERS, ESCAPED_PLUS, MASKED_NUMBERS};

/// How cards print their numbers: digits of the first group, of the second, and so on.
const CARDS: [u16; 4] = [44443, 44442, 44441, 4444];
/// Those that begin with 3 and are shorter, too.
const CARDS_OF_3: [u16; 3] = [4444, 465, 464];
/// North American forms; a space alone would make phones of numbers in a row.
const AMERICAN: [u16; 2] = [334, 1334];
/// What follows an American area code in brackets.
const LOCAL: [u16; 1] = [34];
/// Forms with the leading 0 that most of the world writes for calls within a country.
const WITH_ZERO: [u16; 13] = [22222, 334, 343, 344, 433, 434, 533, 37, 38, 46, 47, 48, 56];

/// Digits around a point are a fraction.
const OF_CARDS: u32 = POINT;
/// What joins groups of digits to something longer.
const OF_PHONES: u32 = POINT | DASH;

/// Where the card's number ends that begins at `at`; 0 if there is none.
pub(super) fn card(look: &mut Look<'_>, at: usize) -> usize {
    let issued = match look.byte(at) {
        '2' => matches!(look.byte(at.wrapping_add(1)), '2'..='7'),
        first => matches!(first, '3'..='6'),
    };
    if !issued || !may_begin(look, at, OF_CARDS) {
        return 0;
    }
    look.from = at;
    let whole = look.run(at, DIGIT, 20);
    if (13..=19).contains(&whole.wrapping_sub(at)) && is_card(look, at, whole) {
        return whole;
    }
    let forms: &[u16] = if look.byte(at) == '3' { &CARDS_OF_3 } else { &CARDS };
    grouped(look, at, forms, SPACE | DASH | POINT, OF_CARDS)
}

/// Whether nothing goes on at `end`, and the last digit is right (Luhn: from the right every second digit is doubled, and
/// the digits' sum ends in 0).
fn is_card(look: &mut Look<'_>, at: usize, end: usize) -> bool {
    let mut sum = 0_u32;
    let mut double = false;
    let mut place = end;
    while place > at {
        place = place.wrapping_sub(1);
        if look.is(place, DIGIT) {
            let digit = (look.byte(place) as u32)
                .wrapping_sub(0x30)
                .wrapping_mul(if double { 2 } else { 1 });
            sum = sum.wrapping_add(if digit > 9 { digit.wrapping_sub(9) } else { digit });
            double = !double;
        }
    }
    sum.is_multiple_of(10) && may_end(look, end, OF_CARDS)
}

/// Where the phone number ends that begins at `at`; 0 if there is none.
pub(super) fn phone(look: &mut Look<'_>, at: usize) -> usize {
    let next = at.wrapping_add(1);
    let before = at.wrapping_sub(1);
    look.from = at;
    if look.is(at, DIGIT) {
        return if !may_begin(look, at, OF_PHONES) {
            0
        } else if look.byte(at) == '0' && matches!(look.byte(next), '1'..='9') {
            grouped(look, at, &WITH_ZERO, SPACE | OF_PHONES, SPACE | OF_PHONES)
        } else {
            grouped(look, at, &AMERICAN, OF_PHONES, OF_PHONES)
        };
    }
    // A `+` in a URL; what begins else belongs to nothing before it, and a placeholder was a word.
    if look.find(at, ESCAPED_PLUS) > 0 {
        return international(look, at.wrapping_add(3));
    }
    if look.is(before, WORD) || look.byte(before) == ']' {
        return 0;
    }
    match look.byte(at) {
        '+' => international(look, next),
        '(' => {
            let area = look.run(next, DIGIT, 4);
            if area != at.wrapping_add(4) || look.byte(area) != ')' {
                return 0;
            }
            let number = look.run(area.wrapping_add(1), SPACE | DASH, 1);
            grouped(look, number, &LOCAL, SPACE | OF_PHONES, OF_PHONES)
        }
        _ => 0,
    }
}

/// Where the number ends whose country code begins at `at`: 8 to 15 digits in whole groups.
fn international(look: &mut Look<'_>, at: usize) -> usize {
    let mut digits = 0_usize;
    let mut end = at;
    let mut group = at;
    if look.byte(at) == '0' {
        return 0;
    }
    // A group has a digit, so there are 15 rounds at most.
    loop {
        let group_end = look.run(group, DIGIT, 16);
        let more = digits.wrapping_add(group_end.wrapping_sub(group));
        if group_end == group || more > 15 || look.is(group_end, WORD) {
            break;
        }
        (digits, end) = (more, group_end);
        // One separator, or two around a bracket.
        group = look.run(end, SPACE | OF_PHONES | BRACKET | SLASH, 2);
    }
    if digits < 8 { 0 } else { end }
}

/// Where the number at `at` ends whose digits are in groups as one of `forms` has them, each divided by the same one of
/// `separators`, if none of `joints` joins it to what follows. For cards the check digit is right.
fn grouped(look: &mut Look<'_>, at: usize, forms: &[u16], separators: u32, joints: u32) -> usize {
    let (mut found, mut form, mut separator, mut group) = (0, 0_u32, '\0', at);
    loop {
        let end = look.run(group, DIGIT, 9);
        form = form.wrapping_mul(10).wrapping_add(end.wrapping_sub(group) as u32);
        if forms.iter().any(|known| u32::from(*known) == form) {
            let is_one = if joints == OF_CARDS {
                is_card(look, at, end)
            } else {
                // Digits that go on in the same manner are a list, an address or an id.
                may_end(look, end, if separator == ' ' { joints } else { joints & OF_PHONES })
            };
            if is_one {
                found = end;
            }
        }
        let next = look.byte(end);
        let wide = if joints == OF_CARDS {
            look.find(end, DIVIDERS)
        } else {
            0
        };
        let divided = wide > 0 || look.is(end, separators);
        // No form is longer than five groups.
        if end == group || form > 6_552 || !divided || (separator != '\0' && next != separator) {
            return found;
        }
        separator = next;
        group = wide.max(end.wrapping_add(1));
    }
}

/// Whether a number may begin at `at`: not within a word, and not behind one of `joints` that joins it to other digits, or to
/// what was masked.
fn may_begin(look: &mut Look<'_>, at: usize, joints: u32) -> bool {
    let last = at.wrapping_sub(1);
    let beyond = at.wrapping_sub(2);
    !(look.is(last, WORD) || (look.is(last, joints) && (look.byte(beyond) == ']' || look.is(beyond, DIGIT))))
}

/// Whether a number may end at `at`: not within a word, and not before one of `joints` that joins it to other digits.
fn may_end(look: &mut Look<'_>, at: usize, joints: u32) -> bool {
    let next = at.wrapping_add(1);
    !(look.is(at, WORD) || (look.is(at, joints) && (look.is(next, DIGIT) || look.find(next, MASKED_NUMBERS) > 0)))
}
