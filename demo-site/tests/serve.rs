//! The shop on a real socket: what a router alone cannot show.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use demo_site::{ShopOptions, run};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// No test here takes long; a shop that never stops must fail its test and not hang it.
const DEADLINE: Duration = Duration::from_secs(20);
const LARGEST_ANSWER: u64 = 1 << 20;

struct Shop {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<io::Result<()>>,
}

impl Shop {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(run(listener, ShopOptions::default(), async {
            let _ = stopped.await;
        }));
        Self { address, stop, ended }
    }

    /// Sends the requests in one go and closes no door: the last one asks the shop to do so.
    async fn ask(&self, paths: &[&str]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut requests = String::new();
        for (i, path) in paths.iter().enumerate() {
            let connection = if i + 1 == paths.len() { "close" } else { "keep-alive" };
            requests += &format!("GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: {connection}\r\n\r\n");
        }
        stream.write_all(requests.as_bytes()).await.unwrap();
        stream
    }

    async fn close(self) {
        self.stop.send(()).unwrap();
        tokio::time::timeout(DEADLINE, self.ended)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "bounded by take")]
async fn rest(stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is cut may end in a reset: what arrived before it is what counts.
    let _ = stream.take(LARGEST_ANSWER).read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// Waits for the first byte of an answer: what was sent behind that request is then under way.
async fn first_byte(stream: &mut TcpStream) {
    let mut byte = [0];
    stream.read_exact(&mut byte).await.unwrap();
}

#[tokio::test]
async fn a_cut_connection_shows_no_status() {
    let shop = Shop::open().await;
    assert!(rest(shop.ask(&["/"]).await).await.starts_with("HTTP/1.1 200 OK"));
    let cut = shop.ask(&["/api/recommendations?fail-fetch=network"]).await;
    assert_eq!(rest(cut).await, "", "a page must see a network failure");
    shop.close().await;
}

#[tokio::test]
async fn a_request_under_way_is_answered_before_the_end() {
    let shop = Shop::open().await;
    let mut stream = shop.ask(&["/cart", "/images/mark.svg?slow-lcp=300"]).await;
    first_byte(&mut stream).await;
    shop.close().await;
    assert!(rest(stream).await.ends_with("</svg>\n"));
}

#[tokio::test]
async fn a_request_that_takes_too_long_does_not_keep_the_shop_open() {
    let shop = Shop::open().await;
    let mut stream = shop.ask(&["/cart", "/images/mark.svg?slow-lcp=30000"]).await;
    first_byte(&mut stream).await;
    shop.close().await;
}
