//! The row of a vital, and what its value is made of: asked here, of what the page sent.

use rum_core::attribution::{Attribution, LoadState, NavigationType};
use rum_core::vitals::{Metric, Scope};
use rum_core::wire::Item;
use rum_core::wire::event::{LongFrameEvent, ViewEvent, VitalEvent};

use super::{Maker, Name, View, ms, ms32, name};
use crate::store::row::{VitalFields, VitalRow};
use crate::store::rowbinary::Low;

impl Maker<'_> {
    pub(super) fn vital(&mut self, view: &View<'_>, item: &Item, vital: &VitalEvent) {
        let scope = [Scope::Document, Scope::View]
            .into_iter()
            .find(|scope| *scope as i64 == vital.scope);
        let (Some(metric), Some(scope), Some(known)) = (
            Metric::from_wire(vital.metric),
            scope,
            Attribution::of(view.event, vital),
        ) else {
            self.frame.left_out += 1;
            return;
        };
        let rest = known.paint.and_then(|parts| parts.rest);
        let script = known.longest.map(|longest| longest.what);
        let row = VitalRow {
            // The view's time, not the report's: every report of a value stands at the same place on a chart.
            place: &view.place,
            report: self.report(view, item, view.event.start),
            sender: self.sender,
            what: VitalFields {
                metric: Low(metric.name()),
                scope,
                value: value(metric, vital.value),
                rating: metric.rate(vital.value),
                target: vital.target.as_deref().unwrap_or_default(),
                detail: vital.detail.as_deref().unwrap_or_default(),
                at_ms: vital.at.map(ms),
                input_delay_ms: vital.input_delay.map(ms32),
                processing_ms: vital.processing.map(ms32),
                presentation_ms: vital.presentation.map(ms32),
                weight: view.weight,
                navigation_type: Low(known.navigation_type.map_or("", NavigationType::name)),
                load_state: Low(known.load_state.map_or("", LoadState::name)),
                ttfb_ms: known
                    .paint
                    .map(|parts| parts.time_to_first_byte)
                    .or(known.first_byte)
                    .and_then(part),
                first_byte_to_fcp_ms: known
                    .first_byte
                    .and_then(|first_byte| part(ms(vital.value) - first_byte)),
                resource_load_delay_ms: rest.and_then(|rest| part(rest.resource_load_delay)),
                resource_load_duration_ms: rest.and_then(|rest| part(rest.resource_load_duration)),
                element_render_delay_ms: rest.and_then(|rest| part(rest.element_render_delay)),
                waiting_ms: known.request.and_then(|parts| part(parts.waiting)),
                cache_ms: known.request.and_then(|parts| part(parts.cache)),
                dns_ms: known.request.and_then(|parts| part(parts.dns)),
                connection_ms: known.request.and_then(|parts| part(parts.connection)),
                request_ms: known.request.and_then(|parts| part(parts.request)),
                interaction_type: Low(match (metric, &vital.detail) {
                    (Metric::Inp, Some(event_type)) => name::interaction_type(event_type),
                    _ => "",
                }),
                long_frames: known.frames,
                script_url: script.map_or("", |script| &script.url),
                script_function: script.map_or("", |script| &script.function),
                script_invoker: script.map_or("", |script| &script.invoker),
                script_invoker_type: Low(script.map_or("", |script| &script.invoker_type)),
                // -1 on the wire where the browser does not say.
                script_position: script.and_then(|script| u32::try_from(script.position).ok()),
                script_subpart: Low(known.longest.map_or("", |longest| longest.subpart.name())),
                script_ms: known.longest.map(|longest| longest.intersecting as f32),
                total_script_ms: known.totals.map(|totals| totals.script as f32),
                total_style_and_layout_ms: known.totals.map(|totals| totals.style_and_layout as f32),
                total_paint_ms: known.totals.map(|totals| totals.paint as f32),
                total_unattributed_ms: known.totals.map(|totals| totals.unattributed as f32),
            },
        };
        let name = Name {
            kind: metric.name(),
            ordinal: scope as u64,
        };
        self.keep(view, name, &row, row.report.ver);
        for frame in vital.frames.iter().flat_map(|frames| &frames.0) {
            if belongs(frame, view.event) {
                self.long_frame(view, item, frame);
            }
        }
    }
}

/// Whether a frame is a row of this view. A document's value may be of an interaction in a later view, whose own value
/// then has the same frame: it counts once, under the view that was open when it began.
fn belongs(frame: &LongFrameEvent, view: &ViewEvent) -> bool {
    let first = view.document_id.is_none();
    let start = frame.what.start;
    (first || start >= view.start) && view.end.is_none_or(|end| start < end)
}

/// A metric's value in the tables' unit: CLS as it is, the others in ms.
fn value(metric: Metric, wire: i64) -> f32 {
    match metric {
        Metric::Cls => (wire as f64 / 1_000_000.0) as f32,
        Metric::Lcp | Metric::Inp | Metric::Fcp | Metric::Ttfb => ms32(wire),
    }
}

/// A part of a value; one below 0 comes from moments that are out of order, and says nothing.
fn part(ms: f64) -> Option<f32> {
    Some(ms as f32).filter(|ms| *ms >= 0.0)
}
