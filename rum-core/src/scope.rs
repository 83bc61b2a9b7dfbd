//! All that is measured in one scope: the document, or one of its views.

use alloc::boxed::Box;

use crate::host::{Host, Text};
use crate::limits::INTERACTIONS;
use crate::report::{Report, micros, millionths, to_millis};
use crate::vitals::inp::Taken;
use crate::vitals::{Cls, Entry, Fcp, FirstHidden, Inp, Lcp, Metric, Scope, Shift, Ttfb, known};
use crate::wire::record::{
    InteractionRecord, LargestPaintRecord, LongFrame, NavigationRecord, RestoreRecord, ShiftRecord,
};

/// Parts of vitals that come as records of their own, kept at most of each sort.
const PARTS: usize = 100;

/// What names a candidate for the largest paint.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// In µs since the time origin: what its resource is recorded under.
    t: f64,
    target: Option<Text>,
    url: Option<Text>,
}

impl Candidate {
    /// Has no name.
    const NONE: Self = Self {
        t: 0.0,
        target: None,
        url: None,
    };
}

/// What names an interaction.
#[derive(Clone, Copy, Debug, Default)]
struct Named {
    /// The type of its longest event.
    event: Option<Text>,
    /// The first target that any of its entries knew.
    target: Option<Text>,
}

impl Named {
    const NONE: Self = Self {
        event: None,
        target: None,
    };
}

/// The vitals of one scope. What a scope does not have, such as the first byte of a route, was never pushed and is absent.
#[derive(Clone, Debug)]
pub(crate) struct Vitals {
    /// Where its times begin, in ms: activation, restore or soft navigation.
    origin: f64,
    hidden: FirstHidden,
    fcp: Fcp,
    lcp: Lcp<Candidate>,
    cls: Cls<Option<Text>>,
    inp: Inp,
    /// What names the longest interactions, by place.
    named: [Named; INTERACTIONS],
    ttfb: Ttfb,
}

impl Vitals {
    /// Nothing was seen so far. A constant, for code that fills a struct of this size is larger than the struct compressed.
    const NONE: Self = Self {
        origin: 0.0,
        hidden: FirstHidden::NEVER,
        fcp: Fcp::NONE,
        lcp: Lcp::none(Candidate::NONE),
        cls: Cls::NONE,
        inp: Inp::NONE,
        named: [Named::NONE; INTERACTIONS],
        ttfb: Ttfb::NONE,
    };

    /// A scope that begins when the browser has counted so many interactions; NaN for the first one of a document.
    /// In a box, because a struct of this size costs code wherever it is moved; in that of `old` if there is one, for in the
    /// page memory is never given back.
    #[inline(never)]
    pub(crate) fn counting_from(counted: f64, old: Option<Box<Self>>) -> Box<Self> {
        let mut vitals = match old {
            Some(mut old) => {
                *old = Self::NONE;
                old
            }
            None => Box::new(Self::NONE),
        };
        vitals.inp.begin_at(counted);
        vitals
    }

    /// The texts that it names, and absent ones.
    pub(crate) fn texts(&self, live: &mut impl FnMut(Option<Text>)) {
        for candidate in self.lcp.named() {
            live(candidate.target);
            live(candidate.url);
        }
        live(self.cls.largest().and_then(|shift| shift.what));
        live(self.cls.latest().and_then(|shift| shift.what));
        for named in &self.named {
            live(named.event);
            live(named.target);
        }
    }

    /// The browser's count of interactions so far.
    pub(crate) fn counted(&self) -> f64 {
        self.inp.counted()
    }

    pub(crate) fn count(&mut self, interaction_count: f64) {
        self.inp.count(interaction_count);
    }

    pub(crate) fn navigated(&mut self, host: &mut impl Host) {
        self.origin = milliseconds_of(NavigationRecord::activation, host);
        self.hidden.activated(self.origin);
        self.ttfb.push(milliseconds_of(NavigationRecord::response_start, host));
    }

