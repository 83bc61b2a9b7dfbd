//! Which output formats may be streamed, and how. libchdb formats every piece of a stream as a
//! document of its own: two pieces of JSON are two JSON documents, and two of
//! RowBinaryWithNamesAndTypes have two headers. So rows that stand alone are passed on, headers are
//! kept from the first piece only, and whatever else there is is formatted as a whole.

/// How the pieces of a format become one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Rows only: put them behind each other.
    Rows,
    /// This many lines of header, in which no value holds a line end.
    Lines(usize),
    /// This many lines of header, in which quoted values may hold line ends.
    CsvLines(usize),
    /// A count, and that many strings, this many times over.
    Binary(usize),
    /// It cannot be put together from pieces.
    Whole,
}

impl Framing {
    /// By the format's name, which ClickHouse takes in any case.
    pub(crate) fn of(format: &str) -> Self {
        let name = format.to_ascii_lowercase();
        let (base, headers) = if let Some(base) = name.strip_suffix("withnamesandtypes") {
            (base, 2)
        } else if let Some(base) = name.strip_suffix("withnames") {
            (base, 1)
        } else {
            (name.as_str(), 0)
        };
        match (base, headers) {
            ("tabseparated" | "tsv" | "csv" | "rowbinary", 0) => Self::Rows,
            ("jsoneachrow" | "jsonlines" | "ndjson" | "jsonstringseachrow", 0) => Self::Rows,
            ("jsoncompacteachrow" | "jsoncompactstringseachrow", 0) => Self::Rows,
            ("tabseparatedraw" | "tsvraw" | "raw" | "tskv" | "native" | "msgpack", 0) => Self::Rows,
            ("tabseparated" | "tsv", lines) => Self::Lines(lines),
            ("jsoncompacteachrow" | "jsoncompactstringseachrow", lines) => Self::Lines(lines),
            ("csv", lines) => Self::CsvLines(lines),
            ("rowbinary", lists) => Self::Binary(lists),
            _ => Self::Whole,
        }
    }

    /// How many bytes of a piece are its header, or `None` when it does not hold one.
    pub(crate) fn header_length(self, piece: &[u8]) -> Option<usize> {
        match self {
            Self::Rows | Self::Whole => Some(0),
            Self::Lines(lines) => line_ends(piece, |_| false).nth(lines.checked_sub(1)?),
            Self::CsvLines(lines) => line_ends(piece, |byte| byte == b'"').nth(lines.checked_sub(1)?),
            Self::Binary(lists) => binary_header(piece, lists),
        }
    }
}

/// Where each line ends, its line end included, not counting line ends between two quotes.
fn line_ends(piece: &[u8], is_quote: fn(u8) -> bool) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    piece.iter().enumerate().filter_map(move |(at, byte)| {
        // A doubled quote inside of a value opens and closes: it changes nothing.
        quoted ^= is_quote(*byte);
        (*byte == b'\n' && !quoted).then_some(at + 1)
    })
}

fn binary_header(piece: &[u8], lists: usize) -> Option<usize> {
    let mut at = 0;
    let columns = varint(piece, &mut at)?;
    for _ in 0..columns.checked_mul(lists)? {
        let length = varint(piece, &mut at)?;
        at = at.checked_add(length).filter(|end| *end <= piece.len())?;
    }
    Some(at)
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0_usize;
    for shift in (0..usize::BITS).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, piece: &[u8], header: usize) {
        assert_eq!(Framing::of(format).header_length(piece), Some(header), "{format}");
    }

    #[test]
    fn headers_are_found() {
        check("RowBinary", b"\x01\x02", 0);
        check("TSVWithNames", b"a\\nb\tc\n1\t2\n", 7);
        check("TabSeparatedWithNamesAndTypes", b"a\nUInt8\n1\n", 8);
        check("CSVWithNames", b"\"a\n\"\"b\"\n1\n", 8);
        check("csvwithnamesandtypes", b"\"a\"\n\"String\"\n\"x\ny\"\n", 13);
        check("JSONCompactEachRowWithNames", b"[\"a\"]\n[1]\n", 6);
        check("RowBinaryWithNames", b"\x01\x01a\x07", 3);
        check("RowBinaryWithNamesAndTypes", b"\x01\x01a\x05UInt8\x07", 9);
    }

    #[test]
    fn a_header_cut_short_is_not_taken_for_one() {
        assert_eq!(Framing::Binary(2).header_length(b"\x01\x01a\x05UIn"), None);
        assert_eq!(Framing::Binary(1).header_length(&[0xff; 11]), None);
        assert_eq!(Framing::Lines(2).header_length(b"a\nb"), None);
    }

    #[test]
    fn documents_are_not_streamed() {
        for format in [
            "JSON",
            "JSONCompact",
            "PrettyCompact",
            "Vertical",
            "Values",
            "Arrow",
            "XML",
        ] {
            assert_eq!(Framing::of(format), Framing::Whole, "{format}");
        }
    }
}
