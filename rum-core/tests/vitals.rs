//! The rules of the five vitals, as tables of records. Times are in ms. Over 500 lines, for one rule often shows in several
//! vitals, and each is a few lines.

mod support;

use rum_core::ViewKind;
use rum_core::vitals::{Metric, Scope};
use rum_core::wire::record::{InteractionRecord, PaintResource, RestoreRecord};
use rum_core::wire::{Event, Record};
use support::{Page, us, view_id};

use Metric::{Cls, Fcp, Inp, Lcp, Ttfb};

#[test]
fn paints_count_only_while_the_page_was_never_hidden() {
    for (hidden, fcp, lcp) in [
        (None, Some(900.0), Some(1500.0)),
        (Some(2000.0), Some(900.0), Some(1500.0)),
        (Some(1200.0), Some(900.0), Some(1000.0)),
        (Some(900.0), None, None),
        (Some(0.0), None, None),
    ] {
        let mut page = Page::loaded();
        if let Some(hidden) = hidden {
            page = page.hidden(hidden).visible(hidden + 1.0);
        }
        let rows = page
            .paint(900.0)
            .largest(1000.0, "h1")
            .largest(1500.0, "img")
            .leave(9000.0);
        assert_eq!((rows.get(Fcp), rows.get(Lcp)), (fcp, lcp), "hidden at {hidden:?}");
    }
}

#[test]
fn times_of_a_prerendered_page_count_from_its_activation() {
    for (painted, expected) in [(5000.0, 1000.0), (3000.0, 0.0)] {
        let rows = Page::loaded()
            .hidden(0.0)
            .visible(4000.0)
            .navigation(300.0, 4000.0)
            .paint(painted)
            .largest(painted, "img")
            .leave(9000.0);
        assert_eq!(
            rows.get(Ttfb),
            Some(0.0),
            "the first byte was there before anyone looked"
        );
        assert_eq!(rows.get(Fcp), Some(expected));
        assert_eq!(rows.get(Lcp), Some(expected));
    }
}

#[test]
fn ttfb_is_the_first_byte_and_absent_without_one() {
    assert_eq!(
        Page::loaded().navigation(120.5, 0.0).leave(900.0).get(Ttfb),
        Some(120.5)
    );
    assert_eq!(Page::loaded().navigation(0.0, 0.0).leave(900.0).get(Ttfb), None);
    assert_eq!(Page::loaded().leave(900.0).get(Ttfb), None);
}

#[test]
fn lcp_ends_at_the_first_input_whatever_comes_first_in_the_queue() {
    let rows = Page::loaded()
        .paint(800.0)
        .largest(1000.0, "h1")
        .input(1200.0)
        .largest(1500.0, "img")
        .leave(9000.0);
    assert_eq!(rows.get(Lcp), Some(1000.0));

    let late = Page::loaded()
        .paint(800.0)
        .largest(1000.0, "h1")
        .largest(1500.0, "img")
        .input(1200.0)
        .leave(9000.0);
    assert_eq!(
        late.get(Lcp),
        Some(1000.0),
        "an observer may deliver the entry before the listener ran"
    );
}

#[test]
fn lcp_names_its_element() {
    let rows = Page::loaded()
        .paint(800.0)
        .largest(1000.0, "h1")
        .largest(1500.0, "#hero>img")
        .leave(9000.0);
    let vital = rows.vital(1, Lcp, Scope::Document).unwrap();
    assert_eq!(vital.target.as_deref(), Some("#hero>img"));
}

#[test]
fn cls_is_the_largest_session_window() {
    // (time, value) of the shifts, and the score
    let table: &[(&[(f64, f64)], f64)] = &[
        (&[], 0.0),
        (&[(100.0, 0.1)], 0.1),
        (&[(100.0, 0.1), (1099.0, 0.1)], 0.2),
        (&[(100.0, 0.1), (1100.0, 0.1)], 0.1),
        (
            &[
                (0.0, 0.1),
                (900.0, 0.1),
                (1800.0, 0.1),
                (2700.0, 0.1),
                (3600.0, 0.1),
                (4500.0, 0.1),
                (4999.0, 0.1),
            ],
            0.7,
        ),
        (
            &[
                (0.0, 0.1),
                (900.0, 0.1),
                (1800.0, 0.1),
                (2700.0, 0.1),
                (3600.0, 0.1),
                (4500.0, 0.1),
                (5000.0, 0.1),
            ],
            0.6,
        ),
        (&[(0.0, 0.3), (2000.0, 0.1), (2100.0, 0.1)], 0.3),
        (&[(0.0, 0.1), (2000.0, 0.2), (2100.0, 0.2)], 0.4),
    ];
    for (shifts, expected) in table {
        let page = shifts
            .iter()
            .fold(Page::loaded().paint(1.0), |page, (t, value)| page.shift(*t, *value));
        assert_eq!(page.leave(9000.0).get(Cls), Some(*expected), "{shifts:?}");
    }
}

