//! Personal data and secrets are masked before anything is stored: every text that somebody may have put a person into
//! goes through [`rum_core::scrub`], and the paths of pages and of what they load lose their ids ([`without_ids`]).
//!
//! This is the one place. The records of a raw batch have been replayed into events before (`decode`), so they pass here
//! like the events that a page computed itself, before the spool has seen a byte of them.
//!
//! Every struct is taken apart without `..`, and every kind is named: a new field asks here what is to become of it. Left
//! as they are: numbers and ids, which are digits; words of a specification (`initiator`, `protocol`, …); what the page's owner set
//! (release, environment); the origin that a document says it is of.

use std::borrow::Cow;

use rum_core::scrub::{TOKEN, scrub as masked};
use rum_core::wire::Event;
use rum_core::wire::event::{
    ActionEvent, ElementTimingEvent, ErrorEvent, LogEvent, LongFrameEvent, RequestEvent, ResourceEvent,
    UserTimingEvent, ViewEvent, VitalEvent,
};
use rum_core::wire::record::{
    Action, Attribute, Attributes, Cause, ElementTiming, ErrorReport, Log, LongFrame, Request, Resource, Script,
    Surroundings, UserTiming,
};

use super::outcome::{Outcome, Tally};
use super::page_names::PageNames;
use super::path_ids::without_ids;
use crate::batch::AcceptedBatch;
use crate::errors::without_query;

/// What any name that says secret makes one of.
const ANY_SECRET: &str = "aB3aB3aB3aB3aB3aB3";

/// Masks the texts of all items, and counts those in which there was something to mask. Pages that one of the app's own patterns
/// fits get its name.
pub(super) fn scrub(mut batch: AcceptedBatch, names: &PageNames, tally: &mut Tally) -> AcceptedBatch {
    for item in &mut batch.items {
        match &mut item.event {
            Event::View(view) => scrub_view(view, names, tally),
            Event::Vital(vital) => scrub_vital(vital, tally),
            Event::Request(event) => {
                let RequestEvent { ordinal: _, what } = &mut **event;
                scrub_request(what, tally);
            }
            Event::Error(event) => {
                let ErrorEvent { ordinal: _, what } = &mut **event;
                scrub_error(what, tally);
            }
            Event::Action(event) => {
                let ActionEvent { ordinal: _, what } = &mut **event;
                scrub_action(what, tally);
            }
            Event::LongFrame(frame) => scrub_frame(frame, tally),
            Event::Resource(event) => {
                let ResourceEvent { ordinal: _, what } = &mut **event;
                scrub_resource(what, tally);
            }
            Event::UserTiming(event) => {
                let UserTimingEvent { ordinal: _, what } = &mut **event;
                scrub_user_timing(what, tally);
            }
            Event::ElementTiming(event) => {
                let ElementTimingEvent { ordinal: _, what } = &mut **event;
                scrub_element(what, tally);
            }
            Event::Log(event) => {
                let LogEvent { ordinal: _, what } = &mut **event;
                scrub_log(what, tally);
            }
        }
    }
    batch
}

fn scrub_view(view: &mut ViewEvent, names: &PageNames, tally: &mut Tally) {
    let ViewEvent {
        view_id,
        session_id: _,
        kind: _,
        start: _,
        page,
        referrer,
        parent_id: _,
        document_id: _,
        page_name,
        end: _,
        // Numbers, and `nextHopProtocol`.
        navigation: _,
        // Numbers, and types of entries.
        receipt: _,
        surroundings,
        core_dropped: _,
        user,
        attributes,
        scroll: _,
        engaged: _,
    } = view;
    match names.name(page, view_id.start_seconds()) {
        // The operator's own words.
        Some(name) => *page = name.to_owned(),
        None => url(page, tally),
    }
    referrer.iter_mut().for_each(|referrer| url(referrer, tally));
    some(page_name, tally);
    some(user, tally);
    scrub_attributes(attributes, tally);
    if let Some(surroundings) = surroundings {
        let Surroundings {
            downlink: _,
            rtt: _,
            save_data: _,
            device_memory: _,
            cores: _,
            pixel_ratio: _,
            delivery: _,
            server_timing,
            not_restored: _,
            viewport_width: _,
            viewport_height: _,
            trace_id: _,
        } = surroundings;
        some(server_timing, tally);
    }
}

fn scrub_vital(vital: &mut VitalEvent, tally: &mut Tally) {
    let VitalEvent {
        metric: _,
        scope: _,
        value: _,
        target,
        detail,
        resource: _,
        at: _,
        input_delay: _,
        processing: _,
        presentation: _,
        frames,
    } = vital;
    some(target, tally);
    // The URL of an LCP; the type of an INP's event is no URL, and stays.
    detail.iter_mut().for_each(|detail| url(detail, tally));
    let frames = frames.iter_mut().flat_map(|frames| &mut frames.0);
    frames.for_each(|frame| scrub_frame(frame, tally));
}

