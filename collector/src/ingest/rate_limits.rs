//! Batches a second: of each client address, and of each app.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::address_table::AddressTable;
use super::reject::Reject;
use crate::client::Client;
use crate::config::{App, Apps, RateLimit};

type OfApp<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;
type OfAddresses<C> = RateLimiter<Client, AddressTable, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// The limits that are configured, and how far each sender is from its own.
pub(super) struct RateLimits<C: Clock = MonotonicClock> {
    clock: C,
    apps: HashMap<Arc<str>, Arc<Limited<OfApp<C>>>>,
    addresses: Option<Arc<Limited<OfAddresses<C>>>>,
}

/// A limit, and what counts against it.
struct Limited<L> {
    limit: RateLimit,
    limiter: L,
}

impl<C: Clock + Clone> RateLimits<C> {
    pub(super) fn new(apps: &Apps, address: Option<RateLimit>, clock: &C) -> Self {
        let none = Self {
            apps: HashMap::new(),
            addresses: None,
            clock: clock.clone(),
        };
        none.changed(apps, address)
    }

    /// Those that are in force after these. Who has the same limit as before is as far from it as before.
    pub(super) fn changed(&self, apps: &Apps, address: Option<RateLimit>) -> Self {
        let clock = &self.clock;
        let of_app = |app: &App| {
            let limit = app.rate_limit?;
            let limited = same(self.apps.get(&app.name), limit).unwrap_or_else(|| {
                let limiter = RateLimiter::new(quota(limit), InMemoryState::default(), clock.clone());
                Arc::new(Limited { limit, limiter })
            });
            Some((Arc::clone(&app.name), limited))
        };
        Self {
            apps: apps.sorted().into_iter().filter_map(of_app).collect(),
            addresses: address.map(|limit| {
                same(self.addresses.as_ref(), limit).unwrap_or_else(|| {
                    let limiter = RateLimiter::new(quota(limit), AddressTable::new(), clock.clone());
                    Arc::new(Limited { limit, limiter })
                })
            }),
            clock: clock.clone(),
        }
    }

    /// Counts a batch of `app` from `address`, unless one of the two has sent too many. An address that is over its limit
    /// takes nothing from its app's.
    ///
    /// # Errors
    /// Which limit it is, and when there is room for one batch again.
    pub(super) fn check(&self, app: &App, address: Option<IpAddr>) -> Result<(), Reject> {
        if let Some(Limited { limit, limiter }) = self.addresses.as_deref()
            && let Some(address) = address
            && let Err(not_yet) = limiter.check_key(&Client::of(address))
        {
            return Err(Reject::AddressRate {
                per_second: limit.per_second,
                retry_after: whole_seconds(not_yet.wait_time_from(self.clock.now())),
            });
        }
        if let Some(Limited { limit, limiter }) = self.apps.get(&app.name).map(AsRef::as_ref)
            && let Err(not_yet) = limiter.check()
        {
            return Err(Reject::AppRate {
                app: Arc::clone(&app.name),
                per_second: limit.per_second,
                retry_after: whole_seconds(not_yet.wait_time_from(self.clock.now())),
            });
        }
        Ok(())
    }
}

/// What has counted so far, unless the limit is another.
fn same<L>(before: Option<&Arc<Limited<L>>>, limit: RateLimit) -> Option<Arc<Limited<L>>> {
    before.filter(|before| before.limit == limit).map(Arc::clone)
}

fn quota(limit: RateLimit) -> Quota {
    Quota::per_second(limit.per_second).allow_burst(limit.burst)
}

