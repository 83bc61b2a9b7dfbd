//! Where the configuration comes from: it is read at the start, and again when it changes.

use std::path::{Path, PathBuf};

use super::{Config, ConfigError, Reloaded};

/// A file, and the variables that this process was started with.
#[derive(Clone, Debug)]
pub struct Source {
    file: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl Source {
    /// The file, if there is one, and what overrides it.
    pub fn new(file: Option<PathBuf>, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            file,
            environment: environment.into_iter().collect(),
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Reads it.
    ///
    /// # Errors
    /// As [`Config::load`] has them.
    pub fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.file(), self.environment.iter().cloned())
    }

    /// Reads it again, for a collector that runs by `running`.
    ///
    /// # Errors
    /// As [`Config::load`] has them; also if it would be right where it says to listen, and is not safe where this collector does.
    pub fn reload(&self, running: &Config) -> Result<Reloaded, ConfigError> {
        let mut wanted = self.load()?;
        let moved = wanted.listen != running.listen;
        if moved {
            let here = ("RUM_LISTEN".to_owned(), running.listen.to_string());
            wanted = Config::load(self.file(), self.environment.iter().cloned().chain([here]))?;
        }
        let mut reloaded = Reloaded::of(wanted, running);
        if moved {
            reloaded.needs_restart.insert(0, "listen");
        }
        Ok(reloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "[[apps]]\nname = \"shop\"\nkey = \"demo\"\norigins = [\"*\"]\n";

    #[test]
    fn what_is_safe_elsewhere_is_not_taken_where_this_collector_listens() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rum.toml");
        let token = format!(
            "[[tokens]]\nname = \"t\"\nhash = \"sha256:{}\"\nscopes = [\"read\"]\napps = [\"*\"]\n",
            "0".repeat(64)
        );
        let open = format!("listen = \"0.0.0.0:4318\"\n{}{token}", APP.replace("demo", "k"));
        std::fs::write(&file, open).unwrap();
        let source = Source::new(Some(file.clone()), []);
        let running = source.load().unwrap();
        assert_eq!(source.reload(&running).unwrap().needs_restart, [""; 0]);
        std::fs::write(&file, APP).unwrap();
        assert!(source.load().is_ok(), "on loopback it is right");
        let error = source.reload(&running).unwrap_err().to_string();
        assert!(error.contains("demo") && error.contains("tokens"), "{error}");
    }

    #[test]
    fn who_reads_on_a_server_follows_while_it_is_the_same_server() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rum.toml");
        let reader = |user: &str| format!("[[clickhouse.readers]]\napps = [\"shop\"]\nuser = \"{user}\"\n");
        let server = |more: &str| format!("{APP}[clickhouse]\nurl = \"http://db:8123\"\nuser = \"rum\"\n{more}");
        std::fs::write(&file, server(&reader("one"))).unwrap();
        let source = Source::new(Some(file.clone()), []);
        let running = source.load().unwrap();
        let elsewhere = server(&reader("one")).replace("db:8123", "other:8123");
        for (text, needs_restart, follows) in [
            (server(&reader("two")), &[][..], true),
            (server("read_user = \"two\"\n"), &[], true),
            (server(""), &[], true),
            (server(&reader("one")), &[], true),
            (
                server(&reader("two")).replace("\"rum\"", "\"other\""),
                &["clickhouse"],
                false,
            ),
            (elsewhere, &["clickhouse"], false),
            (APP.to_owned(), &["clickhouse"], false),
        ] {
            std::fs::write(&file, &text).unwrap();
            let reloaded = source.reload(&running).unwrap();
            assert_eq!(reloaded.needs_restart, needs_restart, "{text}");
            let expected = if follows {
                source.load().unwrap()
            } else {
                running.clone()
            };
            assert_eq!(reloaded.config.clickhouse, expected.clickhouse, "{text}");
        }
    }

    #[test]
    fn a_key_that_takes_a_restart_keeps_its_value_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rum.toml");
        std::fs::write(&file, APP).unwrap();
        let source = Source::new(Some(file.clone()), []);
        let running = source.load().unwrap();
        let more = "listen = \"127.0.0.1:1\"\n[limits]\nconnections = 3\nbody_bytes = 4096\n[clickhouse]\nurl = \"http://db:8123\"\n";
        std::fs::write(&file, more.to_owned() + APP).unwrap();
        let reloaded = source.reload(&running).unwrap();
        assert_eq!(reloaded.needs_restart, ["listen", "limits.connections", "clickhouse"]);
        assert_eq!(reloaded.config.listen, running.listen);
        assert_eq!(reloaded.config.limits.connections, running.limits.connections);
        assert_eq!(reloaded.config.clickhouse, running.clickhouse);
        assert_eq!(reloaded.config.limits.body_bytes, 4_096);
    }
}
