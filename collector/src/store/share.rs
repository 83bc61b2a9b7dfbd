//! The spool, shared by apps while it fills: how much of it each app's batches take, and which apps have more than their share.
//!
//! An app has more than its share when it takes more than [`TIMES_FREE`] times what is free. So one that floods the collector while
//! ClickHouse is away leaves a third of the spool to the others, two that do leave a fifth, and nobody needs to know beforehand how
//! many will come. Switches share the memory of their queues in the same way (Choudhury and Hahne, Dynamic Queue Length Thresholds).

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// Fewer would keep more of the spool from an app that is nearly alone in it; more would leave less to the others.
const TIMES_FREE: u64 = 2;

/// Bytes of the spool that each app's frames take; no app is there with none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held(BTreeMap<Arc<str>, u64>);

impl Held {
    /// Frames of `app` take so many bytes more.
    pub(super) fn add(&mut self, app: &str, bytes: u64) {
        match self.0.get_mut(app) {
            Some(held) => *held += bytes,
            None => drop(self.0.insert(app.into(), bytes)),
        }
    }

    /// Also these bytes.
    pub(super) fn add_all(&mut self, more: &Self) {
        for (app, bytes) in &more.0 {
            self.add(app, *bytes);
        }
    }

    /// These bytes are not there any more.
    pub(super) fn take_all(&mut self, gone: &Self) {
        for (app, bytes) in &gone.0 {
            if let Some(held) = self.0.get_mut(app) {
                *held = held.saturating_sub(*bytes);
            }
        }
        self.0.retain(|_, held| *held > 0);
    }

    /// What frames of `app` take.
    pub(super) fn of(&self, app: &str) -> u64 {
        self.0.get(app).copied().unwrap_or_default()
    }

    /// The apps that have more than their share while so many bytes are free.
    pub(super) fn over(&self, free: u64) -> Vec<Arc<str>> {
        let most = free.saturating_mul(TIMES_FREE);
        let over = self.0.iter().filter(|(_, held)| **held > most);
        over.map(|(app, _)| Arc::clone(app)).collect()
    }
}

/// Which apps have more than their share of the spool now; clones say the same.
#[derive(Clone, Debug, Default)]
pub struct Shares(Arc<ArcSwap<Vec<Arc<str>>>>);

impl Shares {
    /// These apps have, and no others.
    pub(crate) fn tell(&self, over: Vec<Arc<str>>) {
        if **self.0.load() != over {
            self.0.store(Arc::new(over));
        }
    }

    /// Whether `app` has.
    pub(crate) fn is_over(&self, app: &str) -> bool {
        self.0.load().iter().any(|over| **over == *app)
    }

    /// Those of `apps` that have, and whose batches are refused for that: an app that is alone has all of the spool.
    pub(crate) fn over(&self, mut apps: Vec<Arc<str>>) -> Vec<Arc<str>> {
        if apps.len() < 2 {
            return Vec::new();
        }
        apps.retain(|app| self.is_over(app));
        apps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 900;

    /// Apps that send frames of one byte, in turns, until each has its share; what each of them takes then.
    fn fill(apps: &[&str], held: &mut Held, used: &mut u64) -> Vec<u64> {
        loop {
            let before = *used;
            for app in apps {
                let over = held.over(LIMIT - *used);
                if !over.iter().any(|over| **over == **app) && *used < LIMIT {
                    held.add(app, 1);
                    *used += 1;
                }
            }
            if *used == before {
                return apps.iter().map(|app| held.of(app)).collect();
            }
        }
    }

    #[test]
    fn a_third_is_left_by_one_that_floods_a_fifth_by_two_and_who_comes_later_has_room() {
        let (mut held, mut used) = (Held::default(), 0);
        assert_eq!(fill(&["noisy"], &mut held, &mut used), [601]);
        // Others get two thirds of what is left, and so on.
        assert_eq!(fill(&["quiet"], &mut held, &mut used), [200]);
        assert_eq!(fill(&["noisy", "quiet"], &mut held, &mut used), [601, 200]);
        assert_eq!(fill(&["third"], &mut held, &mut used), [67]);

        let (mut held, mut used) = (Held::default(), 0);
        let equal = fill(&["one", "two"], &mut held, &mut used);
        assert!(equal.iter().all(|held| held.abs_diff(LIMIT * 2 / 5) < 3), "{equal:?}");
    }

    #[test]
    fn an_app_that_is_alone_is_never_over() {
        let (blog, shop): (Arc<str>, Arc<str>) = ("blog".into(), "shop".into());
        let shares = Shares::default();
        shares.tell(vec![Arc::clone(&blog), "gone".into()]);
        assert_eq!(shares.over(vec![Arc::clone(&blog), shop]), [Arc::clone(&blog)]);
        assert!(shares.over(vec![blog]).is_empty());
    }

    #[test]
    fn what_is_given_back_is_free_for_who_was_refused() {
        let (mut held, mut segment) = (Held::default(), Held::default());
        segment.add("noisy", 500);
        segment.add("quiet", 10);
        held.add_all(&segment);
        held.add("noisy", 200);
        assert_eq!(held.over(190), ["noisy".into()]);
        held.take_all(&segment);
        assert_eq!((held.of("noisy"), held.of("quiet")), (200, 0));
        assert!(held.over(700).is_empty());
        assert_eq!(held.0.len(), 1, "who has nothing is forgotten");
    }

    #[test]
    fn what_is_told_is_known_to_every_clone() {
        let shares = Shares::default();
        let clone = shares.clone();
        assert!(!clone.is_over("noisy"));
        shares.tell(vec!["noisy".into()]);
        assert!(clone.is_over("noisy") && !clone.is_over("nois"));
        assert_eq!(clone.over(vec!["noisy".into(), "quiet".into()]), ["noisy".into()]);
        shares.tell(Vec::new());
        assert!(!clone.is_over("noisy"));
    }
}
