//! `cargo xtask demo`: ClickHouse (embedded), the collector and the shop, until Ctrl-C; or N visits, a report, the end.

pub(crate) mod keeper;
mod query;
mod site;
mod visits;
mod webhook;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{PathBuf, absolute};
use std::process::{ExitCode, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::native::{COLLECTOR, SHOP};
use crate::tools::{Cache, browsers, libchdb, npm};
use crate::workspace::Workspace;
use crate::{native, process, terminal, web};
use keeper::Kept;
use site::{APP_KEY, Site};
use webhook::{Firing, Notification};

/// From the start of the processes to the first `/readyz` that says yes.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Longer than the keepers take to end a server the hard way.
const ENDED_WITHIN: Duration = Duration::from_secs(25);

/// Between two looks at another process.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// `cargo xtask demo`'s options.
#[derive(clap::Args)]
pub(crate) struct DemoArguments {
    /// Drive headless Chromium through the shop N times, print what was measured, and end; begins without data
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    visits: Option<u32>,
    /// Forget what earlier demos have stored
    #[arg(long)]
    fresh: bool,
    /// Start what is built already
    #[arg(long)]
    no_build: bool,
    /// The collector's port on 127.0.0.1
    #[arg(long, default_value_t = 4318)]
    port: u16,
    /// The shop's port on 127.0.0.1
    #[arg(long, default_value_t = 4319)]
    shop_port: u16,
    /// A new folder for data, logs and configuration; this project's tests bring one
    #[arg(long, value_name = "DIR", hide = true, conflicts_with = "fresh")]
    folder: Option<PathBuf>,
}

/// What the demo waits for.
enum Event {
    /// Ctrl-C, SIGTERM or SIGHUP.
    Interrupted,
    /// A server is gone.
    Ended {
        name: &'static str,
        status: Option<ExitStatus>,
    },
    /// The collector called the webhook.
    Alert(Notification),
}

/// What a look at the world says to [`Demo::watch`].
enum Watch {
    On,
    Done,
}

/// The running demo.
struct Demo<'a> {
    workspace: &'a Workspace,
    site: Site,
    firing: Firing,
    servers: Vec<(&'static str, Kept)>,
    /// Servers whose end has come.
    ended: BTreeSet<&'static str>,
    events: Receiver<Event>,
    sender: SyncSender<Event>,
}

/// Why the demo ends although nothing is wrong.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Interrupted;

/// Builds what is missing, starts everything, and stays until Ctrl-C or until the visits are reported.
pub(crate) fn run(workspace: &Workspace, cache: &Cache, arguments: &DemoArguments) -> Result<ExitCode> {
    let visits = arguments.visits.is_some();
    let folder = match &arguments.folder {
        Some(folder) => absolute(folder)?,
        // Apart, so that the visits' numbers and alerts are theirs alone, and what a person has stored stays.
        None if visits => workspace.target.join("demo-visits"),
        None => workspace.target.join("demo"),
    };
    let site = Site::new(folder, arguments.port, arguments.shop_port);
    // Before minutes of downloads and builds.
    site.check()?;
    npm::check()?;
    let _claim = site.claim()?;
    let library = libchdb::ready(cache)?;
    if visits {
        browsers::CHROMIUM.ready()?;
    }
    if arguments.no_build {
        native::check_binaries(workspace)?;
    } else {
        web::build(workspace, cache)?;
        native::build_binaries(workspace)?;
    }
    if arguments.fresh || (visits && arguments.folder.is_none()) {
        site.forget()?;
    }

    let (sender, events) = sync_channel(64);
    let interrupts = sender.clone();
    ctrlc::set_handler(move || {
        // A full queue holds an interrupt already, or will be read soon: Ctrl-C can be pressed again.
        let _ = interrupts.try_send(Event::Interrupted);
    })?;
    let firing = Firing::load(site.folder.join("firing"));
    let mut demo = Demo {
        workspace,
        site,
        firing,
        servers: Vec::new(),
        ended: BTreeSet::new(),
        events,
        sender,
    };
    let outcome = demo
        .start(library.into_os_string())
        .and_then(|()| match arguments.visits {
            Some(visits) => visits::run(&mut demo, visits),
            None => demo.stay(),
        });
    demo.end()?;
    match outcome {
        Err(error) if error.downcast_ref::<Interrupted>().is_none() => Err(error),
        // A visit that was cut short is no success.
        Err(_) if visits => Ok(ExitCode::FAILURE),
        _ => Ok(ExitCode::SUCCESS),
    }
}

impl Demo<'_> {
    fn start(&mut self, library: OsString) -> Result<()> {
        let started = Instant::now();
        let webhook = webhook::listen(&self.site.folder.join("webhook-port"), self.sender.clone())?;
        self.site.configure(self.workspace, &webhook)?;
        let serve = [
            OsString::from("serve"),
            "--config".into(),
            self.site.config.clone().into(),
        ];
        self.serve(COLLECTOR, &serve, &[("RUM_LIBCHDB", library)])?;
        let stub = self.workspace.path("js-wrapper/dist/stub.js");
        let shop = [
            OsString::from("--listen"),
            self.site.shop.to_string().into(),
            "--rum-url".into(),
            format!("http://{}/rum.js", self.site.collector).into(),
            "--app-key".into(),
            APP_KEY.into(),
            "--rum-stub".into(),
            stub.into(),
        ];
        self.serve(SHOP, &shop, &[])?;
        let (collector, shop) = (self.site.collector, self.site.shop);
        self.watch(READY_WITHIN, |_| {
            Ok(if answers(collector, "/readyz") && answers(shop, "/") {
                Watch::Done
            } else {
                Watch::On
            })
        })
        .context("the demo is not ready")?;
        terminal::note(
            "ready",
            &format!("everything runs ({})", terminal::duration(started.elapsed())),
        );
        self.introduce();
        Ok(())
    }

    fn serve(&mut self, name: &'static str, arguments: &[OsString], environment: &[(&str, OsString)]) -> Result<()> {
        let program = self.workspace.binary(name);
        let log = self.site.folder.join(format!("{name}.log"));
        let kept = Kept::start(name, &program, arguments, environment, log, self.sender.clone())?;
        self.servers.push((name, kept));
        Ok(())
    }

    fn introduce(&self) {
        let Site {
            collector,
            shop,
            folder,
            ..
        } = &self.site;
        terminal::result(&format!(
            "\nShop        http://{shop}/  (its drawer \"Problems\" breaks things on purpose)\
             \nCollector   http://{collector}/  (ready: http://{collector}/readyz)\
             \nLogs, data  {}\
             \n\nFor a site of your own, in its <head>:\n  {}\
             \n\nAn example query, from {}:\n  {}\n",
            folder.display(),
            self.site.script_tag(),
            self.workspace.root.display(),
            query::example(self.workspace, &self.site),
        ));
    }

    /// Until Ctrl-C. Alerts are shown as they come.
    fn stay(&mut self) -> Result<()> {
        terminal::result("Ctrl-C ends the demo. Alerts appear here.");
        loop {
            let event = self.events.recv()?;
            self.take(event)?;
        }
    }

    /// Calls `look` until it is done, at most for `limit`; meanwhile takes whatever happens.
    fn watch(&mut self, limit: Duration, mut look: impl FnMut(&Self) -> Result<Watch>) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            if let Watch::Done = look(self)? {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!(
                    "it did not come within {}{}",
                    terminal::duration(limit),
                    self.last_words()
                );
            }
            match self.events.recv_timeout(LOOK_EVERY) {
                Ok(event) => self.take(event)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("nobody is left to report"),
            }
        }
    }

    fn take(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Interrupted => bail!(Interrupted),
            Event::Ended { name, status } => {
                self.ended.insert(name);
                let status = status.map_or_else(|| "for an unknown reason".to_owned(), |status| status.to_string());
                bail!("{name} ended ({status}){}", self.last_words());
            }
            Event::Alert(notification) => {
                terminal::note("alert", &notification.text);
                self.firing.note(notification)
            }
        }
    }

    /// The ends of the servers' logs, for an error.
    fn last_words(&self) -> String {
        let logs = self.servers.iter().map(|(name, kept)| {
            let text = std::fs::read(&kept.log).unwrap_or_default();
            format!(
                "\n{name}'s log, {}, ends with:\n{}",
                kept.log.display(),
                process::tail(&String::from_utf8_lossy(&text))
            )
        });
        logs.collect()
    }

    /// Ends what was started, the shop first, and waits until nothing is left.
    fn end(&mut self) -> Result<()> {
        terminal::note("end", "stopping the shop, the collector and ClickHouse");
        let deadline = Instant::now() + ENDED_WITHIN;
        while let Some((name, mut kept)) = self.servers.pop() {
            kept.end();
            while !self.ended.contains(name) {
                match self
                    .events
                    .recv_timeout(deadline.saturating_duration_since(Instant::now()))
                {
                    Ok(Event::Ended { name, .. }) => {
                        self.ended.insert(name);
                    }
                    // Already ending.
                    Ok(Event::Interrupted) => {}
                    // Until the collector is gone, its alerts count: it will not repeat them.
                    Ok(Event::Alert(notification)) => self.firing.note(notification)?,
                    Err(_) => bail!("{name} did not end; its log is {}", kept.log.display()),
                }
            }
        }
        terminal::note("", "everything has ended");
        Ok(())
    }
}

/// Does a GET give 200? Anything else, a refused connection too, is a no.
fn answers(address: SocketAddr, path: &str) -> bool {
    let get = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        // HTTP/1.0: the server closes, nothing is chunked, and the first line is all that is read.
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok(status.ends_with(b" 200"))
    };
    get().unwrap_or(false)
}
