//! Rows of what happened once, and what they stand for.

use super::*;

fn request() -> RequestEvent {
    let what = Request {
        start: 1_000_000,
        initiator: 1,
        method: "POST".into(),
        url: "https://api.example:8443/cart/7".into(),
        status: Some(503),
        duration: 250_500,
        outcome: 0,
        request: Some(180_000),
        response: Some(40_250),
        transfer_bytes: Some(1_500),
        encoded_bytes: Some(1_200),
        // The same as encoded.
        decoded_bytes: None,
        protocol: Some("h2".into()),
        redirect: None,
        dns: Some(1_000),
        connect: Some(20_000),
        tls: Some(12_000),
        action: Some(3),
        operation: Some("mutation AddToCart".into()),
        trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
        span_id: Some("b7ad6b7169203331".into()),
    };
    RequestEvent { ordinal: 4, what }
}

fn error() -> ErrorEvent {
    let what = ErrorReport {
        source: 1,
        class: Some("TypeError".into()),
        message: "x is null".into(),
        stack: Some("TypeError: x is null\n    at pay (https://shop.example/cart.js:10:5)".into()),
        handled: 0,
        count: 3,
        first: 1_250_000,
        cut: None,
        causes: Some(Causes(vec![
            Cause {
                class: Some("RangeError".into()),
                message: "no such item".into(),
                stack: Some("find@https://shop.example/cart.js:3:1".into()),
            },
            Cause {
                class: None,
                message: "offline".into(),
                stack: None,
            },
        ])),
        attributes: said(&[("cart.items", "3")]),
        target: Some("img#hero".into()),
        url: Some("https://cdn.example/hero.avif".into()),
        line: Some(10),
        column: Some(5),
        debug_ids: said(&[("https://shop.example/cart.js", "85314830-023f-4cf1-a267-535f4e37bb17")]),
    };
    ErrorEvent { ordinal: 5, what }
}

fn action() -> ActionEvent {
    let what = Action {
        at: 900_000,
        kind: 0,
        name: Some("Buy".into()),
        target: Some("button#buy".into()),
        duration: Some(48_500),
        frustration: Some(5),
        attributes: said(&[("sku", "porcini")]),
        value: Some(12_500),
    };
    ActionEvent { ordinal: 3, what }
}

fn log() -> LogEvent {
    let what = Log {
        at: 1_100_000,
        level: 3,
        message: "stock is low".into(),
        source: 1,
        attributes: said(&[("sku", "porcini")]),
        trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
        weight: Some(4_000),
    };
    LogEvent { ordinal: 6, what }
}

#[test]
fn requests_errors_actions_and_logs() {
    let frame = rows(&batch(vec![
        (0, Event::View(Box::new(view()))),
        (1_251, Event::Request(Box::new(request()))),
        (2_000, Event::Error(Box::new(error()))),
        (900, Event::Action(Box::new(action()))),
        (1_100, Event::Log(Box::new(log()))),
    ]));
    insta::assert_json_snapshot!("log", decoded(&frame, Table::Logs));
    insta::assert_json_snapshot!("request", decoded(&frame, Table::Requests));
    insta::assert_json_snapshot!("error", decoded(&frame, Table::Errors));
    insta::assert_json_snapshot!("action", decoded(&frame, Table::Actions));
}

#[test]
fn resources_and_timings() {
    let resource = Resource {
        start: 30_000,
        duration: 120_500,
        url: "https://cdn.example/app.css".into(),
        initiator: "link".into(),
        status: Some(200),
        transfer_bytes: Some(0),
        encoded_bytes: Some(4_000),
        decoded_bytes: Some(16_000),
        protocol: Some("h3".into()),
        render_blocking: Some(1),
        delivery: Some("cache".into()),
        redirect: None,
        dns: Some(1_000),
        connect: Some(20_000),
        tls: Some(12_000),
        request: Some(60_000),
        response: Some(39_500),
        weight: Some(10_000),
    };
    let timing = |ordinal, duration| UserTimingEvent {
        ordinal,
        what: UserTiming {
            start: 500_000,
            name: "hydrate".into(),
            duration,
            weight: None,
        },
    };
    let element = ElementTimingEvent {
        ordinal: 13,
        what: ElementTiming {
            painted: 800_000,
            name: "price".into(),
            target: Some("#price".into()),
            url: Some("https://shop.example/price.svg".into()),
            weight: Some(2_500),
        },
    };
    let frame = rows(&batch(vec![
        (0, Event::View(Box::new(view()))),
        (
            151,
            Event::Resource(Box::new(ResourceEvent {
                ordinal: 10,
                what: resource,
            })),
        ),
        (500, Event::UserTiming(Box::new(timing(11, None)))),
        (700, Event::UserTiming(Box::new(timing(12, Some(200_250))))),
        (800, Event::ElementTiming(Box::new(element))),
    ]));
    insta::assert_json_snapshot!("resource", decoded(&frame, Table::Requests));
    insta::assert_json_snapshot!("timings", decoded(&frame, Table::Timings));
}

#[test]
fn rows_weigh_as_their_session_does_and_errors_as_they_are_sent() {
    let mut sampled = batch(vec![
        (0, Event::View(Box::new(view()))),
        (1, Event::Vital(Box::new(vital(Metric::Lcp as i64, 0, 1)))),
        (1, Event::Log(Box::new(log()))),
        (1, Event::Error(Box::new(error()))),
        (1, Event::Action(Box::new(action()))),
    ]);
    sampled.weights = Weights::new(0.05, false);
    let frame = rows(&sampled);
    for (table, expected) in [
        (Table::Views, 20.0),
        (Table::Vitals, 20.0),
        // One of four lines is kept.
        (Table::Logs, 80.0),
        (Table::Errors, 1.0),
        (Table::Actions, 20.0),
    ] {
        assert_eq!(decoded(&frame, table)[0]["weight"], Json::from(expected), "{table:?}");
    }
}

#[test]
fn a_view_of_a_report_places_its_error_and_is_no_row() {
    let mut report = batch(vec![
        (0, Event::View(Box::new(view()))),
        (0, Event::Error(Box::new(error()))),
    ]);
    report.accepted.mode = Mode::Report;
    let frame = rows(&report);
    assert_eq!((frame.rows(Table::Views), frame.rows(Table::Errors)), (0, 1));
    assert_eq!(report.accepted.events(), 1);
    assert_eq!(decoded(&frame, Table::Errors)[0]["page"], Json::from("/products"));
}
