//! What a person sees: calm, aligned lines. Progress and notes go to stderr, results to stdout,
//! so that `cargo xtask size --json` can be piped.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Width of the left column, which names the part that speaks.
const LABEL: usize = 14;

/// How text stands out where colours are shown; elsewhere it is plain.
#[derive(Clone, Copy)]
pub(crate) enum Tone {
    Strong,
    Good,
    Bad,
    Faint,
}

/// One line about what is going on: `label  text`.
pub(crate) fn note(label: &str, text: &str) {
    let label = paint(&format!("{label:>LABEL$}"), Tone::Strong, io::stderr().is_terminal());
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(io::stderr(), "{label}  {text}");
}

/// A result line, on stdout.
pub(crate) fn result(text: &str) {
    let mut out = io::stdout().lock();
    // A closed pipe (`| head`) is the reader's choice, not an error.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

/// `text` in a tone, if stdout shows colours.
pub(crate) fn toned(text: &str, tone: Tone) -> String {
    paint(text, tone, io::stdout().is_terminal())
}

fn paint(text: &str, tone: Tone, terminal: bool) -> String {
    if !terminal || !colours_wanted() {
        return text.to_owned();
    }
    let code = match tone {
        Tone::Strong => "1",
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Faint => "2",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

fn colours_wanted() -> bool {
    static WANTED: OnceLock<bool> = OnceLock::new();
    *WANTED.get_or_init(|| std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
}

/// `1.4 s`, `3 min 05 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// `566.1 MB`.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// How far a download or an installation is: a bar on a terminal, a line at each quarter elsewhere.
pub(crate) struct Progress {
    label: &'static str,
    what: String,
    total: u64,
    unit: Unit,
    quarter: u64,
    bar: Option<ProgressBar>,
}

/// What progress is counted in.
#[derive(Clone, Copy)]
enum Unit {
    Bytes,
    Percent,
}

impl Unit {
    /// In indicatif's words.
    const fn template(self) -> &'static str {
        match self {
            Self::Bytes => "{bytes} of {total_bytes}, {eta} left",
            Self::Percent => "{percent} %",
        }
    }

    fn shown(self, done: u64, total: u64) -> String {
        match self {
            Self::Bytes => format!("{} of {}", megabytes(done), megabytes(total)),
            Self::Percent => format!("{done} %"),
        }
    }
}

impl Progress {
    /// `total` in bytes; what comes over it is shown as complete.
    pub(crate) fn bytes(label: &'static str, what: &str, total: u64) -> Self {
        Self::new(label, what, total, Unit::Bytes)
    }

    /// Of what says itself how far it is.
    pub(crate) fn percent(label: &'static str, what: &str) -> Self {
        Self::new(label, what, 100, Unit::Percent)
    }

    fn new(label: &'static str, what: &str, total: u64, unit: Unit) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let template = format!("{{prefix:>{LABEL}}}  {{msg}} [{{bar:30}}] {}", unit.template());
            if let Ok(style) = ProgressStyle::with_template(&template) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_prefix(label);
            bar.set_message(what.to_owned());
            bar
        });
        Self {
            label,
            what: what.to_owned(),
            total: total.max(1),
            unit,
            quarter: 0,
            bar,
        }
    }

    /// What is done so far.
    pub(crate) fn set(&mut self, done: u64) {
        let done = done.min(self.total);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            return;
        }
        let quarter = done * 4 / self.total;
        if quarter > self.quarter {
            self.quarter = quarter;
            let done = self.unit.shown(done, self.total);
            note(self.label, &format!("{}: {done}", self.what));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_sentences() {
        for (seconds, shown) in [
            (0.04, "0.0 s"),
            (1.44, "1.4 s"),
            (59.9, "59.9 s"),
            (185.0, "3 min 05 s"),
        ] {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), shown);
        }
    }
}
