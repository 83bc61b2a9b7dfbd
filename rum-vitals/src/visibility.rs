//! The first time the page was hidden: there is one for all metrics.

use rum_core::vitals::FirstHidden;

use crate::state::only;

only! {
    static FIRST: FirstHidden = FirstHidden::NEVER;
}

/// The page was hidden at `t`; 0 if it always was.
#[unsafe(no_mangle)]
pub extern "C" fn page_hidden(t: f64) {
    let mut first = FIRST.get();
    first.push(t);
    FIRST.set(first);
}

/// What is painted from now on belongs to a page that was not hidden so far.
#[unsafe(no_mangle)]
pub extern "C" fn page_visible() {
    FIRST.set(FirstHidden::NEVER);
}

/// 1 if something at `t` was seen before the page was first hidden.
#[unsafe(no_mangle)]
pub extern "C" fn page_seen(t: f64) -> bool {
    FIRST.get().seen(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_before_the_first_time_was_seen() {
        assert!(page_seen(1e9));
        page_hidden(500.0);
        page_hidden(900.0);
        assert_eq!([499.9, 500.0, 700.0].map(|t| page_seen(t)), [true, false, false]);
        page_visible();
        assert!(page_seen(700.0));
        page_hidden(0.0);
        assert!(!page_seen(0.0));
    }
}
