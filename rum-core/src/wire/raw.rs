//! Records as the raw text of their values. The engine reads the few that it computes with; all others go from a record into an
//! event as they came, unread: it is less code in the page, and less work.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Reader, WireError, Writer};

/// The values of one record, each as JSON text.
#[derive(Debug, Default)]
pub struct Raw<'a> {
    values: Vec<&'a str>,
}

/// Kind, ordinal and time come before the fields.
const PREFIX: usize = 3;

impl<'a> Raw<'a> {
    /// The record's kind, ordinal and time in µs; `None` if one is missing.
    #[must_use]
    pub fn prefix(&self) -> Option<[i64; PREFIX]> {
        Some([
            integer(self.value(0)?)?,
            integer(self.value(1)?)?,
            integer(self.value(2)?)?,
        ])
    }

    fn value(&self, at: usize) -> Option<&'a str> {
        self.values.get(at).copied().filter(|value| *value != "null")
    }

    /// A field, unless it is null or missing.
    #[must_use]
    pub fn get(&self, field: usize) -> Option<&'a str> {
        self.value(field.saturating_add(PREFIX))
    }

    /// The same, to be kept.
    #[must_use]
    pub fn text(&self, field: usize) -> Option<String> {
        self.get(field).map(String::from)
    }

    /// A field that is an integer; `None` if it is absent or something else.
    #[must_use]
    pub fn int(&self, field: usize) -> Option<i64> {
        integer(self.get(field)?)
    }

    /// Writes all fields.
    pub fn write(&self, w: &mut Writer) {
        for value in self.values.get(PREFIX..).unwrap_or_default() {
            // A null at the end is left out.
            w.json_or_null(Some(*value).filter(|value| *value != "null"));
        }
    }

    /// All fields, as an array.
    #[must_use]
    pub fn array(&self) -> String {
        let mut w = Writer::default();
        w.begin_array();
        self.write(&mut w);
        w.end_array();
        w.finish()
    }
}

/// The digits of 2^53.
const DIGITS: usize = 16;

/// An integer as JavaScript writes it. The reader's own would bring its errors along.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > DIGITS {
        return None;
    }
    let mut value = 0_i64;
    for byte in digits.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(digit.into());
    }
    Some(if digits.len() < text.len() {
        value.wrapping_neg()
    } else {
        value
    })
}

/// Reads the JSON text of a list of records, such as the capture script hands to the core, and gives each to `each`. An error
/// ends it; the records before it were given.
pub fn read_raw(text: &str, mut each: impl FnMut(&Raw<'_>)) -> Result<(), WireError> {
    let mut r = Reader::new(text);
    let mut item = Raw::default();
    super::batch::read_items(&mut r, |r| {
        item.values.clear();
        r.begin_array();
        while r.next_item() {
            item.values.push(r.raw());
        }
        if !r.failed() {
            each(&item);
        }
    });
    r.result(())
}
