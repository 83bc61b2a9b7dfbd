//! What the HTTP side must know of a statement before the engine sees it: whether it is an INSERT
//! whose data follows, and which format its result has. All else is left to the engine's parser.

use std::ops::Range;

/// A statement, as far as this crate looks into it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    /// `INSERT … FORMAT x` or `INSERT … VALUES`: its data follows from `data` on.
    Insert {
        /// The statement up to its FORMAT or VALUES.
        head: Range<usize>,
        /// The format of the data.
        format: String,
        /// Where the data begins; what follows in the text and in the body belongs to it.
        data: usize,
    },
    /// Anything else, with the format that its own FORMAT clause names.
    Other {
        /// The FORMAT clause, if there is one.
        format: Option<String>,
    },
    /// An INSERT whose data would reach the engine in a way that loses some of it, or that reads
    /// files: which one.
    Unsupported(&'static str),
}

impl Statement {
    /// Looks at `text`, which may be followed by binary data.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let mut tokens = Tokens::new(text);
        match tokens.next() {
            Some(first) if first.is("INSERT") => {}
            Some(first) if first.is("WITH") && tokens.any(|token| token.is("INSERT")) => {
                return Self::insert_select(text);
            }
            _ => {
                return Self::Other {
                    format: output_format(text),
                };
            }
        }
        let mut depth = 0_usize;
        // The token after INTO [TABLE] [FUNCTION] is a name, whatever it spells.
        let mut at_name = false;
        while let Some(token) = tokens.next() {
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                Kind::Word if depth == 0 => {
                    let named = std::mem::take(&mut at_name);
                    if token.is("INTO") || (named && (token.is("TABLE") || token.is("FUNCTION"))) {
                        at_name = true;
                    } else if named {
                    } else if token.is("VALUES") {
                        return Self::Insert {
                            head: 0..token.range.start,
                            format: "Values".into(),
                            data: token.range.end,
                        };
                    } else if token.is("FORMAT") {
                        let Some(name) = tokens.next() else { break };
                        return Self::Insert {
                            head: 0..token.range.start,
                            format: name.text_lossy(),
                            data: data_start(text, name.range.end),
                        };
                    } else if token.is("INFILE") {
                        return Self::Unsupported("INSERT … FROM INFILE");
                    } else if token.is("SELECT") || token.is("WITH") {
                        return Self::insert_select(text);
                    }
                }
                Kind::Dot => at_name = depth == 0,
                _ => at_name = false,
            }
        }
        Self::Other { format: None }
    }

    /// Data that follows an INSERT … SELECT is for the function `input`.
    fn insert_select(text: &[u8]) -> Self {
        match output_format(text) {
            None => Self::Other { format: None },
            Some(_) => Self::Unsupported("INSERT … SELECT … FORMAT, with data for input()"),
        }
    }
}

/// Words that make a result more than a row of blocks: totals and extremes come after the rows,
/// and with this JSON setting the rows stand in one pair of brackets.
const WHOLE_RESULT: [&str; 3] = ["TOTALS", "extremes", "output_format_json_array_of_rows"];

/// Whether a statement that reads may be streamed. libchdb streams SELECTs only: SHOW, DESCRIBE and
/// the like are refused before they run.
pub(crate) fn may_be_streamed(text: &[u8]) -> bool {
    let mut tokens = Tokens::new(text).skip_while(|token| token.kind == Kind::Open);
    let selects = tokens
        .next()
        .is_some_and(|first| ["SELECT", "WITH", "FROM"].iter().any(|w| first.is(w)));
    selects && !tokens.any(|token| WHOLE_RESULT.iter().any(|word| token.is(word)))
}

/// Whether the setting `name` makes a result one that may only be formatted as a whole.
pub(crate) fn setting_wants_whole_result(name: &str) -> bool {
    WHOLE_RESULT.iter().any(|word| name.eq_ignore_ascii_case(word))
}

