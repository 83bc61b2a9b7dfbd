//! How well a part of the collector does its work, and from when on somebody should look at it.

use std::sync::Arc;

use crate::ingest::{AppDay, Level};
use crate::store::{RefusalCause, SpoolHealth};

/// From how many percent of its limit on the spool is worth a look.
const NEARLY_FULL: u64 = 80;

/// From when on rows that wait are worth a look: they are inserted about once a second.
const BEHIND_SECONDS: i64 = 60;

/// How well a part does its work, and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Healthy,
    /// It does, but somebody should look at it.
    Degraded(String),
    /// It does not.
    Unhealthy(String),
}

impl Condition {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded(_) => "degraded",
            Self::Unhealthy(_) => "unhealthy",
        }
    }

    pub(super) fn problem(&self) -> Option<&str> {
        match self {
            Self::Healthy => None,
            Self::Degraded(problem) | Self::Unhealthy(problem) => Some(problem),
        }
    }

    /// Of a spool that is so, of which these apps have more than their share; whether others have batches in it.
    pub(super) fn of_spool(health: &SpoolHealth, over_share: &[Arc<str>], others: bool) -> Self {
        if let Some(refusal) = &health.refusal {
            let problem = match refusal.cause {
                RefusalCause::Full { .. } => "it is full: batches are answered 503",
                RefusalCause::Failing => "it cannot write: batches are answered 503",
            };
            return Self::Unhealthy(problem.to_owned());
        }
        let percent = health.bytes.saturating_mul(100) / health.limit_bytes.max(1);
        if percent >= NEARLY_FULL || !over_share.is_empty() {
            let mut problem = format!("it is {percent} % full: ClickHouse does not take what comes in");
            if !over_share.is_empty() {
                problem += "; these apps have more than their share, and are answered 503: ";
                problem += &over_share.join(", ");
            }
            // Where all who send are refused it is as good as full.
            if over_share.is_empty() || others {
                Self::Degraded(problem)
            } else {
                Self::Unhealthy(problem)
            }
        } else if health.damaged > 0 {
            Self::Degraded(format!(
                "stored batches were lost to damage in {} places, {} bytes",
                health.damaged, health.lost_bytes
            ))
        } else {
            Self::Healthy
        }
    }

    /// Of quotas that are used so. A quota that is used up is kept, which is the collector's work: nothing is unhealthy.
    pub(super) fn of_quotas(apps: &[AppDay]) -> Self {
        let used = |level: Level, what: &str| {
            let of_level = apps.iter().filter(|day| day.level == level);
            let names: Vec<_> = of_level
                .map(|day| match day.percent {
                    Some((resource, percent)) => format!("{} ({percent} % of {})", day.app, resource.key()),
                    None => day.app.to_string(),
                })
                .collect();
            (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
        };
        let problems: Vec<_> = [
            used(Level::Over, "used up, batches are answered 429"),
            used(Level::Near, "used up soon"),
        ]
        .into_iter()
        .flatten()
        .collect();
        if problems.is_empty() {
            Self::Healthy
        } else {
            Self::Degraded(problems.join("; "))
        }
    }
}

/// That rows which arrived at `oldest_ms` still wait at `now_ms`, if that is long.
pub(super) fn behind(oldest_ms: i64, now_ms: i64) -> Option<String> {
    let seconds = now_ms.saturating_sub(oldest_ms) / 1_000;
    (seconds >= BEHIND_SECONDS).then(|| format!("rows that arrived {seconds} s ago are still being inserted"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Fsync;
    use crate::ingest::Resource;
    use crate::store::Refusal;

    #[test]
    fn a_spool_is_degraded_before_it_is_full_and_while_it_is_damaged() {
        let health = |bytes, damaged| SpoolHealth {
            fsync: Fsync::Batch,
            bytes,
            limit_bytes: 1_000,
            segments: 1,
            damaged,
            lost_bytes: 10 * damaged,
            torn_bytes: 0,
            refusal: None,
            tables: Vec::new(),
        };
        assert_eq!(Condition::of_spool(&health(799, 0), &[], false), Condition::Healthy);
        for (degraded, said) in [(health(800, 0), "80 % full"), (health(0, 2), "in 2 places")] {
            let condition = Condition::of_spool(&degraded, &[], true);
            assert!(
                matches!(&condition, Condition::Degraded(problem) if problem.contains(said)),
                "{condition:?}"
            );
        }
        let condition = Condition::of_spool(&health(700, 0), &["shop".into(), "blog".into()], true);
        assert!(
            condition
                .problem()
                .is_some_and(|problem| problem.contains("70 % full") && problem.ends_with(": shop, blog")),
            "{condition:?}"
        );
        let alone = Condition::of_spool(&health(700, 0), &["shop".into()], false);
        assert!(matches!(alone, Condition::Unhealthy(_)), "{alone:?}");
        let full = SpoolHealth {
            refusal: Some(Refusal {
                since_ms: 1,
                cause: RefusalCause::Failing,
                message: "EIO".into(),
            }),
            ..health(0, 1)
        };
        assert!(matches!(Condition::of_spool(&full, &[], true), Condition::Unhealthy(_)));
    }

    #[test]
    fn rows_that_wait_long_are_told() {
        assert_eq!(behind(0, BEHIND_SECONDS * 1_000 - 1), None);
        assert!(behind(0, BEHIND_SECONDS * 1_000).is_some_and(|said| said.contains("60 s ago")));
    }

    #[test]
    fn quotas_are_degraded_from_80_percent_on_and_never_unhealthy() {
        let day = |app: &str, level, percent| AppDay {
            app: app.into(),
            quota: crate::config::DailyQuota::default(),
            events: 0,
            bytes: 0,
            level,
            percent,
        };
        let within = day("blog", Level::Within, Some((Resource::Events, 79)));
        let near = day("shop", Level::Near, Some((Resource::Bytes, 81)));
        let over = day("forum", Level::Over, Some((Resource::Events, 130)));
        let unlimited = day("docs", Level::Within, None);
        assert_eq!(Condition::of_quotas(&[within.clone(), unlimited]), Condition::Healthy);
        let said = "used up, batches are answered 429: forum (130 % of events_per_day); used up soon: shop (81 % of bytes_per_day)";
        assert_eq!(
            Condition::of_quotas(&[within, near, over]),
            Condition::Degraded(said.to_owned())
        );
    }
}
