//! Programs that belong to the system rather than to the cache: looked for first, then installed with apt.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::apt;
use crate::{process, terminal};

/// A program, and where it may be.
pub(crate) struct Program {
    /// As a sentence calls it.
    pub(crate) name: &'static str,
    /// The environment variable that names another one, for us and for the tests.
    pub(crate) variable: &'static str,
    /// Its names on PATH.
    pub(crate) commands: &'static [&'static str],
    /// Where it is when it is not on PATH.
    pub(crate) places: &'static [&'static str],
    /// The Debian package that brings it.
    pub(crate) package: &'static str,
}

impl Program {
    /// Finds the program, or installs it.
    pub(crate) fn ready(&self) -> Result<PathBuf> {
        let found = ready(&[self])?.pop();
        found.map(|(_, path)| path).with_context(|| self.cure())
    }

    /// Finds the program, if it is there.
    pub(super) fn find(&self) -> Result<Option<PathBuf>> {
        if let Some(path) = std::env::var_os(self.variable).filter(|path| !path.is_empty()) {
            return self.named(&path).map(Some);
        }
        let on_path = self.commands.iter().find_map(|command| process::on_path(command));
        let place = || self.places.iter().map(PathBuf::from).find(|path| path.is_file());
        Ok(on_path.or_else(place))
    }

    /// The one that a person has named: it, or none.
    fn named(&self, path: &OsStr) -> Result<PathBuf> {
        let path = Path::new(path);
        if !path.is_file() {
            bail!("{} says {}, and there is no such file", self.variable, path.display());
        }
        Ok(path.to_owned())
    }

    /// What a person can do when it is not.
    pub(super) fn cure(&self) -> String {
        format!("install {}, or set {} to the path of one", self.name, self.variable)
    }
}

/// Finds the programs, or installs what is missing of them, together; gives each one's variable and path.
pub(crate) fn ready(programs: &[&Program]) -> Result<Vec<(&'static str, PathBuf)>> {
    let mut missing = Vec::new();
    for program in programs {
        if program.find()?.is_none() {
            missing.push(*program);
        }
    }
    if !missing.is_empty() {
        install(&missing)?;
    }
    let path = |program: &&Program| program.find()?.with_context(|| program.cure());
    programs
        .iter()
        .map(|program| Ok((program.variable, path(program)?)))
        .collect()
}

fn install(missing: &[&Program]) -> Result<()> {
    let all = |word: &dyn Fn(&Program) -> String| missing.iter().map(|program| word(program)).collect::<Vec<_>>();
    let names = all(&|program| program.name.to_owned()).join(", ");
    let cures = all(&Program::cure).join("; ");
    if !apt::is_here() {
        bail!("{names} cannot be found: {cures}");
    }
    terminal::note("install", &format!("{names}, from Debian, which the tests drive"));
    let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    apt::install(&packages).context(cures)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Program = Program {
        name: "a shell",
        variable: "RUM_NO_SUCH_VARIABLE",
        commands: &["no-such-command", "sh"],
        places: &[],
        package: "no-such-package",
    };

    #[test]
    fn path_comes_before_the_usual_places() {
        let found = SHELL.ready().unwrap();
        assert!(found.ends_with("sh") && found.is_absolute(), "{}", found.display());
        let elsewhere = Program {
            commands: &["no-such-command"],
            places: &["/no/such/place", "/bin/sh"],
            ..SHELL
        };
        assert_eq!(elsewhere.ready().unwrap(), Path::new("/bin/sh"));
    }

    #[test]
    fn what_a_person_names_is_taken_or_refused() {
        assert_eq!(SHELL.named("/bin/sh".as_ref()).unwrap(), Path::new("/bin/sh"));
        let error = SHELL.named("/no/such".as_ref()).unwrap_err().to_string();
        assert_eq!(error, "RUM_NO_SUCH_VARIABLE says /no/such, and there is no such file");
    }
}
