//! A message without what differs from one occurrence to the next.

/// Tokens from this length on that hold a digit are nobody's words.
const LONG_TOKEN: usize = 24;

/// Hexadecimal numbers from this length on, with digits and letters, are ids.
const HEX_ID: usize = 6;

/// Quoted text is a name up to this length, if it looks like one: `(reading 'name')`.
const LONGEST_NAME: usize = 48;

/// Numbers behind these tell errors apart: minified builds say their messages by number, and so does HTTP.
const CODES: [&str; 3] = ["React error #", "NG", "status code "];

/// What `window.onerror` says in front of a value that is no `Error`.
const UNCAUGHT: [&str; 3] = ["Uncaught (in promise) ", "Uncaught ", "uncaught exception: "];

/// Numbers become `<n>`, ids and long tokens `<id>`, URLs `<url>`, quoted text that is no name `<text>`, and white space one
/// space. In linear time.
pub(super) fn normalized(message: &str) -> String {
    let message = UNCAUGHT
        .iter()
        .find_map(|said| message.strip_prefix(said))
        .unwrap_or(message);
    let mut writer = Writer {
        out: String::with_capacity(message.len()),
        number: Number::None,
    };
    writer.text(message.trim());
    writer.out
}

/// Whether the last character was of a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    None,
    /// One that a placeholder stands for.
    Left,
    /// One that is kept.
    Code,
}

struct Writer {
    out: String,
    number: Number,
}

impl Writer {
    fn text(&mut self, text: &str) {
        // A quote that nothing closes is looked for once.
        let mut open_ended = String::new();
        let mut rest = text;
        let mut before = ' ';
        while let Some(c) = rest.chars().next() {
            let taken = if is_of_word(c) && !is_of_word(before) {
                self.word(rest)
            } else if matches!(c, '"' | '\'' | '`') && !is_of_word(before) && !open_ended.contains(c) {
                self.quote(rest, c).unwrap_or_else(|| {
                    open_ended.push(c);
                    self.char(c, rest)
                })
            } else {
                self.char(c, rest)
            };
            before = rest[..taken].chars().next_back().unwrap_or(' ');
            rest = &rest[taken..];
        }
    }

    /// One character; how many bytes of `rest` that were.
    fn char(&mut self, c: char, rest: &str) -> usize {
        let next = rest[c.len_utf8()..].chars().next();
        if c.is_ascii_digit() {
            if self.number == Number::None {
                let code = CODES.iter().any(|code| self.out.ends_with(code));
                self.number = if code { Number::Code } else { Number::Left };
                if !code {
                    self.out.push_str("<n>");
                }
            }
            if self.number == Number::Code {
                self.out.push(c);
            }
        } else if self.number == Number::Left && ".,:".contains(c) && next.is_some_and(|next| next.is_ascii_digit()) {
            // 1.5, 1,000 and 12:30:01 are one number.
        } else {
            self.number = Number::None;
            if !c.is_whitespace() {
                self.out.push(c);
            } else if !self.out.ends_with(' ') {
                self.out.push(' ');
            }
        }
        c.len_utf8()
    }

    /// A word, of which the first character is at least written.
    fn word(&mut self, rest: &str) -> usize {
        let word = &rest[..rest.find(|c| !is_of_word(c)).unwrap_or(rest.len())];
        let placeholder = if rest[word.len()..].starts_with("://") {
            let url = rest.find(|c: char| c.is_whitespace() || "\"'`<>()[]{},".contains(c));
            Some(("<url>", url.unwrap_or(rest.len())))
        } else {
            is_id(word).then_some(("<id>", word.len()))
        };
        if let Some((placeholder, taken)) = placeholder {
            self.number = Number::None;
            self.out.push_str(placeholder);
            return taken;
        }
        if !word.bytes().any(|byte| byte.is_ascii_digit()) {
            self.number = Number::None;
            self.out.push_str(word);
            return word.len();
        }
        for (at, c) in word.char_indices() {
            self.char(c, &rest[at..]);
        }
        word.len()
    }

