//! Whether a rule may find anything in a text: most texts hold nothing, and a rule's look at each byte costs many times this one.
//!
//! A text is looked at once, byte by byte, and hardly any needs another look. Each answer is about what a rule needs at least, so a `false` is certain. The page's Wasm goes without: its texts are few, and
//! this would be code to download.

use super::look::{Look, NAME, WORD};
use super::words::{BEGINNINGS, begin_with, may_begin};
use super::{Rule, name};

/// Digits of the shortest card number, and of the shortest phone number.
const OF_CARD: usize = 13;
const OF_PHONE: usize = 8;
/// What may stand between a name and the sign behind it: a quote that is escaped, and two spaces.
const MOST_BETWEEN: usize = 4;

/// What is known of a byte, in one number: which beginnings of secrets may have it at their first, second and third place, a bit a
/// word in each, and of what kind it is.
type Known = u64;

/// Bits of a place: there are fewer words.
const PLACE: u32 = 20;
const FIRST: Known = (1 << PLACE) - 1;
const THIRD: Known = FIRST << (2 * PLACE);

/// `@`, before a URL's host and in an address.
const AT: Known = 1 << (3 * PLACE);
/// `%`, with which an address may be escaped.
const PERCENT: Known = AT << 1;
/// `=` and `:`, between a name and its value.
const SIGN: Known = AT << 2;
/// The highest bit: digits are counted by it.
const DIGIT: Known = AT << 3;

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static KNOWN: [Known; 256] = {
    let mut all = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let kind = match byte as u8 {
            b'@' => AT,
            b'%' => PERCENT,
            b'=' | b':' => SIGN,
            b'0'..=b'9' => DIGIT,
            _ => 0,
        };
        let [first, second, third] = begin_with(byte as u8);
        assert!(
            (first | second | third) as Known <= FIRST,
            "there are more words than bits"
        );
        all[byte] = first as Known | (second as Known) << PLACE | (third as Known) << (2 * PLACE) | kind;
        byte += 1;
    }
    all
};

/// What a text may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sifted {
    secrets: bool,
    emails: bool,
    /// Of one number at most.
    digits: usize,
}

impl Sifted {
    /// Nothing is sifted out.
    #[cfg(test)]
    pub(super) const NOTHING: Self = Self {
        secrets: true,
        emails: true,
        digits: usize::MAX,
    };

    pub(super) fn of(text: &[u8]) -> Self {
        let (mut kinds, mut digits, mut begun) = (0, 0_usize, 0);
        // Beginnings that the last byte may be the first of, that the last two may be the first two of, and so on.
        let mut begins = 0;
        for byte in text {
            let known = known(*byte);
            begins = (begins << PLACE | FIRST) & known;
            begun |= begins;
            kinds |= known;
            digits = digits.wrapping_add((known >> DIGIT.trailing_zeros()) as usize);
        }
        let signs = kinds & AT > 0 || (kinds & SIGN > 0 && has_named_sign(text));
        Self {
            secrets: signs || (begun & THIRD > 0 && has_beginning(text)),
            emails: kinds & (AT | PERCENT) > 0,
            digits: if digits < OF_PHONE { digits } else { most_together(text) },
        }
    }

    /// Whether `rule` may find anything.
    pub(super) fn may_find(self, rule: Rule) -> bool {
        match rule {
            Rule::Secrets => self.secrets,
            Rule::Emails => self.emails,
            Rule::Cards => self.digits >= OF_CARD,
            Rule::Phones => self.digits >= OF_PHONE,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "there is one for each byte")]
fn known(byte: u8) -> Known {
    KNOWN[byte as usize]
}

/// The most digits that one number may have: of what is no digit, only what divides groups of them is within one. Hashes, lines and
/// columns have many digits, but few together.
fn most_together(text: &[u8]) -> usize {
    let (mut most, mut digits) = (0_usize, 0_usize);
    for byte in text {
        digits = match byte {
            b'0'..=b'9' => digits.wrapping_add(1),
            b' ' | b'-' | b'.' | b'(' | b')' | b'/' | b'+' | 0x80.. => digits,
            _ => 0,
        };
        most = most.max(digits);
    }
    most
}

/// Whether there is a sign between a value and a name that says secret.
fn has_named_sign(text: &[u8]) -> bool {
    let look = Look::new(text, 0);
    let is_named = |sign: usize| {
        let is_between = |back: &usize| !look.is(sign.wrapping_sub(*back), NAME);
        let between = (1..=MOST_BETWEEN).take_while(is_between).count();
        name::is_of_secret(&look, sign.wrapping_sub(between))
    };
    (0..)
        .zip(text)
        .any(|(at, byte)| matches!(byte, b'=' | b':') && is_named(at))
}

/// Whether a word begins as a secret does.
fn has_beginning(text: &[u8]) -> bool {
    let mut look = Look::new(text, 0);
    let in_word = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        before.is_some_and(u8::is_ascii_alphanumeric)
    };
    let mut places = text.windows(3).enumerate();
    places.any(|(at, bytes)| {
        // The bytes first: hardly any three of them begin a secret.
        matches!(bytes, [first, second, third] if may_begin(*first, *second, *third))
            && !in_word(at)
            && look.is(at, WORD)
            && look.find(at, BEGINNINGS) > 0
    })
}
