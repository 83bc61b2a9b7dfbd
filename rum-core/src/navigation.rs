//! From a navigation's moments to its phases.

use crate::wire::event::NavigationPhases;
use crate::wire::record::NavigationRecord;

/// The duration between two moments; none if either did not happen or the clock went backwards.
fn between(start: Option<i64>, end: Option<i64>) -> Option<i64> {
    Some(end?.saturating_sub(start?)).filter(|duration| *duration >= 0)
}

impl From<NavigationRecord> for NavigationPhases {
    fn from(n: NavigationRecord) -> Self {
        let activation = n.activation.unwrap_or(0);
        let after_activation = |moment: Option<i64>| Some(moment?.saturating_sub(activation).max(0));
        Self {
            kind: n.kind,
            redirect: between(n.redirect_start, n.redirect_end),
            worker: between(n.worker_start, n.fetch_start),
            dns: between(n.dns_start, n.dns_end),
            connect: between(n.connect_start, n.connect_end),
            tls: between(n.tls_start, n.connect_end),
            request: between(n.request_start, n.response_start),
            response: between(n.response_start, n.response_end),
            dom_interactive: after_activation(n.dom_interactive),
            dom_content_loaded: after_activation(n.dom_content_loaded),
            dom_complete: after_activation(n.dom_complete),
            load: after_activation(n.load),
            transfer_bytes: n.transfer_bytes,
            encoded_bytes: n.encoded_bytes,
            decoded_bytes: n.decoded_bytes,
            status: n.status,
            protocol: n.protocol,
        }
    }
}
