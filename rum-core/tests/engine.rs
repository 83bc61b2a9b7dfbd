//! Views, reports and batches, as tables of records. Times are in ms. Over 500 lines, for it is one engine seen from
//! outside: what goes in on one side and comes out on the other.
mod support;

use proptest::prelude::*;
use rum_core::navigation::NavigationPhases;
use rum_core::vitals::Metric;
use rum_core::wire::documented::DocumentedBatch;
use rum_core::wire::raw::read_raw;
use rum_core::wire::record::*;
use rum_core::wire::{Batch, Content, Event, Expected, Item, Record};
use rum_core::{Replay, ViewKind};
use support::{BATCH, DOCUMENT, Page, push, read, take, us, view_id};

fn error(count: i64, first_ms: f64, message: &str) -> Record {
    Record::Error(ErrorReport {
        first: us(first_ms),
        source: 0,
        class: Some("TypeError".into()),
        message: message.into(),
        stack: None,
        handled: 0,
        count,
        cut: None,
        causes: None,
        attributes: None,
        target: None,
        url: None,
        line: None,
        column: None,
        debug_ids: None,
    })
}

fn request(start_ms: f64) -> Record {
    Record::Request(Request {
        start: us(start_ms),
        initiator: 0,
        method: "GET".into(),
        url: "/api/products".into(),
        status: Some(200),
        duration: 30_000,
        outcome: 0,
        request: None,
        response: None,
        transfer_bytes: None,
        encoded_bytes: None,
        decoded_bytes: None,
        protocol: None,
        redirect: None,
        dns: None,
        connect: None,
        tls: None,
        action: None,
        operation: None,
        trace_id: None,
        span_id: None,
    })
}

fn action(at_ms: f64, name: &str) -> Record {
    Record::Action(Action {
        at: us(at_ms),
        kind: 0,
        name: Some(name.into()),
        target: Some("button".into()),
        duration: None,
        frustration: None,
        attributes: None,
        value: None,
    })
}

#[test]
fn every_batch_holds_the_views_of_its_events() {
    let mut page = Page::loaded().push(50.0, request(20.0));
    let first = read(&page.body().unwrap());
    let page = page
        .cut(3000.0)
        .view(3000.0, 2, ViewKind::Route, "/magazine")
        .push(3100.0, action(3100.0, "Read"));
    let mut page = page.push(3200.0, request(2900.0));
    let second = read(&page.body().unwrap());
    for items in [&first, &second] {
        let views: Vec<i64> = items
            .iter()
            .filter(|item| matches!(item.event, Event::View(_)))
            .map(|item| item.view)
            .collect();
        assert!(items.iter().all(|item| views.contains(&item.view)), "{items:?}");
    }
    let of = |wanted: fn(&Event) -> bool| second.iter().find(|item| wanted(&item.event)).unwrap().view;
    assert_eq!(
        of(|event| matches!(event, Event::Request(_))),
        0,
        "it began in the first view"
    );
    assert_eq!(of(|event| matches!(event, Event::Action(_))), 1);
}

#[test]
fn a_later_report_replaces_the_one_that_waits_and_grows_in_seq() {
    let mut page = Page::loaded().paint(1.0).shift(100.0, 0.1).hidden(2000.0).cut(2000.0);
    let first = page.take();
    let mut page = page
        .visible(3000.0)
        .shift(5000.0, 0.3)
        .cut(6000.0)
        .shift(6100.0, 0.1)
        .cut(7000.0);
    let second = page.take();
    let cls = |rows: &support::Rows| {
        let mut found = rows
            .0
            .iter()
            .filter(|item| matches!(&item.event, Event::Vital(v) if v.metric == Metric::Cls as i64));
        let item = found.next().unwrap();
        assert!(found.next().is_none(), "once a batch");
        (item.seq, rows.get(Metric::Cls).unwrap())
    };
    assert_eq!(cls(&first), (2000, 0.1));
    assert_eq!(cls(&second), (7000, 0.3));
}

#[test]
fn seq_grows_within_one_millisecond_and_when_time_goes_back() {
    let mut page = Page::loaded().paint(1.0).cut(1000.1);
    let mut seqs = Vec::new();
    for t in [1000.2, 1000.2, 999.0] {
        let rows = page.take();
        seqs.extend(rows.0.iter().map(|item| item.seq).max());
        page = page.cut(t);
    }
    assert!(
        seqs.windows(2).all(|pair| pair[0] < pair[1]),
        "of two reports with one seq chance would decide which stands: {seqs:?}"
    );
    assert_eq!(seqs.len(), 3);
}