fn scrub_request(request: &mut Request, tally: &mut Tally) {
    let Request {
        start: _,
        initiator: _,
        method: _,
        url: address,
        status: _,
        duration: _,
        outcome: _,
        request: _,
        response: _,
        transfer_bytes: _,
        encoded_bytes: _,
        decoded_bytes: _,
        protocol: _,
        redirect: _,
        dns: _,
        connect: _,
        tls: _,
        action: _,
        operation,
        // Hexadecimal digits: `trim` left no others.
        trace_id: _,
        span_id: _,
    } = request;
    url(address, tally);
    some(operation, tally);
}

fn scrub_error(error: &mut ErrorReport, tally: &mut Tally) {
    let ErrorReport {
        first: _,
        source: _,
        class,
        message,
        stack,
        handled: _,
        count: _,
        cut: _,
        causes,
        attributes,
        target,
        url: address,
        line: _,
        column: _,
        debug_ids,
    } = error;
    some(class, tally);
    text(message, tally);
    some(stack, tally);
    for cause in causes.iter_mut().flat_map(|causes| &mut causes.0) {
        let Cause { class, message, stack } = cause;
        some(class, tally);
        text(message, tally);
        some(stack, tally);
    }
    scrub_attributes(attributes, tally);
    some(target, tally);
    address.iter_mut().for_each(|address| url(address, tally));
    for id in debug_ids.iter_mut().flat_map(|ids| &mut ids.0) {
        // The values are hexadecimal digits. The script keeps its ids, as in the frames that it is joined with.
        let Attribute { name, value: _ } = id;
        name.truncate(without_query(name).len());
        text(name, tally);
    }
}

fn scrub_action(action: &mut Action, tally: &mut Tally) {
    let Action {
        at: _,
        kind: _,
        name,
        target,
        duration: _,
        frustration: _,
        attributes,
        value: _,
    } = action;
    some(name, tally);
    some(target, tally);
    scrub_attributes(attributes, tally);
}

fn scrub_log(log: &mut Log, tally: &mut Tally) {
    let Log {
        at: _,
        level: _,
        message,
        source: _,
        attributes,
        trace_id: _,
        weight: _,
    } = log;
    text(message, tally);
    scrub_attributes(attributes, tally);
}

fn scrub_frame(frame: &mut LongFrameEvent, tally: &mut Tally) {
    let LongFrameEvent {
        ordinal: _,
        what:
            LongFrame {
                start: _,
                duration: _,
                kind: _,
                blocking: _,
                render_start: _,
                style_start: _,
                first_input: _,
                weight: _,
                scripts,
            },
    } = frame;
    for script in scripts.iter_mut().flat_map(|scripts| &mut scripts.0) {
        let Script {
            start: _,
            duration: _,
            forced_style: _,
            pause: _,
            invoker_type: _,
            invoker,
            url: address,
            function,
            position: _,
        } = script;
        // With its ids: the position is one in the file of just this name.
        text(address, tally);
        text(invoker, tally);
        text(function, tally);
    }
}

fn scrub_resource(resource: &mut Resource, tally: &mut Tally) {
    let Resource {
        start: _,
        duration: _,
        url: address,
        initiator: _,
        status: _,
        transfer_bytes: _,
        encoded_bytes: _,
        decoded_bytes: _,
        protocol: _,
        render_blocking: _,
        delivery: _,
        redirect: _,
        dns: _,
        connect: _,
        tls: _,
        request: _,
        response: _,
        weight: _,
    } = resource;
    url(address, tally);
}

fn scrub_user_timing(timing: &mut UserTiming, tally: &mut Tally) {
    let UserTiming {
        start: _,
        name,
        duration: _,
        weight: _,
    } = timing;
    text(name, tally);
}

fn scrub_element(element: &mut ElementTiming, tally: &mut Tally) {
    let ElementTiming {
        painted: _,
        name,
        target,
        url: address,
        weight: _,
    } = element;
    text(name, tally);
    some(target, tally);
    address.iter_mut().for_each(|address| url(address, tally));
}

fn scrub_attributes(attributes: &mut Option<Attributes>, tally: &mut Tally) {
    for attribute in attributes.iter_mut().flat_map(|attributes| &mut attributes.0) {
        let Attribute { name, value } = attribute;
        // What is secret by its name alone says nothing by itself. Of a list or an object no rule knows where it ends.
        let secret = format!("{name}={TOKEN}");
        let is_json = value.starts_with(['[', '{']);
        let looked_at = if is_json { ANY_SECRET } else { value.as_str() };
        if masked(&format!("{name}={looked_at}")).starts_with(&secret) && value != TOKEN {
            TOKEN.clone_into(value);
            tally.add(Outcome::TextScrubbed, 1);
        }
        text(name, tally);
        text(value, tally);
    }
}

/// A URL or a path. Ids first: whether a number's check digit makes a card of it must not decide under which page it is.
fn url(url: &mut String, tally: &mut Tally) {
    if let Cow::Owned(changed) = without_ids(url) {
        *url = changed;
    }
    text(url, tally);
}

fn some(text_or_none: &mut Option<String>, tally: &mut Tally) {
    text_or_none.iter_mut().for_each(|found| text(found, tally));
}

fn text(text: &mut String, tally: &mut Tally) {
    if let Cow::Owned(changed) = masked(text) {
        *text = changed;
        tally.add(Outcome::TextScrubbed, 1);
    }
}

#[cfg(test)]
mod tests;
