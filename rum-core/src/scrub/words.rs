//! The words that are looked for, in one piece and without pointers.
#![expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the compiler evaluates it; what runs is `word_byte`"
)]

#[cfg(not(target_arch = "wasm32"))]
use super::look::is_same;
use super::{CARD, EMAIL, PHONE, TOKEN};

/// What a value must look like to be masked, by its name. The more often a name means something harmless, the more it takes.
/// With this one anything is but a plain word of a sentence.
pub(super) const ANY: u32 = 1;
/// 8 bytes of a token with a digit are, or 16 bytes.
pub(super) const LONG: u32 = 2;
/// 16 bytes of a token with letters and digits are: most keys are of keyboards and of stores.
pub(super) const LONGER: u32 = 3;
/// Everything up to the end of the line is: values of headers have parts.
pub(super) const REST: u32 = 4;
/// A name must have it as a word, for it is an end of harmless ones too (`monkey`, `compass`).
pub(super) const AS_WORD: u32 = 8;

/// A word that a secret follows (RFC 6750, RFC 7617).
pub(super) const SCHEME: u32 = 0x20;
/// What needs no digit to be a key: JSON web tokens (RFC 7519, RFC 7516).
pub(super) const WEB_TOKEN: u32 = 0x40;

/// A word and what is said of it. `?` stands for any byte, small letters for either case.
type Word = (&'static [u8], u32);

/// Divides the tables.
const END: Word = (b"", 0);

const ALL: &[Word] = &[
    // 0: ends of names, without `_` and `-`, each with what its value must look like
    (b"password", ANY),
    (b"passwd", ANY),
    (b"passphrase", ANY),
    (b"pwd", ANY),
    (b"secret", ANY),
    (b"token", LONG),
    (b"jwt", LONG),
    (b"apikey", LONG),
    (b"accesskey", LONG),
    (b"privatekey", LONG),
    (b"credential", LONG),
    (b"signature", LONG),
    (b"session", LONG),
    (b"sessionid", LONG),
    (b"sessid", LONG),
    (b"accesskeyid", LONG),
    (b"authorization", REST),
    (b"cookie", REST),
    (b"pass", ANY | AS_WORD),
    (b"otp", ANY | AS_WORD),
    (b"cvc", ANY | AS_WORD),
    (b"sid", LONG | AS_WORD),
    (b"sig", LONG | AS_WORD),
    (b"auth", LONG | AS_WORD),
    (b"key", LONGER | AS_WORD),
    END,
    // 1: values that no secret has
    (b"null", 0),
    (b"undefined", 0),
    (b"none", 0),
    (b"true", 0),
    (b"false", 0),
    (b"nil", 0),
    END,
    // 2: beginnings of secrets, and how many bytes follow at least
    (b"bearer", SCHEME | 1),
    (b"basic", SCHEME | 8),
    (b"eyJ", WEB_TOKEN | 7),
    // GitHub, GitLab, npm, PyPI
    (b"gh?_", 20),
    (b"github_pat_", 20),
    (b"glpat-", 16),
    (b"npm_", 30),
    (b"pypi-", 30),
    // Slack
    (b"xox?-", 10),
    (b"xapp-", 10),
    // Stripe
    (b"?k_live_", 10),
    (b"?k_test_", 10),
    (b"whsec_", 16),
    // AWS
    (b"A?IA", 16),
    // Google, and others
    (b"AIza", 30),
    (b"GOCSPX-", 20),
    (b"ya29.", 20),
    (b"sk-", 20),
    (b"hf_", 30),
    END,
    // 3: ends of file names that are no top-level domains, those first that begin with another: `logo@2x.png` is an image
    // and `run@app.js` a frame of a stack
    (b"json", 0),
    (b"jsx", 0),
    (b"js", 0),
    (b"mjs", 0),
    (b"cjs", 0),
    (b"tsx", 0),
    (b"ts", 0),
    (b"css", 0),
    (b"html", 0),
    (b"png", 0),
    (b"jpg", 0),
    (b"jpeg", 0),
    (b"gif", 0),
    (b"webp", 0),
    (b"avif", 0),
    (b"svg", 0),
    END,
    // 4: `@`, and its forms in a URL and in a URL within a URL
    (b"@", 0),
    (b"%40", 0),
    (b"%2540", 0),
    END,
    // 5: what punctuation that is not ASCII begins with, but for its last byte: the blocks from U+0080 to U+00BF, U+2000 to
    // U+207F and U+3000 to U+303F. The tables that would know it better are large
    (b"\xc2", 0),
    (b"\xe2\x80", 0),
    (b"\xe2\x81", 0),
    (b"\xe3\x80", 0),
    END,
    // 6: placeholders that are no value any more; 7: those that may have been a URL's user
    (TOKEN.as_bytes(), 0),
    END,
    (EMAIL.as_bytes(), 0),
    (CARD.as_bytes(), 0),
    (PHONE.as_bytes(), 0),
    END,
    // 8: what other top-level domains than Latin ones begin with
    (b"xn--", 0),
    END,
    // 9: `+` in a URL
    (b"%2b", 0),
    END,
    // 10: a space in a URL
    (b"%20", 0),
    END,
    // 11: what comes before a URL's authority
    (b"://", 0),
    END,
    // 12: what divides groups of digits besides ASCII: a space that does not break, and the spaces and dashes of typesetters (U+2000
    // to U+203F)
    (b"\xc2\xa0", 0),
    (b"\xe2\x80?", 0),
    END,
];

pub(super) const NAMES: usize = table(0);
pub(super) const NOTHING: usize = table(1);
pub(super) const BEGINNINGS: usize = table(2);
pub(super) const FILES: usize = table(3);
pub(super) const AT_SIGNS: usize = table(4);
pub(super) const PUNCTUATION: usize = table(5);
pub(super) const MASKED_SECRET: usize = table(6);
pub(super) const MASKED: usize = table(7);
/// Of what was masked the numbers: the table but for its first word.
pub(super) const MASKED_NUMBERS: usize = MASKED + EMAIL.len() + 2;
pub(super) const ESCAPED_DOMAIN: usize = table(8);
pub(super) const ESCAPED_PLUS: usize = table(9);
pub(super) const ESCAPED_SPACE: usize = table(10);
pub(super) const BEFORE_AUTHORITY: usize = table(11);
pub(super) const DIVIDERS: usize = table(12);

/// Of each word its length, what is said of it, its bytes.
static WORDS: [u8; place(ALL.len())] = {
    let mut words = [0; place(ALL.len())];
    let mut number = 0;
    while number < ALL.len() {
        let (word, tag) = ALL[number];
        let entry = place(number);
        words[entry] = word.len() as u8;
        words[entry + 1] = tag as u8;
        let mut byte = 0;
        while byte < word.len() {
            words[entry + 2 + byte] = word[byte];
            byte += 1;
        }
        number += 1;
    }
    words
};

/// Where the word begins that has this number.
const fn place(number: usize) -> usize {
    let mut place = 0;
    let mut word = 0;
    while word < number {
        place += ALL[word].0.len() + 2;
        word += 1;
    }
    place
}

/// Where the table begins that has this number.
const fn table(number: usize) -> usize {
    let mut ends = 0;
    let mut word = 0;
    while ends < number {
        if ALL[word].0.is_empty() {
            ends += 1;
        }
        word += 1;
    }
    place(word)
}

/// A byte of the words.
#[cfg_attr(target_arch = "wasm32", inline(never))]
pub(super) fn word_byte(at: usize) -> u32 {
    WORDS.get(at).copied().unwrap_or(0).into()
}

/// A word's `bit` besides those that are there, for the bytes that are the same as its `letter`.
#[cfg(not(target_arch = "wasm32"))]
const fn with(mut words: [u32; 256], bit: u32, letter: u8) -> [u32; 256] {
    let mut byte = 0;
    while byte < 256 {
        if is_same(letter as u32, byte as u32) {
            words[byte] |= bit;
        }
        byte += 1;
    }
    words
}

/// Which of the words of [`BEGINNINGS`] may have a byte at their first, second and third place: a bit a word.
#[cfg(not(target_arch = "wasm32"))]
const BEGIN_WITH: [[u32; 256]; 3] = {
    let mut words = [[0; 256]; 3];
    let (mut number, mut ends) = (0, 0);
    let mut bit = 1;
    while ends <= 2 {
        let word = ALL[number].0;
        if word.is_empty() {
            ends += 1;
        } else if ends == 2 {
            let mut at = 0;
            while at < 3 {
                words[at] = with(words[at], bit, word[at]);
                at += 1;
            }
            bit <<= 1;
        }
        number += 1;
    }
    words
};

/// Of which of the words of [`BEGINNINGS`] a byte may be the first, the second and the third one: a bit a word.
#[cfg(not(target_arch = "wasm32"))]
pub(super) const fn begin_with(byte: u8) -> [u32; 3] {
    let [firsts, seconds, thirds] = &BEGIN_WITH;
    [firsts[byte as usize], seconds[byte as usize], thirds[byte as usize]]
}

/// Whether one of the words of [`BEGINNINGS`] may begin with these bytes.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn may_begin(first: u8, second: u8, third: u8) -> bool {
    let [firsts, seconds, thirds] = &BEGIN_WITH;
    firsts[first as usize] & seconds[second as usize] & thirds[third as usize] > 0
}

/// Which of the words of [`NAMES`] may have a byte as their last one, and as the one before: a bit a word.
#[cfg(not(target_arch = "wasm32"))]
static END_WITH: [[u32; 256]; 2] = {
    let mut words = [[0; 256]; 2];
    let (mut number, mut bit) = (0, 1);
    while !ALL[number].0.is_empty() {
        let word = ALL[number].0;
        let mut back = 0;
        while back < 2 {
            words[back] = with(words[back], bit, word[word.len() - 1 - back]);
            // Names may have these anywhere.
            words[back][b'-' as usize] |= bit;
            words[back][b'_' as usize] |= bit;
            back += 1;
        }
        bit <<= 1;
        number += 1;
    }
    words
};

/// Whether one of the words of [`NAMES`] may end with these bytes.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn may_end(before: char, last: char) -> bool {
    let [lasts, befores] = &END_WITH;
    let of = |words: &[u32; 256], byte: char| words.get(byte as usize).copied().unwrap_or(0);
    matches!(last, '-' | '_') || of(lasts, last) & of(befores, before) > 0
}
