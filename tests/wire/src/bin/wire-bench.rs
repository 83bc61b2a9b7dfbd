//! `wire-bench RECORDING FOLDER`: what a recorded visit's body is in each form, and what reading it costs a collector.
//! Prints one JSON object, and leaves the bodies in the folder for the benchmarks in JavaScript.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use rum_core::wire::batch::read_records;
use rum_core::wire::documented::DocumentedBatch;
use rum_core::wire::{Batch, Stamped};
use rum_core::{Engine, Id};
use serde_json::{Value, json};
use wire_bench::{Binary, Form, Head, Named, Positional, binary, named};

/// Samples of each form; the median is reported. The forms take turns, so that noise meets all of them.
const SAMPLES: usize = 4_001;
/// Bodies read in one sample: enough for the clock.
const BODIES: u32 = 20;

const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 22;

/// One form's body of the visit.
struct Rival {
    name: &'static str,
    body: Vec<u8>,
    /// The visit's records, as a raw body holds them.
    records: Vec<u8>,
    /// Reads the body as a collector does.
    read: fn(&[u8]) -> Option<Batch>,
    /// sessionStorage holds text: bytes go in as base64.
    is_text: bool,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let recording = arguments.next().context("the first argument is a recording")?;
    let folder = arguments
        .next()
        .context("the second argument is a folder for the bodies")?;
    let rivals = rivals(Path::new(&recording))?;
    for rival in &rivals {
        ensure!(
            (rival.read)(&rival.body).is_some(),
            "{} cannot read its own body",
            rival.name
        );
        std::fs::write(Path::new(&folder).join(rival.name), &rival.body)?;
        std::fs::write(
            Path::new(&folder).join(format!("{}-records", rival.name)),
            &rival.records,
        )?;
    }
    let nanoseconds = read_times(&rivals);
    let forms = rivals
        .iter()
        .zip(nanoseconds)
        .map(|(rival, ns)| Ok((rival.name.to_owned(), rival.json(ns)?)));
    let forms = forms.collect::<Result<serde_json::Map<String, Value>>>()?;
    writeln!(std::io::stdout(), "{}", Value::from(forms))?;
    Ok(())
}

fn rivals(recording: &Path) -> Result<[Rival; 3]> {
    let json: Value = serde_json::from_slice(&std::fs::read(recording)?)?;
    let compact = json["document"].to_string();
    let document = Batch::read(&format!("[1,1,\"{}\",0,{compact},[]]", Id(0)))?.document;
    let mut records: Vec<Stamped> = Vec::new();
    let parts = json["parts"].as_array().context("a recording has parts")?;
    let listed = Value::from_iter(parts.iter().filter_map(Value::as_array).flatten().cloned()).to_string();
    read_records(&listed, |record| records.push(record))?;
    let positional = body::<Positional>(&records, compact.as_bytes())?;
    let named = body::<Named>(&records, named::document(&document).as_bytes())?;
    let binary = body::<Binary>(&records, &binary::document(&document))?;
    Ok([
        Rival {
            name: "named",
            body: named,
            records: named::records(&records).into_bytes(),
            read: |body| serde_json::from_slice::<DocumentedBatch>(body).ok()?.try_into().ok(),
            is_text: true,
        },
        Rival {
            name: "positional",
            body: positional,
            records: listed.into_bytes(),
            read: |body| Batch::read(std::str::from_utf8(body).ok()?).ok(),
            is_text: true,
        },
        Rival {
            name: "binary",
            body: binary,
            records: binary::records(&records),
            read: binary::read,
            is_text: false,
        },
    ])
}

fn body<F: Form>(records: &[Stamped], document: &[u8]) -> Result<Vec<u8>> {
    let mut engine = Engine::default();
    records.iter().cloned().for_each(|record| engine.push(record));
    let head = Head {
        batch_id: Id(0x9e37_79b9_7f4a_7c15),
        sent_at_ms: 1_795_226_212_720,
        document,
    };
    F::take_body(&mut engine, &head).context("the visit makes no body")
}

/// Median ns of reading one body, for each form.
fn read_times(rivals: &[Rival; 3]) -> [f64; 3] {
    let mut samples = [const { Vec::new() }; 3];
    for _ in 0..SAMPLES {
        for (rival, samples) in rivals.iter().zip(&mut samples) {
            let started = Instant::now();
            for _ in 0..BODIES {
                black_box((rival.read)(black_box(&rival.body)));
            }
            samples.push(started.elapsed());
        }
    }
    samples.map(|mut samples| {
        samples.sort();
        let median = samples.get(samples.len() / 2).copied().unwrap_or_default();
        median.as_secs_f64() * 1e9 / f64::from(BODIES)
    })
}

impl Rival {
    fn json(&self, nanoseconds: f64) -> Result<Value> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
        gzip.write_all(&self.body)?;
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
        brotli.write_all(&self.body)?;
        let stored = if self.is_text {
            std::str::from_utf8(&self.body)?.encode_utf16().count()
        } else {
            self.body.len().div_ceil(3) * 4
        };
        Ok(json!({
            "bytes": self.body.len(),
            "gzip": gzip.finish()?.len(),
            "brotli": brotli.into_inner().len(),
            "stored_chars": stored,
            "collector_ns": nanoseconds.round(),
        }))
    }
}
