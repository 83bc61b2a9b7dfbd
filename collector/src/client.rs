//! Who is at the other end, as far as addresses tell: whose a request is ([`client_address`]), and whom a limit is for ([`Client`]).

mod address;

use std::net::IpAddr;

pub(crate) use address::{Doubt, client_address};

/// Whom a limit is for: an IPv4 address, or the /64 of an IPv6 address, for a subscriber has all of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client(u64);

impl Client {
    pub(crate) fn of(address: IpAddr) -> Self {
        // A socket for both families has IPv4 peers as ::ffff:192.0.2.1.
        match address.to_canonical() {
            // A /64 that is a number of 32 bits would be in ::/32, where no client is.
            IpAddr::V4(address) => Self(u32::from(address).into()),
            IpAddr::V6(address) => Self((u128::from(address) >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_one_client() {
        let of = |address: &str| Client::of(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::7"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("::ffff:192.0.2.1"), of("::ffff:192.0.2.2"));
    }
}
