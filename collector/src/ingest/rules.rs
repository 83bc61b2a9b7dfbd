//! What the configuration says about batches, as it is in force: a request takes these rules at its start and keeps them to its end,
//! so it sees those before a change or those after it, and never some of each.

use std::collections::HashMap;
use std::sync::Arc;

use governor::clock::MonotonicClock;

use super::geo::GeoError;
use super::outcome::Outcomes;
use super::page_names::PageNames;
use super::page_record::{self, PageRecordError};
use super::rate_limits::RateLimits;
use super::reject::Reject;
use super::usage::Usage;
use super::visitor::Visitors;
use crate::clock::now_ms;
use crate::config::{App, Apps, Config, Limits};

/// How long after they were written down new patterns of pages are in force, in seconds: by then requests have to know them. A view
/// that starts in between is called as before by everybody.
const AHEAD: u32 = 10;

/// Batches cannot be taken by these rules.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file of countries is wrong.
    #[error(transparent)]
    Geo(#[from] GeoError),
    /// The record of page patterns is wrong.
    #[error(transparent)]
    Pages(#[from] PageRecordError),
}

/// The rules.
pub(super) struct Rules {
    pub(super) apps: Apps,
    pub(super) limits: Limits,
    pub(super) visitors: Visitors,
    pub(super) rates: RateLimits,
    pub(super) usage: Arc<Usage>,
    page_names: HashMap<Arc<str>, Arc<PageNames>>,
}

impl Rules {
    /// Those of the start. Reads from disk, and notes there which patterns of pages are new.
    pub(super) fn open(config: &Config, outcomes: Arc<Outcomes>) -> Result<Self, IngestError> {
        let Config { apps, limits, .. } = config;
        Ok(Self {
            visitors: Visitors::open(config, outcomes)?,
            rates: RateLimits::new(apps, limits.address_rate, &MonotonicClock),
            usage: Arc::new(Usage::of(apps)),
            page_names: page_record::open(&config.data, apps, now_s())?,
            apps: apps.clone(),
            limits: limits.clone(),
        })
    }

    /// Those that are in force after these, with all that has been counted. Reads and notes as the start does, the note last: what
    /// it says comes true only if nothing fails after it. Takes as long as the disk does.
    pub(super) fn changed(&self, config: &Config) -> Result<Self, IngestError> {
        let Config { apps, limits, .. } = config;
        let visitors = self.visitors.changed(config)?;
        Ok(Self {
            visitors,
            rates: self.rates.changed(apps, limits.address_rate),
            usage: Arc::new(self.usage.changed(apps)),
            page_names: ahead(config)?,
            apps: apps.clone(),
            limits: limits.clone(),
        })
    }

    /// Counts what keeps a batch of `app` out.
    pub(super) fn refused(&self, app: &App, reject: Reject) -> Reject {
        self.usage.refused(&app.name, reject.refusal().outcome);
        reject
    }

    /// What the pages of an app are called.
    pub(super) fn page_names(&self, app: &str) -> Arc<PageNames> {
        self.page_names.get(app).cloned().unwrap_or_default()
    }
}

/// The names of pages, with those that are new in force a little later.
fn ahead(config: &Config) -> Result<HashMap<Arc<str>, Arc<PageNames>>, PageRecordError> {
    let from = now_s().saturating_add(AHEAD);
    let names = page_record::open(&config.data, &config.apps, from)?;
    if now_s() > from {
        tracing::warn!(
            "the disk took longer than {AHEAD} s to keep the patterns of pages: views that started meanwhile may be there under two names"
        );
    }
    Ok(names)
}

fn now_s() -> u32 {
    u32::try_from(now_ms() / 1_000).unwrap_or(u32::MAX)
}
