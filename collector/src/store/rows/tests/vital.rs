//! Rows of vitals: what is derived from what pages send, and what stays absent.

use super::*;

pub(super) fn script(start: i64, duration: i64, function: &str) -> Script {
    Script {
        start,
        duration,
        forced_style: 10_000,
        pause: 0,
        invoker_type: "event-listener".into(),
        invoker: "BUTTON#buy.onclick".into(),
        url: "https://shop.example/cart.js".into(),
        function: function.into(),
        position: 812,
    }
}

/// A frame from `start` on that takes 200 ms.
fn frame(ordinal: i64, start: i64) -> LongFrameEvent {
    LongFrameEvent {
        ordinal,
        what: LongFrame {
            start,
            duration: 200_000,
            kind: 0,
            blocking: Some(150_000),
            render_start: Some(start + 180_000),
            style_start: Some(start + 190_000),
            first_input: Some(start + 500),
            weight: None,
            scripts: Some(Scripts(vec![
                script(start + 20_000, 120_000, "addToCart"),
                script(start + 150_000, 20_000, "recommend"),
            ])),
        },
    }
}

#[test]
fn values_have_the_units_of_the_tables() {
    let inp = VitalEvent {
        target: Some("button#buy".into()),
        detail: Some("pointerup".into()),
        at: Some(2_000_500),
        input_delay: Some(8_000),
        processing: Some(192_000),
        presentation: Some(16_000),
        frames: Some(LongFrameEvents(vec![frame(21, 2_000_000)])),
        ..vital(Metric::Inp as i64, 0, 216_000)
    };
    let lcp = VitalEvent {
        target: Some("main>img".into()),
        detail: Some("https://shop.example/hero.avif".into()),
        resource: Some(PaintResource {
            request_start: 150_000,
            response_end: 300_000,
        }),
        ..vital(Metric::Lcp as i64, 0, 350_000)
    };
    let loaded = ViewEvent {
        navigation: Some(navigation()),
        ..view()
    };
    let shift = VitalEvent {
        at: Some(205_000),
        ..vital(Metric::Cls as i64, 1, 123_456)
    };
    let frame = rows(&batch(vec![
        (0, Event::View(Box::new(loaded))),
        (4_000, Event::Vital(Box::new(lcp))),
        (4_000, Event::Vital(Box::new(inp))),
        (4_000, Event::Vital(Box::new(shift))),
        (4_000, Event::Vital(Box::new(vital(Metric::Fcp as i64, 0, 250_000)))),
        (4_000, Event::Vital(Box::new(vital(Metric::Ttfb as i64, 0, 107_125)))),
    ]));
    insta::assert_json_snapshot!("vitals", decoded(&frame, Table::Vitals));
    insta::assert_json_snapshot!("long_frame", decoded(&frame, Table::LongFrames));
}

/// The only vital of a batch with this view.
fn vital_of(view: ViewEvent, vital: VitalEvent) -> Map<String, Json> {
    let frame = rows(&batch(vec![
        (0, Event::View(Box::new(view))),
        (4_000, Event::Vital(Box::new(vital))),
    ]));
    decoded(&frame, Table::Vitals).remove(0)
}

