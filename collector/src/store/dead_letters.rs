//! Rows that ClickHouse will never take, kept with the reason, in a file of JSON lines: one letter a line. Over 500 lines with its
//! tests, for adding, listing and taking away share one file and one lock.
//!
//! A collector adds letters while the command line takes others away, so who changes the file holds the lock file beside
//! it. Who only reads holds nothing: a file is replaced as a whole, and a line that is half is no letter yet.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, fchown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::batch_rows::BatchRows;
use super::row_shape::RowShape;
use super::schema::{Column, Table};
use crate::durable_file;
use crate::fault::{self, Step};

const FILE: &str = "dead-letters.jsonl";
const LOCK: &str = "dead-letters.lock";

/// The column that every table has: when a row arrived.
const ARRIVAL: &str = "recv_ts";

/// Why rows were not kept, or letters not read.
#[derive(Debug, Error)]
pub enum DeadLetterError {
    /// The file is as long as it may be. Nothing is lost: the rows stay in the spool.
    #[error(
        "{} has reached its limit of {limit} bytes: see `rum-collector deadletter ls`, mend the tables, and store what is in \
         it with `rum-collector deadletter retry`, or move it away",
        path.display()
    )]
    Full {
        /// The file.
        path: PathBuf,
        /// Its limit.
        limit: u64,
    },
    /// There is no spool, and so there can be no letters.
    #[error(
        "there is no spool in {}: no collector has run on this data folder yet; give the --config that yours runs with",
        folder.display()
    )]
    NoSpool {
        /// Where it would be.
        folder: PathBuf,
    },
    /// Letters were stored, and cannot be taken away.
    #[error(
        "what was stored cannot be taken out of {}: {source}; free the disk or mend its rights, and retry: rows that are \
         stored again count once",
        path.display()
    )]
    NotTaken {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk refuses.
    #[error("{} cannot be read or written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetterList {
    /// The file.
    pub file: PathBuf,
    /// Its letters by their arrival, the newest last.
    pub letters: Vec<DeadLetter>,
    /// The numbers of lines that are no letters, counted from 1. They stay where they are.
    pub unreadable_lines: Vec<u64>,
}

/// Rows that ClickHouse refused for good: one, as the collector writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The table's name.
    pub table: String,
    /// When the first row arrived, in ms since the epoch; `None` if its bytes do not say.
    pub arrival_ms: Option<i64>,
    /// ClickHouse's exception code.
    pub code: u32,
    /// What ClickHouse said.
    pub reason: String,
    /// How many rows.
    pub rows: usize,
    /// Bytes of RowBinary.
    pub bytes: usize,
}

/// Reads the dead letters in the spool's `folder`; none if there is no file. Locks nothing. As long as the file's limit
/// allows, so are the answers.
///
/// # Errors
/// [`DeadLetterError::NoSpool`] without a folder, [`DeadLetterError::Io`] if the disk refuses.
pub fn list(folder: &Path) -> Result<DeadLetterList, DeadLetterError> {
    let letters = DeadLetters::existing(folder)?;
    let mut list = DeadLetterList {
        file: letters.path.to_path_buf(),
        letters: Vec::new(),
        unreadable_lines: Vec::new(),
    };
    letters.each(|line| match line.letter() {
        Some(letter) => list.letters.push(letter.summary()),
        None => list.unreadable_lines.push(line.number),
    })?;
    // The writer finds the bad rows of one insert by halves, and so not in their order.
    list.letters.sort_by_key(|letter| letter.arrival_ms);
    Ok(list)
}

/// The file. Clones are the same file.
#[derive(Clone, Debug)]
pub(super) struct DeadLetters {
    path: Arc<Path>,
    limit: u64,
}

/// One line: all that is needed to insert the rows.
#[derive(Serialize, Deserialize)]
struct Letter<'a> {
    /// `code` and `message` of the exception.
    code: u32,
    message: Cow<'a, str>,
    table: Cow<'a, str>,
    rows: usize,
    columns: Cow<'a, [Column]>,
    /// Base64.
    row_binary: String,
}

/// A letter that was read.
pub(super) struct ReadLetter {
    pub(super) table: String,
    pub(super) columns: Vec<Column>,
    pub(super) row_binary: Vec<u8>,
    code: u32,
    reason: String,
    rows: usize,
}

