//! Texts from pages: the page's origin is put where it was left out, and nothing is longer than its limit.

use super::outcome::{Outcome, Tally};

/// Stands for the page's origin in stacks and messages.
const ORIGIN_MARK: char = '\u{7f}';

/// How many UTF-16 units (the unit of the wire's own count) were cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut(pub(super) usize);

/// Cuts `text` to at most `limit` bytes, between characters.
pub(super) fn cut(text: &mut String, limit: usize, tally: &mut Tally) -> Cut {
    if text.len() <= limit {
        return Cut(0);
    }
    tally.add(Outcome::TextCut, 1);
    let kept = (0..=limit).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let units = text[kept..].encode_utf16().count();
    text.truncate(kept);
    Cut(units)
}

/// [`cut`] of a text that may be absent.
pub(super) fn cut_some(text: &mut Option<String>, limit: usize, tally: &mut Tally) {
    if let Some(text) = text {
        cut(text, limit, tally);
    }
}

/// Puts `origin` where a mark stands for it, then cuts. The text never grows far beyond `limit`: a few bytes of marks
/// could otherwise become megabytes.
pub(super) fn expand(text: &mut String, origin: &str, limit: usize, tally: &mut Tally) -> Cut {
    if !text.contains(ORIGIN_MARK) {
        return cut(text, limit, tally);
    }
    let longer = text.matches(ORIGIN_MARK).count().saturating_mul(origin.len());
    let mut whole = String::with_capacity(text.len().saturating_add(longer).min(limit));
    let mut rest = text.as_str();
    while let Some(at) = rest.find(ORIGIN_MARK).filter(|_| whole.len() <= limit) {
        whole.push_str(&rest[..at]);
        whole.push_str(origin);
        rest = &rest[at + ORIGIN_MARK.len_utf8()..];
    }
    whole.push_str(rest);
    *text = whole;
    cut(text, limit, tally)
}

/// Puts `origin` in front of a URL that is only a path, then cuts.
pub(super) fn expand_url(url: &mut String, origin: &str, limit: usize, tally: &mut Tally) {
    if url.starts_with('/') {
        // Written anew: to make a text longer in place costs more than a new one.
        let mut whole = String::with_capacity(origin.len() + url.len());
        whole.push_str(origin);
        whole.push_str(url);
        *url = whole;
    }
    cut(url, limit, tally);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://shop.example";

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, limit, expected, units) in [
            ("abc", 3, "abc", 0),
            ("abcd", 3, "abc", 1),
            ("aé", 2, "a", 1),
            ("a😀b", 4, "a", 3),
            ("", 0, "", 0),
        ] {
            let (mut cut_text, mut tally) = (text.to_owned(), Tally::default());
            assert_eq!(cut(&mut cut_text, limit, &mut tally), Cut(units), "{text:?}");
            assert_eq!(cut_text, expected);
            assert_eq!(tally.get(Outcome::TextCut), u64::from(units > 0));
        }
    }

    #[test]
    fn marks_become_the_origin() {
        let mut stack = "at pay (\u{7f}/shop.js:1:2)\nat \u{7f}/lib.js:3:4".to_owned();
        expand(&mut stack, ORIGIN, 1_000, &mut Tally::default());
        assert_eq!(
            stack,
            "at pay (https://shop.example/shop.js:1:2)\nat https://shop.example/lib.js:3:4"
        );
    }

    #[test]
    fn many_marks_do_not_become_megabytes() {
        let mut stack = "\u{7f}".repeat(1 << 20);
        let cut = expand(&mut stack, &"o".repeat(256), 16_384, &mut Tally::default());
        assert_eq!(stack.len(), 16_384);
        assert!(stack.bytes().all(|byte| byte == b'o'));
        assert!(cut.0 > (1 << 20) - 100);
    }

    #[test]
    fn paths_are_of_the_origin() {
        for (url, expected) in [
            ("/api/products", "https://shop.example/api/products"),
            ("https://cdn.example/x.js", "https://cdn.example/x.js"),
            ("pointerup", "pointerup"),
            ("", ""),
        ] {
            let mut expanded = url.to_owned();
            expand_url(&mut expanded, ORIGIN, 2_048, &mut Tally::default());
            assert_eq!(expanded, expected);
        }
    }
}
