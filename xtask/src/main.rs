#![doc = include_str!("../README.md")]

mod bench;
mod codegen;
mod demo;
mod drill;
mod fuzz;
mod native;
mod process;
mod size;
mod stamp;
mod tally;
mod terminal;
mod test;
mod tools;
mod wasm;
mod web;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use tools::Cache;
use workspace::Workspace;

/// The project's own commands. What a command needs and does not find, it fetches and builds first.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start ClickHouse, the collector and the demo shop; Ctrl-C ends everything
    Demo(demo::DemoArguments),
    /// Build the Wasm into rum-sdk/pkg and rum-vitals/pkg, and what pages download into js-wrapper/dist
    Wasm(WasmArguments),
    /// Run the tests: formatting, clippy, native, Wasm glue, size, end to end, and in three browsers
    Test(TestArguments),
    /// The same as test, for logs: without colours and progress bars
    Ci(TestArguments),
    /// Write the files that rum-core generates: TypeScript types and documentation of the wire
    Codegen(CodegenArguments),
    /// Show the bytes that a page downloads, and fail over size-budget.toml
    Size(SizeArguments),
    /// Try the collector on what is made up at random, for as long as you like
    Fuzz(fuzz::FuzzArguments),
    /// Kill, fill, stop and damage: the fault drills in full, which takes a quarter of an hour
    Drill(drill::DrillArguments),
    /// Measure what design decisions rest on
    Bench(bench::BenchArguments),
    /// Run a program that ends when stdin does
    #[command(name = demo::keeper::SUBCOMMAND, hide = true)]
    Keep(demo::keeper::KeepArguments),
}

#[derive(clap::Args)]
struct WasmArguments {
    /// Build only the `pkg` folders of these crates, not js-wrapper/dist
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<wasm::Module>,
}

#[derive(clap::Args)]
struct TestArguments {
    /// Run only these stages (and the build, if they need it)
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<test::Stage>,
}

#[derive(clap::Args)]
struct CodegenArguments {
    /// Change nothing; fail if a file is not current
    #[arg(long)]
    check: bool,
}

#[derive(clap::Args)]
struct SizeArguments {
    /// Print one JSON object: {"capture", "glue", "wasm", "total", "drop_in"}, and "by_module" if asked for
    #[arg(long)]
    json: bool,
    /// Show what each module adds to each file: TypeScript sources in the scripts, Rust modules in the Wasm
    #[arg(long)]
    by_module: bool,
    /// Measure js-wrapper/dist as it is
    #[arg(long)]
    no_build: bool,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            terminal::note("error", &format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    if let Command::Keep(arguments) = &command {
        // Beside the demo, which has looked for everything already.
        return demo::keeper::keep(arguments);
    }
    let workspace = Workspace::find()?;
    let cache = Cache::locate()?;
    match command {
        Command::Keep(_) => {}
        Command::Demo(arguments) => return demo::run(&workspace, &cache, &arguments),
        Command::Wasm(arguments) => {
            if arguments.only.is_empty() {
                web::build(&workspace, &cache)?;
            } else {
                wasm::build(&workspace, &cache, &arguments.only)?;
            }
        }
        Command::Test(arguments) => {
            return test::run(&workspace, &cache, &arguments.only, test::Audience::Person);
        }
        Command::Ci(arguments) => {
            return test::run(&workspace, &cache, &arguments.only, test::Audience::Ci);
        }
        Command::Codegen(arguments) => {
            let mode = if arguments.check {
                codegen::Mode::Check
            } else {
                codegen::Mode::Write
            };
            codegen::run(&workspace, mode)?;
        }
        Command::Fuzz(arguments) => fuzz::run(&workspace, &arguments)?,
        Command::Drill(arguments) => drill::run(&workspace, &cache, &arguments)?,
        Command::Bench(arguments) => bench::run(&workspace, &cache, &arguments)?,
        Command::Size(arguments) => {
            if !arguments.no_build {
                web::build(&workspace, &cache)?;
            }
            let format = if arguments.json {
                size::Format::Json
            } else {
                size::Format::Table
            };
            let detail = if arguments.by_module {
                size::Detail::Modules
            } else {
                size::Detail::Files
            };
            size::check(&workspace, &cache, format, detail)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
