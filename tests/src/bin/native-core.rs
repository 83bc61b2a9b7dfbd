//! `native-core`: what the collector makes of raw batches. Reads compact bodies of records, one a line, and prints for
//! each the compact body of events that the native core computes, one a line.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use rum_core::wire::{Batch, Content};
use rum_core::{Engine, Limits};

fn main() -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    for (number, line) in (1..).zip(io::stdin().lock().lines()) {
        match computed(&line?) {
            Ok(body) => writeln!(out, "{body}")?,
            Err(message) => {
                writeln!(io::stderr(), "line {number}: {message}")?;
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A fresh engine takes all of the batch's records, then gives its events.
fn computed(raw: &str) -> Result<String, String> {
    let batch = Batch::read(raw).map_err(|error| error.to_string())?;
    let Content::Records(records) = batch.content else {
        return Err("the batch holds events, not records".to_owned());
    };
    let mut engine = Engine::new(Limits::default());
    records.into_iter().for_each(|record| engine.push(record));
    Ok(Batch {
        content: Content::Events(engine.take()),
        ..batch
    }
    .write())
}
