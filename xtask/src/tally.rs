//! How many tests passed and what failed, read from what the test runners print.

use std::ops::AddAssign;

/// Lines of one failure that are said again at the end.
const FAILURE_LINES: usize = 20;

/// Results of one stage, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    /// What the runner said of each failure, so that the end of a long log tells what to mend.
    pub(crate) failures: Vec<String>,
    /// The same of failures that did not come again when what had failed ran once more.
    pub(crate) unsteady: Vec<String>,
    /// Do the lines that come belong to the last failure?
    within: bool,
}

impl Tally {
    pub(crate) const PASSED: Self = Self {
        passed: 1,
        failed: 0,
        ignored: 0,
        failures: Vec::new(),
        unsteady: Vec::new(),
        within: false,
    };
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
        ignored: 0,
        failures: Vec::new(),
        unsteady: Vec::new(),
        within: false,
    };

    /// Counts a line of `cargo test`: `test result: ok. 5 passed; 0 failed; 1 ignored; …`. What a failed test wrote
    /// comes after `---- its name stdout ----`.
    pub(crate) fn count_cargo(&mut self, line: &str) {
        if line.starts_with("---- ") && line.ends_with(" ----") {
            self.failures.push(line.to_owned());
            self.within = true;
        } else if line == "failures:" {
            self.within = false;
        } else {
            self.tell(line);
        }
        let Some((_, counts)) = line.split_once("test result: ") else {
            return;
        };
        // Before the first number stands `ok.` or `FAILED.`.
        let counts = counts.split_once(". ").map_or(counts, |(_, rest)| rest);
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Counts a line of `node --test`: `ℹ pass 12` on a terminal, `# pass 12` elsewhere. Elsewhere `not ok 3 - its name`
    /// and lines to `...` tell of a failure; a terminal is told of them at the end by node itself.
    pub(crate) fn count_node(&mut self, line: &str) {
        let plain = without_colours(line);
        match plain.trim_start() {
            failed if failed.starts_with("not ok ") => {
                self.failures.push(failed.to_owned());
                self.within = true;
            }
            "..." => self.within = false,
            // A suite fails with its tests: they have told what there is.
            "failureType: 'subtestsFailed'" => {
                self.failures.pop();
                self.within = false;
            }
            _ => self.tell(&plain),
        }
        let mut words = plain.split_whitespace();
        let (Some("ℹ" | "#"), Some(what), Some(Ok(number)), None) = (
            words.next(),
            words.next(),
            words.next().map(str::parse::<u64>),
            words.next(),
        ) else {
            return;
        };
        match what {
            "pass" => self.passed += number,
            "fail" | "cancelled" => self.failed += number,
            "skipped" | "todo" => self.ignored += number,
            _ => {}
        }
    }

    /// The names of the tests whose failures [`count_cargo`](Self::count_cargo) read, as `--exact` wants them.
    pub(crate) fn failed_in_cargo(&self) -> Vec<String> {
        let first_lines = self.failures.iter().filter_map(|failure| failure.lines().next());
        first_lines
            .filter_map(|line| line.strip_prefix("---- ")?.strip_suffix(" stdout ----"))
            .map(str::to_owned)
            .collect()
    }

    /// With what `again` found of the tests that failed here: what passes then was unsteady, and stays in sight as that.
    pub(crate) fn after(self, again: Self) -> Self {
        let steady = again.failed > 0;
        let mut unsteady = self.unsteady;
        if !steady {
            unsteady.extend(self.failures);
        }
        Self {
            passed: self.passed + self.failed - again.failed.min(self.failed),
            failed: again.failed,
            ignored: self.ignored,
            failures: again.failures,
            unsteady,
            within: false,
        }
    }

    /// A line that may be of the last failure.
    fn tell(&mut self, line: &str) {
        if let (true, Some(failure)) = (self.within, self.failures.last_mut())
            && failure.lines().count() < FAILURE_LINES
            && !line.trim().is_empty()
        {
            failure.push('\n');
            failure.push_str(line);
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.failures.extend(other.failures);
        self.unsteady.extend(other.unsteady);
    }
}

/// The line without `ESC [ … m`.
fn without_colours(line: &str) -> String {
    let mut pieces = line.split("\x1b[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain.push_str(piece.split_once('m').map_or(piece, |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(count: fn(&mut Tally, &str), lines: &[&str]) -> (u64, u64, u64) {
        let mut tally = Tally::default();
        for line in lines {
            count(&mut tally, line);
        }
        (tally.passed, tally.failed, tally.ignored)
    }

    #[test]
    fn cargos_result_lines_add_up() {
        let lines = [
            "running 7 tests",
            "test stamp::tests::a ... ok",
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.05s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s",
        ];
        assert_eq!(tally(Tally::count_cargo, &lines), (6, 2, 1));
    }

    #[test]
    fn nodes_summary_counts_in_both_its_forms() {
        let spec = [
            "\u{1b}[34mℹ tests 5\u{1b}[39m",
            "\u{1b}[34mℹ pass 3\u{1b}[39m",
            "ℹ fail 1",
            "ℹ cancelled 1",
            "ℹ duration_ms 40.1",
        ];
        assert_eq!(tally(Tally::count_node, &spec), (3, 2, 0));
        let tap = [
            "# tests 4",
            "# pass 2",
            "# fail 0",
            "# skipped 1",
            "# todo 1",
            "# pass the salt 3",
        ];
        assert_eq!(tally(Tally::count_node, &tap), (2, 0, 2));
    }

    fn failures(count: fn(&mut Tally, &str), text: &str) -> Vec<String> {
        let mut tally = Tally::default();
        text.lines().for_each(|line| count(&mut tally, line));
        tally.failures
    }

    #[test]
    fn cargos_failures_are_kept_with_what_they_wrote() {
        let text = "\
test a ... FAILED

failures:

---- a stdout ----

thread 'a' panicked at src/a.rs:1:1:
assertion failed

failures:
    a

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s";
        assert_eq!(
            failures(Tally::count_cargo, text),
            ["---- a stdout ----\nthread 'a' panicked at src/a.rs:1:1:\nassertion failed"]
        );
    }

    #[test]
    fn nodes_failures_are_kept_but_not_those_of_the_suites_around_them() {
        let text = "\
# Subtest: suite
    # Subtest: fine
    ok 1 - fine
      ---
      duration_ms: 1
      ...
    # Subtest: wrong
    not ok 2 - wrong
      ---
      failureType: 'testCodeFailure'
      error: '1 is not 2'
      ...
not ok 1 - suite
  ---
  failureType: 'subtestsFailed'
  error: '1 subtest failed'
  ...";
        assert_eq!(
            failures(Tally::count_node, text),
            ["not ok 2 - wrong\n      ---\n      failureType: 'testCodeFailure'\n      error: '1 is not 2'"]
        );
    }

    #[test]
    fn what_passes_when_it_runs_again_is_told_apart() {
        let first = || Tally {
            passed: 7,
            failed: 2,
            failures: vec!["a".to_owned(), "b".to_owned()],
            ..Tally::default()
        };
        let fine = first().after(Tally {
            passed: 2,
            ..Tally::default()
        });
        assert_eq!((fine.passed, fine.failed, fine.unsteady), (9, 0, first().failures));
        let again = Tally {
            passed: 1,
            failed: 1,
            failures: vec!["b".to_owned()],
            ..Tally::default()
        };
        let failed = first().after(again.clone());
        assert_eq!((failed.passed, failed.failed), (8, 1));
        assert_eq!((failed.failures, failed.unsteady), (again.failures, Vec::new()));
    }

    #[test]
    fn failed_tests_have_the_names_that_cargo_test_is_asked_for() {
        let mut tally = Tally::default();
        let text = "\
---- a::b stdout ----
thread 'a::b' panicked

---- src/c.rs - d (line 3) stdout ----
Test executable failed

failures:
    a::b";
        for line in text.lines() {
            tally.count_cargo(line);
        }
        assert_eq!(tally.failed_in_cargo(), ["a::b", "src/c.rs - d (line 3)"]);
    }

    #[test]
    fn of_a_failure_the_first_lines_are_kept() {
        let long = format!("---- a stdout ----\n{}", "line\n".repeat(100));
        assert_eq!(failures(Tally::count_cargo, &long)[0].lines().count(), FAILURE_LINES);
    }
}
