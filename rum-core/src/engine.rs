//! The state machine of one document: records in, events out. The page runs it as Wasm, the collector natively on raw
//! batches; the same records give the same events.
//!
//! At every cut it reports: what a report says is a function of the records up to that cut. Reports of one row replace
//! each other while they wait, so a replay of a whole document ends with the rows as of its last cut.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Id;
use crate::limits::Limits;
use crate::view::{View, ViewKind, milliseconds};
use crate::vitals::{Cls, Fcp, FirstHidden, Inp, Lcp, Scope, Ttfb};
use crate::wire::event::{ActionEvent, ErrorEvent, Receipt, RequestEvent, VitalEvent};
use crate::wire::record::{CutRecord, LargestPaintRecord, ViewRecord};
use crate::wire::{Event, Item, Record, Stamped, Writer, batch};

/// What is computed for the whole document, from its load or its latest restore on.
#[derive(Clone, Debug)]
struct Whole {
    /// The number of the view that its vitals belong to.
    view: i64,
    session_id: Id,
    activation: i64,
    hidden: FirstHidden,
    fcp: Fcp,
    lcp: Lcp,
    cls: Cls,
    inp: Inp,
    ttfb: Ttfb,
    /// The session ended: nothing is reported any more.
    closed: bool,
}

/// Computes views, vitals and the other rows of one document.
#[derive(Clone, Debug, Default)]
pub struct Engine {
    limits: Limits,
    whole: Option<Whole>,
    views: Vec<View>,
    opened: i64,
    next_seq: i64,
    waiting: Vec<Item>,
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

    /// Takes the next record. Records come in the order in which they were captured.
    pub fn push(&mut self, stamped: Stamped) {
        let Stamped { ordinal, t, record } = stamped;
        match record {
            Record::View(record) => self.open(t, record),
            Record::Cut(cut) => self.cut(t, &cut),
            Record::Rename(record) => {
                if let Some(view) = self.views.last_mut() {
                    let seq = next_seq(&mut self.next_seq, t);
                    view.touch(seq).page_name = Some(record.page_name);
                }
            }
            Record::Request(what) => {
                self.place(
                    what.start,
                    milliseconds(t),
                    Event::Request(RequestEvent { ordinal, what }),
                );
            }
            Record::Error(what) => {
                self.place(what.first, milliseconds(t), Event::Error(ErrorEvent { ordinal, what }));
            }
            Record::Action(what) => self.place(t, milliseconds(t), Event::Action(ActionEvent { ordinal, what })),
            vital => self.measure(t, vital),
        }
    }

    /// A record that vitals are made of.
    fn measure(&mut self, t: i64, record: Record) {
        let Some(whole) = &mut self.whole else { return };
        match record {
            Record::Navigation(record) => {
                if let Some(view) = self.views.iter_mut().find(|view| view.number == whole.view) {
                    whole.activation = record.activation.unwrap_or(0);
                    whole.hidden.activated(whole.activation);
                    whole.ttfb.push(record.response_start);
                    view.navigated(next_seq(&mut self.next_seq, t), record.into());
                }
            }
            Record::Visibility(record) if record.hidden != 0 => whole.hidden.push(t),
            Record::Paint(_) => whole.fcp.push(t),
            Record::LargestPaint(entry) => whole.lcp.push(t, entry),
            Record::Input(_) => whole.lcp.input(t),
            Record::Shift(shift) => {
                whole.cls.push(t, &shift);
                if let Some(view) = open_at(&mut self.views, t) {
                    view.cls.push(t, &shift);
                    view.changed = true;
                }
            }
            Record::Interaction(entry) => {
                whole.inp.push(t, &entry);
                if let Some(view) = open_at(&mut self.views, t) {
                    view.inp.push(t, &entry);
                    view.changed = true;
                }
            }
            Record::Restore(restore) => {
                // No navigation happened: the first byte was there, and the paint is the restore's own.
                let painted = t.saturating_add(restore.painted);
                whole.activation = t;
                whole.ttfb.push(Some(t));
                whole.fcp.push(painted);
                whole.lcp.push(
                    painted,
                    LargestPaintRecord {
                        size: 0,
                        target: None,
                        url: None,
                    },
                );
                // Candidates of later do not count: it is the restore that is measured.
                whole.lcp.input(painted);
            }
            _ => {}
        }
    }

