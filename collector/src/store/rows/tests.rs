//! The rows of batches, read back as ClickHouse would read them.

use super::*;
use crate::batch::{AcceptedBatch, Agent, Visitor, Weights};
use crate::store::frame::tests::collect;
use crate::store::rowbinary::tests::decode;
use crate::store::schema::Table;
use rum_core::vitals::Metric;
use rum_core::wire::Document;
use rum_core::wire::event::{
    ActionEvent, ElementTimingEvent, ErrorEvent, LogEvent, LongFrameEvent, LongFrameEvents, RequestEvent,
    ResourceEvent, UserTimingEvent, VitalEvent,
};
use rum_core::wire::record::{
    Action, Attribute, Cause, Causes, DroppedCount, DroppedEntries, ElementTiming, ErrorReport, Log, LongFrame,
    NavigationRecord, PaintResource, Receipt, Request, Resource, Script, Scripts, Surroundings, UserTiming,
};
use rum_core::{Id, ViewKind};
use serde_json::{Map, Value as Json};

mod incident;
mod vital;

use vital::script;

/// 2026-11-21 12:34:56 UTC.
const START_SECONDS: u32 = 1_795_264_496;
const START_MS: i64 = START_SECONDS as i64 * 1_000;

fn view() -> ViewEvent {
    ViewEvent {
        view_id: Id::starting_at(START_SECONDS, 0xbeef),
        session_id: Id::starting_at(START_SECONDS, 0xcafe),
        kind: ViewKind::Load as i64,
        start: 0,
        page: "/products".into(),
        referrer: None,
        parent_id: None,
        document_id: None,
        page_name: None,
        end: None,
        navigation: None,
        receipt: None,
        core_dropped: None,
        surroundings: None,
        user: None,
        attributes: None,
        scroll: None,
        engaged: None,
    }
}

fn vital(metric: i64, scope: i64, value: i64) -> VitalEvent {
    VitalEvent {
        metric,
        scope,
        value,
        target: None,
        detail: None,
        at: None,
        input_delay: None,
        processing: None,
        presentation: None,
        resource: None,
        frames: None,
    }
}

/// The navigation of a page that was loaded again, in µs.
fn navigation() -> NavigationRecord {
    NavigationRecord {
        kind: 1,
        activation: None,
        redirect_start: None,
        redirect_end: None,
        worker_start: None,
        fetch_start: Some(4_000),
        dns_start: Some(5_000),
        dns_end: Some(6_500),
        connect_start: Some(6_500),
        tls_start: Some(14_250),
        connect_end: Some(26_500),
        request_start: Some(27_000),
        response_start: Some(107_125),
        response_end: Some(110_125),
        dom_interactive: Some(200_000),
        dom_content_loaded_start: Some(210_000),
        dom_content_loaded: Some(220_000),
        dom_complete: Some(400_000),
        load: Some(401_000),
        transfer_bytes: Some(5_300),
        encoded_bytes: Some(5_000),
        decoded_bytes: Some(20_000),
        status: Some(200),
        protocol: Some("h2".into()),
    }
}

/// Somebody with Chrome on a Mac in Berlin.
fn visitor() -> Visitor {
    Visitor {
        agent: std::sync::Arc::new(Agent {
            browser: "Chrome",
            browser_version: Some(156),
            engine: "Blink",
            os: "macOS",
            os_version: "26.1".into(),
            device: "desktop",
            bot: "",
        }),
        country: "DE".into(),
        region: "DE-BE".into(),
        client: "203.0.113.0/24".into(),
    }
}

