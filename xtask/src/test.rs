//! `cargo xtask test`: every test there is, with live output. A stage that fails, or cannot run, does not keep the
//! others from running; the last line is the sum.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::tally::Tally;
use crate::terminal::{self, Tone};
use crate::tools::browsers::{Absent, Engine};
use crate::tools::promtool::{self, PROMTOOL};
use crate::tools::{Cache, npm, systemd};
use crate::workspace::Workspace;
use crate::{codegen, native, process, size, web};

/// The seed of property tests, by proptest's own name for it.
const PROPERTIES_SEED: &str = "PROPTEST_RNG_SEED";

/// The stages, in the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// rustfmt
    Format,
    /// clippy with -D warnings; and does the collector compile without the embedded ClickHouse?
    Clippy,
    /// Are the generated files current?
    Codegen,
    /// The Wasm, the scripts and the binaries, which the stages below need
    Build,
    /// cargo test on this machine, doctests included
    Native,
    /// tsc, and js-wrapper's unit tests in Node
    Js,
    /// The bytes that a page downloads against size-budget.toml, and against their modules'
    Size,
    /// End to end: the shop in headless Chromium, rows in ClickHouse, alerts
    Browser,
    /// 500 visits in Chromium, half of them left at once, while collector and network fail: every event counts once
    Delivery,
    /// In Chromium: the vitals against the reference library's, that no layout is forced, fetch, and capture, privacy and delivery
    Chromium,
    /// In Firefox: the vitals, fetch, and capture, privacy and delivery
    Firefox,
    /// In WebKitGTK: the vitals, fetch, and capture, privacy and delivery
    Webkit,
}

/// Who reads the output.
#[derive(Clone, Copy)]
pub(crate) enum Audience {
    Person,
    /// Logs: no colours, no progress bars.
    Ci,
}

struct Outcome {
    stage: Stage,
    tally: Tally,
    time: Duration,
    /// Why this system can never run it, if that is so.
    absent: Option<Absent>,
}

/// Runs the stages (`only`, or all), prints a table and the sum.
pub(crate) fn run(workspace: &Workspace, cache: &Cache, only: &[Stage], audience: Audience) -> Result<ExitCode> {
    let tests = Tests {
        workspace,
        cache,
        audience,
        only,
    };
    let mut outcomes = Vec::new();
    let build = only.iter().any(Stage::needs_build);
    for &stage in Stage::value_variants() {
        let wanted = only.is_empty() || only.contains(&stage);
        if wanted || (stage == Stage::Build && build) {
            outcomes.push(tests.stage(stage));
        }
    }
    Ok(report(&outcomes))
}

impl Stage {
    fn needs_build(&self) -> bool {
        match self {
            Self::Native
            | Self::Js
            | Self::Size
            | Self::Browser
            | Self::Delivery
            | Self::Chromium
            | Self::Firefox
            | Self::Webkit => true,
            Self::Format | Self::Clippy | Self::Codegen | Self::Build => false,
        }
    }

    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

struct Tests<'a> {
    workspace: &'a Workspace,
    cache: &'a Cache,
    audience: Audience,
    only: &'a [Stage],
}

