//! Reads positional JSON: arrays of integers, strings, nulls and arrays, in one pass, without a tree.

use alloc::string::String;

use super::Skipped;
use super::error::{Expected, WireError};

/// Nesting at which an unknown value is refused: it is skipped by recursion, and bodies come from the open internet.
const MAX_DEPTH: u8 = 16;

/// A cursor over one JSON text.
///
/// **The first error sticks.** It is kept, the cursor goes to the end of the text, and every later read answers with an
/// absent or empty value; whoever holds the reader looks at [`Reader::result`] once. Handing a `Result` through every
/// field of every item would double the code that pages download.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Right behind a `[`: the next item has no comma before it.
    entered: bool,
    /// The end of the array whose fields are being read has been passed.
    ended: bool,
    failure: Option<WireError>,
    /// The kind of the item being read, and how many of its positions were read: for the error.
    kind: Option<i64>,
    field: u8,
    /// Arrays inside the item that are being read: what is wrong in them is wrong with the field that they are.
    nested: u8,
    /// What a newer writer had written.
    pub skipped: Skipped,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            entered: false,
            ended: false,
            failure: None,
            kind: None,
            field: 0,
            nested: 0,
            skipped: Skipped::default(),
        }
    }

    /// Remembers the first error, with its place.
    #[inline(never)]
    pub fn fail(&mut self, expected: Expected) {
        if self.failure.is_none() {
            let field = self.kind.map(|_| self.field);
            self.failure = Some(WireError {
                at: self.at,
                expected,
                kind: self.kind,
                field,
            });
        }
        self.at = self.text.len();
    }

    /// `value`, if nothing went wrong and nothing but white space follows.
    pub fn result<T>(mut self, value: T) -> Result<T, WireError> {
        if self.peek() != 0 || self.at < self.text.len() {
            self.fail(Expected::End);
        }
        self.failure.map_or(Ok(value), Err)
    }

    /// True once something went wrong.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// The byte under the cursor after white space; 0 at the end.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn peek(&mut self) -> u8 {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.advance(1),
                Some(&byte) => return byte,
                None => return 0,
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        if found {
            self.advance(1);
        }
        found
    }

    /// Enters an array.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub fn begin_array(&mut self) {
        self.entered = self.eat(b'[');
        if !self.entered {
            self.fail(Expected::Array);
        }
    }

    /// Moves to the next item of the array entered last: true if there is one, false after its `]`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn next_item(&mut self) -> bool {
        self.at_plain_item() || self.at_item()
    }

    /// The same, whatever stands there.
    #[cfg_attr(not(target_arch = "wasm32"), inline(never))]
    fn at_item(&mut self) -> bool {
        let first = core::mem::take(&mut self.entered);
        if self.eat(b']') {
            return false;
        }
        if !first && !self.eat(b',') {
            self.fail(Expected::CommaOrEnd);
        } else if matches!(self.peek(), b']' | b',' | 0) {
            self.fail(Expected::Value);
        }
        !self.failed()
    }

    /// Past the comma, if a value follows it at once, as it does where no person has written.
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    fn at_plain_item(&mut self) -> bool {
        let rest = self.text.as_bytes().get(self.at..);
        let follows = matches!(rest, Some([b',', b'"' | b'-' | b'0'..=b'9' | b'[' | b'n', ..]));
        let found = follows && !self.entered;
        if found {
            self.advance(1);
        }
        found
    }

    /// Moves to the next position of an item: false behind its last one, as often as asked, until [`Reader::close`].
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub fn next_field(&mut self) -> bool {
        self.ended = self.ended || !self.next_item();
        if self.nested == 0 {
            self.field = self.field.saturating_add(1);
        }
        !self.ended
    }

    /// Leaves an item: what is left of it was a newer writer's, and is counted.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub fn close(&mut self) {
        while self.next_field() {
            self.skip_value(0);
            self.skipped.fields = self.skipped.fields.saturating_add(1);
        }
        self.ended = false;
    }

    /// Reads the fields of an array inside an item.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.begin_array();
        self.nested = self.nested.saturating_add(1);
        let fields = read(self);
        self.nested = self.nested.saturating_sub(1);
        fields
    }

    /// Enters an item and reads its kind. Its fields follow, then [`Reader::close`].
    pub fn begin_item(&mut self) -> i64 {
        self.begin_array();
        self.kind = None;
        self.field = 0;
        if !self.next_item() {
            self.fail(Expected::Required);
        }
        let kind = self.int();
        self.kind = Some(kind);
        kind
    }

    /// Leaves an item whose kind is not known, and counts it.
    pub fn skip_item(&mut self) {
        while self.next_item() {
            self.skip_value(0);
        }
        self.skipped.kinds = self.skipped.kinds.saturating_add(1);
    }

    /// Between items: an error from here on is not theirs.
    pub fn end_items(&mut self) {
        self.kind = None;
    }

    /// True, and past it, if the next value is `null`.
    pub fn null(&mut self) -> bool {
        let found = self.peek() == b'n'
            && self
                .text
                .as_bytes()
                .get(self.at..)
                .is_some_and(|rest| rest.starts_with(b"null"));
        if found {
            self.advance(4);
        }
        found
    }

    /// An integer of at most 2^53 in size, as JavaScript writes it. A fraction or an exponent is an error.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    #[cfg_attr(not(target_arch = "wasm32"), inline)]
    pub fn int(&mut self) -> i64 {
        let negative = self.eat(b'-');
        let mut value = 0_i64;
        let mut digits = 0_usize;
        let mut rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        while let [digit @ b'0'..=b'9', behind @ ..] = rest
            && value <= 1 << 53
        {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0')));
            digits = digits.wrapping_add(1);
            rest = behind;
        }
        self.advance(digits);
        if digits == 0 || value > 1 << 53 || matches!(rest, [b'.' | b'e' | b'E', ..]) {
            self.fail(Expected::Integer);
            return 0;
        }
        if negative { value.wrapping_neg() } else { value }
    }

    /// A string. Lone surrogates become U+FFFD, as everywhere on the web where text must be UTF-8.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub fn text(&mut self) -> String {
        if let Some(text) = self.plain_text() {
            return String::from(text);
        }
        let mut text = String::new();
        if !self.eat(b'"') {
            self.fail(Expected::Text);
        }
        while !self.failed() {
            let rest = self.text.get(self.at..).unwrap_or("");
            let run = plain(rest.as_bytes());
            text.push_str(rest.get(..run).unwrap_or(""));
            self.advance(run);
            if self.eat(b'"') {
                break;
            }
            if !self.eat(b'\\') {
                self.fail(Expected::Text);
                break;
            }
            let c = self.escape();
            text.push(c);
        }
        text
    }

    /// A string, if the next one stands there as it is, without escapes. Most do.
    pub(super) fn plain_text(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?.strip_prefix('"')?;
        let length = plain(rest.as_bytes());
        let text = rest.get(..length)?;
        if rest.as_bytes().get(length) != Some(&b'"') {
            return None;
        }
        self.advance(length.saturating_add(2));
        Some(text)
    }

    fn escape(&mut self) -> char {
        let byte = self.text.as_bytes().get(self.at).copied().unwrap_or(0);
        self.advance(1);
        match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.unit();
                let behind = self.at;
                if high & 0xfc00 == 0xd800 && self.text.as_bytes().get(behind) == Some(&b'\\') {
                    self.advance(1);
                    if self.text.as_bytes().get(self.at) == Some(&b'u') {
                        self.advance(1);
                        let low = self.unit();
                        if low & 0xfc00 == 0xdc00 {
                            let code = 0x1_0000_u32.wrapping_add((high & 0x3ff) << 10 | low & 0x3ff);
                            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                        }
                    }
                    if !self.failed() {
                        self.at = behind;
                    }
                }
                char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.fail(Expected::Text);
                char::REPLACEMENT_CHARACTER
            }
        }
    }

    /// The four hexadecimal digits of a `\u` escape.
    fn unit(&mut self) -> u32 {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self
                .text
                .as_bytes()
                .get(self.at)
                .and_then(|byte| char::from(*byte).to_digit(16));
            let Some(digit) = digit else {
                self.fail(Expected::Text);
                return 0;
            };
            unit = unit << 4 | digit;
            self.advance(1);
        }
        unit
    }

    /// Passes over one value of any shape.
    pub fn skip_value(&mut self, depth: u8) {
        match self.peek() {
            b'[' | b'{' if depth >= MAX_DEPTH => self.fail(Expected::Shallow),
            b'[' => {
                self.begin_array();
                while self.next_item() {
                    self.skip_value(depth.saturating_add(1));
                }
            }
            b'{' => self.skip_object(depth),
            b'"' => self.skip_text(),
            b't' | b'f' | b'n' | b'-' | b'0'..=b'9' => {
                let word = |byte: &u8| matches!(byte, b'a'..=b'z' | b'E' | b'0'..=b'9' | b'-' | b'+' | b'.');
                while self.text.as_bytes().get(self.at).is_some_and(word) {
                    self.advance(1);
                }
            }
            _ => self.fail(Expected::Value),
        }
    }

    /// Passes over a string without reading its escapes.
    fn skip_text(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let mut escaped = true;
        let end = rest.iter().position(|byte| {
            let closes = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            closes
        });
        match end {
            Some(end) if rest.first() == Some(&b'"') => self.advance(end.saturating_add(1)),
            _ => self.fail(Expected::Text),
        }
    }

    /// One value of any shape, as the text that it is.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub fn raw(&mut self) -> &'a str {
        self.peek();
        let start = self.at;
        self.skip_value(0);
        self.text.get(start..self.at).unwrap_or("")
    }

    fn skip_object(&mut self, depth: u8) {
        self.advance(1);
        let mut first = true;
        while !self.eat(b'}') && !self.failed() {
            if !first && !self.eat(b',') {
                return self.fail(Expected::CommaOrEnd);
            }
            first = false;
            self.skip_text();
            if !self.eat(b':') {
                return self.fail(Expected::Value);
            }
            self.skip_value(depth.saturating_add(1));
        }
    }
}