fn batch(events: Vec<(i64, Event)>) -> EnrichedBatch {
    EnrichedBatch {
        accepted: AcceptedBatch {
            app: "shop".into(),
            id: Id(0x5eed),
            sent_ms: START_MS + 5_000,
            received_ms: START_MS + 5_250,
            mode: Mode::Wasm,
            document: Document {
                time_origin_ms: START_MS,
                origin: "https://shop.example".into(),
                sdk: "0.1.0".into(),
                release: Some("2026.47".into()),
                environment: None,
                rate_version: None,
                connection: Some("4g".into()),
                viewport_width: Some(1_280),
                viewport_height: Some(720),
                raw_reason: None,
            },
            items: events
                .into_iter()
                .map(|(seq, event)| Item { view: 0, seq, event })
                .collect(),
        },
        visitor: visitor(),
        weights: Weights::WHOLE,
    }
}

fn said(pairs: &[(&str, &str)]) -> Option<Attributes> {
    let attribute = |(name, value): &(&str, &str)| Attribute {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    Some(Attributes(pairs.iter().map(attribute).collect()))
}

/// The rows that ClickHouse would read.
fn decoded(frame: &Frame, table: Table) -> Vec<Map<String, Json>> {
    let (mut data, mut ends) = (Vec::new(), Vec::new());
    collect(&frame.encode(), table, &mut data, &mut ends).unwrap();
    let rows = decode(&table.columns(), &data);
    assert_eq!(rows.len(), ends.len());
    assert_eq!(rows.len(), frame.rows(table));
    rows
}

#[test]
fn a_page_view_with_all_that_it_can_say() {
    let whole = ViewEvent {
        referrer: Some("https://search.example/".into()),
        parent_id: Some(Id(1)),
        document_id: Some(Id(2)),
        page_name: Some("Products".into()),
        end: Some(9_000_000),
        navigation: Some(navigation()),
        receipt: Some(Receipt {
            attached: 31_500,
            queue_dropped: Some(2),
            observer_dropped: Some(DroppedEntries(vec![
                DroppedCount {
                    entry_type: "event".into(),
                    count: 7,
                },
                DroppedCount {
                    entry_type: "resource".into(),
                    count: 40,
                },
            ])),
        }),
        core_dropped: Some(1),
        surroundings: Some(Surroundings {
            server_timing: Some("db;dur=53.5,cache;desc=hit".into()),
            not_restored: Some("unload-listener, response-cache-control-no-store".into()),
            downlink: Some(9_500),
            rtt: Some(50),
            save_data: Some(1),
            device_memory: Some(8_192),
            cores: Some(8),
            pixel_ratio: Some(1_500),
            delivery: Some("navigational-prefetch".into()),
            viewport_width: Some(720),
            viewport_height: Some(1_280),
            trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
        }),
        user: Some("u-42".into()),
        attributes: said(&[("user.plan", "gold"), ("flag.new_checkout", "true")]),
        scroll: Some(640),
        engaged: Some(7_250_500),
        ..view()
    };
    let frame = rows(&batch(vec![(9_000, Event::View(Box::new(whole)))]));
    insta::assert_json_snapshot!("page_view", decoded(&frame, Table::Views));
}

#[test]
fn what_is_absent_is_null_and_not_zero() {
    let bare = rows(&batch(vec![(0, Event::View(Box::new(view())))]));
    insta::assert_json_snapshot!("page_view_of_which_little_is_known", decoded(&bare, Table::Views));
}

#[test]
fn time_that_a_machine_slept_through_is_added() {
    const SLEPT: i64 = 8 * 3_600;
    let later = START_SECONDS + SLEPT as u32 + 60;
    // The monotonic clock says that the view opened after a minute; its id knows better.
    let resumed = ViewEvent {
        view_id: Id::starting_at(later, 0xbeef),
        start: 60_000_000,
        ..view()
    };
    let mut batch = batch(vec![(60_000, Event::View(Box::new(resumed)))]);
    batch.accepted.sent_ms += SLEPT * 1_000 + 60_000;
    batch.accepted.received_ms += SLEPT * 1_000 + 60_000;
    let row = decoded(&rows(&batch), Table::Views).remove(0);
    batch.accepted.items[0].event = Event::View(Box::new(ViewEvent {
        view_id: Id::starting_at(later, 0xbeef),
        start: (SLEPT + 60) * 1_000_000,
        ..view()
    }));
    assert_eq!(row["ts"], decoded(&rows(&batch), Table::Views).remove(0)["ts"]);
}

#[test]
fn an_impossible_start_sends_the_whole_view_to_clock_bad() {
    let mut ahead = batch(vec![
        (0, Event::View(Box::new(view()))),
        (4_000, Event::Vital(Box::new(vital(Metric::Lcp as i64, 0, 1_200_000)))),
    ]);
    // The sender's clock is a day ahead.
    ahead.accepted.received_ms -= 86_400_000;
    let frame = rows(&ahead);
    assert_eq!((frame.rows(Table::Views), frame.rows(Table::Vitals)), (0, 0));
    let kept = decoded(&frame, Table::ClockBad);
    let names: Vec<_> = kept
        .iter()
        .map(|row| (&row["table"], &row["kind"], &row["ordinal"]))
        .collect();
    let [view, lcp] = ["views", "vitals"].map(Json::from);
    assert_eq!(
        names,
        [(&view, &"view".into(), &0.into()), (&lcp, &"LCP".into(), &0.into())]
    );
    let row: Json = serde_json::from_str(kept[1]["row"].as_str().unwrap()).unwrap();
    // A day, and the quarter of a second that the batch was under way.
    for skew in [&kept[0]["skew_ms"], &kept[1]["skew_ms"], &row["skew_ms"]] {
        assert_eq!(skew, &Json::from(-86_400_000 + 250));
    }
    assert_eq!(
        (&row["value"], &row["view_id"]),
        (&1_200.0.into(), &"6b018ff00000beef".into())
    );
}

#[test]
fn a_skewed_clock_is_corrected_and_a_slow_network_is_not() {
    for (sent_ago_ms, skew_ms) in [
        (250, 0),
        (60_000, 0),
        (-60_000, 0),
        (3_600_000, 3_600_000),
        (-120_000, -120_000),
    ] {
        let mut skewed = batch(vec![
            (0, Event::View(Box::new(view()))),
            (4_000, Event::Vital(Box::new(vital(Metric::Lcp as i64, 0, 1_200_000)))),
        ]);
        skewed.accepted.sent_ms = skewed.accepted.received_ms - sent_ago_ms;
        let frame = rows(&skewed);
        let row = decoded(&frame, Table::Views).remove(0);
        assert_eq!(row["ts"], Json::from(START_MS + skew_ms), "{sent_ago_ms}");
        assert_eq!(row["skew_ms"], Json::from(skew_ms), "{sent_ago_ms}");
        assert_eq!(
            decoded(&frame, Table::Vitals)[0]["skew_ms"],
            Json::from(skew_ms),
            "{sent_ago_ms}"
        );
        // What places the row is the id's, however wrong the clock.
        assert_eq!(row["hour"], Json::from(START_SECONDS / 3_600 * 3_600));
    }
}

#[test]
fn a_snapshot_of_a_crashed_tab_is_as_old_as_it_is() {
    let mut crashed = batch(vec![(0, Event::View(Box::new(view())))]);
    crashed.accepted.sent_ms = crashed.accepted.received_ms - 3_600_000;
    crashed.accepted.document.raw_reason = Some(4);
    let row = decoded(&rows(&crashed), Table::Views).remove(0);
    assert_eq!((&row["ts"], &row["skew_ms"]), (&Json::from(START_MS), &Json::from(0)));
    assert_eq!(row["raw_reason"], "crashed");
}

#[test]
fn the_newest_report_wins_and_among_equals_the_earliest_arrival() {
    let later_report = version(5_001, START_MS + 9_000);
    let first = version(5_000, START_MS);
    let retry = version(5_000, START_MS + 9_000);
    assert!(later_report > first && first > retry);
    assert_eq!(first, version(5_000, START_MS + 999), "seconds are enough");
    assert_eq!(version(-1, -1), u64::from(u32::MAX));
    assert_eq!(version(i64::MAX, i64::MAX), u64::from(u32::MAX) << 32);
}

#[test]
fn what_no_row_can_be_made_of_is_counted() {
    let mut strange = batch(vec![
        (0, Event::View(Box::new(view()))),
        (1, Event::Vital(Box::new(vital(99, 0, 1)))),
        (1, Event::Vital(Box::new(vital(Metric::Lcp as i64, 7, 1)))),
        (1, Event::Vital(Box::new(vital(Metric::Lcp as i64, 0, 1)))),
    ]);
    strange.accepted.items[3].view = 42;
    let frame = rows(&strange);
    assert_eq!(
        (frame.left_out, frame.rows(Table::Vitals), frame.rows(Table::Views)),
        (3, 0, 1)
    );
}

#[test]
fn no_number_makes_it_fall() {
    for number in [i64::MIN, -1, 0, i64::MAX] {
        let request = Request {
            start: number,
            initiator: number,
            method: String::new(),
            url: "not a url".into(),
            status: Some(number),
            duration: number,
            outcome: number,
            request: Some(number),
            response: Some(number),
            transfer_bytes: Some(number),
            encoded_bytes: Some(number),
            decoded_bytes: None,
            protocol: None,
            redirect: Some(number),
            dns: Some(number),
            connect: Some(number),
            tls: Some(number),
            action: Some(number),
            operation: None,
            trace_id: None,
            span_id: None,
        };
        let action = Action {
            at: number,
            kind: number,
            name: None,
            target: None,
            duration: Some(number),
            frustration: Some(number),
            attributes: None,
            value: Some(number),
        };
        let log = Log {
            at: number,
            level: number,
            message: String::new(),
            source: number,
            attributes: None,
            trace_id: None,
            weight: Some(number),
        };
        let frame = LongFrameEvent {
            ordinal: number,
            what: LongFrame {
                start: number,
                duration: number,
                kind: 0,
                blocking: Some(number),
                render_start: Some(number),
                style_start: Some(number),
                first_input: Some(number),
                weight: Some(number),
                scripts: Some(Scripts(vec![Script {
                    forced_style: number,
                    position: number,
                    ..script(number, number, "f")
                }])),
            },
        };
        let inp = VitalEvent {
            at: Some(number),
            input_delay: Some(number),
            processing: Some(number),
            presentation: Some(number),
            frames: Some(LongFrameEvents(vec![frame])),
            ..vital(Metric::Inp as i64, 0, number)
        };
        let lcp = VitalEvent {
            resource: Some(PaintResource {
                request_start: number,
                response_end: number,
            }),
            at: Some(number),
            ..vital(Metric::Lcp as i64, 0, number)
        };
        let view = ViewEvent {
            kind: number,
            start: number,
            end: Some(number),
            scroll: Some(number),
            engaged: Some(number),
            navigation: Some(NavigationRecord {
                activation: Some(number),
                dom_content_loaded_start: Some(number),
                response_start: Some(number),
                ..navigation()
            }),
            ..view()
        };
        let mut batch = batch(vec![
            (number, Event::View(Box::new(view))),
            (number, Event::Vital(Box::new(vital(Metric::Cls as i64, 0, number)))),
            (number, Event::Vital(Box::new(inp))),
            (number, Event::Vital(Box::new(lcp))),
            (
                number,
                Event::Request(Box::new(RequestEvent {
                    ordinal: number,
                    what: request,
                })),
            ),
            (
                number,
                Event::Action(Box::new(ActionEvent {
                    ordinal: number,
                    what: action,
                })),
            ),
            (
                number,
                Event::Log(Box::new(LogEvent {
                    ordinal: number,
                    what: log,
                })),
            ),
        ]);
        batch.accepted.document.time_origin_ms = number;
        let rows = decoded(&rows(&batch), Table::Requests);
        assert_eq!((rows.len(), &rows[0]["path"]), (1, &"not a url".into()));
    }
}
