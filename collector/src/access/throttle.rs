//! Patience with wrong tokens: each further one from an address is told so later, and only a few wait at a time.
//!
//! Nobody guesses 256 random bits. This keeps somebody who tries from filling log and connections, and holds up nobody
//! else: right tokens do not come here, and neither do other addresses. Addresses are kept in memory only, until others
//! take their place.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::seconds;
use crate::client::Client;

/// The first wrong token waits so long, the next twice as long.
const FIRST: Duration = Duration::from_millis(100);

/// No wrong token waits longer.
const LONGEST: Duration = Duration::from_secs(5);

/// Wrong tokens of one address that wait.
const WAITING: u32 = 4;

/// Wrong tokens of all addresses that wait.
const WAITING_IN_ALL: u32 = 64;

/// An address that was wrong so long ago begins anew.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// Addresses that are remembered; the one that was wrong longest ago makes room.
const ADDRESSES: usize = 4_096;

/// Who was wrong, and how often.
#[derive(Default)]
pub(super) struct Throttle(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    addresses: HashMap<Client, Wrong>,
    waiting: u32,
}

struct Wrong {
    times: u32,
    last: Instant,
    waiting: u32,
}

/// What becomes of a wrong token.
pub(super) enum Patience {
    /// It waits; its place is free again when this is dropped.
    Wait(Place),
    /// It is refused at once: too many wait.
    None {
        /// When to try again, in seconds.
        retry_after: u32,
    },
}

/// One that waits.
#[must_use]
pub(super) struct Place {
    known: Arc<Mutex<Known>>,
    address: Client,
    delay: Duration,
}

impl Place {
    pub(super) const fn delay(&self) -> Duration {
        self.delay
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.waiting = known.waiting.saturating_sub(1);
        if let Some(wrong) = known.addresses.get_mut(&self.address) {
            wrong.waiting = wrong.waiting.saturating_sub(1);
        }
    }
}

impl Throttle {
    /// A wrong token came from `address`.
    pub(super) fn wrong(&self, address: Option<IpAddr>, now: Instant) -> Patience {
        let address = Client::of(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.addresses.len() >= ADDRESSES && !known.addresses.contains_key(&address) {
            known.make_room(now);
        }
        let in_all = known.waiting;
        let wrong = known.addresses.entry(address).or_insert(Wrong {
            times: 0,
            last: now,
            waiting: 0,
        });
        if now.duration_since(wrong.last) >= FORGOTTEN {
            wrong.times = 0;
        }
        wrong.last = now;
        let delay = delay(wrong.times);
        if wrong.waiting >= WAITING || in_all >= WAITING_IN_ALL {
            return Patience::None {
                retry_after: seconds(delay),
            };
        }
        wrong.times = wrong.times.saturating_add(1);
        wrong.waiting += 1;
        known.waiting += 1;
        Patience::Wait(Place {
            known: Arc::clone(&self.0),
            address,
            delay,
        })
    }
}

impl Known {
    fn make_room(&mut self, now: Instant) {
        self.addresses
            .retain(|_, wrong| wrong.waiting > 0 || now.duration_since(wrong.last) < FORGOTTEN);
        if self.addresses.len() >= ADDRESSES {
            let oldest = self.addresses.iter().min_by_key(|(_, wrong)| wrong.last);
            let oldest = oldest.map(|(address, _)| *address);
            oldest.and_then(|address| self.addresses.remove(&address));
        }
    }
}

fn delay(times: u32) -> Duration {
    let doubled = 2_u32.checked_pow(times).and_then(|factor| FIRST.checked_mul(factor));
    doubled.unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn waits(patience: &Patience) -> Option<u128> {
        match patience {
            Patience::Wait(place) => Some(place.delay().as_millis()),
            Patience::None { .. } => None,
        }
    }

    #[tokio::test]
    async fn each_wrong_one_waits_longer_and_others_do_not() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let told: Vec<_> = (0..8)
            .map(|_| waits(&throttle.wrong(address("192.0.2.1"), now)))
            .collect();
        let expected = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];
        assert_eq!(told, expected.map(Some));
        assert_eq!(waits(&throttle.wrong(address("192.0.2.2"), now)), Some(100));
        assert_eq!(waits(&throttle.wrong(address("192.0.2.1"), now + FORGOTTEN)), Some(100));
    }

    #[tokio::test]
    async fn few_wait_at_a_time() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let mut waiting: Vec<_> = (0..WAITING)
            .map(|_| throttle.wrong(address("2001:db8::1"), now))
            .collect();
        assert_eq!(
            waits(&throttle.wrong(address("2001:db8::2"), now)),
            None,
            "the same household"
        );
        assert!(
            waits(&throttle.wrong(address("2001:db8:0:1::1"), now)).is_some(),
            "another one"
        );
        waiting.pop();
        assert!(waits(&throttle.wrong(address("2001:db8::3"), now)).is_some());
        let crowd: Vec<_> = (0..200_u8)
            .map(|n| throttle.wrong(address(&format!("192.0.2.{n}")), now))
            .collect();
        let admitted = crowd.iter().filter_map(waits).count();
        assert_eq!(admitted + waiting.len(), WAITING_IN_ALL as usize);
    }

    #[tokio::test]
    async fn only_so_many_addresses_are_remembered() {
        let throttle = Throttle::default();
        let begin = Instant::now();
        for n in 0..ADDRESSES as u32 + 100 {
            let now = begin + Duration::from_millis(u64::from(n));
            drop(throttle.wrong(Some(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n))), now));
        }
        assert_eq!(throttle.0.lock().unwrap().addresses.len(), ADDRESSES);
    }
}