#[test]
fn a_counted_error_is_one_row() {
    let mut replay = Replay::default();
    push(&mut replay, 0, 0, view(1));
    for (t, count) in [(100.0, 1), (2000.0, 5), (3000.0, 9)] {
        push(&mut replay, 1, us(t), error(count, 100.0, "boom"));
    }
    let errors: Vec<_> = take(&mut replay)
        .into_iter()
        .filter_map(|item| match item.event {
            Event::Error(error) => Some((item.seq, error.what.count)),
            _ => None,
        })
        .collect();
    assert_eq!(errors, [(3000, 9)]);
}

fn frame(start: i64, duration: i64) -> LongFrame {
    LongFrame {
        start,
        duration,
        kind: 0,
        blocking: None,
        render_start: None,
        style_start: None,
        first_input: None,
        weight: None,
        scripts: None,
    }
}

fn view(n: u64) -> Record {
    Record::View(ViewRecord {
        view_id: view_id(n),
        session_id: support::SESSION,
        kind: 0,
        page: "/".into(),
        referrer: None,
        parent_id: None,
        page_name: None,
    })
}

fn core_dropped(items: &[Item]) -> Option<i64> {
    let dropped = items.iter().filter_map(|item| match &item.event {
        Event::View(view) => view.core_dropped,
        _ => None,
    });
    dropped.max()
}

#[test]
fn views_that_are_taken_make_room_and_nothing_is_lost() {
    let mut page = Page::remembering(3).paint(1.0);
    let mut views = std::collections::BTreeSet::new();
    for n in 2..30 {
        page = page
            .view(n as f64 * 100.0, n, ViewKind::Route, "/route")
            .cut(n as f64 * 100.0 + 50.0);
        views.extend(page.take().0.iter().filter_map(|item| match &item.event {
            Event::View(view) => Some(view.view_id),
            _ => None,
        }));
    }
    assert_eq!(views.len(), 29);
    let rows = page.leave(9000.0);
    assert_eq!(rows.get(Metric::Fcp), Some(1.0), "the document's first view stays");
    assert_eq!(core_dropped(&rows.0), None);
}

#[test]
fn an_error_of_a_forgotten_view_is_counted_and_never_another_views_row() {
    let mut page = Page::remembering(3).view(100.0, 2, ViewKind::Route, "/p2");
    page = page.push(150.0, error(1, 150.0, "boom")).cut(190.0);
    drop(page.take());
    for n in 3..10 {
        page = page
            .view(n as f64 * 100.0, n, ViewKind::Route, "/route")
            .cut(n as f64 * 100.0 + 50.0);
        drop(page.take());
    }
    // It happens again; its row is the one of view 2, which is forgotten.
    let rows = page.push(1100.0, error(2, 150.0, "boom")).leave(9000.0);
    assert!(!rows.0.iter().any(|item| matches!(item.event, Event::Error(_))));
    assert_eq!(core_dropped(&rows.0), Some(1));
}

#[test]
fn records_before_any_view_are_no_reason_to_trap() {
    let mut replay = Replay::default();
    for record in [action(0.0, "Buy"), error(1, 0.0, "boom"), request(0.0)] {
        push(&mut replay, 0, 0, record);
    }
    assert_eq!(
        replay.take_body(BATCH, 0, DOCUMENT),
        None,
        "without a view there is no row to write"
    );
}

#[test]
fn a_rename_travels_beside_the_frozen_page() {
    let rows = Page::loaded()
        .push(
            500.0,
            Record::Rename(RenameRecord {
                page_name: "Product".into(),
            }),
        )
        .leave(900.0);
    let view = rows.0.iter().find_map(|item| match &item.event {
        Event::View(view) => Some((item.seq, view)),
        _ => None,
    });
    let (seq, view) = view.unwrap();
    assert_eq!(
        (view.page.as_str(), view.page_name.as_deref(), seq),
        ("/", Some("Product"), 900)
    );
}

fn navigation(rows: support::Rows) -> Option<NavigationRecord> {
    rows.0.into_iter().find_map(|item| match item.event {
        Event::View(view) => view.navigation,
        _ => None,
    })
}

#[test]
fn a_navigation_reaches_its_view() {
    let mut n = support::empty_navigation();
    (n.redirect_start, n.redirect_end) = (Some(0), Some(5_000));
    (n.dns_start, n.dns_end) = (Some(6_000), Some(8_000));
    (n.connect_start, n.tls_start, n.connect_end) = (Some(8_000), Some(9_000), Some(12_000));
    (n.request_start, n.response_start, n.response_end) = (Some(12_000), Some(40_000), Some(45_000));
    (n.dom_interactive, n.load) = (Some(60_000), Some(90_000));
    (n.transfer_bytes, n.status, n.protocol) = (Some(4_300), Some(200), Some("h2".into()));
    let rows = Page::loaded().push(90.0, Record::Navigation(n.clone())).leave(900.0);
    assert_eq!(navigation(rows), Some(n), "as it came");
}