impl Tests<'_> {
    fn stage(&self, stage: Stage) -> Outcome {
        terminal::note(&stage.name(), "…");
        let started = Instant::now();
        let (tally, absent) = match self.run(stage) {
            Ok(tally) => (tally, None),
            Err(error) => {
                terminal::note(&stage.name(), &format!("{error:#}"));
                let absent = error.downcast_ref().copied();
                (without_result(stage, absent, self.only, self.audience), absent)
            }
        };
        Outcome {
            stage,
            tally,
            time: started.elapsed(),
            absent,
        }
    }

    fn run(&self, stage: Stage) -> Result<Tally> {
        match stage {
            Stage::Format => self.check("cargo", &["fmt", "--all", "--check"]),
            Stage::Clippy => self.clippy(),
            Stage::Codegen => codegen::run(self.workspace, codegen::Mode::Check).map(|()| Tally::PASSED),
            Stage::Build => self.build(),
            Stage::Native => self.native(),
            Stage::Js => self.js(),
            Stage::Size => self.size(),
            Stage::Browser => self.journeys(self.browser_tests()?),
            Stage::Delivery => self.journeys([self.workspace.path("tests/delivery/delivery.test.mjs")]),
            Stage::Chromium => self.engine(
                Engine::Chromium,
                &[
                    "vitals/chromium.test.mjs",
                    "vitals/main-thread/layouts.test.mjs",
                    "wrapped/chromium.test.mjs",
                    "features/chromium.test.mjs",
                ],
            ),
            Stage::Firefox => self.engine(
                Engine::Firefox,
                &[
                    "vitals/firefox.test.mjs",
                    "wrapped/firefox.test.mjs",
                    "features/firefox.test.mjs",
                ],
            ),
            Stage::Webkit => self.engine(
                Engine::WebKit,
                &[
                    "vitals/webkit.test.mjs",
                    "wrapped/webkit.test.mjs",
                    "features/webkit.test.mjs",
                ],
            ),
        }
    }

    /// A command whose success is one test.
    fn check(&self, program: &str, arguments: &[&str]) -> Result<Tally> {
        process::run(self.command(program).args(arguments)).map(|()| Tally::PASSED)
    }

    /// Everything, and the collector as `deploy/Dockerfile` builds it: without the embedded ClickHouse.
    fn clippy(&self) -> Result<Tally> {
        let everything = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        let lean = ["check", "--package", native::COLLECTOR, "--no-default-features"];
        let mut tally = Tally::default();
        for arguments in [&everything[..], &lean] {
            tally += self.check("cargo", arguments).unwrap_or_else(|error| {
                terminal::note(&Stage::Clippy.name(), &format!("{error:#}"));
                Tally::FAILED
            });
        }
        Ok(tally)
    }

    /// Not a test: it counts only when it fails.
    fn build(&self) -> Result<Tally> {
        let web = web::build(self.workspace, self.cache);
        native::build_all(self.workspace)?;
        web.map(|()| Tally::default())
    }

    /// What fails runs once more, as a file of a browser's does: ClickHouse merges when it likes, too. The faults and the drills do not:
    /// one loss in a thousand runs is what they are there to find. They are told apart by their names, which no other test has.
    fn native(&self) -> Result<Tally> {
        let first = counted(&mut self.cargo_test()?, Tally::count_cargo)?;
        let names = first.failed_in_cargo();
        if !(1..=FEW).contains(&first.failed) || names.len() as u64 != first.failed {
            return Ok(first);
        }
        terminal::note(
            "test",
            "what failed runs once more, but for the faults and drills: what passes then is told apart as unsteady",
        );
        let mut cargo = self.cargo_test()?;
        cargo.args(["--exclude", FAULTS, "--", "--exact"]).args(&names);
        let again = counted(&mut cargo, Tally::count_cargo)?;
        let all_ran = again.passed + again.failed >= first.failed;
        Ok(if all_ran { first.after(again) } else { first })
    }

    fn cargo_test(&self) -> Result<Command> {
        let mut cargo = self.command("cargo");
        cargo.args(["test", "--workspace", "--no-fail-fast"]);
        // The same texts every time, so that a change is judged by what it changes. Others are for `cargo test`, which draws new
        // ones, and for `cargo xtask fuzz`.
        if env::var_os(PROPERTIES_SEED).is_none() {
            cargo.env(PROPERTIES_SEED, "1");
        }
        native::test_environment(self.workspace, self.cache, &mut cargo)?;
        match promtool::ready(self.cache) {
            Ok(path) => {
                cargo.env(PROMTOOL.variable, path);
            }
            // It fails the two tests that ask it, with a sentence of their own, and no others.
            Err(error) => terminal::note(&Stage::Native.name(), &format!("{error:#}")),
        }
        // systemd is Linux', and where it is not the test of its unit is not compiled.
        if cfg!(target_os = "linux") {
            match systemd::ANALYZE.ready() {
                Ok(path) => {
                    cargo.env(systemd::ANALYZE.variable, path);
                }
                // As above: one test.
                Err(error) => terminal::note(&Stage::Native.name(), &format!("{error:#}")),
            }
        }
        Ok(cargo)
    }

    fn js(&self) -> Result<Tally> {
        npm::install(self.workspace)?;
        let types = self.check("node_modules/.bin/tsc", &["--noEmit", "--project", "js-wrapper"]);
        let mut npm = self.command("npm");
        npm.args(["test", "--silent", "--workspace", "js-wrapper"]);
        native::test_environment(self.workspace, self.cache, &mut npm)?;
        let mut tally = counted(&mut npm, Tally::count_node)?;
        tally += types.unwrap_or_else(|error| {
            terminal::note("js", &format!("{error:#}"));
            Tally::FAILED
        });
        Ok(tally)
    }

    fn size(&self) -> Result<Tally> {
        let mut tally = Tally::default();
        for result in [
            size::check(self.workspace, self.cache, size::Format::Table, size::Detail::Files),
            size::check_modules(self.workspace, self.cache),
        ] {
            tally += match result {
                Ok(()) => Tally::PASSED,
                Err(error) => {
                    terminal::note("size", &format!("{error:#}"));
                    Tally::FAILED
                }
            };
        }
        Ok(tally)
    }

    /// Chromium and a collector with its database.
    fn journeys(&self, files: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Result<Tally> {
        npm::install(self.workspace)?;
        self.each_file(files, |node| native::test_environment(self.workspace, self.cache, node))
    }

    fn engine(&self, engine: Engine, files: &[&str]) -> Result<Tally> {
        let programs = engine.ready()?;
        npm::install(self.workspace)?;
        let files = files.iter().map(|file| self.workspace.path("tests").join(file));
        self.each_file(files, |node| {
            native::built(self.workspace, node);
            node.envs(programs.clone());
            Ok(())
        })
    }

    /// One file after the other: they measure times in a browser that wants both cores. One with failures runs once more: a
    /// machine that stands still for a second makes a browser, which nobody here can mend, do what no test waits for.
    fn each_file(
        &self,
        files: impl IntoIterator<Item = impl AsRef<OsStr>>,
        mut prepare: impl FnMut(&mut Command) -> Result<()>,
    ) -> Result<Tally> {
        let mut sum = Tally::default();
        for file in files {
            let mut node = self.command("node");
            node.arg("--test").arg(file);
            prepare(&mut node)?;
            let first = counted(&mut node, Tally::count_node)?;
            sum += if (1..=FEW).contains(&first.failed) {
                terminal::note(
                    "test",
                    "this file runs once more: what passes then is told apart as unsteady",
                );
                first.after(counted(&mut node, Tally::count_node)?)
            } else {
                first
            };
        }
        Ok(sum)
    }

    fn browser_tests(&self) -> Result<Vec<OsString>> {
        let folder = self.workspace.path("tests/browser");
        let entries = fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.to_string_lossy().ends_with(".test.mjs") {
                files.push(path.into_os_string());
            }
        }
        files.sort();
        if files.is_empty() {
            // Without files node would go looking for tests everywhere.
            bail!("{} holds no *.test.mjs", folder.display());
        }
        Ok(files)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.workspace.command(program);
        self.for_audience(&mut command);
        command
    }

    fn for_audience(&self, command: &mut Command) {
        match self.audience {
            Audience::Person => {}
            Audience::Ci => {
                command
                    .env("NO_COLOR", "1")
                    .env("CARGO_TERM_COLOR", "never")
                    .env("CARGO_TERM_PROGRESS_WHEN", "never");
            }
        }
    }
}

