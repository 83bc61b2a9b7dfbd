//! `rum-collector spool`: what waits on disk for ClickHouse.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Subcommand;
use rum_collector::store::inspect::{Inspection, SegmentState, inspect};
use rum_collector::store::replay::{Moved, Replay, replay};
use rum_collector::store::{Position, Table};

use super::columns::columns;
use super::{ListFormat, count, moment};
use crate::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum SpoolCommand {
    /// Lists the segments, and how far each table is. Disturbs no collector that runs; reads the whole spool.
    Ls {
        /// How the list is printed.
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Checks every header, frame, row and cursor; ends with status 1 if something is damaged. Disturbs no collector.
    Verify {
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Moves cursors back, so that the next start inserts what the spool still holds again; rows count once all the same. The
    /// collector has to be stopped.
    Replay {
        /// The first segment whose rows are inserted again; the oldest one unless it is given.
        #[arg(long, value_name = "SEGMENT")]
        from: Option<u64>,
        /// Rows of this table only.
        #[arg(long, value_parser = super::table)]
        table: Option<Table>,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

impl SpoolCommand {
    /// Does what the arguments say.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Ls { format, config } => ls(format, &config),
            Self::Verify { config } => verify(&config),
            Self::Replay { from, table, config } => again(Replay { from, table }, &config),
        }
    }
}

fn ls(format: ListFormat, config: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let inspection = inspect(&config.load()?.spool_folder())?;
    let mut out = io::stdout().lock();
    match format {
        ListFormat::Json => {
            serde_json::to_writer_pretty(&mut out, &inspection)?;
            writeln!(out)?;
        }
        ListFormat::Table => write!(out, "{}", listed(&inspection))?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The list for people.
fn listed(inspection: &Inspection) -> String {
    let segments: Vec<_> = inspection
        .segments
        .iter()
        .map(|segment| {
            let state = match segment.state {
                SegmentState::Sealed => "sealed",
                SegmentState::Open => "open",
            };
            [
                segment.number.to_string(),
                state.to_owned(),
                segment.bytes.to_string(),
                segment.frames.to_string(),
                segment.tables.iter().map(|table| table.rows).sum::<u64>().to_string(),
                segment.tables.len().to_string(),
                moment(segment.first_arrival_ms),
                moment(segment.last_arrival_ms),
                segment.damaged.to_string(),
            ]
        })
        .collect();
    let head = [
        "segment",
        "state",
        "bytes",
        "frames",
        "rows",
        "tables",
        "first arrival",
        "last arrival",
        "damaged",
    ];
    let mut text = columns(head, &segments);
    if segments.is_empty() {
        text += "The spool holds no segment.\n";
    }
    let tables: Vec<_> = inspection
        .tables
        .iter()
        .map(|table| {
            let rows = table.rows.to_string();
            [
                table.table.name().to_owned(),
                place(table.cursor),
                rows,
                table.bytes.to_string(),
            ]
        })
        .collect();
    text.push('\n');
    text += &columns(["table", "cursor", "rows behind", "bytes behind"], &tables);
    if inspection.damaged() > 0 {
        text.push('\n');
        text += &damage(inspection);
    }
    text
}

fn verify(config: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let inspection = inspect(&config.load()?.spool_folder())?;
    let mut out = io::stdout().lock();
    write!(out, "{}", damage(&inspection))?;
    for segment in inspection.segments.iter().filter(|segment| segment.torn_bytes > 0) {
        writeln!(
            out,
            "segment {} ends with {} of an unfinished frame: it is being written, or a crash left it; nobody was told that it is kept",
            segment.number,
            count(segment.torn_bytes, "byte")
        )?;
    }
    if inspection.unchecked_rows > 0 {
        let rows = count(inspection.unchecked_rows, "row");
        writeln!(
            out,
            "{rows} of a newer collector: their checksums hold, their columns are not known here"
        )?;
    }
    let read = [
        count(inspection.segments.len() as u64, "segment"),
        count(inspection.frames(), "frame"),
        count(inspection.rows(), "row"),
    ];
    let found = match inspection.damaged() {
        0 => "nothing is damaged".to_owned(),
        places => count(places, "damaged place"),
    };
    writeln!(out, "{}: {found}", read.join(", "))?;
    out.flush()?;
    Ok(if inspection.damaged() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// One line a damaged place.
fn damage(inspection: &Inspection) -> String {
    let places: Vec<_> = inspection
        .damage
        .iter()
        .map(|damage| {
            let (offset, bytes) = (damage.offset.to_string(), damage.bytes.to_string());
            [damage.file.clone(), offset, bytes, damage.what.meaning().to_owned()]
        })
        .collect();
    let mut text = columns(["file", "offset", "bytes", "what"], &places);
    if inspection.further_damage > 0 {
        text += &format!("and {}\n", count(inspection.further_damage, "further damaged place"));
    }
    text
}

fn again(what: Replay, config: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let moved = replay(&config.load()?.spool_folder(), what)?;
    let mut out = io::stdout().lock();
    write!(out, "{}", replayed(&moved))?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn replayed(moved: &[Moved]) -> String {
    if moved.is_empty() {
        return "No cursor was moved: none is beyond that place, so the next start inserts all of it anyway.\n"
            .to_owned();
    }
    let tables: Vec<_> = moved
        .iter()
        .map(|moved| {
            let (before, after) = (place(moved.before), place(moved.after));
            let name = moved.table.name().to_owned();
            [name, before, after, moved.rows.to_string(), moved.bytes.to_string()]
        })
        .collect();
    let rows = moved.iter().map(|moved| moved.rows).sum();
    let mut text = columns(
        ["table", "cursor was", "is now", "rows behind", "bytes behind"],
        &tables,
    );
    text += &format!(
        "The next `rum-collector serve` inserts {}. Those that are in the tables already are replaced and count once.\n",
        count(rows, "row")
    );
    text
}

fn place(position: Position) -> String {
    if position == Position::default() {
        "the beginning".to_owned()
    } else {
        format!("segment {} at {}", position.segment, position.offset)
    }
}
