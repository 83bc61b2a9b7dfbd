//! Whom the exchanges are tried on: the embedded one, or a server.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Duration, Instant, sleep},
};

use super::data::{Exchange, Send, Who, bytes, files};
use crate::support::{Answer, PATIENCE, encoded};

/// A server, or the embedded one.
pub(super) struct Target {
    pub(super) address: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) database: String,
    /// Of a server; the embedded one is what it is.
    pub(super) version: Option<(u32, u32)>,
}

impl Target {
    pub(super) async fn open(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    pub(super) fn head(&self, exchange: &Exchange, body: &str) -> String {
        let Self { user, password, .. } = self;
        let mut parameters: Vec<_> = exchange.parameters.clone();
        let mut lines = exchange.headers.clone();
        if exchange.header_bytes > 0 {
            lines.push(format!("X-Long: {}", "x".repeat(exchange.header_bytes)));
        }
        let keys = |user: &str, password: &str| {
            [
                format!("X-ClickHouse-User: {user}"),
                format!("X-ClickHouse-Key: {password}"),
            ]
        };
        match exchange.who {
            Who::Headers => lines.extend(keys(user, password)),
            Who::WrongPassword => lines.extend(keys(user, "wrong")),
            Who::WrongUser => lines.extend(keys("nobody", password)),
            Who::Basic => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
                lines.push(format!("Authorization: Basic {pair}"));
            }
            Who::Parameters => {
                parameters.push(("user".into(), user.clone()));
                parameters.push(("password".into(), password.clone()));
            }
            Who::Nobody => {}
        }
        let query: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(&self.named(value))))
            .collect();
        lines.extend([
            body.to_owned(),
            "Connection: close".to_owned(),
            "Host: localhost".to_owned(),
        ]);
        let lines: String = lines
            .iter()
            .filter(|line| !line.is_empty())
            .map(|line| format!("{line}\r\n"))
            .collect();
        format!(
            "{} {}?{} HTTP/1.1\r\n{lines}\r\n",
            exchange.method,
            exchange.path,
            query.join("&")
        )
    }

    pub(super) fn named(&self, text: &str) -> String {
        text.replace("{db}", &self.database)
    }

    /// Runs a statement that has to succeed.
    pub(super) async fn run(&self, sql: &str) -> String {
        let exchange = Exchange::plain(sql);
        let answer = self.ask(&exchange).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.text()
    }

    pub(super) async fn ask(&self, exchange: &Exchange) -> Answer {
        let plain = exchange
            .body_hex
            .as_deref()
            .map_or_else(|| self.named(&exchange.body).into_bytes(), bytes);
        let plain = plain.repeat(exchange.times);
        let whole = |length| format!("Content-Length: {length}");
        let chunked = "Transfer-Encoding: chunked".to_owned();
        let (header, body) = match exchange.send {
            Send::Whole | Send::Leave => (whole(plain.len()), plain),
            Send::Short => (whole(2 * plain.len()), plain),
            Send::Blocks => (whole(compressed(&plain).len()), compressed(&plain)),
            Send::DamagedBlocks => {
                let mut blocks = compressed(&plain);
                if let Some(last) = blocks.last_mut() {
                    *last ^= 1;
                }
                (whole(blocks.len()), blocks)
            }
            Send::Chunked | Send::Cut => {
                let mut chunks: Vec<u8> = plain
                    .chunks(7_777)
                    .flat_map(|piece| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
                    .collect();
                if exchange.send == Send::Chunked {
                    chunks.extend(b"0\r\n\r\n");
                }
                (chunked, chunks)
            }
        };
        let header = if exchange.method == "POST" {
            header
        } else {
            String::new()
        };
        let mut stream = self.open().await;
        stream.write_all(self.head(exchange, &header).as_bytes()).await.unwrap();
        // A server may answer and close before it has read all.
        let _ = stream.write_all(&body).await;
        match exchange.send {
            Send::Leave => {
                let (running, _) = &exchange.after[0];
                self.until(running, |text| text != "0\n").await;
                drop(stream);
                Answer::left()
            }
            Send::Short | Send::Cut => {
                stream.shutdown().await.unwrap();
                Answer::read_some(stream).await
            }
            _ if exchange.method == "HEAD" => Answer::read_head(stream).await,
            _ => Answer::read(stream).await,
        }
    }

    pub(super) async fn until(&self, sql: &str, is: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let text = Box::pin(self.run(sql)).await;
            if is(&text) {
                return;
            }
            assert!(Instant::now() < deadline, "{sql} stays {text:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What is wrong about the answer, as sentences.
    pub(super) async fn try_out(&self, exchange: &Exchange) -> Vec<String> {
        for statement in &exchange.before {
            self.run(&self.named(statement)).await;
        }
        let answer = self.ask(exchange).await;
        let expected = match (&exchange.embedded, self.version) {
            (Some(difference), None) => {
                assert!(
                    difference.reason.len() > 20,
                    "{} differs without a reason",
                    exchange.name
                );
                &difference.answer
            }
            _ => &exchange.answer,
        };
        let mut wrong = expected.compare(&answer, |text| self.named(text));
        for (sql, is) in &exchange.after {
            if exchange.send == Send::Leave {
                self.until(&self.named(sql), |text| text == is).await;
            } else {
                let text = self.run(&self.named(sql)).await;
                if text != *is {
                    wrong.push(format!("afterwards {sql} gives {text:?} and not {is:?}"));
                }
            }
        }
        wrong
    }

    /// Sends everything that this target should know, and gives how many exchanges these were.
    pub(super) async fn try_all(&self) -> usize {
        self.run(&format!("CREATE DATABASE {}", self.database)).await;
        let (mut wrong, mut count) = (Vec::new(), 0);
        for exchange in files().into_iter().flat_map(|file| file.exchange) {
            if self.version.is_some_and(|version| version < exchange.since()) {
                continue;
            }
            count += 1;
            let found = self.try_out(&exchange).await;
            if !found.is_empty() {
                wrong.push(format!("{}\n    {}", exchange.name, found.join("\n    ")));
            }
        }
        self.run(&format!("DROP DATABASE {}", self.database)).await;
        assert!(
            wrong.is_empty(),
            "{}: {} of {count}\n{}",
            self.address,
            wrong.len(),
            wrong.join("\n")
        );
        count
    }
}

/// One block, as ClickHouse's clients write it.
pub(super) fn compressed(plain: &[u8]) -> Vec<u8> {
    let data = lz4_flex::block::compress(plain);
    let length = u32::try_from(data.len() + 9).unwrap();
    let plain_length = u32::try_from(plain.len()).unwrap();
    let block = [&[0x82], &length.to_le_bytes()[..], &plain_length.to_le_bytes(), &data].concat();
    let sum = cityhash_rs::cityhash_102_128(&block).rotate_right(64).to_le_bytes();
    [&sum[..], &block].concat()
}
