//! What each app has sent and we have taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::distinct::{Distinct, Mark};
use super::outcome::Outcome;
use crate::config::Apps;
use crate::meter::Counter;

/// An app with more different page names has ids in them that no rule knows: each is a line of its own in every list by page.
const MOST_PAGE_NAMES: u64 = 1_000;

/// What one app's batches brought that are in the spool, each batch once.
#[derive(Debug, Default)]
pub(crate) struct AppUsage {
    /// Their events.
    pub(crate) events: Counter,
    /// Bytes of their bodies, as they were sent.
    pub(crate) body_bytes: Counter,
    /// The names of their pages.
    pub(crate) page_names: Distinct,
    /// It was said that there are too many.
    told: AtomicBool,
    refused: [Counter; LIMITS.len()],
}

/// What becomes of batches that an app's limits, or its neighbours, keep out.
const LIMITS: [Outcome; 4] = [
    Outcome::RefusedRate,
    Outcome::RefusedQuota,
    Outcome::RefusedShare,
    Outcome::RefusedBusy,
];

impl AppUsage {
    /// Batches that were refused, by what became of them.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (Outcome, u64)> {
        LIMITS.into_iter().zip(self.refused.iter().map(Counter::get))
    }

    /// Whether the names of its pages are more than a person could read.
    pub(crate) fn has_too_many_page_names(&self) -> bool {
        self.page_names.estimate() > MOST_PAGE_NAMES
    }
}

/// That of each configured app, by its name; there are never more.
#[derive(Debug)]
pub(crate) struct Usage(BTreeMap<Arc<str>, Arc<AppUsage>>);

impl Usage {
    /// Of these apps, nothing so far.
    pub(crate) fn of(apps: &Apps) -> Self {
        Self(BTreeMap::new()).changed(apps)
    }

    /// Of these apps: what those have sent that were here before, and nothing so far of the others.
    pub(super) fn changed(&self, apps: &Apps) -> Self {
        let names = apps.sorted().into_iter().map(|app| Arc::clone(&app.name));
        let of = |name: &Arc<str>| self.0.get(name).map(Arc::clone).unwrap_or_default();
        Self(names.map(|name| (Arc::clone(&name), of(&name))).collect())
    }

    /// A batch of `app` is in the spool, with views of pages of these names.
    pub(super) fn taken(&self, app: &str, events: u64, body_bytes: usize, page_names: &[Mark]) {
        let Some(usage) = self.0.get(app) else { return };
        usage.events.add(events);
        usage.body_bytes.add(body_bytes as u64);
        let mut news = false;
        for mark in page_names {
            news |= usage.page_names.add(*mark);
        }
        // The estimate takes a while, and is asked no more once it was told.
        let untold = news && !usage.told.load(Ordering::Relaxed);
        if untold && usage.has_too_many_page_names() && !usage.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                app,
                "the app has more than {MOST_PAGE_NAMES} different page names: give it patterns (pages in its [[apps]] section), \
                 or every list by page is as long"
            );
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
        self.0.iter().map(|(name, usage)| (&**name, &**usage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn too_many_page_names_are_known_of_the_app_that_has_them() {
        let apps = r#"[{name = "shop", key = "a", origins = ["*"]}, {name = "blog", key = "b", origins = ["*"]}]"#;
        let config = Config::load(None, [("RUM_APPS".to_owned(), apps.to_owned())]).unwrap();
        let usage = Usage::of(&config.apps);
        for number in 0..2 * MOST_PAGE_NAMES {
            usage.taken("shop", 1, 100, &[Mark::of(&format!("/hotel-{number}"))]);
            usage.taken("blog", 1, 100, &[Mark::of("/"), Mark::of("/post/:id")]);
        }
        let of = |app: &str| {
            let (_, usage) = usage.apps().find(|(name, _)| *name == app).unwrap();
            (
                usage.has_too_many_page_names(),
                usage.told.load(Ordering::Relaxed),
                usage.page_names.estimate(),
            )
        };
        let (too_many, told, estimate) = of("shop");
        assert!(too_many && told && (1_900..2_100).contains(&estimate), "{estimate}");
        assert_eq!(of("blog"), (false, false, 2));
    }
}
