//! Whose request it is: the peer's address, or, where that is a proxy of ours, the one that the proxies say.
//!
//! Anybody can write `X-Forwarded-For`, and a proxy adds the address that it was asked from at the end. So the list is read from the
//! right, for as long as those who wrote it are listed: the first that is not is the client. What is left of it is the client's own
//! story. <https://www.rfc-editor.org/rfc/rfc7239>

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HeaderMap, HeaderName};

use crate::config::Proxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    /// The client's address, or the nearest to it that is known for sure.
    pub(crate) address: IpAddr,
    /// What is not believed, and worth knowing.
    pub(crate) doubt: Option<Doubt>,
}

/// Why a header is not believed, or not to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Who sent it is no listed proxy.
    Unlisted,
    /// It is not of its form before a client was found, or two headers say different things.
    Malformed,
}

/// The client's address. `peer` is who has the connection. Where proxies send both headers and those disagree it is the peer's: one
/// of them was written by somebody else, and nobody knows which.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> ClientAddress {
    let peer = peer.to_canonical();
    let of = |address, doubt| ClientAddress { address, doubt };
    let has = |name: &HeaderName| headers.contains_key(name);
    if !has(&X_FORWARDED_FOR) && !has(&FORWARDED) {
        return of(peer, None);
    }
    if !proxies.contain(peer) {
        return of(peer, Some(Doubt::Unlisted));
    }
    let said = [(X_FORWARDED_FOR, hop as Read), (FORWARDED, forwarded_hop)]
        .into_iter()
        .filter(|(name, _)| has(name))
        .map(|(name, read)| walk(peer, &values(headers, &name), read, proxies));
    let mut said = said.collect::<Vec<_>>().into_iter();
    match (said.next(), said.next()) {
        (Some(one), None) => one,
        (Some(one), Some(other)) if one.address == other.address => one,
        _ => of(peer, Some(Doubt::Malformed)),
    }
}

/// How an item of a header is read.
type Read = fn(&str) -> Option<IpAddr>;

/// The lines of a header in one, as it was meant: each proxy adds to the end, or adds a line.
fn values(headers: &HeaderMap, name: &HeaderName) -> String {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    lines.join(",")
}

/// From the right, past our own proxies, to the first that is none of them. At what cannot be read the way ends: the proxy before it
/// is the last that is known.
fn walk(peer: IpAddr, list: &str, read: Read, proxies: &Proxies) -> ClientAddress {
    let mut address = peer;
    for item in list.rsplit(',').map(str::trim) {
        let Some(next) = read(item) else {
            return ClientAddress {
                address,
                doubt: Some(Doubt::Malformed),
            };
        };
        address = next;
        if !proxies.contain(address) {
            break;
        }
    }
    ClientAddress { address, doubt: None }
}

