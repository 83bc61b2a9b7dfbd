//! The folder that installed tools live in. Clones of the project and CI runs share it, so an installation
//! holds a lock, and appears under its name only when it is whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::terminal;

/// `$RUM_TOOLS`, else `$XDG_CACHE_HOME/wasm-rum`, else `$HOME/.cache/wasm-rum`.
pub(crate) struct Cache {
    root: PathBuf,
}

/// A tool in the cache.
pub(crate) struct Installation {
    /// The folder, with the version in its name.
    pub(crate) folder: &'static str,
    /// A file in it that tells a whole installation from an empty folder.
    pub(crate) witness: &'static str,
    /// Bytes of disk that installing takes at its peak.
    pub(crate) disk: u64,
    /// What it is and what for, as the line that announces it says it.
    pub(crate) why: &'static str,
}

impl Cache {
    pub(crate) fn locate() -> Result<Self> {
        let variable = |name: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let root = variable("RUM_TOOLS")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("wasm-rum")))
            .or_else(|| Some(variable("HOME")?.join(".cache/wasm-rum")))
            .context("no place for tools: set RUM_TOOLS to a folder, or HOME")?;
        Ok(Self {
            root: std::path::absolute(root)?,
        })
    }

    /// The installation's folder, if it is there and whole.
    pub(crate) fn find(&self, tool: &Installation) -> Option<PathBuf> {
        let folder = self.root.join(tool.folder);
        folder.join(tool.witness).exists().then_some(folder)
    }

    /// The installation's folder; `build` fills it when it is not there yet. `build` gets the path of a folder
    /// that does not matter if it fails or is killed.
    pub(crate) fn ready(&self, tool: &Installation, build: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        if let Some(found) = self.find(tool) {
            return Ok(found);
        }
        fs::create_dir_all(&self.root).with_context(|| {
            format!(
                "{} cannot be made; set RUM_TOOLS to a folder that can",
                self.root.display()
            )
        })?;
        let _lock = self.lock(tool)?;
        if let Some(found) = self.find(tool) {
            return Ok(found);
        }
        self.check_disk(tool)?;
        terminal::note("install", tool.why);
        let started = std::time::Instant::now();
        let stage = self.root.join(format!(".{}.part", tool.folder));
        if stage.exists() {
            // Ours by the lock: what a killed run has left.
            fs::remove_dir_all(&stage)?;
        }
        fs::create_dir(&stage)?;
        build(&stage)?;
        if !stage.join(tool.witness).exists() {
            bail!("installing {} gave no {}", tool.folder, tool.witness);
        }
        let folder = self.root.join(tool.folder);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::rename(&stage, &folder)?;
        terminal::note(
            "",
            &format!(
                "{} is in {} ({})",
                tool.folder,
                self.root.display(),
                terminal::duration(started.elapsed())
            ),
        );
        Ok(folder)
    }

    /// Held until it is dropped; the system frees it when the process dies.
    fn lock(&self, tool: &Installation) -> Result<File> {
        let path = self.root.join(format!(".{}.lock", tool.folder));
        let file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        if file.try_lock().is_err() {
            terminal::note(
                "install",
                &format!("waiting for another run that installs {}", tool.folder),
            );
            file.lock()?;
        }
        Ok(file)
    }

    fn check_disk(&self, tool: &Installation) -> Result<()> {
        let free = free_bytes(&self.root)?;
        if free < tool.disk {
            bail!(
                "{} needs {} of disk while it is installed, and {} has {} free: make room, or set RUM_TOOLS to a folder on another disk",
                tool.folder,
                terminal::megabytes(tool.disk),
                self.root.display(),
                terminal::megabytes(free),
            );
        }
        Ok(())
    }
}

/// Bytes that this user may still write on the disk of `folder`.
pub(crate) fn free_bytes(folder: &Path) -> Result<u64> {
    let disk =
        rustix::fs::statvfs(folder).with_context(|| format!("the disk of {} cannot be asked", folder.display()))?;
    Ok(disk.f_bavail * disk.f_frsize)
}

/// Bytes of all files at or below `path`, as far as they can be seen while someone writes them.
pub(crate) fn size_on_disk(path: &Path) -> u64 {
    let Ok(meta) = path.symlink_metadata() else {
        return 0;
    };
    if !meta.is_dir() {
        return meta.len();
    }
    let Ok(entries) = fs::read_dir(path) else {
        return 0;
    };
    entries.flatten().map(|entry| size_on_disk(&entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: Installation = Installation {
        folder: "tool-1",
        witness: "bin",
        disk: 1,
        why: "tool, for this test",
    };

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("tools");
        (folder, Cache { root })
    }

    #[test]
    fn a_failed_installation_leaves_nothing_under_the_name_and_can_be_repeated() {
        let (_folder, cache) = cache();
        let killed = cache.ready(&TOOL, |stage| {
            fs::write(stage.join("bin"), "half")?;
            bail!("no network")
        });
        assert!(killed.is_err());
        assert!(cache.find(&TOOL).is_none());
        let found = cache.ready(&TOOL, |stage| {
            assert!(!stage.join("bin").exists(), "what the failed run had written is gone");
            Ok(fs::write(stage.join("bin"), "whole")?)
        });
        assert_eq!(fs::read_to_string(found.unwrap().join("bin")).unwrap(), "whole");
    }

    #[test]
    fn what_is_there_is_not_installed_again() {
        let (_folder, cache) = cache();
        cache
            .ready(&TOOL, |stage| Ok(fs::write(stage.join("bin"), "1")?))
            .unwrap();
        let again = cache.ready(&TOOL, |_| bail!("must not run"));
        assert!(again.is_ok());
    }

    #[test]
    fn two_runs_at_once_install_once() {
        let (_folder, cache) = cache();
        let builds = std::sync::atomic::AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    cache
                        .ready(&TOOL, |stage| {
                            builds.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            Ok(fs::write(stage.join("bin"), "1")?)
                        })
                        .unwrap();
                });
            }
        });
        assert_eq!(builds.into_inner(), 1);
    }

    #[test]
    fn too_little_disk_is_one_sentence_with_the_cure() {
        let (_folder, cache) = cache();
        let huge = Installation { disk: u64::MAX, ..TOOL };
        let error = cache.ready(&huge, |_| Ok(())).unwrap_err().to_string();
        assert!(error.contains("tool-1 needs") && error.contains("RUM_TOOLS"), "{error}");
    }
}