    /// A view opens; the one before it has ended.
    fn open(&mut self, t: i64, record: ViewRecord) {
        let number = self.opened;
        self.opened = number.saturating_add(1);
        let counted = self.whole.as_ref().map_or(0, |whole| whole.inp.counted());
        let restored = record.kind == ViewKind::BackForwardCache as i64;
        match &mut self.whole {
            Some(whole) if !restored => whole.closed |= whole.session_id != record.session_id,
            whole => {
                let inp = if whole.is_some() {
                    Inp::counting_from(counted)
                } else {
                    Inp::default()
                };
                *whole = Some(Whole {
                    view: number,
                    session_id: record.session_id,
                    activation: 0,
                    hidden: FirstHidden::default(),
                    fcp: Fcp::default(),
                    lcp: Lcp::default(),
                    cls: Cls::default(),
                    inp,
                    ttfb: Ttfb::default(),
                    closed: false,
                });
            }
        }
        if let Some(last) = self.views.last_mut() {
            last.ended = Some(t);
            last.changed = true;
        }
        let first = self.whole.as_ref().map_or(number, |whole| whole.view);
        let document_id = self
            .views
            .iter()
            .find(|view| view.number == first)
            .map_or(record.view_id, |view| view.event.view_id);
        if self.views.len() >= self.limits.views {
            self.forget(first);
        }
        let mut view = View::open(number, t, record, document_id, counted);
        view.touch(next_seq(&mut self.next_seq, t));
        self.views.push(view);
    }

