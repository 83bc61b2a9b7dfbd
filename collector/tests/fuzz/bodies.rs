//! Bodies: what the decoder reads, and what has to be decompressed first.

use std::io::Write as _;

use http::Request;
use http::header::CONTENT_ENCODING;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::budget::spend;
use crate::mutation::mutated;
use crate::subject::{Subject, bodies, limits, memory};

const ENCODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

/// What decompression may take besides the text: the largest window, which is brotli's. zstd's is half of that.
const WINDOW: usize = 16 << 20;

#[test]
fn decoder() {
    let subject = Subject::new();
    let strategy = prop_oneof![
        8 => mutated(bodies()),
        1 => vec(any::<u8>(), 0..2_000),
        1 => json().prop_map(|value| value.to_string().into_bytes()),
    ];
    spend(memory(), strategy, |body| subject.send(body).map(drop));
}

/// What the mutations are of is right: without that they would all end at the first check.
#[test]
fn what_the_decoder_is_tried_with_is_accepted_before_it_is_changed() {
    let subject = Subject::new();
    for body in bodies() {
        assert_eq!(subject.send(&body), Ok(204), "{}", String::from_utf8_lossy(&body));
    }
}

/// What is nested as deep as a body is long ends with an answer, not with the stack.
#[test]
fn nested_as_deep_as_it_may_be_long() {
    let subject = Subject::new();
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let depth = (250 << 10) / (open.len() + close.len());
        for body in [open.repeat(depth), open.repeat(depth) + &close.repeat(depth)] {
            assert_eq!(subject.send(body.as_bytes()), Ok(400));
            let inside = format!(
                r#"[1,0,"00000000000000ff",1795226217000,[1795226212000,"https://shop.example","0.1.0"],[[1,0,1200,{body}]]]"#
            );
            assert!(matches!(subject.send(inside.as_bytes()), Ok(400 | 413)));
        }
    }
}

#[test]
fn decompressors() {
    let subject = Subject::new();
    let packed = ENCODINGS
        .iter()
        .flat_map(|name| bodies().into_iter().map(|body| pack(name, &body)));
    let strategy = (mutated(packed.collect()), select(&ENCODINGS[..]));
    spend(WINDOW + memory(), strategy, |(body, encoding)| {
        let request = Request::post("/v1/batches?k=k").header(CONTENT_ENCODING, *encoding);
        subject.ask(request, body.clone()).map(drop)
    });
}

#[test]
fn bombs() {
    let subject = Subject::new();
    let most = limits().decompressed_bytes;
    // Of the same byte, of a few, and of one that is packed twice. Made before the check, whose memory is measured.
    let strategy = (
        select(&ENCODINGS[..]),
        vec(any::<u8>(), 1..4),
        1..48_usize,
        any::<bool>(),
    );
    let strategy = strategy.prop_map(move |(encoding, unit, mebibytes, twice)| {
        let mut body = pack(encoding, &unit.repeat((mebibytes << 20) / unit.len()));
        if twice {
            body = pack(encoding, &body);
        }
        let is_long = !twice && mebibytes << 20 > most + 4;
        Bomb {
            encoding,
            body,
            is_long,
        }
    });
    // The text's buffer doubles, and is copied as it does; and the body's.
    spend(WINDOW + 3 * most + 2 * limits().body_bytes, strategy, |bomb| {
        let request = Request::post("/v1/batches?k=k").header(CONTENT_ENCODING, bomb.encoding);
        match subject.ask(request, bomb.body.clone())? {
            413 => Ok(()),
            400 if !bomb.is_long => Ok(()),
            status => Err(format!("it is answered {status}")),
        }
    });
}

struct Bomb {
    encoding: &'static str,
    body: Vec<u8>,
    is_long: bool,
}

impl std::fmt::Debug for Bomb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} bytes of {}, long: {}",
            self.body.len(),
            self.encoding,
            self.is_long
        )
    }
}

fn pack(encoding: &str, text: &[u8]) -> Vec<u8> {
    let fast = flate2::Compression::fast();
    match encoding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), fast);
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), fast);
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "br" => {
            let mut out = Vec::new();
            let quick = brotli::enc::BrotliEncoderParams {
                quality: 1,
                lgwin: 16,
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*text, &mut out, &quick).unwrap();
            out
        }
        _ => {
            // The largest window that is allowed, unless the text's length says that less is enough.
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.window_log(23).unwrap();
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
    }
}

/// Some JSON.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,20}".prop_map(Into::into),
    ];
    let keys = select(
        &[
            "version",
            "batch_id",
            "document",
            "views",
            "vitals",
            "errors",
            "seq",
            "sent_at_ms",
            "x",
        ][..],
    );
    leaf.prop_recursive(6, 64, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Into::into),
            vec((keys.clone(), inner), 0..8).prop_map(|pairs| {
                serde_json::Value::Object(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        ]
    })
}
