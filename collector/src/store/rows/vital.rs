//! The row of a vital, and what its value is made of: derived here from what the page sent, by `rum_core::attribution`.
//! Only the vital's own view is asked, for that is in the batch in both executions.

use rum_core::ViewKind;
use rum_core::attribution::inp::{Frame, Frames, Interaction, LongestScript, Totals};
use rum_core::attribution::lcp::{self, LargestPaint, Resource};
use rum_core::attribution::ttfb::{self, RequestMoments};
use rum_core::attribution::{LoadMoments, LoadState, NavigationType, inp};
use rum_core::vitals::{Metric, Scope};
use rum_core::wire::Item;
use rum_core::wire::event::{LongFrameEvent, ViewEvent, VitalEvent};
use rum_core::wire::record::{NavigationRecord, Script};

use super::{Maker, Name, WEIGHT, ms, ms32, name, text};
use crate::batch::EnrichedBatch;
use crate::store::row::{VitalFields, VitalRow};
use crate::store::rowbinary::Low;

/// A long task says nothing about scripts and rendering.
const FRAME: i64 = 0;

impl<'a> Maker<'a> {
    pub(super) fn vital(&mut self, view: &'a ViewEvent, item: &Item, vital: &'a VitalEvent) {
        let scope = [Scope::Document, Scope::View]
            .into_iter()
            .find(|scope| *scope as i64 == vital.scope);
        let (Some(metric), Some(scope)) = (Metric::from_wire(vital.metric), scope) else {
            self.frame.left_out += 1;
            return;
        };
        let EnrichedBatch {
            accepted,
            browser,
            device,
        } = self.batch;
        let origin = Origin::of(view, vital);
        let (paint, first_byte) = match metric {
            Metric::Lcp => (origin.largest_paint(vital), None),
            Metric::Ttfb => (None, origin.first_byte_parts(vital)),
            Metric::Fcp | Metric::Cls | Metric::Inp => (None, None),
        };
        let first_byte_of_fcp = (metric == Metric::Fcp).then(|| origin.first_byte()).flatten();
        let rest = paint.and_then(|parts| parts.rest);
        let interaction = Spent::of(metric, vital);
        let script = interaction.longest.as_ref().map(|longest| longest.what);
        let row = VitalRow {
            // The view's time, not the report's: every report of a value stands at the same place on a chart.
            place: self.place(view, item, view.start),
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
                device: Low(device),
                browser: Low(browser),
                release: text(&accepted.document.release),
                connection: text(&accepted.document.connection),
                weight: WEIGHT,
                navigation_type: Low(origin.navigation_type().map_or("", NavigationType::name)),
                load_state: Low(origin.load_state(metric, vital).map_or("", LoadState::name)),
                ttfb_ms: paint
                    .map(|parts| parts.time_to_first_byte)
                    .or(first_byte_of_fcp)
                    .and_then(part),
                first_byte_to_fcp_ms: first_byte_of_fcp.and_then(|first_byte| part(ms(vital.value) - first_byte)),
                resource_load_delay_ms: rest.and_then(|rest| part(rest.resource_load_delay)),
                resource_load_duration_ms: rest.and_then(|rest| part(rest.resource_load_duration)),
                element_render_delay_ms: rest.and_then(|rest| part(rest.element_render_delay)),
                waiting_ms: first_byte.and_then(|parts| part(parts.waiting)),
                cache_ms: first_byte.and_then(|parts| part(parts.cache)),
                dns_ms: first_byte.and_then(|parts| part(parts.dns)),
                connection_ms: first_byte.and_then(|parts| part(parts.connection)),
                request_ms: first_byte.and_then(|parts| part(parts.request)),
                interaction_type: Low(match (metric, &vital.detail) {
                    (Metric::Inp, Some(event_type)) => name::interaction_type(event_type),
                    _ => "",
                }),
                long_frames: interaction.frames,
                script_url: script.map_or("", |script| &script.url),
                script_function: script.map_or("", |script| &script.function),
                script_invoker: script.map_or("", |script| &script.invoker),
                script_invoker_type: Low(script.map_or("", |script| &script.invoker_type)),
                // -1 on the wire where the browser does not say.
                script_position: script.and_then(|script| u32::try_from(script.position).ok()),
                script_subpart: Low(interaction
                    .longest
                    .as_ref()
                    .map_or("", |longest| longest.subpart.name())),
                script_ms: interaction.longest.as_ref().map(|longest| longest.intersecting as f32),
                total_script_ms: interaction.totals.map(|totals| totals.script as f32),
                total_style_and_layout_ms: interaction.totals.map(|totals| totals.style_and_layout as f32),
                total_paint_ms: interaction.totals.map(|totals| totals.paint as f32),
                total_unattributed_ms: interaction.totals.map(|totals| totals.unattributed as f32),
            },
        };
        let name = Name {
            kind: metric.name(),
            ordinal: scope as u64,
        };
        self.keep(view.view_id, name, &row, row.place.ver);
        for frame in vital.frames.iter().flat_map(|frames| &frames.0) {
            if belongs(frame, view) {
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

/// Where the time of a view's vitals began.
struct Origin<'a> {
    kind: Option<ViewKind>,
    navigation: Option<&'a NavigationRecord>,
    /// In ms since the time origin.
    start: f64,
}

impl<'a> Origin<'a> {
    fn of(view: &'a ViewEvent, vital: &VitalEvent) -> Self {
        let kind = ViewKind::from_wire(view.kind);
        let navigation = view.navigation.as_ref();
        let start = match (kind, vital.at) {
            // The browser's soft navigation may have begun before the view that the route opened.
            (Some(ViewKind::Soft), Some(at)) if vital.metric == Metric::Lcp as i64 => at.saturating_sub(vital.value),
            (Some(ViewKind::Soft | ViewKind::BackForwardCache), _) => view.start,
            _ => navigation.and_then(|navigation| navigation.activation).unwrap_or(0),
        };
        Self {
            kind,
            navigation,
            start: ms(start),
        }
    }

    fn navigation_type(&self) -> Option<NavigationType> {
        NavigationType::of(self.kind?, self.navigation)
    }

    /// Of a view that nothing had to be fetched for, the first byte was there at once. `None` if nobody knows.
    fn first_byte(&self) -> Option<f64> {
        match self.kind? {
            ViewKind::BackForwardCache | ViewKind::Soft => Some(0.0),
            _ => Some(RequestMoments::from(self.navigation?).first_byte()),
        }
    }

    fn first_byte_parts(&self, vital: &VitalEvent) -> Option<ttfb::Parts> {
        match self.kind? {
            ViewKind::BackForwardCache | ViewKind::Soft => Some(ttfb::Parts::default()),
            _ => Some(RequestMoments::from(self.navigation?).parts(ms(vital.value))),
        }
    }

    fn largest_paint(&self, vital: &VitalEvent) -> Option<lcp::Parts> {
        let first_byte = self.first_byte()?;
        let resource = match (&vital.detail, &vital.resource) {
            (_, Some(resource)) => Resource::Timed {
                request_start: ms(resource.request_start),
                response_end: ms(resource.response_end),
            },
            (Some(_), None) => Resource::Unknown,
            (None, None) => Resource::None,
        };
        let paint = LargestPaint {
            value: ms(vital.value),
            origin: self.start,
            response_start: self.start + first_byte,
            resource,
        };
        Some(paint.parts())
    }

    /// How far the document was when the value came about.
    fn load_state(&self, metric: Metric, vital: &VitalEvent) -> Option<LoadState> {
        let t = match metric {
            Metric::Fcp | Metric::Lcp => self.start + ms(vital.value),
            Metric::Cls | Metric::Inp => ms(vital.at?),
            Metric::Ttfb => return None,
        };
        match self.kind? {
            // Only documents that are loaded go into that cache.
            ViewKind::BackForwardCache => Some(LoadState::Complete),
            _ => Some(LoadMoments::from(self.navigation?).state_at(t)),
        }
    }
}

/// What an interaction was spent on; nothing for other metrics.
#[derive(Default)]
struct Spent<'a> {
    /// Long animation frames that it met.
    frames: Option<u16>,
    longest: Option<LongestScript<&'a Script>>,
    totals: Option<Totals>,
}

impl<'a> Spent<'a> {
    fn of(metric: Metric, vital: &'a VitalEvent) -> Self {
        let (Metric::Inp, Some(start), Some(input_delay), Some(processing)) =
            (metric, vital.at, vital.input_delay, vital.processing)
        else {
            return Self::default();
        };
        let interaction = Interaction {
            start: ms(start),
            input_delay: ms(input_delay),
            processing: ms(processing),
            next_paint: ms(start
                .saturating_add(input_delay)
                .saturating_add(processing)
                .saturating_add(vital.presentation.unwrap_or(0))),
        };
        let mut frames = Frames::of(interaction);
        let mut met = 0;
        let met_frames = vital
            .frames
            .iter()
            .flat_map(|frames| &frames.0)
            .map(|frame| &frame.what);
        for frame in met_frames.filter(|frame| frame.kind == FRAME) {
            met += 1;
            frames.push(&Frame {
                start: ms(frame.start),
                duration: ms(frame.duration),
                style_and_layout_start: frame.style_start.map_or(0.0, ms),
            });
            for script in frame.scripts.iter().flat_map(|scripts| &scripts.0) {
                let times = inp::Script {
                    start: ms(script.start),
                    duration: ms(script.duration),
                    forced_style_and_layout: ms(script.forced_style),
                };
                frames.push_script(&times, script);
            }
        }
        Self {
            // None of them may as well mean that the browser has no such frames.
            frames: vital.frames.as_ref().map(|_| met),
            totals: frames.totals(),
            longest: frames.into_longest(),
        }
    }
}
