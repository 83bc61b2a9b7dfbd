//! What the limiter knows of each client address, in memory that never grows.
//!
//! The table is an array of small sets. An address belongs to one set, by a hash that is another one in each process; where
//! the set is full, the address that has least to lose is forgotten: the one whose allowance is whole again first. An
//! address that sends too much is the last one to be forgotten, so nobody gets rid of a limit by sending from many. Of an
//! address only the hash is kept.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;

use crate::client::Client;

/// Sets of the table: together 65,536 addresses in about 1 MiB.
const SETS: usize = 8_192;
/// Addresses of a set.
const WAYS: usize = 8;

/// The table.
pub(super) struct AddressTable {
    hasher: RandomState,
    sets: Box<[Mutex<[Known; WAYS]>]>,
}

/// An address; none while all is 0.
#[derive(Clone, Copy, Default)]
struct Known {
    hash: u64,
    /// The limiter's number: when all that was sent will have been made up for, in ns of its clock.
    whole_at: u64,
}

impl AddressTable {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            sets: (0..SETS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl StateStore for AddressTable {
    type Key = Client;

    fn measure_and_replace<T, F, E>(&self, client: &Client, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let hash = self.hasher.hash_one(client).max(1);
        let place = usize::try_from(hash % SETS as u64).unwrap_or(0);
        let Some(set) = self.sets.get(place) else {
            return decide(None).map(|(answer, _)| answer);
        };
        // No code panics while it holds the lock half-way through a change.
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let known = set.iter_mut().find(|known| known.hash == hash);
        let (answer, whole_at) = decide(known.as_ref().map(|known| Nanos::from(known.whole_at)))?;
        let place = match known {
            Some(known) => Some(known),
            None => set.iter_mut().min_by_key(|known| known.whole_at),
        };
        if let Some(place) = place {
            *place = Known {
                hash,
                whole_at: whole_at.as_u64(),
            };
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use governor::middleware::NoOpMiddleware;
    use governor::{Quota, RateLimiter};

    use super::*;

    type Limiter = RateLimiter<Client, AddressTable, FakeRelativeClock, NoOpMiddleware<Nanos>>;

    fn limiter(per_second: u32, burst: u32) -> (Limiter, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let rate = Quota::per_second(NonZeroU32::new(per_second).unwrap());
        let rate = rate.allow_burst(NonZeroU32::new(burst).unwrap());
        (RateLimiter::new(rate, AddressTable::new(), clock.clone()), clock)
    }

    fn known(table: &AddressTable) -> usize {
        let of_set = |set: &Mutex<[Known; WAYS]>| set.lock().unwrap().iter().filter(|known| known.hash != 0).count();
        table.sets.iter().map(of_set).sum()
    }

    #[test]
    fn a_million_addresses_take_no_more_memory_and_do_not_free_one_that_is_over_its_limit() {
        let (limiter, clock) = limiter(1, 5);
        let noisy = Client::of("2001:db8::1".parse().unwrap());
        while limiter.check_key(&noisy).is_ok() {}
        for number in 0..1_000_000_u32 {
            // They come within two seconds: none of them is forgotten because its time has passed.
            if number % 500 == 0 {
                clock.advance(Duration::from_millis(1));
            }
            let address = std::net::Ipv4Addr::from(number);
            assert!(limiter.check_key(&Client::of(address.into())).is_ok(), "{address}");
        }
        // Two seconds have given it two batches, and no more.
        assert!(limiter.check_key(&noisy).is_ok() && limiter.check_key(&noisy).is_ok());
        assert!(limiter.check_key(&noisy).is_err());
        assert!(known(&limiter.into_state_store()) <= SETS * WAYS);
    }
}
