//! Rows that ClickHouse will never take, kept with the reason, in a file of JSON lines.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use thiserror::Error;

use super::batch_rows::BatchRows;
use super::schema::{Column, Table};

/// Why rows were not kept.
#[derive(Debug, Error)]
pub(super) enum DeadLetterError {
    /// The file is as long as it may be. Nothing is lost: the rows stay in the spool.
    #[error("{} has reached its limit of {limit} bytes: look at what is in it, then move it away", path.display())]
    Full { path: PathBuf, limit: u64 },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// The file. Clones are the same file.
#[derive(Clone, Debug)]
pub(super) struct DeadLetters {
    path: Arc<Path>,
    limit: u64,
    /// One line after the other.
    turn: Arc<Mutex<()>>,
}

/// One line: all that is needed to insert the rows by hand.
#[derive(Serialize)]
struct Letter<'a> {
    /// `code` and `message` of the exception.
    code: u32,
    message: &'a str,
    table: &'a str,
    rows: usize,
    columns: &'a [Column],
    /// Base64.
    row_binary: String,
}

impl DeadLetters {
    /// The file in `folder`, of `limit` bytes at most.
    pub(super) fn new(folder: &Path, limit: u64) -> Self {
        Self {
            path: folder.join("dead-letters.jsonl").into(),
            limit,
            turn: Arc::default(),
        }
    }

    /// Keeps rows; when this returns `Ok` they are on disk. Blocks on the disk.
    pub(super) fn keep(
        &self,
        table: Table,
        columns: &[Column],
        rows: &BatchRows,
        (code, message): (u32, &str),
    ) -> Result<(), DeadLetterError> {
        let failed = |source| DeadLetterError::Io {
            path: self.path.to_path_buf(),
            source,
        };
        let letter = Letter {
            code,
            message,
            table: table.name(),
            rows: rows.len(),
            columns,
            row_binary: BASE64_STANDARD.encode(rows.data()),
        };
        let mut line = serde_json::to_vec(&letter).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length + line.len() as u64 > self.limit {
            return Err(DeadLetterError::Full {
                path: self.path.to_path_buf(),
                limit: self.limit,
            });
        }
        file.write_all(&line).and_then(|()| file.sync_all()).map_err(|source| {
            // Half a line would spoil the next one. If even this fails, the line that is half is the last.
            let _ = file.set_len(length);
            failed(source)
        })?;
        if length == 0
            && let Some(folder) = self.path.parent()
        {
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(failed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_kept_until_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let letters = DeadLetters::new(folder.path(), 500);
        let rows = BatchRows::new(b"abc".to_vec(), vec![3]);
        let columns = [Column::of::<&str>("row")];
        let keep = || letters.keep(Table::Views, &columns, &rows, (117, "bad"));
        keep().unwrap();
        keep().unwrap();
        let text = std::fs::read_to_string(folder.path().join("dead-letters.jsonl")).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
        assert_eq!((&line["table"], &line["code"]), (&"views".into(), &117.into()));
        assert_eq!(
            BASE64_STANDARD.decode(line["row_binary"].as_str().unwrap()).unwrap(),
            b"abc"
        );
        while text.len() < 500 {
            match keep() {
                Ok(()) => {}
                Err(error) => return assert!(matches!(error, DeadLetterError::Full { limit: 500, .. })),
            }
        }
    }
}
