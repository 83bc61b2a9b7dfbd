//! What a statement in the engine's own writing (`formatQuerySingleLine`) tells before its syntax tree is asked for: strings are
//! in single quotes, names in back quotes, a backslash stands before what would end them, keywords are in capitals, and
//! comments are gone.
//!
//! Two things have to be known before: EXPLAIN AST would be answered in the format that the statement names, and it writes
//! names as they are, so that a line end in one could be read as a node of its own. And one thing after it: it leaves some
//! things out, such as the function of APPLY, so whatever is written like a call has to be on the lists of functions, too.

use super::{Forbidden, TABLE_FUNCTIONS, functions, is_refused_type, statement};

/// Words that a parenthesis may follow without being a call.
const BEFORE_PARENTHESES: &str = "
    ALL AND ANTI ANY AS ASOF BETWEEN BY COLUMNS CROSS CUBE DISTINCT EXCEPT FINAL FROM FULL GLOBAL HAVING IN INNER INTERPOLATE
    INTERSECT IS JOIN LEFT LIKE ILIKE LIMIT MATERIALIZED NOT OFFSET ON OR ORDER OUTER OVER PASTE PREWHERE QUALIFY RECURSIVE REPLACE
    RIGHT ROLLUP SAMPLE SELECT SEMI SETS STALENESS STEP STRICT THEN TO TOP TOTALS UNION USING VALUES WHEN WHERE WITH APPLY";

/// A word, a sign, or something in quotes.
#[derive(Debug, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Sign(char),
    Quoted,
}

