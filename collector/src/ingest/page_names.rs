//! What a page is called: a pure function of its path, of its app's patterns, and of when its view started.
//!
//! A page's name is part of its rows' keys, so a view keeps the one that it has: patterns are in force for views that start after
//! they came, and a view that started before is called as it was until its last report, whenever that arrives. Its start is in its
//! id. Since when which patterns are in force is in `page_record`.

use crate::config::Pages;

/// An app's patterns, and those before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageNames(Vec<Since>);

/// Patterns, and the first second in which a view is called by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Since {
    /// In unix seconds.
    pub(super) from: u32,
    pub(super) pages: Pages,
}

impl PageNames {
    /// In the order in which they came.
    pub(super) fn of(sets: Vec<Since>) -> Self {
        Self(sets)
    }

    /// The name of `page` for a view that started at `start` (in unix seconds); `None` if no pattern fits it.
    pub(super) fn name(&self, page: &str, start: u32) -> Option<&str> {
        let in_force = self.0.iter().rev().find(|set| set.from <= start)?;
        let end = page.find(['?', '#']).unwrap_or(page.len());
        in_force.pages.name(page.get(..end)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pattern;

    fn since(from: u32, patterns: &[&str]) -> Since {
        Since {
            from,
            pages: Pages::of(patterns.iter().map(|text| Pattern::read(text).unwrap()).collect()),
        }
    }

    #[test]
    fn a_view_is_called_by_the_patterns_of_its_start() {
        let names = PageNames::of(vec![
            since(1_000, &["/item/:id"]),
            since(2_000, &["/item/:sku", "/blog/:slug"]),
            since(3_000, &[]),
        ]);
        for (page, start, expected) in [
            ("/item/7", 999, None),
            ("/item/7", 1_000, Some("/item/:id")),
            ("/item/7", 1_999, Some("/item/:id")),
            ("/blog/a", 1_999, None),
            ("/item/7", 2_000, Some("/item/:sku")),
            ("/blog/a", 2_999, Some("/blog/:slug")),
            ("/blog/a?x=1#y", 2_000, Some("/blog/:slug")),
            ("/item/7", 3_000, None),
            ("/item/7", u32::MAX, None),
        ] {
            assert_eq!(names.name(page, start), expected, "{page} {start}");
        }
    }
}
