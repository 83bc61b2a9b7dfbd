//! Rows of what happened once: requests, resources, errors and what the user did.

use rum_core::wire::Item;
use rum_core::wire::event::{ActionEvent, ErrorEvent, RequestEvent, ResourceEvent};

use super::address::Address;
use super::{Maker, Name, View, attributes, clamp_u32, clamp_u64, each, ms, ms32, name, sampled, status, text};
use crate::errors::{Said, judged, without_query};
use crate::store::row::{ActionFields, ActionRow, ErrorFields, ErrorRow, RequestFields, RequestRow};
use crate::store::rowbinary::{Low, Map};

/// What a resource's row is called among requests.
const RESOURCE: &str = "resource";

/// Bits of `Action::frustration`.
mod frustration {
    pub(super) const RAGE: i64 = 1;
    pub(super) const DEAD: i64 = 2;
    pub(super) const ERROR: i64 = 4;
}

impl Maker<'_> {
    pub(super) fn request(&mut self, view: &View<'_>, item: &Item, event: &RequestEvent) {
        let request = &event.what;
        let initiator = name::initiator(request.initiator);
        let address = Address::of(&request.url);
        let row = RequestRow {
            place: &view.place,
            report: self.report(view, item, request.start),
            what: RequestFields {
                kind: Low(initiator),
                ordinal: clamp_u64(event.ordinal),
                method: Low(&request.method),
                url: &request.url,
                host: Low(address.host()),
                path: address.path(),
                status: request.status.and_then(status),
                start_ms: ms(request.start),
                duration_ms: ms32(request.duration),
                outcome: Low(name::outcome(request.outcome)),
                initiator: Low(initiator),
                transfer_bytes: request.transfer_bytes.map(clamp_u64),
                encoded_bytes: request.encoded_bytes.map(clamp_u64),
                // Left out where it is the same number.
                decoded_bytes: request.decoded_bytes.or(request.encoded_bytes).map(clamp_u64),
                protocol: text(&request.protocol),
                render_blocking: None,
                delivery: Low(""),
                redirect_ms: request.redirect.map(ms32),
                dns_ms: request.dns.map(ms32),
                connect_ms: request.connect.map(ms32),
                tls_ms: request.tls.map(ms32),
                request_ms: request.request.map(ms32),
                response_ms: request.response.map(ms32),
                weight: view.weight,
                operation: text(&request.operation),
                trace_id: request.trace_id.as_deref().unwrap_or_default(),
                span_id: request.span_id.as_deref().unwrap_or_default(),
                action_ordinal: request.action.and_then(|ordinal| u64::try_from(ordinal).ok()),
            },
        };
        self.keep(
            view,
            Name {
                kind: "request",
                ordinal: row.what.ordinal,
            },
            &row,
            row.report.ver,
        );
    }

    pub(super) fn resource(&mut self, view: &View<'_>, item: &Item, event: &ResourceEvent) {
        let resource = &event.what;
        let address = Address::of(&resource.url);
        let row = RequestRow {
            place: &view.place,
            report: self.report(view, item, resource.start),
            what: RequestFields {
                kind: Low(RESOURCE),
                ordinal: clamp_u64(event.ordinal),
                method: Low(""),
                url: &resource.url,
                host: Low(address.host()),
                path: address.path(),
                status: resource.status.and_then(status),
                start_ms: ms(resource.start),
                duration_ms: ms32(resource.duration),
                outcome: Low(""),
                initiator: Low(&resource.initiator),
                transfer_bytes: resource.transfer_bytes.map(clamp_u64),
                encoded_bytes: resource.encoded_bytes.map(clamp_u64),
                decoded_bytes: resource.decoded_bytes.map(clamp_u64),
                protocol: text(&resource.protocol),
                render_blocking: resource.render_blocking.map(|blocking| blocking != 0),
                delivery: text(&resource.delivery),
                redirect_ms: resource.redirect.map(ms32),
                dns_ms: resource.dns.map(ms32),
                connect_ms: resource.connect.map(ms32),
                tls_ms: resource.tls.map(ms32),
                request_ms: resource.request.map(ms32),
                response_ms: resource.response.map(ms32),
                weight: sampled(view.weight, resource.weight),
                operation: Low(""),
                trace_id: "",
                span_id: "",
                action_ordinal: None,
            },
        };
        self.keep(
            view,
            Name {
                kind: RESOURCE,
                ordinal: row.what.ordinal,
            },
            &row,
            row.report.ver,
        );
    }

    pub(super) fn error(&mut self, view: &View<'_>, item: &Item, event: &ErrorEvent) {
        let error = &event.what;
        let class = error.class.as_deref().unwrap_or_default();
        let stack = error.stack.as_deref().unwrap_or_default();
        let url = error.url.as_deref().unwrap_or_default();
        let source = name::source(error.source);
        let judged = judged(&Said {
            without_stack: name::has_no_stack(error.source).then_some(source),
            class,
            message: &error.message,
            stack,
            url,
        });
        let frames: Vec<_> = judged.frames().collect();
        let causes = error.causes.as_ref().map_or(&[][..], |causes| &causes.0);
        let debug_ids = error.debug_ids.iter().flat_map(|ids| &ids.0);
        let row = ErrorRow {
            place: &view.place,
            report: self.report(view, item, error.first),
            what: ErrorFields {
                ordinal: clamp_u64(event.ordinal),
                last_ts: self.moment(view.event, item.seq.saturating_mul(1_000)),
                group_id: judged.group,
                class: Low(class),
                message: &error.message,
                stack,
                source: Low(source),
                handled: error.handled != 0,
                count: clamp_u32(error.count),
                cut: clamp_u32(error.cut.unwrap_or(0)),
                origin: Low(judged.origin.name()),
                frame_function: each(&frames, |frame| frame.function),
                frame_file: each(&frames, |frame| without_query(frame.file)),
                frame_line: each(&frames, |frame| frame.line),
                frame_column: each(&frames, |frame| frame.column),
                frame_in_app: each(&frames, |frame| frame.in_app),
                cause_class: each(causes, |cause| text(&cause.class)),
                cause_message: each(causes, |cause| cause.message.as_str()),
                cause_stack: each(causes, |cause| cause.stack.as_deref().unwrap_or_default()),
                attributes: attributes(&error.attributes),
                target: error.target.as_deref().unwrap_or_default(),
                url,
                line: error.line.map(clamp_u32),
                column: error.column.map(clamp_u32),
                debug_ids: Map(debug_ids.map(|id| (id.name.as_str(), id.value.as_str())).collect()),
                weight: self.batch.weights.errors(view.event.session_id),
            },
        };
        self.keep(
            view,
            Name {
                kind: "error",
                ordinal: row.what.ordinal,
            },
            &row,
            row.report.ver,
        );
    }

    pub(super) fn action(&mut self, view: &View<'_>, item: &Item, event: &ActionEvent) {
        let action = &event.what;
        let met = action.frustration.unwrap_or(0);
        let row = ActionRow {
            place: &view.place,
            report: self.report(view, item, action.at),
            what: ActionFields {
                kind: Low(name::action_kind(action.kind)),
                ordinal: clamp_u64(event.ordinal),
                name: action.name.as_deref().unwrap_or_default(),
                target: action.target.as_deref().unwrap_or_default(),
                next_paint_ms: action.duration.map(ms32),
                rage: met & frustration::RAGE != 0,
                dead: met & frustration::DEAD != 0,
                error: met & frustration::ERROR != 0,
                attributes: attributes(&action.attributes),
                // Thousandths on the wire, as µs are of ms.
                value: action.value.map(ms),
                weight: view.weight,
            },
        };
        self.keep(
            view,
            Name {
                kind: "action",
                ordinal: row.what.ordinal,
            },
            &row,
            row.report.ver,
        );
    }
}