/// Looks through it, before its tree is asked for.
pub(in crate::store) fn examine_writing(text: &str) -> Result<(), Forbidden> {
    let tokens = tokens(text)?;
    match tokens.iter().find(|token| **token != Token::Sign('(')) {
        Some(Token::Word("SELECT" | "WITH" | "FROM")) => {}
        Some(Token::Word(word)) => return Err(Forbidden::Statement(statement(word))),
        _ => return Err(Forbidden::Statement("none".to_owned())),
    }
    let mut in_parameter = false;
    for (at, token) in tokens.iter().enumerate() {
        let after = |steps: usize| tokens.get(at + steps);
        match (token, after(1), after(2)) {
            (Token::Word("INTO"), Some(Token::Word("OUTFILE")), _)
            | (Token::Word("FORMAT"), Some(Token::Word(_)), None | Some(Token::Word("SETTINGS"))) => {
                return Err(Forbidden::Output);
            }
            (Token::Word("SETTINGS"), Some(Token::Word(_) | Token::Quoted), Some(Token::Sign('='))) => {
                return Err(Forbidden::Settings);
            }
            (Token::Sign('{'), ..) => in_parameter = true,
            (Token::Sign('}'), ..) => in_parameter = false,
            // Its value is read before there is a tree, as its type says.
            (Token::Word(word), ..) if in_parameter && is_refused_type(word) => {
                return Err(Forbidden::Type((*word).to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Looks through everything that is written like a call. The tree, which is looked through first, knows what is what and says
/// it better; this is for what it does not show.
pub(in crate::store) fn examine_calls(text: &str) -> Result<(), Forbidden> {
    let tokens = tokens(text)?;
    let mut in_parameter = false;
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1)) {
            (Token::Sign('{'), _) => in_parameter = true,
            (Token::Sign('}'), _) => in_parameter = false,
            (Token::Word(word), Some(Token::Sign('('))) if !in_parameter && !is_known_call(&tokens, at, word) => {
                return Err(Forbidden::Function((*word).to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether `word`, the token at `at`, may stand before a parenthesis.
fn is_known_call(tokens: &[Token<'_>], at: usize, word: &str) -> bool {
    let name = word.to_ascii_lowercase();
    let before = at.checked_sub(1).and_then(|before| tokens.get(before));
    // `AS name(a, b)` names columns; a view with parameters is `database.view(a = 1)`, which the tree shows.
    let is_name = matches!(before, Some(Token::Word("AS") | Token::Sign('.')));
    is_name
        || functions::is_allowed(&name)
        || TABLE_FUNCTIONS.contains(&name.as_str())
        || BEFORE_PARENTHESES.split_whitespace().any(|keyword| keyword == word)
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, Forbidden> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            quote @ ('\'' | '`' | '"') => {
                tokens.push(Token::Quoted);
                quoted(rest, quote)?
            }
            first if is_of_word(first) => {
                let length = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(&rest[..length]));
                length
            }
            // Only quotes hold these.
            first if first == '\\' || (first.is_control() && !first.is_whitespace()) => return Err(Forbidden::Name),
            first => {
                if !first.is_whitespace() {
                    tokens.push(Token::Sign(first));
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    Ok(tokens)
}

const fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// The length of what is in quotes, with them. Strings may hold anything, names nothing that has to be escaped.
fn quoted(text: &str, quote: char) -> Result<usize, Forbidden> {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' if quote == '\'' => {
                characters.next();
            }
            character if character == quote => return Ok(at + 1),
            character if quote != '\'' && (character == '\\' || character.is_control()) => return Err(Forbidden::Name),
            _ => {}
        }
    }
    Err(Forbidden::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_may_hold_what_names_may_not() {
        for (text, plain) in [
            (r"SELECT 'a\nb\'`', `x y`, count(`p75`) FROM rum.t", true),
            ("(SELECT 'ü' AS `ä`) UNION ALL (SELECT 1)", true),
            (r"SELECT `a\nb`", false),
            (r"SELECT `a\`b`", false),
            ("SELECT `a\nb`", false),
            (r"SELECT 'a\\', `b\n`", false),
            (r"SELECT 'a\\', 'b\n`c\n`'", true),
            ("SELECT 'open", false),
        ] {
            let expected = if plain { Ok(()) } else { Err(Forbidden::Name) };
            assert_eq!(examine_writing(text), expected, "{text}");
        }
    }

    #[test]
    fn files_formats_and_settings_are_seen_wherever_they_stand() {
        for (text, expected) in [
            ("SELECT 1 INTO OUTFILE 'x' TRUNCATE FORMAT CSV", Err(Forbidden::Output)),
            ("SELECT 1 FORMAT JSON", Err(Forbidden::Output)),
            ("SELECT 1 FORMAT JSON SETTINGS a = 1", Err(Forbidden::Output)),
            ("SELECT 1 FROM (SELECT 2 SETTINGS a = 1)", Err(Forbidden::Settings)),
            ("SELECT 1 SETTINGS `a` = 1", Err(Forbidden::Settings)),
            ("SELECT FORMAT FROM t", Ok(())),
            ("SELECT format(a, b), SETTINGS FROM t", Ok(())),
            ("SELECT 'INTO OUTFILE', 1 AS FORMAT", Ok(())),
            (
                "SELECT {x:Array(AggregateFunction(sum, UInt8))}",
                Err(Forbidden::Type("AggregateFunction".into())),
            ),
            (r"SELECT 1, \n", Err(Forbidden::Name)),
            ("INSERT INTO t VALUES", Err(Forbidden::Statement("INSERT".into()))),
            ("", Err(Forbidden::Statement("none".into()))),
        ] {
            assert_eq!(examine_writing(text), expected, "{text}");
        }
    }

    #[test]
    fn whatever_is_written_like_a_call_is_on_a_list() {
        for (text, refused) in [
            (
                "SELECT {x:Array(String)}, count(1) FROM t AS z(a, b) WHERE a IN (1, 2)",
                None,
            ),
            (
                "SELECT sum(a) OVER (PARTITION BY b), -(1), x FROM rum.before_error(view_id = 1)",
                None,
            ),
            (
                "WITH a AS (SELECT 1) SELECT * EXCEPT (b) FROM numbers(1) UNION ALL (SELECT 'file(1)')",
                None,
            ),
            ("SELECT * APPLY file(1)", Some("file")),
            ("SELECT * APPLY (x -> url(x))", Some("url")),
            ("SELECT 1 IN (SELECT file('x'))", Some("file")),
            ("SELECT {x:Tuple(`a}b` UInt8)}, file('x'), `c`", Some("file")),
        ] {
            let expected = refused.map_or(Ok(()), |name| Err(Forbidden::Function(name.into())));
            assert_eq!(examine_calls(text), expected, "{text}");
        }
    }
}
