//! Secrets: by their own form, by the word before them, by the name that they are the value of.

use super::look::{AUTHORITY, DIGIT, Look, NAME, POINT, SPACE, TOKEN, WORD};
use super::name;
use super::words::{BEFORE_AUTHORITY, BEGINNINGS, ESCAPED_SPACE, MASKED, SCHEME, WEB_TOKEN};

/// What a key's bytes are looked through for a digit: more would be slow for a text of many beginnings.
const LOOK: usize = 40;

/// Where the secret ends that begins at `at`, or is told of there; 0 if there is none.
pub(super) fn find(look: &mut Look<'_>, at: usize) -> usize {
    let before = at.wrapping_sub(1);
    if look.is(at, NAME) {
        if !look.is(before, NAME) {
            look.from = at;
        }
        if look.is(at, WORD) && !look.is(before, WORD) {
            word(look, at)
        } else {
            0
        }
    } else {
        let end = if look.is(before, NAME) {
            name::value(look, at)
        } else {
            0
        };
        if end > 0 { end } else { credentials(look, at) }
    }
}

/// Where the secret ends in what begins, as a word, at `at`.
fn word(look: &mut Look<'_>, at: usize) -> usize {
    let after = look.find(at, BEGINNINGS);
    if after == 0 {
        return 0;
    }
    let (scheme, least) = (look.tag & SCHEME > 0, (look.tag & 0x1f) as usize);
    let web_token = look.tag & WEB_TOKEN > 0;
    let escaped = look.find(after, ESCAPED_SPACE);
    let from = if !scheme {
        after
    } else if escaped > 0 {
        escaped
    } else {
        look.end(after, SPACE)
    };
    let kinds = match () {
        () if scheme => TOKEN,
        () if web_token => NAME | POINT,
        () => NAME,
    };
    let digit = look.is(look.run(from, NAME & !DIGIT, LOOK), DIGIT);
    if look.run(from, kinds, least) < from.wrapping_add(least)
        || !(web_token || if scheme { from > after } else { digit })
    {
        return 0;
    }
    let mut end = look.end(from, kinds);
    if look.byte(end.wrapping_sub(1)) == '.' {
        // The sentence's.
        end = end.wrapping_sub(1);
    }
    if scheme && name::is_prose(look, from, end) {
        return 0;
    }
    look.from = if scheme { from } else { at };
    end
}

/// Where user and password end of the URL whose `://` begins at `at`. The last `@` ends them: the user may be an address.
fn credentials(look: &mut Look<'_>, at: usize) -> usize {
    if look.find(at, BEFORE_AUTHORITY) == 0 {
        return 0;
    }
    let from = at.wrapping_add(3);
    let (mut end, mut at, mut password) = (0, from, false);
    while look.is(at, AUTHORITY) {
        match look.byte(at) {
            ':' => password = true,
            '@' if password => end = at,
            '[' if look.find(at, MASKED) > 0 => return 0,
            _ => {}
        }
        at = at.wrapping_add(1);
    }
    if end > 0 {
        look.from = from;
    }
    end
}
