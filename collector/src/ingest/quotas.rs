//! Quotas: what each app may have stored in a day of UTC, and has. Every app's use is counted, whether it has a quota or not.
//!
//! A batch is refused if the quota is used up when it comes, before anything is read of it: so the last batches of a day may
//! exceed the quota by what is being digested or with the disk at that moment, and a batch that is there already counts once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::day_file;
use super::day_use::{Day, DayUse, Level, Resource};
use super::reject::Reject;
use crate::background::finished;
use crate::clock::now_ms;
use crate::config::{App, Apps, DailyQuota};

/// How often the use of the day is written down, and so how much of it a kill may cost.
const KEEP_EVERY: Duration = Duration::from_secs(10);

/// Over how many seconds after midnight those come back who were refused.
const SPREAD_SECONDS: f64 = 900.0;

/// The use of the day, and where it is kept.
#[derive(Debug)]
pub struct Quotas {
    apps: ArcSwap<ByApp>,
    path: PathBuf,
    changed: AtomicBool,
}

type ByApp = BTreeMap<Arc<str>, OfApp>;

#[derive(Clone, Debug)]
struct OfApp {
    /// `None` of an app that is not configured any more: should it come back today, its use is what it was.
    quota: Option<DailyQuota>,
    used: Arc<Mutex<DayUse>>,
}

impl OfApp {
    /// The use of the day that it is at `now_ms`.
    fn today(&self, now_ms: i64) -> MutexGuard<'_, DayUse> {
        // No code panics while it holds the lock half-way through a change.
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.at(now_ms);
        used
    }
}

/// How an app stands today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppDay {
    /// Its name.
    pub(crate) app: Arc<str>,
    /// What it may use.
    pub(crate) quota: DailyQuota,
    /// Events that it has used.
    pub(crate) events: u64,
    /// Bytes that it has used.
    pub(crate) bytes: u64,
    /// How near that is to the quota.
    pub(crate) level: Level,
    /// What is nearest to its limit, and how much of that is used, in whole percent.
    pub(crate) percent: Option<(Resource, u64)>,
}

impl Quotas {
    /// Of these apps; what they have used of today is in the file at `path`. Reads from disk.
    #[must_use]
    pub fn open(apps: &Apps, path: PathBuf, now: Timestamp) -> Self {
        let mut kept = day_file::load(&path);
        let today = Day::of(now.as_millisecond());
        let of_app = |app: &App| {
            let used = kept.remove(&app.name).unwrap_or(DayUse::new(today));
            let of_app = OfApp {
                quota: Some(app.quota),
                used: Arc::new(Mutex::new(used)),
            };
            (Arc::clone(&app.name), of_app)
        };
        Self {
            apps: ArcSwap::from_pointee(apps.sorted().into_iter().map(of_app).collect()),
            path,
            changed: AtomicBool::new(false),
        }
    }

    /// These are the apps from `now_ms` on. What those have used of today that were here before is not forgotten.
    pub(super) fn change(&self, apps: &Apps, now_ms: i64) {
        let before = self.apps.load();
        let of_app = |app: &App| {
            let used = before.get(&app.name).map(|of_app| Arc::clone(&of_app.used));
            let unused = || Arc::new(Mutex::new(DayUse::new(Day::of(now_ms))));
            let of_app = OfApp {
                quota: Some(app.quota),
                used: used.unwrap_or_else(unused),
            };
            (Arc::clone(&app.name), of_app)
        };
        let mut after: ByApp = apps.sorted().into_iter().map(of_app).collect();
        for (name, of_app) in &**before {
            let today = *of_app.today(now_ms);
            if today.events > 0 && !after.contains_key(name) {
                let gone = OfApp {
                    quota: None,
                    used: Arc::clone(&of_app.used),
                };
                after.insert(Arc::clone(name), gone);
            }
        }
        self.apps.store(Arc::new(after));
    }

    /// Whether a batch of `app` may come at `now_ms`. `draw` is a random number from 0 to 1.
    ///
    /// # Errors
    /// What is used up, and when to come back: after midnight, not all at once.
    pub(super) fn check(&self, app: &App, now_ms: i64, draw: f64) -> Result<(), Reject> {
        let apps = self.apps.load();
        let Some(of_app) = apps.get(&app.name) else {
            return Ok(());
        };
        let used = *of_app.today(now_ms);
        match used.percent(&app.quota) {
            Some((resource, 100..)) => Err(Reject::OverQuota {
                app: Arc::clone(&app.name),
                resource,
                limit: resource.limit(&app.quota).map_or(0, Into::into),
                retry_after: after_midnight(now_ms, draw),
            }),
            _ => Ok(()),
        }
    }

