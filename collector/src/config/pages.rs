//! An app's patterns of pages: `/item/:id` is the name of every page whose path it fits.
//!
//! A pattern is segments between slashes: a word fits itself, `:name` fits any one segment, and `*` at the end fits what is left, if
//! anything is. One slash at the end of a path does not matter. The first pattern that fits wins.

use std::fmt;

/// The longest pattern, in bytes.
const LONGEST: usize = 256;

/// Patterns of an app. A site has dozens of routes; every page view is compared with all of them.
pub(super) const MOST_PATTERNS: usize = 500;

/// An app's patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages(Vec<Pattern>);

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
    segments: Vec<Segment>,
    /// It ends with `*`.
    open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Word(String),
    Any,
}

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatternError {
    /// It does not begin with a slash.
    #[error("begins with something else than a slash; a pattern is of paths, such as \"/item/:id\"")]
    NoSlash,
    /// It is too long.
    #[error("is longer than {LONGEST} bytes; use :name and * for what differs")]
    Long,
    /// It has what no path has.
    #[error(
        "has a character that no page's path has; write it as browsers do (a space is %20), without query and fragment"
    )]
    Character,
    /// Two slashes follow each other, or one is at the end.
    #[error("has an empty segment; write one slash between segments, and none at the end")]
    Empty,
    /// A colon without a name, or with what is none.
    #[error("has a colon without a name; name what differs with small letters, digits and _, such as \":id\"")]
    Name,
    /// A star that is not the whole last segment.
    #[error("has a * elsewhere than alone at its end; use \":name\" for one segment")]
    Star,
}

impl Pages {
    /// Patterns that are valid each for itself.
    pub(crate) fn of(patterns: Vec<Pattern>) -> Self {
        Self(patterns)
    }

    /// The name of a path, without query and fragment; `None` if no pattern fits.
    #[must_use]
    pub fn name(&self, path: &str) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        let path = path.strip_prefix('/')?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let segments = || path.split('/').filter(|_| !path.is_empty());
        let fitting = self.0.iter().find(|pattern| pattern.fits(segments()));
        fitting.map(|pattern| &*pattern.text)
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As they were written.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pattern| &*pattern.text)
    }
}

impl Pattern {
    /// Reads one.
    pub(crate) fn read(text: &str) -> Result<Self, PatternError> {
        let path = text.strip_prefix('/').ok_or(PatternError::NoSlash)?;
        if text.len() > LONGEST {
            return Err(PatternError::Long);
        }
        if text
            .bytes()
            .any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>'))
        {
            return Err(PatternError::Character);
        }
        let (path, open) = match path.strip_suffix('*') {
            Some("") => (None, true),
            Some(before) => (Some(before.strip_suffix('/').ok_or(PatternError::Star)?), true),
            // The first page has no segment.
            None => (Some(path).filter(|path| !path.is_empty()), false),
        };
        let segments = path.into_iter().flat_map(|path| path.split('/')).map(Segment::read);
        Ok(Self {
            text: text.to_owned(),
            segments: segments.collect::<Result<_, _>>()?,
            open,
        })
    }

