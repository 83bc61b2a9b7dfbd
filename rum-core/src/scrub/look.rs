//! A look at a text, byte by byte: what stands where, of what kind it is, how far that goes on.
//!
//! The page's Wasm runs this: bytes and no characters, numbers that wrap and cannot (a place in a text is below `isize::MAX`),
//! and what is used often compiled once.

use super::words::word_byte;

/// Kinds of ASCII bytes; `|` is their union.
pub(super) const DIGIT: u32 = 1;
pub(super) const UPPER: u32 = 1 << 1;
pub(super) const LOWER: u32 = 1 << 2;
pub(super) const DASH: u32 = 1 << 3;
pub(super) const POINT: u32 = 1 << 4;
pub(super) const UNDERSCORE: u32 = 1 << 5;
pub(super) const SPACE: u32 = 1 << 6;
pub(super) const SLASH: u32 = 1 << 7;
/// `(` and `)`
pub(super) const BRACKET: u32 = 1 << 8;
/// `%` and `+`
pub(super) const ESCAPE: u32 = 1 << 9;
/// `~` and `=`
pub(super) const FILLER: u32 = 1 << 10;
pub(super) const APOSTROPHE: u32 = 1 << 11;
/// Bytes of a value without quotes.
pub(super) const PLAIN: u32 = 1 << 12;
/// Bytes of a URL's authority.
pub(super) const AUTHORITY: u32 = 1 << 13;
/// Bytes of a header's value.
pub(super) const LINE: u32 = 1 << 14;

pub(super) const ALPHA: u32 = UPPER | LOWER;
pub(super) const WORD: u32 = ALPHA | DIGIT;
/// Bytes of names, and of base64 in the alphabet for URLs.
pub(super) const NAME: u32 = WORD | DASH | UNDERSCORE;
/// Bytes of tokens: base64 in both alphabets, and what URLs escape.
pub(super) const TOKEN: u32 = NAME | POINT | SLASH | ESCAPE | FILLER;

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const KINDS: [u16; 128] = {
    let mut kinds = [0; 128];
    let mut byte = 1;
    while byte < 128 {
        kinds[byte as usize] = kind(byte) as u16;
        byte += 1;
    }
    kinds
};

const fn kind(byte: u8) -> u32 {
    let form = match byte {
        b'0'..=b'9' => DIGIT,
        b'A'..=b'Z' => UPPER,
        b'a'..=b'z' => LOWER,
        b'-' => DASH,
        b'.' => POINT,
        b'_' => UNDERSCORE,
        b' ' => SPACE,
        b'/' => SLASH,
        b'(' | b')' => BRACKET,
        b'%' | b'+' => ESCAPE,
        b'~' | b'=' => FILLER,
        b'\'' => APOSTROPHE,
        _ => 0,
    };
    let plain = !matches!(byte, 0..=b' ' | b'"' | b'\'' | b'`' | b'&' | b';' | b',' | b'<' | b'>')
        && !matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'\\');
    let authority = !matches!(
        byte,
        0..=b' ' | b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'(' | b')'
    );
    let line = !matches!(byte, b'"' | b'\'' | b'\\' | b'\n' | b'\r' | b',' | b'}');
    form | of(plain, PLAIN) | of(authority, AUTHORITY) | of(line, LINE)
}

const fn of(is: bool, kind: u32) -> u32 {
    if is { kind } else { 0 }
}

/// The kind of a byte. Every value may have bytes that are not ASCII.
fn kind_of(byte: char) -> u16 {
    KINDS
        .get(byte as usize)
        .copied()
        .unwrap_or((PLAIN | AUTHORITY | LINE) as u16)
}

pub(super) struct Look<'a> {
    pub(super) text: &'a [u8],
    /// Where the name or the local part began that is being looked at; where something was found, its beginning.
    pub(super) from: usize,
    /// What is before it has been looked at. If it is not the text's beginning, a placeholder is in its place, or will be.
    pub(super) done: usize,
    /// What the table says of the word that was found last.
    pub(super) tag: u32,
}

impl<'a> Look<'a> {
    pub(super) fn new(text: &'a [u8], done: usize) -> Self {
        Self {
            text,
            from: done,
            done,
            tag: 0,
        }
    }

    /// The byte at `at`, as a `char`, which a compiler has no need to cut to its size; 0 outside of the text.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn byte(&self, at: usize) -> char {
        char::from(if at < self.done {
            b']'
        } else {
            self.text.get(at).copied().unwrap_or(0)
        })
    }

    /// Whether the byte at `at` is of these kinds.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn is(&self, at: usize, kinds: u32) -> bool {
        u32::from(kind_of(self.byte(at))) & kinds != 0
    }

    /// Where the bytes of these kinds end that begin at `at`; `most` of them are looked at.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn run(&self, at: usize, kinds: u32, most: usize) -> usize {
        let mut end = at;
        while end.wrapping_sub(at) < most && self.is(end, kinds) {
            end = end.wrapping_add(1);
        }
        end
    }

    /// Where bytes of these kinds end, all of them.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn end(&self, at: usize, kinds: u32) -> usize {
        self.run(at, kinds, usize::MAX)
    }

    /// Where the word of the table ends that stands at `at`; 0 if none does. What the table says of it is in `tag`.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    pub(super) fn find(&mut self, at: usize, table: usize) -> usize {
        let mut entry = table;
        loop {
            let length = word_byte(entry) as usize;
            let word = entry.wrapping_add(2);
            let mut same = 0_usize;
            while same < length
                && is_same(
                    word_byte(word.wrapping_add(same)),
                    self.byte(at.wrapping_add(same)) as u32,
                )
            {
                same = same.wrapping_add(1);
            }
            if length == 0 {
                return 0;
            }
            if same == length {
                self.tag = word_byte(entry.wrapping_add(1));
                return at.wrapping_add(same);
            }
            entry = word.wrapping_add(length);
        }
    }
}

/// Whether a byte is the one of a word of the table: `?` stands for any, small letters for either case.
pub(super) const fn is_same(wanted: u32, found: u32) -> bool {
    found == wanted || wanted == '?' as u32 || (wanted >= 'a' as u32 && wanted <= 'z' as u32 && lower(found) == wanted)
}

/// A letter in lower case; other bytes may be no letter either.
pub(super) const fn lower(byte: u32) -> u32 {
    byte | 0x20
}
