//! Which errors are the same one.

use sha2::{Digest, Sha256};

use super::file::name_in_builds;
use super::message::normalized;
use super::stack::Frame;

/// Of what is below. Another rule is another version: its groups are not those of before, and must not meet them.
const VERSION: &str = "1";

/// How many frames tell errors apart. The way from the page's start to the error differs among equal errors.
const MOST_FRAMES: usize = 3;

/// The group of an error: type, normalised message and the top frames, by function and file. The same on every machine and
/// in every release, until [`VERSION`] changes.
pub(crate) fn group(class: &str, message: &str, frames: &[Frame<'_>]) -> u64 {
    let mut parts = Parts::new();
    parts.add(class);
    parts.add(&normalized(message));
    for frame in telling(frames) {
        parts.add(bare_name(frame.function));
        parts.add(&name_in_builds(frame.file));
    }
    parts.group()
}

/// The group of what no code threw, such as a resource that could not be loaded: where it comes from, type, normalised
/// message, and what it is about: a URL by its host and its file, or a word such as `inline`.
pub(crate) fn group_without_stack(source: &str, class: &str, message: &str, url: &str) -> u64 {
    let host = url
        .split_once("://")
        .map_or("", |(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let mut parts = Parts::new();
    // No error has so many parts before its first frame, and no function is called so.
    parts.add(&format!("<{source}>"));
    parts.add(class);
    parts.add(&normalized(message));
    parts.add(host);
    parts.add(&name_in_builds(url));
    parts.group()
}

/// What tells groups apart, by its hash.
struct Parts(Sha256);

impl Parts {
    fn new() -> Self {
        let mut parts = Self(Sha256::new());
        parts.add(VERSION);
        parts
    }

    fn add(&mut self, part: &str) {
        // No part can end as another one begins.
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    fn group(self) -> u64 {
        let hash = self.0.finalize();
        hash.iter().take(8).fold(0, |group, byte| group << 8 | u64::from(*byte))
    }
}

/// The top frames of the app; where it has none, of anything in a file: engines differ in what they show of native code.
fn telling<'a, 'b>(frames: &'b [Frame<'a>]) -> impl Iterator<Item = &'b Frame<'a>> {
    let own = frames.iter().any(|frame| frame.in_app);
    let tells = move |frame: &&Frame<'_>| if own { frame.in_app } else { !frame.file.is_empty() };
    frames.iter().filter(tells).take(MOST_FRAMES)
}

/// A function's name without what engines put around it: V8 the receiver (`Cart.pay`, `new Cart`), SpiderMonkey where a
/// function without a name was written (`load/<`, `load/this.pay`).
fn bare_name(function: &str) -> &str {
    let inner = function.rsplit_once('/').map_or(function, |(_, inner)| inner);
    let name = inner.rsplit_once(['.', ' ']).map_or(inner, |(_, name)| name);
    match name {
        "<anonymous>" | "eval" | "anonymous" => "",
        name if name.ends_with('<') => "",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::errors::stack::frames;

    const V8: &str = "TypeError: x is null\n    at Cart.pay (https://a.example/cart.js?v=7:10:5)\n    at Array.forEach (<anonymous>)\n    at new Shop (https://a.example/shop.3f2a1c9d.js:2:1)\n    at https://a.example/cart.js:3:1";
    const GECKO: &str = "pay@https://a.example/cart.js?v=7:10:15\nShop@https://a.example/shop.3f2a1c9d.js:2:11\nload/<@https://a.example/cart.js:3:11";
    const JSC: &str = "pay@https://a.example/cart.js?v=7:10:16\nforEach@[native code]\nShop@https://a.example/shop.3f2a1c9d.js:2:12\nhttps://a.example/cart.js:3:12";

    fn of(class: &str, message: &str, stack: &str) -> u64 {
        group(class, message, &frames(stack).collect::<Vec<_>>())
    }

    #[test]
    fn engines_numbers_lines_and_builds_do_not_split_a_group() {
        let expected = of("TypeError", "item 12 of 345", V8);
        for (message, stack) in [
            ("item 7 of 8", V8.to_owned()),
            ("item 7 of 8", GECKO.to_owned()),
            ("item 7 of 8", JSC.to_owned()),
            ("item 7 of 8", V8.replace(":10:5", ":99:1")),
            ("item 7 of 8", V8.replace("3f2a1c9d", "77e1b2c3")),
            ("item 7 of 8", V8.replace("?v=7", "?v=8")),
            ("item 7 of 8", V8.replace("a.example", "staging.example:8443")),
            (
                "item 7 of 8",
                format!("{V8}\n    at further (https://a.example/main.js:1:2)"),
            ),
            (
                "item 7 of 8",
                V8.replace(
                    "    at Cart",
                    "    at f (https://a.example/node_modules/x.js:1:2)\n    at Cart",
                ),
            ),
        ] {
            assert_eq!(of("TypeError", message, &stack), expected, "{message} {stack}");
        }
    }

    #[test]
    fn another_type_message_function_or_file_is_another_group() {
        let groups = [
            of("TypeError", "x is null", V8),
            of("RangeError", "x is null", V8),
            of("TypeError", "y is null", V8),
            of("TypeError", "x is null", &V8.replace("pay", "buy")),
            of("TypeError", "x is null", &V8.replace("cart.js", "basket.js")),
            of("TypeError", "x is null", ""),
            of("TypeErrorx", " is null", ""),
            of("TypeError", "Cannot read properties of undefined (reading 'a')", ""),
            of("TypeError", "Cannot read properties of undefined (reading 'b')", ""),
        ];
        let mut different = groups.to_vec();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), groups.len());
    }

    #[test]
    fn without_frames_of_the_app_those_of_libraries_tell() {
        let library = "at f (https://a.example/node_modules/x.js:1:2)";
        assert_ne!(of("Error", "x", library), of("Error", "x", ""));
        assert_ne!(
            of("Error", "x", library),
            of("Error", "x", &library.replace("f (", "g ("))
        );
        assert_eq!(of("Error", "x", "at Array.map (<anonymous>)"), of("Error", "x", ""));
    }

    #[test]
    fn names_are_what_the_engines_have_in_common() {
        for (function, expected) in [
            ("pay", "pay"),
            ("Cart.pay", "pay"),
            ("new Cart", "Cart"),
            ("get total", "total"),
            ("Object.<anonymous>", ""),
            ("load/<", ""),
            ("load/this.pay", "pay"),
            ("load/</pay", "pay"),
            ("eval", ""),
            ("wasm-function[12]", "wasm-function[12]"),
            ("", ""),
        ] {
            assert_eq!(bare_name(function), expected, "{function}");
        }
    }

    #[test]
    fn what_has_no_stack_is_told_apart_by_what_it_is_about() {
        let image = |url: &str| group_without_stack("resource", "img", "could not be loaded", url);
        let logo = image("https://cdn.example/logo.3f2a1c9d.png");
        assert_eq!(logo, image("https://cdn.example/logo.77e1b2c3.png?v=2"));
        let csp = |directive, url| group_without_stack("csp-violation", directive, "", url);
        let mut groups = vec![
            logo,
            image("https://other.example/logo.png"),
            image("https://cdn.example/hero.png"),
            group_without_stack(
                "resource",
                "script",
                "could not be loaded",
                "https://cdn.example/logo.png",
            ),
            csp("script-src-elem", "inline"),
            csp("script-src-elem", "eval"),
            csp("style-src-elem", "inline"),
            group_without_stack("deprecation", "UnloadHandler", "Unload is deprecated", ""),
            group_without_stack("crash", "Crash", "oom", ""),
            group_without_stack("crash", "Crash", "unresponsive", ""),
            of("Crash", "oom", ""),
        ];
        groups.sort_unstable();
        groups.dedup();
        assert_eq!(groups.len(), 11);
    }

    #[test]
    fn groups_are_the_same_for_ever() {
        for (class, message, stack, expected) in [
            ("TypeError", "item 12 of 345", V8, 6_539_625_386_642_191_172),
            ("TypeError", "item 12 of 345", "", 7_618_382_908_819_150_628),
            ("", "boom", "", 16_603_663_959_279_469_427),
            ("", "Script error.", "", 16_882_083_486_900_927_388),
        ] {
            assert_eq!(of(class, message, stack), expected, "{class} {message}");
        }
    }

    #[test]
    fn time_is_linear() {
        // What takes the square of it would take minutes.
        for piece in [
            "-", "a-", "1", "a1", "'", "\"a", "`a b", "://", ".", "/", "@", "@a:", " (", "at ", " > ", "eval at ", ":1",
        ] {
            let long = piece.repeat((1 << 17) / piece.len());
            for stack in [
                format!("f@https://a.example/{long}:1:2"),
                format!("at {long} (https://{long})"),
                long.clone(),
            ] {
                let _ = of("", &long, &stack);
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(class in ".{0,8}", message in text(), function in text(), file in text()) {
            let frame = Frame { function: &function, file: &file, line: 1, column: 1, in_app: true };
            let _ = group(&class, &message, &[frame]);
            let _ = frames(&format!("at {function} ({file}:1:1)")).count();
        }
    }

    /// Words and signs that something is looked for in.
    fn text() -> impl Strategy<Value = String> {
        const PIECES: [&str; 16] = [
            "'", "\"", "`", "://", "0x", "3f2a1c9d", "12", ".", ":", "-", "/", "@", "?", "blob:", "ß", " ",
        ];
        let piece = prop_oneof![prop::sample::select(&PIECES[..]).prop_map(str::to_owned), ".{0,4}"];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }
}
