//! The row of a page view: how it came about, its navigation, and what its numbers miss.

use rum_core::ViewKind;
use rum_core::attribution::NavigationType;
use rum_core::navigation::NavigationPhases;
use rum_core::wire::Item;
use rum_core::wire::record::{NavigationRecord, Surroundings};

use super::{Maker, Name, View, attributes, clamp_u32, clamp_u64, ms, ms32, name, status, text};
use crate::batch::EnrichedBatch;
use crate::store::row::{ViewFields, ViewRow};
use crate::store::rowbinary::{Low, Map};

impl Maker<'_> {
    pub(super) fn view(&mut self, placed: &View<'_>, item: &Item) {
        let EnrichedBatch { accepted, visitor, .. } = self.batch;
        let view = placed.event;
        let document = &accepted.document;
        let kind = ViewKind::from_wire(view.kind);
        let navigation = view.navigation.as_ref();
        let phases = navigation.map(NavigationPhases::from);
        let phase = |field: fn(&NavigationPhases) -> Option<i64>| phases.as_ref().and_then(field).map(ms32);
        let of_navigation = |field: fn(&NavigationRecord) -> Option<i64>| navigation.and_then(field);
        let moment = |field: fn(&NavigationRecord) -> Option<i64>| of_navigation(field).map(ms32);
        let surroundings = view.surroundings.as_ref();
        let known = |field: fn(&Surroundings) -> Option<i64>| surroundings.and_then(field);
        let said = |field: fn(&Surroundings) -> &Option<String>| surroundings.map_or("", |known| written(field(known)));
        let receipt = view.receipt.as_ref();
        let dropped: Vec<_> = receipt
            .and_then(|receipt| receipt.observer_dropped.as_ref())
            .iter()
            .flat_map(|dropped| &dropped.0)
            .map(|dropped| (Low(dropped.entry_type.as_str()), clamp_u32(dropped.count)))
            .collect();
        let row = ViewRow {
            place: &placed.place,
            report: self.report(placed, item, view.start),
            sender: self.sender,
            what: ViewFields {
                document_id: view.document_id.unwrap_or(view.view_id),
                parent_id: view.parent_id,
                kind: Low(kind.map_or(name::OTHER, ViewKind::name)),
                page_name: text(&view.page_name),
                referrer: written(&view.referrer),
                origin: Low(&document.origin),
                environment: text(&document.environment),
                // Of the view, where its page says so: it may have been turned since the document began.
                viewport_width: known(|known| known.viewport_width)
                    .or(document.viewport_width)
                    .map(clamp_u32),
                viewport_height: known(|known| known.viewport_height)
                    .or(document.viewport_height)
                    .map(clamp_u32),
                duration_ms: view.end.map(|end| ms(end.saturating_sub(view.start)).max(0.0)),
                navigation_kind: Low(navigation.map_or("", |navigation| name::navigation_kind(navigation.kind))),
                redirect_ms: phase(|phases| phases.redirect),
                worker_ms: phase(|phases| phases.worker),
                dns_ms: phase(|phases| phases.dns),
                connect_ms: phase(|phases| phases.connect),
                tls_ms: phase(|phases| phases.tls),
                request_ms: phase(|phases| phases.request),
                response_ms: phase(|phases| phases.response),
                dom_interactive_ms: phase(|phases| phases.dom_interactive),
                dom_content_loaded_ms: phase(|phases| phases.dom_content_loaded),
                dom_complete_ms: phase(|phases| phases.dom_complete),
                load_ms: phase(|phases| phases.load),
                transfer_bytes: of_navigation(|navigation| navigation.transfer_bytes).map(clamp_u64),
                encoded_bytes: of_navigation(|navigation| navigation.encoded_bytes).map(clamp_u64),
                decoded_bytes: of_navigation(|navigation| navigation.decoded_bytes).map(clamp_u64),
                status: of_navigation(|navigation| navigation.status).and_then(status),
                protocol: navigation.map_or(Low(""), |navigation| text(&navigation.protocol)),
                mode: Low(name::mode(accepted.mode)),
                raw_reason: Low(document.raw_reason.map_or("", name::raw_reason)),
                attached_ms: receipt.map(|receipt| ms(receipt.attached)),
                // With a receipt, a counter that is absent was 0; without one, nobody knows.
                queue_dropped: receipt.map(|receipt| clamp_u32(receipt.queue_dropped.unwrap_or(0))),
                observer_dropped: receipt.map(|_| dropped.iter().fold(0, |sum, (_, count)| count.saturating_add(sum))),
                core_dropped: receipt.map(|_| clamp_u32(view.core_dropped.unwrap_or(0))),
                sdk: Low(&document.sdk),
                weight: placed.weight,
                navigation_type: Low(kind
                    .and_then(|kind| NavigationType::of(kind, navigation))
                    .map_or("", NavigationType::name)),
                activation_ms: moment(|navigation| navigation.activation),
                redirect_start_ms: moment(|navigation| navigation.redirect_start),
                redirect_end_ms: moment(|navigation| navigation.redirect_end),
                worker_start_ms: moment(|navigation| navigation.worker_start),
                fetch_start_ms: moment(|navigation| navigation.fetch_start),
                dns_start_ms: moment(|navigation| navigation.dns_start),
                dns_end_ms: moment(|navigation| navigation.dns_end),
                connect_start_ms: moment(|navigation| navigation.connect_start),
                tls_start_ms: moment(|navigation| navigation.tls_start),
                connect_end_ms: moment(|navigation| navigation.connect_end),
                request_start_ms: moment(|navigation| navigation.request_start),
                response_start_ms: moment(|navigation| navigation.response_start),
                response_end_ms: moment(|navigation| navigation.response_end),
                dom_content_loaded_start_ms: navigation.and_then(|navigation| {
                    let start = navigation.dom_content_loaded_start?;
                    Some(ms32(start.saturating_sub(navigation.activation.unwrap_or(0)).max(0)))
                }),
                server_timing: said(|known| &known.server_timing),
                server_timing_ms: Map(server_timing(said(|known| &known.server_timing))),
                not_restored: listed(said(|known| &known.not_restored)).map(Low).collect(),
                downlink_kbps: known(|known| known.downlink).map(clamp_u32),
                rtt_ms: known(|known| known.rtt).map(clamp_u32),
                save_data: known(|known| known.save_data).map(|wanted| wanted != 0),
                device_memory_mib: known(|known| known.device_memory).map(clamp_u32),
                cores: known(|known| known.cores).map(clamp_u32),
                // Thousandths on the wire, as µs are of ms.
                pixel_ratio: known(|known| known.pixel_ratio).map(ms32),
                delivery: Low(said(|known| &known.delivery)),
                observer_dropped_by_type: Map(dropped),
                user_id: written(&view.user),
                attributes: attributes(&view.attributes),
                // Thousandths on the wire.
                scroll_depth: view.scroll.map(|scroll| ms32(scroll).clamp(0.0, 1.0)),
                engaged_ms: view.engaged.map(|engaged| ms(engaged).max(0.0)),
                trace_id: said(|known| &known.trace_id),
                client: &visitor.client,
            },
        };
        let name = Name {
            kind: "view",
            ordinal: 0,
        };
        self.keep(placed, name, &row, row.report.ver);
    }
}

