//! The file that keeps what apps have used of the day while no collector runs.
//!
//! `{"day": "2026-11-22", "apps": {"shop": {"events": 1200, "bytes": 734003, "told": "near"}}}`

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::day_use::{Day, DayUse, Level};
use crate::durable_file;

/// The file as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    day: String,
    apps: BTreeMap<String, OfApp>,
}

#[derive(Debug, Serialize, Deserialize)]
struct OfApp {
    events: u64,
    bytes: u64,
    told: Told,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Nothing,
    Near,
    Over,
}

/// What the file at `path` says; nothing if there is none, and nothing but a line of the log if it is damaged: then the day
/// begins anew, which lets in more rather than less.
pub(super) fn load(path: &Path) -> BTreeMap<Arc<str>, DayUse> {
    let read = fs::read(path).and_then(|text| parse(&text).ok_or(io::ErrorKind::InvalidData.into()));
    match read {
        Ok(uses) => uses,
        Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "what apps have used of today is counted anew");
            BTreeMap::new()
        }
    }
}

fn parse(text: &[u8]) -> Option<BTreeMap<Arc<str>, DayUse>> {
    let Written { day, apps } = serde_json::from_slice(text).ok()?;
    let day = Day::parse(&day)?;
    let used = |OfApp { events, bytes, told }| DayUse {
        day,
        events,
        bytes,
        told: match told {
            Told::Nothing => Level::Within,
            Told::Near => Level::Near,
            Told::Over => Level::Over,
        },
    };
    Some(
        apps.into_iter()
            .map(|(app, of_app)| (app.into(), used(of_app)))
            .collect(),
    )
}

/// Replaces the file: whoever reads it, also after a power cut, sees the old one or this one.
///
/// # Errors
/// When the disk refuses.
pub(super) fn store(path: &Path, day: Day, uses: &BTreeMap<Arc<str>, DayUse>) -> io::Result<()> {
    let of_app = |used: &DayUse| OfApp {
        events: used.events,
        bytes: used.bytes,
        told: match used.told {
            Level::Within => Told::Nothing,
            Level::Near => Told::Near,
            Level::Over => Told::Over,
        },
    };
    let of_day = uses.iter().filter(|(_, used)| used.day == day);
    let written = Written {
        day: day.text(),
        apps: of_day.map(|(app, used)| (app.to_string(), of_app(used))).collect(),
    };
    durable_file::replace(path, &serde_json::to_vec(&written)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day.json");
        assert_eq!(load(&path), BTreeMap::new());
        let day = Day::of(1_795_341_600_000);
        let used = |day, events, told| DayUse {
            day,
            events,
            bytes: 7 * events,
            told,
        };
        let yesterday = Day::parse("2026-11-21").unwrap();
        let uses = BTreeMap::from([
            ("blog".into(), used(day, u64::MAX / 7, Level::Over)),
            ("forum".into(), used(yesterday, 5, Level::Near)),
            ("shop".into(), used(day, 3, Level::Near)),
        ]);
        store(&path, day, &uses).unwrap();
        let mut expected = uses.clone();
        expected.remove("forum");
        assert_eq!(load(&path), expected);
        store(&path, yesterday, &uses).unwrap();
        assert_eq!(load(&path).len(), 1);
    }

    #[test]
    fn a_damaged_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day.json");
        for text in ["", "{", r#"{"day":"soon","apps":{}}"#, r#"{"day":"2026-11-22"}"#] {
            fs::write(&path, text).unwrap();
            assert_eq!(load(&path), BTreeMap::new(), "{text}");
        }
    }
}
