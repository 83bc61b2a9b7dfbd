//! The tables and their columns: the one list that the RowBinary order, the INSERT statement, the header of a spool
//! segment and the test against the migrations share.

use serde::{Deserialize, Serialize, Serializer};

use super::row::{
    ActionRow, ClockBadRow, ErrorRow, LogRow, LongFrameRow, RequestRow, Row, TimingRow, ViewRow, VitalRow,
};
use super::rowbinary::Value;

/// The database of the tables.
pub(crate) const DATABASE: &str = "rum_data";

/// A table, by its number in the spool. A number is never given to another table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// One row a page view.
    Views = 1,
    /// One row a view, metric and scope.
    Vitals = 2,
    /// One row a request or a resource.
    Requests = 3,
    /// One row an error and document.
    Errors = 4,
    /// One row an action.
    Actions = 5,
    /// Rows of views whose clock cannot be right.
    ClockBad = 6,
    /// One row a long animation frame or long task.
    LongFrames = 7,
    /// One row a mark, a measure or a timed element.
    Timings = 8,
    /// One row a line of a page's log.
    Logs = 9,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Views,
        Self::Vitals,
        Self::Requests,
        Self::Errors,
        Self::Actions,
        Self::ClockBad,
        Self::LongFrames,
        Self::Timings,
        Self::Logs,
    ];

    /// The table's name in its database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Views => "views",
            Self::Vitals => "vitals",
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::Actions => "actions",
            Self::ClockBad => "clock_bad",
            Self::LongFrames => "long_frames",
            Self::Timings => "timings",
            Self::Logs => "logs",
        }
    }

    /// The table of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The place in [`Table::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize - 1
    }

    /// The columns that this collector writes, in the order in which it writes them.
    #[must_use]
    pub fn columns(self) -> Vec<Column> {
        match self {
            Self::Views => ViewRow::columns(),
            Self::Vitals => VitalRow::columns(),
            Self::Requests => RequestRow::columns(),
            Self::Errors => ErrorRow::columns(),
            Self::Actions => ActionRow::columns(),
            Self::ClockBad => ClockBadRow::columns(),
            Self::LongFrames => LongFrameRow::columns(),
            Self::Timings => TimingRow::columns(),
            Self::Logs => LogRow::columns(),
        }
    }

    /// How many bytes at the start of a row say its partition: retention and hour, see `row::Place`.
    pub(crate) const fn partition_prefix(self) -> Option<usize> {
        match self {
            Self::Views
            | Self::Vitals
            | Self::Requests
            | Self::Errors
            | Self::Actions
            | Self::LongFrames
            | Self::Timings
            | Self::Logs => Some(6),
            Self::ClockBad => None,
        }
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, spelt as `system.columns` spells it.
    pub sql_type: String,
}

impl Column {
    /// The column of a Rust type.
    pub(crate) fn of<T: Value>(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            sql_type: T::sql_type(),
        }
    }
}

/// What rows a segment of the spool may hold: tables with the columns that they had when it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Schema {
    tables: Vec<TableColumns>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TableColumns {
    /// As sections of a frame name it; see [`Table`], of which it may be none.
    pub(crate) number: u8,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

impl Schema {
    /// What this collector writes.
    pub(crate) fn current() -> Self {
        let tables = Table::ALL.map(|table| TableColumns {
            number: table as u8,
            name: table.name().to_owned(),
            columns: table.columns(),
        });
        Self { tables: tables.into() }
    }

    /// All tables that the writer knew.
    pub(crate) fn tables(&self) -> &[TableColumns] {
        &self.tables
    }

    /// Whether it has a table that this collector does not know.
    pub(crate) fn is_newer(&self) -> bool {
        let known = |number| Table::ALL.iter().any(|table| *table as u8 == number);
        !self.tables.iter().all(|table| known(table.number))
    }

    /// The columns of `table`; empty if the writer did not know it.
    pub(crate) fn columns(&self, table: Table) -> &[Column] {
        self.tables
            .iter()
            .find(|known| known.number == table as u8)
            .map_or(&[], |known| &known.columns)
    }
}

/// The statement that RowBinary of `columns` follows.
pub(crate) fn insert_statement(table: Table, columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| format!("`{}`", column.name)).collect();
    format!(
        "INSERT INTO {DATABASE}.{} ({}) FORMAT RowBinary",
        table.name(),
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_the_partition_come_first_and_then_the_app() {
        for table in Table::ALL {
            let names: Vec<_> = table.columns().into_iter().map(|column| column.name).collect();
            assert_eq!(
                names.starts_with(&["retention".into(), "hour".into(), "app".into()]),
                table.partition_prefix().is_some(),
                "{table:?}"
            );
            assert_eq!(Table::ALL[table.index()], table);
            assert_eq!(Table::named(table.name()), Some(table));
        }
    }

    #[test]
    fn a_schema_survives_its_text() {
        let text = serde_json::to_string(&Schema::current()).unwrap();
        assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), Schema::current());
    }

    #[test]
    fn an_insert_names_its_columns() {
        let columns = [Column::of::<u16>("retention"), Column::of::<&str>("row")];
        insta::assert_snapshot!(
            insert_statement(Table::ClockBad, &columns),
            @"INSERT INTO rum_data.clock_bad (`retention`, `row`) FORMAT RowBinary"
        );
    }
}
