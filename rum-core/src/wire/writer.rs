//! Writes positional JSON. Nulls at the end of an array are left out: a reader takes a missing field for an absent one.

use alloc::string::String;

use crate::Id;

/// Builds one JSON text of nested arrays.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
    /// Nulls that are written only if a value follows in the same array.
    nulls: u32,
}

impl Writer {
    /// The text so far.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// True before the first value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Writes the separator before a value, and the nulls that turned out to be needed.
    #[inline(never)]
    fn before_value(&mut self) {
        for _ in 0..core::mem::take(&mut self.nulls) {
            self.separate();
            self.text.push_str("null");
        }
        self.separate();
    }

    fn separate(&mut self) {
        if !matches!(self.text.as_bytes().last(), None | Some(b'[')) {
            self.text.push(',');
        }
    }

    /// Opens an array.
    pub fn begin_array(&mut self) {
        self.before_value();
        self.text.push('[');
    }

    /// Closes the array opened last; nulls at its end are forgotten.
    pub fn end_array(&mut self) {
        self.nulls = 0;
        self.text.push(']');
    }

    /// An absent value.
    pub fn null(&mut self) {
        self.nulls = self.nulls.saturating_add(1);
    }

    /// An integer.
    #[inline(never)]
    pub fn int(&mut self, value: i64) {
        self.before_value();
        if value < 0 {
            self.text.push('-');
        }
        let mut digits = [0_u8; 20];
        let mut rest = value.unsigned_abs();
        let mut used = 0_usize;
        for slot in digits.iter_mut().rev() {
            *slot = b'0'.wrapping_add((rest % 10) as u8);
            rest /= 10;
            used = used.wrapping_add(1);
            if rest == 0 {
                break;
            }
        }
        for digit in digits.iter().skip(digits.len().wrapping_sub(used)) {
            self.text.push(char::from(*digit));
        }
    }

    /// A string, escaped as RFC 8259 asks and no more.
    #[inline(never)]
    pub fn text(&mut self, value: &str) {
        self.before_value();
        self.text.push('"');
        let mut rest = value;
        while let Some(run) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
            self.text.push_str(rest.get(..run).unwrap_or(""));
            match rest.as_bytes().get(run) {
                Some(b'\n') => self.text.push_str("\\n"),
                Some(&byte @ 0..0x20) => {
                    self.text.push_str("\\u00");
                    self.hex(byte >> 4);
                    self.hex(byte);
                }
                byte => {
                    self.text.push('\\');
                    self.text.push(byte.map_or(' ', |byte| char::from(*byte)));
                }
            }
            rest = rest.get(run.saturating_add(1)..).unwrap_or("");
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    /// The hexadecimal digit of the low four bits.
    fn hex(&mut self, bits: u8) {
        self.text.push(char::from(crate::id::hex_digit(bits)));
    }

    /// An id, as a string of 16 hexadecimal digits.
    pub fn id(&mut self, id: Id) {
        self.before_value();
        self.text.push('"');
        for byte in id.0.to_be_bytes() {
            self.hex(byte >> 4);
            self.hex(byte);
        }
        self.text.push('"');
    }

    /// A string that needs no escapes.
    pub(crate) fn quoted(&mut self, value: &str) {
        self.before_value();
        self.text.push('"');
        self.text.push_str(value);
        self.text.push('"');
    }

    /// Text that is JSON already, as one value, or as several with their commas.
    #[inline(never)]
    pub fn json(&mut self, value: &str) {
        self.before_value();
        self.text.push_str(value);
    }

    /// JSON text, or an absent value.
    pub fn json_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.json(value),
            None => self.null(),
        }
    }

    /// An integer, or an absent value.
    pub fn int_or_null(&mut self, value: Option<i64>) {
        match value {
            Some(value) => self.int(value),
            None => self.null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn nulls_are_written_only_before_a_value() {
        let mut w = Writer::default();
        w.begin_array();
        w.null();
        w.int(-7);
        w.null();
        w.begin_array();
        w.null();
        w.end_array();
        w.null();
        w.end_array();
        assert_eq!(w.finish(), "[null,-7,null,[]]");
    }

    #[test]
    fn integers_and_strings_are_what_serde_json_reads() {
        for value in [0, 1, -1, 10, i64::MAX, i64::MIN] {
            let mut w = Writer::default();
            w.int(value);
            assert_eq!(w.finish(), value.to_string());
        }
        let text: String = (0_u32..0x250)
            .filter_map(char::from_u32)
            .chain(['😀', '"', '\\'])
            .collect();
        let mut w = Writer::default();
        w.text(&text);
        assert_eq!(serde_json::from_str::<String>(&w.finish()).unwrap(), text);
    }
}
