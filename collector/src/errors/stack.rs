//! The frames of a stack, in the forms of the three engines.
//!
//! `Error.prototype.stack` has no standard; each engine writes its own text:
//! - V8: `    at f (file:1:2)`, <https://v8.dev/docs/stack-trace-api>
//! - SpiderMonkey: `f@file:1:2`,
//!   <https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Error/stack>
//! - JavaScriptCore: as SpiderMonkey, or `file:1:2` of a function without a name
//!
//! Wasm is as in <https://webassembly.github.io/spec/web-api/#conventions>. Only the first stack of a text is read: those
//! of causes, which some libraries append, belong to other errors.

mod place;

use place::Place;

use super::file::is_own;
use super::origin::is_of_extension;

/// Frames of one stack. Engines keep 10 (V8), 128 or 100; pages raise that, and deep recursion says nothing by its depth.
const MOST_FRAMES: usize = 50;

/// One call. What is not known is empty, or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// Its name as the engine has it, without marks of how it was called.
    pub(crate) function: &'a str,
    /// The URL of its code; of code from `eval` the file that called `eval`. Empty of native code.
    pub(crate) file: &'a str,
    /// From 1. Of Wasm 1, as source maps of Wasm have it.
    pub(crate) line: u32,
    /// From 1. Of Wasm the byte's offset in its file.
    pub(crate) column: u32,
    /// Whether the app's own code was called: no library, no extension, nothing native.
    pub(crate) in_app: bool,
}

/// The frames of the first stack in `text`, the innermost first.
pub(crate) fn frames(text: &str) -> impl Iterator<Item = Frame<'_>> {
    calls(text).map(|(function, place)| called(function, place))
}

/// Their files: to be asked for nothing else costs half as much.
pub(crate) fn files(text: &str) -> impl Iterator<Item = &str> {
    calls(text).map(|(_, place)| place.file)
}

fn calls(text: &str) -> impl Iterator<Item = (&str, Place<'_>)> {
    let lines = || text.lines().map(str::trim);
    let call = if lines().any(|line| v8(line).is_some()) {
        v8
    } else {
        named_at_place
    };
    let mut begun = false;
    let calls = lines().filter(|line| !line.is_empty()).map_while(move |line| {
        let found = call(line);
        if found.is_none() && begun && begins_another(line) {
            return None;
        }
        // The message, before the frames, is none; among them, something that an engine has invented since.
        begun |= found.is_some();
        Some(found)
    });
    calls.flatten().take(MOST_FRAMES)
}

/// Whether a line behind frames is the head of a cause, such as `Caused by: TypeError: x is null`.
fn begins_another(line: &str) -> bool {
    !line.starts_with("at ") && line.contains(": ")
}

/// `at f (place)`, `at async f (place)`, `at new F (place)`, `at O.f [as g] (place)`, `at place`.
fn v8(line: &str) -> Option<(&str, Place<'_>)> {
    let call = line.strip_prefix("at ")?;
    let call = call.strip_prefix("async ").unwrap_or(call);
    let inside = call.strip_suffix(')').and_then(|call| call.split_once(" ("));
    if inside.is_none() && !is_bare_place(call) {
        return None;
    }
    let (function, place) = inside.unwrap_or(("", call));
    let function = function.split_once(" [as ").map_or(function, |(function, _)| function);
    Place::read(place).map(|place| (function, place))
}

/// Whether a call without brackets can be a place alone. It may be a frame that was cut in the middle, or a sentence: those
/// have spaces, and files that do have folders.
fn is_bare_place(call: &str) -> bool {
    let has_folders = call.contains(['/', '\\', '<']) && !call.contains(" (");
    !call.contains(' ') || has_folders || call.starts_with("eval at ")
}

/// `f@place`, `async*f@place`, `place`.
fn named_at_place(line: &str) -> Option<(&str, Place<'_>)> {
    let Some((name, place)) = split_name(line) else {
        // No engine writes a space into a URL, and people's sentences have some.
        return Place::read(line)
            .filter(|place| place.is_url() && !line.contains(' '))
            .map(|place| ("", place));
    };
    // What queued the call stands before a `*` (`async*`, `setTimeout handler*`), in WebKit it is `async `.
    let function = name.rsplit_once('*').map_or(name, |(_, function)| function);
    let function = function.strip_prefix("async ").unwrap_or(function);
    Place::read(place).map(|place| (function, place))
}

/// The name and the place on both sides of the `@` between them. Names and URLs may hold further ones: it is the first
/// one that a URL follows.
fn split_name(line: &str) -> Option<(&str, &str)> {
    let mut halves = line
        .match_indices('@')
        .map(|(at, mark)| (&line[..at], &line[at + mark.len()..]));
    let first = halves.clone().next();
    let found = halves.find(|(_, place)| place::scheme(place).is_some()).or(first)?;
    // Then the `@` is a part of a URL that no name precedes.
    let bare = place::scheme(found.0).is_some_and(|scheme| found.0[scheme.len()..].starts_with("://"));
    (!bare).then_some(found)
}

fn called<'a>(function: &'a str, place: Place<'a>) -> Frame<'a> {
    let function = match function {
        "" | "<anonymous>" | "global code" | "module code" | "eval code" => place.wasm,
        function => function,
    };
    Frame {
        function,
        file: place.file,
        line: place.line,
        column: place.column,
        in_app: is_own(place.file) && !is_of_extension(place.file),
    }
}

#[cfg(test)]
mod tests;
