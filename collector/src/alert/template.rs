//! Annotations with placeholders: `p75 LCP of {{page}} is {{value}}`.
//!
//! No language: a placeholder is a name, and a name that the rule cannot fill is an error when the file is read, not a
//! hole in a message at night.

/// Text with the names of what goes into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Name(String),
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("a `{{{{` has no `}}}}`")]
    Open,
    #[error("nothing fills `{{{{{0}}}}}`")]
    Unknown(String),
}

impl Template {
    /// Reads a template whose placeholders are all `known`.
    pub(crate) fn read(text: &str, known: &[&str]) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or(TemplateError::Open)?;
            let name = name.trim();
            if !known.contains(&name) {
                return Err(TemplateError::Unknown(name.to_owned()));
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Name(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self(pieces))
    }

    /// The text with its placeholders filled; what goes in is never read as a template again.
    pub(crate) fn fill<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Name(name) => value_of(name).unwrap_or_default(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_once() {
        let template = Template::read("{{page}}: {{ value }}!", &["page", "value"]).unwrap();
        let filled = template.fill(|name| Some(if name == "page" { "/{{value}}" } else { "2.74 s" }));
        assert_eq!(filled, "/{{value}}: 2.74 s!");
    }

    #[test]
    fn what_cannot_be_filled_is_refused() {
        for (text, expected) in [
            ("{{vlaue}}", TemplateError::Unknown("vlaue".to_owned())),
            ("{{}}", TemplateError::Unknown(String::new())),
            ("{{value", TemplateError::Open),
        ] {
            assert_eq!(Template::read(text, &["value"]), Err(expected));
        }
        assert_eq!(
            TemplateError::Unknown("x".to_owned()).to_string(),
            "nothing fills `{{x}}`"
        );
    }
}