/// An item of `X-Forwarded-For`: an address, perhaps with a port, as some proxies write it.
fn hop(item: &str) -> Option<IpAddr> {
    let bare = item
        .strip_prefix('[')
        .and_then(|item| item.strip_suffix(']'))
        .unwrap_or(item);
    let address = bare
        .parse()
        .ok()
        .or_else(|| item.parse().ok().map(|address: SocketAddr| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The `for` of an item of `Forwarded`: names (`unknown`, `_hidden`) are no addresses.
fn forwarded_hop(item: &str) -> Option<IpAddr> {
    let pairs = item.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for"));
    let (_, node) = nodes.next()?;
    // Twice is once too often: the first may be somebody else's.
    if nodes.next().is_some() {
        return None;
    }
    hop(node
        .strip_prefix('"')
        .and_then(|node| node.strip_suffix('"'))
        .unwrap_or(node))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn proxies() -> Proxies {
        ["10.0.0.0/8", "2001:db8:aa::/48", "192.0.2.7/32"]
            .iter()
            .map(|network| network.parse().unwrap())
            .collect()
    }

    fn of(peer: &str, lines: &[(&'static str, &str)]) -> ClientAddress {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        client_address(peer.parse().unwrap(), &headers, &proxies())
    }

    const XFF: &str = "x-forwarded-for";
    const FWD: &str = "forwarded";

    #[test]
    #[rustfmt::skip]
    fn the_right_hop_is_the_client() {
        use Doubt::{Malformed, Unlisted};
        for (peer, lines, address, doubt) in [
            ("203.0.113.9", &[][..], "203.0.113.9", None),
            ("::ffff:203.0.113.9", &[], "203.0.113.9", None),
            // The peer is a client, whatever it says.
            ("203.0.113.9", &[(XFF, "198.51.100.1")], "203.0.113.9", Some(Unlisted)),
            ("203.0.113.9", &[(XFF, "198.51.100.1, 10.0.0.1")], "203.0.113.9", Some(Unlisted)),
            ("203.0.113.9", &[(FWD, "for=198.51.100.1")], "203.0.113.9", Some(Unlisted)),
            // One proxy, and what it adds.
            ("10.0.0.1", &[], "10.0.0.1", None),
            ("10.0.0.1", &[(XFF, "203.0.113.9")], "203.0.113.9", None),
            ("::ffff:10.0.0.1", &[(XFF, "203.0.113.9")], "203.0.113.9", None),
            ("192.0.2.7", &[(XFF, "203.0.113.9")], "203.0.113.9", None),
            ("192.0.2.8", &[(XFF, "203.0.113.9")], "192.0.2.8", Some(Unlisted)),
            // Spoofed: the client sent a list of its own, and the proxy added the truth.
            ("10.0.0.1", &[(XFF, "198.51.100.1, 203.0.113.9")], "203.0.113.9", None),
            ("10.0.0.1", &[(XFF, "10.9.9.9, 203.0.113.9")], "203.0.113.9", None),
            ("10.0.0.1", &[(XFF, "198.51.100.1"), (XFF, "203.0.113.9")], "203.0.113.9", None),
            ("10.0.0.1", &[(XFF, "<script>, 203.0.113.9")], "203.0.113.9", None),
            // Several proxies of ours in a row.
            ("10.0.0.1", &[(XFF, "203.0.113.9, 10.0.0.2, 10.0.0.3")], "203.0.113.9", None),
            ("10.0.0.1", &[(XFF, "198.51.100.1, 203.0.113.9, 2001:db8:aa::3, 192.0.2.7")], "203.0.113.9", None),
            ("10.0.0.1", &[(XFF, "10.0.0.3,10.0.0.2")], "10.0.0.3", None),
            // Malformed: there it stops.
            ("10.0.0.1", &[(XFF, "203.0.113.9, unknown, 10.0.0.2")], "10.0.0.2", Some(Malformed)),
            ("10.0.0.1", &[(XFF, "203.0.113.9, ")], "10.0.0.1", Some(Malformed)),
            ("10.0.0.1", &[(XFF, "")], "10.0.0.1", Some(Malformed)),
            ("10.0.0.1", &[(XFF, "203.0.113.999")], "10.0.0.1", Some(Malformed)),
            ("10.0.0.1", &[(XFF, "203.0.113.9 10.0.0.2")], "10.0.0.1", Some(Malformed)),
            // Ports and brackets.
            ("10.0.0.1", &[(XFF, "203.0.113.9:4711")], "203.0.113.9", None),
            ("10.0.0.1", &[(XFF, "[2001:db8::9]:4711")], "2001:db8::9", None),
            ("10.0.0.1", &[(XFF, "[2001:db8::9]")], "2001:db8::9", None),
            ("10.0.0.1", &[(XFF, "2001:db8::9")], "2001:db8::9", None),
            ("10.0.0.1", &[(XFF, "::ffff:203.0.113.9, ::ffff:10.0.0.4")], "203.0.113.9", None),
            // The newer header.
            ("10.0.0.1", &[(FWD, "for=203.0.113.9;proto=https;by=10.0.0.1")], "203.0.113.9", None),
            ("10.0.0.1", &[(FWD, r#"For="[2001:db8::9]:4711""#)], "2001:db8::9", None),
            ("10.0.0.1", &[(FWD, "for=198.51.100.1, for=203.0.113.9, for=10.0.0.2")], "203.0.113.9", None),
            ("10.0.0.1", &[(FWD, "for=203.0.113.9, for=_hidden")], "10.0.0.1", Some(Malformed)),
            ("10.0.0.1", &[(FWD, "for=198.51.100.1;for=203.0.113.9")], "10.0.0.1", Some(Malformed)),
            ("10.0.0.1", &[(FWD, "proto=https")], "10.0.0.1", Some(Malformed)),
            // Both: a proxy that writes one passes on the other as the client sent it.
            ("10.0.0.1", &[(XFF, "203.0.113.9"), (FWD, "for=203.0.113.9")], "203.0.113.9", None),
            ("10.0.0.1", &[(XFF, "203.0.113.9"), (FWD, "for=198.51.100.1")], "10.0.0.1", Some(Malformed)),
            ("10.0.0.1", &[(XFF, "198.51.100.1"), (FWD, "for=203.0.113.9")], "10.0.0.1", Some(Malformed)),
        ] {
            let expected = ClientAddress { address: address.parse().unwrap(), doubt };
            assert_eq!(of(peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn without_proxies_nobody_is_believed() {
        let headers = [(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.9"))]
            .into_iter()
            .collect();
        for peer in ["127.0.0.1", "10.0.0.1", "::1"] {
            let peer = peer.parse().unwrap();
            assert_eq!(client_address(peer, &headers, &Proxies::default()).address, peer);
        }
    }

    proptest! {
        /// Whatever a client sends before it, what the proxy adds decides.
        #[test]
        fn nobody_chooses_another_address(start in "[ -~]{0,60}") {
            let list = format!("{start},203.0.113.9");
            prop_assert_eq!(of("10.0.0.1", &[(XFF, &list)]).address, "203.0.113.9".parse::<IpAddr>().unwrap());
        }
    }
}
