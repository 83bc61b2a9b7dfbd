//! `demo-site`: serves the shop until it is told to stop.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use demo_site::{RumTag, ShopOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// A small shop with known problems.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Where to listen; port 0 takes a free one, which the first line of the output names.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The SDK that pages load, for example http://127.0.0.1:4318/rum.js.
    #[arg(long, requires = "app_key")]
    rum_url: Option<String>,
    /// The app key that the SDK sends.
    #[arg(long, requires = "rum_url")]
    app_key: Option<String>,
    /// A file with the inline stub for pages that ask for rum=stub.
    #[arg(long, requires = "rum_url")]
    rum_stub: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match open_shop(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One sentence, also where RUST_BACKTRACE is set. With stderr closed, the exit code is left to say it.
            let _ = writeln!(std::io::stderr(), "demo-site: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn open_shop(cli: Cli) -> anyhow::Result<()> {
    let rum = match (&cli.rum_url, &cli.app_key) {
        (Some(url), Some(key)) => Some(RumTag::new(url, key)?.with_stub(stub(&cli)?)),
        _ => None,
    };
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let listener = TcpListener::bind(cli.listen)
        .await
        .with_context(|| format!("cannot listen on {}", cli.listen))?;
    // Who started the shop reads this line to learn the port, so it must leave at once.
    let mut out = std::io::stdout();
    writeln!(out, "demo-site listening on http://{}", listener.local_addr()?)?;
    out.flush()?;
    let told_to_stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    demo_site::run(listener, ShopOptions { rum }, told_to_stop)
        .await
        .context("the shop stopped")
}

fn stub(cli: &Cli) -> anyhow::Result<String> {
    match &cli.rum_stub {
        None => Ok(String::new()),
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display())),
    }
}