    /// A quoted text; `None` if nothing closes it.
    fn quote(&mut self, rest: &str, mark: char) -> Option<usize> {
        let inside = &rest[1..];
        let inside = &inside[..inside.find(mark)?];
        self.number = Number::None;
        self.out.push(mark);
        if is_name(inside) {
            self.text(inside);
            self.number = Number::None;
        } else {
            self.out.push_str("<text>");
        }
        self.out.push(mark);
        Some(inside.len() + 2)
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

/// `6fa459ea-ee8a-3ca4-894e-db77e160355e`, `0x3f`, `3f2a1c9d`, and long tokens.
fn is_id(word: &str) -> bool {
    let bytes = word.as_bytes();
    let all = |digit: fn(&u8) -> bool, bytes: &[u8]| bytes.iter().all(digit);
    let has_digit = bytes.iter().any(u8::is_ascii_digit);
    let address = word
        .strip_prefix("0x")
        .is_some_and(|hex| !hex.is_empty() && all(u8::is_ascii_hexdigit, hex.as_bytes()));
    let hexadecimal = bytes.len() >= HEX_ID && all(u8::is_ascii_hexdigit, bytes) && !all(u8::is_ascii_digit, bytes);
    // A UUID is longer than a long token needs to be.
    address || has_digit && (hexadecimal || bytes.len() >= LONG_TOKEN && !all(u8::is_ascii_digit, bytes))
}

/// A property, a path of properties, a selector or a sign, rather than a value.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && !text.contains(char::is_whitespace) && !text.contains(['/', '@', '"', '\'', '`'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_one_occurrence_to_the_next_is_left_out() {
        for (message, expected) in [
            ("", ""),
            ("x is null", "x is null"),
            (
                "Cannot read properties of undefined (reading 'name')",
                "Cannot read properties of undefined (reading 'name')",
            ),
            (
                "can't access property \"name\", user is undefined",
                "can't access property \"name\", user is undefined",
            ),
            (
                "null is not an object (evaluating 'cart.items[0].price')",
                "null is not an object (evaluating 'cart.items[<n>].price')",
            ),
            (
                "item 12 of 3,450 took 12.5ms at 12:30:01",
                "item <n> of <n> took <n>ms at <n>",
            ),
            ("order_123 and user7", "order_<n> and user<n>"),
            ("no order 6fa459ea-ee8a-3ca4-894e-db77e160355e", "no order <id>"),
            ("no object 507f1f77bcf86cd799439011 at 0x7ffe", "no object <id> at <id>"),
            ("commit 3f2a1c9d and feedback", "commit <id> and feedback"),
            (
                "token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 expired",
                "token <id> expired",
            ),
            (
                "Failed to fetch https://api.example/orders/7?x=1 (GET)",
                "Failed to fetch <url> (GET)",
            ),
            ("see https://a.example/x, or ws://b", "see <url>, or <url>"),
            (
                r#"Unexpected token '<', "<!DOCTYPE "... is not valid JSON"#,
                r#"Unexpected token '<', "<text>"... is not valid JSON"#,
            ),
            ("no user \"Anna Blum\" in 'a/b'", "no user \"<text>\" in '<text>'"),
            ("don't, can't: 'open", "don't, can't: 'open"),
            (
                "Minified React error #418; visit https://react.dev/errors/418",
                "Minified React error #418; visit <url>",
            ),
            ("NG0100: changed after 7 checks", "NG0100: changed after <n> checks"),
            (
                "Request failed with status code 404",
                "Request failed with status code 404",
            ),
            ("order #418", "order #<n>"),
            ("a\n  b\tc", "a b c"),
            ("Uncaught boom", "boom"),
            ("uncaught exception: boom", "boom"),
            ("Größe 7: ä12ö", "Größe <n>: ä<n>ö"),
            ("1.", "<n>."),
        ] {
            assert_eq!(normalized(message), expected, "{message}");
        }
    }
}
