//! The state machine of one document: records in, events out. The page runs it as Wasm, the collector natively on raw
//! batches; the same records give the same events.
//!
//! At every cut it reports: what a report says is a function of the records up to that cut.
//!
//! It reads only the numbers that it computes with, from its [`Host`]. Records of kinds that are sent once become events as
//! they are, and so do texts.

use alloc::boxed::Box;

use crate::host::{Host, Text};
use crate::limits::VIEWS;
use crate::report::Report;
use crate::scope::{Parts, Vitals};
use crate::view::{View, ViewKind, milliseconds};
use crate::views::Views;
use crate::vitals::{Scope, known};
use crate::wire::event::ViewEvent;
use crate::wire::record::{
    ContextRecord, CutRecord, FIRST_ONCE, RenameRecord, SoftNavigationRecord, SoftPaintRecord, ViewRecord,
    VisibilityRecord, kind,
};

/// What is measured for the whole document, from its load or its latest restore on.
#[derive(Clone, Debug)]
struct Whole {
    /// The number of the view that its vitals belong to.
    view: u32,
    vitals: Box<Vitals>,
}

impl Whole {
    /// It came out of the back/forward cache: the first view is the load's, and only a restore begins a document again.
    const fn is_restored(&self) -> bool {
        self.view > 0
    }
}

/// Computes views, vitals and the other rows of one document.
#[derive(Clone, Debug)]
pub struct Engine {
    /// How many views it remembers, if not [`VIEWS`].
    most_views: Option<usize>,
    whole: Option<Whole>,
    /// The session of `whole` ended: nothing is reported any more.
    closed: bool,
    views: Views,
    opened: u32,
    next_seq: f64,
    parts: Parts,
}

impl Engine {
    /// An engine for a new document. All of it is zeros, which are no bytes of the Wasm.
    pub const NEW: Self = Self {
        most_views: None,
        whole: None,
        closed: false,
        views: Views::NONE,
        opened: 0,
        next_seq: 0.0,
        parts: Parts::NONE,
    };

    /// An engine for a new document that remembers so many views: late and repeated records find the view that they began in.
    #[must_use]
    pub const fn remembering(most_views: usize) -> Self {
        let mut engine = Self::NEW;
        engine.most_views = Some(most_views);
        engine
    }

    /// Takes the record that the host has at hand, of kind `number` at `t` (µs). Records come in the order in which they were
    /// captured. One of an unknown kind, or one that lacks what its kind needs, has no effect.
    pub fn push(&mut self, number: i64, t: f64, host: &mut impl Host) {
        if t.is_nan() {
            return;
        }
        match number {
            FIRST_ONCE.. => self.carry(t, host),
            kind::View => self.open(t, host),
            kind::Cut => self.cut(t, host),
            kind::PaintResource => self.parts.resource(t, host),
            kind::InteractionFrame => self.parts.frame(host),
            kind::Context => {
                let Some(view) = self.views.newest() else { return };
                host.touch(view.number, next_seq(&mut self.next_seq, t));
                host.take(view.number, ViewEvent::user, ContextRecord::user);
                host.take(view.number, ViewEvent::attributes, ContextRecord::attributes);
            }
            kind::Rename | kind::SoftNavigation => {
                let soft = number == kind::SoftNavigation;
                // A soft navigation is the route that opened for it, or the view that the wrapper has just opened: not one
                // that the page began meanwhile, nor the old one in a session that is over.
                let meant = |view: &&mut View| view.is_route && view.start >= t;
                let view = if soft {
                    self.views.iter_mut().filter(meant).last()
                } else {
                    self.views.newest()
                };
                let Some(view) = view else { return };
                host.touch(view.number, next_seq(&mut self.next_seq, t));
                if soft {
                    host.set(view.number, ViewEvent::kind, ViewKind::Soft.number());
                    view.interaction_id = host.int(SoftNavigationRecord::interaction_id);
                    view.vitals.softened(t, host.int(SoftNavigationRecord::painted));
                    view.changed = true;
                } else {
                    host.take(view.number, ViewEvent::page_name, RenameRecord::page_name);
                }
            }
            _ => self.measure(number, t, host),
        }
    }

