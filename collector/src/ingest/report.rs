//! Reports that browsers send by themselves: from a body to the events of a batch. Crashes are to be had in no other way.
//! <https://www.w3.org/TR/reporting-1/#serialize-reports>, and the older form of the Content-Security-Policy alone,
//! <https://www.w3.org/TR/CSP3/#deprecated-serialize-violation>.
//!
//! A report names no session and no view, so each gets a view of its own, which is no page view. **The view's id is the second of
//! the report and a hash of its body**, so that a report that a browser delivers again counts once. The second is that of the
//! arrival less `age`, for `age` is all that differs between two deliveries of one report.

use std::fmt;

use rum_core::Id;
use rum_core::ViewKind;
use rum_core::wire::event::{ErrorEvent, ViewEvent};
use rum_core::wire::record::{Attribute, Attributes, ErrorReport};
use rum_core::wire::{Document, Event, Item};
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};
use url::Url;

use super::decode::Decoded;
use super::outcome::{Outcome, Tally};
use super::reject::Reject;
use crate::batch::Mode;

/// Reports of one body that are read; browsers send a handful.
const MOST: usize = 100;

/// The oldest that is believed, in ms: browsers give up long before. What is older counts as of now.
const OLDEST_MS: i64 = 24 * 3_600_000;

/// What the tables call the sender, in place of an SDK's version.
const SDK: &str = "reports";

/// `source` of an error on the wire.
mod source {
    pub(super) const CSP_VIOLATION: i64 = 5;
    pub(super) const DEPRECATION: i64 = 6;
    pub(super) const INTERVENTION: i64 = 7;
    pub(super) const CRASH: i64 = 8;
}

/// Whether a body of this type may hold reports.
pub(super) fn is_media_type(essence: &str) -> bool {
    ["application/reports+json", "application/csp-report"]
        .iter()
        .any(|known| essence.eq_ignore_ascii_case(known))
}

/// Reads a decompressed body that arrived at `received_ms` (since the epoch).
pub(super) fn decode(body: &[u8], received_ms: i64, tally: &mut Tally) -> Result<Decoded, Reject> {
    let Reports { reports, over } = serde_json::from_slice(body).map_err(|error| Reject::NotReports {
        reason: error.to_string(),
    })?;
    tally.add(Outcome::ReportOverLimit, over);
    let mut taken = Vec::with_capacity(reports.len());
    for report in &reports {
        match Taken::from(report) {
            Ok(report) => taken.push(report),
            Err(outcome) => tally.add(outcome, 1),
        }
    }
    let oldest_ms = taken.iter().map(|report| report.age_ms).max().unwrap_or(0);
    let time_origin_ms = received_ms.saturating_sub(oldest_ms);
    let origin = taken.first().map(|report| report.page.origin().ascii_serialization());
    let numbered = (0..).zip(taken);
    let items = numbered.flat_map(|(number, report)| report.items(number, time_origin_ms, oldest_ms));
    Ok(Decoded {
        id: batch_id(body, received_ms),
        built_ms: received_ms,
        mode: Mode::Report,
        items: items.collect(),
        document: Document {
            time_origin_ms,
            origin: origin.unwrap_or_default(),
            sdk: SDK.to_owned(),
            release: None,
            environment: None,
            // Browsers know nothing of sessions: all of them report.
            rate_version: None,
            connection: None,
            viewport_width: None,
            viewport_height: None,
            raw_reason: None,
        },
    })
}

/// What a body holds. Each report is still as it came: a tree of values could take a hundred times its text.
struct Reports {
    reports: Vec<Box<RawValue>>,
    /// How many more there were.
    over: u64,
}

impl<'de> Deserialize<'de> for Reports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReportsVisitor)
    }
}

struct ReportsVisitor;

impl<'de> Visitor<'de> for ReportsVisitor {
    type Value = Reports;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of reports, or an object with csp-report")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Reports, A::Error> {
        let (mut reports, mut over) = (Vec::new(), 0);
        while reports.len() < MOST
            && let Some(report) = list.next_element()?
        {
            reports.push(report);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            over += 1;
        }
        Ok(Reports { reports, over })
    }

    /// The older form is one violation, under other names and without an age.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Reports, A::Error> {
        let Older { report } = Older::deserialize(MapAccessDeserializer::new(map))?;
        let newer = serde_json::json!({
            "type": "csp-violation",
            "url": report.document_uri,
            "body": {
                "blockedURL": report.blocked_uri,
                "effectiveDirective": report.effective_directive.or(report.violated_directive),
                "disposition": report.disposition,
                "sample": report.script_sample,
                "sourceFile": report.source_file,
                "lineNumber": report.line_number,
                "columnNumber": report.column_number,
            },
        });
        Ok(Reports {
            reports: vec![to_raw_value(&newer).map_err(serde::de::Error::custom)?],
            over: 0,
        })
    }
}

