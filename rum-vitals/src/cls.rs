//! The session window of layout shifts. The shifts themselves are JavaScript's.

use rum_core::vitals::cls::{Joined, Window};

/// A window for one call of `onCLS`.
#[unsafe(no_mangle)]
pub extern "C" fn cls_new() -> &'static mut Window {
    Box::leak(Box::default())
}

/// A shift of score `value` at `t`. 1 if it joined the window before it, 0 if it opened another.
#[unsafe(no_mangle)]
pub extern "C" fn cls_shift(window: &mut Window, t: f64, value: f64) -> bool {
    window.push(t, value) == Joined::Open
}

/// The score of the window.
#[unsafe(no_mangle)]
pub extern "C" fn cls_score(window: &Window) -> f64 {
    window.value()
}

/// Another metric begins: the next shift opens another window.
#[unsafe(no_mangle)]
pub extern "C" fn cls_restart(window: &mut Window) {
    window.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_what_the_page_is_told() {
        let window = cls_new();
        let joined = [(1_000.0, 0.1), (1_999.0, 0.1), (2_999.0, 0.05)].map(|(t, value)| cls_shift(window, t, value));
        assert_eq!(joined, [false, true, false]);
        assert_eq!(cls_score(window), 0.05);
        cls_restart(window);
        assert_eq!(cls_score(window), 0.0);
        assert!(!cls_shift(window, 3_000.0, 0.2));
    }
}
