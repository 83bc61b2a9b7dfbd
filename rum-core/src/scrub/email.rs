//! E-mail addresses, as they are written and as URLs carry them.

use super::look::{ALPHA, APOSTROPHE, DASH, DIGIT, ESCAPE, Look, POINT, UNDERSCORE, WORD};
use super::words::{AT_SIGNS, ESCAPED_DOMAIN, FILES, PUNCTUATION};

const LOCAL: u32 = WORD | POINT | UNDERSCORE | ESCAPE | DASH | APOSTROPHE;

/// Where the address ends whose `@` is at `at`; 0 if there is none.
pub(super) fn find(look: &mut Look<'_>, at: usize) -> usize {
    let sign = if matches!(look.byte(at), '@' | '%') {
        look.find(at, AT_SIGNS)
    } else {
        0
    };
    let from = look.from;
    if sign > 0 {
        let end = domain_end(look, sign);
        if from < at && end > 0 {
            return end;
        }
        look.from = sign;
    } else if !is_word(look, at, LOCAL) || (from == at && look.byte(at) == '\'') {
        // A quote belongs to a name such as O'Neil, and to no name in front of it.
        let last = at.max(look.find(at, PUNCTUATION));
        look.from = from.max(last.wrapping_add(1));
    }
    0
}

/// Where the domain ends, with a top-level domain, that begins at `at`.
fn domain_end(look: &mut Look<'_>, mut at: usize) -> usize {
    let (mut labels, mut numbers, mut end) = (0_usize, 0_usize, 0);
    loop {
        let label = at;
        at = word_end(look, at, WORD | DASH);
        if at == label {
            break;
        }
        // `vue@3.4.21` is a version of a package; 163.com has one number only.
        if labels == numbers && look.end(label, DIGIT) == at {
            numbers = numbers.wrapping_add(1);
        }
        if labels > 0 {
            end = end.max(top_level_end(look, label, at));
        }
        labels = labels.wrapping_add(1);
        if look.byte(at) != '.' {
            break;
        }
        at = at.wrapping_add(1);
    }
    if numbers > 1 { 0 } else { end }
}

/// Where the top-level domain ends that the label begins with. What is no letter behind it is the sentence's.
fn top_level_end(look: &mut Look<'_>, label: usize, end: usize) -> usize {
    if look.find(label, ESCAPED_DOMAIN) > 0 {
        return end;
    }
    let top = word_end(look, label, ALPHA);
    if top.wrapping_sub(label) < 2 || look.find(label, FILES) == top {
        0
    } else {
        top
    }
}

fn word_end(look: &mut Look<'_>, mut at: usize, kinds: u32) -> usize {
    while is_word(look, at, kinds) {
        at = at.wrapping_add(1);
    }
    at
}

/// Whether the byte at `at` is of `kinds` or not ASCII, punctuation apart.
fn is_word(look: &mut Look<'_>, at: usize, kinds: u32) -> bool {
    look.is(at, kinds) || (look.byte(at) > '\x7f' && look.find(at, PUNCTUATION) == 0)
}
