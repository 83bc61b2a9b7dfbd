//! All that is measured in one scope: the document, or one of its views.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::report::{Report, micros, millionths, millis};
use crate::vitals::{Cls, Entry, Fcp, FirstHidden, Inp, Lcp, Metric, Scope, Shift, Ttfb};
use crate::wire::record::{
    InteractionRecord, LargestPaintRecord, LongFrame, NavigationRecord, RestoreRecord, ShiftRecord,
};
use crate::wire::{Raw, Writer};

/// Parts of vitals that come as records of their own, kept at most of each sort.
const PARTS: usize = 30;

/// What names a candidate for the largest paint, as JSON.
#[derive(Clone, Debug, Default)]
struct Candidate {
    /// In µs since the time origin: what its resource is recorded under.
    t: i64,
    target: Option<String>,
    url: Option<String>,
}

/// The vitals of one scope. What a scope does not have, such as the first byte of a route, was never pushed and is absent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vitals {
    /// Where its times begin, in ms: activation, restore or soft navigation.
    origin: f64,
    hidden: FirstHidden,
    fcp: Fcp,
    lcp: Lcp<Candidate>,
    cls: Cls<Option<String>>,
    inp: Inp<String, String>,
    ttfb: Ttfb,
}

impl Vitals {
    /// A scope that begins when the browser has counted so many interactions; none for the first one of a document.
    /// In a box, because a struct of this size costs code wherever it is moved.
    #[inline(never)]
    pub(crate) fn counting_from(counted: Option<f64>) -> Box<Self> {
        Box::new(Self {
            inp: Inp::counting_from(counted),
            ..Self::default()
        })
    }

    /// The browser's count of interactions so far.
    pub(crate) fn counted(&self) -> f64 {
        self.inp.counted()
    }

    pub(crate) fn count(&mut self, interaction_count: Option<i64>) {
        #[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
        self.inp.count(interaction_count.map(|count| count as f64));
    }

    pub(crate) fn navigated(&mut self, record: &Raw<'_>) {
        self.origin = record.int(NavigationRecord::activation).map_or(0.0, millis);
        self.hidden.activated(self.origin);
        self.ttfb
            .push(record.int(NavigationRecord::response_start).map_or(0.0, millis));
    }

    /// The browser's soft navigation at `t` (µs) begins this scope again, as far as paints go.
    pub(crate) fn softened(&mut self, t: i64, painted: Option<i64>) {
        self.origin = millis(t);
        self.hidden = FirstHidden::default();
        self.lcp = Lcp::default();
        self.fcp = Fcp::default();
        if let Some(painted) = painted {
            self.fcp.push(millis(painted));
        }
    }

    /// A restore at `t` (µs). No navigation happened: the first byte was there, and the paint is the restore's own.
    pub(crate) fn restored(&mut self, t: i64, record: &Raw<'_>) {
        let start = millis(t);
        let paint = millis(t.saturating_add(record.int(RestoreRecord::painted).unwrap_or(0)));
        self.origin = start;
        self.ttfb.push(start);
        self.fcp.push(paint);
        self.lcp.push(paint, Candidate::default());
        // Candidates of later do not count: it is the restore that is measured.
        self.lcp.input(paint);
    }

    pub(crate) fn hidden(&mut self, t: i64) {
        self.hidden.push(millis(t));
    }

    pub(crate) fn painted(&mut self, t: i64) {
        self.fcp.push(millis(t));
    }

    pub(crate) fn input(&mut self, t: i64) {
        self.lcp.input(millis(t));
    }

    /// A candidate for the largest paint; a soft navigation's has the same fields in the same places.
    pub(crate) fn largest(&mut self, t: i64, record: &Raw<'_>) {
        let candidate = Candidate {
            t,
            target: record.text(LargestPaintRecord::target),
            url: record.text(LargestPaintRecord::url),
        };
        self.lcp.push(millis(t), candidate);
    }

    pub(crate) fn shifted(&mut self, t: i64, record: &Raw<'_>) {
        if record.int(ShiftRecord::recent_input) == Some(0) {
            self.cls.push(Shift {
                t: millis(t),
                value: record.int(ShiftRecord::value).map_or(0.0, millis) / 1e3,
                what: record.text(ShiftRecord::target),
            });
        }
    }

