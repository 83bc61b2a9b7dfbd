//! The state machine of one document: records in, events out. The page runs it as Wasm, the collector natively on raw
//! batches; the same records give the same events.
//!
//! At every cut it reports: what a report says is a function of the records up to that cut. Reports of one row replace
//! each other while they wait, so a replay of a whole document ends with the rows as of its last cut.
//!
//! It reads only what it computes with. Records of kinds that are sent once become events as they are, and so do texts.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::limits::Limits;
use crate::report::Report;
use crate::scope::{Parts, Vitals};
use crate::view::{View, ViewKind, integer, milliseconds};
use crate::vitals::Scope;
use crate::wire::event::{self, ViewEvent};
use crate::wire::record::{
    CutRecord, FIRST_ONCE, RenameRecord, SoftNavigationRecord, SoftPaintRecord, ViewRecord, VisibilityRecord, kind,
};
use crate::wire::{Raw, Writer, batch};

/// What is measured for the whole document, from its load or its latest restore on.
#[derive(Clone, Debug)]
struct Whole {
    /// The number of the view that its vitals belong to.
    view: i64,
    session_id: Option<String>,
    vitals: Box<Vitals>,
    /// The session ended: nothing is reported any more.
    closed: bool,
}

/// An event that waits to be taken.
#[derive(Clone, Debug)]
struct Waiting {
    view: i64,
    /// What names its row within the view: its kind, and its ordinal, or its metric and scope.
    row: [i64; 3],
    /// Its JSON.
    text: String,
}

impl Waiting {
    fn is_vital(&self) -> bool {
        matches!(self.row, [event::kind::Vital, ..])
    }
}

/// Computes views, vitals and the other rows of one document.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    limits: Limits,
    whole: Option<Whole>,
    views: Vec<View>,
    opened: i64,
    next_seq: i64,
    waiting: Vec<Waiting>,
    parts: Parts,
    dropped: i64,
}

impl Engine {
    /// An engine for a new document.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Takes the next record. Records come in the order in which they were captured. One of an unknown kind, or one that
    /// lacks what its kind needs, has no effect.
    pub fn push(&mut self, record: &Raw<'_>) {
        let Some([number, ordinal, t]) = record.prefix() else {
            return;
        };
        match number {
            FIRST_ONCE.. => self.carry(number, ordinal, t, record),
            kind::View => self.open(t, record),
            kind::Cut => self.cut(t, record),
            kind::PaintResource => self.parts.resource(t, record),
            kind::InteractionFrame => self.parts.frame(ordinal, record),
            kind::Rename | kind::SoftNavigation => {
                let soft = number == kind::SoftNavigation;
                // A soft navigation is the route that opened for it, or the view that the wrapper has just opened: not one
                // that the page began meanwhile, nor the old one in a session that is over.
                let meant = |view: &&mut View| view.is_route && view.start >= t;
                let view = if soft {
                    self.views.iter_mut().find(meant)
                } else {
                    self.views.last_mut()
                };
                let Some(view) = view else { return };
                view.touch(next_seq(&mut self.next_seq, t));
                if soft {
                    view.set(ViewEvent::kind, Some(integer(ViewKind::Soft as i64)));
                    view.interaction_id = record.int(SoftNavigationRecord::interaction_id);
                    view.vitals.softened(t, record.int(SoftNavigationRecord::painted));
                    view.changed = true;
                } else {
                    view.set(ViewEvent::page_name, record.text(RenameRecord::page_name));
                }
            }
            _ => self.measure(number, t, record),
        }
    }

    /// A record that is an event as it is; its first field says when it belongs to a view.
    fn carry(&mut self, number: i64, ordinal: i64, t: i64, record: &Raw<'_>) {
        let Some(view) = self.view_at(record.int(0).unwrap_or(t)) else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
        let mut w = Writer::default();
        w.begin_array();
        for prefix in &[number, view, milliseconds(t), ordinal] {
            w.int(*prefix);
        }
        record.write(&mut w);
        w.end_array();
        self.wait(Waiting {
            view,
            row: [number, ordinal, 0],
            text: w.finish(),
        });
    }