/// How a stage counts that did not get to its tests. What this system can never run is a failure only for those who
/// count on it: CI, and a person who has named the stage.
fn without_result(stage: Stage, absent: Option<Absent>, only: &[Stage], audience: Audience) -> Tally {
    match (absent, audience) {
        (Some(_), Audience::Person) if !only.contains(&stage) => Tally::default(),
        _ => Tally::FAILED,
    }
}

/// The package of the faults and drills.
const FAULTS: &str = "rum-tests";

/// Failures that are looked at a second time: more of them are no accident.
const FEW: u64 = 5;

/// Runs a test runner, shows its lines and counts its results.
fn counted(command: &mut Command, count: fn(&mut Tally, &str)) -> Result<Tally> {
    let mut tally = Tally::default();
    let status = process::lines(command, |line| {
        terminal::result(line);
        count(&mut tally, line);
    })?;
    if tally == Tally::default() && status.success() {
        bail!("`{}` ran no test", process::shown(command));
    }
    // What does not compile, or dies, fails without a result line.
    if !status.success() && tally.failed == 0 {
        terminal::note("", &format!("`{}` failed ({status})", process::shown(command)));
        tally += Tally::FAILED;
    }
    Ok(tally)
}

fn report(outcomes: &[Outcome]) -> ExitCode {
    let mut sum = Tally::default();
    for Outcome { stage, tally, .. } in outcomes {
        for failure in &tally.failures {
            terminal::result(&format!("\n{}: {failure}", stage.name()));
        }
    }
    for Outcome { stage, tally, .. } in outcomes {
        for failure in &tally.unsteady {
            terminal::result(&format!(
                "\n{}, unsteady (it passed when it ran again): {failure}",
                stage.name()
            ));
        }
    }
    terminal::result("");
    for Outcome {
        stage,
        tally,
        time,
        absent,
    } in outcomes
    {
        sum += tally.clone();
        let mut line = format!(
            "{:<15} {:>5} passed {:>4} failed  {:>12}",
            stage.name(),
            tally.passed,
            tally.failed,
            terminal::duration(*time)
        );
        if tally.ignored > 0 {
            line += &format!("  ({} ignored)", tally.ignored);
        }
        if !tally.unsteady.is_empty() {
            line += &format!("  ({} unsteady)", tally.unsteady.len());
        }
        if let Some(absent) = absent {
            line += &format!("  (did not run: {absent})");
        }
        let tone = match (tally.failed, absent) {
            (0, None) => Tone::Good,
            (0, Some(_)) => Tone::Faint,
            _ => Tone::Bad,
        };
        terminal::result(&terminal::toned(&line, tone));
    }
    // The last line, for people and for CI: never coloured.
    terminal::result(&format!("{} passed, {} failed", sum.passed, sum.failed));
    if sum.failed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_cannot_be_here_fails_only_for_those_who_count_on_it() {
        let stage = Stage::Webkit;
        let absent = Some(Absent::WebKit);
        let tally = |only: &[Stage], audience| without_result(stage, absent, only, audience);
        assert_eq!(tally(&[], Audience::Person), Tally::default());
        assert_eq!(tally(&[stage], Audience::Person), Tally::FAILED);
        assert_eq!(tally(&[], Audience::Ci), Tally::FAILED);
        let other_error = without_result(stage, None, &[], Audience::Person);
        assert_eq!(other_error, Tally::FAILED);
    }
}
