//! Every text and every list of an event gets its limit, and the page's origin is put where it was left out.

use rum_core::wire::event::{ErrorEvent, ViewEvent, VitalEvent};
use rum_core::wire::record::{Action, Attributes, Log, LongFrame, Request, Script, Surroundings};
use rum_core::wire::{Event, Item};

use super::hex::{SPAN_DIGITS, TRACE_DIGITS, keep_debug_ids, keep_id};
use super::outcome::{Outcome, Tally};
use super::text::{Cut, cut, cut_some, expand, expand_url};

/// Limits of texts, in bytes of UTF-8, and of lists. Pages cut to UTF-16 units first, so what an SDK sends fits.
pub(super) mod limit {
    pub(in crate::ingest) const ORIGIN: usize = 256;
    pub(in crate::ingest) const SDK: usize = 32;
    pub(in crate::ingest) const RELEASE: usize = 128;
    pub(in crate::ingest) const ENVIRONMENT: usize = 64;
    pub(in crate::ingest) const CONNECTION: usize = 16;
    pub(in crate::ingest) const URL: usize = 2_048;
    pub(in crate::ingest) const PAGE_NAME: usize = 256;
    pub(in crate::ingest) const PROTOCOL: usize = 16;
    pub(in crate::ingest) const TARGET: usize = 512;
    pub(in crate::ingest) const METHOD: usize = 16;
    pub(in crate::ingest) const CLASS: usize = 128;
    /// 1,000 UTF-16 units are at most 3,000 bytes; the rest is for the origin behind each U+007F.
    pub(in crate::ingest) const MESSAGE: usize = 4_096;
    /// 4,000 UTF-16 units are at most 12,000 bytes.
    pub(in crate::ingest) const STACK: usize = 16_384;
    /// 200 UTF-16 units are at most 600 bytes.
    pub(in crate::ingest) const ACTION_NAME: usize = 640;
    pub(in crate::ingest) const SERVER_TIMING: usize = 2_048;
    pub(in crate::ingest) const NOT_RESTORED: usize = 1_024;
    /// `deliveryType`, `initiatorType`, `invokerType` and types of entries: words of a specification.
    pub(in crate::ingest) const WORD: usize = 64;
    pub(in crate::ingest) const FUNCTION: usize = 256;
    pub(in crate::ingest) const TIMING_NAME: usize = 256;
    /// A user's id: 200 UTF-16 units.
    pub(in crate::ingest) const USER: usize = 640;
    /// A GraphQL operation: 100 UTF-16 units.
    pub(in crate::ingest) const OPERATION: usize = 320;
    /// 100 UTF-16 units, behind a prefix such as `user.`.
    pub(in crate::ingest) const ATTRIBUTE_NAME: usize = 320;
    /// 1,000 UTF-16 units.
    pub(in crate::ingest) const ATTRIBUTE_VALUE: usize = 3_072;
    /// Properties of one row: 50 each of user, context, tags and flags.
    pub(in crate::ingest) const ATTRIBUTES: usize = 256;
    /// 2,000 UTF-16 units, and the origin behind each U+007F.
    pub(in crate::ingest) const LOG_MESSAGE: usize = 8_192;
    /// Errors behind one error.
    pub(in crate::ingest) const CAUSES: usize = 10;
    /// Scripts of one stack: as many as it may have frames.
    pub(in crate::ingest) const DEBUG_IDS: usize = 50;
    /// Types of entries of which some were lost.
    pub(in crate::ingest) const DROPPED_TYPES: usize = 50;
    /// Long animation frames that one interaction met.
    pub(in crate::ingest) const FRAMES: usize = 50;
    /// Scripts of one frame.
    pub(in crate::ingest) const SCRIPTS: usize = 20;
}

/// Cuts what is too long, and makes paths whole URLs.
pub(super) fn trim(item: &mut Item, origin: &str, tally: &mut Tally) {
    match &mut item.event {
        Event::View(view) => trim_view(view, origin, tally),
        Event::Vital(vital) => trim_vital(vital, origin, tally),
        Event::Request(request) => trim_request(&mut request.what, origin, tally),
        Event::Error(error) => trim_error(error, origin, tally),
        Event::Action(action) => trim_action(&mut action.what, tally),
        Event::Log(log) => trim_log(&mut log.what, origin, tally),
        Event::LongFrame(frame) => trim_frame(&mut frame.what, origin, tally),
        Event::Resource(resource) => {
            let resource = &mut resource.what;
            expand_url(&mut resource.url, origin, limit::URL, tally);
            cut(&mut resource.initiator, limit::WORD, tally);
            cut_some(&mut resource.protocol, limit::PROTOCOL, tally);
            cut_some(&mut resource.delivery, limit::WORD, tally);
        }
        Event::UserTiming(timing) => {
            cut(&mut timing.what.name, limit::TIMING_NAME, tally);
        }
        Event::ElementTiming(element) => {
            let element = &mut element.what;
            cut(&mut element.name, limit::TIMING_NAME, tally);
            cut_some(&mut element.target, limit::TARGET, tally);
            if let Some(url) = &mut element.url {
                expand_url(url, origin, limit::URL, tally);
            }
        }
    }
}

