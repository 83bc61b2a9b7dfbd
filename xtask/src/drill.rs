//! `cargo xtask drill`: the fault drills in full. The tests have a few of their moments and arrivals; here are as many as
//! docs/durability.md promises, which takes a quarter of an hour.

use anyhow::{Result, bail};

use crate::tools::Cache;
use crate::workspace::Workspace;
use crate::{native, process, terminal};

#[derive(clap::Args)]
pub(crate) struct DrillArguments {
    /// Only tests whose names have this in them, such as moments
    name: Option<String>,
    /// Random moments at which the collector is killed, and as many for ClickHouse
    #[arg(long, default_value_t = 200)]
    moments: u32,
    /// Arrivals at each boundary at which it is struck
    #[arg(long, default_value_t = 4)]
    arrivals: u32,
    /// Chooses the random moments
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Where the drills are, as cargo is told, and which tests there: all, where none are named.
const DRILLS: [(&[&str], &[&str]); 3] = [
    (&["--package", "rum-tests", "--test", "drills"], &[]),
    (&["--package", "rum-tests", "--test", "faults"], &[]),
    (
        &["--package", "rum-collector", "--lib"],
        &["power_loss", "flipped_byte"],
    ),
];

pub(crate) fn run(workspace: &Workspace, cache: &Cache, arguments: &DrillArguments) -> Result<()> {
    native::build_binaries(workspace)?;
    let mut failed = 0;
    for (place, names) in DRILLS {
        let mut cargo = workspace.command("cargo");
        cargo.arg("test").args(place).arg("--");
        match &arguments.name {
            Some(name) => cargo.arg(name),
            None => cargo.args(names),
        };
        cargo
            .env("RUM_DRILL_MOMENTS", arguments.moments.to_string())
            .env("RUM_DRILL_CLICKHOUSE_MOMENTS", arguments.moments.to_string())
            .env("RUM_DRILL_ARRIVALS", arguments.arrivals.to_string())
            .env("RUM_DRILL_SEED", arguments.seed.to_string());
        native::database_environment(workspace, cache, &mut cargo)?;
        // The others are tried all the same.
        if let Err(error) = process::run(&mut cargo) {
            terminal::note("drill", &format!("{error:#}"));
            failed += 1;
        }
    }
    if failed > 0 {
        bail!("{failed} of {} sorts of drills failed", DRILLS.len());
    }
    Ok(())
}
