//! `native-core`: what the collector makes of raw batches. Reads compact bodies of records, one a line, and prints for
//! each the compact body of events that the native core computes, one a line.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use rum_core::replay::replay;
use rum_core::wire::{Batch, Content};

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

fn computed(raw: &str) -> Result<String, String> {
    let batch = Batch::read(raw).map_err(|error| error.to_string())?;
    if matches!(batch.content, Content::Events(_)) {
        return Err("the batch holds events, not records".to_owned());
    }
    let events = replay(raw).map_err(|error| error.to_string())?;
    Ok(events.write())
}
