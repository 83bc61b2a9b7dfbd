//! Between writer and ClickHouse: withholds the answer of an insert that ClickHouse has committed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail};
use embedded_clickhouse::ChildState;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::database::Database;

const PIECE: usize = 64 * 1024;
/// How an insert begins on the wire: the client sends the statement in the address.
const INSERT: &[u8] = b"query=INSERT";
const SUCCESS: &[u8] = b"HTTP/1.1 200";

/// An answer on its way: ClickHouse has committed, and the writer does not know. Dropped, the connection breaks.
pub struct Withheld {
    _released: oneshot::Sender<()>,
}

/// Passes everything on, but for the answers that it was told to withhold.
pub struct Proxy {
    url: String,
    to_withhold: Arc<AtomicUsize>,
    open: watch::Sender<bool>,
    withheld: mpsc::Receiver<Withheld>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// In front of `database`, wherever that is after a restart.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(database: &Database) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let to_withhold = Arc::new(AtomicUsize::new(0));
        let (report, withheld) = mpsc::channel(64);
        let (upstream, left) = (database.state(), Arc::clone(&to_withhold));
        let (open, gate) = watch::channel(true);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !*gate.borrow() {
                    // Closed at once, as by a machine on which nobody listens.
                    continue;
                }
                let mut gate = gate.clone();
                let line = Line {
                    left: Arc::clone(&left),
                    report: report.clone(),
                };
                let upstream = upstream.clone();
                // What breaks here breaks for the writer too: its connection ends, which it must survive.
                tokio::spawn(async move {
                    tokio::select! {
                        _ = line.run(client, &upstream) => {}
                        _ = gate.wait_for(|open| !open) => {}
                    }
                });
            }
        });
        Ok(Self {
            url,
            to_withhold,
            open,
            withheld,
            accepting,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Nobody gets through any more, and who talks is cut off: ClickHouse is away.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Everybody gets through again.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// From now on the next `count` inserts that ClickHouse commits are not answered.
    pub fn withhold(&self, count: usize) {
        self.to_withhold.store(count, Ordering::SeqCst);
    }

    /// The next one of those.
    ///
    /// # Errors
    /// When the proxy has ended.
    pub async fn withheld(&mut self) -> Result<Withheld> {
        self.withheld.recv().await.context("the proxy has ended")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// One connection of the writer.
struct Line {
    left: Arc<AtomicUsize>,
    report: mpsc::Sender<Withheld>,
}

impl Line {
    async fn run(self, client: TcpStream, database: &watch::Receiver<ChildState>) -> Result<()> {
        let server = TcpStream::connect(address(database)?).await?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let (mut asked, mut answered) = (vec![0; PIECE], vec![0; PIECE]);
        // A client sends the next request when it has the answer to the last one.
        let mut inserting = false;
        loop {
            tokio::select! {
                read = from_client.read(&mut asked) => {
                    let piece = &asked[..read?];
                    if piece.is_empty() {
                        return Ok(());
                    }
                    if piece.starts_with(b"POST ") {
                        inserting = contains(piece, INSERT);
                    }
                    to_server.write_all(piece).await?;
                }
                read = from_server.read(&mut answered) => {
                    let piece = &answered[..read?];
                    if piece.is_empty() {
                        return Ok(());
                    }
                    if inserting && piece.starts_with(SUCCESS) && self.take() {
                        return self.withhold().await;
                    }
                    inserting = false;
                    to_client.write_all(piece).await?;
                }
            }
        }
    }

    /// One fewer to withhold, if there is one.
    fn take(&self) -> bool {
        self.left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok()
    }

    /// Keeps the connection as it is until the test has done what it wants.
    async fn withhold(&self) -> Result<()> {
        let (released, until_released) = oneshot::channel();
        self.report
            .send(Withheld { _released: released })
            .await
            .ok()
            .context("the test has ended")?;
        // An error is what is waited for: the sender was dropped.
        let _ = until_released.await;
        Ok(())
    }
}

fn address(database: &watch::Receiver<ChildState>) -> Result<SocketAddr> {
    match &*database.borrow() {
        ChildState::Ready { endpoint, .. } => Ok(endpoint.url.trim_start_matches("http://").parse()?),
        other => bail!("ClickHouse is {other:?}"),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
