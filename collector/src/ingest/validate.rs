//! From decoded to accepted: values that cannot be are dropped, texts are cut to their limits, and both are counted.
//! What hangs on the whole batch refuses it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rum_core::Id;
use rum_core::vitals::{Metric, Scope};
use rum_core::wire::event::{LongFrameEvent, ViewEvent, VitalEvent};
use rum_core::wire::{Document, Event, Item};

use super::decode::Decoded;
use super::outcome::{Outcome, Tally};
use super::reject::Reject;
use super::text::{cut, cut_some};
use super::trim::{limit, trim};
use crate::batch::AcceptedBatch;

/// The latest time origin that is believed, in ms since the epoch: the year 2100.
const LATEST_ORIGIN_MS: i64 = 4_102_444_800_000;

/// What the request says about the batch.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) app: Arc<str>,
    /// The sender's clock when it sent, in ms since the epoch; absent if it did not say.
    pub(super) sent_ms: Option<i64>,
    /// Our clock, in ms since the epoch.
    pub(super) received_ms: i64,
}

/// Checks every value of a batch.
pub(super) fn validate(decoded: Decoded, received: Received, tally: &mut Tally) -> Result<AcceptedBatch, Reject> {
    let Decoded {
        id,
        built_ms,
        mode,
        mut document,
        mut items,
    } = decoded;
    check(&mut document, tally)?;
    let decoded = items.len();
    // An item is large: nothing is moved that may stay.
    if !items.is_sorted_by_key(is_no_view) {
        items.sort_by_key(is_no_view);
    }
    let mut known = BTreeMap::new();
    items.retain_mut(|item| match judge(item, &mut known) {
        Ok(()) => {
            trim(item, &document.origin, tally);
            true
        }
        Err(outcome) => {
            tally.add(outcome, 1);
            false
        }
    });
    if known.is_empty() && decoded > 0 {
        return Err(Reject::NoView { events: decoded });
    }
    let Received {
        app,
        sent_ms,
        received_ms,
    } = received;
    Ok(AcceptedBatch {
        app,
        id,
        sent_ms: sent_ms.unwrap_or(built_ms),
        received_ms,
        mode,
        document,
        items,
    })
}

/// Views come first.
fn is_no_view(item: &Item) -> bool {
    !matches!(item.event, Event::View(_))
}

fn check(document: &mut Document, tally: &mut Tally) -> Result<(), Reject> {
    let time_origin_ms = document.time_origin_ms;
    if !(0..=LATEST_ORIGIN_MS).contains(&time_origin_ms) {
        return Err(Reject::OutOfRange {
            field: "time_origin_ms",
            value: time_origin_ms,
            expected: "a time in ms since the epoch, before 2100",
        });
    }
    let Document {
        origin,
        sdk,
        release,
        environment,
        connection,
        ..
    } = document;
    cut(origin, limit::ORIGIN, tally);
    cut(sdk, limit::SDK, tally);
    cut_some(release, limit::RELEASE, tally);
    cut_some(environment, limit::ENVIRONMENT, tally);
    cut_some(connection, limit::CONNECTION, tally);
    Ok(())
}

/// Whether an event can be a row. `known` holds the views so far, by number; they come first.
fn judge(item: &Item, known: &mut BTreeMap<i64, Id>) -> Result<(), Outcome> {
    if u32::try_from(item.seq).is_err() {
        return Err(Outcome::EventOutOfRange);
    }
    if let Event::View(view) = &item.event {
        return judge_view(view, item.view, known);
    }
    if !known.contains_key(&item.view) {
        return Err(Outcome::EventUnknownView);
    }
    match &item.event {
        Event::Vital(vital) => judge_vital(vital),
        Event::Request(request) => in_range(request.ordinal >= 0 && request.what.duration >= 0),
        Event::Error(error) => in_range(error.ordinal >= 0 && error.what.count > 0),
        Event::Action(action) => in_range(action.ordinal >= 0),
        Event::LongFrame(frame) => judge_frame(frame),
        Event::Resource(resource) => {
            in_range(resource.ordinal >= 0 && resource.what.duration >= 0 && can_weigh(resource.what.weight))
        }
        Event::UserTiming(timing) => {
            let lasts = timing.what.duration.is_none_or(|duration| duration >= 0);
            in_range(timing.ordinal >= 0 && lasts && can_weigh(timing.what.weight))
        }
        Event::ElementTiming(element) => in_range(element.ordinal >= 0 && can_weigh(element.what.weight)),
        Event::Log(log) => in_range(log.ordinal >= 0 && can_weigh(log.what.weight)),
        Event::View(_) => Ok(()),
    }
}

