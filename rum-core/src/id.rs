//! Session, view and batch ids: 64 bits, written as 16 hexadecimal digits.

use core::fmt;

/// A 64-bit id. Of a session or a view the upper half is its start in unix seconds and the lower half is random,
/// so a row's hour follows from its id alone; of a batch all 64 bits are random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(pub u64);

impl Id {
    /// The id whose upper half says `unix_seconds`.
    #[must_use]
    pub const fn starting_at(unix_seconds: u32, random: u32) -> Self {
        Self((unix_seconds as u64) << 32 | random as u64)
    }

    /// The start that a session or view id carries, in unix seconds.
    #[must_use]
    pub const fn start_seconds(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Its random bits.
    #[must_use]
    pub const fn random_half(self) -> u32 {
        self.0 as u32
    }

    /// Reads 16 hexadecimal digits; anything else is `None`.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 16 {
            return None;
        }
        let mut value = 0_u64;
        for byte in text.bytes() {
            let digit = match byte {
                b'0'..=b'9' => byte.wrapping_sub(b'0'),
                b'a'..=b'f' => byte.wrapping_sub(b'a' - 10),
                b'A'..=b'F' => byte.wrapping_sub(b'A' - 10),
                _ => return None,
            };
            value = value << 4 | u64::from(digit);
        }
        Some(Self(value))
    }
}

/// The lower-case digit of the low four bits.
pub(crate) const fn hex_digit(bits: u8) -> u8 {
    let low = bits & 15;
    if low < 10 {
        b'0'.wrapping_add(low)
    } else {
        (b'a' - 10).wrapping_add(low)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "documented")]
impl serde::Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "documented")]
impl<'de> serde::Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Hex;
        impl serde::de::Visitor<'_> for Hex {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id of 16 hexadecimal digits")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                Id::from_hex(text).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn hex_there_and_back() {
        for value in [0, 1, 0xdead_beef, u64::MAX] {
            let id = Id(value);
            assert_eq!(Id::from_hex(&id.to_string()), Some(id));
        }
    }

    #[test]
    fn only_sixteen_hexadecimal_digits_are_an_id() {
        for text in [
            "",
            "0",
            "000000000000000g",
            "00000000000000000",
            "-000000000000001",
            "ééééééééé",
        ] {
            assert_eq!(Id::from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn the_start_is_the_upper_half() {
        assert_eq!(Id::starting_at(1_795_226_212, 7).start_seconds(), 1_795_226_212);
    }
}
