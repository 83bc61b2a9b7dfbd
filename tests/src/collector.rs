//! The collector as an operator has it: the binary, its folder and its configuration file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::database::{Database, rows};
use crate::processes::{binary, children, terminate};
use crate::traffic::now_ms;
use crate::waiting::{LIMIT, until};

/// The app's key.
pub const KEY: &str = "key";
const DAY_MS: i64 = 86_400_000;
/// Lines of the log that are shown when something goes wrong.
const LOG_LINES: usize = 30;
const LOG: &str = "collector.log";

/// Where the collector keeps its rows.
#[derive(Clone, Debug)]
pub enum Store {
    /// In the ClickHouse that it starts itself.
    Embedded,
    /// In a server.
    Server {
        /// Its address.
        url: String,
        /// Its user.
        user: String,
        /// The user's password.
        password: String,
    },
}

impl Store {
    /// A server that nobody can reach: everything stays in the spool.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::Server {
            url: "http://127.0.0.1:9".to_owned(),
            user: "default".to_owned(),
            password: String::new(),
        }
    }

    /// The server `database`, asked at `url`: its own address, or that of something between.
    ///
    /// # Errors
    /// When the database was shut down.
    pub async fn server(database: &Database, url: &str) -> Result<Self> {
        let endpoint = database.endpoint().await?;
        let password = endpoint.secret.expose().to_owned();
        Ok(Self::Server {
            url: url.to_owned(),
            user: endpoint.user,
            password,
        })
    }
}

/// A folder in which collectors run one after the other.
pub struct Place {
    folder: TempDir,
    /// What follows the app's own lines in the configuration.
    more: String,
    /// Variables of the environment, on top of the configuration file.
    settings: Vec<(String, String)>,
    /// Words that stand in front of the program.
    starter: Vec<OsString>,
}

