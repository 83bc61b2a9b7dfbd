//! Errors that the owner of a page cannot mend are counted, and by default go no further.

use rum_core::wire::Event;

use super::outcome::{Outcome, Tally};
use crate::batch::AcceptedBatch;
use crate::config::ForeignErrors;
use crate::errors::{ErrorOrigin, files};

/// Leaves out the errors of browser extensions and those of which the browser says nothing. An error that repeats is
/// counted once a report, as what is stored of others is.
pub(super) fn without_foreign_errors(batch: AcceptedBatch, policy: ForeignErrors, tally: &mut Tally) -> AcceptedBatch {
    match policy {
        ForeignErrors::Keep => batch,
        ForeignErrors::Drop => {
            let mut batch = batch;
            batch.items.retain(|item| match foreign(&item.event) {
                Some(outcome) => {
                    tally.add(outcome, 1);
                    false
                }
                None => true,
            });
            batch
        }
    }
}

/// What an event is dropped as.
fn foreign(event: &Event) -> Option<Outcome> {
    let Event::Error(error) = event else { return None };
    let error = &error.what;
    let files = files(error.stack.as_deref().unwrap_or_default());
    let class = error.class.as_deref().unwrap_or_default();
    let url = error.url.as_deref().unwrap_or_default();
    match ErrorOrigin::of(class, &error.message, files, url) {
        ErrorOrigin::App => None,
        ErrorOrigin::Extension => Some(Outcome::ErrorOfExtension),
        ErrorOrigin::Opaque => Some(Outcome::ErrorOpaque),
    }
}

#[cfg(test)]
mod tests {
    use rum_core::Id;
    use rum_core::wire::event::{ActionEvent, ErrorEvent};
    use rum_core::wire::record::{Action, ErrorReport};
    use rum_core::wire::{Document, Item};

    use super::*;
    use crate::batch::Mode;

    fn error(class: Option<&str>, message: &str, stack: Option<&str>) -> Event {
        let what = ErrorReport {
            first: 0,
            source: 0,
            class: class.map(str::to_owned),
            message: message.to_owned(),
            stack: stack.map(str::to_owned),
            handled: 0,
            count: 7,
            cut: None,
            causes: None,
            attributes: None,
            target: None,
            url: None,
            line: None,
            column: None,
            debug_ids: None,
        };
        Event::Error(Box::new(ErrorEvent { ordinal: 1, what }))
    }

    fn batch(events: Vec<Event>) -> AcceptedBatch {
        AcceptedBatch {
            app: "shop".into(),
            id: Id(1),
            sent_ms: 5,
            received_ms: 6,
            mode: Mode::Wasm,
            document: Document {
                time_origin_ms: 0,
                origin: "https://shop.example".into(),
                sdk: "0.1.0".into(),
                release: None,
                environment: None,
                rate_version: None,
                connection: None,
                viewport_width: None,
                viewport_height: None,
                raw_reason: None,
            },
            items: events
                .into_iter()
                .map(|event| Item { view: 0, seq: 1, event })
                .collect(),
        }
    }

    #[test]
    fn errors_of_others_are_counted_and_go_no_further() {
        let action = Event::Action(Box::new(ActionEvent {
            ordinal: 2,
            what: Action {
                at: 1,
                kind: 0,
                name: Some("Script error.".into()),
                target: None,
                duration: None,
                frustration: None,
                attributes: None,
                value: None,
            },
        }));
        let events = vec![
            error(
                Some("Error"),
                "x",
                Some("at f (chrome-extension://abcdefgh/content.js:1:2)"),
            ),
            error(None, "Script error.", None),
            error(None, "Script error.", None),
            error(
                Some("TypeError"),
                "x is null",
                Some("pay@https://shop.example/cart.js:1:2"),
            ),
            action,
        ];
        for (policy, kept, of_extension, opaque) in [(ForeignErrors::Drop, 2, 1, 2), (ForeignErrors::Keep, 5, 0, 0)] {
            let mut tally = Tally::default();
            let left = without_foreign_errors(batch(events.clone()), policy, &mut tally);
            assert_eq!(left.items.len(), kept, "{policy:?}");
            let counted = [Outcome::ErrorOfExtension, Outcome::ErrorOpaque].map(|outcome| tally.get(outcome));
            assert_eq!(counted, [of_extension, opaque], "{policy:?}");
        }
    }
}
