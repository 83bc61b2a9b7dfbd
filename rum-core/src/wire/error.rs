//! What can be wrong with a batch, and where.

use core::fmt;

/// What the reader needed at a place where something else stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `[`.
    Array,
    /// `,` or the end of the array or object.
    CommaOrEnd,
    /// Any JSON value.
    Value,
    /// An integer of at most 2^53 in size, without fraction or exponent.
    Integer,
    /// A string.
    Text,
    /// An id: a string of 16 hexadecimal digits.
    Id,
    /// A value for a field that may not be absent.
    Required,
    /// Nothing after the last value.
    End,
    /// Less nesting.
    Shallow,
    /// A shorter array.
    FewerItems,
    /// A wire version that this reader knows.
    Version,
    /// The index of a view that the batch holds.
    View,
}

/// A batch or a record that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireError {
    /// Byte offset in the text.
    pub at: usize,
    /// What should have stood there.
    pub expected: Expected,
    /// The kind of the item being read, once that is known.
    pub kind: Option<i64>,
    /// The position of the field in that item, counted from 0, its prefix included.
    pub field: Option<u8>,
}

impl WireError {
    /// The error at byte `at`, outside any item.
    #[must_use]
    pub const fn at(at: usize, expected: Expected) -> Self {
        Self {
            at,
            expected,
            kind: None,
            field: None,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Array => "an array",
            Self::CommaOrEnd => "a comma or the end of the array",
            Self::Value => "a value",
            Self::Integer => "an integer (no fraction, at most 2^53)",
            Self::Text => "a string",
            Self::Id => "an id of 16 hexadecimal digits",
            Self::Required => "a value for a required field",
            Self::End => "the end of the body",
            Self::Shallow => "less nesting",
            Self::FewerItems => "fewer items",
            Self::Version => "a known wire version",
            Self::View => "the index of a view in this batch",
        })
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: expected {}", self.at, self.expected)?;
        if let Some(kind) = self.kind {
            write!(f, ", in an item of kind {kind}")?;
        }
        if let Some(field) = self.field {
            write!(f, ", field {field}")?;
        }
        Ok(())
    }
}

impl core::error::Error for WireError {}