    /// Makes room for a view. The one that `first` numbers stays, for the document's vitals are its own until the end.
    fn forget(&mut self, first: i64) {
        let waits = |view: &View, waiting: &[Item]| view.unsent || waiting.iter().any(|item| item.view == view.number);
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
    fn cut(&mut self, t: i64, cut: &CutRecord) {
        let Some(whole) = &mut self.whole else { return };
        let seq = next_seq(&mut self.next_seq, t);
        whole.inp.count(cut.interaction_count);
        let receipt = Receipt {
            attached: cut.attached,
            queue_dropped: cut.queue_dropped,
            observer_dropped: cut.observer_dropped,
            core_dropped: Some(self.dropped).filter(|dropped| *dropped > 0),
        };

        let mut reports = Vec::new();
        if !whole.closed {
            let fcp = whole.fcp.value(whole.activation, &whole.hidden);
            // A page that was never seen has no layout to be unstable.
            let cls = fcp.as_ref().map(|_| whole.cls.value());
            let document = [
                whole.ttfb.value(whole.activation),
                fcp,
                whole.lcp.value(whole.activation, &whole.hidden),
                cls,
                whole.inp.value(),
            ];
            reports.extend(document.into_iter().flatten().map(|vital| (whole.view, vital)));
        }
        let first = whole.view;
        for view in &mut self.views {
            let ended = view.ended.is_some();
            if ended && !view.changed && view.number != first {
                continue;
            }
            if !ended {
                view.inp.count(cut.interaction_count);
                view.report(seq, t, receipt.clone());
            }
            // While the document has one view, its own scope would only repeat the document's.
            if view.number != first || ended {
                let of_view = |vital: VitalEvent| {
                    (
                        view.number,
                        VitalEvent {
                            scope: Scope::View as i64,
                            ..vital
                        },
                    )
                };
                reports.push(of_view(view.cls.value()));
                reports.extend(view.inp.value().map(of_view));
            }
            view.changed = false;
        }
        for (view, vital) in reports {
            self.wait(Item {
                view,
                seq,
                event: Event::Vital(vital),
            });
        }
    }

    /// The number of the view that was open at `t`. `None` if that is forgotten: another view would give the row another
    /// name, and it would count twice.
    fn view_at(&self, t: i64) -> Option<i64> {
        match self.views.iter().rev().find(|view| view.event.start <= t) {
            Some(view) if view.ended.is_some_and(|end| t >= end) => None,
            Some(view) => Some(view.number),
            // Before the first view opened, such as before a prerendered page was activated.
            None => Some(self.views.first().map_or(0, |view| view.number)),
        }
    }

    /// Queues an event of the view that was open at `t`.
    fn place(&mut self, t: i64, seq: i64, event: Event) {
        match self.view_at(t) {
            Some(view) => self.wait(Item { view, seq, event }),
            None => self.dropped = self.dropped.saturating_add(1),
        }
    }

    /// Queues an event; a newer report of the same row takes the place of the older one.
    fn wait(&mut self, item: Item) {
        let name = row(&item.event);
        // Vitals are few, and what a page is measured for: a burst of lesser events does not displace them.
        let full = self.waiting.len() >= self.limits.events && !matches!(item.event, Event::Vital(_));
        let known = self
            .waiting
            .iter_mut()
            .find(|known| known.view == item.view && row(&known.event) == name);
        match known {
            Some(known) => *known = item,
            None if full => self.dropped = self.dropped.saturating_add(1),
            None => self.waiting.push(item),
        }
    }

    /// What waits, if it should not wait for the next report: vitals can, other events should go within a time limit.
    #[must_use]
    pub fn urgency(&self) -> Urgency {
        let others = || {
            self.waiting
                .iter()
                .filter(|item| !matches!(item.event, Event::Vital(_)))
        };
        let ended = self
            .views
            .iter()
            .filter(|view| view.unsent && view.ended.is_some())
            .count();
        if ended >= self.limits.views / 2 {
            // Before they would have to make room.
            Urgency::Now
        } else if others().next().is_none() {
            Urgency::None
        } else if others().map(|item| bytes(&item.event)).fold(0, usize::saturating_add) < self.limits.due_bytes {
            Urgency::Soon
        } else {
            Urgency::Now
        }
    }

    /// Takes all that waits, with the views that it belongs to.
    #[must_use]
    pub fn take(&mut self) -> Vec<Item> {
        let waiting = core::mem::take(&mut self.waiting);
        let mut items = self.take_views(&waiting);
        items.extend(waiting);
        items
    }

    /// Takes what waits and fits into one body; `None` if nothing waits. `document` is the JSON of a
    /// [`Document`](crate::wire::Document). What does not fit waits for the next call.
    #[must_use]
    pub fn take_body(&mut self, batch_id: Id, sent_at_ms: i64, document: &str) -> Option<String> {
        if self.views.is_empty() {
            return None;
        }
        let waiting = core::mem::take(&mut self.waiting);
        let views = self.take_views(&waiting);
        if views.is_empty() {
            return None;
        }
        let mut w: Writer = batch::begin(batch_id, sent_at_ms, document, 0);
        views.iter().for_each(|item| item.write(&mut w));
        let empty = w.len();
        for item in waiting {
            // One that is larger than a whole body goes alone: it would wait for ever.
            if w.len() == empty || w.len().saturating_add(bytes(&item.event)) < self.limits.batch_bytes {
                item.write(&mut w);
            } else {
                self.waiting.push(item);
            }
        }
        Some(batch::end(w))
    }

    /// The views that `items` belong to, and those whose own row changed.
    fn take_views(&mut self, items: &[Item]) -> Vec<Item> {
        let mut taken = Vec::new();
        for view in &mut self.views {
            let needed = items.iter().any(|item| item.view == view.number);
            if core::mem::take(&mut view.unsent) || needed {
                taken.push(Item {
                    view: view.number,
                    seq: view.seq,
                    event: Event::View(view.event.clone()),
                });
            }
        }
        taken
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
    let view = views.iter_mut().rev().find(|view| view.event.start <= t)?;
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

/// What names an event's row within its view: its kind, and its ordinal or metric and scope.
fn row(event: &Event) -> (i64, i64, i64) {
    let (first, second) = match event {
        Event::View(_) => (0, 0),
        Event::Vital(vital) => (vital.metric, vital.scope),
        Event::Request(request) => (request.ordinal, 0),
        Event::Error(error) => (error.ordinal, 0),
        Event::Action(action) => (action.ordinal, 0),
    };
    (event.kind(), first, second)
}

/// About how many bytes an event takes on the wire; never too few unless much of its text needs escapes.
fn bytes(event: &Event) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let texts = match event {
        Event::View(view) => view.page.len(),
        Event::Vital(vital) => text(&vital.target).saturating_add(text(&vital.detail)),
        Event::Request(request) => request.what.url.len(),
        Event::Error(error) => error.what.message.len().saturating_add(text(&error.what.stack)),
        Event::Action(action) => text(&action.what.name).saturating_add(text(&action.what.target)),
    };
    texts.saturating_add(100)
}