#[test]
fn a_navigation_that_did_not_connect_has_no_zero_phases() {
    let mut n = support::empty_navigation();
    (n.request_start, n.response_start) = (Some(12_000), Some(40_000));
    let rows = Page::loaded().push(90.0, Record::Navigation(n)).leave(900.0);
    let phases = NavigationPhases::from(&navigation(rows).unwrap());
    assert_eq!(
        (phases.dns, phases.connect, phases.tls, phases.redirect),
        (None, None, None, None)
    );
}

#[test]
fn compact_and_documented_forms_say_the_same() {
    let mut page = Page::loaded()
        .navigation(100.0, 0.0)
        .paint(800.0)
        .largest(900.0, "#hero")
        .shift(950.0, 0.1)
        .interaction(1000.0, 7, 104.0)
        .push(1100.0, request(1050.0))
        .push(1200.0, error(3, 1200.0, "\"boom\"\n"))
        .push(1300.0, action(1300.0, "Buy"))
        .hidden(2000.0)
        .cut(2000.0);
    let body = page.body().unwrap();
    insta::assert_snapshot!("compact_body", body);
    let batch = Batch::read(&body).unwrap();
    assert_eq!(batch.write(), body, "read and written again");
    let named = DocumentedBatch::of(batch.clone()).unwrap();
    insta::assert_json_snapshot!("documented_body", named);
    let json = serde_json::to_string(&named).unwrap();
    let again = Batch::try_from(serde_json::from_str::<DocumentedBatch>(&json).unwrap()).unwrap();
    let sorted = |batch: Batch| {
        let mut items = match batch.content {
            Content::Events(items) => items,
            Content::Records(_) => Vec::new(),
        };
        items.sort_by_key(|item| format!("{item:?}"));
        items
    };
    assert_eq!(sorted(again), sorted(batch));
}

#[test]
fn what_a_newer_writer_adds_is_skipped_and_counted() {
    let newer = r#"[1,0,"00000000000000ff",5,[1795226212000,"https://shop.example","9.9",null,null,null,null,null,null,null,"new",[1,{"a":[2]}]],[
            [1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/",null,null,null,null,null,null,null,null,null,null,null,null,null,"new"],
            [99,{"any":"shape"},[[]]],
            [66,0,5,3,0,0,"Buy","button",null,null,null,null,true,1.5e3]
        ],"also new"]"#;
    let batch = Batch::read(newer).unwrap();
    assert_eq!((batch.skipped.kinds, batch.skipped.fields), (1, 6));
    assert_eq!(read(newer).len(), 2);
}

#[test]
fn what_an_older_writer_left_out_is_absent() {
    let items = read(
        r#"[1,0,"00000000000000ff",5,[1795226212000,"https://shop.example","0.1.0"],[[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]]]"#,
    );
    assert!(matches!(&items[0].event, Event::View(view) if view.end.is_none() && view.referrer.is_none()));
}

