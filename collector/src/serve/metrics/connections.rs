//! Connections: how many there are, which were turned away or ended, and the certificate that they get.

use super::exposition::Family;
use crate::serve::connections::Connections;
use crate::serve::tls::Certificates;

pub(super) fn families(connections: &Connections) -> Vec<Family> {
    let counts = connections.counts();
    let (accepted, ended) = (counts.accepted.get(), counts.ended.get());
    let taken = Family::counter("rum_connections_total", "Connections that were taken.").sample([], accepted);
    let open =
        Family::gauge("rum_connections_open", "Connections that are open.").sample([], accepted.saturating_sub(ended));
    let limit = Family::gauge(
        "rum_connections_limit",
        "Connections that may be open; further ones wait in the system's queue.",
    )
    .sample([], connections.limit() as u64);
    let mut refused = Family::counter(
        "rum_connections_refused_total",
        "Connections that were closed before a request: their address had as many as one may have, or no TLS was agreed on.",
    );
    for (reason, count) in [("address", &counts.crowded), ("handshake", &counts.handshake_failed)] {
        refused = refused.sample([("reason", reason)], count.get());
    }
    let mut late = Family::counter(
        "rum_connections_timed_out_total",
        "Connections that were ended because something took too long: the TLS handshake, the head of their first request, a further \
         one (nobody has anything to ask), or fetching an answer.",
    );
    for (stage, count) in [
        ("handshake", &counts.handshake_late),
        ("head", &counts.head_late),
        ("idle", &counts.idle),
        ("answer", &counts.answer_late),
    ] {
        late = late.sample([("stage", stage)], count.get());
    }
    let mut requests = Family::counter(
        "rum_http2_requests_refused_total",
        "Requests by HTTP/2 that found no place: their address had as many as one may have, or all places were taken.",
    );
    for (reason, count) in [("address", &counts.requests_crowded), ("all", &counts.requests_over)] {
        requests = requests.sample([("reason", reason)], count.get());
    }
    let mut families = vec![taken, open, limit, refused, late, requests];
    families.extend(connections.certificates().into_iter().flat_map(certificate));
    families
}

fn certificate(certificates: &Certificates) -> [Family; 2] {
    let until = Family::gauge(
        "rum_tls_certificate_expiry_seconds",
        "When the certificate that new connections get expires, in seconds since the epoch. Absent without TLS.",
    )
    .sample([], certificates.until().as_second() as f64);
    let reloads = certificates.reloads();
    let mut read = Family::counter(
        "rum_tls_reloads_total",
        "How often certificate and key were read again, by whether they are in use. Absent without TLS.",
    );
    for (outcome, count) in [("loaded", &reloads.loaded), ("refused", &reloads.refused)] {
        read = read.sample([("outcome", outcome)], count.get());
    }
    [until, read]
}
