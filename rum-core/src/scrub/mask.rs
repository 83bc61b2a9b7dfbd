//! A text of which parts are replaced, from its beginning to its end.

use alloc::string::String;

/// Copies a text only once there is something to replace in it.
pub(super) struct Mask<'a> {
    text: &'a str,
    masked: String,
    /// Where what has not been copied yet begins.
    done: usize,
}

impl<'a> Mask<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            masked: String::new(),
            done: 0,
        }
    }

    /// Puts `placeholder` in place of what is between `from` and `to`. Both lie between characters, and behind what was
    /// replaced before.
    pub(super) fn put(&mut self, from: usize, to: usize, placeholder: &str) {
        self.masked.push_str(self.text.get(self.done..from).unwrap_or_default());
        self.masked.push_str(placeholder);
        self.done = to;
    }

    /// The masked text; `None` if nothing was replaced.
    pub(super) fn finish(mut self) -> Option<String> {
        if self.masked.is_empty() {
            return None;
        }
        self.masked.push_str(self.text.get(self.done..).unwrap_or_default());
        Some(self.masked)
    }
}
