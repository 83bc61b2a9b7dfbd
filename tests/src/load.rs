//! Many pages at once: recorded batches over plain connections, each with ids of its own. A client that costs little, for it
//! shares the machine with what it measures.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use rum_core::replay::replay;
use rum_core::wire::{Batch, Content, Event};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::collector::KEY;
use crate::traffic::now_ms;

/// Digits of an id that its time leaves free.
const RANDOM_DIGITS: usize = 8;
/// Ids of one batch that are told apart.
const IDS: u32 = 16;
/// Odd, so that multiplying by it maps 32 bits to 32 bits one to one: consecutive ids look random, as pages' ids do.
const SPREAD: u32 = 0x9e37_79b1;
/// Bytes of an answer's head at most.
const HEAD: usize = 4_096;

/// What pages send: what their own core has computed, or records for the collector's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Computed.
    Events,
    /// Records.
    Raw,
}

/// A request whose ids can be made anew.
#[derive(Clone, Debug)]
struct Template {
    request: Vec<u8>,
    /// Where the random digits of ids are, and which id of the batch each is.
    ids: Vec<(usize, u32)>,
    events: u64,
    /// Those of which each is one row: the frames that an interaction met are rows, too.
    rows: u64,
    body_bytes: usize,
}

/// Recorded page views as requests, sent in turn.
#[derive(Clone, Debug)]
pub struct Traffic {
    templates: Arc<Vec<Template>>,
    numbers: Arc<AtomicU64>,
}

/// What came of some load.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Batches that were answered with 204, …
    pub acknowledged: u64,
    /// … and the events in them.
    pub events: u64,
    /// Those of them that are no long frames: each of these is one row.
    pub rows: u64,
    /// How long each took from when it was due to its answer.
    pub latencies: Vec<Duration>,
}

impl Load {
    /// The latency that `share` of the batches did not exceed, in ms.
    #[must_use]
    pub fn latency_ms(&self, share: f64) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let index = (share * sorted.len() as f64).ceil() as usize;
        let found = sorted.get(index.saturating_sub(1));
        found.map_or(f64::NAN, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

impl Traffic {
    /// Of the recordings in `folder`, as if they had happened just now.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn recorded(folder: &Path, form: Form) -> Result<Self> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        ensure!(!paths.is_empty(), "{} holds no recordings", folder.display());
        let templates = paths
            .iter()
            .map(|path| Template::of(path, form))
            .collect::<Result<_>>()?;
        Ok(Self {
            templates: Arc::new(templates),
            numbers: Arc::new(AtomicU64::new(0)),
        })
    }

    /// Events of a batch, on average.
    #[must_use]
    pub fn events(&self) -> f64 {
        let all: u64 = self.templates.iter().map(|template| template.events).sum();
        all as f64 / self.templates.len() as f64
    }

    /// Bytes of a body, on average.
    #[must_use]
    pub fn body_bytes(&self) -> f64 {
        let all: usize = self.templates.iter().map(|template| template.body_bytes).sum();
        all as f64 / self.templates.len() as f64
    }

    /// Sends as fast as `address` answers, over `connections`, for `time`.
    ///
    /// # Errors
    /// When a connection breaks or a batch is answered otherwise than with 204.
    pub async fn flood(&self, address: &str, connections: u32, time: Duration) -> Result<Load> {
        let end = Instant::now() + time;
        self.send(address, connections, move |_, _| {
            (Instant::now() < end).then(Instant::now)
        })
        .await
    }

    /// Sends `rate` batches a second over `connections`, for `time`, each at its moment: one that has to wait for an answer before
    /// it is late, and its latency says so.
    ///
    /// # Errors
    /// When a connection breaks or a batch is answered otherwise than with 204.
    pub async fn pace(&self, address: &str, connections: u32, rate: f64, time: Duration) -> Result<Load> {
        let start = Instant::now();
        let every = f64::from(connections) / rate;
        self.send(address, connections, move |connection, turn| {
            let due = every * (turn as f64 + f64::from(connection) / f64::from(connections));
            (due < time.as_secs_f64()).then(|| start + Duration::from_secs_f64(due))
        })
        .await
    }

    /// `due` names the moment of a connection's next batch, until it names none.
    async fn send(
        &self,
        address: &str,
        connections: u32,
        due: impl Fn(u32, u64) -> Option<Instant> + Clone + Send + 'static,
    ) -> Result<Load> {
        let mut running = JoinSet::new();
        for connection in 0..connections {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (traffic, due) = (self.clone(), due.clone());
            running.spawn(async move {
                let mut visitor = Visitor::new(&traffic, stream);
                let mut load = Load::default();
                let mut turn = 0;
                while let Some(moment) = due(connection, turn) {
                    turn += 1;
                    sleep_until(moment).await;
                    let (events, rows) = visitor.send().await?;
                    load.events += events;
                    load.rows += rows;
                    load.acknowledged += 1;
                    load.latencies.push(moment.elapsed());
                }
                anyhow::Ok(load)
            });
        }
        let mut all = Load::default();
        while let Some(ended) = running.join_next().await {
            let load = ended??;
            all.acknowledged += load.acknowledged;
            all.events += load.events;
            all.rows += load.rows;
            all.latencies.extend(load.latencies);
        }
        Ok(all)
    }
}

/// One connection.
struct Visitor {
    numbers: Arc<AtomicU64>,
    templates: Vec<Template>,
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Visitor {
    fn new(traffic: &Traffic, stream: TcpStream) -> Self {
        Self {
            numbers: Arc::clone(&traffic.numbers),
            templates: traffic.templates.to_vec(),
            stream,
            answer: vec![0; HEAD],
        }
    }

    /// Sends the next batch; how many events it had, and how many that are one row each.
    async fn send(&mut self) -> Result<(u64, u64)> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let of = number as usize % self.templates.len();
        let template = self.templates.get_mut(of).context("no template")?;
        template.renew(number as u32);
        self.stream.write_all(&template.request).await?;
        let mut length = 0;
        loop {
            let free = self.answer.get_mut(length..).unwrap_or_default();
            let read = self.stream.read(free).await?;
            ensure!(read > 0, "the connection was closed before the answer");
            length += read;
            let answer = self.answer.get(..length).unwrap_or_default();
            // An answer of 204 has no body.
            if answer.ends_with(b"\r\n\r\n") && answer.starts_with(b"HTTP/1.1 204") {
                return Ok((template.events, template.rows));
            }
            if !b"HTTP/1.1 204".starts_with(answer.get(..12).unwrap_or(answer)) {
                bail!("a good batch is answered so: {}", String::from_utf8_lossy(answer));
            }
        }
    }
}

impl Template {
    fn of(path: &Path, form: Form) -> Result<Self> {
        let recording: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
        let parts = recording["parts"].as_array().context("a recording without parts")?;
        let records: Vec<_> = parts.iter().filter_map(Value::as_array).flatten().collect();
        let now_ms = now_ms();
        let raw = json!([1, 1, "00000000000000ff", now_ms, recording["document"], records]);
        let mut batch = Batch::read(&raw.to_string())?;
        let Content::Events(items) = replay(&raw.to_string())?.content else {
            bail!("{} does not replay", path.display());
        };
        let events = items.len() as u64;
        let rows = items
            .iter()
            .filter(|item| !matches!(item.event, Event::LongFrame(_)))
            .count() as u64;
        // A page of five seconds.
        batch.document.time_origin_ms = now_ms - 5_000;
        batch.id = rum_core::Id(0xff);
        match form {
            Form::Events => batch.content = Content::Events(items),
            Form::Raw => batch.document.raw_reason = Some(1),
        }
        let start = format!("{:08x}", (now_ms - 5_000) / 1_000);
        Self::request(batch.write(), &start, (events, rows))
    }

