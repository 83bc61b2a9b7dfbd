//! Connections that break off within a request, or never meant to be one: the collector lives, and what others send at
//! the same time is kept.

use anyhow::Result;
use rum_tests::collector::{KEY, Place, Store};
use rum_tests::traffic::Book;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const ROUNDS: usize = 10;

#[tokio::test]
async fn broken_connections_cost_nobody_else_anything() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    let address = collector.url().trim_start_matches("http://");
    let post = format!("POST /v1/batches?k={KEY} HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/plain\r\n");
    let broken = [
        String::new(),
        "\u{16}\u{3}\u{1} this is TLS, more or less".to_owned(),
        "GET /".to_owned(),
        post.clone(),
        format!("{post}Content-Length: 1000\r\n\r\n[1,0,\"00000000"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nff\r\n[1,0"),
        format!("{post}Transfer-Encoding: chunked\r\n\r\nno number\r\n"),
        format!("{post}Content-Length: minus one\r\n\r\n"),
    ];
    let mut book = Book::default();
    for _ in 0..ROUNDS {
        for request in &broken {
            let mut connection = TcpStream::connect(address).await?;
            connection.write_all(request.as_bytes()).await?;
            connection.shutdown().await?;
            // Whatever is answered, if anything: the end has been seen.
            let _ = connection.read(&mut [0; 1_024]).await;
            book.send(&collector.sender()).await?;
        }
    }
    assert_eq!(book.acknowledged(), ROUNDS * broken.len());
    collector.settled().await?;
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());
    Ok(())
}
