//! Mistakes that were found in other tools, one fixture each. Times are in ms. Those that are about derived columns are in
//! `src/attribution`, those about the wall clock with the collector's rows.

mod support;

use rum_core::ViewKind;
use rum_core::vitals::{Metric, Scope};
use support::Page;

use Metric::{Cls, Fcp, Inp, Lcp, Ttfb};

#[test]
fn cls_sources_of_the_latest_window_instead_of_the_largest() {
    let rows = Page::loaded()
        .paint(1.0)
        .shift_of(100.0, 0.3, 0, Some("#largest"))
        .shift_of(9000.0, 0.1, 0, Some("#latest"))
        .leave(9900.0);
    let vital = rows.vital(1, Cls, Scope::Document).unwrap();
    assert_eq!((vital.target.as_deref(), vital.at), (Some("#largest"), Some(100_000)));
}

#[test]
fn cls_as_a_plain_sum() {
    let rows = Page::loaded()
        .paint(1.0)
        .shift(100.0, 0.1)
        .shift(3000.0, 0.1)
        .shift(6000.0, 0.1)
        .leave(9000.0);
    assert_eq!(rows.get(Cls), Some(0.1));
}

#[test]
fn an_interaction_count_that_does_not_begin_again_in_a_single_page_app() {
    let rows = Page::loaded()
        .counted(100)
        .cut(1000.0)
        .view(1000.0, 2, ViewKind::Route, "/magazine")
        .interaction(1100.0, 707, 304.0)
        .interaction(1200.0, 714, 48.0)
        .counted(102)
        .leave(2000.0);
    assert_eq!(rows.of_view(2, Inp), Some(304.0), "two interactions leave none out");
}

#[test]
fn lcp_frozen_at_the_load_event() {
    let mut navigation = support::empty_navigation();
    (navigation.response_start, navigation.load) = (Some(100_000), Some(1_000_000));
    let rows = Page::loaded()
        .paint(800.0)
        .largest(900.0, "h1")
        .push(1001.0, rum_core::wire::Record::Navigation(navigation))
        .largest(2500.0, "#hero")
        .leave(9000.0);
    assert_eq!(rows.get(Lcp), Some(2500.0));
}

#[test]
fn the_first_interaction_counted_twice() {
    // Its entry comes twice, as `first-input` and as `event`. Counted twice, 49 others would be 51 interactions.
    let mut page = Page::loaded()
        .event(100.0, 7, 504.0, (101.0, 590.0), "pointerdown")
        .event(100.0, 7, 504.0, (101.0, 590.0), "pointerdown");
    for n in 2..=49 {
        page = page.interaction(1000.0 * f64::from(n), 7 * i64::from(n), 48.0);
    }
    assert_eq!(page.leave(90_000.0).get(Inp), Some(504.0));
}

#[test]
fn paints_of_a_prerendered_page_from_its_navigation() {
    let rows = Page::loaded()
        .hidden(0.0)
        .visible(4000.0)
        .navigation(300.0, 4000.0)
        .paint(4100.0)
        .largest(4300.0, "img")
        .leave(9000.0);
    assert_eq!(
        (rows.get(Ttfb), rows.get(Fcp), rows.get(Lcp)),
        (Some(0.0), Some(100.0), Some(300.0))
    );
}

#[test]
fn zero_for_an_interaction_that_was_fast() {
    let restored = || Page::loaded().cut(1000.0).restored(9000.0, 2, 33.0);
    assert_eq!(
        restored().counted(1).leave(9900.0).of(2, Inp),
        Some(8.0),
        "shorter than any entry"
    );
    assert_eq!(
        restored().counted(0).leave(9900.0).of(2, Inp),
        None,
        "nobody touched it"
    );
}

#[test]
fn an_lcp_of_hours_from_a_tab_in_the_background() {
    let rows = Page::loaded()
        .hidden(0.0)
        .visible(7_200_000.0)
        .paint(7_200_100.0)
        .largest(7_200_200.0, "img")
        .leave(7_300_000.0);
    assert_eq!((rows.get(Fcp), rows.get(Lcp)), (None, None));
}
