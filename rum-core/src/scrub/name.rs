//! Names that say that their value is a secret, and where that value is: `token=…`, `"password": "…"`, `Cookie: …`.

#[cfg(not(target_arch = "wasm32"))]
use super::look::NAME;
use super::look::{ALPHA, DASH, DIGIT, LINE, LOWER, Look, PLAIN, SPACE, TOKEN, UNDERSCORE, UPPER, lower};
#[cfg(not(target_arch = "wasm32"))]
use super::words::may_end;
use super::words::{ANY, AS_WORD, LONG, MASKED_SECRET, NAMES, NOTHING, REST, word_byte};

/// How far a look goes that may find nothing.
const LOOK: usize = 64;

/// Where the secret ends that belongs to the name which ends at `end`, if that is a name of one; else 0.
pub(super) fn value(look: &mut Look<'_>, end: usize) -> usize {
    let sign = spaces_end(look, quote_end(look, end));
    let assigned = look.byte(sign) == '=';
    if !assigned && look.byte(sign) != ':' {
        return 0;
    }
    let secrecy = secrecy(look, end);
    if secrecy == 0 {
        return 0;
    }
    let after_sign = sign.wrapping_add(1);
    let quote = spaces_end(look, after_sign);
    let from = quote_end(look, quote);
    // What is masked is no secret any more. And a page may be called `/password`, with a position in its script.
    if look.find(from, MASKED_SECRET) > 0 || (after_sign == from && !assigned && is_position(look, from)) {
        return 0;
    }
    let quoted = quote != from;
    let end = match secrecy {
        REST => look.end(from, LINE),
        ANY if quoted => quoted_end(look, quote, from),
        ANY => look.end(from, PLAIN),
        _ => look.run(from, TOKEN, LOOK),
    };
    let length = end.wrapping_sub(from);
    let masks = match secrecy {
        REST => look.is(look.end(from, SPACE), LINE),
        ANY => {
            let certain = quoted || (assigned && after_sign == from);
            length > 0 && (certain || !is_prose(look, from, end)) && look.find(from, NOTHING) != end
        }
        LONG => length > 15 || (length > 7 && has(look, from, end, DIGIT)),
        _ => length > 15 && has(look, from, end, DIGIT) && has(look, from, end, ALPHA),
    };
    if !masks {
        return 0;
    }
    look.from = from;
    if secrecy & 2 > 0 { look.end(end, TOKEN) } else { end }
}

/// Whether a name that says secret ends at `end`.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn is_of_secret(look: &Look<'_>, end: usize) -> bool {
    let last = end.wrapping_sub(1);
    !look.is(end, NAME)
        && look.is(last, NAME)
        && may_end(look.byte(last.wrapping_sub(1)), look.byte(last))
        && secrecy(look, end) > 0
}

/// Whether one of the token's bytes is of these kinds.
fn has(look: &Look<'_>, from: usize, end: usize, kinds: u32) -> bool {
    look.run(from, TOKEN & !kinds, end.wrapping_sub(from)) < end
}

/// Whether this is a word as sentences have it: short, letters only, no capital but the first.
pub(super) fn is_prose(look: &Look<'_>, from: usize, end: usize) -> bool {
    end.wrapping_sub(from) < 16 && look.is(from, ALPHA) && look.end(from.wrapping_add(1), LOWER) >= end
}

/// What a value must look like to be masked, if the name that ends at `end` is one of those; 0 if not.
fn secrecy(look: &Look<'_>, end: usize) -> u32 {
    let mut entry = NAMES;
    loop {
        let tag = word_byte(entry.wrapping_add(1));
        let next = entry.wrapping_add(2).wrapping_add(word_byte(entry) as usize);
        let (mut at, mut wanted) = (end, next);
        // From its end, whatever its case and its `_` and `-`.
        while wanted > entry.wrapping_add(2) {
            at = at.wrapping_sub(1);
            if look.is(at, DASH | UNDERSCORE) {
                continue;
            }
            wanted = wanted.wrapping_sub(1);
            if lower(look.byte(at) as u32) != word_byte(wanted) {
                wanted = 0;
            }
        }
        let before = at.wrapping_sub(1);
        let camel = look.is(at, UPPER) && look.is(before, LOWER);
        if wanted > 0 && (tag < AS_WORD || camel || !look.is(before, ALPHA)) {
            return tag & 7;
        }
        if tag == 0 {
            return 0;
        }
        entry = next;
    }
}

/// Where the quote ends that begins at `at`, also one that is escaped within JSON; `at` if there is none.
fn quote_end(look: &Look<'_>, at: usize) -> usize {
    let quote = at.wrapping_add(usize::from(look.byte(at) == '\\'));
    if matches!(look.byte(quote), '"' | '\'') {
        quote.wrapping_add(1)
    } else {
        at
    }
}

/// Where the text ends that begins at `from`, of which only the quote at its end may be missing. The first one is at `quote`.
fn quoted_end(look: &Look<'_>, quote: usize, from: usize) -> usize {
    let within = look.byte(quote) == '\\';
    let mark = look.byte(from.wrapping_sub(1));
    let mut end = from;
    while end < look.text.len() {
        let escaped = look.byte(end) == '\\';
        let next = look.byte(end.wrapping_add(1));
        if if within {
            escaped && next == mark
        } else {
            look.byte(end) == mark
        } {
            return end;
        }
        // In a text that is not within another one a backslash keeps a quote from ending it.
        end = end.wrapping_add(if escaped && !within && next < '\u{80}' { 2 } else { 1 });
    }
    look.text.len()
}

/// Two spaces at most: more are a table's.
fn spaces_end(look: &Look<'_>, at: usize) -> usize {
    look.run(at, SPACE, 2)
}

/// Digits of a line: fewer than a card's number has, which is masked.
const LINE_DIGITS: usize = 9;

/// Whether a line and a column begin at `at`. What else the column is a part of may have been masked.
fn is_position(look: &Look<'_>, at: usize) -> bool {
    let line = look.run(at, DIGIT, LINE_DIGITS);
    let column = line.wrapping_add(1);
    line > at && look.byte(line) == ':' && (look.is(column, DIGIT) || look.byte(column) == '[')
}
