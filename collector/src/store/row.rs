//! The rows: one type a table, its fields in the order in which they are written. It need not be that of the table's columns: an
//! insert names its columns.
//!
//! Units are the tables': milliseconds for durations and for moments since the document's time origin, CLS as it is.

use rum_core::Id;
use rum_core::vitals::{Rating, Scope};
use serde_json::Value as Json;

use super::rowbinary::{Low, Map, Millis, Seconds, Value};
use super::schema::{Column, Table};

/// A row for people.
type Object = serde_json::Map<String, Json>;

/// What a page says about something, by name.
type Attributes<'a> = Map<Low<'a>, &'a str>;

/// Room for columns that repeat, in bytes: most have fewer, and growing copies.
const REPEATED: usize = 256;

/// A row of one table.
pub(crate) trait Row {
    /// Where it belongs.
    const TABLE: Table;
    /// The columns, in the order in which [`Row::encode`] writes them.
    fn columns() -> Vec<Column>;
    /// Appends the row as RowBinary.
    fn encode(&self, out: &mut Vec<u8>);
    /// The row for people.
    fn json(&self) -> Object;
}

/// Columns that follow each other in a row.
pub(crate) trait Columns {
    /// What they are, in the order in which [`Columns::encode`] writes them.
    fn columns() -> Vec<Column>;
    /// Appends them as RowBinary.
    fn encode(&self, out: &mut Vec<u8>);
    /// Adds them for people.
    fn json(&self, into: &mut Object);
}

/// Columns that many rows of a batch have alike: they are written once, and each row copies the bytes.
#[derive(Clone, Debug)]
pub(crate) struct Repeated<T> {
    columns: T,
    bytes: Vec<u8>,
}

impl<T: Columns> From<T> for Repeated<T> {
    fn from(columns: T) -> Self {
        let mut bytes = Vec::with_capacity(REPEATED);
        columns.encode(&mut bytes);
        Self { columns, bytes }
    }
}

impl<T: Columns> Columns for &Repeated<T> {
    fn columns() -> Vec<Column> {
        T::columns()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
    }
    fn json(&self, into: &mut Object) {
        self.columns.json(into);
    }
}