impl Place {
    /// A new one, which goes with this value.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn new() -> Result<Self> {
        Self::with("")
    }

    /// One whose collectors are configured further: `more` begins with keys of the app, and may go on with other sections.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn with(more: &str) -> Result<Self> {
        Ok(Self {
            folder: TempDir::with_prefix("rum-faults-")?,
            more: more.to_owned(),
            settings: Vec::new(),
            starter: Vec::new(),
        })
    }

    /// The same, for collectors with these variables (`RUM_…`) in their environment.
    #[must_use]
    pub fn and(mut self, settings: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.settings.extend(settings.iter().map(owned));
        self
    }

    /// The same, for collectors whose clock says that it is noon: of what they do in a day, no midnight comes between. It is
    /// ahead of the system's, so what pages send now is of the past.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn at_noon(self) -> Result<Self> {
        let ahead_ms = (DAY_MS + DAY_MS / 2 - now_ms() % DAY_MS) % DAY_MS;
        let file = self.clock();
        fs::write(&file, ahead_ms.to_string())?;
        let file = file.to_str().context("a path that is no text")?;
        Ok(self.and(&[("RUM_FAULT_CLOCK", file)]))
    }

    /// Has collectors started by another program, which becomes what stands behind these words.
    pub fn start_by(&mut self, words: Vec<OsString>) {
        self.starter = words;
    }

    /// The log of all collectors that ran here.
    ///
    /// # Errors
    /// When none did.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join(LOG))?)
    }

    /// Starts a collector on what the last one has left.
    ///
    /// # Errors
    /// When it does not start: with its log.
    pub async fn start(&self, store: &Store) -> Result<Collector> {
        self.start_with(store, &[]).await
    }

    /// The same, for one that meets a fault: `append.sync:before=kill#3`, as `collector/src/fault.rs` names boundaries.
    ///
    /// # Errors
    /// When it does not start: with its log.
    pub async fn start_armed(&self, store: &Store, fault: &str) -> Result<Collector> {
        self.start_with(store, &[("RUM_FAULT", fault)]).await
    }

    /// Starts a collector whose start meets a fault; how it ends.
    ///
    /// # Errors
    /// When it does not end: with its log.
    pub async fn start_and_end(&self, store: &Store, fault: &str) -> Result<ExitStatus> {
        self.spawn(store, &[("RUM_FAULT", fault)])?.ended().await
    }

    /// Starts a collector with these variables in its environment, on top of the place's own.
    ///
    /// # Errors
    /// When it does not start: with its log.
    pub async fn start_with(&self, store: &Store, more: &[(&str, &str)]) -> Result<Collector> {
        let mut collector = self.spawn(store, more)?;
        let said = collector.listening().await;
        collector.url = said.with_context(|| collector.last_words())?;
        Ok(collector)
    }

    fn spawn(&self, store: &Store, more: &[(&str, &str)]) -> Result<Collector> {
        let config = self.configure(store)?;
        let log = self.folder.path().join(LOG);
        let program = binary("rum-collector")?.into_os_string();
        let mut words = self.starter.iter().chain([&program]);
        let child = Command::new(words.next().context("no program")?)
            .args(words)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .envs(more.iter().copied())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log)?)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Collector {
            child,
            url: String::new(),
            config,
            log,
            http: reqwest::Client::new(),
        })
    }

    /// The folder in which they run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the collectors' data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file that may say by how much the clocks of collectors are wrong.
    #[must_use]
    pub fn clock(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// A file that may say which boundaries collectors came to, as `collector/src/fault.rs` reads it.
    #[must_use]
    pub fn boundaries(&self) -> PathBuf {
        self.folder.path().join("boundaries")
    }

    /// The folder of the spool.
    #[must_use]
    pub fn spool(&self) -> PathBuf {
        self.folder.path().join("data/spool")
    }

    /// What a command of `rum-collector` prints here, and how it ends; it is killed when nobody waits for it any more. A
    /// collector must have been started before.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn command(&self, arguments: &[&str]) -> Result<Output> {
        self.command_with(arguments, &[]).await
    }

    /// The same, of one that meets a fault.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn command_armed(&self, arguments: &[&str], fault: &str) -> Result<Output> {
        self.command_with(arguments, &[("RUM_FAULT", fault)]).await
    }

    async fn command_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Result<Output> {
        let config = self.folder.path().join("collector.toml");
        let mut command = Command::new(binary("rum-collector")?);
        command
            .args(arguments)
            .arg("--config")
            .arg(config)
            .envs(more.iter().copied())
            .current_dir(self.folder.path())
            .kill_on_drop(true);
        Ok(command.output().await?)
    }

    /// What a list of `rum-collector` says: `spool ls`, say.
    ///
    /// # Errors
    /// What the command says.
    pub async fn list(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.command(&[arguments, &["--format", "json"]].concat()).await?;
        ensure!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Runs a statement in the embedded ClickHouse of the collector that runs here: `rum-collector sql` only reads.
    ///
    /// # Errors
    /// What ClickHouse refuses.
    pub async fn execute(&self, statement: &str) -> Result<()> {
        let endpoint = fs::read(self.folder.path().join("data/clickhouse.endpoint"))?;
        let endpoint: Value = serde_json::from_slice(&endpoint)?;
        let of = |name: &str| endpoint[name].as_str().with_context(|| format!("no {name}"));
        let request = reqwest::Client::new()
            .post(of("url")?)
            .header("X-ClickHouse-User", of("user")?)
            .header("X-ClickHouse-Key", of("password")?);
        let answer = request.body(statement.to_owned()).send().await?;
        let status = answer.status();
        ensure!(status.is_success(), "{statement}: {}", answer.text().await?);
        Ok(())
    }

    fn configure(&self, store: &Store) -> Result<PathBuf> {
        let folder = self.folder.path();
        let mut text = format!(
            // As the default does, it means a folder where the process is.
            "listen = \"127.0.0.1:0\"\ndata = \"./data\"\n[sdk]\ndist = {:?}\n[[apps]]\nname = \"shop\"\nkey = {KEY:?}\norigins = [\"*\"]\n",
            folder.join("no-sdk"),
        );
        text += &self.more;
        if let Store::Server { url, user, password } = store {
            let secret = folder.join("password");
            fs::write(&secret, password)?;
            text += &format!("[clickhouse]\nurl = {url:?}\nuser = {user:?}\npassword_file = {secret:?}\n");
        }
        let config = folder.join("collector.toml");
        fs::write(&config, text)?;
        Ok(config)
    }
}

/// A running collector. Dropped, it is killed.
pub struct Collector {
    child: Child,
    url: String,
    config: PathBuf,
    log: PathBuf,
    http: reqwest::Client,
}

