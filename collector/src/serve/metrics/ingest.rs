//! What came in, and what became of it.

use super::exposition::Family;
use crate::ingest::{Outcome, Outcomes, Subject, Usage};

/// The metrics. Every outcome is there from the start, at 0: a rate over the first of its kind is none without.
pub(super) fn families(outcomes: &Outcomes, usage: &Usage) -> Vec<Family> {
    let of = |family: Family, subject: Subject| {
        let outcomes_of = Outcome::ALL.iter().filter(|outcome| outcome.subject() == subject);
        outcomes_of.fold(family, |family, outcome| {
            family.sample([("outcome", outcome.name())], outcomes.get(*outcome))
        })
    };
    let batches = Family::counter("rum_batches_total", "Batches by what became of them.");
    let events = Family::counter("rum_events_total", "Events by what became of them.");
    let details = Family::counter(
        "rum_ingest_details_total",
        "Details of what was taken all the same: texts cut or masked, origins, bots, unknown fields.",
    );
    let mut app_events = Family::counter(
        "rum_app_events_total",
        "Events in stored batches, by configured app; a batch that came twice counts once.",
    );
    let mut app_bytes = Family::counter(
        "rum_app_body_bytes_total",
        "Bodies of stored batches as they were sent, by configured app.",
    );
    let mut page_names = Family::gauge(
        "rum_app_page_names",
        "Different names of pages in stored batches since the start, estimated (standard error 2 %), by configured app.",
    );
    let mut too_many = Family::gauge(
        "rum_app_page_names_over_limit",
        "1 if these are more than 1,000: the app needs patterns of pages.",
    );
    let mut app_refused = Family::counter(
        "rum_app_refused_batches_total",
        "Batches that a rate, a quota, the share of the spool or too many others kept out, by configured app.",
    );
    for (app, usage) in usage.apps() {
        page_names = page_names.sample([("app", app)], usage.page_names.estimate());
        too_many = too_many.sample([("app", app)], usage.has_too_many_page_names());
        app_events = app_events.sample([("app", app)], usage.events.get());
        app_bytes = app_bytes.sample([("app", app)], usage.body_bytes.get());
        for (outcome, batches) in usage.refused() {
            app_refused = app_refused.sample([("app", app), ("outcome", outcome.name())], batches);
        }
    }
    vec![
        of(batches, Subject::Batch),
        of(events, Subject::Event),
        of(details, Subject::Detail),
        app_events,
        app_bytes,
        page_names,
        too_many,
        app_refused,
    ]
}

#[cfg(test)]
mod tests {
    use super::super::exposition::text;
    use super::*;
    use crate::config::Apps;

    #[test]
    fn every_outcome_is_in_one_family_from_the_start() {
        let outcomes = Outcomes::default();
        outcomes.count(Outcome::RefusedSize);
        let page = text(families(&outcomes, &Usage::of(&Apps::default()))).unwrap();
        for outcome in Outcome::ALL {
            let label = format!(r#"{{outcome="{}"}} "#, outcome.name());
            let values: Vec<_> = page
                .lines()
                .filter_map(|line| Some(line.split_once(&label)?.1))
                .collect();
            let expected = u8::from(*outcome == Outcome::RefusedSize).to_string();
            assert_eq!(values, [expected], "{outcome:?}");
        }
        assert!(
            page.contains(r#"rum_batches_total{outcome="refused_size"} 1"#),
            "{page}"
        );
        assert!(!page.contains("rum_app_"), "there are no apps\n{page}");
    }
}
