//! What a function returns besides one number.

use crate::state::only;

/// As many as any function leaves behind.
const MOST: usize = 5;

only! {
    static PARTS: [f64; MOST] = [0.0; MOST];
}

/// Leaves `parts` behind, in the place of what was there.
pub(crate) fn leave(parts: [f64; MOST]) {
    PARTS.set(parts);
}

/// Part `number` (from 0) of what the last function with parts left behind; NaN if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn last_part(number: usize) -> f64 {
    PARTS.get().get(number).copied().unwrap_or(f64::NAN)
}
