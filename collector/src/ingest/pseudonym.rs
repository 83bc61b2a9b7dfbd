//! What is kept of a visitor's address: nothing, its network, or a hash that nobody can undo once the day is over.
//!
//! **The salt is in memory only.** On a disk it would be in backups and snapshots, where nobody can delete it, and with it the
//! four billion addresses of IPv4 are tried in minutes. The price: after a restart the same visitor has another hash, and each of
//! several collectors has hashes of its own.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use sha2::{Digest as _, Sha256};

use super::day_use::Day;
use crate::config::AddressPolicy;

/// Bits of an address that are kept of IPv4 and IPv6: what a provider gives to many.
const KEPT_BITS: (u8, u8) = (24, 48);

/// Makes pseudonyms.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    policy: AddressPolicy,
    today: Arc<Mutex<Option<Salt>>>,
}

/// That of a day in UTC.
#[derive(Clone, Copy)]
struct Salt {
    day: Day,
    bytes: [u8; 32],
}

impl Salt {
    /// Whether it is the salt at `now_ms`. A request that came just before midnight may be here just after another one of the next
    /// day, and takes that one's; a clock that was far ahead, and is right now, must not keep its salt for years.
    fn is_of(&self, now_ms: i64) -> bool {
        self.day.or_of(now_ms) == self.day
    }
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt(…)")
    }
}

impl Pseudonyms {
    pub(super) fn new(policy: AddressPolicy) -> Self {
        Self {
            policy,
            today: Arc::default(),
        }
    }

    /// By another policy, and with the same salt: who is hashed before and after is one visitor.
    pub(super) fn with(&self, policy: AddressPolicy) -> Self {
        Self {
            policy,
            today: Arc::clone(&self.today),
        }
    }

    /// What the column `client` says of `address`, from which `app` was sent something at `received_ms`.
    pub(super) fn of(&self, address: IpAddr, app: &str, received_ms: i64) -> String {
        match self.policy {
            AddressPolicy::Drop => String::new(),
            AddressPolicy::Truncate => network(address),
            AddressPolicy::Hash => hash(&self.salt(received_ms), address, app),
        }
    }

    /// Overwrites the salt of a day that is over, also while nobody sends anything.
    pub(super) fn forget(&self, now_ms: i64) {
        self.salt(now_ms);
    }

    /// The salt at `now_ms`, in the place of that of a day before.
    fn salt(&self, now_ms: i64) -> [u8; 32] {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = today.filter(|salt| salt.is_of(now_ms));
        let salt = kept.unwrap_or_else(|| Salt {
            day: Day::of(now_ms),
            bytes: rand::random(),
        });
        *today = Some(salt);
        salt.bytes
    }
}

fn network(address: IpAddr) -> String {
    let network = match address {
        IpAddr::V4(address) => Ipv4Net::new(address, KEPT_BITS.0).map(IpNet::from),
        IpAddr::V6(address) => Ipv6Net::new(address, KEPT_BITS.1).map(IpNet::from),
    };
    network.map_or_else(|_| String::new(), |network| network.trunc().to_string())
}

/// With the app, so that a visitor of two apps is not known to be one. Salt and address have a fixed length each, so no two inputs
/// look alike.
fn hash(salt: &[u8; 32], address: IpAddr, app: &str) -> String {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(address.octets());
    hash.update(app);
    let start = hash
        .finalize()
        .iter()
        .take(8)
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    format!("{start:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    const NOON_MS: i64 = 1_795_262_400_000;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_dropped_unless_somebody_wants_it() {
        let pseudonyms = Pseudonyms::new(AddressPolicy::default());
        assert_eq!(pseudonyms.of(address("203.0.113.9"), "shop", NOON_MS), "");
    }

    #[test]
    fn of_a_network_many_have_it() {
        let pseudonyms = Pseudonyms::new(AddressPolicy::Truncate);
        for (given, expected) in [
            ("203.0.113.9", "203.0.113.0/24"),
            ("203.0.113.255", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("::1", "::/48"),
        ] {
            assert_eq!(pseudonyms.of(address(given), "shop", NOON_MS), expected);
        }
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_keep_its_salt() {
        let pseudonyms = Pseudonyms::new(AddressPolicy::Hash);
        let of = |at| pseudonyms.of(address("203.0.113.9"), "shop", at);
        let ahead = of(NOON_MS + 3_650 * DAY_MS);
        let right = of(NOON_MS);
        assert_ne!(right, ahead);
        assert_eq!(of(NOON_MS), right);
        // Of the day that is just over.
        let next = of(NOON_MS + DAY_MS);
        assert_eq!(of(NOON_MS), next);
    }

    #[test]
    fn a_hash_is_of_one_visitor_app_day_and_start() {
        let pseudonyms = Pseudonyms::new(AddressPolicy::Hash);
        let of = |text: &str, app: &str, at| pseudonyms.of(address(text), app, at);
        let first = of("203.0.113.9", "shop", NOON_MS);
        assert_eq!(first.len(), 16);
        assert!(first.bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert_eq!(of("203.0.113.9", "shop", NOON_MS + DAY_MS / 2 - 1), first);
        assert_ne!(of("203.0.113.10", "shop", NOON_MS), first);
        assert_ne!(of("203.0.113.9", "blog", NOON_MS), first);
        // Another collector, or this one after a restart.
        let other = Pseudonyms::new(AddressPolicy::Hash);
        assert_ne!(other.of(address("203.0.113.9"), "shop", NOON_MS), first);
        // The next day, and never again as the day before.
        let next = of("203.0.113.9", "shop", NOON_MS + DAY_MS / 2);
        assert_ne!(next, first);
        assert_eq!(of("203.0.113.9", "shop", NOON_MS), next);
        pseudonyms.forget(NOON_MS + DAY_MS);
        assert_eq!(of("203.0.113.9", "shop", NOON_MS), next, "the day is not over");
        pseudonyms.forget(NOON_MS + 2 * DAY_MS);
        assert_ne!(of("203.0.113.9", "shop", NOON_MS + DAY_MS), next);
        assert!(!format!("{pseudonyms:?}").contains("bytes"));
    }
}