#[test]
fn errors_say_what_and_where() {
    let with_item = |item: &str| format!(r#"[1,0,"00000000000000ff",5,[0,"https://shop.example","0.1.0"],[{item}]]"#);
    for (body, expected, kind, field) in [
        ("".into(), Expected::Array, None, None),
        ("[2,0]".into(), Expected::Version, None, None),
        (
            "[1,7,\"00000000000000ff\",5,[0,\"\",\"\"],[]]".into(),
            Expected::Version,
            None,
            None,
        ),
        ("[1,0,\"xyz\"]".into(), Expected::Id, None, None),
        (
            "[1,0,\"00000000000000ff\",5,[0,\"\",\"\"]]".into(),
            Expected::Required,
            None,
            None,
        ),
        (with_item("[66,0,5,3,0,0]") + "]", Expected::End, None, None),
        (with_item("[66,0,\"5\"]"), Expected::Integer, Some(66), Some(2)),
        (with_item("[64,0,5,3,0,0,\"GET\",7]"), Expected::Text, Some(64), Some(7)),
        (
            with_item("[64,0,5,3,0,0,\"GET\"]"),
            Expected::Required,
            Some(64),
            Some(7),
        ),
        (with_item("[66,0,5,1.5,0]"), Expected::Integer, Some(66), Some(3)),
        (with_item("[1,0,0,\"short\"]"), Expected::Id, Some(1), Some(3)),
        (with_item("{}"), Expected::Array, None, None),
        (with_item("[66,0,5,3,0 7]"), Expected::CommaOrEnd, Some(66), Some(4)),
        (with_item("[66,0,5,3,0,0"), Expected::CommaOrEnd, None, None),
    ] {
        let error = Batch::read(&body).unwrap_err();
        assert_eq!(
            (error.expected, error.kind, error.field),
            (expected, kind, field),
            "{body}"
        );
        assert!(error.at <= body.len());
    }
    let many = format!("[{}]", vec!["[66,0,5,3]"; 5_001].join(","));
    let error = read_raw(&many, |_| ()).unwrap_err();
    assert_eq!(error.expected, Expected::FewerItems);
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic_or_hang(body in r#"\[1,[01],"00000000000000ff",5,\[0,"",""\],\[[\[\]{}",:0-9a-z\\. -]{0,60}"#) {
        let _ = Batch::read(&body);
    }

    #[test]
    fn no_records_make_the_engine_panic(records in proptest::collection::vec((1_i64..17, -9_000_000_000_000_000_i64..9_000_000_000_000_000, -9_000_000_000_000_000_i64..9_000_000_000_000_000), 0..60)) {
        let mut replay = Replay::remembering(3);
        for (ordinal, (kind, t, value)) in (0..).zip(records) {
            let record = match kind {
                1 => view(ordinal as u64),
                3 => {
                    let mut n = support::empty_navigation();
                    (n.response_start, n.activation, n.load) = (Some(value), Some(t), Some(value));
                    Record::Navigation(n)
                }
                4 => Record::Visibility(VisibilityRecord { hidden: value & 1 }),
                5 => Record::Paint(rum_core::wire::NoFields),
                6 => Record::LargestPaint(LargestPaintRecord { target: None, url: None }),
                7 => Record::Input(rum_core::wire::NoFields),
                8 => Record::Shift(ShiftRecord { value, recent_input: 0, target: None }),
                9 => Record::Interaction(InteractionRecord { duration: value, processing_start: t, processing_end: value, interaction_id: value, name: String::new(), target: None }),
                10 => Record::Restore(RestoreRecord { painted: value }),
                11 => Record::Cut(CutRecord { reason: 0, interaction_count: Some(value), receipt: Receipt { attached: t, queue_dropped: None, observer_dropped: None }, scroll: None, engaged: None }),
                12 => Record::InteractionFrame(frame(value, t)),
                13 => Record::SoftNavigation(SoftNavigationRecord { interaction_id: value, painted: Some(t) }),
                14 => Record::SoftPaint(SoftPaintRecord { interaction_id: Some(value), target: None, url: None }),
                15 => Record::PaintResource(PaintResource { request_start: value, response_end: t }),
                _ => request(t as f64 / 1e3),
            };
            push(&mut replay, ordinal, t, record);
        }
        let _ = take(&mut replay);
    }

    #[test]
    fn late_views_and_early_takes_leave_the_same_last_word(split in 0_usize..9) {
        // The same records, taken in one go or in two: the highest seq of each row says the same.
        let records = || Page::loaded().navigation(100.0, 0.0).paint(800.0).shift(900.0, 0.1).cut(1000.0).shift(5000.0, 0.3).cut(6000.0);
        let whole = records().take().0;
        let mut replay = Replay::default();
        let mut rows: Vec<Item> = Vec::new();
        let body = format!("[{}]", RECORDS.join(","));
        let mut seen = 0;
        read_raw(&body, |record| {
            if seen == split { rows.extend(take(&mut replay)); }
            seen += 1;
            replay.push(record);
        }).unwrap();
        rows.extend(take(&mut replay));
        let last = |rows: &[Item]| rows.iter().filter_map(|item| match &item.event {
            Event::Vital(vital) if vital.metric == Metric::Cls as i64 => Some((item.seq, vital.value)),
            _ => None,
        }).max();
        prop_assert_eq!(last(&rows), last(&whole));
    }
}

/// The page of the property above, as text.
const RECORDS: [&str; 8] = [
    r#"[1,0,0,"6b00f0a400000001","6b00f0a4000000aa",0,"/"]"#,
    "[3,1,600000,0,null,null,null,null,null,null,null,null,null,null,null,100000]",
    "[5,2,800000]",
    "[8,3,900000,100000,0]",
    "[11,4,1000000,0,null,[0]]",
    "[8,5,5000000,300000,0]",
    "[11,6,6000000,0,null,[0]]",
    "[4,7,6000000,0]",
];
