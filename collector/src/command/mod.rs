//! The commands for what lies on disk, for health and for tokens: their arguments, and what they print.

mod columns;
mod dead_letters;
pub(crate) mod health;
mod spool;
mod token;

use clap::ValueEnum;
use jiff::Timestamp;
use rum_collector::store::Table;

pub(crate) use dead_letters::DeadLettersCommand;
pub(crate) use spool::SpoolCommand;
pub(crate) use token::TokenCommand;

/// How a list is printed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ListFormat {
    Table,
    Json,
}

/// A table by its name, for clap.
fn table(name: &str) -> Result<Table, String> {
    Table::named(name).ok_or_else(|| {
        format!(
            "there is no such table; the tables are {}",
            Table::ALL.map(Table::name).join(", ")
        )
    })
}

/// A moment for people; nothing for none, and for one that cannot be.
fn moment(ms: Option<i64>) -> String {
    let moment = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(|| "-".to_owned(), |moment| format!("{moment:.3}"))
}

/// A number with its noun.
fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}