#[test]
fn cls_leaves_out_shifts_after_input() {
    let rows = Page::loaded()
        .paint(1.0)
        .shift_of(100.0, 0.5, 1, None)
        .shift(200.0, 0.01)
        .leave(9000.0);
    assert_eq!(rows.get(Cls), Some(0.01));
}

#[test]
fn cls_names_the_largest_shift_of_the_worst_window() {
    let rows = Page::loaded()
        .paint(1.0)
        .shift_of(100.0, 0.1, 0, Some("#a"))
        .shift_of(200.0, 0.2, 0, Some("#b"))
        .shift_of(300.0, 0.15, 0, Some("#c"))
        .shift_of(5000.0, 0.3, 0, Some("#latest"))
        .leave(9000.0);
    let vital = rows.vital(1, Cls, Scope::Document).unwrap();
    assert_eq!((vital.target.as_deref(), vital.at), (Some("#b"), Some(200_000)));
}

#[test]
fn cls_of_a_page_that_was_never_painted_in_view_is_absent() {
    assert_eq!(Page::loaded().shift(100.0, 0.1).leave(9000.0).get(Cls), None);
    assert_eq!(
        Page::loaded()
            .hidden(0.0)
            .paint(50.0)
            .shift(100.0, 0.1)
            .leave(9000.0)
            .get(Cls),
        None
    );
    assert_eq!(
        Page::loaded().paint(50.0).leave(9000.0).get(Cls),
        Some(0.0),
        "0 is a value"
    );
}

#[test]
fn cls_is_absent_where_the_browser_does_not_tell_of_shifts() {
    let page = || Page::without_shifts().paint(50.0);
    assert_eq!(page().leave(9000.0).get(Cls), None);
    assert_eq!(page().shift(100.0, 0.1).leave(9000.0).get(Cls), Some(0.1));
}

#[test]
fn inp_is_the_longest_of_few_interactions() {
    let rows = Page::loaded()
        .interaction(100.0, 7, 48.0)
        .interaction(300.0, 14, 96.0)
        .interaction(500.0, 21, 64.0)
        .leave(900.0);
    assert_eq!(rows.get(Inp), Some(96.0));
    assert_eq!(Page::loaded().leave(900.0).get(Inp), None);
}

#[test]
fn events_of_one_interaction_count_once_with_the_longest() {
    let rows = Page::loaded()
        .event(100.0, 7, 48.0, (101.0, 102.0), "pointerdown")
        .event(180.0, 7, 104.0, (182.0, 190.0), "pointerup")
        .event(181.0, 7, 96.0, (191.0, 192.0), "click")
        .interaction(400.0, 14, 56.0)
        .counted(2)
        .leave(900.0);
    let vital = rows.vital(1, Inp, Scope::Document).unwrap();
    assert_eq!(
        (vital.value, vital.detail.as_deref(), vital.at),
        (104_000, Some("pointerup"), Some(180_000))
    );
}

#[test]
fn one_interaction_is_left_out_for_every_fifty() {
    let run = |interactions: i64, counted: Option<i64>| {
        let mut page = Page::loaded();
        for n in 0..interactions {
            // durations 1000, 992, 984 …; ids grow by 7 as in Chromium
            page = page.interaction(n as f64 * 10.0, 7 * (n + 1), 1000.0 - 8.0 * n as f64);
        }
        page.interaction_count = counted;
        page.leave(90_000.0).get(Inp)
    };
    for (interactions, counted, expected) in [
        (1, None, 1000.0),
        (49, None, 1000.0),
        (50, None, 992.0),
        (60, Some(60), 992.0),
        (100, Some(100), 984.0),
        // Short interactions have no entry, but the browser counts them.
        (3, Some(120), 984.0),
        // There are only ten to choose from.
        (100, Some(5000), 928.0),
    ] {
        assert_eq!(
            run(interactions, counted),
            Some(expected),
            "{interactions} seen, {counted:?} counted"
        );
    }
}

