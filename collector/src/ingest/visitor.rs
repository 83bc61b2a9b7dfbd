//! What the head of a request says about who sent it: browser, country, and what is kept of the address.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use http::HeaderMap;
use http::header::HeaderName;

use super::agents::Agents;
use super::geo::{Geo, GeoError, Location};
use super::outcome::{Outcome, Outcomes};
use super::pseudonym::Pseudonyms;
use crate::batch::Visitor;
use crate::client::{Doubt, client_address};
use crate::config::{Config, Proxies};

/// Everything that is asked about a request's sender.
pub(super) struct Visitors {
    proxies: Proxies,
    agents: Arc<Agents>,
    pseudonyms: Pseudonyms,
    geo: Option<Arc<Geo>>,
    country_header: Option<HeaderName>,
    region_header: Option<HeaderName>,
    outcomes: Arc<Outcomes>,
}

/// Whose a request is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    /// Who has the connection.
    pub(super) peer: IpAddr,
    /// Who asks, as far as our own proxies say.
    pub(super) client: IpAddr,
}

impl Visitors {
    /// By this configuration. Reads from disk.
    ///
    /// # Errors
    /// When the file of countries cannot be used.
    pub(super) fn open(config: &Config, outcomes: Arc<Outcomes>) -> Result<Self, GeoError> {
        let none = Self {
            proxies: Proxies::default(),
            agents: Arc::new(Agents::new()),
            pseudonyms: Pseudonyms::new(config.visitors.address),
            geo: None,
            country_header: None,
            region_header: None,
            outcomes,
        };
        none.changed(config)
    }

    /// By another configuration, with what is known already. Reads from disk.
    ///
    /// # Errors
    /// When the file of countries cannot be used.
    pub(super) fn changed(&self, config: &Config) -> Result<Self, GeoError> {
        let visitors = &config.visitors;
        let known = |path: &Path| self.geo.as_ref().filter(|geo| geo.path() == path).map(Arc::clone);
        let geo = visitors.geo_database.as_deref();
        let geo = geo.map(|path| known(path).map_or_else(|| Geo::open(path).map(Arc::new), Ok));
        Ok(Self {
            proxies: config.trusted_proxies.clone(),
            agents: Arc::clone(&self.agents),
            pseudonyms: self.pseudonyms.with(visitors.address),
            geo: geo.transpose()?,
            country_header: visitors.country_header.clone(),
            region_header: visitors.region_header.clone(),
            outcomes: Arc::clone(&self.outcomes),
        })
    }

    /// Whose a request is, over a connection of `peer`.
    pub(super) fn addresses(&self, peer: IpAddr, headers: &HeaderMap) -> Addresses {
        let client = client_address(peer, headers, &self.proxies);
        match client.doubt {
            Some(Doubt::Unlisted) => self.outcomes.count(Outcome::ForwardedUnlisted),
            Some(Doubt::Malformed) => self.outcomes.count(Outcome::ForwardedMalformed),
            None => {}
        }
        Addresses {
            peer,
            client: client.address,
        }
    }

    /// Who sent a request to `app`. Without addresses, as when a router is called without a socket, nothing is known of them.
    pub(super) fn of(&self, addresses: Option<Addresses>, headers: &HeaderMap, app: &str, received_ms: i64) -> Visitor {
        let agent = self.agents.of(headers);
        let Some(Addresses { peer, client }) = addresses else {
            return Visitor {
                agent,
                ..Visitor::default()
            };
        };
        let Location { country, region } = self.locate(peer, client, headers);
        Visitor {
            agent,
            country,
            region,
            client: self.pseudonyms.of(client, app, received_ms),
        }
    }

    /// What is to be done now and then: the salt of a day that is over is forgotten, and a file of countries that was replaced is
    /// read again. Takes as long as the disk does.
    pub(super) fn tend(&self, now_ms: i64) {
        self.pseudonyms.forget(now_ms);
        if let Some(geo) = &self.geo {
            geo.refresh();
        }
    }

    /// The header first, if a proxy of ours wrote it; else the file.
    fn locate(&self, peer: IpAddr, client: IpAddr, headers: &HeaderMap) -> Location {
        if self.country_header.is_none() && self.geo.is_none() {
            return Location::default();
        }
        let text = |name: &Option<HeaderName>| {
            let value = name.as_ref().and_then(|name| headers.get(name));
            value.and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let mut location = Location::default();
        if self.proxies.contain(peer) {
            location = Location::said(text(&self.country_header), text(&self.region_header));
        }
        if location.country.is_empty()
            && let Some(geo) = &self.geo
        {
            location = geo.locate(client);
        }
        if location.country.is_empty() {
            self.outcomes.count(Outcome::CountryUnknown);
        }
        location
    }
}
