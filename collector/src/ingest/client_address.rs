//! Who sent a request: the one place that decides it.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// The address of the client that sent a request with these headers over a connection of `peer`; `None` if there is no
/// connection, as when a router is called without a socket.
///
/// It is the peer's. Headers may say another one, and anybody may send them: they count for nothing until the configuration
/// says which proxies are to be believed.
pub(super) fn client_address(peer: Option<SocketAddr>, _headers: &HeaderMap) -> Option<IpAddr> {
    // A socket for both families has IPv4 peers as ::ffff:192.0.2.1.
    peer.map(|peer| peer.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_peers_whatever_headers_say() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
        for (peer, expected) in [
            (Some("192.0.2.1:5000"), Some("192.0.2.1")),
            (Some("[::ffff:192.0.2.1]:5000"), Some("192.0.2.1")),
            (Some("[2001:db8::1]:5000"), Some("2001:db8::1")),
            (None, None),
        ] {
            let peer = peer.map(|peer| peer.parse().unwrap());
            let expected = expected.map(|address| address.parse().unwrap());
            assert_eq!(client_address(peer, &headers), expected);
        }
    }
}