#[test]
fn inp_has_three_parts() {
    let rows = Page::loaded()
        .event(100.0, 7, 104.0, (120.0, 180.0), "keydown")
        .leave(900.0);
    let vital = rows.vital(1, Inp, Scope::Document).unwrap();
    assert_eq!(
        (vital.input_delay, vital.processing, vital.presentation),
        (Some(20_000), Some(60_000), Some(24_000))
    );

    let rounded_down = Page::loaded()
        .event(100.0, 7, 96.0, (120.0, 199.0), "keydown")
        .leave(900.0);
    let vital = rounded_down.vital(1, Inp, Scope::Document).unwrap();
    assert_eq!(
        vital.presentation,
        Some(0),
        "a duration is rounded to 8 ms and may end before its handler"
    );
    assert_eq!(vital.processing, Some(76_000));
}

#[test]
fn a_restore_starts_everything_again() {
    let rows = Page::loaded()
        .navigation(100.0, 0.0)
        .paint(800.0)
        .largest(1000.0, "img")
        .shift(1100.0, 0.2)
        .interaction(1200.0, 7, 104.0)
        .counted(3)
        .hidden(2000.0)
        .cut(2000.0)
        .restored(9000.0, 2, 33.0)
        .largest(9200.0, "late")
        .shift(9500.0, 0.05)
        .leave(9900.0);
    assert_eq!(
        (rows.of(1, Lcp), rows.of(1, Cls), rows.of(1, Inp)),
        (Some(1000.0), Some(0.2), Some(104.0))
    );
    assert_eq!(
        (rows.of(2, Ttfb), rows.of(2, Fcp), rows.of(2, Lcp)),
        (Some(0.0), Some(33.0), Some(33.0))
    );
    assert_eq!(rows.of(2, Cls), Some(0.05));
    assert_eq!(rows.of(2, Inp), None, "the three interactions were before it");
}

#[test]
fn a_restore_has_no_largest_paint_where_the_browser_knows_none() {
    let rows = Page::loaded()
        .paint(800.0)
        .cut(1000.0)
        .restored(9000.0, 2, 33.0)
        .leave(9900.0);
    assert_eq!((rows.of(2, Fcp), rows.of(2, Lcp)), (Some(33.0), None));
}

#[test]
fn a_restore_that_is_hidden_before_its_paint_has_shifts_but_no_paints() {
    let rows = Page::loaded()
        .largest(900.0, "h1")
        .shift(1000.0, 0.2)
        .cut(1100.0)
        .view(9000.0, 2, ViewKind::BackForwardCache, "/")
        .hidden(9010.0)
        .push(9000.0, Record::Restore(RestoreRecord { painted: 600_000 }))
        .shift(9700.0, 0.05)
        .leave(9900.0);
    assert_eq!(
        (rows.of(2, Fcp), rows.of(2, Lcp), rows.of(2, Cls)),
        (None, None, Some(0.05))
    );
}

#[test]
fn a_navigation_that_is_told_after_a_restore_is_of_the_load() {
    let rows = Page::loaded()
        .cut(1000.0)
        .restored(9000.0, 2, 33.0)
        .navigation(100.0, 0.0)
        .leave(9900.0);
    assert_eq!((rows.of(2, Ttfb), rows.of(2, Fcp)), (Some(0.0), Some(33.0)));
}

#[test]
fn what_is_restored_in_the_background_and_never_seen_has_no_shifts() {
    let rows = Page::loaded()
        .shift(1000.0, 0.2)
        .cut(1100.0)
        .view(9000.0, 2, ViewKind::BackForwardCache, "/")
        .hidden(9000.0)
        .leave(9900.0);
    assert_eq!(rows.of(2, Cls), None);
}

#[test]
fn interactions_too_short_for_an_entry_are_eight_milliseconds_after_a_restore() {
    let rows = Page::loaded()
        .counted(3)
        .hidden(2000.0)
        .cut(2000.0)
        .restored(9000.0, 2, 33.0)
        .counted(4)
        .leave(9900.0);
    assert_eq!(rows.of(2, Inp), Some(8.0));
}

#[test]
fn the_interaction_count_starts_again_with_a_route() {
    // 120 interactions on the first route must not make the second one leave out its two longest.
    let rows = Page::loaded()
        .interaction(100.0, 7, 200.0)
        .counted(120)
        .cut(1000.0)
        .view(1000.0, 2, ViewKind::Route, "/magazine")
        .interaction(1100.0, 847, 96.0)
        .interaction(1200.0, 854, 48.0)
        .counted(122)
        .leave(2000.0);
    assert_eq!(rows.of_view(2, Inp), Some(96.0));
}