/// Two reports of one view may have its number, two views may not.
fn judge_view(view: &ViewEvent, number: i64, known: &mut BTreeMap<i64, Id>) -> Result<(), Outcome> {
    in_range(view.view_id != Id(0) && view.session_id != Id(0))?;
    in_range(*known.entry(number).or_insert(view.view_id) == view.view_id)
}

fn judge_vital(vital: &VitalEvent) -> Result<(), Outcome> {
    let scope = [Scope::Document, Scope::View]
        .into_iter()
        .find(|scope| *scope as i64 == vital.scope);
    let (Some(metric), Some(_)) = (Metric::from_wire(vital.metric), scope) else {
        return Err(Outcome::EventUnknownValue);
    };
    in_range(vital.value >= 0)?;
    if vital.value > metric.cap() {
        return Err(Outcome::VitalAboveCap);
    }
    vital
        .frames
        .iter()
        .flat_map(|frames| &frames.0)
        .try_for_each(judge_frame)
}

fn judge_frame(frame: &LongFrameEvent) -> Result<(), Outcome> {
    in_range(frame.ordinal >= 0 && frame.what.duration >= 0 && can_weigh(frame.what.weight))
}

/// One row stands for at least one thing; whoever keeps one of a million keeps none.
fn can_weigh(thousandths: Option<i64>) -> bool {
    thousandths.is_none_or(|weight| (1_000..=1_000_000_000).contains(&weight))
}

fn in_range(condition: bool) -> Result<(), Outcome> {
    if condition {
        Ok(())
    } else {
        Err(Outcome::EventOutOfRange)
    }
}

#[cfg(test)]
mod tests {
    use rum_core::wire::Batch;
    use rum_core::wire::Content;
    use rum_core::wire::record::ErrorReport;

    use super::*;
    use crate::batch::Mode;

    const VIEW: &str = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/product/7","/list"]"#;