/// The name in the last FORMAT clause outside of parentheses.
fn output_format(text: &[u8]) -> Option<String> {
    let mut tokens = Tokens::new(text);
    let mut depth = 0_usize;
    let mut format = None;
    while let Some(token) = tokens.next() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Word if depth == 0 && token.is("FORMAT") => {
                if let Some(name) = tokens.next().filter(|name| name.kind == Kind::Word) {
                    format = Some(name.text_lossy());
                }
            }
            _ => {}
        }
    }
    format
}

/// The server's rule: blanks, then at most one line end, belong to the statement, not to the data.
fn data_start(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | 0x0c | b';')) {
        at += 1;
    }
    if text.get(at) == Some(&b'\r') {
        at += 1;
    }
    if text.get(at) == Some(&b'\n') {
        at += 1;
    }
    at
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    /// A string, or a quoted name.
    Quoted,
    Open,
    Close,
    Dot,
    Other,
}

#[derive(Debug)]
struct Token<'t> {
    kind: Kind,
    text: &'t [u8],
    range: Range<usize>,
}

impl Token<'_> {
    fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    fn text_lossy(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }
}

/// ClickHouse's lexical rules, as far as they decide where a token ends.
struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let rest = self.rest();
            let skipped = match rest {
                [first, ..] if first.is_ascii_whitespace() || *first == 0x0b => 1,
                [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => {
                    rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |end| end + 1)
                }
                [b'/', b'*', comment @ ..] => comment
                    .windows(2)
                    .position(|pair| pair == b"*/")
                    .map_or(rest.len(), |end| end + 4),
                _ => return,
            };
            self.at += skipped;
        }
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        self.skip_blanks_and_comments();
        let rest = self.rest();
        let (kind, length) = match *rest.first()? {
            quote @ (b'\'' | b'"' | b'`') => (Kind::Quoted, quoted_length(rest, quote)),
            b'$' => heredoc_length(rest).map_or((Kind::Other, 1), |length| (Kind::Quoted, length)),
            b'(' | b'[' | b'{' => (Kind::Open, 1),
            b')' | b']' | b'}' => (Kind::Close, 1),
            b'.' => (Kind::Dot, 1),
            first if is_word(first) => (Kind::Word, rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len())),
            _ => (Kind::Other, 1),
        };
        let range = self.at..self.at + length;
        self.at = range.end;
        Some(Token {
            kind,
            text: &rest[..length],
            range,
        })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// With its quotes; a backslash escapes, a doubled quote stands for itself. Unclosed: all the rest.
fn quoted_length(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        at += match *byte {
            b'\\' => 2,
            byte if byte == quote && text.get(at + 1) == Some(&quote) => 2,
            byte if byte == quote => return at + 1,
            _ => 1,
        };
    }
    text.len()
}