#[test]
fn a_route_has_its_own_shifts_and_no_paints_of_its_own() {
    let rows = Page::loaded()
        .navigation(100.0, 0.0)
        .paint(800.0)
        .largest(900.0, "h1")
        .shift(950.0, 0.1)
        .cut(3000.0)
        .view(3000.0, 2, ViewKind::Route, "/magazine")
        .shift(4000.0, 0.02)
        .leave(9000.0);
    assert_eq!(rows.of(1, Cls), Some(0.1), "the document's");
    assert_eq!((rows.of_view(1, Cls), rows.of_view(2, Cls)), (Some(0.1), Some(0.02)));
    for metric in [Lcp, Fcp, Ttfb] {
        assert_eq!(rows.of_view(2, metric), None, "{metric:?} is absent, not zero");
        assert_eq!(rows.of(2, metric), None, "{metric:?}");
    }
}

#[test]
fn an_entry_belongs_to_the_view_that_was_open_when_it_started() {
    let rows = Page::loaded()
        .paint(1.0)
        .cut(3000.0)
        .view(3000.0, 2, ViewKind::Route, "/magazine")
        // It started before the route changed, and is delivered after.
        .interaction(2990.0, 7, 104.0)
        .leave(9000.0);
    assert_eq!((rows.of_view(1, Inp), rows.of_view(2, Inp)), (Some(104.0), None));
}

#[test]
fn a_document_closes_with_its_session() {
    let mut page = Page::loaded()
        .navigation(100.0, 0.0)
        .paint(800.0)
        .hidden(2000.0)
        .cut(2000.0);
    assert_eq!(page.take().get(Fcp), Some(800.0));
    let other = rum_core::Id(0x6b00_f0a4_0000_00bb);
    let rows = page
        .view_of(other, 9_000_000.0, 2, ViewKind::Resumed, "/")
        .shift(9_000_100.0, 0.1)
        .leave(9_100_000.0);
    assert_eq!(
        (rows.get(Fcp), rows.get(Cls)),
        (None, None),
        "reported with the old session, and final"
    );
    assert_eq!(rows.of_view(2, Cls), Some(0.1));
    assert_ne!(view_id(1), view_id(2));
}

/// Input delay, processing and presentation of view 1's INP, in ms.
#[expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]
fn phases(rows: &support::Rows) -> [f64; 3] {
    let vital = rows.vital(1, Inp, Scope::Document).unwrap();
    [vital.input_delay, vital.processing, vital.presentation].map(|part| part.unwrap() as f64 / 1e3)
}

#[test]
fn what_shares_the_frame_of_an_interaction_is_its_processing() {
    // A slow pointerover of the same frame: it ran before the click's own handlers, and after it another one did.
    let rows = Page::loaded()
        .bystander(96.0, 112.0, (110.0, 130.0))
        .event(100.0, 7, 104.0, (130.0, 150.0), "pointerdown")
        .bystander(104.0, 104.0, (150.0, 190.0))
        .leave(900.0);
    assert_eq!(phases(&rows), [10.0, 80.0, 14.0]);

    // More than 8 ms from its paint, it is another frame's.
    let rows = Page::loaded()
        .bystander(96.0, 96.0, (97.0, 130.0))
        .event(100.0, 7, 104.0, (130.0, 150.0), "pointerdown")
        .leave(900.0);
    assert_eq!(phases(&rows), [30.0, 20.0, 54.0]);
}

#[test]
fn a_handler_that_ran_before_the_interaction_is_no_negative_delay() {
    let rows = Page::loaded()
        .bystander(80.0, 128.0, (81.0, 160.0))
        .event(100.0, 7, 104.0, (160.0, 170.0), "pointerdown")
        .leave(900.0);
    assert_eq!(phases(&rows), [0.0, 70.0, 34.0]);
}

#[test]
fn a_handler_that_ran_after_the_paint_waited_until_then_and_took_nothing() {
    let rows = Page::loaded()
        .event(100.0, 7, 56.0, (180.0, 190.0), "pointerdown")
        .leave(900.0);
    assert_eq!(phases(&rows), [80.0, 0.0, 0.0]);
}

