//! Who asks. What a database says in its errors, and how much traffic there is, is for the people who run the collector;
//! everybody else, a load balancer among them, needs to know only whether it works.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::header::{FORWARDED, HeaderName};
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

/// Whether the peer is on this machine and is no proxy.
pub(super) fn is_on_this_machine(parts: &Parts) -> bool {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    // A socket for both families has IPv4 peers as ::ffff:127.0.0.1.
    let local = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    local && !PROXIED.iter().any(|header| parts.headers.contains_key(header))
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
