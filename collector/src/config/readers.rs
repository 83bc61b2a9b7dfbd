//! Who asks a ClickHouse server what people ask: its users that may only read, by the apps whose rows they see.

use std::collections::BTreeSet;

use super::{Secret, TokenApps};

/// A user of a ClickHouse server that may only read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
}

/// Users that may only read, or what asks as them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers<T = Reader> {
    /// Of the rows of all apps.
    pub all: Option<T>,
    /// Of the rows of some apps, no two of them of the same.
    pub of_apps: Vec<ReaderOfApps<T>>,
}

/// A user that sees the rows of some apps, by the server's row policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderOfApps<T = Reader> {
    /// The names of the apps.
    pub apps: BTreeSet<String>,
    /// Who sees their rows and no others.
    pub reader: T,
}

impl<T> Readers<T> {
    /// Who asks for a token of `apps`: the reader of these very apps. One of more would show what the token is not for, and one of
    /// fewer would leave rows out without a word, so that a sum is wrong.
    #[must_use]
    pub fn of(&self, apps: &TokenApps) -> Option<&T> {
        match apps {
            TokenApps::All => self.all.as_ref(),
            TokenApps::Listed(names) => {
                let names: BTreeSet<_> = names.iter().collect();
                let same = |reader: &&ReaderOfApps<T>| reader.apps.iter().collect::<BTreeSet<_>>() == names;
                self.of_apps.iter().find(same).map(|found| &found.reader)
            }
        }
    }

    /// The same of something else.
    pub fn map<U>(&self, mut make: impl FnMut(&T) -> U) -> Readers<U> {
        Readers {
            all: self.all.as_ref().map(&mut make),
            of_apps: self
                .of_apps
                .iter()
                .map(|ReaderOfApps { apps, reader }| ReaderOfApps {
                    apps: apps.clone(),
                    reader: make(reader),
                })
                .collect(),
        }
    }
}

impl<T> Default for Readers<T> {
    fn default() -> Self {
        Self {
            all: None,
            of_apps: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readers(all: Option<&'static str>, of_apps: &[&[&str]]) -> Readers<String> {
        Readers {
            all: all.map(str::to_owned),
            of_apps: of_apps
                .iter()
                .map(|apps| ReaderOfApps {
                    apps: apps.iter().map(|app| (*app).to_owned()).collect(),
                    reader: apps.join("+"),
                })
                .collect(),
        }
    }

    fn token(apps: &[&str]) -> TokenApps {
        match apps {
            ["*"] => TokenApps::All,
            names => TokenApps::Listed(names.iter().map(|name| (*name).to_owned()).collect()),
        }
    }

    #[test]
    fn a_token_asks_as_the_reader_of_its_very_apps() {
        let some: &[&[&str]] = &[&["shop"], &["shop", "blog"], &["docs"]];
        for (all, of_apps, apps, expected) in [
            (Some("all"), some, &["*"][..], Some("all")),
            (Some("all"), some, &["shop"], Some("shop")),
            (Some("all"), some, &["shop", "blog"], Some("shop+blog")),
            (Some("all"), some, &["blog", "shop"], Some("shop+blog")),
            (Some("all"), some, &["shop", "shop"], Some("shop")),
            (Some("all"), some, &["docs"], Some("docs")),
            // Some of its apps have a reader, or are with others: neither is all of it and nothing else.
            (Some("all"), some, &["blog"], None),
            (Some("all"), some, &["docs", "shop"], None),
            (Some("all"), some, &["blog", "docs", "shop"], None),
            (Some("all"), some, &["Shop"], None),
            (Some("all"), some, &["sho"], None),
            // Nobody's apps are nobody's rows.
            (Some("all"), some, &[], None),
            // Who sees all apps asks for nobody else.
            (Some("all"), &[], &["shop"], None),
            // Readers of some apps are not all of them together.
            (None, some, &["*"], None),
            (None, some, &["shop"], Some("shop")),
            (None, &[], &["*"], None),
            (None, &[], &["shop"], None),
        ] {
            let readers = readers(all, of_apps);
            let found = readers.of(&token(apps)).map(String::as_str);
            assert_eq!(found, expected, "{all:?} {of_apps:?}: {apps:?}");
        }
    }

    #[test]
    fn what_is_made_of_them_is_chosen_alike() {
        let lengths = readers(Some("all"), &[&["shop"], &["shop", "blog"]]).map(String::len);
        assert_eq!(lengths.of(&token(&["*"])), Some(&3));
        assert_eq!(lengths.of(&token(&["blog", "shop"])), Some(&9));
        assert_eq!(lengths.of(&token(&["blog"])), None);
    }
}