fn trim_view(view: &mut ViewEvent, origin: &str, tally: &mut Tally) {
    cut(&mut view.page, limit::URL, tally);
    cut_some(&mut view.page_name, limit::PAGE_NAME, tally);
    if let Some(referrer) = &mut view.referrer {
        expand_url(referrer, origin, limit::URL, tally);
    }
    if let Some(navigation) = &mut view.navigation {
        cut_some(&mut navigation.protocol, limit::PROTOCOL, tally);
    }
    if let Some(Surroundings {
        server_timing,
        not_restored,
        delivery,
        trace_id,
        ..
    }) = &mut view.surroundings
    {
        cut_some(server_timing, limit::SERVER_TIMING, tally);
        cut_some(not_restored, limit::NOT_RESTORED, tally);
        cut_some(delivery, limit::WORD, tally);
        keep_id(trace_id, TRACE_DIGITS, tally);
    }
    if let Some(dropped) = view
        .receipt
        .as_mut()
        .and_then(|receipt| receipt.observer_dropped.as_mut())
    {
        cut_list(&mut dropped.0, limit::DROPPED_TYPES, tally);
        for count in &mut dropped.0 {
            cut(&mut count.entry_type, limit::WORD, tally);
        }
    }
    cut_some(&mut view.user, limit::USER, tally);
    trim_attributes(&mut view.attributes, tally);
}

fn trim_request(request: &mut Request, origin: &str, tally: &mut Tally) {
    cut(&mut request.method, limit::METHOD, tally);
    expand_url(&mut request.url, origin, limit::URL, tally);
    cut_some(&mut request.protocol, limit::PROTOCOL, tally);
    cut_some(&mut request.operation, limit::OPERATION, tally);
    keep_id(&mut request.trace_id, TRACE_DIGITS, tally);
    keep_id(&mut request.span_id, SPAN_DIGITS, tally);
}

fn trim_action(action: &mut Action, tally: &mut Tally) {
    cut_some(&mut action.name, limit::ACTION_NAME, tally);
    cut_some(&mut action.target, limit::TARGET, tally);
    trim_attributes(&mut action.attributes, tally);
}

fn trim_log(log: &mut Log, origin: &str, tally: &mut Tally) {
    expand(&mut log.message, origin, limit::LOG_MESSAGE, tally);
    trim_attributes(&mut log.attributes, tally);
    keep_id(&mut log.trace_id, TRACE_DIGITS, tally);
}

fn trim_attributes(attributes: &mut Option<Attributes>, tally: &mut Tally) {
    let Some(attributes) = attributes else { return };
    cut_list(&mut attributes.0, limit::ATTRIBUTES, tally);
    for attribute in &mut attributes.0 {
        cut(&mut attribute.name, limit::ATTRIBUTE_NAME, tally);
        cut(&mut attribute.value, limit::ATTRIBUTE_VALUE, tally);
    }
}

fn trim_vital(vital: &mut VitalEvent, origin: &str, tally: &mut Tally) {
    cut_some(&mut vital.target, limit::TARGET, tally);
    // A path is the resource of an LCP; the type of an event has no slash.
    if let Some(detail) = &mut vital.detail {
        expand_url(detail, origin, limit::URL, tally);
    }
    if let Some(frames) = &mut vital.frames {
        cut_list(&mut frames.0, limit::FRAMES, tally);
        for frame in &mut frames.0 {
            trim_frame(&mut frame.what, origin, tally);
        }
    }
}

fn trim_frame(frame: &mut LongFrame, origin: &str, tally: &mut Tally) {
    let Some(scripts) = &mut frame.scripts else { return };
    // The longest come first.
    cut_list(&mut scripts.0, limit::SCRIPTS, tally);
    for script in &mut scripts.0 {
        let Script {
            invoker_type,
            invoker,
            url,
            function,
            ..
        } = script;
        cut(invoker_type, limit::WORD, tally);
        // Who runs a script file is the file itself: then it is a URL, and else a name such as `BUTTON#buy.onclick`.
        expand_url(invoker, origin, limit::URL, tally);
        expand_url(url, origin, limit::URL, tally);
        cut(function, limit::FUNCTION, tally);
    }
}

/// What is cut off message and stack here, its causes' aside, joins what the page cut off, in the row's own count.
fn trim_error(error: &mut ErrorEvent, origin: &str, tally: &mut Tally) {
    let error = &mut error.what;
    cut_some(&mut error.class, limit::CLASS, tally);
    let Cut(message) = expand(&mut error.message, origin, limit::MESSAGE, tally);
    let Cut(stack) = error
        .stack
        .as_mut()
        .map_or(Cut(0), |stack| expand(stack, origin, limit::STACK, tally));
    if message + stack > 0 {
        let units = i64::try_from(message + stack).unwrap_or(i64::MAX);
        error.cut = Some(error.cut.unwrap_or(0).saturating_add(units));
    }
    if let Some(causes) = &mut error.causes {
        cut_list(&mut causes.0, limit::CAUSES, tally);
        for cause in &mut causes.0 {
            cut_some(&mut cause.class, limit::CLASS, tally);
            expand(&mut cause.message, origin, limit::MESSAGE, tally);
            if let Some(stack) = &mut cause.stack {
                expand(stack, origin, limit::STACK, tally);
            }
        }
    }
    trim_attributes(&mut error.attributes, tally);
    cut_some(&mut error.target, limit::TARGET, tally);
    if let Some(url) = &mut error.url {
        expand_url(url, origin, limit::URL, tally);
    }
    if let Some(ids) = &mut error.debug_ids {
        cut_list(&mut ids.0, limit::DEBUG_IDS, tally);
        keep_debug_ids(ids, tally);
        for id in &mut ids.0 {
            // As it stands in the stack.
            expand(&mut id.name, origin, limit::URL, tally);
        }
    }
}

fn cut_list<T>(list: &mut Vec<T>, limit: usize, tally: &mut Tally) {
    if list.len() > limit {
        list.truncate(limit);
        tally.add(Outcome::ListCut, 1);
    }
}
