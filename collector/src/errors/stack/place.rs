//! The place that a line of a stack names: `file:line:column`, and all that engines write instead of it.

/// What engines write where there is no file.
const NO_FILE: [&str; 7] = [
    "",
    "<anonymous>",
    "native",
    "[native code]",
    "[wasm code]",
    "unknown location",
    "unknown",
];

/// Where a frame points; see [`Frame`](super::Frame).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
    /// What a function of Wasm is called that has no name, such as `wasm-function[12]`.
    pub(super) wasm: &'a str,
}

impl<'a> Place<'a> {
    /// Reads a place; `None` if it is none.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if NO_FILE.contains(&text) || text.starts_with("index ") {
            return Some(Self::default());
        }
        if let Some(evaluated) = text.strip_prefix("eval at ") {
            return Self::of_v8_eval(evaluated);
        }
        if let Some(place) = Self::of_gecko_eval(text).or_else(|| Self::of_wasm(text)) {
            return Some(place);
        }
        let (file, line, column) = match number_at_end(text) {
            None => (text, 0, 0),
            Some((rest, last)) => match number_at_end(rest) {
                Some((file, line)) => (file, line, last),
                None => (rest, last, 0),
            },
        };
        if NO_FILE.contains(&file) {
            return Some(Self {
                line,
                column,
                ..Self::default()
            });
        }
        let is_url = scheme(file).is_some_and(|scheme| file[scheme.len()..].starts_with("://"));
        // Sentences hold times of day and colons.
        let is_place = line > 0 && !file.contains(": ") && (column > 0 || file.contains(['/', '\\', '.']));
        (is_url || is_place).then(|| Self {
            file: short(file),
            line,
            column,
            wasm: "",
        })
    }

    /// Whether a reader would take it for a URL, of whatever scheme.
    pub(super) fn is_url(&self) -> bool {
        scheme(self.file).is_some() && self.line > 0
    }

    /// `f (place), <anonymous>:1:2`, behind `eval at `: the place of the outermost `eval` counts, for that is in a file.
    fn of_v8_eval(text: &'a str) -> Option<Self> {
        let outermost = text.rfind("eval at ").map_or(text, |at| &text[at + "eval at ".len()..]);
        let (_, place) = outermost.split_once(" (")?;
        let place = place.split_once("), ").map_or(place, |(place, _)| place);
        Self::read(place.trim_end_matches(')'))
    }

    /// `file line 5 > eval:1:2`, `file line 5 > Function line 1 > eval:1:2`.
    fn of_gecko_eval(text: &'a str) -> Option<Self> {
        // One character is soon looked for, several are not.
        let (outer, _) = text.contains('>').then(|| text.split_once(" > "))??;
        let (file, line) = outer.rsplit_once(" line ")?;
        Some(Self {
            file: short(file),
            line: number(line)?,
            column: 0,
            wasm: "",
        })
    }

    /// `file:wasm-function[12]:0x34`.
    fn of_wasm(text: &'a str) -> Option<Self> {
        let at = text.contains('[').then(|| text.find(":wasm-function["))??;
        let (wasm, offset) = text[at + 1..].split_once(':')?;
        Some(Self {
            file: &text[..at],
            line: 1,
            column: u32::from_str_radix(offset.strip_prefix("0x")?, 16).ok()?,
            wasm,
        })
    }
}

/// The scheme that a URL begins with, without the colon. <https://url.spec.whatwg.org/#url-scheme-string>
pub(super) fn scheme(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)))?;
    // One letter is a drive.
    (end > 1 && text[end..].starts_with(':') && text.starts_with(|c: char| c.is_ascii_alphabetic()))
        .then(|| &text[..end])
}

/// Takes `:5` off the end. A port is no line: a URL has a path behind it.
fn number_at_end(text: &str) -> Option<(&str, u32)> {
    let (rest, digits) = text.rsplit_once(':')?;
    let number = number(digits)?;
    let only_host = rest.split_once("://").is_some_and(|(_, rest)| !rest.contains('/'));
    (!only_host).then_some((rest, number))
}

/// Digits; a number that is too large is the largest.
fn number(digits: &str) -> Option<u32> {
    let digital = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digital.then(|| digits.parse().unwrap_or(u32::MAX))
}

/// A `data:` URL without its data: it holds the whole script.
fn short(file: &str) -> &str {
    let data = file.starts_with("data:").then(|| file.split_once(',')).flatten();
    data.map_or(file, |(kind, _)| kind)
}
