//! What is to be known of visitors beyond what their browsers say.

use std::path::PathBuf;

use http::HeaderName;

/// What is to be known of visitors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitors {
    /// What becomes of their addresses.
    pub address: AddressPolicy,
    /// A MaxMind DB file that knows countries by address.
    pub geo_database: Option<PathBuf>,
    /// The header in which the proxies say the country.
    pub country_header: Option<HeaderName>,
    /// The header in which they say the region.
    pub region_header: Option<HeaderName>,
}

/// What becomes of a visitor's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressPolicy {
    /// It is forgotten.
    #[default]
    Drop,
    /// Its network is kept: /24 of IPv4, /48 of IPv6.
    Truncate,
    /// A hash is kept, by a salt that lasts a day.
    Hash,
}

impl AddressPolicy {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Drop, Self::Truncate, Self::Hash];

    /// As the configuration writes it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Truncate => "truncate",
            Self::Hash => "hash",
        }
    }
}
