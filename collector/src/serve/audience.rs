//! Who asks. What a database says in its errors, and how much traffic there is, is for the people who run the collector;
//! everybody else, a load balancer among them, needs to know only whether it works.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderValue;
use http::header::{FORWARDED, HOST, HeaderName};
use http::request::Parts;

use super::Problem;
use super::asker::asker;
use crate::access::Access;
use crate::config::Scope;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Somebody on this machine, or with a token that may read of all apps.
    Operator,
    /// Anybody, or it is not known who.
    Public,
}

/// What a proxy adds: then the peer is the proxy, and who asks may be anybody.
const PROXIED: [HeaderName; 3] = [
    FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// Whether the peer is on this machine and is no proxy. A browser that is here may have been sent by a page of elsewhere, whose name
/// it was made to take for this machine's: it says which name that was.
pub(super) fn is_on_this_machine(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    // A socket for both families has IPv4 peers as ::ffff:127.0.0.1.
    let local = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let asked = parts.headers.get(HOST).map(HeaderValue::to_str);
    let of_here = asked.is_none_or(|host| host.is_ok_and(is_this_machine));
    local && of_here && !PROXIED.iter().any(|header| parts.headers.contains_key(header))
}

/// Whether a `Host` can only be this machine: no other name's owner can make it so.
fn is_this_machine(host: &str) -> bool {
    let address = |text: &str| {
        text.parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    address(name) || name.eq_ignore_ascii_case("localhost")
}

impl<S: Sync> FromRequestParts<S> for Audience {
    /// A token that is not known is told so; one that is not good for this is as none.
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if is_on_this_machine(parts) {
            return Ok(Self::Operator);
        }
        let Some(admission) = parts.extensions.get::<Access>().map(Access::now) else {
            return Ok(Self::Public);
        };
        let asker = asker(&admission, parts).await?;
        let may = asker.is_some_and(|asker| asker.token.may(Scope::Read) && asker.token.is_for_all_apps());
        Ok(if may { Self::Operator } else { Self::Public })
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn of(peer: Option<&str>, header: Option<&str>) -> Audience {
        let mut request = Request::new(());
        if let Some(peer) = peer {
            let peer: SocketAddr = peer.parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        if let Some(header) = header {
            let name: HeaderName = header.parse().unwrap();
            request.headers_mut().insert(name, "127.0.0.1".parse().unwrap());
        }
        let (mut parts, ()) = request.into_parts();
        Audience::from_request_parts(&mut parts, &()).await.unwrap()
    }

    #[test]
    fn a_page_of_elsewhere_asks_for_its_own_name() {
        for (host, here) in [
            ("127.0.0.1:4318", true),
            ("localhost", true),
            ("LOCALHOST:80", true),
            ("[::1]:4318", true),
            ("evil.example:4318", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("10.0.0.7", false),
            ("", false),
        ] {
            assert_eq!(is_this_machine(host), here, "{host}");
            let mut request = Request::new(());
            let peer: SocketAddr = "127.0.0.1:5000".parse().unwrap();
            request.extensions_mut().insert(ConnectInfo(peer));
            request.headers_mut().insert(HOST, host.parse().unwrap());
            assert_eq!(is_on_this_machine(&request.into_parts().0), here, "{host}");
        }
    }

    #[tokio::test]
    async fn only_a_direct_loopback_peer_is_an_operator() {
        for (peer, header, expected) in [
            (Some("127.0.0.1:5000"), None, Audience::Operator),
            (Some("[::1]:5000"), None, Audience::Operator),
            (Some("[::ffff:127.0.0.1]:5000"), None, Audience::Operator),
            (Some("10.0.0.7:5000"), None, Audience::Public),
            (Some("[2001:db8::1]:5000"), None, Audience::Public),
            (Some("127.0.0.1:5000"), Some("x-forwarded-for"), Audience::Public),
            (Some("127.0.0.1:5000"), Some("x-real-ip"), Audience::Public),
            (Some("127.0.0.1:5000"), Some("forwarded"), Audience::Public),
            (None, None, Audience::Public),
        ] {
            assert_eq!(of(peer, header).await, expected, "{peer:?} {header:?}");
        }
    }
}
