//! One request of a connection: it takes a place if it came by HTTP/2, and its time ends with its answer's last byte.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderValue, StatusCode, Uri, Version};
use hyper::body::Incoming;

use super::Shared;
use super::answer::Answer;
use super::exchanges::Exchanges;
use super::places::{Full, Place};
use crate::serve::Problem;
use crate::serve::headers::{Headers, Readers};
use crate::serve::observe::named;
use crate::serve::server::Server;

/// What answers the requests of one connection.
pub(super) struct Asked {
    pub(super) shared: Arc<Shared>,
    pub(super) server: Server,
    pub(super) peer: SocketAddr,
    pub(super) exchanges: Arc<Exchanges>,
}

impl Asked {
    pub(super) async fn answer(
        self: Arc<Self>,
        mut request: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Answer>, Infallible> {
        let mut exchange = self.exchanges.begin();
        if request.version() == Version::HTTP_2 {
            host(&mut request);
            match self.place() {
                Ok(place) => exchange.place = Some(place),
                Err(full) => {
                    let (head, body) = named(request.headers(), self.full(full)).into_parts();
                    return Ok(hyper::Response::from_parts(head, Answer::new(body, exchange)));
                }
            }
        }
        one_slash(&mut request);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let (head, body) = self.server.answer(request.map(Body::new)).await.into_parts();
        Ok(hyper::Response::from_parts(head, Answer::new(body, exchange)))
    }

    fn place(&self) -> Result<Place, Full> {
        let requests = &self.shared.requests;
        requests.take(requests.try_free()?, self.shared.client(self.peer))
    }

    fn full(&self, full: Full) -> axum::response::Response {
        let counts = &self.shared.counts;
        let problem = match full {
            Full::All => {
                counts.requests_over.add(1);
                Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "busy",
                    "the collector has more requests than it takes at a time; send it again later",
                )
            }
            Full::Client => {
                counts.requests_crowded.add(1);
                Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limited",
                    "your address has more requests at a time than one may have; send it again later, or raise \
                     limits.connections_per_address in the collector's configuration",
                )
            }
        };
        let problem = Problem {
            retry_after: Some(1),
            ..problem
        };
        let headers = Headers {
            readers: Readers::Pages,
            transport: self.shared.transport(),
        };
        headers.on(problem.into_response())
    }
}

/// A page may add its path to an endpoint that ends with a slash.
fn one_slash<B>(request: &mut hyper::Request<B>) {
    let path = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
    if !path.starts_with("//") {
        return;
    }
    let path = format!("/{}", path.trim_start_matches('/'));
    if let Ok(path) = path.parse::<Uri>() {
        *request.uri_mut() = path;
    }
}

/// HTTP/2 has the host in the address; those who ask for it know the header.
fn host<B>(request: &mut hyper::Request<B>) {
    if request.headers().contains_key(HOST) {
        return;
    }
    let authority = request.uri().authority().map(|authority| authority.as_str());
    if let Some(host) = authority.and_then(|host| HeaderValue::from_str(host).ok()) {
        request.headers_mut().insert(HOST, host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_one_slash() {
        for (asked, answered) in [
            ("//v1/batches?k=//a", "/v1/batches?k=//a"),
            ("///", "/"),
            ("/a//b", "/a//b"),
            ("/", "/"),
            ("*", "*"),
        ] {
            let mut request = hyper::Request::builder().uri(asked).body(()).unwrap();
            one_slash(&mut request);
            assert_eq!(request.uri(), answered);
        }
        // As HTTP/2 has it.
        let mut request = hyper::Request::builder().uri("https://h//v1/batches").body(()).unwrap();
        one_slash(&mut request);
        assert_eq!(request.uri(), "/v1/batches");
    }
}
