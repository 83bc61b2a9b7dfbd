//! Mistakes that were found in other tools, one fixture each. Times are in ms. Two can only be shown elsewhere:
//!
//! - The resource of an LCP matched by the first of its URL: the page chooses it, in
//!   `js-wrapper/src/late/paint-resource.ts`. Shown by "the resource behind a largest paint is the last of its URL that was
//!   asked for before" in `js-wrapper/test/attribution.test.mjs`.
//! - `timeOrigin + start` as wall clock after the machine slept: the core has no wall clock. Shown by
//!   `time_that_a_machine_slept_through_is_added` in `collector/src/store/rows/tests.rs`.
//!
//! An LCP of hours in a tab that was never hidden is refused by the collector:
//! `vitals_that_no_user_can_have_seen_are_dropped` in `collector/src/ingest/validate.rs`.

mod support;

use rum_core::ViewKind;
use rum_core::attribution::Attribution;
use rum_core::vitals::{Metric, Scope};
use rum_core::wire::event::ViewEvent;
use rum_core::wire::record::{LargestPaintRecord, LongFrame, PaintResource};
use rum_core::wire::{Event, Record};
use support::{Page, Rows, us, view_id};

use Metric::{Cls, Fcp, Inp, Lcp, Ttfb};

/// View `n`.
fn view(rows: &Rows, n: u64) -> Option<&ViewEvent> {
    let mut views = rows.0.iter().filter_map(|item| match &item.event {
        Event::View(view) => Some(&**view),
        _ => None,
    });
    views.find(|view| view.view_id == view_id(n))
}

/// What the value of a metric of view 1 is made of.
fn attribution(rows: &Rows, metric: Metric) -> Option<Attribution<'_>> {
    let vital = rows.vital(1, metric, Scope::Document)?;
    Attribution::of(view(rows, 1)?, vital)
}

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
    // Its entry comes twice, as `first-input` and as `event`. Of 60 interactions the longest is left out: of a list that
    // had it twice its second place would be the value.
    let rows = Page::loaded()
        .event(100.0, 7, 504.0, (101.0, 590.0), "pointerdown")
        .event(100.0, 7, 504.0, (101.0, 590.0), "pointerdown")
        .interaction(2000.0, 14, 304.0)
        .counted(60)
        .leave(90_000.0);
    assert_eq!(rows.get(Inp), Some(304.0));
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

#[test]
fn a_render_delay_that_is_always_zero() {
    let image = LargestPaintRecord {
        target: Some("#hero".into()),
        url: Some("/hero.avif".into()),
    };
    let resource = PaintResource {
        request_start: us(350.0),
        response_end: us(800.0),
    };
    let rows = Page::loaded()
        .navigation(200.0, 0.0)
        .paint(900.0)
        .push(1000.0, Record::LargestPaint(image))
        .push(1000.0, Record::PaintResource(resource))
        .leave(9000.0);
    let parts = attribution(&rows, Lcp).unwrap().paint.unwrap();
    let rest = parts.rest.unwrap();
    assert_eq!(
        (
            parts.time_to_first_byte,
            rest.resource_load_delay,
            rest.resource_load_duration,
            rest.element_render_delay
        ),
        (200.0, 150.0, 450.0, 200.0)
    );
}

#[test]
fn style_and_layout_from_the_time_origin_where_a_frame_rendered_nothing() {
    let frame = |style_start: Option<f64>| {
        Record::InteractionFrame(LongFrame {
            start: us(1000.0),
            duration: us(90.0),
            kind: 0,
            blocking: None,
            render_start: None,
            style_start: style_start.map(us),
            first_input: None,
            weight: None,
            scripts: None,
        })
    };
    // 0 is what the browser's entry says, absent what the capture script makes of it.
    for (style_start, expected) in [(Some(0.0), 0.0), (None, 0.0), (Some(1070.0), 20.0)] {
        let rows = Page::loaded()
            .event(1000.0, 7, 96.0, (1010.0, 1080.0), "click")
            .push(1000.0, frame(style_start))
            .leave(2000.0);
        let totals = attribution(&rows, Inp).unwrap().totals.unwrap();
        assert_eq!(totals.style_and_layout, expected, "{style_start:?}");
    }
}

#[test]
fn a_vitals_timestamp_that_is_its_value() {
    let rows = Page::loaded()
        .paint(1.0)
        .largest(1.0, "h1")
        .shift(300.0, 0.2)
        .interaction(500.0, 7, 48.0)
        .cut(1000.0)
        .restored(9000.0, 2, 33.0)
        .shift(9400.0, 0.1)
        .interaction(9500.0, 14, 304.0)
        .leave(9900.0);
    let at = |n, metric| rows.vital(n, metric, Scope::Document).unwrap().at;
    assert_eq!((at(1, Cls), at(1, Inp)), (Some(300_000), Some(500_000)));
    // After a restore values count from it; moments go on counting from the time origin, as the view's start does.
    assert_eq!((at(2, Cls), at(2, Inp)), (Some(9_400_000), Some(9_500_000)));
    assert_eq!(
        (rows.of(2, Lcp), view(&rows, 2).unwrap().start),
        (Some(33.0), 9_000_000)
    );
}
