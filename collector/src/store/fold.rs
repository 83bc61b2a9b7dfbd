//! Rows that say only what the row before them did not. The rows of a batch begin alike, with their view and who sent it, and often end
//! alike, with columns that are empty: a spool that had all of it in each row would be twice as long.
//!
//! A row, its numbers as LEB128:
//!
//! ```text
//! front | back | length | bytes
//! ```
//!
//! It is the first `front` bytes of the row before it, then these bytes, then the last `back` bytes of the row before it. The first row
//! of a payload has an empty one before it, and the first row of a table the last one of the table before.

use std::ops::Range;

use super::rowbinary::length;

/// Appends `row`, which follows `before`.
pub(super) fn fold(before: &[u8], row: &[u8], out: &mut Vec<u8>) {
    let front = front(before, row);
    let (_, own) = row.split_at(front);
    let (_, left) = before.split_at(front);
    let back = back(left, own);
    let (own, _) = own.split_at(own.len() - back);
    for number in [front, back, own.len()] {
        length(number, out);
    }
    out.extend_from_slice(own);
}

/// Appends the row that `folded` says, of which it takes what it reads; the row before it lies in `out` at `before`. `None`: that is no row,
/// or it would make `out` longer than `limit`.
pub(super) fn unfold(
    folded: &mut &[u8],
    before: Range<usize>,
    out: &mut Vec<u8>,
    limit: usize,
) -> Option<Range<usize>> {
    let mut number = || {
        let mut number = 0_usize;
        for shift in (0..usize::BITS).step_by(7) {
            let (byte, rest) = folded.split_first()?;
            *folded = rest;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    };
    let (front, back, length) = (number()?, number()?, number()?);
    let (own, rest) = folded.split_at_checked(length)?;
    *folded = rest;
    let kept = front.checked_add(back).filter(|kept| *kept <= before.len())?;
    if kept + length > limit.saturating_sub(out.len()) {
        return None;
    }
    let start = out.len();
    out.extend_from_within(before.start..before.start + front);
    out.extend_from_slice(own);
    out.extend_from_within(before.end - back..before.end);
    Some(start..out.len())
}

/// How many bytes both begin with.
fn front(a: &[u8], b: &[u8]) -> usize {
    let ((words, _), (others, _)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let words = words.iter().zip(others).take_while(|(a, b)| a == b).count() * 8;
    let (_, a) = a.split_at(words);
    let (_, b) = b.split_at(words);
    words + a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// How many bytes both end with.
fn back(a: &[u8], b: &[u8]) -> usize {
    let ((_, words), (_, others)) = (a.as_rchunks::<8>(), b.as_rchunks::<8>());
    let pairs = words.iter().rev().zip(others.iter().rev());
    let words = pairs.take_while(|(a, b)| a == b).count() * 8;
    let (a, _) = a.split_at(a.len() - words);
    let (b, _) = b.split_at(b.len() - words);
    words + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn folded(rows: &[Vec<u8>]) -> Vec<u8> {
        let (mut before, mut out): (&[u8], _) = (&[], Vec::new());
        for row in rows {
            fold(before, row, &mut out);
            before = row;
        }
        out
    }

    /// The rows, and how many bytes are left.
    fn unfolded(mut folded: &[u8], limit: usize) -> (Vec<Vec<u8>>, usize) {
        let (mut out, mut before, mut rows) = (Vec::new(), 0..0, Vec::new());
        while let Some(row) = unfold(&mut folded, before, &mut out, limit) {
            rows.push(out[row.clone()].to_vec());
            before = row;
        }
        (rows, folded.len())
    }

    #[test]
    fn a_row_says_what_the_one_before_it_did_not() {
        let rows = [
            b"view 1: LCP 2500 --------".to_vec(),
            b"view 1: CLS 0.05 --------".to_vec(),
        ];
        let out = folded(&rows);
        let (first, second) = out.split_at(3 + rows[0].len());
        assert_eq!(first[..3], [0, 0, 25]);
        assert_eq!(second, b"\x08\x09\x08CLS 0.05");
        assert_eq!(unfolded(&out, 50), (rows.to_vec(), 0));
    }

    #[test]
    fn what_is_alike_in_front_is_not_taken_for_the_back_as_well() {
        for (before, row) in [
            ("aaaa", "aaaaaa"),
            ("aaaaaa", "aaaa"),
            ("aaaa", "aaaa"),
            ("", "a"),
            ("a", ""),
        ] {
            let rows = [before.as_bytes().to_vec(), row.as_bytes().to_vec()];
            assert_eq!(unfolded(&folded(&rows), 20).0, rows, "{before} {row}");
        }
    }

    #[test]
    fn a_row_that_takes_more_than_there_is_is_none() {
        let mut out = b"before".to_vec();
        for (what, folded) in [
            ("of the row before", &[7, 0, 0][..]),
            ("of its two ends together", &[4, 3, 0]),
            ("of its own bytes", &[0, 0, 2, b'x']),
            ("than a number has", &[0x80; 12]),
            (
                "than a usize has",
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1, 0],
            ),
        ] {
            assert_eq!(unfold(&mut &*folded, 0..6, &mut out, 100), None, "{what}");
            assert_eq!(out, b"before", "{what}");
        }
        assert_eq!(unfold(&mut &[6, 0, 0][..], 0..6, &mut out, 11), None, "than the limit");
        assert_eq!(unfold(&mut &[6, 0, 0][..], 0..6, &mut out, 12), Some(6..12));
    }

    proptest! {
        #[test]
        fn rows_come_back(rows in prop::collection::vec(prop::collection::vec(0..3_u8, 0..40), 0..20)) {
            let total = rows.iter().map(Vec::len).sum();
            prop_assert_eq!(unfolded(&folded(&rows), total), (rows, 0));
        }

        #[test]
        fn no_bytes_make_it_fall_or_exceed_its_limit(bytes in prop::collection::vec(0..40_u8, 3..200)) {
            let (mut folded, mut out, mut before) = (&*bytes, vec![b'x'; 40], 0..40);
            while let Some(row) = unfold(&mut folded, before, &mut out, 1_000) {
                prop_assert!(row.end == out.len() && out.len() <= 1_000);
                before = row;
            }
        }
    }
}
