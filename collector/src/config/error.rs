//! What can be wrong with a configuration: always a place, what is wrong there, and how to mend it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("{}: cannot be read: {source}. Give the right path with --config, or leave it out for the defaults", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not TOML, or has a key that does not exist or a value of the wrong type.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, key and reason.
        message: String,
    },
    /// A variable of the environment names no key, or has a value of the wrong type.
    #[error("environment variable {name}: {message}")]
    Environment {
        /// The variable.
        name: String,
        /// What is wrong, and how to mend it.
        message: String,
    },
    /// Values that cannot be in force.
    #[error("{}", list(.file.as_ref(), .problems))]
    Invalid {
        /// The file, if there was one.
        file: Option<PathBuf>,
        /// All that is wrong, at least one.
        problems: Vec<Problem>,
    },
}

/// One value that cannot be in force.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, such as `apps[0].key`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub mend: String,
    /// The line of the file where that is, or would be, if it is known.
    pub line: Option<usize>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.what)?;
        if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        write!(f, "; {}", self.mend)
    }
}

fn list(file: Option<&PathBuf>, problems: &[Problem]) -> String {
    let place = file.map_or_else(String::new, |file| format!("{}: ", file.display()));
    let lines: Vec<_> = problems.iter().map(|problem| format!("{place}{problem}")).collect();
    lines.join("\n")
}
