//! What was made of errors, kept for the next one that says the same: a bug throws the same error in everybody's browser.

use std::sync::{Arc, LazyLock};

use quick_cache::sync::Cache;

use super::fingerprint::{group, group_without_stack};
use super::origin::ErrorOrigin;
use super::stack::{Frame, frames};

/// Errors that are kept: a site has some dozens at a time.
const KEPT: usize = 512;

/// What an error says that is kept, in bytes: with what was made of it, all have at most 4 MiB. Longer ones are looked at anew each
/// time.
const LONGEST: usize = 2 << 10;

/// One for the process: what an error is made of depends on nothing else.
static KNOWN: LazyLock<Cache<Box<[u8]>, Arc<Judged>>> = LazyLock::new(|| Cache::new(KEPT));

/// What an error says of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    /// The word for where it comes from, if that throws without a stack.
    pub(crate) without_stack: Option<&'a str>,
    pub(crate) class: &'a str,
    pub(crate) message: &'a str,
    pub(crate) stack: &'a str,
    /// What it is about, where no code threw it.
    pub(crate) url: &'a str,
}

/// What is made of that.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Which errors are the same one.
    pub(crate) group: u64,
    /// Whose code threw it.
    pub(crate) origin: ErrorOrigin,
    /// The texts of all frames: of each its function and its file.
    texts: Box<str>,
    frames: Box<[Place]>,
}

/// A frame without its texts.
#[derive(Debug)]
struct Place {
    function_end: u32,
    file_end: u32,
    line: u32,
    column: u32,
    in_app: bool,
}

impl Judged {
    /// The calls, the innermost first.
    pub(crate) fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let mut start = 0;
        self.frames.iter().map(move |place| {
            let mut text = |end: u32| {
                let text = self.texts.get(start..end as usize).unwrap_or_default();
                start = end as usize;
                text
            };
            Frame {
                function: text(place.function_end),
                file: text(place.file_end),
                line: place.line,
                column: place.column,
                in_app: place.in_app,
            }
        })
    }
}

/// What is to be made of an error.
pub(crate) fn judged(said: &Said<'_>) -> Arc<Judged> {
    let Some(key) = key(said) else {
        return Arc::new(judge(said));
    };
    if let Some(known) = KNOWN.get(&*key) {
        return known;
    }
    let judged = Arc::new(judge(said));
    KNOWN.insert(key.into(), Arc::clone(&judged));
    judged
}

/// All that is said, in one piece; `None` if it is long.
fn key(said: &Said<'_>) -> Option<Vec<u8>> {
    let source = said.without_stack.unwrap_or_default();
    let parts = [source, said.class, said.message, said.stack, said.url];
    let length: usize = parts.iter().map(|part| part.len() + size_of::<u32>()).sum();
    if length > LONGEST {
        return None;
    }
    let mut key = Vec::with_capacity(length);
    for part in parts {
        // With its length, so that no part can end as another one begins.
        key.extend_from_slice(&(part.len() as u32).to_le_bytes());
        key.extend_from_slice(part.as_bytes());
    }
    Some(key)
}

fn judge(said: &Said<'_>) -> Judged {
    let Said {
        without_stack,
        class,
        message,
        stack,
        url,
    } = *said;
    let frames: Vec<_> = frames(stack).collect();
    let group = match without_stack {
        Some(source) => group_without_stack(source, class, message, url),
        None => group(class, message, &frames),
    };
    let mut texts = String::new();
    let mut add = |text: &str| {
        texts.push_str(text);
        texts.len() as u32
    };
    let places = frames.iter().map(|frame| Place {
        function_end: add(frame.function),
        file_end: add(frame.file),
        line: frame.line,
        column: frame.column,
        in_app: frame.in_app,
    });
    let places = places.collect();
    Judged {
        group,
        origin: ErrorOrigin::of(class, message, frames.iter().map(|frame| frame.file), url),
        texts: texts.into(),
        frames: places,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V8: &str = "TypeError: x is null\n    at Cart.pay (https://a.example/cart.js?v=7:10:5)\n    at Array.forEach (<anonymous>)\n    at https://a.example/node_modules/shop.js:2:1";

    fn said(stack: &str) -> Said<'_> {
        Said {
            without_stack: None,
            class: "TypeError",
            message: "x is null",
            stack,
            url: "",
        }
    }

    #[test]
    fn what_is_known_is_what_would_be_found_anew() {
        let long = format!("{V8}\n    at f (https://a.example/{}.js:3:4)", "a".repeat(LONGEST));
        for stack in [V8, "", &long] {
            for _ in 0..2 {
                let judged = judged(&said(stack));
                let anew: Vec<_> = frames(stack).collect();
                assert_eq!(judged.frames().collect::<Vec<_>>(), anew);
                assert_eq!(judged.group, group("TypeError", "x is null", &anew));
                assert_eq!(judged.origin, ErrorOrigin::App);
            }
        }
        assert!(Arc::ptr_eq(&judged(&said(V8)), &judged(&said(V8))));
        assert!(
            !Arc::ptr_eq(&judged(&said(&long)), &judged(&said(&long))),
            "it is not kept"
        );
    }

    #[test]
    fn every_part_tells_errors_apart() {
        let base = Said {
            without_stack: Some("resource"),
            class: "img",
            message: "could not be loaded",
            stack: "",
            url: "https://cdn.example/logo.png",
        };
        let others = [
            Said {
                without_stack: None,
                ..base
            },
            Said {
                without_stack: Some("csp-violation"),
                ..base
            },
            Said {
                class: "script",
                ..base
            },
            Said {
                message: "is gone",
                ..base
            },
            Said {
                stack: "at f (https://a.example/a.js:1:2)",
                ..base
            },
            Said {
                url: "https://cdn.example/hero.png",
                ..base
            },
            // The same letters, divided in another way.
            Said {
                class: "imgc",
                message: "ould not be loaded",
                ..base
            },
        ];
        let first = judged(&base);
        for other in others {
            assert!(!Arc::ptr_eq(&first, &judged(&other)), "{other:?}");
            assert_eq!(judged(&other).group, judge(&other).group, "{other:?}");
        }
    }
}