    pub(crate) fn interacted(&mut self, t: i64, record: &Raw<'_>) {
        let ms = |field| record.int(field).map_or(0.0, millis);
        self.inp.push(Entry {
            #[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
            id: record.int(InteractionRecord::interaction_id).unwrap_or(0) as f64,
            start: millis(t),
            duration: ms(InteractionRecord::duration),
            processing_start: ms(InteractionRecord::processing_start),
            processing_end: ms(InteractionRecord::processing_end),
            name: record.text(InteractionRecord::name).unwrap_or_default(),
            target: record.text(InteractionRecord::target),
        });
    }

    /// Gives what there is to report to `each`.
    pub(crate) fn report(&self, scope: Scope, parts: &Parts, mut each: impl FnMut(&Report<'_>)) {
        let report = |metric, value| Report::new(metric, scope, value);
        if let Some(value) = self.ttfb.value(self.origin) {
            each(&report(Metric::Ttfb, micros(value)));
        }
        let fcp = self.fcp.value(self.origin, &self.hidden);
        if let Some(value) = fcp {
            each(&report(Metric::Fcp, micros(value)));
        }
        if let Some((t, largest)) = self.lcp.largest(&self.hidden) {
            each(&Report {
                target: largest.target.as_deref(),
                detail: largest.url.as_deref(),
                // Where a soft navigation's times begin is known from this and the value alone.
                at: (scope == Scope::View).then(|| micros(*t)),
                resource: parts.resource_of(largest.t),
                ..report(Metric::Lcp, micros((t - self.origin).max(0.0)))
            });
        }
        // A document that was never seen has no layout to be unstable.
        if scope == Scope::View || fcp.is_some() {
            let largest = self.cls.largest();
            each(&Report {
                target: largest.and_then(|shift| shift.what.as_deref()),
                at: largest.map(|shift| micros(shift.t)),
                ..report(Metric::Cls, millionths(self.cls.value()))
            });
        }
        if let Some(longest) = self.inp.interaction() {
            let phases = self.inp.phases(longest);
            each(&Report {
                target: longest.target.as_deref(),
                detail: Some(&longest.name),
                at: Some(micros(longest.start)),
                phases: [phases.input_delay(), phases.processing(), phases.presentation()].map(|ms| Some(micros(ms))),
                frames: parts.frames_between(micros(longest.start), micros(phases.processing_end)),
                ..report(Metric::Inp, micros(longest.duration))
            });
        } else if self.inp.only_short() {
            each(&report(Metric::Inp, micros(Inp::<String, String>::LEAST)));
        }
    }
}

/// A record that is part of a vital.
#[derive(Clone, Debug)]
struct Part {
    /// In µs since the time origin.
    start: i64,
    end: i64,
    /// Its fields, as a JSON array.
    text: String,
}

/// What vitals are made of besides: resources of largest paints, and long animation frames that met interactions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    resources: Vec<Part>,
    frames: Vec<Part>,
}

fn keep(parts: &mut Vec<Part>, part: Part) {
    // A later record about the same moment says it better.
    parts.retain(|known| known.start != part.start);
    if parts.len() >= PARTS {
        parts.remove(0);
    }
    parts.push(part);
}

impl Parts {
    /// The resource behind the candidate that was painted at `t` (µs).
    pub(crate) fn resource(&mut self, t: i64, record: &Raw<'_>) {
        keep(
            &mut self.resources,
            Part {
                start: t,
                end: t,
                text: record.array(),
            },
        );
    }

    /// A frame. Its event has the ordinal before its fields.
    pub(crate) fn frame(&mut self, ordinal: i64, record: &Raw<'_>) {
        let (Some(start), Some(duration)) = (record.int(LongFrame::start), record.int(LongFrame::duration)) else {
            return;
        };
        let mut w = Writer::default();
        w.begin_array();
        w.int(ordinal);
        record.write(&mut w);
        w.end_array();
        let end = start.saturating_add(duration);
        keep(
            &mut self.frames,
            Part {
                start,
                end,
                text: w.finish(),
            },
        );
    }

    fn resource_of(&self, t: i64) -> Option<&str> {
        self.resources
            .iter()
            .find(|part| part.start == t)
            .map(|part| part.text.as_str())
    }

    fn frames_between(&self, start: i64, end: i64) -> Option<String> {
        let mut w = Writer::default();
        for part in self.frames.iter().filter(|part| part.end >= start && part.start <= end) {
            if w.is_empty() {
                w.begin_array();
            }
            w.json(&part.text);
        }
        (!w.is_empty()).then(|| {
            w.end_array();
            w.finish()
        })
    }
}