/// `$tag$ … $tag$`.
fn heredoc_length(text: &[u8]) -> Option<usize> {
    let tag = 1 + text.get(1..)?.iter().position(|b| !is_word(*b))? + 1;
    let marker = text.get(..tag).filter(|marker| marker.last() == Some(&b'$'))?;
    let body = text[tag..].windows(tag).position(|window| window == marker)?;
    Some(tag + body + tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn insert(text: &str, head: &str, format: &str, data: &str) {
        match Statement::parse(text.as_bytes()) {
            Statement::Insert {
                head: range,
                format: found,
                data: start,
            } => {
                assert_eq!((&text[range], found.as_str(), &text[start..]), (head, format, data));
            }
            other => panic!("{text:?} is {other:?}"),
        }
    }

    #[track_caller]
    fn other(text: &str, format: Option<&str>) {
        let expected = Statement::Other {
            format: format.map(str::to_owned),
        };
        assert_eq!(Statement::parse(text.as_bytes()), expected, "{text:?}");
    }

    #[test]
    fn inserts_with_data() {
        insert("INSERT INTO t FORMAT CSV\n1,2", "INSERT INTO t ", "CSV", "1,2");
        insert(
            "insert into a.b(x, y) format RowBinary \n\n\n",
            "insert into a.b(x, y) ",
            "RowBinary",
            "\n\n",
        );
        insert(
            "/* FORMAT x */ INSERT INTO t -- FORMAT y\n FORMAT TSV\r\n1",
            "/* FORMAT x */ INSERT INTO t -- FORMAT y\n ",
            "TSV",
            "1",
        );
        insert(
            "INSERT INTO t SETTINGS a=1 FORMAT CSV;\nx",
            "INSERT INTO t SETTINGS a=1 ",
            "CSV",
            "x",
        );
        insert(
            "INSERT INTO t VALUES (1, 'a;\n\nb')",
            "INSERT INTO t ",
            "Values",
            " (1, 'a;\n\nb')",
        );
        insert(
            "INSERT INTO t (`values`, \"format\") VALUES(1)",
            "INSERT INTO t (`values`, \"format\") ",
            "Values",
            "(1)",
        );
        insert("INSERT INTO format FORMAT CSV", "INSERT INTO format ", "CSV", "");
        insert(
            "INSERT INTO TABLE d.values VALUES",
            "INSERT INTO TABLE d.values ",
            "Values",
            "",
        );
        insert(
            "INSERT INTO FUNCTION null('a UInt8') FORMAT CSV\n",
            "INSERT INTO FUNCTION null('a UInt8') ",
            "CSV",
            "",
        );
        insert(
            "INSERT INTO t (select, values) FORMAT CSV\n",
            "INSERT INTO t (select, values) ",
            "CSV",
            "",
        );
    }

    #[test]
    fn all_else_with_its_format() {
        other("SELECT 1", None);
        other("SELECT 1 FORMAT JSON", Some("JSON"));
        other(
            "SELECT 1 format JSONEachRow SETTINGS max_threads = 1;",
            Some("JSONEachRow"),
        );
        other("SELECT 'FORMAT CSV', (SELECT formatRow('x') FORMAT TSV)", None);
        other("SELECT $x$ FORMAT CSV $x$, a.b", None);
        other("INSERT INTO t SELECT 'FORMAT', x FROM s", None);
        other("INSERT INTO t WITH 1 AS x SELECT x", None);
        other("WITH 1 AS x INSERT INTO t SELECT x", None);
        other("EXPLAIN INSERT INTO t VALUES (1)", None);
        other("SELECT 'never closed FORMAT CSV", None);
        other("", None);
    }

    #[test]
    fn inserts_that_would_lose_data_or_read_files() {
        for text in [
            "INSERT INTO t SELECT a FROM input('a UInt8') FORMAT CSV\n1\n\n2",
            "WITH 1 AS x INSERT INTO t SELECT a + x FROM input('a UInt8') FORMAT CSV\n1",
            "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV",
        ] {
            let statement = Statement::parse(text.as_bytes());
            assert!(matches!(statement, Statement::Unsupported(_)), "{text}: {statement:?}");
        }
    }

    #[test]
    fn binary_data_after_the_statement_is_not_read() {
        let text = [&b"INSERT INTO t FORMAT RowBinary\n"[..], &[0xff, b'\'', 0, b'(']].concat();
        assert_eq!(
            Statement::parse(&text),
            Statement::Insert {
                head: 0..14,
                format: "RowBinary".into(),
                data: 31
            }
        );
    }

    #[test]
    fn only_selects_are_streamed() {
        for text in [
            "SELECT 1",
            "(select 1) UNION ALL (SELECT 2)",
            "WITH 1 AS x SELECT x",
            "FROM t",
        ] {
            assert!(may_be_streamed(text.as_bytes()), "{text}");
        }
        for text in [
            "SHOW TABLES",
            "DESCRIBE TABLE t",
            "EXPLAIN SELECT 1",
            "EXISTS TABLE t",
            "",
        ] {
            assert!(!may_be_streamed(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn totals_and_extremes_come_after_the_rows() {
        assert!(!may_be_streamed(b"SELECT a FROM t GROUP BY a WITH TOTALS"));
        assert!(!may_be_streamed(b"SELECT a FROM t SETTINGS extremes = 1"));
        assert!(may_be_streamed(b"SELECT 'totals', `extremes` FROM t"));
        assert!(setting_wants_whole_result("extremes"));
    }
}
