//! A file system of 512 KiB in memory, which nobody sees but who is started for it: it is mounted in namespaces of its own, so that
//! nobody has to be root and nothing has to be unmounted.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The least that a segment and a half need.
const SIZE: &str = "size=512k";
const PAGE: usize = 4_096;

/// A mount alone is for root who may; whoever may make a user namespace is root in it.
const NAMESPACES: [&[&str]; 2] = [&["--mount", "--user"], &["--mount"]];

/// What to do where none of them can be had.
const CURE: &str = "this drill needs a small file system of its own. Allow user namespaces (sysctl \
    kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, and on Ubuntu \
    kernel.apparmor_restrict_unprivileged_userns=0), or run it as root with CAP_SYS_ADMIN. In a container: \
    --cap-add SYS_ADMIN, or --security-opt seccomp=unconfined";

pub(crate) struct SmallDisk {
    /// Lives in the namespaces, and so they live.
    holder: Child,
    namespaces: &'static [&'static str],
    folder: PathBuf,
}

impl SmallDisk {
    /// In the place of `folder`, for those who are started with [`Self::enter`].
    pub(crate) async fn mount(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mut refusals = Vec::new();
        for namespaces in NAMESPACES {
            let mut unshare = Command::new("unshare");
            if namespaces.contains(&"--user") {
                unshare.arg("--map-root-user");
            }
            let script = format!("mount -t tmpfs -o {SIZE} rum-drill \"$0\" && echo mounted && exec cat");
            let mut holder = unshare
                .args(namespaces)
                .args(["sh", "-c", &script])
                .arg(folder)
                // It ends when this is closed.
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .context("unshare cannot be run: it is in util-linux")?;
            let mut said = String::new();
            let out = holder.stdout.as_mut().context("no standard output")?;
            BufReader::new(out).read_line(&mut said).await?;
            if said == "mounted\n" {
                return Ok(Self {
                    holder,
                    namespaces,
                    folder: folder.to_owned(),
                });
            }
            let refused = holder.wait_with_output().await?;
            refusals.push(String::from_utf8_lossy(&refused.stderr).trim().to_owned());
        }
        bail!("{CURE}.\nThe system says: {refusals:?}")
    }

    /// What stands in front of a program that is to see it, and to be in the folder `from`.
    pub(crate) fn enter(&self, from: &Path) -> Result<Vec<OsString>> {
        let target = self.pid()?.to_string();
        let mut words: Vec<OsString> = ["nsenter", "--target", &target].map(OsString::from).into();
        words.extend(self.namespaces.iter().map(OsString::from));
        if self.namespaces.contains(&"--user") {
            words.push("--preserve-credentials".into());
        }
        // Who enters is in the root folder.
        words.extend(["--", "sh", "-c", "cd \"$0\" && exec \"$@\""].map(OsString::from));
        words.push(from.into());
        Ok(words)
    }

    /// Its folder, as this process gets at it.
    pub(crate) fn seen(&self) -> Result<PathBuf> {
        let root = PathBuf::from(format!("/proc/{}/root", self.pid()?));
        Ok(root.join(self.folder.strip_prefix("/")?))
    }

    fn pid(&self) -> Result<u32> {
        self.holder.id().context("who holds the small disk has ended")
    }

    fn ballast(&self) -> Result<PathBuf> {
        Ok(self.seen()?.join("of-somebody-else"))
    }

    /// Leaves at most `left` pages of room.
    pub(crate) fn fill(&self, left: usize) -> Result<()> {
        let mut file = File::create(self.ballast()?)?;
        while file.write_all(&[1; PAGE]).is_ok() {}
        let length = file.metadata()?.len();
        file.set_len(length.saturating_sub((left * PAGE) as u64))?;
        Ok(())
    }

    pub(crate) fn free(&self) -> Result<()> {
        Ok(fs::remove_file(self.ballast()?)?)
    }
}