impl ReadLetter {
    fn summary(self) -> DeadLetter {
        DeadLetter {
            arrival_ms: self.arrival_ms(),
            bytes: self.row_binary.len(),
            table: self.table,
            code: self.code,
            reason: self.reason,
            rows: self.rows,
        }
    }

    fn arrival_ms(&self) -> Option<i64> {
        let place = self.columns.iter().position(|column| column.name == ARRIVAL)?;
        let arrival = RowShape::of(&self.columns)?.field(place, &self.row_binary)?;
        Some(i64::from_le_bytes(arrival.try_into().ok()?))
    }
}

/// A line of the file, without its end.
pub(super) struct Line<'a> {
    /// Its number, counted from 1.
    pub(super) number: u64,
    text: &'a [u8],
}

/// What a line says, in short: two lines of one name are equal, and so are their rows.
pub(super) type LineName = [u8; 32];

impl Line<'_> {
    /// The letter, if it is one.
    pub(super) fn letter(&self) -> Option<ReadLetter> {
        let letter: Letter<'_> = serde_json::from_slice(self.text).ok()?;
        Some(ReadLetter {
            row_binary: BASE64_STANDARD.decode(letter.row_binary).ok()?,
            table: letter.table.into_owned(),
            columns: letter.columns.into_owned(),
            code: letter.code,
            reason: letter.message.into_owned(),
            rows: letter.rows,
        })
    }

    pub(super) fn name(&self) -> LineName {
        Sha256::digest(self.text).into()
    }
}

impl DeadLetters {
    /// The file in `folder`, of `limit` bytes at most.
    pub(super) fn new(folder: &Path, limit: u64) -> Self {
        Self {
            path: folder.join(FILE).into(),
            limit,
        }
    }

    /// The file in the `folder` of a spool that somebody else has made.
    pub(super) fn existing(folder: &Path) -> Result<Self, DeadLetterError> {
        if folder.is_dir() {
            Ok(Self::new(folder, u64::MAX))
        } else {
            Err(DeadLetterError::NoSpool {
                folder: folder.to_owned(),
            })
        }
    }

    /// Keeps rows; when this returns `Ok` they are on disk. Blocks on the disk, and while letters are taken away.
    pub(super) fn keep(
        &self,
        table: Table,
        columns: &[Column],
        rows: &BatchRows,
        (code, message): (u32, &str),
    ) -> Result<(), DeadLetterError> {
        let letter = Letter {
            code,
            message: message.into(),
            table: table.name().into(),
            rows: rows.len(),
            columns: columns.into(),
            row_binary: BASE64_STANDARD.encode(rows.data()),
        };
        let mut line = serde_json::to_vec(&letter).map_err(|error| self.failed(error.into()))?;
        line.push(b'\n');
        let _turn = self.turn().map_err(|source| self.failed(source))?;
        let failed = |source| self.failed(source);
        let file = OpenOptions::new()
            .read(true)
            .create(true)
            .append(true)
            .open(&self.path)
            .map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if !ends_a_line(&file, length).map_err(failed)? {
            // A crash, or a person, has left half a line: joined to it this one would be none either.
            line.insert(0, b'\n');
        }
        if length + line.len() as u64 > self.limit {
            return Err(DeadLetterError::Full {
                path: self.path.to_path_buf(),
                limit: self.limit,
            });
        }
        let write = || fault::step(Step::LetterWrite, || (&file).write_all(&line));
        let sync = || fault::step(Step::LetterSync, || file.sync_all());
        write().and_then(|()| sync()).map_err(|source| {
            // What is half is no letter, and nobody was told that it is.
            let _ = file.set_len(length);
            failed(source)
        })?;
        // Also of a file that was there: a crash may have come between its first letter and this.
        durable_file::sync_folder_of(&self.path).map_err(failed)
    }

