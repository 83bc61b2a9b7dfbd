//! Rows of what a page logged.

use rum_core::wire::Item;
use rum_core::wire::event::LogEvent;

use super::{Maker, Name, View, attributes, clamp_u64, name, sampled};
use crate::store::row::{LogFields, LogRow};
use crate::store::rowbinary::Low;

impl Maker<'_> {
    pub(super) fn log(&mut self, view: &View<'_>, item: &Item, event: &LogEvent) {
        let log = &event.what;
        let row = LogRow {
            place: &view.place,
            report: self.report(view, item, log.at),
            what: LogFields {
                ordinal: clamp_u64(event.ordinal),
                level: Low(name::log_level(log.level)),
                message: &log.message,
                source: Low(name::log_source(log.source)),
                attributes: attributes(&log.attributes),
                trace_id: log.trace_id.as_deref().unwrap_or_default(),
                weight: sampled(view.weight, log.weight),
            },
        };
        let name = Name {
            kind: "log",
            ordinal: row.what.ordinal,
        };
        self.keep(view, name, &row, row.report.ver);
    }
}