    /// A record that is an event as it is; its first field says when it belongs to a view.
    fn carry(&self, t: f64, host: &mut impl Host) {
        match self.view_at(known(host.int(0), t)) {
            Some(view) => host.carry(view, milliseconds(t)),
            None => host.lose(),
        }
    }

    /// A record that vitals are made of.
    fn measure(&mut self, number: i64, t: f64, host: &mut impl Host) {
        let Some(whole) = &mut self.whole else { return };
        match number {
            kind::Navigation | kind::Surroundings => {
                // Its view may be forgotten; and nobody navigates to what is restored: what comes as late as that is of the load.
                let is_of_load = number == kind::Navigation && whole.is_restored();
                if is_of_load || self.views.iter().all(|view| view.number != whole.view) {
                    return;
                }
                host.touch(whole.view, next_seq(&mut self.next_seq, t));
                let field = if number == kind::Navigation {
                    whole.vitals.navigated(host);
                    ViewEvent::navigation
                } else {
                    ViewEvent::surroundings
                };
                host.take_all(whole.view, field);
            }
            kind::Visibility if host.int(VisibilityRecord::hidden) == 1.0 => {
                whole.vitals.hidden(t);
                if let Some(view) = self.views.newest() {
                    view.vitals.hidden(t);
                }
            }
            kind::Paint => whole.vitals.painted(t),
            kind::LargestPaint => {
                self.parts.largest = true;
                // What is restored has one largest paint, that of the restore.
                if !whole.is_restored() {
                    whole.vitals.largest(t, host);
                }
            }
            kind::SoftPaint => {
                let id = host.int(SoftPaintRecord::interaction_id);
                let soft = |view: &&mut View| view.interaction_id == id;
                if let Some(view) = self.views.iter_mut().find(soft) {
                    view.vitals.largest(t, host);
                    view.changed = true;
                }
            }
            kind::Input => {
                if let Some(view) = self.views.newest() {
                    view.vitals.input(t);
                }
                // The paint of a restore is told two frames later, and an input before that is no reason for it.
                if !whole.is_restored() {
                    whole.vitals.input(t);
                }
            }
            kind::Shift | kind::Interaction => {
                let mut vitals = Some(&mut whole.vitals);
                let mut view = open_at(&mut self.views, t);
                if let Some(view) = &mut view {
                    view.changed = true;
                }
                self.parts.shifts |= number == kind::Shift;
                // The document's, then the view's.
                while let Some(scope) = vitals {
                    if number == kind::Shift {
                        scope.shifted(t, host);
                    } else {
                        scope.interacted(t, host);
                    }
                    vitals = view.take().map(|view| &mut view.vitals);
                }
            }
            kind::Restore => whole.vitals.restored(t, self.parts.largest, host),
            _ => {}
        }
    }

    /// A view opens; the one before it has ended.
    fn open(&mut self, t: f64, host: &mut impl Host) {
        let number = self.opened;
        self.opened = number.saturating_add(1);
        let restored = host.int(ViewRecord::kind) == ViewKind::BackForwardCache.number();
        let counted = self.whole.as_ref().map_or(f64::NAN, |whole| whole.vitals.counted());
        let old = self.make_room(host);
        let vitals = Vitals::counting_from(counted, old);
        let view = View::open(number, t, next_seq(&mut self.next_seq, t), vitals, host);
        if let Some(last) = self.views.newest() {
            last.ended = t;
            last.changed = true;
        }
        match &mut self.whole {
            // A restore is a document of its own.
            Some(whole) if !restored => {
                host.copy(number, ViewEvent::document_id, whole.view, ViewEvent::view_id);
                self.closed |= !host.is_same(number, whole.view, ViewEvent::session_id);
            }
            whole => {
                let mut vitals = Vitals::counting_from(counted, whole.take().map(|whole| whole.vitals));
                if restored {
                    vitals.begin_again(t);
                }
                *whole = Some(Whole { view: number, vitals });
                self.closed = false;
            }
        }
        self.views.push(view);
    }

