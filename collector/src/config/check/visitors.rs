//! What is to be known of visitors, and whose word is taken for it.

use http::HeaderName;

use super::Problems;
use crate::config::raw::RawVisitors;
use crate::config::{AddressPolicy, Proxies, Visitors};

pub(super) fn proxies(texts: &[String], problems: &mut Problems) -> Proxies {
    let read = |(at, text): (usize, &String)| {
        let network = Proxies::read(text);
        if network.is_none() {
            problems.add(
                format!("trusted_proxies[{at}]"),
                format!("{text:?} is neither an address nor a network"),
                "write an address or a network of your proxies, such as \"192.0.2.7\" or \"10.0.0.0/8\"",
            );
        }
        network
    };
    texts.iter().enumerate().filter_map(read).collect()
}

pub(super) fn visitors(raw: RawVisitors, proxies: &Proxies, problems: &mut Problems) -> Visitors {
    let mut header = |key: &str, text: Option<String>| {
        let text = text?;
        let key = format!("visitors.{key}");
        let name = HeaderName::try_from(&*text).ok();
        if name.is_none() {
            problems.add(
                key,
                format!("{text:?} cannot be the name of a header"),
                "write it as your proxy does, such as \"CF-IPCountry\"",
            );
        } else if proxies.is_empty() {
            problems.add(
                key,
                "is believed of listed proxies only, and trusted_proxies is empty: anybody could say where they are",
                "list the addresses of the proxies that set it in trusted_proxies, or remove this",
            );
        }
        name
    };
    let country_header = header("country_header", raw.country_header);
    let region_header = header("region_header", raw.region_header);
    if region_header.is_some() && country_header.is_none() {
        problems.add(
            "visitors.region_header",
            "is a part of a country, and visitors.country_header is absent",
            "name the header of the country, too",
        );
    }
    let address = raw.address.map_or_else(AddressPolicy::default, |text| {
        let known = AddressPolicy::ALL.into_iter().find(|policy| policy.name() == text);
        known.unwrap_or_else(|| {
            problems.add(
                "visitors.address",
                format!("{text:?} does not say what becomes of addresses"),
                "write \"drop\" (the default), \"truncate\" (their networks are kept) or \"hash\" (with a salt that lasts a day)",
            );
            AddressPolicy::default()
        })
    });
    if let Some(path) = raw.geo_database.as_ref().filter(|path| !path.is_file()) {
        problems.add(
            "visitors.geo_database",
            format!("{} is not a file", path.display()),
            "give the path of a MaxMind DB file that knows countries, such as GeoLite2-City.mmdb, or remove the key",
        );
    }
    Visitors {
        address,
        geo_database: raw.geo_database,
        country_header,
        region_header,
    }
}