    /// The browser's soft navigation at `t` (µs) begins this scope again, as far as paints go.
    pub(crate) fn softened(&mut self, t: f64, painted: f64) {
        self.origin = to_millis(t);
        self.hidden = FirstHidden::NEVER;
        self.lcp = Lcp::none(Candidate::NONE);
        self.fcp = Fcp::NONE;
        self.fcp.push(to_millis(painted));
    }

    /// The page is restored at `t` (µs): no navigation happened, and the first byte was there.
    pub(crate) fn begin_again(&mut self, t: f64) {
        self.origin = to_millis(t);
        self.hidden.activated(self.origin);
        self.ttfb.push(self.origin);
    }

    /// The paint of a restore at `t` (µs) is its own: FCP, and LCP where the browser tells of `largest` paints.
    pub(crate) fn restored(&mut self, t: f64, largest: bool, host: &mut impl Host) {
        let paint = to_millis(t + known(host.int(RestoreRecord::painted), 0.0));
        self.fcp.push(paint);
        if largest {
            self.lcp.push(paint, Candidate::NONE);
        }
    }

    pub(crate) fn hidden(&mut self, t: f64) {
        self.hidden.push(to_millis(t));
    }

    pub(crate) fn painted(&mut self, t: f64) {
        self.fcp.push(to_millis(t));
    }

    pub(crate) fn input(&mut self, t: f64) {
        self.lcp.input(to_millis(t));
    }

    /// A candidate for the largest paint; a soft navigation's has the same fields in the same places.
    pub(crate) fn largest(&mut self, t: f64, host: &mut impl Host) {
        let candidate = Candidate {
            t,
            target: host.keep(LargestPaintRecord::target),
            url: host.keep(LargestPaintRecord::url),
        };
        self.lcp.push(to_millis(t), candidate);
    }

    pub(crate) fn shifted(&mut self, t: f64, host: &mut impl Host) {
        if host.int(ShiftRecord::recent_input) == 0.0 {
            self.cls.push(Shift {
                t: to_millis(t),
                value: milliseconds_of(ShiftRecord::value, host) / 1e3,
                what: host.keep(ShiftRecord::target),
            });
        }
    }

    pub(crate) fn interacted(&mut self, t: f64, host: &mut impl Host) {
        let id = known(host.int(InteractionRecord::interaction_id), 0.0);
        let mut ms = |field| milliseconds_of(field, host);
        let taken = self.inp.push(Entry {
            id,
            start: to_millis(t),
            duration: ms(InteractionRecord::duration),
            processing_start: ms(InteractionRecord::processing_start),
            processing_end: ms(InteractionRecord::processing_end),
        });
        let Some((place, taken)) = taken else { return };
        let Some(named) = self.named.get_mut(place) else { return };
        if taken == Taken::First {
            named.target = None;
        }
        if matches!(taken, Taken::First | Taken::Longer) {
            named.event = host.keep(InteractionRecord::name);
        }
        // Only an entry that is kept is asked for its target.
        if taken != Taken::Shorter && named.target.is_none() {
            named.target = host.keep(InteractionRecord::target);
        }
    }