#[test]
fn the_frame_of_an_interaction_is_remembered_however_many_follow() {
    let mut page = Page::loaded()
        .event(100.0, 7, 304.0, (130.0, 150.0), "pointerdown")
        .bystander(120.0, 288.0, (150.0, 390.0));
    for n in 1..100 {
        page = page.bystander(
            1000.0 * f64::from(n),
            48.0,
            (1000.0 * f64::from(n) + 1.0, 1000.0 * f64::from(n) + 2.0),
        );
    }
    assert_eq!(phases(&page.leave(200_000.0)), [30.0, 260.0, 14.0]);
}

#[test]
fn an_interaction_has_the_first_target_that_any_of_its_entries_knew() {
    let event = |ms: f64, duration: f64, target: Option<&str>| {
        Record::Interaction(InteractionRecord {
            duration: us(duration),
            processing_start: us(ms),
            processing_end: us(ms),
            interaction_id: 7,
            name: "click".into(),
            target: target.map(Into::into),
        })
    };
    let rows = Page::loaded()
        .push(100.0, event(100.0, 64.0, None))
        .push(101.0, event(101.0, 72.0, Some("#first")))
        .push(102.0, event(102.0, 80.0, Some("#second")))
        .leave(900.0);
    let vital = rows.vital(1, Inp, Scope::Document).unwrap();
    assert_eq!((vital.value, vital.target.as_deref()), (80_000, Some("#first")));
}

#[test]
fn inp_has_the_frames_that_it_met() {
    let rows = Page::loaded()
        .event(1000.0, 7, 104.0, (1020.0, 1090.0), "click")
        .frame(900.0, 99.0)
        .frame(950.0, 60.0)
        .frame(1010.0, 90.0)
        .frame(1090.0, 60.0)
        .frame(1091.0, 60.0)
        .leave(2000.0);
    let frames = rows.vital(1, Inp, Scope::Document).unwrap().frames.clone().unwrap().0;
    let met: Vec<_> = frames.iter().map(|frame| (frame.ordinal, frame.what.start)).collect();
    assert_eq!(met, [(4, 950_000), (5, 1_010_000), (6, 1_090_000)]);
}

#[test]
fn lcp_has_the_latest_word_on_its_resource() {
    let resource = |response_end: f64| {
        Record::PaintResource(PaintResource {
            request_start: us(300.0),
            response_end: us(response_end),
        })
    };
    let page = Page::loaded()
        .paint(800.0)
        .largest(900.0, "h1")
        .largest(1500.0, "video");
    let page = page
        .push(1500.0, resource(0.0))
        .push(900.0, resource(1.0))
        .push(1500.0, resource(1400.0));
    let rows = page.leave(9000.0);
    let known = rows.vital(1, Lcp, Scope::Document).unwrap().resource.clone();
    assert_eq!(known.map(|known| known.response_end), Some(1_400_000));
    let rows = Page::loaded().paint(800.0).largest(900.0, "h1").leave(9000.0);
    assert_eq!(rows.vital(1, Lcp, Scope::Document).unwrap().resource, None);
}

#[test]
fn a_soft_navigation_has_paints_of_its_own_and_no_first_byte() {
    let rows = Page::loaded()
        .navigation(100.0, 0.0)
        .paint(800.0)
        .largest(900.0, "h1")
        .input(3000.0)
        .cut(3010.0)
        .view(3010.0, 2, ViewKind::Route, "/magazine")
        .softened(3000.0, 7, 3080.0)
        .soft_paint(3080.0, 7, "#title")
        .soft_paint(3400.0, 7, "#cover")
        .soft_paint(3500.0, 14, "#of-another-interaction")
        .input(3600.0)
        .soft_paint(3700.0, 7, "#after-the-next-input")
        .leave(9000.0);
    assert_eq!((rows.of_view(2, Fcp), rows.of_view(2, Lcp)), (Some(80.0), Some(400.0)));
    assert_eq!(
        rows.vital(2, Lcp, Scope::View).unwrap().target.as_deref(),
        Some("#cover")
    );
    assert_eq!(rows.of_view(2, Ttfb), None);
    assert_eq!(rows.get(Lcp), Some(900.0), "the document's stays what it was");
    let kinds = rows.0.iter().filter_map(|item| match &item.event {
        Event::View(view) => Some(view.kind),
        _ => None,
    });
    assert!(
        kinds.eq([ViewKind::Load as i64, ViewKind::Soft as i64]),
        "the route view is upgraded"
    );
}

