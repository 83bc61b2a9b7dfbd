//! What apps have used of the day, what they may use, and who waits.

use super::exposition::Family;
use crate::ingest::{AppDay, Resource};

/// The metrics of apps that stand so. How many batches of an app wait `waiting` says, and `held` how many bytes of the spool they take.
pub(super) fn families(apps: &[AppDay], waiting: impl Fn(&str) -> usize, held: impl Fn(&str) -> u64) -> Vec<Family> {
    let of_waiting = Family::gauge(
        "rum_app_batches_waiting",
        "Batches that have arrived and wait for their turn, by configured app.",
    );
    let of_held = Family::gauge(
        "rum_app_spool_bytes",
        "Bytes of the spool that batches take, by configured app.",
    );
    let events = Family::gauge(
        "rum_app_day_events",
        "Events in batches that were stored since midnight (UTC), by configured app.",
    );
    let events_limit = Family::gauge(
        "rum_app_day_events_limit",
        "Events that an app with such a quota may send a day.",
    );
    let bytes = Family::gauge(
        "rum_app_day_body_bytes",
        "Bodies of batches that were stored since midnight (UTC), as they were sent, by configured app.",
    );
    let bytes_limit = Family::gauge(
        "rum_app_day_body_bytes_limit",
        "Bytes of bodies that an app with such a quota may send a day.",
    );
    vec![
        each(of_waiting, apps, |day| Some(waiting(&day.app) as u64)),
        each(of_held, apps, |day| Some(held(&day.app))),
        each(events, apps, |day| Some(day.events)),
        each(events_limit, apps, |day| limit(day, Resource::Events)),
        each(bytes, apps, |day| Some(day.bytes)),
        each(bytes_limit, apps, |day| limit(day, Resource::Bytes)),
    ]
}

fn limit(day: &AppDay, resource: Resource) -> Option<u64> {
    resource.limit(&day.quota).map(Into::into)
}

fn each(family: Family, apps: &[AppDay], value: impl Fn(&AppDay) -> Option<u64>) -> Family {
    apps.iter().fold(family, |family, day| match value(day) {
        Some(value) => family.sample([("app", &*day.app)], value),
        None => family,
    })
}
