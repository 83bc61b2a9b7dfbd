//! A spool's folder as a disk may leave it: what a start, an inspection and a replay make of it.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use rum_collector::store::inspect::inspect;
use rum_collector::store::replay::{Replay, replay};
use rum_collector::store::{Spool, SpoolOptions};
use tempfile::TempDir;

use crate::budget::spend;
use crate::mutation::mutated;
use crate::subject::{Subject, bodies};

/// Segments here have 100 KB; a reader holds a frame of 32 MiB at most.
const MEMORY: usize = 48 << 20;

/// The segments and cursors of a collector that has taken a few batches.
fn files() -> (Vec<Vec<u8>>, Vec<PathBuf>, Vec<Vec<u8>>) {
    let subject = Subject::new();
    for body in bodies() {
        assert_eq!(subject.send(&body), Ok(204));
    }
    let (mut segments, mut cursors, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for entry in fs::read_dir(subject.spool()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.extension().is_some_and(|extension| extension == "segment") {
            segments.push(bytes);
        } else if bytes.is_empty() {
        } else {
            names.push(name);
            cursors.push(bytes);
        }
    }
    assert!(
        segments.iter().any(|bytes| bytes.len() > 34_000),
        "no segment has frames"
    );
    (segments, names, cursors)
}

fn look(folder: &Path) -> Result<(), String> {
    let said = |error: &dyn std::error::Error| error.to_string();
    let before = inspect(folder).map_err(|error| said(&error))?;
    // Both may refuse, with a reason; neither may fall.
    let opened = Spool::open(SpoolOptions::new(folder.to_owned()));
    let health = opened.map(|spool| spool.health()).map_err(|error| said(&error))?;
    if health.bytes > before.bytes() + (64 << 10) {
        return Err(format!("{} bytes became {}", before.bytes(), health.bytes));
    }
    let after = inspect(folder).map_err(|error| said(&error))?;
    if after.frames() > before.frames() {
        return Err(format!("{} frames became {}", before.frames(), after.frames()));
    }
    let _ = replay(
        folder,
        Replay {
            table: None,
            from: None,
        },
    );
    Ok(())
}

#[test]
fn recovery() {
    let (segments, names, cursors) = files();
    // Frames begin behind 32 KiB: most changes are to be there, and some in the header.
    let frames: Vec<_> = segments.iter().map(|bytes| bytes[32_768..].to_vec()).collect();
    let headers: Vec<_> = segments.iter().map(|bytes| bytes[..32_768].to_vec()).collect();
    let segment = prop_oneof![
        6 => (proptest::sample::select(headers.clone()), mutated(frames.clone())).prop_map(|(header, frames)| [header, frames].concat()),
        2 => (mutated(headers), proptest::sample::select(frames)).prop_map(|(header, frames)| [header, frames].concat()),
        1 => vec(any::<u8>(), 0..70_000),
    ];
    let cursors = if cursors.is_empty() { vec![vec![0; 64]] } else { cursors };
    let cursor = prop_oneof![mutated(cursors), vec(any::<u8>(), 0..100)];
    spend(MEMORY, (vec(segment, 1..3), cursor), |(segments, cursor)| {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        for (number, bytes) in segments.iter().enumerate() {
            fs::write(folder.path().join(format!("{:012}.segment", number + 1)), bytes).unwrap();
        }
        for name in &names {
            fs::write(folder.path().join(name), cursor).unwrap();
        }
        look(folder.path())
    });
}
