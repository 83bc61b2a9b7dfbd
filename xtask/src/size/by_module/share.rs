//! The brotli bytes of a file, shared out among its modules.
//!
//! Compressed bytes belong to no module: each one is short because of what stands before it. So every module is left
//! out once, and what the file shrinks by is its weight. These savings alone do not add up, for what two modules have
//! in common is saved by neither; in proportion to them, the whole file's bytes do.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Piece;
use crate::size::brotli;

/// A module's bytes in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) module: String,
    pub(super) raw: u64,
    /// Its part of the file's compressed bytes.
    pub(super) brotli: u64,
    /// What the file would be smaller by without the module, compressed. Less than nothing where the rest goes worse.
    pub(super) saved: i64,
}

/// A share for each module, the largest first. `raw` and `brotli` add up to the file's.
pub(super) fn shares(pieces: &[Piece]) -> Result<Vec<Share>> {
    let mut raw = BTreeMap::<&str, u64>::new();
    for piece in pieces {
        *raw.entry(&piece.module).or_default() += piece.bytes.len() as u64;
    }
    let whole = without(pieces, None)?;
    let mut saved = Vec::new();
    for &module in raw.keys() {
        saved.push(whole as i64 - without(pieces, Some(module))? as i64);
    }
    let mut shares: Vec<Share> = apportion(whole, &saved)
        .into_iter()
        .zip(raw)
        .zip(&saved)
        .map(|((brotli, (module, raw)), &saved)| Share {
            module: module.to_owned(),
            raw,
            brotli,
            saved,
        })
        .collect();
    // Equal ones stay in the order of their names.
    shares.sort_by_key(|share| std::cmp::Reverse((share.brotli, share.raw)));
    Ok(shares)
}

/// The compressed bytes of what is not of that module.
fn without(pieces: &[Piece], module: Option<&str>) -> Result<u64> {
    let kept = pieces.iter().filter(|piece| Some(&piece.module[..]) != module);
    brotli(&kept.flat_map(|piece| &piece.bytes).copied().collect::<Vec<u8>>())
}

/// `total` in whole parts, in proportion to what was saved; what rounding leaves goes to the largest remainders
/// (<https://en.wikipedia.org/wiki/Quota_method>). Who saves nothing has no part, unless nobody saves: then all are
/// equal.
fn apportion(total: u64, saved: &[i64]) -> Vec<u64> {
    let mut weights: Vec<u64> = saved.iter().map(|saved| u64::try_from(*saved).unwrap_or(0)).collect();
    if weights.iter().all(|&weight| weight == 0) {
        weights.fill(1);
    }
    let sum: u64 = weights.iter().sum();
    let mut parts: Vec<u64> = weights.iter().map(|weight| total * weight / sum).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(total * weights[at] % sum));
    let left = total - parts.iter().sum::<u64>();
    for &at in order.iter().take(left as usize) {
        parts[at] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(module: &str, bytes: impl Into<Vec<u8>>) -> Piece {
        Piece {
            module: module.to_owned(),
            bytes: bytes.into(),
        }
    }

    #[test]
    fn parts_are_whole_and_add_up() {
        for (total, saved, expected) in [
            (10, &[1, 1, 1][..], &[4, 3, 3][..]),
            (100, &[30, 60, 10], &[30, 60, 10]),
            (7, &[5, -3, 5], &[4, 0, 3]),
            (5, &[0, 0], &[3, 2]),
            (9, &[4], &[9]),
            (0, &[], &[]),
        ] {
            let parts = apportion(total, saved);
            assert_eq!(parts, expected, "{total} by {saved:?}");
            assert_eq!(parts.iter().sum::<u64>(), total);
        }
    }

    #[test]
    fn shares_add_up_and_the_dearest_is_first() {
        let noise: Vec<u8> = (0..400_u32)
            .map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        let pieces = [
            piece("repeated", "ab".repeat(200)),
            piece("noise", noise),
            piece("repeated", "ab".repeat(200)),
        ];
        let shares = shares(&pieces).unwrap();
        let sum = |bytes: fn(&Share) -> u64| shares.iter().map(bytes).sum::<u64>();
        assert_eq!(sum(|share| share.raw), 1_200);
        assert_eq!(sum(|share| share.brotli), without(&pieces, None).unwrap());
        assert_eq!(shares.len(), 2, "{shares:?}");
        assert_eq!(shares[0].module, "noise", "{shares:?}");
        assert!(
            shares[1].raw > shares[0].raw && shares[1].brotli < 50,
            "many bytes, and cheap ones: {shares:?}"
        );
    }
}
