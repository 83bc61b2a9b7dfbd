//! The fields of all records and events by name, for forms that `rum-core`'s own codec does not know. The compiler
//! checks the lists: a struct cannot be built with a field missing.

use rum_core::Id;
use rum_core::wire::batch::Document;
use rum_core::wire::event::{ActionEvent, ErrorEvent, NavigationPhases, Receipt, RequestEvent, ViewEvent, VitalEvent};
use rum_core::wire::record::{
    Action, CutRecord, ErrorReport, InteractionRecord, LargestPaintRecord, NavigationRecord, RenameRecord, Request,
    RestoreRecord, ShiftRecord, ViewRecord, VisibilityRecord,
};
use rum_core::wire::{Event, NoFields, Record};

/// Writes fields. `None` is an absent value.
pub(crate) trait Sink {
    fn int(&mut self, name: &'static str, value: i64);
    fn text(&mut self, name: &'static str, value: &str);
    fn id(&mut self, name: &'static str, value: Id);
    fn maybe_int(&mut self, name: &'static str, value: Option<i64>);
    fn maybe_text(&mut self, name: &'static str, value: Option<&str>);
    fn maybe_id(&mut self, name: &'static str, value: Option<Id>);
    fn maybe_nested<T: Table>(&mut self, name: &'static str, value: Option<&T>);
}

/// Reads fields. What is missing and required is an error that the source remembers.
pub(crate) trait Source {
    fn int(&mut self, name: &'static str) -> i64;
    fn text(&mut self, name: &'static str) -> String;
    fn id(&mut self, name: &'static str) -> Id;
    fn maybe_int(&mut self, name: &'static str) -> Option<i64>;
    fn maybe_text(&mut self, name: &'static str) -> Option<String>;
    fn maybe_id(&mut self, name: &'static str) -> Option<Id>;
    fn maybe_nested<T: Table>(&mut self, name: &'static str) -> Option<T>;
}

/// Something with named fields in a fixed order.
pub(crate) trait Table: Sized {
    fn put(&self, sink: &mut impl Sink);
    fn get(source: &mut impl Source) -> Self;
}

/// The type of one field.
trait Value: Sized {
    fn put(&self, name: &'static str, sink: &mut impl Sink);
    fn get(name: &'static str, source: &mut impl Source) -> Self;
}

macro_rules! values {
    ($($type:ty: |$value:ident| $put:ident $as:expr, $get:ident;)*) => {$(
        impl Value for $type {
            fn put(&self, name: &'static str, sink: &mut impl Sink) {
                let $value = self;
                sink.$put(name, $as);
            }
            fn get(name: &'static str, source: &mut impl Source) -> Self {
                source.$get(name)
            }
        }
    )*};
}

values! {
    i64: |value| int *value, int;
    String: |value| text value, text;
    Id: |value| id *value, id;
    Option<i64>: |value| maybe_int *value, maybe_int;
    Option<String>: |value| maybe_text value.as_deref(), maybe_text;
    Option<Id>: |value| maybe_id *value, maybe_id;
    Option<NavigationPhases>: |value| maybe_nested value.as_ref(), maybe_nested;
    Option<Receipt>: |value| maybe_nested value.as_ref(), maybe_nested;
}

macro_rules! tables {
    ($($type:ident { $($field:ident),* })*) => {$(
        impl Table for $type {
            fn put(&self, sink: &mut impl Sink) {
                $(self.$field.put(stringify!($field), sink);)*
            }
            fn get(source: &mut impl Source) -> Self {
                Self { $($field: Value::get(stringify!($field), source),)* }
            }
        }
    )*};
}

tables! {
    Document { time_origin_ms, origin, sdk, release, environment, rate_version, connection, viewport_width, viewport_height, raw_reason }
    ViewRecord { view_id, session_id, kind, page, referrer, parent_id, page_name }
    RenameRecord { page_name }
    NavigationRecord {
        kind, activation, redirect_start, redirect_end, worker_start, fetch_start, dns_start, dns_end, connect_start,
        tls_start, connect_end, request_start, response_start, response_end, dom_interactive, dom_content_loaded,
        dom_complete, load, transfer_bytes, encoded_bytes, decoded_bytes, status, protocol
    }
    VisibilityRecord { hidden, wall_ms }
    LargestPaintRecord { size, target, url }
    ShiftRecord { value, recent_input, target }
    InteractionRecord { duration, processing_start, processing_end, interaction_id, name, target }
    RestoreRecord { painted }
    CutRecord { reason, wall_ms, interaction_count, attached, queue_dropped, observer_dropped }
    Request { initiator, method, url, status, start, duration, outcome }
    ErrorReport { source, class, message, stack, handled, count, first, cut }
    Action { kind, name, target }
    ViewEvent {
        view_id, session_id, kind, start, page, referrer, parent_id, document_id, page_name, end, navigation, receipt
    }
    NavigationPhases {
        kind, redirect, worker, dns, connect, tls, request, response, dom_interactive, dom_content_loaded, dom_complete,
        load, transfer_bytes, encoded_bytes, decoded_bytes, status, protocol
    }
    Receipt { attached, queue_dropped, observer_dropped, core_dropped }
    VitalEvent { metric, scope, value, target, detail, at, input_delay, processing, presentation }
}

impl Table for NoFields {
    fn put(&self, _: &mut impl Sink) {}
    fn get(_: &mut impl Source) -> Self {
        Self
    }
}

macro_rules! numbered {
    ($($type:ident)*) => {$(
        impl Table for $type {
            fn put(&self, sink: &mut impl Sink) {
                sink.int("ordinal", self.ordinal);
                self.what.put(sink);
            }
            fn get(source: &mut impl Source) -> Self {
                Self { ordinal: source.int("ordinal"), what: Table::get(source) }
            }
        }
    )*};
}

numbered! { RequestEvent ErrorEvent ActionEvent }

macro_rules! kinds {
    ($($type:ident, $put:ident, $get:ident { $($kind:literal => $variant:ident,)* })*) => {$(
        /// Writes what follows the prefix.
        pub(crate) fn $put(item: &$type, sink: &mut impl Sink) {
            match item { $($type::$variant(fields) => fields.put(sink),)* }
        }
        /// Reads what follows the prefix; `None` if the kind is not known.
        pub(crate) fn $get(kind: i64, source: &mut impl Source) -> Option<$type> {
            Some(match kind {
                $($kind => $type::$variant(Table::get(source)),)*
                _ => return None,
            })
        }
    )*};
}

kinds! {
    Record, put_record, get_record {
        1 => View,
        2 => Rename,
        3 => Navigation,
        4 => Visibility,
        5 => Paint,
        6 => LargestPaint,
        7 => Input,
        8 => Shift,
        9 => Interaction,
        10 => Restore,
        11 => Cut,
        64 => Request,
        65 => Error,
        66 => Action,
    }
    Event, put_event, get_event {
        1 => View,
        2 => Vital,
        64 => Request,
        65 => Error,
        66 => Action,
    }
}
