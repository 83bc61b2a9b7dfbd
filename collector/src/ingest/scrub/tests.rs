//! Batches with something planted in every field: none of it is in the rows.

use rum_core::wire::{Batch, Content};

use super::*;
use crate::batch::{Mode, Visitor, Weights};
use crate::ingest::decode::decode;
use crate::ingest::enrich::enrich;
use crate::ingest::validate::{Received, validate};
use crate::store::rows::rows;

const SECRETS: [&str; 6] = [
    "jane.doe@example.com",
    "jane.doe%40example.com",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "4111 1111 1111 1111",
    "+49 176 1234 5678",
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",
];

/// What a text with a secret says besides: it is to be in the rows, so that nothing passes by being lost.
const BESIDES: &str = "kept";

/// The bytes of the rows of a batch of these items, and what was counted.
fn stored(content: u8, items: &[String]) -> (String, Tally) {
    let document = r#"[1795226212000,"https://shop.example","0.1.0"]"#;
    let body = format!(r#"[1,{content},"00000000000000ff",5,{document},[{}]]"#, items.join(","));
    let mut tally = Tally::default();
    let decoded = decode(body.as_bytes(), &mut tally).unwrap();
    let received = Received {
        app: "shop".into(),
        sent_ms: None,
        received_ms: 1_795_226_212_000,
    };
    let accepted = validate(decoded, received, &mut tally).unwrap();
    assert!(!accepted.items.is_empty());
    let scrubbed = scrub(accepted, &PageNames::default(), &mut tally);
    let frame = rows(&enrich(scrubbed, Visitor::default(), Weights::WHOLE, &mut tally));
    (String::from_utf8_lossy(&frame.whole()).into_owned(), tally)
}

/// A name of a place in a batch, and the items whose `{}` is that place.
fn places() -> Vec<(&'static str, String)> {
    let view = |fields: &str| format!(r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,{fields}]"#);
    let after_view = |item: &str| format!("{},{item}", view(r#""/""#));
    let script = |fields: &str| format!("[1,2,0,0,\"classic-script\",{fields},0]");
    let frame = |fields: &str| format!("9,1,2,0,null,null,null,null,null,[{}]", script(fields));
    vec![
        ("page", view(r#""/a/{}/b""#)),
        ("referrer", view(r#""/","https://other.example/{}""#)),
        ("page_name", view(r#""/",null,null,null,"{}""#)),
        (
            "server_timing",
            view(r#""/",null,null,null,null,9,null,null,[null,null,null,null,null,null,null,"db;desc=\"{}\""]"#),
        ),
        (
            "vital target",
            after_view(r##"[2,0,1,1,0,5,"#x[title='{}']","/a.png"]"##),
        ),
        ("vital detail", after_view(r#"[2,0,1,1,0,5,"img","/{}/a.png"]"#)),
        ("request url", after_view(r#"[64,0,1,9,1,0,"GET","/api/{}/x",200,2,0]"#)),
        ("error class", after_view(r#"[65,0,1,9,0,0,"{}","m","s",0,1]"#)),
        (
            "error message",
            after_view(r#"[65,0,1,9,0,0,"Error","no user {}!","s",0,1]"#),
        ),
        (
            "error stack",
            after_view(r#"[65,0,1,9,0,0,"Error","m","Error: {}\n  at x (/a.js:1:2)",0,1]"#),
        ),
        ("action name", after_view(r#"[66,0,1,9,1,0,"Write to {}"]"#)),
        ("action target", after_view(r#"[66,0,1,9,1,0,null,"a[href='{}']"]"#)),
        (
            "script invoker",
            after_view(&format!("[67,0,1,{}]", frame(r#""A#{}.onclick","/a.js","f""#))),
        ),
        (
            "script url",
            after_view(&format!("[67,0,1,{}]", frame(r#""i","/{}/a.js","f""#))),
        ),
        (
            "script function",
            after_view(&format!("[67,0,1,{}]", frame(r#""i","/a.js","f {}""#))),
        ),
        (
            "script of an interaction's frame",
            after_view(&format!(
                r#"[2,0,1,3,0,5000,"b","click",null,1,1000,1000,1000,[[{}]]]"#,
                frame(r#""A {}","/{}/a.js","f {}""#)
            )),
        ),
        ("resource url", after_view(r#"[68,0,1,9,1,2,"/img/{}/a.png","img"]"#)),
        ("user timing", after_view(r#"[69,0,1,9,1,"load {}"]"#)),
        ("element name", after_view(r#"[70,0,1,9,1,"hero {}"]"#)),
        ("element target", after_view(r#"[70,0,1,9,1,"hero","img[alt='{}']"]"#)),
        ("user", view(r#""/",null,null,null,null,null,null,null,null,null,"{}""#)),
        (
            "attribute of a view",
            view(r#""/",null,null,null,null,null,null,null,null,null,null,[["plan","{}"]]"#),
        ),
        (
            "name of an attribute",
            view(r#""/",null,null,null,null,null,null,null,null,null,null,[["plan of {}","gold"]]"#),
        ),
        (
            "operation",
            after_view(r#"[64,0,1,9,1,0,"GET","/x",200,2,0,1,1,1,1,1,"h2",1,1,1,1,1,"query {}"]"#),
        ),
        (
            "class of a cause",
            after_view(r#"[65,0,1,9,0,0,"Error","m","s",0,1,null,[["{}","m","s"]]]"#),
        ),
        (
            "message of a cause",
            after_view(r#"[65,0,1,9,0,0,"Error","m","s",0,1,null,[["Error","no user {}!"]]]"#),
        ),
        (
            "stack of a cause",
            after_view(r#"[65,0,1,9,0,0,"Error","m","s",0,1,null,[["Error","m","at {} (/a.js:1:2)"]]]"#),
        ),
        (
            "attribute of an error",
            after_view(r#"[65,0,1,9,0,0,"Error","m","s",0,1,null,null,[["cart","of {}"]]]"#),
        ),
        (
            "error target",
            after_view(r#"[65,0,1,9,0,4,"img","m",null,0,1,null,null,null,"img[alt='{}']"]"#),
        ),
        (
            "error url",
            after_view(r#"[65,0,1,9,0,4,"img","m",null,0,1,null,null,null,"img","https://cdn.example/{}/a.png"]"#),
        ),
        (
            "script of a debug id",
            after_view(
                r#"[65,0,1,9,0,0,"Error","m","s",0,1,null,null,null,null,null,1,2,[["\u007f/{}/a.js","85314830-023f-4cf1-a267-535f4e37bb17"]]]"#,
            ),
        ),
        (
            "attribute of an action",
            after_view(r#"[66,0,1,9,1,2,"buy",null,null,null,[["to","{}"]]]"#),
        ),
        ("message of a log", after_view(r#"[71,0,1,9,1,2,"no user {}",0]"#)),
        (
            "attribute of a log",
            after_view(r#"[71,0,1,9,1,2,"m",0,[["to","{}"]]]"#),
        ),
        (
            "element url",
            after_view(r#"[70,0,1,9,1,"hero","img","https://cdn.example/{}/a.png"]"#),
        ),
    ]
}

#[test]
fn nothing_planted_is_stored() {
    for (place, items) in places() {
        for secret in SECRETS {
            let planted = items.replace("{}", &format!("{BESIDES} {secret}"));
            let (rows, tally) = stored(0, &[planted]);
            assert!(!rows.contains(secret), "{place}: {secret}");
            let lost = place.starts_with("script of") || rows.contains(BESIDES);
            assert!(lost, "{place}: nothing of it is in the rows");
            assert!(tally.get(Outcome::TextScrubbed) > 0, "{place}: {secret}");
        }
    }
}

#[test]
fn an_id_that_is_none_is_not_stored() {
    for secret in SECRETS {
        let request =
            format!(r#"[64,0,1,9,1,0,"GET","/x",200,2,0,1,1,1,1,1,"h2",1,1,1,1,1,null,"{secret}","{secret}"]"#);
        let error =
            format!(r#"[65,0,1,9,0,0,"Error","m","s",0,1,null,null,null,null,null,1,2,[["/a.js","{secret}"]]]"#);
        let log = format!(r#"[71,0,1,9,1,2,"m",0,null,"{secret}"]"#);
        let view = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/",null,null,null,null,9,null,null"#;
        let view = format!(r#"{view},[null,null,null,null,null,null,null,null,null,null,null,"{secret}"]]"#);
        let (rows, tally) = stored(0, &[view, request, error, log]);
        assert!(!rows.contains(secret), "{secret}");
        assert_eq!(tally.get(Outcome::IdInvalid), 5, "{secret}");
    }
}

#[test]
fn the_name_of_an_attribute_makes_a_secret_of_its_value() {
    for (name, value, expected) in [
        ("password", "hunter2", TOKEN),
        ("user.password", "correct horse battery", TOKEN),
        ("api_key", "0123456789abcdef", TOKEN),
        ("password", TOKEN, TOKEN),
        ("password", r#"["hunter2"]"#, TOKEN),
        ("secret", r#"{"a":"b"}"#, TOKEN),
        ("apiKey", r#"{"value":"x"}"#, TOKEN),
        ("session", "[1]", TOKEN),
        ("plan", r#"["gold"]"#, r#"["gold"]"#),
        ("plan", "hunter2", "hunter2"),
        ("key", "ArrowDown", "ArrowDown"),
    ] {
        let attribute = Attribute {
            name: name.into(),
            value: value.into(),
        };
        let (mut attributes, mut tally) = (Some(Attributes(vec![attribute])), Tally::default());
        scrub_attributes(&mut attributes, &mut tally);
        assert_eq!(attributes.unwrap().0[0].value, expected, "{name}");
        assert_eq!(tally.get(Outcome::TextScrubbed), u64::from(value != expected), "{name}");
    }
}

#[test]
fn ids_of_users_that_say_nothing_stay() {
    for id in [
        "7",
        "123456789012",
        "u-42",
        "85314830-023f-4cf1-a267-535f4e37bb17",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ] {
        let view = format!(
            r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/",null,null,null,null,null,null,null,null,null,"{id}"]"#
        );
        let (rows, tally) = stored(0, &[view]);
        assert!(rows.contains(id), "{id}");
        assert_eq!(tally.get(Outcome::TextScrubbed), 0, "{id}");
    }
}

#[test]
fn records_of_a_page_without_wasm_pass_too() {
    let view = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/u/jane.doe@example.com"]"#;
    let error = r#"[65,1,9,9,0,"Error","no jane.doe@example.com",null,0,1]"#;
    let context = r#"[17,1,9,"id of jane.doe@example.com",[["mail","jane.doe@example.com"]]]"#;
    let log = r#"[71,3,9,9,2,"hello jane.doe@example.com",0]"#;
    let cut = "[11,2,5000000,0,null,[3000]]";
    let (rows, tally) = stored(1, &[view, context, error, log, cut].map(str::to_owned));
    assert!(!rows.contains("jane"));
    for expected in ["/u/[email]", "no [email]", "id of [email]", "hello [email]"] {
        assert!(rows.contains(expected), "{expected}");
    }
    assert_eq!(tally.get(Outcome::TextScrubbed), 5);
}

#[test]
fn paths_lose_their_ids_in_the_same_way_everywhere() {
    let view = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/item/123","/item/124"]"#;
    let request = r#"[64,0,1,9,1,0,"GET","https://api.example/item/125",200,2,0]"#;
    let resource = r#"[68,0,1,10,1,2,"/item/126/a.3f2a1c9d0b7e.png","img"]"#;
    let (rows, tally) = stored(0, &[view, request, resource].map(str::to_owned));
    for expected in [
        "/item/:id",
        "https://shop.example/item/:id",
        "https://api.example/item/:id",
        "https://shop.example/item/:id/a.3f2a1c9d0b7e.png",
    ] {
        assert!(rows.contains(expected), "{expected}");
    }
    for id in 123..=126 {
        assert!(!rows.contains(&format!("/item/{id}")), "{id}");
    }
    assert_eq!(tally.get(Outcome::TextScrubbed), 0);
}

#[test]
fn what_holds_nothing_stays_as_it_was() {
    let items = places().into_iter().map(|(_, items)| items.replace("{}", BESIDES));
    for items in items {
        let body = format!(r#"[1,0,"00000000000000ff",5,[1795226212000,"https://shop.example","0.1.0"],[{items}]]"#);
        let Content::Events(items) = Batch::read(&body).unwrap().content else {
            panic!("events")
        };
        let batch = AcceptedBatch {
            app: "shop".into(),
            id: rum_core::Id(1),
            sent_ms: 0,
            received_ms: 0,
            mode: Mode::Wasm,
            document: Batch::read(&body).unwrap().document,
            items: items.clone(),
        };
        let mut tally = Tally::default();
        assert_eq!(scrub(batch, &PageNames::default(), &mut tally).items, items);
        assert_eq!(tally, Tally::default());
    }
}