    fn fits<'a>(&self, mut path: impl Iterator<Item = &'a str>) -> bool {
        let all = self
            .segments
            .iter()
            .all(|segment| path.next().is_some_and(|found| segment.fits(found)));
        all && (self.open || path.next().is_none())
    }

    /// Whether every path that `other` fits is one that this fits.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let long_enough = self.segments.len() <= other.segments.len();
        let as_open = self.open || (!other.open && self.segments.len() == other.segments.len());
        let each = self
            .segments
            .iter()
            .zip(&other.segments)
            .all(|(own, others)| match own {
                Segment::Any => true,
                Segment::Word(_) => own == others,
            });
        long_enough && as_open && each
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Segment {
    fn read(text: &str) -> Result<Self, PatternError> {
        if let Some(name) = text.strip_prefix(':') {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            return if !name.is_empty() && name.bytes().all(is_name) {
                Ok(Self::Any)
            } else {
                Err(PatternError::Name)
            };
        }
        match text {
            "" => Err(PatternError::Empty),
            text if text.contains('*') => Err(PatternError::Star),
            text => Ok(Self::Word(text.to_owned())),
        }
    }

    fn fits(&self, found: &str) -> bool {
        match self {
            Self::Word(word) => word == found,
            Self::Any => !found.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(texts: &[&str]) -> Pages {
        Pages::of(texts.iter().map(|text| Pattern::read(text).unwrap()).collect())
    }

    #[test]
    fn the_first_pattern_that_fits_is_the_name() {
        let pages = pages(&[
            "/",
            "/item/new",
            "/item/:id",
            "/blog/:slug",
            "/:lang/about",
            "/docs/*",
            "/a/:b/c/*",
        ]);
        for (path, expected) in [
            ("/", Some("/")),
            ("/item/123", Some("/item/:id")),
            ("/item/123/", Some("/item/:id")),
            ("/item/new", Some("/item/new")),
            ("/item/five-lamps", Some("/item/:id")),
            ("/item/:id", Some("/item/:id")),
            ("/item", None),
            ("/item/", None),
            ("/item//", None),
            ("/item/123/reviews", None),
            ("/blog/how-to-do-it", Some("/blog/:slug")),
            ("/de/about", Some("/:lang/about")),
            ("/docs", Some("/docs/*")),
            ("/docs/", Some("/docs/*")),
            ("/docs/a/b/c", Some("/docs/*")),
            ("/docsearch", None),
            ("/a/x/c", Some("/a/:b/c/*")),
            ("/a/x/c/d/e", Some("/a/:b/c/*")),
            ("/a//c/d", None),
            ("/Item/123", None),
            ("item/123", None),
            ("", None),
            ("https://shop.example/item/1", None),
        ] {
            assert_eq!(pages.name(path), expected, "{path}");
        }
        assert_eq!(super::tests::pages(&["/*"]).name("/any/thing"), Some("/*"));
        assert_eq!(Pages::default().name("/item/1"), None);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (text, expected) in [
            ("item/:id", PatternError::NoSlash),
            ("", PatternError::NoSlash),
            ("https://shop.example/item", PatternError::NoSlash),
            ("/item/:id/", PatternError::Empty),
            ("/item//:id", PatternError::Empty),
            ("//*", PatternError::Empty),
            ("/item/:", PatternError::Name),
            ("/item/:the-id", PatternError::Name),
            ("/item/:id*", PatternError::Star),
            ("/*/item", PatternError::Star),
            ("/item*", PatternError::Star),
            ("/search?q=:q", PatternError::Character),
            ("/a#b", PatternError::Character),
            ("/bücher", PatternError::Character),
            ("/a b", PatternError::Character),
        ] {
            assert_eq!(Pattern::read(text).unwrap_err(), expected, "{text}");
        }
        assert_eq!(
            Pattern::read(&format!("/{}", "x".repeat(LONGEST))).unwrap_err(),
            PatternError::Long
        );
    }

    #[test]
    fn a_pattern_that_another_covers_is_known() {
        for (first, second, expected) in [
            ("/item/:id", "/item/:sku", true),
            ("/item/:id", "/item/new", true),
            ("/item/new", "/item/:id", false),
            ("/docs/*", "/docs/a/:b", true),
            ("/docs/*", "/docs", true),
            ("/docs/*", "/docs/*", true),
            ("/*", "/", true),
            ("/docs/a", "/docs/*", false),
            ("/docs/:a", "/docs/a/b", false),
            ("/:a/x", "/docs/*", false),
        ] {
            let [first, second] = [first, second].map(|text| Pattern::read(text).unwrap());
            assert_eq!(first.covers(&second), expected, "{first} {second}");
        }
    }
}
