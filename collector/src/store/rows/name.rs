//! What the tables call what is a number on the wire.

use crate::batch::Mode;

/// What a kind is called whose number this collector does not know: a newer SDK's. The row is kept.
pub(super) const OTHER: &str = "other";

pub(super) const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Wasm => "wasm",
        Mode::Raw => "raw",
        Mode::Documented => "json",
        Mode::Report => "report",
    }
}

pub(super) const fn navigation_kind(number: i64) -> &'static str {
    match number {
        0 => "navigate",
        1 => "reload",
        2 => "back_forward",
        3 => "prerender",
        4 => "restore",
        _ => OTHER,
    }
}

/// `raw_reason` of a snapshot that the browser has sent.
pub(super) const CRASHED: i64 = 4;

pub(super) const fn raw_reason(number: i64) -> &'static str {
    match number {
        1 => "not-ready",
        2 => "unavailable",
        3 => "trapped",
        CRASHED => "crashed",
        _ => OTHER,
    }
}

pub(super) const fn initiator(number: i64) -> &'static str {
    match number {
        0 => "fetch",
        1 => "xhr",
        _ => OTHER,
    }
}

pub(super) const fn outcome(number: i64) -> &'static str {
    match number {
        0 => "ok",
        1 => "failed",
        2 => "aborted",
        3 => "timeout",
        _ => OTHER,
    }
}

pub(super) const fn source(number: i64) -> &'static str {
    match number {
        0 => "error",
        1 => "unhandledrejection",
        2 => "reported",
        3 => "console",
        4 => "resource",
        5 => "csp-violation",
        6 => "deprecation",
        7 => "intervention",
        8 => "crash",
        _ => OTHER,
    }
}

/// Whether a source of errors is one where no code threw: what tells these apart is not a stack.
pub(super) const fn has_no_stack(source: i64) -> bool {
    matches!(source, 4..=8)
}

pub(super) const fn action_kind(number: i64) -> &'static str {
    match number {
        0 => "click",
        1 => "submit",
        2 => "track",
        3 => "measure",
        _ => OTHER,
    }
}

pub(super) const fn log_level(number: i64) -> &'static str {
    match number {
        0 => "trace",
        1 => "debug",
        2 => "info",
        3 => "warn",
        4 => "error",
        _ => OTHER,
    }
}

pub(super) const fn log_source(number: i64) -> &'static str {
    match number {
        0 => "log",
        1 => "console",
        _ => OTHER,
    }
}

pub(super) const fn frame_kind(number: i64) -> &'static str {
    match number {
        0 => "frame",
        1 => "task",
        _ => OTHER,
    }
}

/// What the user did, from the event's type, as the reference library tells it apart.
pub(super) fn interaction_type(event_type: &str) -> &'static str {
    if event_type.starts_with("key") {
        "keyboard"
    } else {
        "pointer"
    }
}