    /// Reports each vital that there is.
    pub(crate) fn report(&self, report: Report, parts: &Parts, host: &mut impl Host) {
        let scope = report.scope;
        if let Some(value) = self.ttfb.value(self.origin) {
            report.begin(Metric::Ttfb, micros(value), host);
            host.end();
        }
        let fcp = self.fcp.value(self.origin, &self.hidden);
        if let Some(value) = fcp {
            report.begin(Metric::Fcp, micros(value), host);
            host.end();
        }
        if let Some((t, largest)) = self.lcp.largest(&self.hidden) {
            report.begin(Metric::Lcp, micros((t - self.origin).max(0.0)), host);
            host.put_text(largest.target);
            host.put_text(largest.url);
            host.put_text(parts.resource_of(largest.t));
            // Where a soft navigation's times begin is known from this and the value alone.
            host.put(if scope == Scope::View { micros(*t) } else { f64::NAN });
            host.end();
        }
        // A document that was never seen has no layout to be unstable.
        // A later one is that of a restore: what is restored was painted long ago.
        let seen = fcp.is_some() || (report.view > 0 && self.hidden.seen(self.origin));
        if parts.shifts && (scope == Scope::View || seen) {
            let largest = self.cls.largest();
            report.begin(Metric::Cls, millionths(self.cls.value()), host);
            host.put_text(largest.and_then(|shift| shift.what));
            host.put(f64::NAN);
            host.put(f64::NAN);
            host.put(largest.map_or(f64::NAN, |shift| micros(shift.t)));
            host.end();
        }
        if let Some((place, longest)) = self.inp.interaction() {
            let phases = self.inp.phases(longest);
            let named = self.named.get(place).copied().unwrap_or_default();
            report.begin(Metric::Inp, micros(longest.duration), host);
            host.put_text(named.target);
            host.put_text(named.event);
            host.put(f64::NAN);
            host.put(micros(longest.start));
            host.put(micros(phases.input_delay()));
            host.put(micros(phases.processing()));
            host.put(micros(phases.presentation()));
            parts.put_frames(micros(longest.start), micros(phases.processing_end), host);
            host.end();
        } else if self.inp.only_short() {
            report.begin(Metric::Inp, micros(Inp::LEAST), host);
            host.end();
        }
    }
}

/// A time of the record at hand, in ms; 0 if it is absent.
fn milliseconds_of(field: usize, host: &mut impl Host) -> f64 {
    known(to_millis(host.int(field)), 0.0)
}

/// A record that is part of a vital.
#[derive(Clone, Copy, Debug)]
struct Part {
    /// In µs since the time origin.
    start: f64,
    end: f64,
    text: Text,
}

/// The latest parts of one sort, in the order in which they came; the oldest one makes room.
#[derive(Clone, Debug)]
struct Latest([Option<Part>; PARTS]);

impl Latest {
    fn keep(&mut self, part: Part) {
        // A later record about the same moment says it better.
        let same = |known: &Option<Part>| known.is_some_and(|known| known.start == part.start);
        let from = self.0.iter().position(same).unwrap_or(0);
        self.0.copy_within(from.saturating_add(1).min(PARTS).., from);
        if let Some(last) = self.0.last_mut() {
            *last = Some(part);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter().flatten()
    }
}

/// What vitals of any scope are made of besides: resources of largest paints, and long animation frames that met interactions.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The browser tells of layout shifts, …
    pub(crate) shifts: bool,
    /// … and of candidates for the largest paint.
    pub(crate) largest: bool,
    resources: Latest,
    frames: Latest,
}

impl Parts {
    pub(crate) const NONE: Self = Self {
        shifts: false,
        largest: false,
        resources: Latest([None; PARTS]),
        frames: Latest([None; PARTS]),
    };

    /// The resource behind the candidate that was painted at `t` (µs).
    pub(crate) fn resource(&mut self, t: f64, host: &mut impl Host) {
        if let Some(text) = host.keep_all(false) {
            self.resources.keep(Part { start: t, end: t, text });
        }
    }

    /// A frame. Its event has the ordinal before its fields.
    pub(crate) fn frame(&mut self, host: &mut impl Host) {
        let start = host.int(LongFrame::start);
        let end = start + host.int(LongFrame::duration);
        if end.is_nan() {
            return;
        }
        if let Some(text) = host.keep_all(true) {
            self.frames.keep(Part { start, end, text });
        }
    }

    fn resource_of(&self, t: f64) -> Option<Text> {
        self.resources.iter().find(|part| part.start == t).map(|part| part.text)
    }

    /// Puts the frames from `start` to `end` (µs) into the list at the end of an event.
    fn put_frames(&self, start: f64, end: f64, host: &mut impl Host) {
        for part in self.frames.iter() {
            if part.end >= start && part.start <= end {
                host.put_item(part.text);
            }
        }
    }

    /// The texts that it names.
    pub(crate) fn texts(&self, live: &mut impl FnMut(Option<Text>)) {
        for part in self.resources.iter() {
            live(Some(part.text));
        }
        for part in self.frames.iter() {
            live(Some(part.text));
        }
    }
}