    /// The apps that are configured.
    pub(crate) fn apps(&self) -> Vec<Arc<str>> {
        let apps = self.apps.load();
        let configured = apps.iter().filter(|(_, of_app)| of_app.quota.is_some());
        configured.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// A batch of `app` is in the spool that was not there before.
    pub(super) fn taken(&self, app: &App, events: u64, bytes: u64, now_ms: i64) {
        let apps = self.apps.load();
        let Some(of_app) = apps.get(&app.name) else { return };
        let mut used = of_app.today(now_ms);
        let news = used.add(events, bytes, &app.quota);
        let used = *used;
        self.changed.store(true, Ordering::Release);
        let (resource, percent) = match used.percent(&app.quota) {
            Some((resource, percent)) => (resource.key(), percent),
            None => return,
        };
        let app = &*app.name;
        match news {
            Some(Level::Over) => tracing::warn!(
                app,
                resource,
                percent,
                "the app has used up its quota: until midnight (UTC) its batches are answered 429"
            ),
            Some(Level::Near) => tracing::warn!(
                app,
                resource,
                percent,
                "the app will soon have used up its quota of today; then its batches are answered 429 until midnight (UTC)"
            ),
            Some(Level::Within) | None => {}
        }
    }

    /// How all apps stand now, by name.
    pub(crate) fn today(&self) -> Vec<AppDay> {
        self.at(now_ms())
    }

    /// How all apps stand at `now_ms`, by name.
    pub(super) fn at(&self, now_ms: i64) -> Vec<AppDay> {
        let of_app = |(name, of_app): (&Arc<str>, &OfApp)| {
            let quota = of_app.quota?;
            let used = *of_app.today(now_ms);
            Some(AppDay {
                app: Arc::clone(name),
                quota,
                events: used.events,
                bytes: used.bytes,
                level: used.level(&quota),
                percent: used.percent(&quota),
            })
        };
        self.apps.load().iter().filter_map(of_app).collect()
    }

    /// Writes the use down now and then, and once more at the end.
    pub(crate) async fn keep(self: Arc<Self>, shutdown: CancellationToken) {
        let mut ticks = interval(KEEP_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            let ended = tokio::select! {
                () = shutdown.cancelled() => true,
                _ = ticks.tick() => false,
            };
            let quotas = Arc::clone(&self);
            let Some(stored) = finished(spawn_blocking(move || quotas.store(now_ms()))).await else {
                return;
            };
            if let Err(error) = &stored
                && !failing
            {
                let path = self.path.display();
                tracing::warn!(%path, %error, "what apps have used of today cannot be written down: a restart forgets it");
            }
            failing = stored.is_err();
            if ended {
                return;
            }
        }
    }

    /// Writes the use of the day down if it has changed.
    fn store(&self, now_ms: i64) -> std::io::Result<()> {
        if !self.changed.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let uses: BTreeMap<_, _> = self
            .apps
            .load()
            .iter()
            .map(|(name, of_app)| (Arc::clone(name), *of_app.today(now_ms)))
            .collect();
        // A clock that stepped back may leave one of them a day ahead.
        let day = uses.values().map(|used| used.day).max().unwrap_or(Day::of(now_ms));
        day_file::store(&self.path, day, &uses).inspect_err(|_| self.changed.store(true, Ordering::Release))
    }
}

/// Seconds until the next day has begun, and up to a quarter of an hour more: all who were refused that day come back.
fn after_midnight(now_ms: i64, draw: f64) -> u32 {
    let left = u32::try_from(Day::ms_left(now_ms) / 1_000).unwrap_or(u32::MAX);
    left.saturating_add(1)
        .saturating_add((draw.clamp(0.0, 1.0) * SPREAD_SECONDS) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// 2026-11-22, 10:00.
    const MORNING: i64 = 1_795_341_600_000;
    const HOUR: i64 = 3_600_000;

    fn apps() -> Apps {
        let apps = r#"[
            {name = "shop", key = "s", origins = ["*"], events_per_day = 10, bytes_per_day = 1000},
            {name = "blog", key = "b", origins = ["*"]},
        ]"#;
        let apps = ("RUM_APPS".to_owned(), apps.to_owned());
        Config::load(None, [apps]).unwrap().apps
    }

    fn open(folder: &tempfile::TempDir, file: &str) -> Quotas {
        let morning = Timestamp::from_millisecond(MORNING).unwrap();
        Quotas::open(&apps(), folder.path().join(file), morning)
    }

    /// The app that has this key: `s` is the shop's, `b` the blog's.
    fn app(key: &str) -> Arc<App> {
        Arc::clone(apps().by_key(key).unwrap())
    }

    fn refused(quotas: &Quotas, key: &str, now_ms: i64) -> Option<(Resource, u32)> {
        match quotas.check(&app(key), now_ms, 0.0) {
            Ok(()) => None,
            Err(Reject::OverQuota {
                resource, retry_after, ..
            }) => Some((resource, retry_after)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_used_up_is_refused_until_midnight() {
        let folder = tempfile::tempdir().unwrap();
        let quotas = open(&folder, "day.json");
        quotas.taken(&app("s"), 9, 100, MORNING);
        assert_eq!(refused(&quotas, "s", MORNING), None);
        // The batch that uses it up is taken whole.
        quotas.taken(&app("s"), 9, 100, MORNING);
        let until = 14 * 3_600 + 1;
        assert_eq!(refused(&quotas, "s", MORNING), Some((Resource::Events, until)));
        assert_eq!(refused(&quotas, "s", MORNING + 14 * HOUR), None);
        quotas.taken(&app("s"), 1, 2_000, MORNING + 15 * HOUR);
        assert!(matches!(
            refused(&quotas, "s", MORNING + 15 * HOUR),
            Some((Resource::Bytes, _))
        ));
        quotas.taken(&app("b"), u64::MAX, u64::MAX, MORNING + 15 * HOUR);
        assert_eq!(refused(&quotas, "b", MORNING + 15 * HOUR), None, "it has no quota");
    }

    #[test]
    fn who_was_refused_comes_back_after_midnight_and_not_with_all_others() {
        let second = 1_000;
        for (now_ms, draw, expected) in [
            (MORNING + 14 * HOUR - second, 0.0, 2),
            (MORNING + 14 * HOUR - 1, 0.0, 1),
            (MORNING + 14 * HOUR, 0.0, 86_401),
            (MORNING, 0.5, 14 * 3_600 + 1 + 450),
            (MORNING, 1.0, 14 * 3_600 + 1 + 900),
        ] {
            assert_eq!(after_midnight(now_ms, draw), expected, "{now_ms} {draw}");
        }
    }

    #[test]
    fn a_restart_goes_on_with_the_day() {
        let folder = tempfile::tempdir().unwrap();
        let quotas = open(&folder, "day.json");
        quotas.taken(&app("s"), 8, 500, MORNING);
        quotas.taken(&app("b"), 3, 30, MORNING);
        quotas.store(MORNING).unwrap();
        let again = open(&folder, "day.json");
        let used: Vec<_> = again.at(MORNING).iter().map(|day| (day.events, day.bytes)).collect();
        assert_eq!(used, [(3, 30), (8, 500)]);
        assert_eq!(again.at(MORNING)[1].level, Level::Near);
        let tomorrow = open(&folder, "day.json");
        assert_eq!(tomorrow.at(MORNING + 24 * HOUR)[1].events, 0);
    }

    #[test]
    fn who_is_removed_and_comes_back_has_used_what_it_had() {
        let folder = tempfile::tempdir().unwrap();
        let quotas = open(&folder, "day.json");
        quotas.taken(&app("s"), 10, 100, MORNING);
        quotas.change(&Apps::default(), MORNING);
        assert_eq!(quotas.at(MORNING), []);
        // A batch that was on its way when the app was removed.
        quotas.taken(&app("s"), 1, 10, MORNING);
        quotas.change(&apps(), MORNING);
        assert!(refused(&quotas, "s", MORNING).is_some());
        let used: Vec<_> = quotas.at(MORNING).iter().map(|day| (day.events, day.bytes)).collect();
        assert_eq!(used, [(0, 0), (11, 110)]);
        quotas.change(&Apps::default(), MORNING + 24 * HOUR);
        quotas.change(&apps(), MORNING + 24 * HOUR);
        assert_eq!(refused(&quotas, "s", MORNING + 24 * HOUR), None, "of another day");
    }

    #[test]
    fn what_has_not_changed_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day.json");
        let quotas = open(&folder, "day.json");
        quotas.store(MORNING).unwrap();
        assert!(!path.exists());
        quotas.taken(&app("s"), 1, 1, MORNING);
        quotas.store(MORNING).unwrap();
        assert!(path.exists());
        std::fs::remove_file(&path).unwrap();
        quotas.store(MORNING).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_could_not_be_written_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let quotas = open(&folder, "missing/day.json");
        quotas.taken(&app("s"), 1, 1, MORNING);
        assert!(quotas.store(MORNING).is_err());
        std::fs::create_dir(folder.path().join("missing")).unwrap();
        quotas.store(MORNING).unwrap();
        assert!(folder.path().join("missing/day.json").exists());
    }
}
