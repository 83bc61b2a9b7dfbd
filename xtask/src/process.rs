//! Running other programs, with errors that a person can act on.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// Lines of a quiet command's output that its error shows.
const SHOWN_LINES: usize = 15;

/// Runs to the end with the output shown, all of it on stderr: stdout is for results. A failing status is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .stdout(io::stderr())
        .status()
        .with_context(|| cannot_start(command))?;
    succeeded(command, status)
}

/// Runs to the end; gives what it wrote to stdout, without the end's white space. Its last lines are in the error when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| cannot_start(command))?;
    let stdout = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!(
            "`{}` failed ({}):\n{}",
            shown(command),
            output.status,
            tail(&format!("{stdout}\n{stderr}"))
        );
    }
    Ok(stdout)
}

/// Runs to the end, calling `line` with each line of its stdout; stderr is shown as it comes.
pub(crate) fn lines(command: &mut Command, line: impl FnMut(&str)) -> Result<ExitStatus> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let stdout = child.stdout.take().context("the child has no stdout pipe")?;
    each_line(stdout, line)?;
    child
        .wait()
        .with_context(|| format!("`{}` cannot be waited for", shown(command)))
}

/// Runs quietly to the end, calling `tick` every half second; shows its last lines when it fails.
pub(crate) fn watched(command: &mut Command, mut tick: impl FnMut()) -> Result<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().with_context(|| cannot_start(command))?;
    let (ended, end) = sync_channel(1);
    // `wait_with_output` drains both pipes, so a talkative child cannot block on them.
    std::thread::spawn(move || {
        let _ = ended.send(Child::wait_with_output(child));
    });
    loop {
        match end.recv_timeout(Duration::from_millis(500)) {
            Err(RecvTimeoutError::Timeout) => tick(),
            Err(RecvTimeoutError::Disconnected) => bail!("`{}` was lost", shown(command)),
            Ok(output) => {
                let output = output?;
                if output.status.success() {
                    return Ok(());
                }
                let stderr = String::from_utf8_lossy(&output.stderr);
                bail!("`{}` failed ({}):\n{}", shown(command), output.status, tail(&stderr));
            }
        }
    }
}

/// Runs quietly to the end, calling `line` with each line of its stdout; shows the last lines of its stderr when it fails.
pub(crate) fn followed(command: &mut Command, line: impl FnMut(&str)) -> Result<()> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let stdout = child.stdout.take().context("the child has no stdout pipe")?;
    let stderr = child.stderr.take().context("the child has no stderr pipe")?;
    let mut errors = VecDeque::new();
    std::thread::scope(|scope| {
        // Beside, for a child that fills this pipe stops until somebody reads it.
        scope.spawn(|| {
            each_line(stderr, |line| {
                errors.truncate(SHOWN_LINES - 1);
                errors.push_front(line.to_owned());
            })
        });
        each_line(stdout, line)
    })?;
    let status = child.wait()?;
    if !status.success() {
        let errors: Vec<String> = errors.into_iter().rev().collect();
        bail!("`{}` failed ({status}):\n{}", shown(command), errors.join("\n"));
    }
    Ok(())
}

fn each_line(pipe: impl Read, mut line: impl FnMut(&str)) -> io::Result<()> {
    for text in BufReader::new(pipe).split(b'\n') {
        line(&String::from_utf8_lossy(&text?));
    }
    Ok(())
}

/// A failing status as an error that names the command.
pub(crate) fn succeeded(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where the program is on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| is_executable(file))
}

/// This process's PATH with `first` before everything else.
pub(crate) fn path_with(first: &[&Path]) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = first
        .iter()
        .map(|folder| folder.to_path_buf())
        .chain(std::env::split_paths(&path));
    std::env::join_paths(folders).context("a tool's folder has a character that PATH cannot hold")
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn cannot_start(command: &Command) -> String {
    format!(
        "`{}` cannot be started; is {} installed and on PATH?",
        shown(command),
        command.get_program().display()
    )
}

/// The last lines of a text.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failing_command_shows_its_last_words() {
        let error = output(&mut shell("echo first; echo the reason >&2; exit 3"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("exit status: 3") && error.contains("the reason"),
            "{error}"
        );
        let error = watched(&mut shell("echo the reason >&2; exit 3"), || {})
            .unwrap_err()
            .to_string();
        assert!(error.contains("the reason"), "{error}");
    }

    #[test]
    fn a_followed_command_tells_its_lines_and_keeps_its_errors_for_the_end() {
        let mut seen = Vec::new();
        // More on stderr than a pipe holds, before the first line.
        let script = "head -c 200000 /dev/zero >&2; echo one; echo two; echo the reason >&2; exit 3";
        let error = followed(&mut shell(script), |line| seen.push(line.to_owned()))
            .unwrap_err()
            .to_string();
        assert_eq!(seen, ["one", "two"]);
        assert!(
            error.contains("exit status: 3") && error.ends_with("the reason"),
            "{error}"
        );
        followed(&mut shell("echo noise >&2"), |_| {}).unwrap();
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err().to_string();
        assert!(
            error.contains("no-such-program") && error.contains("on PATH"),
            "{error}"
        );
    }

    #[test]
    fn lines_come_one_by_one_even_if_they_are_not_utf8() {
        let mut seen = Vec::new();
        let status = lines(&mut shell(r"printf 'one\n\377\nlast'"), |line| {
            seen.push(line.to_owned());
        })
        .unwrap();
        assert!(status.success());
        assert_eq!(seen, ["one", "\u{fffd}", "last"]);
    }
}
