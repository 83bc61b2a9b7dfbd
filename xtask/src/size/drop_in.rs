//! The entries of the npm package that replace web-vitals, beside the bundles that they replace. A page has one of
//! them or rum.js, so they do not count into the total.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::{Budget, Check, SizedFile};
use crate::terminal::{self, Tone};

/// An entry, with its Wasm in it, and the bundle that a page would import otherwise.
struct Entry {
    /// Its budget's key.
    name: &'static str,
    file: &'static str,
    reference: &'static str,
}

const ENTRIES: [Entry; 2] = [
    Entry {
        name: "web-vitals",
        file: "npm/web-vitals.js",
        reference: "web-vitals.js",
    },
    Entry {
        name: "web-vitals-attribution",
        file: "npm/web-vitals-attribution.js",
        reference: "web-vitals.attribution.js",
    },
];

/// The entries' sizes.
pub(super) struct DropIn {
    entries: Vec<Measured>,
}

struct Measured {
    name: &'static str,
    ours: SizedFile,
    reference: SizedFile,
    most: u64,
}

impl DropIn {
    /// `dist` is js-wrapper's, `reference` the folder of web-vitals' bundles.
    pub(super) fn of(dist: &Path, reference: &Path, budget: &Budget) -> Result<Self> {
        let size = |entry: &Entry| {
            Ok(Measured {
                name: entry.name,
                ours: SizedFile::read("drop-in", dist, entry.file)?,
                reference: SizedFile::read("reference", reference, entry.reference)?,
                most: budget.drop_in(entry.name)?,
            })
        };
        Ok(Self {
            entries: ENTRIES.iter().map(size).collect::<Result<_>>()?,
        })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &SizedFile> {
        self.entries.iter().map(|entry| &entry.ours)
    }

    /// `{"web-vitals": bytes, …}`
    pub(super) fn json(&self) -> Value {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.name.to_owned(), entry.ours.brotli.into()))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = Check> {
        let entries = self.entries.iter();
        entries.map(|entry| Check::new(&entry.ours.name, entry.ours.brotli, entry.most))
    }

    pub(super) fn print(&self) {
        let heading = format!(
            "\n{:<44} {:>8} {:>8} {:>8} {:>12}",
            "drop-in for web-vitals", "raw", "brotli", "budget", "the original"
        );
        terminal::result(&terminal::toned(&heading, Tone::Faint));
        for Measured {
            ours, reference, most, ..
        } in &self.entries
        {
            terminal::result(&format!(
                "{:<44} {:>8} {:>8} {most:>8} {:>12}",
                ours.name, ours.raw, ours.brotli, reference.brotli
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn each_entry_is_held_against_its_own_budget() {
        let dist = tempfile::tempdir().unwrap();
        fs::create_dir(dist.path().join("npm")).unwrap();
        for entry in &ENTRIES {
            fs::write(dist.path().join(entry.file), "export{}").unwrap();
            fs::write(dist.path().join(entry.reference), "export{}").unwrap();
        }
        let budget = |text: &str| {
            let path = dist.path().join("budget.toml");
            fs::write(&path, format!("capture = 1\ntotal = 1\nstub = 1\n[drop-in]\n{text}")).unwrap();
            Budget::read(&path).unwrap()
        };
        let drop_in = |text: &str| DropIn::of(dist.path(), dist.path(), &budget(text));
        let sizes = drop_in("web-vitals = 1\nweb-vitals-attribution = 100").unwrap();
        let over = super::super::over(sizes.checks());
        assert_eq!(over.len(), 1, "{over:?}");
        assert!(over[0].starts_with("npm/web-vitals.js is "), "{over:?}");
        assert!(sizes.json()["web-vitals-attribution"].as_u64().unwrap() > 1);
        let error = drop_in("web-vitals = 1").err().unwrap().to_string();
        assert!(error.contains("web-vitals-attribution"), "{error}");
        fs::remove_file(dist.path().join(ENTRIES[1].file)).unwrap();
        let error = drop_in("web-vitals = 1\nweb-vitals-attribution = 100")
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("npm/web-vitals-attribution.js"), "{error}");
    }
}