/// Declares the fields that are columns, once.
macro_rules! columns {
    ($(#[doc = $doc:literal])* $name:ident $(<$a:lifetime>)? {
        $($(#[doc = $field_doc:literal])* $field:ident: $type:ty,)*
    }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name $(<$a>)? { $($(#[doc = $field_doc])* pub(crate) $field: $type,)* }

        impl $(<$a>)? Columns for $name $(<$a>)? {
            fn columns() -> Vec<Column> {
                vec![$(Column::of::<$type>(stringify!($field))),*]
            }
            fn encode(&self, out: &mut Vec<u8>) {
                $(self.$field.encode(out);)*
            }
            fn json(&self, into: &mut Object) {
                $(into.insert(stringify!($field).to_owned(), self.$field.json());)*
            }
        }
    };
}

/// Declares a table's row: its own columns follow those of its place, of its sender if it has them, and of its report. What the rows of a
/// batch have alike stands in front, for the spool writes it once.
macro_rules! placed {
    ($(#[doc = $doc:literal])* $name:ident($fields:ident $(, $sender:ident: $sender_type:ty)?) => $table:ident {
        $($fields_of:tt)*
    }) => {
        columns! { $(#[doc = $doc])* $fields<'a> { $($fields_of)* } }

        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name<'a> {
            /// Where the row lies, and whose it is.
            pub(crate) place: &'a Repeated<Place<'a>>,
            $(
                /// Who sent it.
                pub(crate) $sender: $sender_type,
            )?
            /// Which report it is of.
            pub(crate) report: Report,
            /// What it says.
            pub(crate) what: $fields<'a>,
        }

        impl<'a> Row for $name<'a> {
            const TABLE: Table = Table::$table;
            fn columns() -> Vec<Column> {
                let mut columns = <&Repeated<Place<'_>>>::columns();
                $(columns.extend(<$sender_type>::columns());)?
                columns.extend(Report::columns());
                columns.extend($fields::columns());
                columns
            }
            fn encode(&self, out: &mut Vec<u8>) {
                self.place.encode(out);
                $(self.$sender.encode(out);)?
                self.report.encode(out);
                self.what.encode(out);
            }
            fn json(&self) -> Object {
                let mut map = Object::new();
                self.place.json(&mut map);
                $(self.$sender.json(&mut map);)?
                self.report.json(&mut map);
                self.what.json(&mut map);
                map
            }
        }
    };
}

columns! {
    /// What places the rows of a view, the first columns of every table of events. Retention and hour are their partition
    /// and must stay in front: the writer splits an insert by these bytes.
    Place<'a> {
        /// How many days the row is kept.
        retention: u16,
        /// The start hour of the row's view.
        hour: Seconds,
        /// The app's name.
        app: Low<'a>,
        /// When the row arrived.
        recv_ts: Millis,
        /// By how many ms `ts` was corrected: how far the sender's clock was behind ours, see `clock::skew_ms`.
        skew_ms: i64,
        session_id: Id,
        view_id: Id,
        /// The first page of the view: frozen, for it is part of the keys.
        page: Low<'a>,
        release: Low<'a>,
        bot: Low<'a>,
    }
}

columns! {
    /// Which report of a thing a row is.
    Report {
        /// The row with the highest one is the value; see `rows::version`.
        ver: u64,
        /// The row's time by the sender's clock, corrected if that clock is far off.
        ts: Millis,
    }
}

columns! {
    /// What is known of who sent a batch.
    Sender<'a> {
        device: Low<'a>,
        browser: Low<'a>,
        browser_version: Option<u16>,
        engine: Low<'a>,
        os: Low<'a>,
        os_version: Low<'a>,
        connection: Low<'a>,
        country: Low<'a>,
        region: Low<'a>,
    }
}

placed! {
    /// A page view.
    ViewRow(ViewFields, sender: &'a Repeated<Sender<'a>>) => Views {
        document_id: Id,
        parent_id: Option<Id>,
        kind: Low<'a>,
        page_name: Low<'a>,
        referrer: &'a str,
        origin: Low<'a>,
        environment: Low<'a>,
        viewport_width: Option<u32>,
        viewport_height: Option<u32>,
        duration_ms: Option<f64>,
        navigation_kind: Low<'a>,
        redirect_ms: Option<f32>,
        worker_ms: Option<f32>,
        dns_ms: Option<f32>,
        connect_ms: Option<f32>,
        tls_ms: Option<f32>,
        request_ms: Option<f32>,
        response_ms: Option<f32>,
        dom_interactive_ms: Option<f32>,
        dom_content_loaded_ms: Option<f32>,
        dom_complete_ms: Option<f32>,
        load_ms: Option<f32>,
        transfer_bytes: Option<u64>,
        encoded_bytes: Option<u64>,
        decoded_bytes: Option<u64>,
        status: Option<u16>,
        protocol: Low<'a>,
        mode: Low<'a>,
        raw_reason: Low<'a>,
        attached_ms: Option<f64>,
        queue_dropped: Option<u32>,
        observer_dropped: Option<u32>,
        core_dropped: Option<u32>,
        sdk: Low<'a>,
        weight: f32,
        navigation_type: Low<'a>,
        activation_ms: Option<f32>,
        redirect_start_ms: Option<f32>,
        redirect_end_ms: Option<f32>,
        worker_start_ms: Option<f32>,
        fetch_start_ms: Option<f32>,
        dns_start_ms: Option<f32>,
        dns_end_ms: Option<f32>,
        connect_start_ms: Option<f32>,
        tls_start_ms: Option<f32>,
        connect_end_ms: Option<f32>,
        request_start_ms: Option<f32>,
        response_start_ms: Option<f32>,
        response_end_ms: Option<f32>,
        dom_content_loaded_start_ms: Option<f32>,
        server_timing: &'a str,
        server_timing_ms: Map<Low<'a>, f32>,
        not_restored: Vec<Low<'a>>,
        downlink_kbps: Option<u32>,
        rtt_ms: Option<u32>,
        save_data: Option<bool>,
        device_memory_mib: Option<u32>,
        cores: Option<u32>,
        pixel_ratio: Option<f32>,
        delivery: Low<'a>,
        observer_dropped_by_type: Map<Low<'a>, u32>,
        user_id: &'a str,
        attributes: Attributes<'a>,
        scroll_depth: Option<f32>,
        engaged_ms: Option<f64>,
        trace_id: &'a str,
        client: &'a str,
    }
}

placed! {
    /// A value of a metric.
    VitalRow(VitalFields, sender: &'a Repeated<Sender<'a>>) => Vitals {
        metric: Low<'a>,
        scope: Scope,
        value: f32,
        rating: Rating,
        target: &'a str,
        detail: &'a str,
        at_ms: Option<f64>,
        input_delay_ms: Option<f32>,
        processing_ms: Option<f32>,
        presentation_ms: Option<f32>,
        weight: f32,
        navigation_type: Low<'a>,
        load_state: Low<'a>,
        ttfb_ms: Option<f32>,
        first_byte_to_fcp_ms: Option<f32>,
        resource_load_delay_ms: Option<f32>,
        resource_load_duration_ms: Option<f32>,
        element_render_delay_ms: Option<f32>,
        waiting_ms: Option<f32>,
        cache_ms: Option<f32>,
        dns_ms: Option<f32>,
        connection_ms: Option<f32>,
        request_ms: Option<f32>,
        interaction_type: Low<'a>,
        long_frames: Option<u16>,
        script_url: &'a str,
        script_function: &'a str,
        script_invoker: &'a str,
        script_invoker_type: Low<'a>,
        script_position: Option<u32>,
        script_subpart: Low<'a>,
        script_ms: Option<f32>,
        total_script_ms: Option<f32>,
        total_style_and_layout_ms: Option<f32>,
        total_paint_ms: Option<f32>,
        total_unattributed_ms: Option<f32>,
    }
}

placed! {
    /// A request that the page made, or a resource that it loaded.
    RequestRow(RequestFields) => Requests {
        kind: Low<'a>,
        ordinal: u64,
        method: Low<'a>,
        url: &'a str,
        host: Low<'a>,
        path: &'a str,
        status: Option<u16>,
        start_ms: f64,
        duration_ms: f32,
        outcome: Low<'a>,
        initiator: Low<'a>,
        transfer_bytes: Option<u64>,
        encoded_bytes: Option<u64>,
        decoded_bytes: Option<u64>,
        protocol: Low<'a>,
        render_blocking: Option<bool>,
        delivery: Low<'a>,
        redirect_ms: Option<f32>,
        dns_ms: Option<f32>,
        connect_ms: Option<f32>,
        tls_ms: Option<f32>,
        request_ms: Option<f32>,
        response_ms: Option<f32>,
        weight: f32,
        operation: Low<'a>,
        trace_id: &'a str,
        span_id: &'a str,
        action_ordinal: Option<u64>,
    }
}

placed! {
    /// An error. Its frames are lists of equal length, the innermost call first; so are its causes, the nearest first.
    ErrorRow(ErrorFields) => Errors {
        ordinal: u64,
        last_ts: Millis,
        group_id: u64,
        class: Low<'a>,
        message: &'a str,
        stack: &'a str,
        source: Low<'a>,
        handled: bool,
        count: u32,
        cut: u32,
        origin: Low<'a>,
        frame_function: Vec<&'a str>,
        frame_file: Vec<&'a str>,
        frame_line: Vec<u32>,
        frame_column: Vec<u32>,
        frame_in_app: Vec<bool>,
        cause_class: Vec<Low<'a>>,
        cause_message: Vec<&'a str>,
        cause_stack: Vec<&'a str>,
        attributes: Attributes<'a>,
        target: &'a str,
        url: &'a str,
        line: Option<u32>,
        column: Option<u32>,
        debug_ids: Map<&'a str, &'a str>,
        weight: f32,
    }
}

placed! {
    /// An action.
    ActionRow(ActionFields) => Actions {
        kind: Low<'a>,
        ordinal: u64,
        name: &'a str,
        target: &'a str,
        next_paint_ms: Option<f32>,
        rage: bool,
        dead: bool,
        error: bool,
        attributes: Attributes<'a>,
        value: Option<f64>,
        weight: f32,
    }
}

placed! {
    /// A line of a page's log.
    LogRow(LogFields) => Logs {
        ordinal: u64,
        level: Low<'a>,
        message: &'a str,
        source: Low<'a>,
        attributes: Attributes<'a>,
        trace_id: &'a str,
        weight: f32,
    }
}

placed! {
    /// A long animation frame or a long task. Its scripts are lists of equal length, the longest script first.
    LongFrameRow(LongFrameFields) => LongFrames {
        kind: Low<'a>,
        ordinal: u64,
        start_ms: f64,
        duration_ms: f32,
        blocking_ms: Option<f32>,
        render_start_ms: Option<f64>,
        style_and_layout_start_ms: Option<f64>,
        first_input_ms: Option<f64>,
        script_start_ms: Vec<f64>,
        script_duration_ms: Vec<f32>,
        script_forced_style_and_layout_ms: Vec<f32>,
        script_pause_ms: Vec<f32>,
        script_invoker_type: Vec<Low<'a>>,
        script_invoker: Vec<&'a str>,
        script_url: Vec<&'a str>,
        script_function: Vec<&'a str>,
        script_position: Vec<i64>,
        weight: f32,
    }
}

placed! {
    /// A mark, a measure or an element that the page wants timed.
    TimingRow(TimingFields) => Timings {
        kind: Low<'a>,
        ordinal: u64,
        name: &'a str,
        start_ms: f64,
        duration_ms: Option<f32>,
        target: &'a str,
        url: &'a str,
        weight: f32,
    }
}

columns! {
    /// A row of any of the other tables whose view started at a time that cannot be.
    ClockBadRow<'a> {
        app: Low<'a>,
        ver: u64,
        recv_ts: Millis,
        skew_ms: i64,
        view_id: Id,
        table: Low<'a>,
        kind: Low<'a>,
        ordinal: u64,
        row: &'a str,
    }
}

impl Row for ClockBadRow<'_> {
    const TABLE: Table = Table::ClockBad;
    fn columns() -> Vec<Column> {
        <Self as Columns>::columns()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        Columns::encode(self, out);
    }
    fn json(&self) -> Object {
        let mut map = Object::new();
        Columns::json(self, &mut map);
        map
    }
}
