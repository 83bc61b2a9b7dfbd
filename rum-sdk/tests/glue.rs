//! The glue, in a JavaScript engine: settings, text over the border, the deadline. What the records mean is tested in
//! rum-core.
#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use js_sys::{Array, Function, JSON, Promise};
use rum_sdk::Sdk;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

const DOCUMENT: &str = r#"[1795226212000,"https://shop.example","0.1.0"]"#;
const VIEW: &str = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/é\ud83d\ude00"]"#;
const ACTION: &str = r#"[66,1,2000,2000,0,"Add to cart","button"]"#;

fn sdk(settings: &str, due: &Function) -> Sdk {
    Sdk::new(JSON::parse(settings).unwrap(), DOCUMENT.into(), due.clone())
}

fn nothing() -> Function {
    Function::new_no_args("")
}

#[wasm_bindgen_test]
fn a_body_is_json_with_the_document_as_it_was_given() {
    let mut sdk = sdk("{}", &nothing());
    assert_eq!(sdk.push(&format!("[{VIEW},{ACTION}]")), 0);
    let body = sdk.flush("00000000000000ff", 1_795_226_217_000.0).unwrap();
    let parsed = Array::from(&JSON::parse(&body).unwrap());
    assert_eq!(parsed.get(2), "00000000000000ff");
    assert_eq!(parsed.get(3), 1_795_226_217_000_f64);
    assert_eq!(String::from(JSON::stringify(&parsed.get(4)).unwrap()), DOCUMENT);
    assert!(body.contains(r#""/é\ud83d\ude00""#), "texts go on as they came: {body}");
    assert_eq!(sdk.flush("00000000000000ff", 0.0), None, "nothing waits any more");
}

#[wasm_bindgen_test]
fn what_cannot_be_read_is_a_number_and_no_trap() {
    let mut sdk = sdk("null", &nothing());
    for text in ["", "{}", "[1]", "[[66,\"x]]", "[", "\u{fffd}"] {
        assert_eq!(sdk.push(text), 1, "{text}");
    }
    for lacking in ["[[1]]", "[[66,\"x\"]]", "[[]]"] {
        assert_eq!(sdk.push(lacking), 0, "without effect: {lacking}");
    }
    assert_eq!(sdk.push(&format!("[{VIEW},{ACTION}]")), 0, "and it goes on");
}

#[wasm_bindgen_test]
fn settings_of_a_wrong_type_have_their_defaults() {
    for settings in [
        r#"{"due_ms":"soon","other":{}}"#,
        "7",
        "null",
        r#"{"batch_bytes":-1e99}"#,
    ] {
        assert_eq!(sdk(settings, &nothing()).push(&format!("[{VIEW}]")), 0, "{settings}");
    }
}

#[wasm_bindgen_test]
async fn the_deadline_calls_once_something_has_waited() {
    let called = Promise::new(&mut |resolve, _| {
        let mut sdk = sdk(r#"{"due_ms":1}"#, &resolve);
        sdk.push(&format!("[{VIEW},{ACTION}]"));
        // Dropping it would cancel the deadline.
        core::mem::forget(sdk);
    });
    wasm_bindgen_futures::JsFuture::from(called).await.unwrap();
}
