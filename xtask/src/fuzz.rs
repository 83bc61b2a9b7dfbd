//! `cargo xtask fuzz`: the fuzz targets of `collector/tests/fuzz`, which the tests try on a few hundred cases each, on new ones for as long
//! as it is told.

use anyhow::Result;
use clap::ValueEnum;

use crate::tools::rust;
use crate::workspace::Workspace;
use crate::{process, terminal};

#[derive(clap::Args)]
pub(crate) struct FuzzArguments {
    /// Only this one
    #[arg(value_enum)]
    target: Option<Target>,
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// Bodies of pages, compact and documented
    Decoder,
    /// Compressed bodies, damaged
    Decompressors,
    /// Compressed bodies that become too long
    Bombs,
    /// The spool's folder after a crash or on a bad disk
    Spool,
    /// The configuration's file and variables
    Config,
    /// Paths, query strings and headers
    Http,
    /// Query strings and statements of /v1/sql
    Sql,
}

impl Target {
    /// As the test is called.
    fn test(self) -> &'static str {
        match self {
            Self::Decoder => "bodies::decoder",
            Self::Decompressors => "bodies::decompressors",
            Self::Bombs => "bodies::bombs",
            Self::Spool => "spool::recovery",
            Self::Config => "config::config",
            Self::Http => "requests::parameters_and_headers",
            Self::Sql => "requests::sql",
        }
    }
}

pub(crate) fn run(workspace: &Workspace, arguments: &FuzzArguments) -> Result<()> {
    rust::check(workspace)?;
    let targets = arguments
        .target
        .map_or_else(|| Target::value_variants().to_vec(), |target| vec![target]);
    for target in targets {
        terminal::note("fuzz", &format!("{} for {} s", target.test(), arguments.seconds));
        let mut cargo = workspace.command("cargo");
        cargo
            .args(["test", "--quiet", "--package", "rum-collector", "--test", "fuzz", "--"])
            .args(["--exact", target.test(), "--nocapture"])
            .env("RUM_FUZZ_SECONDS", arguments.seconds.to_string());
        process::run(&mut cargo)?;
    }
    Ok(())
}
