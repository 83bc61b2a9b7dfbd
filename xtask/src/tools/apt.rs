//! Debian's packages: the way to tools that have no registry, where apt is there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, terminal};

/// Is this a machine with apt?
pub(super) fn is_here() -> bool {
    process::on_path("apt-get").is_some() && process::on_path("dpkg").is_some()
}

/// Does apt know a version of the package that begins with `version`?
pub(super) fn has(package: &str, version: &str) -> bool {
    let mut apt = Command::new("apt-cache");
    let known = |text: String| {
        text.lines().any(|line| {
            line.split('|')
                .nth(1)
                .is_some_and(|field| field.trim().starts_with(version))
        })
    };
    process::output(apt.args(["madison", package])).is_ok_and(known)
}

/// Fetches the package lists again, as root.
pub(super) fn update() -> Result<()> {
    process::watched(&mut as_root(&["apt-get", "update"])?, || {}).context("apt-get update failed: is there a network?")
}

/// Downloads packages into `folder` without installing them, calling `tick` on the way. Needs no root.
pub(super) fn download(packages: &[&str], folder: &Path, tick: impl FnMut()) -> Result<()> {
    let mut apt = Command::new("apt-get");
    // apt drops to a user of its own for downloads, which cannot write here; it says so and goes on.
    process::watched(apt.arg("download").args(packages).current_dir(folder), tick)
}

/// Unpacks a package file into `folder`, without installing it.
pub(super) fn unpack(file: &Path, folder: &Path) -> Result<()> {
    process::watched(Command::new("dpkg").arg("-x").arg(file).arg(folder), || {})
}

/// Installs packages for the whole machine, with progress to be seen.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    let words = ["apt-get", "install", "-y", "--no-install-recommends"];
    let words = [&words, packages].concat();
    // Where nobody may install, there is no use in fetching lists either.
    as_root(&words)?;
    let install = || -> Result<()> {
        let mut apt = as_root(&words)?;
        // Another apt-get may be at work.
        apt.args(["-qq", "-o", "APT::Status-Fd=1", "-o", "DPkg::Lock::Timeout=600"]);
        let mut progress = terminal::Progress::percent("install", &packages.join(", "));
        process::followed(&mut apt, |line| {
            if let Some(percent) = percent(line) {
                progress.set(percent);
            }
        })
    };
    // A fresh container has no package lists, and an old one may have some by which a browser of half a year ago is installed.
    // Where they cannot be fetched the package may be known all the same.
    let updated = update();
    install().or_else(|error| updated.and(Err(error)))
}

/// How far an installation is, by a line that apt writes for programs: `dlstatus:2:41.5:…` while it downloads, which is
/// counted as the first half, `pmstatus:xvfb:20.0:…` while it unpacks and configures.
fn percent(line: &str) -> Option<u64> {
    let mut fields = line.split(':');
    let step = fields.next()?;
    let done: f64 = fields.nth(1)?.parse().ok()?;
    match step {
        "dlstatus" => Some((done / 2.0) as u64),
        "pmstatus" => Some((50.0 + done / 2.0) as u64),
        _ => None,
    }
}

fn as_root(arguments: &[&str]) -> Result<Command> {
    const ASK_NOTHING: (&str, &str) = ("DEBIAN_FRONTEND", "noninteractive");
    let is_root = rustix::process::geteuid().is_root();
    let may_sudo = || process::output(Command::new("sudo").args(["-n", "true"])).is_ok();
    let Some((program, rest)) = arguments.split_first() else {
        bail!("nothing to run")
    };
    let mut command = if is_root {
        let mut command = Command::new(program);
        command.env(ASK_NOTHING.0, ASK_NOTHING.1);
        command
    } else if may_sudo() {
        let mut sudo = Command::new("sudo");
        // sudo passes no variables on.
        sudo.args(["-n", "env", &format!("{}={}", ASK_NOTHING.0, ASK_NOTHING.1), program]);
        sudo
    } else {
        bail!(
            "only root can do this: run `sudo {}`, then try again",
            arguments.join(" ")
        );
    };
    command.args(rest);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_goes_from_download_to_installation() {
        for (line, expected) in [
            ("dlstatus:1:0.0000:Retrieving file 1 of 9", Some(0)),
            ("dlstatus:9:100.0000:Retrieving file 9 of 9", Some(50)),
            ("pmstatus:dpkg-exec:0.0000:Running dpkg", Some(50)),
            (
                "pmstatus:libwebkit2gtk-4.1-0:71.4286:Unpacking libwebkit2gtk-4.1-0 (amd64)",
                Some(85),
            ),
            ("Preparing to unpack .../xvfb_2%3a21.1.7-3_amd64.deb ...", None),
            ("pmerror:/var/cache/x.deb:80.0:cannot be read", None),
            ("", None),
        ] {
            assert_eq!(percent(line), expected, "{line}");
        }
    }
}
