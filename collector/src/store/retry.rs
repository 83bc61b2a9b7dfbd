//! Inserts dead letters again, after somebody has mended what ClickHouse refused them for.
//!
//! A letter goes when ClickHouse has said that it has the rows, and the marks of their hours, and never before: killed at any moment, this loses nothing.
//! What it then inserts a second time replaces itself.

use std::collections::HashSet;
use std::path::Path;

use bytes::Bytes;

use super::batch_rows::BatchRows;
use super::client::{Clickhouse, ClickhouseError};
use super::dead_letters::{DeadLetterError, DeadLetters, LineName, ReadLetter};
use super::exceptions::{Policy, policy};
use super::marks;
use super::schema::{Column, Table, insert_statement};
use crate::fault::{self, Step};

/// Letters of one insert.
const LETTERS: usize = 1_000;

/// Bytes of one insert.
const BYTES: usize = 8 << 20;

/// What became of dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retried {
    /// Letters whose rows are in ClickHouse now. They are gone.
    pub stored: u64,
    /// Letters that stay, by what keeps them.
    pub kept: Vec<KeptLetters>,
    /// Lines that are no letters. They stay, too.
    pub unreadable: u64,
    /// Letters of tables that were not asked for.
    pub of_other_tables: u64,
}

impl Retried {
    /// Letters of the tables that were asked for which are still there, and lines that cannot be read.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.kept.iter().map(|kept| kept.letters).sum::<u64>() + self.unreadable
    }

    fn keep(&mut self, table: &str, letters: usize, code: Option<u32>, reason: String) {
        let same = |kept: &&mut KeptLetters| kept.table == table && kept.code == code;
        match self.kept.iter_mut().find(same) {
            Some(kept) => kept.letters += letters as u64,
            None => self.kept.push(KeptLetters {
                table: table.to_owned(),
                code,
                reason,
                letters: letters as u64,
            }),
        }
    }
}

/// Letters that stay where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLetters {
    /// The table's name.
    pub table: String,
    /// ClickHouse's exception code, if it answered.
    pub code: Option<u32>,
    /// What was said of the first of them.
    pub reason: String,
    /// How many.
    pub letters: u64,
}

/// Inserts the dead letters in the spool's `folder` again: those of `table`, or of all tables. A collector may run
/// meanwhile. Blocks on the disk, and holds the rows of all letters in memory: as much as the file may be long.
///
/// # Errors
/// [`DeadLetterError::NoSpool`] without a folder; [`DeadLetterError::Io`] if the file cannot be read, [`DeadLetterError::NotTaken`] if it cannot be replaced: then what was
/// inserted is inserted again by the next one. What ClickHouse says is no error, but in [`Retried::kept`].
pub async fn retry(folder: &Path, clickhouse: &Clickhouse, table: Option<Table>) -> Result<Retried, DeadLetterError> {
    let letters = DeadLetters::existing(folder)?;
    retry_with(&letters, table, async |statement: &str, rows: &Bytes| {
        clickhouse.insert(statement, rows).await
    })
    .await
}

async fn retry_with(
    letters: &DeadLetters,
    only: Option<Table>,
    insert: impl AsyncFn(&str, &Bytes) -> Result<(), ClickhouseError>,
) -> Result<Retried, DeadLetterError> {
    let mut retried = Retried::default();
    let mut groups: Vec<Group> = Vec::new();
    letters.each(|line| match line.letter() {
        None => retried.unreadable += 1,
        Some(letter) => match Table::named(&letter.table) {
            table if only.is_some() && table != only => retried.of_other_tables += 1,
            Some(table) => add(&mut groups, table, letter, line.name()),
            None => {
                let reason = "this collector knows no such table: a newer one wrote the letter".to_owned();
                retried.keep(&letter.table, 1, None, reason);
            }
        },
    })?;
    let mut gone = HashSet::new();
    for group in groups {
        group.insert(&insert, &mut gone, &mut retried).await;
    }
    letters.take_away(&gone)?;
    Ok(retried)
}

/// Letters that belong into one insert.
struct Group {
    table: Table,
    columns: Vec<Column>,
    data: Vec<u8>,
    /// The end of each letter, which is never divided.
    ends: Vec<usize>,
    names: Vec<LineName>,
}

