//! What each app has sent and we have taken.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::outcome::Outcome;
use crate::config::Apps;
use crate::meter::Counter;

/// What one app's batches brought that are in the spool, each batch once.
#[derive(Debug, Default)]
pub(crate) struct AppUsage {
    /// Their events.
    pub(crate) events: Counter,
    /// Bytes of their bodies, as they were sent.
    pub(crate) body_bytes: Counter,
    refused: [Counter; LIMITS.len()],
}

/// What becomes of batches that an app's limits, or its neighbours, keep out.
const LIMITS: [Outcome; 3] = [Outcome::RefusedRate, Outcome::RefusedQuota, Outcome::RefusedBusy];

impl AppUsage {
    /// Batches that were refused, by what became of them.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (Outcome, u64)> {
        LIMITS.into_iter().zip(self.refused.iter().map(Counter::get))
    }
}

/// That of each configured app, by its name; there are never more.
#[derive(Debug)]
pub(crate) struct Usage(BTreeMap<Arc<str>, AppUsage>);

impl Usage {
    /// Of these apps, nothing so far.
    pub(crate) fn of(apps: &Apps) -> Self {
        let names = apps.sorted().into_iter().map(|app| Arc::clone(&app.name));
        Self(names.map(|name| (name, AppUsage::default())).collect())
    }

    /// A batch of `app` is in the spool.
    pub(super) fn taken(&self, app: &str, events: u64, body_bytes: usize) {
        if let Some(usage) = self.0.get(app) {
            usage.events.add(events);
            usage.body_bytes.add(body_bytes as u64);
        }
    }

    /// A batch of `app` was refused; of other outcomes than [`LIMITS`] nothing is known here.
    pub(super) fn refused(&self, app: &str, outcome: Outcome) {
        let place = LIMITS.iter().position(|limit| *limit == outcome);
        if let (Some(usage), Some(place)) = (self.0.get(app), place)
            && let Some(count) = usage.refused.get(place)
        {
            count.add(1);
        }
    }

    /// All apps, by name.
    pub(crate) fn apps(&self) -> impl Iterator<Item = (&str, &AppUsage)> {
        self.0.iter().map(|(name, usage)| (&**name, usage))
    }
}
