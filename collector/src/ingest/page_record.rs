//! Since when which patterns of pages are in force: `pages.json` in the data folder. The configuration says what they are to be, this
//! file what they were, so that a change of the configuration is noticed, at a start or when it is read again, and holds for views of
//! after it.
//!
//! Without the record, a start would call views that are still open by patterns that came after them, and their rows would be there
//! twice, under two names.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::page_names::{PageNames, Since};
use crate::config::{Apps, Pages, Pattern};
use crate::durable_file;
use crate::store::{NEWEST_START_MS, OLDEST_START_MS};

const FILE: &str = "pages.json";

/// A view that started longer ago, in seconds, is in no table that people read; one hour to spare.
const REMEMBERED: u32 = (OLDEST_START_MS / 1_000) as u32 + 3_600;

/// So far ahead, in seconds, may be the clock of a view that the process before has named. One second more: it is rounded down.
const AHEAD: u32 = (NEWEST_START_MS / 1_000) as u32 + 1;

/// Changes that are remembered within that time: people make few of them.
const MOST_CHANGES: usize = 64;

/// The record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PageRecordError {
    /// The disk refuses.
    #[error("{}: {source}; the collector must be able to read and write it", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no such record.
    #[error(
        "{}: {reason}; move it away, and the patterns of the configuration are in force for views that start from now on",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// Patterns by app, each app's in the order in which they came.
type Record = BTreeMap<String, Vec<Entry>>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The first second, since the epoch, in which a view is called by them.
    from: u32,
    patterns: Vec<String>,
}

/// The names of all apps' pages, by a configuration that came at `now` (in unix seconds). What has changed is written down.
///
/// # Errors
/// When the record is damaged, or the disk refuses.
pub(super) fn open(folder: &Path, apps: &Apps, now: u32) -> Result<HashMap<Arc<str>, Arc<PageNames>>, PageRecordError> {
    let path = folder.join(FILE);
    let before = read(&path)?;
    let mut record = before.clone();
    let mut names = HashMap::new();
    for app in apps.sorted() {
        let entries = record.remove(&*app.name).unwrap_or_default();
        let entries = brought_up_to_date(entries, &app.pages, now);
        let sets = entries
            .iter()
            .map(|entry| since(entry, &path))
            .collect::<Result<_, _>>()?;
        names.insert(Arc::clone(&app.name), Arc::new(PageNames::of(sets)));
        if !entries.is_empty() {
            record.insert(app.name.to_string(), entries);
        }
    }
    if record != before {
        serde_json::to_vec_pretty(&record)
            .map_err(io::Error::from)
            .and_then(|text| durable_file::replace(&path, &text))
            .map_err(|source| PageRecordError::Io { path, source })?;
    }
    Ok(names)
}

/// The entries of one app, with the patterns that are wanted now as the last of them.
fn brought_up_to_date(mut entries: Vec<Entry>, wanted: &Pages, now: u32) -> Vec<Entry> {
    // Views of before that second may have a name, by the process before.
    let from = now.saturating_add(AHEAD);
    // Written when the clock was ahead: it would be in force never or late.
    entries.retain(|entry| entry.from <= from);
    let in_force = entries.last().map(|entry| entry.patterns.iter().map(String::as_str));
    if !in_force.into_iter().flatten().eq(wanted.texts()) {
        let patterns = wanted.texts().map(str::to_owned).collect();
        entries.push(Entry { from, patterns });
    }
    let horizon = now.saturating_sub(REMEMBERED);
    let over = entries.iter().rposition(|entry| entry.from <= horizon).unwrap_or(0);
    let over = over.max(entries.len().saturating_sub(MOST_CHANGES));
    entries.split_off(over)
}

fn since(entry: &Entry, path: &Path) -> Result<Since, PageRecordError> {
    let patterns = entry.patterns.iter().map(|text| {
        Pattern::read(text).map_err(|error| PageRecordError::Damaged {
            path: path.to_owned(),
            reason: format!("{text:?} {error}"),
        })
    });
    Ok(Since {
        from: entry.from,
        pages: Pages::of(patterns.collect::<Result<_, _>>()?),
    })
}

