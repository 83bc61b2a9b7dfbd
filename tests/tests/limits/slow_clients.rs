//! Two thousand clients that send a byte now and then, from a few addresses, hold all the places that there are. Who comes
//! meanwhile is let in: what pages send on new connections is kept, and counts once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rum_tests::collector::{Collector, KEY, Place, Sender, Store};
use rum_tests::traffic::{Book, Visit};
use rum_tests::waiting::{LIMIT, until};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Slow clients: half of them on one address, the others on four more.
const CLIENTS: usize = 2_000;
/// Connections that the collector has places for, and how many of them one address may have. The four take nearly all places, and
/// the one wants more than its own.
const PLACES: usize = 1_024;
const OF_ADDRESS: usize = 256;
/// The pause between two bytes of a slow client, and between two of its connections.
const PAUSE: Duration = Duration::from_millis(250);
/// Pages that are visited at once meanwhile, and their visits, at least.
const PAGES: usize = 8;
const VISITS: usize = 60;
/// Slow connections that are ended before the test does, of each sort.
const ENDED: u64 = 600;

/// What a slow client takes its time over.
#[derive(Clone, Copy)]
enum Over {
    Head,
    Body,
}

/// Comes back as often as it is sent away.
async fn slow(from: [u8; 4], to: SocketAddr, over: Over, end: CancellationToken) {
    let request = match over {
        Over::Head => format!(
            "POST /v1/batches?k={KEY} HTTP/1.1\r\nHost: a\r\nX-Slow: {}",
            "a".repeat(1_000)
        ),
        Over::Body => format!("[1,0,\"{}", "0".repeat(1_000)),
    };
    let at_once = match over {
        Over::Head => String::new(),
        Over::Body => format!("POST /v1/batches?k={KEY} HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"),
    };
    let attempt = async || -> std::io::Result<()> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let mut connection = socket.connect(to).await?;
        connection.write_all(at_once.as_bytes()).await?;
        for byte in request.bytes() {
            connection.write_all(&[byte]).await?;
            // An answer, or the end: either way it is over.
            if timeout(PAUSE, connection.read(&mut [0; 256])).await.is_ok() {
                return Ok(());
            }
        }
        Ok(())
    };
    while !end.is_cancelled() {
        tokio::select! {
            () = end.cancelled() => return,
            // It was sent away, or the system has no port left: that is what this is about.
            _ = attempt() => {}
        }
        sleep(PAUSE).await;
    }
}

/// As many descriptors as this process may have: each slow client needs one.
pub(crate) fn raise_descriptors() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum;
    setrlimit(Resource::Nofile, Rlimit { current, ..limit })?;
    let enough = current.is_none_or(|current| current >= 2 * CLIENTS as u64);
    ensure!(
        enough,
        "{current:?} file descriptors are too few: raise the hard limit (ulimit -Hn)"
    );
    Ok(())
}

/// A sample of `/metrics`.
pub(crate) async fn sample(collector: &Collector, name: &str) -> Result<u64> {
    let page = collector.metrics().await?;
    let value = page
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.with_context(|| format!("{name} is not in\n{page}"))
}

/// Sends a visit until it is acknowledged, as a page does.
async fn send(sender: &Sender, book: &mut Book) -> Result<()> {
    let visit = Visit::now();
    let sending = async {
        loop {
            match visit.send(sender).await {
                Ok(status) => return status,
                Err(_) => sleep(PAUSE).await,
            }
        }
    };
    let status = timeout(LIMIT, sending).await.context("a visit is not answered")?;
    ensure!(status == 204, "a good batch is answered {status}");
    book.acknowledge(&visit);
    Ok(())
}

/// Sends one visit after the other.
async fn page(sender: Sender, sent: Arc<AtomicUsize>, end: CancellationToken) -> Result<Book> {
    let mut book = Book::default();
    while !end.is_cancelled() {
        send(&sender, &mut book).await?;
        sent.fetch_add(1, Ordering::Relaxed);
    }
    Ok(book)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_slow_clients_keep_nobody_from_sending() -> Result<()> {
    raise_descriptors()?;
    let limits = format!(
        "[limits]\nconnections = {PLACES}\nconnections_per_address = {OF_ADDRESS}\nheader_timeout = \"4s\"\nbody_timeout = \"4s\"\n"
    );
    let place = Place::with(&limits)?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let address = collector.url().trim_start_matches("http://").parse()?;
    let mut book = Book::default();
    send(&collector.newcomer()?, &mut book).await?;

    let end = CancellationToken::new();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let last = [2, 3, 2, 4, 2, 5, 2, 6].get(client % 8).copied().unwrap_or_default();
        let over = if (client / 8).is_multiple_of(2) {
            Over::Head
        } else {
            Over::Body
        };
        clients.spawn(slow([127, 0, 0, last], address, over, end.clone()));
    }
    // Both limits are met: no place is left, and an address has wanted more than its own.
    until("all places are taken", async || {
        Ok((sample(&collector, "rum_connections_open").await? == PLACES as u64).then_some(()))
    })
    .await?;
    let sent = Arc::new(AtomicUsize::new(0));
    let mut pages = JoinSet::new();
    for _ in 0..PAGES {
        pages.spawn(page(collector.newcomer()?, Arc::clone(&sent), end.clone()));
    }
    let crowded = "rum_connections_refused_total{reason=\"address\"}";
    let (heads, bodies) = (
        "rum_connections_timed_out_total{stage=\"head\"}",
        "rum_batches_total{outcome=\"refused_incomplete\"}",
    );
    until("slow clients are sent away, and visits are kept", async || {
        let counts = [
            sample(&collector, crowded).await?,
            sample(&collector, heads).await?,
            sample(&collector, bodies).await?,
        ];
        let sent = sent.load(Ordering::Relaxed);
        println!(
            "{sent} sent; {crowded} {}, {heads} {}, {bodies} {}",
            counts[0], counts[1], counts[2]
        );
        let enough = counts.iter().all(|count| *count >= ENDED) && sent >= VISITS;
        Ok(enough.then_some(()))
    })
    .await?;

    end.cancel();
    while let Some(page) = pages.join_next().await {
        book.add(page??);
    }
    while clients.join_next().await.is_some() {}
    until("their places are free again", async || {
        Ok((sample(&collector, "rum_connections_open").await? < 16).then_some(()))
    })
    .await?;
    collector.settled().await?;
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());
    assert!(
        place
            .log()?
            .contains("an address has all the connections that one may have")
    );
    Ok(())
}