#[test]
fn what_was_hidden_before_a_soft_navigation_hides_none_of_its_paints() {
    let softened = |page: Page| {
        page.paint(800.0)
            .cut(3010.0)
            .view(3010.0, 2, ViewKind::Route, "/magazine")
            .softened(3000.0, 7, 3080.0)
    };
    let before = softened(Page::loaded().hidden(500.0).visible(600.0))
        .soft_paint(3400.0, 7, "#cover")
        .leave(9000.0);
    assert_eq!(before.get(Fcp), None, "the document's was hidden");
    assert_eq!(
        (before.of_view(2, Fcp), before.of_view(2, Lcp)),
        (Some(80.0), Some(400.0))
    );

    let between = softened(Page::loaded())
        .soft_paint(3080.0, 7, "#title")
        .hidden(3200.0)
        .visible(3300.0)
        .soft_paint(3400.0, 7, "#cover")
        .leave(9000.0);
    assert_eq!(
        (between.of_view(2, Fcp), between.of_view(2, Lcp)),
        (Some(80.0), Some(80.0))
    );
}

#[test]
fn interactions_too_short_for_an_entry_are_eight_milliseconds_after_a_soft_navigation() {
    let softened = |interactions| {
        Page::loaded()
            .counted(3)
            .cut(3010.0)
            .view(3010.0, 2, ViewKind::Route, "/magazine")
            .softened(3000.0, 7, 3080.0)
            .counted(interactions)
            .leave(9000.0)
    };
    assert_eq!(softened(4).of_view(2, Inp), Some(8.0));
    assert_eq!(softened(3).of_view(2, Inp), None, "nobody touched it");
}

#[test]
fn a_soft_navigation_is_the_route_that_opened_for_it() {
    let kinds = |page: Page| {
        let rows = page.leave(9000.0);
        let kinds = rows.0.iter().filter_map(|item| match &item.event {
            Event::View(view) => ViewKind::from_wire(view.kind),
            _ => None,
        });
        kinds.collect::<Vec<_>>()
    };
    let routes = Page::loaded().view(3010.0, 2, ViewKind::Route, "/one");
    // The page names a view of its own, or goes on to another path, before the browser tells.
    let named = routes
        .view(3020.0, 3, ViewKind::Manual, "/one")
        .softened(3000.0, 7, 3080.0);
    assert_eq!(kinds(named), [ViewKind::Load, ViewKind::Soft, ViewKind::Manual]);
    // No view has opened for it, such as in a session that is over.
    let late = Page::loaded().softened(3000.0, 7, 3080.0);
    assert_eq!(kinds(late), [ViewKind::Load]);
}

#[test]
fn a_restores_largest_paint_is_its_own_whatever_is_done_or_painted_around_it() {
    for input in [9010.0, 9033.0, 9050.0] {
        let around = |told_late: bool| {
            let page = Page::loaded().largest(900.0, "h1").cut(1000.0);
            let page = page.view(9000.0, 2, ViewKind::BackForwardCache, "/");
            let done = |page: Page| page.largest(9020.0, "p").input(input).largest(9060.0, "img");
            let restore = Record::Restore(RestoreRecord { painted: 33_000 });
            let page = if told_late {
                done(page).push(9000.0, restore)
            } else {
                done(page.push(9000.0, restore))
            };
            page.leave(9900.0)
        };
        for told_late in [true, false] {
            let rows = around(told_late);
            assert_eq!(
                (rows.of(1, Lcp), rows.of(2, Fcp), rows.of(2, Lcp)),
                (Some(900.0), Some(33.0), Some(33.0)),
                "input at {input}, told late: {told_late}"
            );
            assert_eq!(rows.vital(2, Lcp, Scope::Document).unwrap().target, None);
        }
    }
}

#[test]
fn a_restore_has_a_first_byte_at_once_and_what_was_hidden_before_it_hides_nothing() {
    let rows = Page::loaded()
        .cut(1000.0)
        .view(9000.0, 2, ViewKind::BackForwardCache, "/")
        .leave(9010.0);
    assert_eq!((rows.of(2, Ttfb), rows.of(2, Fcp)), (Some(0.0), None));
    let rows = Page::loaded()
        .largest(900.0, "h1")
        .cut(1000.0)
        .restored(9000.0, 2, 33.0)
        .hidden(500.0)
        .leave(9900.0);
    assert_eq!((rows.of(2, Fcp), rows.of(2, Lcp)), (Some(33.0), Some(33.0)));
}
