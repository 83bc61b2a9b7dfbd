//! Rows of what happened once: requests, resources, errors and what the user did.

use rum_core::wire::Item;
use rum_core::wire::event::{ActionEvent, ErrorEvent, RequestEvent, ResourceEvent, ViewEvent};
use url::Url;

use super::{Maker, Name, WEIGHT, clamp_u32, clamp_u64, each, ms, ms32, name, status, text, weight};
use crate::errors::{ErrorOrigin, Frame, frames, group};
use crate::store::row::{ActionFields, ActionRow, ErrorFields, ErrorRow, RequestFields, RequestRow};
use crate::store::rowbinary::Low;

/// What a resource's row is called among requests.
const RESOURCE: &str = "resource";

impl<'a> Maker<'a> {
    pub(super) fn request(&mut self, view: &'a ViewEvent, item: &Item, event: &'a RequestEvent) {
        let request = &event.what;
        let initiator = name::initiator(request.initiator);
        let address = Address::of(&request.url);
        let row = RequestRow {
            place: self.place(view, item, request.start),
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
                release: text(&self.batch.accepted.document.release),
                initiator: Low(initiator),
                transfer_bytes: None,
                encoded_bytes: None,
                decoded_bytes: None,
                protocol: Low(""),
                render_blocking: None,
                delivery: Low(""),
                redirect_ms: None,
                dns_ms: None,
                connect_ms: None,
                tls_ms: None,
                request_ms: None,
                response_ms: None,
                weight: WEIGHT,
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: "request",
                ordinal: row.what.ordinal,
            },
            &row,
            row.place.ver,
        );
    }

    pub(super) fn resource(&mut self, view: &'a ViewEvent, item: &Item, event: &'a ResourceEvent) {
        let resource = &event.what;
        let address = Address::of(&resource.url);
        let row = RequestRow {
            place: self.place(view, item, resource.start),
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
                release: text(&self.batch.accepted.document.release),
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
                weight: weight(resource.weight),
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: RESOURCE,
                ordinal: row.what.ordinal,
            },
            &row,
            row.place.ver,
        );
    }

    pub(super) fn error(&mut self, view: &'a ViewEvent, item: &Item, event: &'a ErrorEvent) {
        let error = &event.what;
        let class = error.class.as_deref().unwrap_or_default();
        let stack = error.stack.as_deref().unwrap_or_default();
        let frames = frames(stack);
        let row = ErrorRow {
            place: self.place(view, item, error.first),
            what: ErrorFields {
                ordinal: clamp_u64(event.ordinal),
                last_ts: self.moment(view, item.seq.saturating_mul(1_000)),
                group_id: group(class, &error.message, &frames),
                class: Low(class),
                message: &error.message,
                stack,
                source: Low(name::source(error.source)),
                handled: error.handled != 0,
                count: clamp_u32(error.count),
                cut: clamp_u32(error.cut.unwrap_or(0)),
                release: text(&self.batch.accepted.document.release),
                origin: Low(ErrorOrigin::of(class, &error.message, &frames).name()),
                frame_function: each(&frames, |frame| frame.function),
                frame_file: each(&frames, |frame| frame.file),
                frame_line: each(&frames, |frame| frame.line),
                frame_column: each(&frames, |frame| frame.column),
                frame_in_app: each(&frames, Frame::is_in_app),
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: "error",
                ordinal: row.what.ordinal,
            },
            &row,
            row.place.ver,
        );
    }

    pub(super) fn action(&mut self, view: &'a ViewEvent, item: &Item, event: &'a ActionEvent) {
        let action = &event.what;
        let row = ActionRow {
            place: self.place(view, item, action.at),
            what: ActionFields {
                kind: Low(name::action_kind(action.kind)),
                ordinal: clamp_u64(event.ordinal),
                name: action.name.as_deref().unwrap_or_default(),
                target: action.target.as_deref().unwrap_or_default(),
            },
        };
        self.keep(
            view.view_id,
            Name {
                kind: "action",
                ordinal: row.what.ordinal,
            },
            &row,
            row.place.ver,
        );
    }
}

/// A URL in its parts; what is no URL is all path.
struct Address<'a> {
    text: &'a str,
    url: Option<Url>,
}

impl<'a> Address<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            url: Url::parse(text).ok(),
        }
    }

    fn host(&self) -> &str {
        self.url.as_ref().and_then(Url::host_str).unwrap_or_default()
    }

    fn path(&self) -> &str {
        self.url.as_ref().map_or(self.text, Url::path)
    }
}
