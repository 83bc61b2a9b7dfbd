//! Where there are more places than slow clients, two thousand of these are held at once, and none is sent away. What others send
//! meanwhile is answered within bounds.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rum_tests::collector::{KEY, Place, Store};
use rum_tests::traffic::Book;
use rum_tests::waiting::until;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::slow_clients::{raise_descriptors, sample};

const CLIENTS: usize = 2_000;
/// On four addresses, of which each may have more than its share.
const PLACES: usize = 2_400;
const OF_ADDRESS: usize = 600;
/// The pause between two bytes of a slow client.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes that nobody will have sent by the end.
const NEVER_DONE: usize = 100_000;
/// Visits that are sent meanwhile.
const VISITS: usize = 100;
/// How long any of them may take, and half of them. No benchmark: where two thousand others were in the way it would be the minute
/// that these are held, and a machine may stand still for a while.
const LONGEST: Duration = Duration::from_secs(20);
const USUAL: Duration = Duration::from_millis(500);

/// Begins a request, of which every other one stays in its head and the others in their bodies.
async fn begin(client: usize, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, u8::try_from(2 + client % 4)?], 0).into())?;
    let mut connection = socket.connect(to).await?;
    let end = if (client / 4).is_multiple_of(2) {
        "X-Slow: "
    } else {
        "\r\n[1,0,\""
    };
    let request = format!("POST /v1/batches?k={KEY} HTTP/1.1\r\nHost: a\r\nContent-Length: {NEVER_DONE}\r\n{end}");
    connection.write_all(request.as_bytes()).await?;
    Ok(connection)
}

/// Goes on with it; fails when it is sent away.
async fn go_on(mut connection: TcpStream, end: CancellationToken) -> Result<()> {
    let mut ticks = interval(PAUSE);
    while end.run_until_cancelled(ticks.tick()).await.is_some() {
        connection
            .write_all(b"0")
            .await
            .context("a slow client was sent away")?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_two_thousand_slow_clients_are_held_visits_are_answered_in_time() -> Result<()> {
    raise_descriptors()?;
    let limits = format!(
        "[limits]\nconnections = {PLACES}\nconnections_per_address = {OF_ADDRESS}\nheader_timeout = \"60s\"\nbody_timeout = \"60s\"\n"
    );
    let place = Place::with(&limits)?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let address = collector.url().trim_start_matches("http://").parse()?;
    let end = CancellationToken::new();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let connection = begin(client, address).await?;
        clients.spawn(go_on(connection, end.clone()));
    }
    until("all of them are held", async || {
        Ok((sample(&collector, "rum_connections_open").await? >= CLIENTS as u64).then_some(()))
    })
    .await?;

    let mut book = Book::default();
    let mut times = Vec::new();
    for _ in 0..VISITS {
        let begun = Instant::now();
        book.send(&collector.sender()).await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (median, longest) = (times[VISITS / 2], times[VISITS - 1]);
    println!("half of {VISITS} visits took up to {median:?}, all of them up to {longest:?}");
    ensure!(
        median < USUAL && longest < LONGEST,
        "half of them took {median:?}, one took {longest:?}"
    );

    // They were there all the time.
    ensure!(sample(&collector, "rum_connections_open").await? >= CLIENTS as u64);
    let timed_out = "rum_connections_timed_out_total{stage=\"head\"}";
    ensure!(sample(&collector, timed_out).await? == 0);
    end.cancel();
    while let Some(client) = clients.join_next().await {
        client??;
    }
    collector.settled().await?;
    ensure!(book.acknowledged() == VISITS);
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    ensure!(collector.terminate().await?.success());
    Ok(())
}