    /// Shows every line to `each`, in order; a line that is still being written is not shown.
    pub(super) fn each(&self, mut each: impl FnMut(&Line<'_>)) -> Result<(), DeadLetterError> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(|source| self.failed(source))?,
        };
        let show = |line: &Line<'_>, end: LineEnd| {
            if end == LineEnd::There || line.letter().is_some() {
                each(line);
            }
            Ok(())
        };
        lines(file, show).map_err(|source| self.failed(source))
    }

    /// Takes the lines of these names away; when this returns `Ok`, they are gone for good. Killed at any moment, it leaves
    /// either all lines or those that should stay. Blocks on the disk, and while a letter is added.
    pub(super) fn take_away(&self, names: &HashSet<LineName>) -> Result<(), DeadLetterError> {
        if names.is_empty() {
            return Ok(());
        }
        let failed = |source| DeadLetterError::NotTaken {
            path: self.path.to_path_buf(),
            source,
        };
        let _turn = self.turn().map_err(failed)?;
        self.replace(names).map_err(failed)
    }

    /// Writes what stays into a new file, and puts that in the old one's place.
    fn replace(&self, gone: &HashSet<LineName>) -> io::Result<()> {
        let old = match File::open(&self.path) {
            // Somebody has moved it away: nothing is left to take from it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        let attributes = old.metadata()?;
        let draft = self.path.with_extension("new");
        let (new, stay) = fault::step(Step::LettersDraft, || without(old, gone, &draft))?;
        // Also when root does this: the collector has to go on with the file.
        new.set_permissions(attributes.permissions())?;
        fchown(&new, Some(attributes.uid()), Some(attributes.gid()))?;
        fault::step(Step::LettersSync, || new.sync_all())?;
        if stay > 0 {
            fault::step(Step::LettersRename, || fs::rename(&draft, &self.path))?;
        } else {
            fault::step(Step::LettersRemove, || fs::remove_file(&self.path))?;
            fs::remove_file(&draft)?;
        }
        durable_file::sync_folder_of(&self.path)
    }

    /// Waits until nobody else changes the file.
    fn turn(&self) -> io::Result<Turn> {
        let path = self.path.with_file_name(LOCK);
        // Whoever made it first: to lock a file it is enough to read it.
        let lock = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                OpenOptions::new().create(true).append(true).open(&path)?
            }
            opened => opened?,
        };
        lock.lock()?;
        Ok(Turn { lock })
    }

    fn failed(&self, source: io::Error) -> DeadLetterError {
        DeadLetterError::Io {
            path: self.path.to_path_buf(),
            source,
        }
    }
}

/// Writes the lines of `old` that are not gone into a file at `draft`; that file, and how many they are.
fn without(old: File, gone: &HashSet<LineName>, draft: &Path) -> io::Result<(File, u64)> {
    let mut new = BufWriter::new(File::create(draft)?);
    let mut stay = 0;
    lines(old, |line, _| {
        if gone.contains(&line.name()) {
            return Ok(());
        }
        stay += 1;
        new.write_all(line.text)?;
        new.write_all(b"\n")
    })?;
    Ok((new.into_inner().map_err(io::IntoInnerError::into_error)?, stay))
}

/// The right to change the file, until this is dropped.
struct Turn {
    lock: File,
}

impl Drop for Turn {
    fn drop(&mut self) {
        // A process that another thread is just starting has the file open too: closing it alone would not unlock it. What
        // cannot be unlocked is unlocked by the end of the process.
        let _ = self.lock.unlock();
    }
}

/// Whether a file of `length` bytes ends where a line does.
fn ends_a_line(file: &File, length: u64) -> io::Result<bool> {
    let Some(last) = length.checked_sub(1) else {
        return Ok(true);
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, last)?;
    Ok(byte == *b"\n")
}

/// Whether a line has its end: without it, it may be half of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    There,
    Missing,
}