fn read(path: &Path) -> Result<Record, PageRecordError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Record::new()),
        Err(source) => {
            return Err(PageRecordError::Io {
                path: path.to_owned(),
                source,
            });
        }
    };
    serde_json::from_slice(&text).map_err(|error| PageRecordError::Damaged {
        path: path.to_owned(),
        reason: format!("is no record of patterns: {error}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const NOW: u32 = 1_795_264_496;

    fn apps(patterns: &[&str]) -> Apps {
        let apps = format!(r#"[{{name = "shop", key = "k", origins = ["*"], pages = {patterns:?}}}]"#);
        Config::load(None, [("RUM_APPS".to_owned(), apps)]).unwrap().apps
    }

    fn start(folder: &Path, patterns: &[&str], now: u32) -> Arc<PageNames> {
        Arc::clone(&open(folder, &apps(patterns), now).unwrap()["shop"])
    }

    #[test]
    fn patterns_are_in_force_for_views_that_none_before_can_have_named() {
        let folder = tempfile::tempdir().unwrap();
        let names = start(folder.path(), &["/item/:id"], NOW);
        // Its page's clock is five minutes ahead, and a batch of it came just before the start.
        assert_eq!(names.name("/item/lamp", NOW + 300), None);
        assert_eq!(names.name("/item/lamp", NOW + AHEAD), Some("/item/:id"));
        // A restart changes nothing, however often.
        for later in [1, 60, 3_600, 30 * 86_400] {
            let names = start(folder.path(), &["/item/:id"], NOW + later);
            assert_eq!(names.name("/item/lamp", NOW + AHEAD), Some("/item/:id"), "{later}");
        }
    }

    #[test]
    fn views_that_are_open_when_patterns_change_keep_their_names() {
        let folder = tempfile::tempdir().unwrap();
        start(folder.path(), &["/item/:id"], NOW);
        let changed = NOW + 3_600;
        let names = start(folder.path(), &["/item/:sku"], changed);
        // The same after any further start, and for a batch that comes again.
        let again = start(folder.path(), &["/item/:sku"], changed + 3_600);
        assert_eq!(names, again);
        for (start, expected) in [
            (NOW, None),
            (NOW + AHEAD, Some("/item/:id")),
            (changed + 300, Some("/item/:id")),
            (changed + AHEAD, Some("/item/:sku")),
        ] {
            assert_eq!(names.name("/item/lamp", start), expected, "{start}");
        }
        let none = start(folder.path(), &[], changed + 7_200);
        assert_eq!(none.name("/item/lamp", changed + 7_500), Some("/item/:sku"));
        assert_eq!(none.name("/item/lamp", changed + 7_200 + AHEAD), None);
    }

    #[test]
    fn what_no_view_can_need_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        for hour in 0..200 {
            start(folder.path(), &[&format!("/item/:id{hour}")], NOW + hour * 3_600);
        }
        let now = NOW + 199 * 3_600;
        let record = read(&folder.path().join(FILE)).unwrap();
        assert_eq!(record["shop"].len(), 51);
        let names = start(folder.path(), &["/item/:id199"], now);
        assert_eq!(names.name("/item/a", now - 48 * 3_600), Some("/item/:id150"));
        for minute in 0..100 {
            start(folder.path(), &[&format!("/m/:id{minute}")], now + minute * 60);
        }
        assert_eq!(read(&folder.path().join(FILE)).unwrap()["shop"].len(), MOST_CHANGES);
    }

    #[test]
    fn a_clock_that_was_ahead_does_not_hold_patterns_back() {
        let folder = tempfile::tempdir().unwrap();
        start(folder.path(), &["/item/:id"], NOW + 1_000_000);
        let names = start(folder.path(), &["/item/:id"], NOW);
        assert_eq!(names.name("/item/lamp", NOW + AHEAD), Some("/item/:id"));
    }

    #[test]
    fn an_app_without_patterns_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let names = start(folder.path(), &[], NOW);
        assert_eq!(names.name("/item/1", NOW + AHEAD), None);
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn a_damaged_record_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for (text, expected) in [
            ("{", "is no record of patterns"),
            (
                r#"{"shop": [{"from": 1, "patterns": ["item"]}]}"#,
                "begins with something else",
            ),
            (r#"{"shop": [{"since": 1}]}"#, "is no record of patterns"),
        ] {
            fs::write(folder.path().join(FILE), text).unwrap();
            let error = open(folder.path(), &apps(&["/item/:id"]), NOW).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("move it away"), "{error}");
        }
    }
}
