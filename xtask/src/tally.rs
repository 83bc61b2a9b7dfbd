//! How many tests passed, read from what the test runners print.

use std::ops::AddAssign;

/// Results of one stage, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Tally {
    pub(crate) const PASSED: Self = Self {
        passed: 1,
        failed: 0,
        ignored: 0,
    };
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
        ignored: 0,
    };

    /// Counts a line of `cargo test`: `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
    pub(crate) fn count_cargo(&mut self, line: &str) {
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

    /// Counts a line of `node --test`: `ℹ pass 12` on a terminal, `# pass 12` elsewhere.
    pub(crate) fn count_node(&mut self, line: &str) {
        let plain = without_colours(line);
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
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
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
}
