//! Debian's packages: the way to tools that have no registry, where apt is there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

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

/// Installs a package for the whole machine.
pub(super) fn install(package: &str) -> Result<()> {
    let install = || -> Result<()> {
        let arguments = ["apt-get", "install", "-y", "--no-install-recommends", package];
        process::watched(as_root(&arguments)?.env("DEBIAN_FRONTEND", "noninteractive"), || {})
    };
    if install().is_ok() {
        return Ok(());
    }
    update()?;
    install()
}

fn as_root(arguments: &[&str]) -> Result<Command> {
    let is_root = rustix::process::geteuid().is_root();
    let may_sudo = || process::output(Command::new("sudo").args(["-n", "true"])).is_ok();
    let Some((program, rest)) = arguments.split_first() else {
        bail!("nothing to run")
    };
    let mut command = if is_root {
        Command::new(program)
    } else if may_sudo() {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", program]);
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
