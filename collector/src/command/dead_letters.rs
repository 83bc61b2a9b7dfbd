//! `rum-collector deadletter`: rows that ClickHouse refused for good.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Subcommand;
use rum_collector::store::Table;
use rum_collector::store::dead_letters::{DeadLetterList, list};
use rum_collector::store::retry::{Retried, retry};

use super::columns::columns;
use super::{ListFormat, count, moment};
use crate::ConfigArgs;

/// How much of a reason is printed on a letter's line, in characters: `--format json` has all of it.
const REASON: usize = 240;

#[derive(Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// Lists the dead letters, the newest last. Disturbs no collector that runs.
    Ls {
        /// How the list is printed.
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Inserts them again into the ClickHouse of the running collector; those that it takes are gone. Ends with status 1 if
    /// any stay.
    Retry {
        /// Letters of this table only.
        #[arg(long, value_parser = super::table)]
        table: Option<Table>,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

impl DeadLettersCommand {
    /// Does what the arguments say.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Ls { format, config } => ls(format, &config),
            Self::Retry { table, config } => again(table, &config),
        }
    }
}

fn ls(format: ListFormat, config: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let letters = list(&config.load()?.spool_folder())?;
    let mut out = io::stdout().lock();
    match format {
        ListFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &letters)?;
            writeln!(out)?;
        }
        ListFormat::Table => write!(out, "{}", listed(&letters))?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The list for people.
fn listed(list: &DeadLetterList) -> String {
    let letters: Vec<_> = list
        .letters
        .iter()
        .map(|letter| {
            [
                letter.table.clone(),
                moment(letter.arrival_ms),
                letter.code.to_string(),
                letter.rows.to_string(),
                letter.bytes.to_string(),
                one_line(&letter.reason),
            ]
        })
        .collect();
    let mut text = columns(["table", "arrival", "code", "rows", "bytes", "reason"], &letters);
    if letters.is_empty() {
        text += "There are no dead letters.\n";
    }
    for line in &list.unreadable_lines {
        text += &format!("line {line} of {} is no letter\n", list.file.display());
    }
    text
}

/// The beginning of a reason. What a page sent is in it, so nothing of it may steer a terminal.
fn one_line(reason: &str) -> String {
    let mut chars = reason.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = chars.by_ref().take(REASON).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

fn again(table: Option<Table>, config: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let config = config.load()?;
    let clickhouse = crate::clickhouse(&config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let retried = runtime.block_on(retry(&config.spool_folder(), &clickhouse, table))?;
    let mut out = io::stdout().lock();
    write!(out, "{}", told(&retried))?;
    out.flush()?;
    Ok(if retried.left() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn told(retried: &Retried) -> String {
    let mut text = format!("{} stored, {} left\n", count(retried.stored, "letter"), retried.left());
    for kept in &retried.kept {
        let letters = count(kept.letters, "letter");
        text += &format!("{letters} of {}: {}\n", kept.table, one_line(&kept.reason));
    }
    if retried.unreadable > 0 {
        let lines = count(retried.unreadable, "unreadable line");
        text += &format!("{lines}: `rum-collector deadletter ls` says which\n");
    }
    if retried.of_other_tables > 0 {
        text += &format!(
            "{} of other tables: not tried\n",
            count(retried.of_other_tables, "letter")
        );
    }
    text
}