/// For `Retry-After`, rounded up. Who is refused again waits longer each time of its own accord, as pages do, so it is not
/// spread here.
fn whole_seconds(wait: Duration) -> u32 {
    let rounded_up = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(rounded_up).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::config::Config;

    const SHOP: &str = r#"name = "shop", key = "s", origins = ["*"]"#;
    const BLOG: &str = r#"name = "blog", key = "b", origins = ["*"]"#;

    /// Limits of `[limits]` and of the app `shop`, as the configuration has them; `blog` has none.
    fn limits(shop: &str, address: &[(&str, &str)]) -> (RateLimits<FakeRelativeClock>, Apps, FakeRelativeClock) {
        let apps = ("RUM_APPS".to_owned(), format!("[{{{SHOP}{shop}}}, {{{BLOG}}}]"));
        let address = address
            .iter()
            .map(|(key, value)| (format!("RUM_LIMITS_{key}"), (*value).to_owned()));
        let config = Config::load(None, address.chain([apps])).unwrap();
        let clock = FakeRelativeClock::default();
        let limits = RateLimits::new(&config.apps, config.limits.address_rate, &clock);
        (limits, config.apps, clock)
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_app_has_its_burst_and_then_its_rate() {
        let (limits, apps, clock) = limits(", batches_per_second = 2, burst = 4", &[]);
        let (shop, blog) = (apps.by_key("s").unwrap(), apps.by_key("b").unwrap());
        let passed = |app: &App| (0..100).filter(|_| limits.check(app, None).is_ok()).count();
        assert_eq!(passed(shop), 4);
        assert_eq!(passed(blog), 100, "another app's limit is its own");
        for (ms, expected) in [(499, 0), (1, 1), (1_000, 2), (60_000, 4)] {
            clock.advance(Duration::from_millis(ms));
            assert_eq!(passed(shop), expected, "{ms} ms later");
        }
    }

    #[test]
    fn without_a_word_a_burst_is_ten_seconds_of_the_rate() {
        let (limits, apps, _) = limits(", batches_per_second = 3", &[]);
        let shop = apps.by_key("s").unwrap();
        assert_eq!((0..100).filter(|_| limits.check(shop, None).is_ok()).count(), 30);
    }

    #[test]
    fn a_change_of_other_limits_gives_nobody_a_new_burst() {
        let (before, apps, _) = limits(
            ", batches_per_second = 2, burst = 4",
            &[("ADDRESS_BATCHES_PER_SECOND", "9"), ("ADDRESS_BURST", "9")],
        );
        let passed = |limits: &RateLimits<_>, apps: &Apps, from| {
            let shop = apps.by_key("s").unwrap();
            (0..100).filter(|_| limits.check(shop, from).is_ok()).count()
        };
        assert_eq!(passed(&before, &apps, None), 4);
        assert_eq!(passed(&before.changed(&apps, None), &apps, None), 0, "the same limit");
        let (_, other, _) = limits(", batches_per_second = 2, burst = 5", &[]);
        assert_eq!(passed(&before.changed(&other, None), &other, None), 5, "another limit");
    }

    #[test]
    fn an_address_over_its_limit_takes_nothing_from_its_app() {
        let (limits, apps, _) = limits(
            ", batches_per_second = 1, burst = 3",
            &[("ADDRESS_BATCHES_PER_SECOND", "1"), ("ADDRESS_BURST", "2")],
        );
        let shop = apps.by_key("s").unwrap();
        let check = |from| limits.check(shop, address(from));
        assert!(check("192.0.2.1").is_ok() && check("192.0.2.1").is_ok());
        for _ in 0..10 {
            assert!(matches!(check("192.0.2.1"), Err(Reject::AddressRate { .. })));
        }
        assert!(check("192.0.2.2").is_ok());
        assert!(matches!(check("192.0.2.3"), Err(Reject::AppRate { .. })));
    }

    #[test]
    fn an_ipv6_subscriber_has_one_limit() {
        let (limits, apps, _) = limits("", &[("ADDRESS_BATCHES_PER_SECOND", "1"), ("ADDRESS_BURST", "1")]);
        let check = |from| limits.check(apps.by_key("s").unwrap(), address(from)).is_ok();
        assert!(check("2001:db8:1:2::1"));
        assert!(!check("2001:db8:1:2:aaaa::1"));
        assert!(check("2001:db8:1:3::1"));
    }

    #[test]
    fn when_to_come_back_is_in_whole_seconds_and_enough() {
        for (ms, expected) in [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (59_001, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(ms)), expected, "{ms} ms");
        }
        let (limits, apps, clock) = limits(", batches_per_second = 1, burst = 1", &[]);
        let shop = apps.by_key("s").unwrap();
        limits.check(shop, None).unwrap();
        let Err(Reject::AppRate { retry_after, .. }) = limits.check(shop, None) else {
            panic!("the burst is one batch")
        };
        clock.advance(Duration::from_secs(retry_after.into()));
        limits.check(shop, None).unwrap();
    }
}