    /// Makes room for a view, and gives the place of an old one. The document's first view stays, for the document's vitals
    /// are its own until the end.
    fn make_room(&mut self, host: &mut impl Host) -> Option<Box<Vitals>> {
        if self.views.count() < self.most_views.unwrap_or(VIEWS) {
            return None;
        }
        let first = self.whole.as_ref().map_or(0, |whole| whole.view);
        let old = |view: &&View| view.number != first && !view.is_open();
        let oldest = self.views.iter().filter(old).last()?.number;
        let view = self.views.remove(oldest)?;
        host.forget(view.number);
        Some(view.vitals)
    }

    /// A report is due.
    fn cut(&mut self, t: f64, host: &mut impl Host) {
        let Some(whole) = &mut self.whole else { return };
        let seq = next_seq(&mut self.next_seq, t);
        let interaction_count = host.int(CutRecord::interaction_count);
        whole.vitals.count(interaction_count);

        let first = whole.view;
        // The document's, then each view's.
        if !self.closed {
            let report = Report {
                view: first,
                scope: Scope::Document,
                seq,
            };
            whole.vitals.report(report, &self.parts, host);
        }
        for view in self.views.iter_mut() {
            let ended = !view.is_open();
            if ended && !view.changed && view.number != first {
                continue;
            }
            if !ended {
                view.vitals.count(interaction_count);
                host.touch(view.number, seq);
                host.set(view.number, ViewEvent::end, t);
                host.take(view.number, ViewEvent::receipt, CutRecord::receipt);
                host.take(view.number, ViewEvent::scroll, CutRecord::scroll);
                host.take(view.number, ViewEvent::engaged, CutRecord::engaged);
                host.tell_lost(view.number);
            }
            // While the document has one view, its own scope would only repeat the document's.
            if view.number != first || ended {
                let report = Report {
                    view: view.number,
                    scope: Scope::View,
                    seq,
                };
                view.vitals.report(report, &self.parts, host);
            }
            view.changed = false;
        }
    }

    /// The number of the view that was open at `t`. `None` if that is forgotten: another view would give the row another
    /// name, and it would count twice.
    /// Inlined, for to a caller elsewhere an answer of several values goes through memory.
    #[inline(always)]
    fn view_at(&self, t: f64) -> Option<u32> {
        match self.views.iter().find(|view| view.start <= t) {
            Some(view) if t >= view.ended => None,
            Some(view) => Some(view.number),
            // Before the first view opened, such as before a prerendered page was activated.
            None => Some(self.views.iter().last().map_or(0, |view| view.number)),
        }
    }

    /// The texts that may still be asked for, and absent ones. The host may let go of all others.
    pub fn texts(&self, live: &mut impl FnMut(Option<Text>)) {
        for view in self.views.iter() {
            view.vitals.texts(live);
        }
        if let Some(whole) = &self.whole {
            whole.vitals.texts(live);
        }
        self.parts.texts(live);
    }
}

/// The `seq` of a report at `t`. It always grows, also where two reports fall into one millisecond or an event is older
/// than the one before it: of two reports with one `seq` chance would decide which stands.
fn next_seq(next: &mut f64, t: f64) -> f64 {
    let seq = milliseconds(t).max(*next);
    *next = seq + 1.0;
    seq
}

/// The view that was open at `t`, if it is not forgotten.
fn open_at(views: &mut Views, t: f64) -> Option<&mut View> {
    let view = views.iter_mut().find(|view| view.start <= t)?;
    (t < view.ended).then_some(view)
}
