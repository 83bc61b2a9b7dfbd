//! Which errors are the same one.
//!
//! **Provisional.** The group is a hash of the type, the message with its numbers made equal, and the function and file
//! of the first stack frame. It changes with every build that renames files or functions; when errors get their own
//! issue (source maps, releases, the life of a group) this function is what it replaces.

use sha2::{Digest, Sha256};

/// The group of an error: the same on every machine and in every version until this function changes.
pub(crate) fn error_group(class: &str, message: &str, stack: &str) -> u64 {
    let Frame { function, file } = first_frame(stack).unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [class, &without_numbers(message), function, file] {
        hash.update(part.as_bytes());
        // No part can end as another one begins.
        hash.update([0]);
    }
    hash.finalize()
        .iter()
        .take(8)
        .fold(0, |group, byte| group << 8 | u64::from(*byte))
}

/// Every run of digits becomes one `0`: ids, sizes and times do not make another error.
fn without_numbers(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut in_number = false;
    for c in message.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !in_number {
            out.push('0');
        }
        in_number = c.is_ascii_digit();
    }
    out
}

/// Where a stack frame points, without line and column.
#[derive(Debug, Default, PartialEq, Eq)]
struct Frame<'a> {
    function: &'a str,
    file: &'a str,
}

/// The first frame of a stack in the form of V8 (`    at f (file:1:2)`, `    at file:1:2`) or of Gecko and WebKit
/// (`f@file:1:2`). Other lines, such as V8's repeated message, are passed over.
fn first_frame(stack: &str) -> Option<Frame<'_>> {
    stack.lines().find_map(|line| {
        let line = line.trim();
        let (function, place) = match line.strip_prefix("at ") {
            Some(v8) => match v8.strip_suffix(')').and_then(|call| call.rsplit_once(" (")) {
                Some(call) => call,
                None => ("", v8),
            },
            None => line.split_once('@')?,
        };
        Some(Frame {
            function,
            file: file(place)?,
        })
    })
}

/// The file of `file:line:column`, without a query; `None` if it does not end like that.
fn file(place: &str) -> Option<&str> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (number(line) && number(column)).then(|| file.split_once(['?', '#']).map_or(file, |(file, _)| file))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V8: &str =
        "TypeError: x is null\n    at pay (https://a.example/cart.js?v=7:10:5)\n    at https://a.example/cart.js:2:1";
    const GECKO: &str = "pay@https://a.example/cart.js:10:5\n@https://a.example/cart.js:2:1";

    #[test]
    fn the_first_frame_is_found_in_every_engine() {
        let pay = Frame {
            function: "pay",
            file: "https://a.example/cart.js",
        };
        assert_eq!(first_frame(V8), Some(pay));
        assert_eq!(first_frame(GECKO), first_frame(V8));
        let anonymous = Frame {
            function: "",
            file: "https://a.example/cart.js",
        };
        assert_eq!(first_frame("    at https://a.example/cart.js:2:1"), Some(anonymous));
        for none in ["", "Error: no stack", "someone@example.com", "at last"] {
            assert_eq!(first_frame(none), None, "{none:?}");
        }
    }

    #[test]
    fn numbers_lines_and_engines_do_not_split_a_group() {
        let group = error_group("TypeError", "item 12 of 345", V8);
        assert_eq!(error_group("TypeError", "item 7 of 8", GECKO), group);
        assert_eq!(
            error_group("TypeError", "item 7 of 8", &V8.replace(":10:5", ":99:1")),
            group
        );
        assert_ne!(error_group("RangeError", "item 12 of 345", V8), group);
        assert_ne!(error_group("TypeError", "items 12 of 345", V8), group);
        assert_ne!(
            error_group("TypeError", "item 12 of 345", &V8.replace("pay", "buy")),
            group
        );
    }

    #[test]
    fn groups_are_the_same_for_ever() {
        assert_eq!(error_group("TypeError", "x is null", V8), 7_577_757_671_628_470_407);
    }
}
