//! Lines that come too often: of each kind (a place in the code) so many are written in each span of time, the others are counted.
//!
//! Not of `debug` and `trace`, for who turns those on wants all of it, nor of the record of who asked what.

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::WINDOW;
use crate::access::AUDIT;

/// Lines of one kind that are written in each [`WINDOW`].
const LINES: u32 = 20;

/// Characters of a line that stand for its kind.
const LIKE_CHARS: usize = 200;

/// The line that tells how many were held back: one of each kind, so it is never held back itself.
pub(super) const TELLING: &str = "held back";

/// Which lines were written, and how many were not; a handle.
#[derive(Clone, Default)]
pub(super) struct Held(Arc<Mutex<HashMap<Identifier, Kind>>>);

struct Kind {
    begun: Instant,
    written: u32,
    held: u64,
    /// One of those that were held back.
    like: String,
}

impl Held {
    /// What was held back since the last time, by one line of each kind.
    pub(super) fn take(&self) -> Vec<(String, u64)> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = kinds.values_mut().filter(|kind| kind.held > 0);
        held.map(|kind| (std::mem::take(&mut kind.like), std::mem::take(&mut kind.held)))
            .collect()
    }

    /// Whether a line of this kind may be written at `now`; there are as many kinds as places in the code.
    fn may_be_written(&self, id: Identifier, now: Instant, line: impl FnOnce() -> String) -> bool {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(id).or_insert_with(|| Kind {
            begun: now,
            written: 0,
            held: 0,
            like: String::new(),
        });
        if now.duration_since(kind.begun) >= WINDOW {
            kind.begun = now;
            kind.written = 0;
        }
        if kind.written < LINES {
            kind.written += 1;
            return true;
        }
        if kind.held == 0 {
            kind.like = line();
        }
        kind.held += 1;
        false
    }
}

impl<S: Subscriber> Layer<S> for Held {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() == AUDIT || metadata.name() == TELLING {
            return true;
        }
        self.may_be_written(metadata.callsite(), Instant::now(), || {
            let mut message = Message(String::new());
            event.record(&mut message);
            message.0.chars().take(LIKE_CHARS).collect()
        })
    }
}

/// The message of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            let _ = fmt::write(&mut self.0, format_args!("{value:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Where a log goes.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_kind_that_comes_too_often_is_counted_and_others_are_not() {
        let (held, written) = (Held::default(), Written::default());
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let log = tracing_subscriber::registry().with(lines).with(held.clone());
        let begun = Instant::now();
        tracing::subscriber::with_default(log, || {
            for number in 0..100 {
                tracing::error!(number, "the disk is {}", "full");
                tracing::debug!("a detail");
                tracing::info!(target: AUDIT, "who asked");
                tracing::warn!(name: TELLING, "so many of a kind");
            }
            tracing::error!("once");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines = |of: &str| text.lines().filter(|line| line.contains(of)).count();
        assert_eq!((lines("a detail"), lines("who asked"), lines("once")), (100, 100, 1));
        assert_eq!(lines("so many of a kind"), 100);
        // A machine that stalls for a whole span of time gives new lines.
        let spans = begun.elapsed().as_secs() / WINDOW.as_secs() + 1;
        let written = lines("the disk is full");
        assert!(
            (LINES as usize..=LINES as usize * spans as usize).contains(&written),
            "{written}"
        );
        assert_eq!(held.take(), [("the disk is full".to_owned(), 100 - written as u64)]);
        assert_eq!(held.take(), []);
    }

    #[test]
    fn time_gives_new_lines() {
        let callsite = tracing::callsite!(name: "test", kind: tracing::metadata::Kind::EVENT, fields: x);
        let metadata = tracing::callsite::Callsite::metadata(callsite);
        let (held, begun) = (Held::default(), Instant::now());
        let written = |after| {
            let may = |_: &u32| held.may_be_written(metadata.callsite(), begun + after, String::new);
            (0..2 * LINES).filter(may).count()
        };
        assert_eq!(written(Duration::ZERO), LINES as usize);
        assert_eq!(written(WINDOW.checked_sub(Duration::from_millis(1)).unwrap()), 0);
        assert_eq!(written(WINDOW), LINES as usize);
    }
}
