//! The lines of the log. Each that is written while a request is worked at says which: its id, its trace, its app once that is known.
//! So nobody who logs has to think of it.

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use crate::at_hand::at_hand;

/// Lines of `inner` for people, with what is at hand before them.
pub(super) struct ForPeople<F>(pub(super) F);

/// Lines of JSON of `inner`, with what is at hand in them.
pub(super) struct Json<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for ForPeople<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let known = at_hand();
        for (name, value) in known {
            write!(writer, "{name}={value} ")?;
        }
        self.0.format_event(context, writer, event)
    }
}

impl<S, N, F> FormatEvent<S, N> for Json<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let known = at_hand();
        if known.is_empty() {
            return self.0.format_event(context, writer, event);
        }
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let mut object: Map<String, Value> = serde_json::from_str(&line).map_err(|_| fmt::Error)?;
        for (name, value) in known {
            // What an event says itself stands.
            object.entry(name).or_insert_with(|| value.into());
        }
        let line = serde_json::to_string(&object).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}
