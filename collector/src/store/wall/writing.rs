//! What a statement in the engine's own writing (`formatQuerySingleLine`) tells before its syntax tree is asked for: strings are
//! in single quotes, names in back quotes, a backslash stands before what would end them, keywords are in capitals, and
//! comments are gone.
//!
//! Two things have to be known before: EXPLAIN AST would be answered in the format that the statement names, and it writes
//! names as they are, so that a line end in one could be read as a node of its own.

use super::{Forbidden, is_refused_type, statement};

/// A word, a sign, or something in quotes.
#[derive(Debug, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Sign(char),
    Quoted,
}

/// Looks through it.
pub(in crate::store) fn examine_writing(text: &str) -> Result<(), Forbidden> {
    let tokens = tokens(text)?;
    match tokens.iter().find(|token| **token != Token::Sign('(')) {
        Some(Token::Word("SELECT" | "WITH" | "FROM")) => {}
        Some(Token::Word(word)) => return Err(Forbidden::Statement(statement(word))),
        _ => return Err(Forbidden::Statement("none".to_owned())),
    }
    for (at, token) in tokens.iter().enumerate() {
        let after = |steps: usize| tokens.get(at + steps);
        match (token, after(1), after(2)) {
            (Token::Word("INTO"), Some(Token::Word("OUTFILE")), _)
            | (Token::Word("FORMAT"), Some(Token::Word(_)), None | Some(Token::Word("SETTINGS"))) => {
                return Err(Forbidden::Output);
            }
            // The type of a parameter, whose value is read before there is a tree.
            (Token::Word(word), ..) if is_refused_type(word) => return Err(Forbidden::Type((*word).to_owned())),
            (Token::Word("SETTINGS"), Some(Token::Word(_) | Token::Quoted), Some(Token::Sign('='))) => {
                return Err(Forbidden::Settings);
            }
            _ => {}
        }
    }
    Ok(())
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
            ("INSERT INTO t VALUES", Err(Forbidden::Statement("INSERT".into()))),
            ("", Err(Forbidden::Statement("none".into()))),
        ] {
            assert_eq!(examine_writing(text), expected, "{text}");
        }
    }
}