#[derive(Deserialize)]
struct Older {
    #[serde(rename = "csp-report")]
    report: OlderReport,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct OlderReport {
    document_uri: String,
    blocked_uri: Option<String>,
    effective_directive: Option<String>,
    violated_directive: Option<String>,
    disposition: Option<String>,
    script_sample: Option<String>,
    source_file: Option<String>,
    line_number: Option<i64>,
    column_number: Option<i64>,
}

/// What all reports have.
#[derive(Deserialize)]
struct Report<'a> {
    #[serde(rename = "type")]
    report_type: String,
    url: String,
    #[serde(borrow)]
    age: Option<&'a RawValue>,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// What the bodies of the types that are stored have, each some of it.
/// - <https://wicg.github.io/crash-reporting/#crash-report>
/// - <https://www.w3.org/TR/CSP3/#cspviolationreportbody>
/// - <https://wicg.github.io/deprecation-reporting/#deprecation-report>
/// - <https://wicg.github.io/intervention-reporting/#intervention-report>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    id: Option<String>,
    message: Option<String>,
    reason: Option<String>,
    stack: Option<String>,
    #[serde(rename = "visibility_state")]
    visibility_state: Option<String>,
    #[serde(rename = "is_top_level")]
    is_top_level: Option<bool>,
    #[serde(rename = "blockedURL")]
    blocked_url: Option<String>,
    effective_directive: Option<String>,
    disposition: Option<String>,
    sample: Option<String>,
    source_file: Option<String>,
    line_number: Option<i64>,
    column_number: Option<i64>,
}

/// A report that becomes an error.
struct Taken {
    page: Url,
    age_ms: i64,
    /// Of its type, its page and its body.
    hash: u32,
    /// Without its moment, which hangs on the other reports of the body.
    error: ErrorReport,
}

impl Taken {
    fn from(report: &RawValue) -> Result<Self, Outcome> {
        let report = serde_json::from_str(report.get()).map_err(|_| Outcome::ReportMalformed)?;
        let Report {
            report_type,
            url,
            age,
            body,
        } = report;
        let age_ms = age.and_then(|age| age.get().parse().ok()).unwrap_or(0);
        let mut hash = Sha256::new();
        for text in [&report_type, &url, body.get()] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let hash = hash.finalize();
        let error: fn(Body) -> ErrorReport = match report_type.as_str() {
            "crash" => crash,
            "csp-violation" => csp_violation,
            "deprecation" => |body| advice(source::DEPRECATION, body),
            "intervention" => |body| advice(source::INTERVENTION, body),
            _ => return Err(Outcome::ReportOtherType),
        };
        let body = serde_json::from_str(body.get()).map_err(|_| Outcome::ReportMalformed)?;
        Ok(Self {
            page: Url::parse(&url).map_err(|_| Outcome::ReportMalformed)?,
            age_ms: Some(age_ms).filter(|age| (0..=OLDEST_MS).contains(age)).unwrap_or(0),
            hash: hash.iter().take(4).fold(0, |hash, byte| hash << 8 | u32::from(*byte)),
            error: error(body),
        })
    }

    /// Its view, which places it, and the error.
    fn items(self, view: i64, time_origin_ms: i64, oldest_ms: i64) -> [Item; 2] {
        let Self {
            page,
            age_ms,
            hash,
            error,
        } = self;
        let after_ms = oldest_ms - age_ms;
        let seconds = time_origin_ms.saturating_add(after_ms).div_euclid(1_000);
        let view_id = Id::starting_at(u32::try_from(seconds).unwrap_or(0), hash);
        let at = after_ms * 1_000;
        let place = Event::View(Box::new(ViewEvent {
            view_id,
            // Nobody knows which one it was: each report counts as a session that it happened to.
            session_id: view_id,
            kind: ViewKind::Load as i64,
            start: at,
            page: page.path().to_owned(),
            referrer: None,
            parent_id: None,
            document_id: None,
            page_name: None,
            end: None,
            navigation: None,
            receipt: None,
            surroundings: None,
            core_dropped: None,
            user: None,
            attributes: None,
            scroll: None,
            engaged: None,
        }));
        let what = ErrorReport { first: at, ..error };
        let error = Event::Error(Box::new(ErrorEvent { ordinal: 0, what }));
        [place, error].map(|event| Item {
            view,
            seq: after_ms,
            event,
        })
    }
}

/// A renderer that ended: `oom`, `unresponsive`, or for a reason that the browser keeps to itself.
fn crash(body: Body) -> ErrorReport {
    ErrorReport {
        class: Some("Crash".to_owned()),
        message: body.reason.unwrap_or_else(|| "unknown".to_owned()),
        stack: body.stack,
        attributes: attributes([
            ("visibility_state", body.visibility_state),
            ("is_top_level", body.is_top_level.map(|is| is.to_string())),
        ]),
        ..error(source::CRASH)
    }
}