fn written(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

/// The items of a list that is joined by commas.
fn listed(joined: &str) -> impl Iterator<Item = &str> {
    joined.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The durations of a `Server-Timing` header by their metrics' names. Metrics without one, and what a comma in a
/// description leaves over, have none.
fn server_timing(header: &str) -> Vec<(Low<'_>, f32)> {
    let metric = |item| {
        let mut parts = str::split(item, ';').map(str::trim);
        let name = parts.next().filter(|name| !name.contains(['"', ' ']))?;
        let duration = parts.find_map(|part| part.strip_prefix("dur="))?;
        let duration = duration.parse::<f32>().ok().filter(|ms| ms.is_finite() && *ms >= 0.0)?;
        Some((Low(name), duration))
    };
    listed(header).filter_map(metric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_timing_is_read_as_far_as_it_has_durations() {
        for (header, expected) in [
            ("", vec![]),
            ("db;dur=53.5, app;dur=47", vec![("db", 53.5), ("app", 47.0)]),
            (r#"cache;desc="a, b";dur=2,miss"#, vec![]),
            (r#"cache;dur=2;desc="a, b",miss"#, vec![("cache", 2.0)]),
            ("a;dur=NaN,b;dur=-1,c;dur=x,d;dur=1e9", vec![("d", 1e9)]),
        ] {
            let found: Vec<_> = server_timing(header)
                .into_iter()
                .map(|(Low(name), ms)| (name, ms))
                .collect();
            assert_eq!(found, expected, "{header}");
        }
    }
}
