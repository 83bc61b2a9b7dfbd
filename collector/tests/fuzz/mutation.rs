//! What is real, with something wrong about it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What a change puts in: edges of numbers, forms and encodings.
const TOKENS: &[&[u8]] = &[
    b"0",
    b"-1",
    b"-0",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"1e400",
    b"0.1",
    b"null",
    b"true",
    b"\"\"",
    b"[]",
    b"{}",
    b"[[[[[[[[",
    b"]",
    b",",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\xff\xfe",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\n",
    b"\0",
    b"%00",
    b"%zz",
    b"&k=k&",
    b"=",
];

#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Delete(Index, usize),
    Repeat(Index, usize, usize),
    Insert(Index, Vec<u8>),
    /// Instead of the digits, or the byte, there.
    Replace(Index, &'static [u8]),
    Cut(Index),
}

/// One of `corpus` with up to six changes.
pub(crate) fn mutated(corpus: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = prop_oneof![
        3 => (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        2 => (any::<Index>(), 1..64_usize).prop_map(|(at, length)| Change::Delete(at, length)),
        2 => (any::<Index>(), 1..64_usize, 1..200_usize).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        2 => (any::<Index>(), vec(any::<u8>(), 1..32)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        5 => (any::<Index>(), select(TOKENS)).prop_map(|(at, token)| Change::Replace(at, token)),
        1 => any::<Index>().prop_map(Change::Cut),
    ];
    (select(corpus), vec(change, 0..=6)).prop_map(|(mut bytes, changes)| {
        for change in &changes {
            apply(&mut bytes, change);
        }
        bytes
    })
}

/// As text: bytes that are none become replacement characters.
pub(crate) fn mutated_text(corpus: &[&str]) -> impl Strategy<Value = String> + use<> {
    let corpus = corpus.iter().map(|text| text.as_bytes().to_vec()).collect();
    mutated(corpus).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len();
    let at = |index: &Index| index.index(length + 1).min(length);
    match change {
        Change::Flip(index, bits) => {
            if let Some(byte) = bytes.get_mut(at(index)) {
                *byte ^= bits;
            }
        }
        Change::Delete(index, count) => {
            let start = at(index);
            bytes.drain(start..length.min(start + count));
        }
        Change::Repeat(index, count, times) => {
            let start = at(index);
            let piece = bytes[start..length.min(start + count)].repeat(*times);
            bytes.splice(start..start, piece);
        }
        Change::Insert(index, more) => {
            let start = at(index);
            bytes.splice(start..start, more.iter().copied());
        }
        Change::Replace(index, token) => {
            let start = at(index);
            let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let end = length.min(start + digits.max(1));
            bytes.splice(start..end, token.iter().copied());
        }
        Change::Cut(index) => bytes.truncate(at(index)),
    }
}
