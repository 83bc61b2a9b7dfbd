//! Groups of digits, and what may stand beside them.

use super::{CARD, PHONE};

/// Where the digits that begin at `at` end.
pub(super) fn digits_end(bytes: &[u8], at: usize) -> usize {
    let digits = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit());
    at.saturating_add(digits.count())
}

/// Where groups of just these lengths end that begin at `at`, divided by one of `separators`, always the same; with it the
/// separator.
pub(super) fn follow(bytes: &[u8], at: usize, groups: &[u8], separators: &[u8]) -> Option<(usize, u8)> {
    let mut end = at;
    let mut separator = 0;
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            let found = byte(bytes, end);
            if !separators.contains(&found) || (index > 1 && found != separator) {
                return None;
            }
            separator = found;
            end = end.saturating_add(1);
        }
        let start = end;
        let most = usize::from(*group).saturating_add(1);
        let digits = bytes.iter().skip(start).take(most);
        end = start.saturating_add(digits.take_while(|byte| byte.is_ascii_digit()).count());
        if end != start.saturating_add(usize::from(*group)) {
            return None;
        }
    }
    Some((end, separator))
}

/// Whether a number may begin at `at`: not within a word, and not behind one of `joints` that joins it to other digits.
pub(super) fn may_begin(bytes: &[u8], at: usize, joints: &[u8]) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    let last = byte(bytes, before);
    let head = bytes.get(..before).unwrap_or_default();
    let joined =
        head.last().is_some_and(u8::is_ascii_digit) || [CARD, PHONE].iter().any(|p| head.ends_with(p.as_bytes()));
    !(last.is_ascii_alphanumeric() || (joined && joints.contains(&last)))
}

/// Whether a number may end at `at`: not within a word, and not before one of `joints` that joins it to other digits. What
/// was masked were digits once.
pub(super) fn may_end(bytes: &[u8], at: usize, joints: &[u8]) -> bool {
    let next = byte(bytes, at);
    let tail = bytes.get(at.saturating_add(1)..).unwrap_or_default();
    let joined =
        tail.first().is_some_and(u8::is_ascii_digit) || [CARD, PHONE].iter().any(|p| tail.starts_with(p.as_bytes()));
    !(next.is_ascii_alphanumeric() || (joined && joints.contains(&next)))
}

/// The byte at `at`; 0 behind the end.
pub(super) fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}
