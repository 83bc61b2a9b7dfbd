//! `native-vitals`: what the collector says of vitals. Reads compact bodies, of events or of records, one a line, and prints
//! an object for each vital in them, one a line: the value in ms (CLS: a score), its rating, and what it is made of, by the
//! names of the reference library, all in ms. What is not known is null.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use rum_core::attribution::Attribution;
use rum_core::replay::replay;
use rum_core::vitals::{Metric, Rating};
use rum_core::wire::event::{Event, ViewEvent, VitalEvent};
use rum_core::wire::{Batch, Content, Item};
use serde_json::{Value, json};

fn main() -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    for (number, line) in (1..).zip(io::stdin().lock().lines()) {
        match vitals(&line?) {
            Ok(vitals) => vitals.iter().try_for_each(|vital| writeln!(out, "{vital}"))?,
            Err(message) => {
                writeln!(io::stderr(), "line {number}: {message}")?;
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn vitals(body: &str) -> Result<Vec<Value>, String> {
    let mut batch = Batch::read(body).map_err(|error| error.to_string())?;
    if let Content::Records(_) = batch.content {
        batch = replay(body).map_err(|error| error.to_string())?;
    }
    let Content::Events(items) = &batch.content else {
        return Err("a replay gives events".to_owned());
    };
    Ok(items
        .iter()
        .filter_map(|item| match &item.event {
            Event::Vital(vital) => said(view_of(item, items)?, item.seq, vital),
            _ => None,
        })
        .collect())
}

fn view_of<'a>(item: &Item, items: &'a [Item]) -> Option<&'a ViewEvent> {
    items.iter().find_map(|candidate| match &candidate.event {
        Event::View(view) if candidate.view == item.view => Some(&**view),
        _ => None,
    })
}

fn ms(micros: Option<i64>) -> Option<f64> {
    micros.map(|micros| micros as f64 / 1e3)
}

fn said(view: &ViewEvent, seq: i64, vital: &VitalEvent) -> Option<Value> {
    let metric = Metric::from_wire(vital.metric)?;
    let known = Attribution::of(view, vital)?;
    let unit = if metric == Metric::Cls { 1e6 } else { 1e3 };
    let rest = known.paint.and_then(|parts| parts.rest);
    let script = known.longest;
    Some(json!({
        "view": format!("{:016x}", view.view_id.0),
        "seq": seq,
        "metric": metric.name(),
        "scope": vital.scope,
        "value": vital.value as f64 / unit,
        "rating": match metric.rate(vital.value) {
            Rating::Good => "good",
            Rating::NeedsImprovement => "needs-improvement",
            Rating::Poor => "poor",
        },
        "navigationType": known.navigation_type.map(|sort| sort.name()),
        "target": vital.target,
        "detail": vital.detail,
        "at": ms(vital.at),
        "loadState": known.load_state.map(|state| state.name()),
        "timeToFirstByte": known.paint.map(|parts| parts.time_to_first_byte).or(known.first_byte),
        "resourceLoadDelay": rest.map(|rest| rest.resource_load_delay),
        "resourceLoadDuration": rest.map(|rest| rest.resource_load_duration),
        "elementRenderDelay": rest.map(|rest| rest.element_render_delay),
        "firstByteToFCP": known.first_byte.map(|first_byte| vital.value as f64 / unit - first_byte),
        "waitingDuration": known.request.map(|parts| parts.waiting),
        "cacheDuration": known.request.map(|parts| parts.cache),
        "dnsDuration": known.request.map(|parts| parts.dns),
        "connectionDuration": known.request.map(|parts| parts.connection),
        "requestDuration": known.request.map(|parts| parts.request),
        "inputDelay": ms(vital.input_delay),
        "processingDuration": ms(vital.processing),
        "presentationDelay": ms(vital.presentation),
        "frames": known.frames,
        "longestScript": script.map(|script| json!({
            "invoker": script.what.invoker,
            "sourceURL": script.what.url,
            "sourceFunctionName": script.what.function,
            "subpart": script.subpart.name(),
            "intersectingDuration": script.intersecting,
        })),
        "totalScriptDuration": known.totals.map(|totals| totals.script),
        "totalStyleAndLayoutDuration": known.totals.map(|totals| totals.style_and_layout),
        "totalPaintDuration": known.totals.map(|totals| totals.paint),
        "totalUnattributedDuration": known.totals.map(|totals| totals.unattributed),
    }))
}
