//! Rows of what a page logged.

use rum_core::wire::Item;
use rum_core::wire::event::{LogEvent, ViewEvent};

use super::{Maker, Name, attributes, clamp_u64, name, text};
use crate::store::row::{LogFields, LogRow};
use crate::store::rowbinary::Low;

impl<'a> Maker<'a> {
    pub(super) fn log(&mut self, view: &'a ViewEvent, item: &Item, event: &'a LogEvent) {
        let log = &event.what;
        let row = LogRow {
            place: self.place(view, item, log.at),
            what: LogFields {
                ordinal: clamp_u64(event.ordinal),
                level: Low(name::log_level(log.level)),
                message: &log.message,
                source: Low(name::log_source(log.source)),
                attributes: attributes(&log.attributes),
                trace_id: log.trace_id.as_deref().unwrap_or_default(),
                release: text(&self.batch.accepted.document.release),
                weight: self.weight(view, log.weight),
                bot: self.bot(),
            },
        };
        let name = Name {
            kind: "log",
            ordinal: row.what.ordinal,
        };
        self.keep(view.view_id, name, &row, row.place.ver);
    }
}
