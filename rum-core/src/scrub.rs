//! Personal data and secrets in texts of a page, masked before anybody stores them.
//!
//! [`scrub`] takes a message, a stack, a URL or a name and gives it back with what it recognised replaced:
//!
//! | what | recognised by | becomes |
//! | --- | --- | --- |
//! | e-mail addresses | a local part, `@`, `%40` or `%2540`, a domain whose last label has letters only | `[email]` |
//! | JSON web tokens | `eyJ` (that is `{"` in base64) and what belongs to it, also if the end was cut off | `[token]` |
//! | values of `Bearer` and `Basic` | what follows the word, unless it is a plain word itself | `[token]` |
//! | values of names that say secret | `password=…`, `"api_key": "…"`, `sessionId: …`, `Authorization: …`, `Cookie: …` | `[token]` |
//! | keys with a known beginning | `ghp_`, `xoxb-`, `sk_live_`, `AKIA` and others | `[token]` |
//! | a URL's user and password | `https://user:password@host` | `[token]` |
//! | payment cards | 13 to 19 digits of an issuer's range, whole or in the usual groups, whose check digit is right | `[card]` |
//! | phone numbers | `+` and 8 to 15 digits; national numbers only in groups, such as `(555) 123-4567` | `[phone]` |
//!
//! **What is not masked**, because nothing in the text tells it from what people need to read: names of people, postal
//! addresses, IP addresses, birthdays, national ids, phone numbers without `+` and without separators, secrets behind
//! names that say nothing or behind `%3D`, and digits in general: timestamps, sizes, versions, positions in a script and
//! ids stay. Cards begin with 22 to 27 or with 3 to 6, so times in ms, µs and ns (which begin with 1) are none, whatever
//! their last digit. What was cut off at a text's limit may leave the half of an address that no rule knows any more, and
//! so may an address whose local part is the last group of a card's number.
//!
//! **It takes linear time.** Every rule runs over the text once. Where it looks ahead it either masks what it saw and
//! goes on behind it, or has looked at no more than a fixed number of bytes, or has stopped at a byte from which no other
//! look begins. **It is idempotent**: no rule recognises a placeholder, a placeholder divides what it stands between as the
//! masked text did, and so a text that was masked twice (in the page, and in the collector again) is as if masked once.

#[cfg(not(target_arch = "wasm32"))]
use alloc::borrow::Cow;
#[cfg(not(target_arch = "wasm32"))]
use alloc::string::String;

use look::Look;
#[cfg(not(target_arch = "wasm32"))]
use sift::Sifted;

mod email;
mod look;
mod name;
mod number;
mod secret;
// Not even compiled for the page: who calls a function decides how it is inlined there.
#[cfg(not(target_arch = "wasm32"))]
mod sift;
mod words;

/// Stands for an e-mail address.
pub const EMAIL: &str = "[email]";
/// Stands for a secret of whatever kind.
pub const TOKEN: &str = "[token]";
/// Stands for the number of a payment card.
pub const CARD: &str = "[card]";
/// Stands for a phone number.
pub const PHONE: &str = "[phone]";

/// What is looked for, in this order: a password may look like an address, an address may begin with a phone number, and the
/// digits of a card may follow those of a phone.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Tokens, keys, and values of names that say secret.
    Secrets,
    /// E-mail addresses.
    Emails,
    /// Numbers of payment cards.
    Cards,
    /// Phone numbers.
    Phones,
}

impl Rule {
    /// All, in the order in which they are applied.
    pub const ALL: [Self; 4] = [Self::Secrets, Self::Emails, Self::Cards, Self::Phones];

    /// Stands for what it finds.
    #[must_use]
    pub const fn placeholder(self) -> &'static str {
        match self {
            Self::Secrets => TOKEN,
            Self::Emails => EMAIL,
            Self::Cards => CARD,
            Self::Phones => PHONE,
        }
    }

    /// From where to where the first one is in `text` at or behind `at`. Before that there is nothing, or a placeholder.
    #[must_use]
    pub fn find(self, text: &[u8], mut at: usize) -> Option<(usize, usize)> {
        let mut look = Look::new(text, at);
        while at < text.len() {
            let end = match self {
                Self::Secrets => secret::find(&mut look, at),
                Self::Emails => email::find(&mut look, at),
                Self::Cards => number::card(&mut look, at),
                Self::Phones => number::phone(&mut look, at),
            };
            if end > 0 {
                return Some((look.from, end));
            }
            at = at.wrapping_add(1);
        }
        None
    }
}

/// `text` with personal data and secrets masked; borrowed if there were none. The module says what is recognised. The page's Wasm
/// asks each [`Rule`] itself.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    scrub_where(text, Sifted::of)
}

/// By those rules that may find anything, as `sift` says.
#[cfg(not(target_arch = "wasm32"))]
fn scrub_where(text: &str, sift: fn(&[u8]) -> Sifted) -> Cow<'_, str> {
    let mut scrubbed = Cow::Borrowed(text);
    let mut sifted = sift(text.as_bytes());
    for rule in Rule::ALL {
        if !sifted.may_find(rule) {
            continue;
        }
        let mut masked = String::new();
        let mut done = 0;
        while let Some((from, end)) = rule.find(scrubbed.as_bytes(), done) {
            masked.push_str(scrubbed.get(done..from).unwrap_or_default());
            masked.push_str(rule.placeholder());
            done = end;
        }
        if done > 0 {
            masked.push_str(scrubbed.get(done..).unwrap_or_default());
            scrubbed = Cow::Owned(masked);
            sifted = sift(scrubbed.as_bytes());
        }
    }
    scrubbed
}

#[cfg(test)]
mod tests;
