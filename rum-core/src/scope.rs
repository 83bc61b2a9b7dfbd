//! All that is measured in one scope: the document, or one of its views.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::report::{Report, micros, millionths, millis};
use crate::vitals::inp::Taken;
use crate::vitals::{Cls, Entry, Fcp, FirstHidden, Inp, Lcp, Metric, Scope, Shift, Ttfb};
use crate::wire::record::{
    InteractionRecord, LargestPaintRecord, LongFrame, NavigationRecord, RestoreRecord, ShiftRecord,
};
use crate::wire::{Raw, Writer};

/// Parts of vitals that come as records of their own, kept at most of each sort.
const PARTS: usize = 100;

/// What names a candidate for the largest paint, as JSON.
#[derive(Clone, Debug, Default)]
struct Candidate {
    /// In µs since the time origin: what its resource is recorded under.
    t: i64,
    target: Option<String>,
    url: Option<String>,
}

/// What names an interaction, as JSON.
#[derive(Clone, Debug, Default)]
struct Named {
    /// The type of its longest event.
    event: Option<String>,
    /// The first target that any of its entries knew.
    target: Option<String>,
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
    inp: Inp,
    /// What names the longest interactions, by place.
    named: Vec<Named>,
    ttfb: Ttfb,
}

impl Vitals {
    /// A scope that begins when the browser has counted so many interactions; none for the first one of a document.
    /// In a box, because a struct of this size costs code wherever it is moved.
    #[inline(never)]
    pub(crate) fn counting_from(counted: Option<f64>) -> Box<Self> {
        let mut vitals = Box::<Self>::default();
        vitals.inp = Inp::counting_from(counted);
        vitals
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

    /// The page is restored at `t` (µs): no navigation happened, and the first byte was there.
    pub(crate) fn begin_again(&mut self, t: i64) {
        self.origin = millis(t);
        self.hidden.activated(self.origin);
        self.ttfb.push(self.origin);
    }

    /// The paint of a restore at `t` (µs) is its own.
    pub(crate) fn restored(&mut self, t: i64, record: &Raw<'_>) {
        let after = |duration: i64| millis(t.saturating_add(duration));
        self.fcp.push(after(record.int(RestoreRecord::painted).unwrap_or(0)));
        if let Some(paint) = record.int(RestoreRecord::largest).map(after) {
            self.lcp.push(paint, Candidate::default());
            // Candidates of later do not count: it is the restore that is measured.
            self.lcp.input(paint);
        }
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
        let taken = self.inp.push(Entry {
            #[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
            id: record.int(InteractionRecord::interaction_id).unwrap_or(0) as f64,
            start: millis(t),
            duration: ms(InteractionRecord::duration),
            processing_start: ms(InteractionRecord::processing_start),
            processing_end: ms(InteractionRecord::processing_end),
        });
        let Some((place, taken)) = taken else { return };
        if place >= self.named.len() {
            self.named.push(Named::default());
        }
        let Some(named) = self.named.get_mut(place) else { return };
        if taken == Taken::First {
            named.target = None;
        }
        if matches!(taken, Taken::First | Taken::Longer) {
            named.event = record.text(InteractionRecord::name);
        }
        // Only an entry that is kept is asked for its target.
        if taken != Taken::Shorter && named.target.is_none() {
            named.target = record.text(InteractionRecord::target);
        }
    }

    /// Writes an event for each vital that there is, and gives it to `each`.
    pub(crate) fn report(&self, report: Report, parts: &Parts, mut each: impl FnMut(Metric, String)) {
        let scope = report.scope;
        let mut write = |metric, value, fields: &dyn Fn(&mut Writer)| each(metric, report.write(metric, value, fields));
        if let Some(value) = self.ttfb.value(self.origin) {
            write(Metric::Ttfb, micros(value), &|_| ());
        }
        let fcp = self.fcp.value(self.origin, &self.hidden);
        if let Some(value) = fcp {
            write(Metric::Fcp, micros(value), &|_| ());
        }
        if let Some((t, largest)) = self.lcp.largest(&self.hidden) {
            write(Metric::Lcp, micros((t - self.origin).max(0.0)), &|w| {
                w.json_or_null(largest.target.as_deref());
                w.json_or_null(largest.url.as_deref());
                w.json_or_null(parts.resource_of(largest.t));
                // Where a soft navigation's times begin is known from this and the value alone.
                w.int_or_null((scope == Scope::View).then(|| micros(*t)));
            });
        }
        // A document that was never seen has no layout to be unstable.
        if parts.shifts && (scope == Scope::View || fcp.is_some()) {
            let largest = self.cls.largest();
            write(Metric::Cls, millionths(self.cls.value()), &|w| {
                w.json_or_null(largest.and_then(|shift| shift.what.as_deref()));
                w.skip(2);
                w.int_or_null(largest.map(|shift| micros(shift.t)));
            });
        }
        if let Some((place, longest)) = self.inp.interaction() {
            let phases = self.inp.phases(longest);
            let named = self.named.get(place);
            write(Metric::Inp, micros(longest.duration), &|w| {
                w.json_or_null(named.and_then(|named| named.target.as_deref()));
                w.json_or_null(named.and_then(|named| named.event.as_deref()));
                w.skip(1);
                w.int(micros(longest.start));
                for part in &[phases.input_delay(), phases.processing(), phases.presentation()] {
                    w.int(micros(*part));
                }
                parts.write_frames(micros(longest.start), micros(phases.processing_end), w);
            });
        } else if self.inp.only_short() {
            write(Metric::Inp, micros(Inp::LEAST), &|_| ());
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

/// What vitals of any scope are made of besides: resources of largest paints, and long animation frames that met interactions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// The browser tells of layout shifts.
    pub(crate) shifts: bool,
    resources: Vec<Part>,
    frames: Vec<Part>,
}

fn keep(parts: &mut Vec<Part>, part: Part) {
    // A later record about the same moment says it better; and the oldest one makes room.
    let same = parts.iter().position(|known| known.start == part.start);
    if let Some(at) = same.or((parts.len() >= PARTS).then_some(0)) {
        parts.remove(at);
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

    /// Writes the list of frames from `start` to `end` (µs), if there are any.
    fn write_frames(&self, start: i64, end: i64, w: &mut Writer) {
        let mut met = self
            .frames
            .iter()
            .filter(|part| part.end >= start && part.start <= end)
            .peekable();
        if met.peek().is_some() {
            w.begin_array();
            met.for_each(|part| w.json(&part.text));
            w.end_array();
        }
    }
}