/// Adds a letter to the group that has its columns and room.
fn add(groups: &mut Vec<Group>, table: Table, letter: ReadLetter, name: LineName) {
    let fits = |group: &Group| {
        let room = group.names.len() < LETTERS && group.data.len() + letter.row_binary.len() <= BYTES;
        group.table == table && group.columns == letter.columns && room
    };
    let place = match groups.iter().position(fits) {
        Some(place) => place,
        None => {
            groups.push(Group {
                table,
                columns: letter.columns.clone(),
                data: Vec::new(),
                ends: Vec::new(),
                names: Vec::new(),
            });
            groups.len() - 1
        }
    };
    if let Some(group) = groups.get_mut(place) {
        group.data.extend_from_slice(&letter.row_binary);
        group.ends.push(group.data.len());
        group.names.push(name);
    }
}

impl Group {
    /// Inserts what ClickHouse takes; what is refused for some letters is tried by halves.
    async fn insert(
        self,
        insert: impl AsyncFn(&str, &Bytes) -> Result<(), ClickhouseError>,
        gone: &mut HashSet<LineName>,
        retried: &mut Retried,
    ) {
        let statement = insert_statement(self.table, &self.columns);
        let mut pieces = vec![(BatchRows::new(self.data, self.ends), &*self.names)];
        while let Some((rows, names)) = pieces.pop() {
            let stored = match at(Step::LettersInsert, insert(&statement, rows.data())).await {
                Ok(()) if self.table.partition_prefix().is_some() => {
                    let marks = marks::rows(&rows.hours());
                    at(Step::LettersMark, insert(marks::STATEMENT, &marks)).await
                }
                stored => stored,
            };
            match stored {
                Ok(()) => {
                    retried.stored += names.len() as u64;
                    gone.extend(names);
                }
                Err(error) if names.len() > 1 && may_be_of_some(&error) => {
                    let (first, second) = names.split_at(names.len() / 2);
                    let [first_rows, second_rows] = rows.halves();
                    pieces.extend([(second_rows, second), (first_rows, first)]);
                }
                Err(error) => retried.keep(self.table.name(), names.len(), error.code(), error.to_string()),
            }
        }
    }
}

/// Inserts between the two boundaries of a step.
async fn at(step: Step, inserting: impl Future<Output = Result<(), ClickhouseError>>) -> Result<(), ClickhouseError> {
    fault::before(step).map_err(|error| ClickhouseError::Unreachable(error.to_string()))?;
    let inserted = inserting.await;
    fault::after(step);
    inserted
}