/// In the words of the SDK's own capture, so that one violation has one group, whoever reports it.
fn csp_violation(body: Body) -> ErrorReport {
    let directive = body.effective_directive.unwrap_or_default();
    let disposition = body.disposition.unwrap_or_else(|| "enforce".to_owned());
    let source_file = given(body.source_file);
    // As a frame, the script that asked for it is told apart from an extension's.
    let place = |file: &String| {
        let (line, column) = (body.line_number.unwrap_or(0), body.column_number.unwrap_or(0));
        format!("    at {file}:{line}:{column}")
    };
    ErrorReport {
        message: format!("{directive} ({disposition})"),
        stack: source_file.as_ref().map(place),
        url: given(body.blocked_url).or(source_file),
        line: body.line_number,
        column: body.column_number,
        attributes: attributes([("sample", body.sample)]),
        ..error(source::CSP_VIOLATION)
    }
}

/// A deprecation or an intervention: the browser says in words what is wrong, and in which script. Likewise as the SDK does.
fn advice(source: i64, body: Body) -> ErrorReport {
    let message = body.message.filter(|message| !message.is_empty());
    ErrorReport {
        message: message.or_else(|| body.id.clone()).unwrap_or_default(),
        url: given(body.source_file),
        line: body.line_number,
        column: body.column_number,
        attributes: attributes([("id", body.id)]),
        ..error(source)
    }
}

fn error(source: i64) -> ErrorReport {
    ErrorReport {
        first: 0,
        source,
        class: None,
        message: String::new(),
        stack: None,
        handled: 0,
        count: 1,
        cut: None,
        causes: None,
        attributes: None,
        target: None,
        url: None,
        line: None,
        column: None,
        debug_ids: None,
    }
}

/// Those that the browser filled.
fn attributes<const N: usize>(named: [(&str, Option<String>); N]) -> Option<Attributes> {
    let filled = named.into_iter().filter_map(|(name, value)| {
        let value = value.filter(|value| !value.is_empty())?;
        Some(Attribute {
            name: name.to_owned(),
            value,
        })
    });
    let filled: Vec<_> = filled.collect();
    (!filled.is_empty()).then_some(Attributes(filled))
}

/// A URL without query and fragment, which pages cut off themselves; `None` of an empty one.
fn given(url: Option<String>) -> Option<String> {
    let mut url = url?;
    url.truncate(url.find(['?', '#']).unwrap_or(url.len()));
    (!url.is_empty()).then_some(url)
}