    /// A record that vitals are made of.
    fn measure(&mut self, number: i64, t: i64, record: &Raw<'_>) {
        let Some(whole) = &mut self.whole else { return };
        match number {
            kind::Navigation | kind::Surroundings => {
                let view = self.views.iter_mut().find(|view| view.number == whole.view);
                let Some(view) = view else { return };
                view.touch(next_seq(&mut self.next_seq, t));
                let field = if number == kind::Navigation {
                    whole.vitals.navigated(record);
                    ViewEvent::navigation
                } else {
                    ViewEvent::surroundings
                };
                view.set(field, Some(record.array()));
            }
            kind::Visibility if record.int(VisibilityRecord::hidden) == Some(1) => {
                whole.vitals.hidden(t);
                if let Some(view) = self.views.last_mut() {
                    view.vitals.hidden(t);
                }
            }
            kind::Paint => whole.vitals.painted(t),
            kind::LargestPaint => whole.vitals.largest(t, record),
            kind::SoftPaint => {
                let id = record.int(SoftPaintRecord::interaction_id);
                let soft = |view: &&mut View| view.interaction_id.is_some() && view.interaction_id == id;
                if let Some(view) = self.views.iter_mut().rev().find(soft) {
                    view.vitals.largest(t, record);
                    view.changed = true;
                }
            }
            kind::Input => {
                whole.vitals.input(t);
                if let Some(view) = self.views.last_mut() {
                    view.vitals.input(t);
                }
            }
            kind::Shift => {
                self.parts.shifts = true;
                whole.vitals.shifted(t, record);
                if let Some(view) = open_at(&mut self.views, t) {
                    view.vitals.shifted(t, record);
                    view.changed = true;
                }
            }
            kind::Interaction => {
                whole.vitals.interacted(t, record);
                if let Some(view) = open_at(&mut self.views, t) {
                    view.vitals.interacted(t, record);
                    view.changed = true;
                }
            }
            kind::Restore => whole.vitals.restored(t, record),
            _ => {}
        }
    }

    /// A view opens; the one before it has ended.
    fn open(&mut self, t: i64, record: &Raw<'_>) {
        let number = self.opened;
        self.opened = number.saturating_add(1);
        let restored = record.int(ViewRecord::kind) == Some(ViewKind::BackForwardCache as i64);
        let counted = self.whole.as_ref().map(|whole| whole.vitals.counted());
        let mut view = View::open(number, t, record, Vitals::counting_from(counted));
        view.touch(next_seq(&mut self.next_seq, t));
        if let Some(last) = self.views.last_mut() {
            last.ended = Some(t);
            last.changed = true;
        }
        let session_id = view.get(ViewEvent::session_id).cloned();
        match &mut self.whole {
            // A restore is a document of its own.
            Some(whole) if !restored => {
                let first = self.views.iter().find(|view| view.number == whole.view);
                view.set(
                    ViewEvent::document_id,
                    first.and_then(|first| first.get(ViewEvent::view_id)).cloned(),
                );
                whole.closed |= whole.session_id != session_id;
            }
            whole => {
                let mut vitals = Vitals::counting_from(counted);
                if restored {
                    vitals.begin_again(t);
                }
                *whole = Some(Whole {
                    view: number,
                    session_id,
                    vitals,
                    closed: false,
                });
            }
        }
        if self.views.len() >= self.limits.views {
            self.forget();
        }
        self.views.push(view);
    }

    /// Makes room for a view. The document's first one stays, for the document's vitals are its own until the end.
    fn forget(&mut self) {
        let first = self.whole.as_ref().map_or(0, |whole| whole.view);
        let waits =
            |view: &View, waiting: &[Waiting]| view.unsent || waiting.iter().any(|item| item.view == view.number);
        let old = |view: &View| view.number != first && view.ended.is_some();
        let done = self
            .views
            .iter()
            .position(|view| old(view) && !waits(view, &self.waiting));
        let Some(at) = done.or_else(|| self.views.iter().position(old)) else {
            return;
        };
        let view = self.views.remove(at);
        // What has not been taken goes with it, counted: its rows could no longer be placed.
        let before = self.waiting.len();
        self.waiting.retain(|item| item.view != view.number);
        let lost = before
            .saturating_sub(self.waiting.len())
            .saturating_add(view.unsent.into());
        self.dropped = self.dropped.saturating_add(i64::try_from(lost).unwrap_or(i64::MAX));
    }