/// How many bytes of a string come before its end, an escape, or what may not be in it.
fn plain(bytes: &[u8]) -> usize {
    let start = plain_words(bytes);
    let run = bytes.iter().skip(start).position(|byte| ends(*byte));
    run.map_or(bytes.len(), |run| start.saturating_add(run))
}

const fn ends(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// The same, as far as whole words go: a processor looks at all bytes of a word at once.
#[cfg(not(target_arch = "wasm32"))]
fn plain_words(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGHEST: u64 = ONES << 7;
    // The highest bit of each byte that is below another one, and perhaps of bytes behind the first such.
    // <https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord>
    let below = |word: u64, byte: u8| word.wrapping_sub(ONES.wrapping_mul(byte.into())) & !word & HIGHEST;
    let is = |word: u64, byte: u8| below(word ^ ONES.wrapping_mul(byte.into()), 1);
    let mut plain = 0_usize;
    for word in bytes.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        let ends = below(word, 0x20) | is(word, b'"') | is(word, b'\\');
        if ends > 0 {
            return plain.wrapping_add(ends.trailing_zeros() as usize >> 3);
        }
        plain = plain.wrapping_add(8);
    }
    plain
}

/// In the page texts are few, and this would be more code.
#[cfg(target_arch = "wasm32")]
const fn plain_words(_: &[u8]) -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(json: &str) -> Result<String, WireError> {
        let mut r = Reader::new(json);
        let text = r.text();
        r.result(text)
    }

    #[test]
    fn integers() {
        for (json, expected) in [
            ("0", Ok(0)),
            (" -12 ", Ok(-12)),
            ("9007199254740992", Ok(1 << 53)),
            ("9007199254740993", Err(Expected::Integer)),
            ("1.5", Err(Expected::Integer)),
            ("1e3", Err(Expected::Integer)),
            ("-", Err(Expected::Integer)),
            ("\"1\"", Err(Expected::Integer)),
            ("1 2", Err(Expected::End)),
            ("", Err(Expected::Integer)),
        ] {
            let mut r = Reader::new(json);
            let value = r.int();
            assert_eq!(r.result(value).map_err(|error| error.expected), expected, "{json}");
        }
    }

    #[test]
    fn escapes() {
        for (json, expected) in [
            (r#""a\n\"\u00e9""#, Some("a\n\"é")),
            (r#""\ud83d\ude00""#, Some("😀")),
            (r#""\ud83dx""#, Some("\u{fffd}x")),
            (r#""\ud83d\n""#, Some("\u{fffd}\n")),
            (r#""\ud83d\u0041""#, Some("\u{fffd}A")),
            (r#""\ude00""#, Some("\u{fffd}")),
            (r#""\x""#, None),
            (r#""\u12""#, None),
            (r#""open"#, None),
            ("\"line\nbreak\"", None),
        ] {
            assert_eq!(text(json).ok().as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn nesting_that_is_skipped_has_an_end() {
        let deep = alloc::format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let mut r = Reader::new(&deep);
        r.skip_value(0);
        assert_eq!(r.result(()).map_err(|error| error.expected), Err(Expected::Shallow));
    }

    proptest! {
        #[test]
        fn any_string_is_read_as_serde_json_reads_it(value in ".*") {
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(text(&json).unwrap(), value);
        }

        #[test]
        fn any_json_can_be_skipped(value in r#"[\[\]{}",:0-9a-z\\ ]{0,40}"#) {
            let mut r = Reader::new(&value);
            r.skip_value(0);
            if serde_json::from_str::<serde_json::Value>(&value).is_ok() {
                prop_assert!(r.result(()).is_ok());
            }
        }
    }
}