#[test]
fn parts_of_a_value_are_absent_where_nobody_knows_them() {
    let lcp = || vital(Metric::Lcp as i64, 0, 350_000);
    let image = || VitalEvent {
        detail: Some("https://cdn.example/hero.avif".into()),
        ..lcp()
    };
    let loaded = || ViewEvent {
        navigation: Some(navigation()),
        ..view()
    };
    let of_kind = |kind: ViewKind| ViewEvent {
        kind: kind as i64,
        start: 9_000_000,
        ..view()
    };
    let activated = ViewEvent {
        navigation: Some(NavigationRecord {
            activation: Some(100_000),
            ..navigation()
        }),
        ..of_kind(ViewKind::Prerender)
    };
    for (view, lcp, expected) in [
        // Text: nothing was waited for.
        (loaded(), lcp(), ["reload", "107.125", "0.0", "0.0", "242.875"]),
        // An image of which the browser says nothing.
        (loaded(), image(), ["reload", "107.125", "null", "null", "null"]),
        // The page was left before its navigation was known.
        (view(), lcp(), ["", "null", "null", "null", "null"]),
        (activated, lcp(), ["prerender", "7.125", "0.0", "0.0", "342.875"]),
        (
            of_kind(ViewKind::BackForwardCache),
            lcp(),
            ["back-forward-cache", "0.0", "0.0", "0.0", "350.0"],
        ),
        (
            of_kind(ViewKind::Soft),
            VitalEvent {
                at: Some(9_300_000),
                resource: Some(PaintResource {
                    request_start: 9_050_000,
                    response_end: 9_200_000,
                }),
                ..image()
            },
            ["soft-navigation", "0.0", "100.0", "150.0", "100.0"],
        ),
    ] {
        let row = vital_of(view, lcp);
        let found = [
            "navigation_type",
            "ttfb_ms",
            "resource_load_delay_ms",
            "resource_load_duration_ms",
            "element_render_delay_ms",
        ]
        .map(|column| row[column].to_string().trim_matches('"').to_owned());
        assert_eq!(found, expected);
    }
}

#[test]
fn an_interaction_without_frames_has_no_totals() {
    let inp = VitalEvent {
        detail: Some("keydown".into()),
        at: Some(2_000_000),
        input_delay: Some(1_000),
        processing: Some(2_000),
        presentation: Some(3_000),
        ..vital(Metric::Inp as i64, 0, 6_000)
    };
    let task = LongFrameEvent {
        what: LongFrame {
            kind: 1,
            style_start: None,
            scripts: None,
            ..frame(21, 2_000_000).what
        },
        ordinal: 21,
    };
    let with_task = VitalEvent {
        frames: Some(LongFrameEvents(vec![task])),
        ..inp.clone()
    };
    for (inp, long_frames) in [(inp, Json::Null), (with_task, 0.into())] {
        let row = vital_of(view(), inp);
        assert_eq!(row["interaction_type"], "keyboard");
        assert_eq!(row["long_frames"], long_frames);
        for column in [
            "script_ms",
            "total_script_ms",
            "total_paint_ms",
            "total_unattributed_ms",
        ] {
            assert_eq!(row[column], Json::Null, "{column}");
        }
    }
}

#[test]
fn a_frame_is_a_row_of_the_view_that_was_open_when_it_began() {
    let inp = |scope, frames: Vec<LongFrameEvent>| VitalEvent {
        frames: Some(LongFrameEvents(frames)),
        ..vital(Metric::Inp as i64, scope, 200_000)
    };
    let first = ViewEvent {
        end: Some(5_000_000),
        ..view()
    };
    let second = ViewEvent {
        view_id: Id(view().view_id.0 + 1),
        kind: ViewKind::Route as i64,
        start: 5_000_000,
        document_id: Some(view().view_id),
        end: Some(9_000_000),
        ..view()
    };
    let mut batch = batch(vec![
        (0, Event::View(Box::new(first))),
        (0, Event::View(Box::new(second))),
        // The document's worst interaction was in the second view, and the first view's own in itself.
        (9_000, Event::Vital(Box::new(inp(0, vec![frame(3, 6_000_000)])))),
        (9_000, Event::Vital(Box::new(inp(1, vec![frame(2, 4_999_999)])))),
        (9_000, Event::Vital(Box::new(inp(1, vec![frame(3, 6_000_000)])))),
    ]);
    for (item, view) in batch.accepted.items.iter_mut().zip([0, 1, 0, 0, 1]) {
        item.view = view;
    }
    let frames = decoded(&rows(&batch), Table::LongFrames);
    let names: Vec<_> = frames.iter().map(|row| (&row["view_id"], &row["ordinal"])).collect();
    let [first, second] = [0, 1].map(|after| Json::from(view().view_id.0 + after));
    assert_eq!(names, [(&first, &2.into()), (&second, &3.into())]);
}
