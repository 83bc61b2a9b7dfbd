//! The demo's places: addresses, folders, and the collector's configuration file, written at each start.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::terminal;
use crate::tools::free_bytes;
use crate::workspace::Workspace;

/// The app's public key, as the script tag carries it.
pub(super) const APP_KEY: &str = "demo";

/// Less free disk than this, and ClickHouse would stop in the middle of a demo. In bytes.
const LEAST_DISK: u64 = 1_000_000_000;

/// Where the demo's parts are.
pub(super) struct Site {
    pub(super) collector: SocketAddr,
    pub(super) shop: SocketAddr,
    /// Data, logs and configuration.
    pub(super) folder: PathBuf,
    /// The collector's configuration file.
    pub(super) config: PathBuf,
}

impl Site {
    pub(super) fn new(folder: PathBuf, port: u16, shop_port: u16) -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            collector: loopback(port),
            shop: loopback(shop_port),
            config: folder.join("collector.toml"),
            folder,
        }
    }

    /// One sentence if a port is taken or the disk is full.
    pub(super) fn check(&self) -> Result<()> {
        for (address, whose, flag) in [
            (self.collector, "the collector", "--port"),
            (self.shop, "the shop", "--shop-port"),
        ] {
            let Err(error) = TcpListener::bind(address) else {
                continue;
            };
            let why = match error.kind() {
                ErrorKind::AddrInUse => "is taken".to_owned(),
                _ => format!("cannot be used ({error})"),
            };
            let port = address.port();
            let other = port ^ 0x2000;
            bail!("port {port}, for {whose}, {why}: choose another with `{flag} {other}`");
        }
        fs::create_dir_all(&self.folder).with_context(|| format!("{} cannot be made", self.folder.display()))?;
        let free = free_bytes(&self.folder)?;
        if free < LEAST_DISK {
            bail!(
                "the disk of {} has {} free, and the demo wants {}: make room, or set CARGO_TARGET_DIR to a folder on another disk",
                self.folder.display(),
                terminal::megabytes(free),
                terminal::megabytes(LEAST_DISK)
            );
        }
        Ok(())
    }

    /// One sentence if another demo, on other ports, uses the folder. The claim is held until it is dropped.
    pub(super) fn claim(&self) -> Result<File> {
        // Beside the folder, which may be removed.
        let path = self.folder.with_extension("lock");
        let lock = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => bail!("another demo uses {}: end it first", self.folder.display()),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }

    /// Forgets what earlier demos have stored.
    pub(super) fn forget(&self) -> Result<()> {
        fs::remove_dir_all(&self.folder).with_context(|| format!("{} cannot be removed", self.folder.display()))?;
        fs::create_dir_all(&self.folder)?;
        Ok(())
    }

    /// Writes the collector's configuration.
    pub(super) fn configure(&self, workspace: &Workspace, webhook: &str) -> Result<()> {
        let text = |value: String| toml::Value::String(value);
        let path = |path: PathBuf| text(path.to_string_lossy().into_owned());
        let list = |value: String| toml::Value::Array(vec![text(value)]);
        let table = |entries: Vec<(&str, toml::Value)>| {
            toml::Value::Table(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
            )
        };
        let config = table(vec![
            ("listen", text(self.collector.to_string())),
            ("data", path(self.folder.join("data"))),
            ("sdk", table(vec![("dist", path(workspace.path("js-wrapper/dist")))])),
            // Any origin: the demo invites to paste its tag into one's own site, and listens on loopback only.
            (
                "apps",
                toml::Value::Array(vec![table(vec![
                    ("name", text("shop".to_owned())),
                    ("key", text(APP_KEY.to_owned())),
                    ("origins", list("*".to_owned())),
                ])]),
            ),
            (
                "alerts",
                table(vec![
                    ("rules", path(workspace.path("demo-site/rules.yaml"))),
                    ("webhooks", list(webhook.to_owned())),
                    ("evaluate_every", text("2s".to_owned())),
                ]),
            ),
        ]);
        let text = format!(
            "# Written by `cargo xtask demo` at each start.\n{}",
            toml::to_string(&config)?
        );
        fs::write(&self.config, text).with_context(|| format!("{} cannot be written", self.config.display()))
    }

    /// The tag that makes a page report to this demo.
    pub(super) fn script_tag(&self) -> String {
        format!(
            r#"<script async src="http://{}/rum.js" data-app="{APP_KEY}"></script>"#,
            self.collector
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_its_flag() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        for (port, shop_port, flag) in [(taken, 0, "`--port "), (0, taken, "`--shop-port ")] {
            let site = Site::new(folder.path().join("demo"), port, shop_port);
            let error = site.check().unwrap_err().to_string();
            assert!(error.contains(&taken.to_string()) && error.contains(flag), "{error}");
        }
    }

    #[test]
    fn a_folder_has_one_demo_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new(folder.path().join("demo"), 0, 0);
        let claim = site.claim().unwrap();
        let error = site.claim().unwrap_err().to_string();
        assert!(error.contains("another demo"), "{error}");
        drop(claim);
        site.claim().unwrap();
    }
}