    fn request(mut body: String, start: &str, (events, rows): (u64, u64)) -> Result<Self> {
        let ids: Vec<usize> = id_places(&body);
        let mut known: Vec<String> = Vec::new();
        let mut numbers = Vec::new();
        for place in &ids {
            let id = body.get(*place..place + 2 * RANDOM_DIGITS).context("an id")?.to_owned();
            let number = known.iter().position(|one| *one == id).unwrap_or(known.len());
            if number == known.len() {
                known.push(id.clone());
            }
            // The batch's own id carries no time.
            if !id.starts_with("00000000") {
                body.replace_range(*place..place + RANDOM_DIGITS, start);
            }
            numbers.push(u32::try_from(number)?);
        }
        ensure!(known.len() <= IDS as usize, "too many ids in one recording");
        let head = format!(
            "POST /v1/batches?k={KEY}&s={} HTTP/1.1\r\nHost: rum.example\r\nOrigin: https://shop.example\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36\r\n\
             Accept: */*\r\nAccept-Language: en-US,en;q=0.9\r\nReferer: https://shop.example/\r\n\
             Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
            now_ms(),
            body.len()
        );
        Ok(Self {
            ids: ids
                .into_iter()
                .map(|place| head.len() + place + RANDOM_DIGITS)
                .zip(numbers)
                .collect(),
            events,
            rows,
            body_bytes: body.len(),
            request: (head + &body).into_bytes(),
        })
    }

    /// Gives all ids new random digits.
    fn renew(&mut self, number: u32) {
        for (place, id) in &self.ids {
            let random = number.wrapping_mul(IDS).wrapping_add(*id).wrapping_mul(SPREAD);
            let digits = format!("{random:08x}");
            if let Some(place) = self.request.get_mut(*place..place + RANDOM_DIGITS) {
                place.copy_from_slice(digits.as_bytes());
            }
        }
    }
}

/// Where ids begin: sixteen hexadecimal digits in quotes.
fn id_places(body: &str) -> Vec<usize> {
    let quoted = |window: &[u8]| {
        let [b'"', digits @ .., b'"'] = window else {
            return false;
        };
        digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    };
    let windows = body.as_bytes().windows(2 * RANDOM_DIGITS + 2);
    (1..)
        .zip(windows)
        .filter(|(_, window)| quoted(window))
        .map(|(place, _)| place)
        .collect()
}