    /// Validates a batch of these items.
    fn check(items: &str) -> (Vec<Item>, Tally) {
        let document = r#"[1795226212000,"https://shop.example","0.1.0"]"#;
        let batch = Batch::read(&format!(r#"[1,0,"00000000000000ff",5,{document},[{items}]]"#)).unwrap();
        let Content::Events(items) = batch.content else {
            panic!("events")
        };
        let decoded = Decoded {
            id: batch.id,
            built_ms: batch.sent_at_ms,
            mode: Mode::Wasm,
            document: batch.document,
            items,
        };
        let received = Received {
            app: "shop".into(),
            sent_ms: None,
            received_ms: 6,
        };
        let mut tally = Tally::default();
        let accepted = validate(decoded, received, &mut tally).unwrap();
        assert_eq!((accepted.sent_ms, accepted.received_ms), (5, 6));
        (accepted.items, tally)
    }

    #[test]
    fn views_come_first() {
        let (items, _) = check(&format!("[2,0,1,1,0,5],{VIEW}"));
        assert!(matches!(items[0].event, Event::View(_)));
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn the_origin_is_put_where_it_was_left_out() {
        let lcp = r#"[2,0,1,1,0,5,"img","/hero.avif"]"#;
        let inp = r#"[2,0,1,3,0,5,"button","pointerup"]"#;
        let request = r#"[64,0,1,9,1,0,"GET","/api/x",200,2,0]"#;
        let frame = r#"[67,0,1,10,1,2,0,null,null,null,null,null,[[1,2,0,0,"classic-script","/a.js","/a.js","",0]]]"#;
        let resource = r#"[68,0,1,11,1,2,"/b.css","link"]"#;
        let element = r#"[70,0,1,12,1,"logo",null,"/logo.svg"]"#;
        let (items, _) = check(&[VIEW, lcp, inp, request, frame, resource, element].join(","));
        let texts: Vec<_> = items
            .iter()
            .map(|item| match &item.event {
                Event::View(view) => (view.page.as_str(), view.referrer.as_deref().unwrap()),
                Event::Vital(vital) => (vital.target.as_deref().unwrap(), vital.detail.as_deref().unwrap()),
                Event::Request(request) => (request.what.method.as_str(), request.what.url.as_str()),
                Event::LongFrame(frame) => {
                    let script = &frame.what.scripts.as_ref().unwrap().0[0];
                    (script.invoker.as_str(), script.url.as_str())
                }
                Event::Resource(resource) => (resource.what.initiator.as_str(), resource.what.url.as_str()),
                Event::ElementTiming(element) => (element.what.name.as_str(), element.what.url.as_deref().unwrap()),
                Event::Error(_) | Event::Action(_) | Event::UserTiming(_) | Event::Log(_) => panic!("not sent"),
            })
            .collect();
        let expected = [
            ("/product/7", "https://shop.example/list"),
            ("img", "https://shop.example/hero.avif"),
            ("button", "pointerup"),
            ("GET", "https://shop.example/api/x"),
            ("https://shop.example/a.js", "https://shop.example/a.js"),
            ("link", "https://shop.example/b.css"),
            ("logo", "https://shop.example/logo.svg"),
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn what_is_cut_off_an_error_joins_its_own_count() {
        let (message, stack) = ("m".repeat(limit::MESSAGE + 10), "s".repeat(limit::STACK + 5));
        let (items, tally) = check(&format!(
            r#"{VIEW},[65,0,1,9,0,0,"Error","{message}","{stack}",0,1,100]"#
        ));
        let Event::Error(error) = &items[1].event else {
            panic!("an error")
        };
        assert_eq!((error.what.message.len(), error.what.cut), (limit::MESSAGE, Some(115)));
        assert_eq!(error.what.stack.as_ref().map(String::len), Some(limit::STACK));
        assert_eq!(tally.get(Outcome::TextCut), 2);
    }

    #[test]
    fn an_error_within_its_limits_keeps_its_count() {
        for (cut, expected) in [("null", None), ("7", Some(7))] {
            let (items, _) = check(&format!(r#"{VIEW},[65,0,1,9,0,0,"Error","m","s",0,1,{cut}]"#));
            let Event::Error(error) = &items[1].event else {
                panic!("an error")
            };
            assert_eq!(error.what.cut, expected);
        }
    }

    #[test]
    fn vitals_that_no_user_can_have_seen_are_dropped() {
        const MINUTE: i64 = 60_000_000;
        for (metric, cap) in [
            (Metric::Lcp, 10 * MINUTE),
            (Metric::Fcp, 10 * MINUTE),
            (Metric::Ttfb, 10 * MINUTE),
            (Metric::Inp, MINUTE),
            (Metric::Cls, 1_000_000_000),
        ] {
            for (value, dropped) in [(cap, 0), (cap + 1, 1), (i64::from(u32::MAX) << 20, 1)] {
                let (items, tally) = check(&format!("{VIEW},[2,0,1,{},0,{value}]", metric as i64));
                let found = (items.len(), tally.get(Outcome::VitalAboveCap));
                assert_eq!(found, (2 - dropped, dropped as u64), "{metric:?} {value}");
            }
        }
    }

    #[test]
    fn two_reports_of_a_view_share_a_number_and_two_views_do_not() {
        let later = VIEW.replace("[1,0,0,", "[1,0,9,");
        let other = VIEW.replace("6b00f0a400000001", "6b00f0a400000009");
        let (items, tally) = check(&[VIEW, &later, &other].join(","));
        assert_eq!(items.iter().map(|item| item.seq).collect::<Vec<_>>(), [0, 9]);
        assert_eq!(tally.get(Outcome::EventOutOfRange), 1);
    }
    #[test]
    fn every_text_and_every_list_has_a_limit() {
        let long = "x".repeat(20_000);
        let x = format!("\"{long}\"");
        let script = format!("[1,2,0,0,{x},{x},{x},{x},0]");
        let scripts = vec![script.as_str(); 30].join(",");
        let frame = |ordinal: i64| format!("{ordinal},1,2,0,null,null,null,null,null,[{scripts}]");
        let short_frame = "[9,1,2,0]";
        let dropped = vec![format!("[{x},1]"); 60].join(",");
        let navigation = format!("[0,1,1,1,200,{x}]");
        let view = VIEW.replace(
            "]",
            &format!(",null,null,{x},9,{navigation},[1,2,[{dropped}]],[1,2,0,4,8,2000,{x},{x},{x}]]"),
        );
        let frames = vec![short_frame; 60].join(",");
        let attributes = vec![format!("[{x},{x}]"); 260].join(",");
        let causes = [r#"["Error","m"]"#; 12].join(",");
        let debug_ids = vec![format!(r#"[{x},"85314830-023f-4cf1-a267-535f4e37bb17"]"#); 60].join(",");
        let items = [
            view,
            format!("[2,0,1,3,0,5,{x},{x},null,1,2,3,4,[{frames}]]"),
            format!("[64,0,1,1,1,0,{x},{x},200,2,0]"),
            format!("[66,0,1,2,1,0,{x},{x}]"),
            format!("[67,0,1,{}]", frame(3)),
            format!("[68,0,1,4,1,2,{x},{x},200,1,1,1,{x},1,{x}]"),
            format!("[69,0,1,5,1,{x}]"),
            format!("[70,0,1,6,1,{x},{x},{x}]"),
            format!(r#"[71,0,1,7,1,2,"m",0,[{attributes}],{x}]"#),
            format!(r#"[65,0,1,8,0,0,{x},"m",null,0,1,null,[{causes}],[{attributes}],{x},{x},1,2,[{debug_ids}]]"#),
            format!("[66,0,1,9,1,2,{x},{x},1,1,[{attributes}],1]"),
            format!(r#"[64,0,1,10,1,0,"GET","/",200,2,0,1,1,1,1,1,{x},1,1,1,1,1,{x},{x},{x}]"#),
            format!("[71,0,1,11,1,2,{x},0]"),
        ];
        let (items, tally) = check(&items.join(","));
        assert_eq!(items.len(), 13);
        for item in &items {
            let json = format!("{:?}", item.event);
            let texts = json.split('"').filter(|text| text.ends_with("xx"));
            let longest = texts.map(str::len).max().unwrap_or(0);
            let most = match item.event {
                Event::Log(_) => limit::LOG_MESSAGE,
                _ => limit::ATTRIBUTE_VALUE,
            };
            assert!((1..=most).contains(&longest), "{longest} bytes in {}", &json[..40]);
        }
        let lists = items.iter().map(|item| match &item.event {
            Event::View(view) => view
                .receipt
                .as_ref()
                .unwrap()
                .observer_dropped
                .as_ref()
                .unwrap()
                .0
                .len(),
            Event::Vital(vital) => vital.frames.as_ref().unwrap().0.len(),
            Event::LongFrame(frame) => frame.what.scripts.as_ref().unwrap().0.len(),
            Event::Log(log) => log.what.attributes.as_ref().map_or(0, |attributes| attributes.0.len()),
            Event::Error(error) => {
                let ErrorReport {
                    causes,
                    attributes,
                    debug_ids,
                    ..
                } = &error.what;
                let attributes = [attributes, debug_ids].map(|list| list.as_ref().unwrap().0.len());
                causes.as_ref().unwrap().0.len() + attributes.iter().sum::<usize>()
            }
            Event::Action(action) => action
                .what
                .attributes
                .as_ref()
                .map_or(0, |attributes| attributes.0.len()),
            _ => 0,
        });
        let expected = [limit::DROPPED_TYPES, limit::FRAMES, 0, 0, limit::SCRIPTS, 0, 0, 0];
        let of_the_page = [
            limit::ATTRIBUTES,
            limit::CAUSES + limit::ATTRIBUTES + limit::DEBUG_IDS,
            limit::ATTRIBUTES,
            0,
            0,
        ];
        assert_eq!(lists.collect::<Vec<_>>(), [&expected[..], &of_the_page].concat());
        assert_eq!(tally.get(Outcome::ListCut), 8);
        assert_eq!(tally.get(Outcome::IdInvalid), 3);
    }

    #[test]
    fn numbers_that_cannot_be_are_dropped() {
        for (item, accepted) in [
            ("[67,0,1,3,1,2,0]", true),
            ("[67,0,1,3,1,-2,0]", false),
            ("[67,0,1,-3,1,2,0]", false),
            ("[67,0,1,3,1,2,0,null,null,null,null,2000]", true),
            ("[67,0,1,3,1,2,0,null,null,null,null,0]", false),
            (r#"[68,0,1,4,1,-1,"/","img"]"#, false),
            (r#"[69,0,1,5,1,"m",-1]"#, false),
            (r#"[69,0,1,5,1,"m"]"#, true),
            (r#"[69,0,1,5,1,"m",1,999]"#, false),
            (r#"[70,0,1,6,1,"e",null,null,9007199254740992]"#, false),
            (r#"[71,0,1,7,1,2,"m",0]"#, true),
            (r#"[71,0,1,-7,1,2,"m",0]"#, false),
            (r#"[71,0,1,7,1,2,"m",0,null,null,999]"#, false),
            (r#"[71,0,1,7,1,99,"a level of the future",99]"#, true),
            // An INP whose frame cannot be.
            ("[2,0,1,3,0,5,null,null,null,1,2,3,4,[[9,1,-2,0]]]", false),
        ] {
            let (items, tally) = check(&format!("{VIEW},{item}"));
            let found = (items.len(), tally.get(Outcome::EventOutOfRange));
            assert_eq!(found, (1 + usize::from(accepted), u64::from(!accepted)), "{item}");
        }
    }
}