/// The id of a body. Two visitors may send equal bodies: each counts.
fn batch_id(body: &[u8], received_ms: i64) -> Id {
    let mut hash = Sha256::new();
    hash.update(received_ms.to_le_bytes());
    hash.update(body);
    let id = hash.finalize();
    Id(id.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// 2026-11-21 12:34:56.250 UTC.
    const RECEIVED_MS: i64 = 1_795_264_496_250;

    fn read(reports: &Value) -> Decoded {
        decode(reports.to_string().as_bytes(), RECEIVED_MS, &mut Tally::default()).unwrap()
    }

    fn views(decoded: &Decoded) -> Vec<Id> {
        let views = decoded.items.iter().filter_map(|item| match &item.event {
            Event::View(view) => Some(view.view_id),
            _ => None,
        });
        views.collect()
    }

    fn errors(decoded: Decoded) -> Vec<ErrorReport> {
        let errors = decoded.items.into_iter().filter_map(|item| match item.event {
            Event::Error(error) => Some(error.what),
            _ => None,
        });
        errors.collect()
    }

    #[test]
    fn each_type_says_what_it_knows() {
        let url = "https://shop.example/cart?coupon=X#pay";
        let report =
            |report_type: &str, body: Value| json!({ "age": 0, "type": report_type, "url": url, "body": body });
        let place = json!({ "sourceFile": "https://shop.example/a.js?v=1", "lineNumber": 3, "columnNumber": 5 });
        let with_place = |mut body: Value| {
            let place = place.as_object().unwrap().clone();
            body.as_object_mut().unwrap().extend(place);
            body
        };
        let decoded = read(&json!([
            report(
                "crash",
                json!({ "reason": "oom", "is_top_level": true, "visibility_state": "hidden" })
            ),
            report("crash", json!({})),
            report(
                "csp-violation",
                with_place(json!({
                    "blockedURL": "https://evil.example/x.js?id=7", "effectiveDirective": "script-src-elem",
                    "disposition": "enforce", "sample": "", "documentURL": url, "originalPolicy": "default-src 'self'",
                    "statusCode": 200, "referrer": "",
                })),
            ),
            report(
                "deprecation",
                with_place(
                    json!({ "id": "UnloadHandler", "message": "Unload is deprecated", "anticipatedRemoval": null })
                ),
            ),
            report(
                "intervention",
                json!({ "id": "HeavyAd", "message": "An ad was removed" })
            ),
        ]));
        assert_eq!(decoded.document.origin, "https://shop.example");
        let Event::View(view) = &decoded.items[0].event else {
            panic!("its view")
        };
        assert_eq!((view.page.as_str(), view.session_id), ("/cart", view.view_id));
        insta::assert_debug_snapshot!("errors_of_reports", errors(decoded));
    }

    #[test]
    fn the_older_form_says_the_same() {
        let older = json!({ "csp-report": {
            "document-uri": "https://shop.example/cart", "blocked-uri": "inline", "violated-directive": "style-src-attr",
            "effective-directive": "style-src-attr", "disposition": "report", "line-number": 12,
            "source-file": "https://shop.example/cart", "original-policy": "style-src 'self'", "status-code": 200,
        }});
        let newer = json!([{ "type": "csp-violation", "url": "https://shop.example/cart", "body": {
            "blockedURL": "inline", "effectiveDirective": "style-src-attr", "disposition": "report", "lineNumber": 12,
            "sourceFile": "https://shop.example/cart",
        }}]);
        assert_eq!(errors(read(&older)), errors(read(&newer)));
    }

    #[test]
    fn a_repeat_has_the_same_view_and_nothing_else_has() {
        let report = |age: i64, reason: &str| json!({ "age": age, "type": "crash", "url": "https://shop.example/", "body": { "reason": reason } });
        let first = views(&read(&json!([report(100, "oom")])));
        assert_eq!(first[0].start_seconds(), 1_795_264_496);
        // The browser tries again after 70 s: with other reports, by which the time origin is another one, too.
        let later = |reports: &Value| {
            let body = reports.to_string();
            decode(body.as_bytes(), RECEIVED_MS + 70_000, &mut Tally::default()).unwrap()
        };
        let again = later(&json!([
            report(70_100, "oom"),
            report(80_000, "unresponsive"),
            report(0, "oom")
        ]));
        let again = views(&again);
        assert_eq!(again[0], first[0]);
        assert!(!first.contains(&again[1]) && !first.contains(&again[2]) && again[1] != again[2]);
        // A second later it is another crash.
        assert_ne!(views(&later(&json!([report(69_100, "oom")]))), first);
    }

    #[test]
    fn ages_that_cannot_be_are_of_now() {
        for age in [
            json!(-1),
            json!(i64::MAX),
            json!("soon"),
            json!(null),
            json!(OLDEST_MS + 1),
        ] {
            let decoded = read(&json!([{ "age": age, "type": "crash", "url": "https://shop.example/", "body": {} }]));
            assert_eq!(views(&decoded)[0].start_seconds(), 1_795_264_496, "{age}");
        }
        // The oldest in a body with the newest.
        let report = |age: i64| json!({ "age": age, "type": "crash", "url": "https://shop.example/", "body": {} });
        let decoded = read(&json!([report(OLDEST_MS), report(0)]));
        let seconds: Vec<_> = views(&decoded).iter().map(|view| view.start_seconds()).collect();
        assert_eq!(seconds, [1_795_264_496 - 86_400, 1_795_264_496]);
        assert_eq!(
            decoded.items.iter().map(|item| item.seq).collect::<Vec<_>>(),
            [0, 0, OLDEST_MS, OLDEST_MS]
        );
    }

    #[test]
    fn what_is_beyond_the_limit_is_counted_and_not_kept() {
        let report = r#"{"age":0,"type":"crash","url":"https://shop.example/","body":{}}"#;
        // As a tree of values it would take a hundred times its text.
        let deep = format!("{}0{}", r#"{"":"#.repeat(10_000), "}".repeat(10_000));
        let others = vec![deep; MOST + 20].join(",");
        let mut tally = Tally::default();
        let body = format!("[{report},{others}]");
        let decoded = decode(body.as_bytes(), RECEIVED_MS, &mut tally).unwrap();
        assert_eq!(errors(decoded).len(), 1);
        assert_eq!(tally.get(Outcome::ReportOverLimit), 21);
        assert_eq!(tally.get(Outcome::ReportMalformed), MOST as u64 - 1);
    }

    #[test]
    fn equal_bodies_of_two_visitors_are_two_batches() {
        let body = json!([{ "age": 0, "type": "crash", "url": "https://shop.example/", "body": {} }]).to_string();
        let read = |ms: i64| decode(body.as_bytes(), ms, &mut Tally::default()).unwrap().id;
        assert_ne!(read(RECEIVED_MS), read(RECEIVED_MS + 1));
        assert_eq!(read(RECEIVED_MS), read(RECEIVED_MS));
    }
}