impl Collector {
    /// Its address, once it says so.
    async fn listening(&mut self) -> Result<String> {
        let out = self.child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        timeout(LIMIT, BufReader::new(out).read_line(&mut line))
            .await
            .context("it does not say where it listens")??;
        let url = line.trim_end().strip_prefix("rum-collector listening on ");
        Ok(url.with_context(|| format!("it said {line:?}"))?.to_owned())
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        format!(
            "the collector's log ends so:\n{}",
            lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
        )
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process id.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pid(&self) -> Result<u32> {
        self.child.id().context("the collector has ended")
    }

    /// What posts batches to it; it may be used while the collector is killed.
    #[must_use]
    pub fn sender(&self) -> Sender {
        self.sender_of(KEY)
    }

    /// The same, for the app of another key.
    #[must_use]
    pub fn sender_of(&self, key: &str) -> Sender {
        Sender {
            http: self.http.clone(),
            url: format!("{}/v1/batches?k={key}", self.url),
        }
    }

    /// What posts batches as pages do that have not been here before: each on a connection of its own.
    ///
    /// # Errors
    /// When there can be no client.
    pub fn newcomer(&self) -> Result<Sender> {
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build()?;
        Ok(Sender { http, ..self.sender() })
    }

    /// The process id of its embedded ClickHouse, if that runs now.
    ///
    /// # Errors
    /// When the system does not tell.
    pub async fn clickhouse(&self) -> Result<Option<u32>> {
        Ok(children(self.pid()?).await?.first().copied())
    }

    /// Waits until the database is there, and has all that was acknowledged.
    ///
    /// # Errors
    /// When that takes too long: with the log.
    pub async fn settled(&self) -> Result<()> {
        self.ready("clickhouse").await?;
        let drained = until("the spool is drained", async || {
            let part = self.part("spool").await?;
            Ok(part["drained"].as_bool().unwrap_or(false).then_some(()))
        });
        drained.await.with_context(|| self.last_words())
    }

    /// What `/readyz` says of a part.
    ///
    /// # Errors
    /// When the collector does not answer.
    pub async fn part(&self, name: &str) -> Result<Value> {
        let text = self
            .http
            .get(format!("{}/readyz/{name}", self.url))
            .send()
            .await?
            .text()
            .await?;
        Ok(serde_json::from_str(&text)?)
    }

    /// What `/metrics` says.
    ///
    /// # Errors
    /// When the collector does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let answer = self.http.get(format!("{}/metrics", self.url)).send().await?;
        Ok(answer.text().await?)
    }

    /// Waits until a part does its work.
    ///
    /// # Errors
    /// When that takes too long: with the log.
    pub async fn ready(&self, name: &str) -> Result<()> {
        let what = format!("{name} is ready");
        let ready = until(&what, async || {
            Ok(self.part(name).await?["ready"].as_bool().unwrap_or(false).then_some(()))
        });
        ready.await.with_context(|| self.last_words())
    }

    /// The rows of a statement, by the command line.
    ///
    /// # Errors
    /// What the command says.
    pub async fn sql(&self, statement: &str) -> Result<Vec<Value>> {
        let mut command = Command::new(binary("rum-collector")?);
        command
            .args(["sql", statement, "--format", "json", "--config"])
            .arg(&self.config);
        if let Some(folder) = self.config.parent() {
            command.current_dir(folder);
        }
        let output = command.output().await?;
        ensure!(
            output.status.success(),
            "{statement}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        rows(std::str::from_utf8(&output.stdout)?)
    }

    /// kill -9.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn kill(mut self) -> Result<()> {
        self.child.start_kill()?;
        self.child.wait().await?;
        Ok(())
    }

    /// Waits until it ends by itself, or by a fault that it was started with.
    ///
    /// # Errors
    /// When it does not: with its log.
    pub async fn ended(mut self) -> Result<ExitStatus> {
        match timeout(LIMIT, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("it does not end; {}", self.last_words()),
        }
    }

    /// SIGTERM; its exit status.
    ///
    /// # Errors
    /// When it does not end: with its log.
    pub async fn terminate(mut self) -> Result<ExitStatus> {
        terminate(self.pid()?)?;
        match timeout(LIMIT, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("it does not end on SIGTERM; {}", self.last_words()),
        }
    }
}

/// Posts batches as a page does.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    url: String,
}

impl Sender {
    /// Posts `body`, sent at `sent_ms` by the sender's clock.
    ///
    /// # Errors
    /// When there is no answer: then nobody knows whether the batch is kept.
    pub async fn post(&self, body: &str, sent_ms: i64) -> reqwest::Result<StatusCode> {
        let request = self
            .http
            .post(format!("{}&s={sent_ms}", self.url))
            .header("Content-Type", "text/plain");
        let answer = request.body(body.to_owned()).send().await?;
        let status = answer.status();
        answer.bytes().await?;
        Ok(status)
    }
}
