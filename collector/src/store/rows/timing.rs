//! Rows of what the page's own time went to: long animation frames, marks and measures, timed elements.

use rum_core::wire::Item;
use rum_core::wire::event::{ElementTimingEvent, LongFrameEvent, UserTimingEvent};

use super::{Maker, Name, View, clamp_u64, each, ms, ms32, name, sampled};
use crate::store::row::{LongFrameFields, LongFrameRow, Report, TimingFields, TimingRow};
use crate::store::rowbinary::Low;

impl Maker<'_> {
    pub(super) fn long_frame(&mut self, view: &View<'_>, item: &Item, event: &LongFrameEvent) {
        let frame = &event.what;
        let scripts = frame.scripts.as_ref().map_or(&[][..], |scripts| &scripts.0);
        let row = LongFrameRow {
            place: &view.place,
            report: self.report(view, item, frame.start),
            what: LongFrameFields {
                kind: Low(name::frame_kind(frame.kind)),
                ordinal: clamp_u64(event.ordinal),
                start_ms: ms(frame.start),
                duration_ms: ms32(frame.duration),
                blocking_ms: frame.blocking.map(ms32),
                render_start_ms: frame.render_start.map(ms),
                style_and_layout_start_ms: frame.style_start.map(ms),
                first_input_ms: frame.first_input.map(ms),
                script_start_ms: each(scripts, |script| ms(script.start)),
                script_duration_ms: each(scripts, |script| ms32(script.duration)),
                script_forced_style_and_layout_ms: each(scripts, |script| ms32(script.forced_style)),
                script_pause_ms: each(scripts, |script| ms32(script.pause)),
                script_invoker_type: each(scripts, |script| Low(&script.invoker_type)),
                script_invoker: each(scripts, |script| script.invoker.as_str()),
                script_url: each(scripts, |script| script.url.as_str()),
                script_function: each(scripts, |script| script.function.as_str()),
                script_position: each(scripts, |script| script.position),
                weight: sampled(view.weight, frame.weight),
            },
        };
        self.keep(
            view,
            Name {
                kind: "long_frame",
                ordinal: row.what.ordinal,
            },
            &row,
            row.report.ver,
        );
    }

    pub(super) fn user_timing(&mut self, view: &View<'_>, item: &Item, event: &UserTimingEvent) {
        let timing = &event.what;
        let kind = if timing.duration.is_some() { "measure" } else { "mark" };
        let what = TimingFields {
            kind: Low(kind),
            ordinal: clamp_u64(event.ordinal),
            name: &timing.name,
            start_ms: ms(timing.start),
            duration_ms: timing.duration.map(ms32),
            target: "",
            url: "",
            weight: sampled(view.weight, timing.weight),
        };
        let report = self.report(view, item, timing.start);
        self.timing(view, report, what);
    }

    pub(super) fn element_timing(&mut self, view: &View<'_>, item: &Item, event: &ElementTimingEvent) {
        let element = &event.what;
        let what = TimingFields {
            kind: Low("element"),
            ordinal: clamp_u64(event.ordinal),
            name: &element.name,
            start_ms: ms(element.painted),
            duration_ms: None,
            target: element.target.as_deref().unwrap_or_default(),
            url: element.url.as_deref().unwrap_or_default(),
            weight: sampled(view.weight, element.weight),
        };
        let report = self.report(view, item, element.painted);
        self.timing(view, report, what);
    }

    fn timing(&mut self, view: &View<'_>, report: Report, what: TimingFields<'_>) {
        let row = TimingRow {
            place: &view.place,
            report,
            what,
        };
        let name = Name {
            kind: row.what.kind.0,
            ordinal: row.what.ordinal,
        };
        self.keep(view, name, &row, row.report.ver);
    }
}