/// Shows every line that is not empty to `each`. One line is in memory at a time, and none is longer than the file's limit.
fn lines(file: File, mut each: impl FnMut(&Line<'_>, LineEnd) -> io::Result<()>) -> io::Result<()> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        let (text, end) = match line.strip_suffix(b"\n") {
            Some(text) => (text, LineEnd::There),
            None => (&*line, LineEnd::Missing),
        };
        if !text.trim_ascii().is_empty() {
            each(&Line { number, text }, end)?;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::thread;

    use super::super::row::{ClockBadRow, Row as _};
    use super::super::rowbinary::{Low, Millis};
    use super::*;
    use rum_core::Id;

    /// Keeps a letter of a `clock_bad` row that says `text`.
    pub(in crate::store) fn keep(letters: &DeadLetters, text: &str) -> Result<(), DeadLetterError> {
        keep_arrived(letters, text, 1_000)
    }

    fn keep_arrived(letters: &DeadLetters, text: &str, arrival_ms: i64) -> Result<(), DeadLetterError> {
        let mut data = Vec::new();
        let row = ClockBadRow {
            app: Low("shop"),
            ver: 1,
            recv_ts: Millis(arrival_ms),
            skew_ms: 0,
            view_id: Id(1),
            table: Low("views"),
            kind: Low("view"),
            ordinal: 1,
            row: text,
        };
        row.encode(&mut data);
        let ends = vec![data.len()];
        let rows = BatchRows::new(data, ends);
        letters.keep(Table::ClockBad, &ClockBadRow::columns(), &rows, (117, "bad"))
    }

    fn names(letters: &DeadLetters) -> Vec<LineName> {
        let mut names = Vec::new();
        letters.each(|line| names.push(line.name())).unwrap();
        names
    }

    #[test]
    fn letters_are_kept_until_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(folder.path(), 2_000);
        keep(&letters, "first").unwrap();
        keep(&letters, "second").unwrap();
        let text = fs::read_to_string(folder.path().join(FILE)).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!((&line["table"], &line["code"]), (&"clock_bad".into(), &117.into()));
        let row = BASE64_STANDARD.decode(line["row_binary"].as_str().unwrap()).unwrap();
        assert!(row.ends_with(b"second"));
        let error = loop {
            if let Err(error) = keep(&letters, "more") {
                break error;
            }
        };
        assert!(matches!(error, DeadLetterError::Full { limit: 2_000, .. }), "{error}");
    }

    #[test]
    fn letters_are_listed_with_their_arrival() {
        let folder = tempfile::tempdir().unwrap();
        assert!(list(folder.path()).unwrap().letters.is_empty());
        let error = list(&folder.path().join("nowhere")).unwrap_err();
        assert!(matches!(error, DeadLetterError::NoSpool { .. }) && error.to_string().contains("--config"));
        let letters = DeadLetters::new(folder.path(), u64::MAX);
        for arrival_ms in [3_000, 1_000, 2_000] {
            keep_arrived(&letters, "a text", arrival_ms).unwrap();
        }
        let mut file = OpenOptions::new().append(true).open(&letters.path).unwrap();
        file.write_all(b"no letter\n{\"code\": 1, \"messa").unwrap();
        let listed = list(folder.path()).unwrap();
        assert_eq!(listed.unreadable_lines, [4], "what is half is being written");
        let arrivals: Vec<_> = listed.letters.iter().filter_map(|letter| letter.arrival_ms).collect();
        assert_eq!(arrivals, [1_000, 2_000, 3_000], "the newest last");
        let letter = &listed.letters[0];
        assert_eq!((letter.table.as_str(), letter.code, letter.rows), ("clock_bad", 117, 1));
        assert_eq!(letter.reason, "bad");
    }

    #[test]
    fn a_letter_after_half_a_line_is_a_letter() {
        let folder = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(folder.path(), u64::MAX);
        fs::write(&letters.path, "{\"code\": 1, \"messa").unwrap();
        keep(&letters, "after a crash").unwrap();
        let listed = list(folder.path()).unwrap();
        assert_eq!((listed.letters.len(), listed.unreadable_lines), (1, vec![1]));
    }

    #[test]
    fn what_is_taken_away_is_gone_and_the_rest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(folder.path(), u64::MAX);
        // What a kill left of an earlier time.
        fs::write(letters.path.with_extension("new"), "half").unwrap();
        for text in ["first", "second", "first"] {
            keep(&letters, text).unwrap();
        }
        let all = names(&letters);
        letters.take_away(&HashSet::from([all[0]])).unwrap();
        assert_eq!(names(&letters), [all[1]], "equal letters are one row");
        letters.take_away(&HashSet::new()).unwrap();
        letters.take_away(&HashSet::from([all[1]])).unwrap();
        assert!(!letters.path.exists());
        keep(&letters, "third").unwrap();
        assert_eq!(names(&letters).len(), 1);
    }

    #[test]
    fn letters_that_come_meanwhile_are_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(folder.path(), u64::MAX);
        let adding = letters.clone();
        let adder = thread::spawn(move || {
            for number in 0..50 {
                keep(&adding, &format!("new {number}")).unwrap();
            }
        });
        for number in 0..50 {
            keep(&letters, &format!("old {number}")).unwrap();
            let old = |line: &Line<'_>| line.letter().unwrap().row_binary.windows(3).any(|text| text == b"old");
            let mut gone = HashSet::new();
            letters
                .each(|line| {
                    gone.extend(old(line).then(|| line.name()));
                })
                .unwrap();
            letters.take_away(&gone).unwrap();
        }
        adder.join().unwrap();
        assert_eq!(names(&letters).len(), 50);
    }
}