    /// A report is due.
    fn cut(&mut self, t: i64, record: &Raw<'_>) {
        let Some(whole) = &mut self.whole else { return };
        let seq = next_seq(&mut self.next_seq, t);
        let interaction_count = record.int(CutRecord::interaction_count);
        whole.vitals.count(interaction_count);

        let mut reports = Vec::new();
        let mut report = |view: i64, scope: Scope, vitals: &Vitals| {
            vitals.report(Report { view, scope, seq }, &self.parts, |metric, text| {
                reports.push(Waiting {
                    view,
                    row: [event::kind::Vital, metric as i64, scope as i64],
                    text,
                });
            });
        };
        if !whole.closed {
            report(whole.view, Scope::Document, &whole.vitals);
        }
        let first = whole.view;
        for view in &mut self.views {
            let ended = view.ended.is_some();
            if ended && !view.changed && view.number != first {
                continue;
            }
            if !ended {
                view.vitals.count(interaction_count);
                view.touch(seq).set(ViewEvent::end, Some(integer(t)));
                view.set(ViewEvent::receipt, record.text(CutRecord::receipt));
                let dropped = Some(self.dropped).filter(|dropped| *dropped > 0);
                view.set(ViewEvent::core_dropped, dropped.map(integer));
            }
            // While the document has one view, its own scope would only repeat the document's.
            if view.number != first || ended {
                report(view.number, Scope::View, &view.vitals);
            }
            view.changed = false;
        }
        for item in reports {
            self.wait(item);
        }
    }

    /// The number of the view that was open at `t`. `None` if that is forgotten: another view would give the row another
    /// name, and it would count twice.
    fn view_at(&self, t: i64) -> Option<i64> {
        match self.views.iter().rev().find(|view| view.start <= t) {
            Some(view) if view.ended.is_some_and(|end| t >= end) => None,
            Some(view) => Some(view.number),
            // Before the first view opened, such as before a prerendered page was activated.
            None => Some(self.views.first().map_or(0, |view| view.number)),
        }
    }

    /// Queues an event; a newer report of the same row takes the place of the older one.
    fn wait(&mut self, item: Waiting) {
        // Vitals are few, and what a page is measured for: a burst of lesser events does not displace them.
        let full = self.waiting.len() >= self.limits.events && !item.is_vital();
        let known = self
            .waiting
            .iter_mut()
            .find(|known| known.view == item.view && known.row == item.row);
        match known {
            Some(known) => *known = item,
            None if full => self.dropped = self.dropped.saturating_add(1),
            None => self.waiting.push(item),
        }
    }

    /// What waits, if it should not wait for the next report: vitals can, other events should go within a time limit.
    #[must_use]
    pub fn urgency(&self) -> Urgency {
        let others = self.waiting.iter().filter(|item| !item.is_vital());
        let bytes = others.map(|item| item.text.len()).fold(0, usize::saturating_add);
        let ended = self
            .views
            .iter()
            .filter(|view| view.unsent && view.ended.is_some())
            .count();
        // Views are sent before they would have to make room.
        if ended >= self.limits.views / 2 || bytes >= self.limits.due_bytes {
            Urgency::Now
        } else if bytes == 0 {
            Urgency::None
        } else {
            Urgency::Soon
        }
    }

    /// Takes what waits and fits into one body; `None` if nothing waits. `batch_id` are 16 hexadecimal digits, `document` is
    /// the JSON of a [`Document`](crate::wire::Document). What does not fit waits for the next call.
    #[must_use]
    pub fn take_body(&mut self, batch_id: &str, sent_at_ms: i64, document: &str) -> Option<String> {
        let mut w = batch::begin(batch_id, sent_at_ms, document, 0);
        let empty = w.len();
        let waiting = core::mem::take(&mut self.waiting);
        for view in &mut self.views {
            let needed = waiting.iter().any(|item| item.view == view.number);
            if core::mem::take(&mut view.unsent) || needed {
                view.write(&mut w);
            }
        }
        let views = w.len();
        if views == empty {
            // Nothing is placed without a view.
            return None;
        }
        for item in waiting {
            // One that is larger than a whole body goes alone: it would wait for ever.
            if w.len() == views || w.len().saturating_add(item.text.len()) < self.limits.batch_bytes {
                w.json(&item.text);
            } else {
                self.waiting.push(item);
            }
        }
        Some(batch::end(w))
    }
}

/// The `seq` of a report at `t`. It always grows, also where two reports fall into one millisecond or an event is older
/// than the one before it: of two reports with one `seq` chance would decide which stands.
fn next_seq(next: &mut i64, t: i64) -> i64 {
    let seq = milliseconds(t).max(*next);
    *next = seq.saturating_add(1);
    seq
}

/// The view that was open at `t`, if it is not forgotten.
fn open_at(views: &mut [View], t: i64) -> Option<&mut View> {
    let view = views.iter_mut().rev().find(|view| view.start <= t)?;
    view.ended.is_none_or(|end| t < end).then_some(view)
}

/// How long what waits may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Until the next report.
    None,
    /// A while.
    Soon,
    /// No longer.
    Now,
}
