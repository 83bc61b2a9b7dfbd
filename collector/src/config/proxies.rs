//! The proxies in front of the collector: whose word is taken for who sends.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

/// The addresses of proxies; a handle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Reads one, such as `10.0.0.0/8` or `192.0.2.7`; `None` if `text` is neither.
    pub(super) fn read(text: &str) -> Option<IpNet> {
        let network = text.parse().ok();
        network.or_else(|| {
            text.parse::<IpAddr>()
                .ok()
                .map(|address| IpNet::from(address.to_canonical()))
        })
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        // A socket for both families has IPv4 peers as ::ffff:10.0.0.1.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they were written.
    pub(super) fn listed(&self) -> impl Iterator<Item = &IpNet> {
        self.0.iter()
    }
}

impl FromIterator<IpNet> for Proxies {
    fn from_iter<T: IntoIterator<Item = IpNet>>(networks: T) -> Self {
        Self(networks.into_iter().collect())
    }
}