/// Whether it may be that fewer letters are taken.
fn may_be_of_some(error: &ClickhouseError) -> bool {
    match error.code().map(policy) {
        Some(Policy::SplitByRow | Policy::SplitByPartition | Policy::Halve) => true,
        // The table, the rights, the connection: the same for each of them.
        Some(Policy::Retry | Policy::RetryHalf | Policy::Mend | Policy::Unknown) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::dead_letters::{list, tests::keep};
    use super::*;

    fn refused(code: u32) -> ClickhouseError {
        ClickhouseError::Refused {
            code,
            message: format!("Code: {code}."),
        }
    }

    fn contains(rows: &[u8], text: &str) -> bool {
        rows.windows(text.len()).any(|window| window == text.as_bytes())
    }

    fn letters(folder: &Path, texts: &[&str]) -> DeadLetters {
        let letters = DeadLetters::new(folder, u64::MAX);
        texts.iter().for_each(|text| keep(&letters, text).unwrap());
        letters
    }

    fn left(folder: &Path) -> usize {
        list(folder).unwrap().letters.len()
    }

    #[tokio::test]
    async fn what_is_taken_goes_and_what_is_refused_stays_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let texts: Vec<_> = (0..20).map(|number| format!("<{number}>")).collect();
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let letters = letters(folder.path(), &texts);
        let bad = Cell::new("<7>");
        let insert = async |statement: &str, rows: &Bytes| {
            assert!(
                statement.starts_with("INSERT INTO rum_data.clock_bad (`app`"),
                "{statement}"
            );
            if contains(rows, bad.get()) {
                Err(refused(469))
            } else {
                Ok(())
            }
        };
        let retried = retry_with(&letters, None, insert).await.unwrap();
        assert_eq!((retried.stored, retried.left(), left(folder.path())), (19, 1, 1));
        assert_eq!((retried.kept[0].code, retried.kept[0].letters), (Some(469), 1));
        bad.set("mended");
        let retried = retry_with(&letters, None, insert).await.unwrap();
        assert_eq!((retried.stored, retried.left(), left(folder.path())), (1, 0, 0));
    }

    #[tokio::test]
    async fn what_is_not_known_to_be_in_stays() {
        for error in [
            refused(60),
            ClickhouseError::Absent,
            ClickhouseError::Unreachable("reset".into()),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let letters = letters(folder.path(), &["first", "second"]);
            let asked = Cell::new(0);
            let retried = retry_with(&letters, None, async |_: &str, _: &Bytes| {
                asked.set(asked.get() + 1);
                Err(error.clone())
            });
            assert_eq!(retried.await.unwrap().left(), 2);
            assert_eq!((asked.get(), left(folder.path())), (1, 2), "{error}");
        }
    }

    #[tokio::test]
    async fn killed_after_the_insert_it_inserts_again() {
        let folder = tempfile::tempdir().unwrap();
        let letters = letters(folder.path(), &["first"]);
        let (inserted, waiting) = (Cell::new(0), std::future::pending::<()>);
        // The future is dropped inside of the insert, which has happened: as a kill does.
        let killed = retry_with(&letters, None, async |_: &str, _: &Bytes| {
            inserted.set(inserted.get() + 1);
            waiting().await;
            Ok(())
        });
        let killed = tokio::time::timeout(std::time::Duration::from_millis(1), killed).await;
        assert!(killed.is_err() && inserted.get() == 1);
        assert_eq!(left(folder.path()), 1);
        let retried = retry_with(&letters, None, async |_: &str, _: &Bytes| Ok(()))
            .await
            .unwrap();
        assert_eq!((retried.stored, left(folder.path())), (1, 0));
    }

    #[tokio::test]
    async fn a_letter_goes_when_its_hour_is_marked() {
        let folder = tempfile::tempdir().unwrap();
        let letters = letters(folder.path(), &[]);
        let place = [30_u16.to_le_bytes().as_slice(), &7_200_u32.to_le_bytes(), b"\x04shop"].concat();
        let row = BatchRows::new([&*place, b"rest"].concat(), vec![place.len() + 4]);
        let columns = Table::Actions.columns();
        letters.keep(Table::Actions, &columns, &row, (469, "bad")).unwrap();
        let unmarked = async |statement: &str, rows: &Bytes| {
            if statement == marks::STATEMENT {
                assert!(rows.starts_with(&place) && rows.len() == place.len() + 8);
                Err(refused(60))
            } else {
                Ok(())
            }
        };
        let retried = retry_with(&letters, None, unmarked).await.unwrap();
        assert_eq!((retried.stored, retried.left(), left(folder.path())), (0, 1, 1));
        let retried = retry_with(&letters, None, async |_: &str, _: &Bytes| Ok(()))
            .await
            .unwrap();
        assert_eq!((retried.stored, left(folder.path())), (1, 0));
    }

    #[tokio::test]
    async fn other_tables_and_what_cannot_be_read_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let letters = letters(folder.path(), &["first"]);
        let file = folder.path().join("dead-letters.jsonl");
        let mut text = std::fs::read_to_string(&file).unwrap();
        text += &text.replace("\"clock_bad\"", "\"of_the_future\"");
        text += "no letter\n";
        std::fs::write(&file, &text).unwrap();
        let taken = async |_: &str, _: &Bytes| Ok(());
        let retried = retry_with(&letters, Some(Table::Views), taken).await.unwrap();
        assert_eq!((retried.stored, retried.of_other_tables, retried.unreadable), (0, 2, 1));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);

        let retried = retry_with(&letters, None, taken).await.unwrap();
        assert_eq!((retried.stored, retried.left()), (1, 2));
        assert_eq!(retried.kept[0].table, "of_the_future");
        let rest = list(folder.path()).unwrap();
        assert_eq!((rest.letters.len(), rest.unreadable_lines.len()), (1, 1));
    }
}
