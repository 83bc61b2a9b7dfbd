//! From the bytes of a request to the frame for the spool: the pure stages in a row, and where they run.

use std::panic::resume_unwind;
use std::sync::Arc;

use bytes::Bytes;
use rum_core::wire::Event;
use tokio::task::spawn_blocking;

use super::body::Encoding;
use super::decode::decode;
use super::distinct::Mark;
use super::enrich::enrich;
use super::foreign::without_foreign_errors;
use super::outcome::{Outcome, Tally};
use super::page_names::PageNames;
use super::reject::Reject;
use super::report;
use super::sampling::weights;
use super::scrub::scrub;
use super::validate::{Received, validate};
use crate::batch::{AcceptedBatch, Visitor};
use crate::config::{ForeignErrors, Rates};
use crate::store::Frame;
use crate::store::rows::rows;

/// Bodies up to this many bytes are digested where the request is served, within a fraction of a millisecond. Pages send
/// less unless much has happened.
const SHORT_BODY: usize = 16 << 10;

/// What a body holds, by the path that it was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A batch of a page.
    Batch,
    /// Reports of a browser.
    Reports,
}

/// A request whose head is right, and its body.
#[derive(Debug)]
pub(super) struct Undigested {
    pub(super) form: Form,
    pub(super) body: Bytes,
    pub(super) encoding: Encoding,
    /// The most bytes that may come out of the encoding.
    pub(super) limit: usize,
    pub(super) received: Received,
    pub(super) foreign_errors: ForeignErrors,
    pub(super) rates: Arc<Rates>,
    pub(super) page_names: Arc<PageNames>,
    pub(super) visitor: Visitor,
}

/// What there is to store and to count.
#[derive(Debug)]
pub(super) struct Digested {
    /// `None` if no event is left.
    pub(super) frame: Option<Frame>,
    pub(super) tally: Tally,
    /// The names of the pages that were viewed.
    pub(super) page_names: Vec<Mark>,
}

/// Digests a batch under `place`, and gives that back. What may take long does not hold up the requests that share a
/// thread with this one. Its sender may go away meanwhile, but then the place stays taken until the work is done: there
/// is never more work than places. A place is whatever its caller holds for as long.
///
/// # Errors
/// What is wrong with the batch.
pub(super) async fn digest<P: Send + 'static>(batch: Undigested, place: P) -> Result<(Digested, P), Reject> {
    if batch.is_short() {
        return Ok((batch.digest()?, place));
    }
    let task = spawn_blocking(move || Ok((batch.digest()?, place)));
    task.await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        // The collector is ending.
        Err(_) => Err(Reject::SpoolFailing),
    })
}

impl Undigested {
    fn digest(self) -> Result<Digested, Reject> {
        let mut tally = Tally::default();
        let text = self.encoding.decode(&self.body, self.limit)?;
        let decoded = match self.form {
            Form::Batch => decode(&text, &mut tally)?,
            Form::Reports => report::decode(&text, self.received.received_ms, &mut tally)?,
        };
        let accepted = validate(decoded, self.received, &mut tally)?;
        let accepted = without_foreign_errors(accepted, self.foreign_errors, &mut tally);
        let events = accepted.events();
        if events == 0 {
            return Ok(Digested {
                frame: None,
                tally,
                page_names: Vec::new(),
            });
        }
        tally.add(Outcome::EventAccepted, events as u64);
        let weights = weights(&accepted.document, &self.rates, &mut tally);
        let scrubbed = scrub(accepted, &self.page_names, &mut tally);
        let page_names = pages(&scrubbed);
        let frame = rows(&enrich(scrubbed, self.visitor, weights, &mut tally));
        tally.add(Outcome::EventUnknownValue, frame.left_out.into());
        Ok(Digested {
            frame: Some(frame),
            tally,
            page_names,
        })
    }

    /// Whether it is digested where the request is served.
    pub(super) fn is_short(&self) -> bool {
        self.encoding == Encoding::Identity && self.body.len() <= SHORT_BODY && says_events(&self.body)
    }
}

/// The pages of a batch's views.
fn pages(batch: &AcceptedBatch) -> Vec<Mark> {
    let pages = batch.items.iter().filter_map(|item| match &item.event {
        Event::View(view) => Some(Mark::of(&view.page)),
        _ => None,
    });
    pages.collect()
}

/// Whether a body says, by its second field, that it is a compact batch of events: those need no core. Only where it is
/// digested depends on this, so a body that says it in another way loses nothing.
fn says_events(body: &[u8]) -> bool {
    let compact = body.trim_ascii_start().starts_with(b"[");
    compact && body.split(|byte| *byte == b',').nth(1).map(<[u8]>::trim_ascii) == Some(b"0")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{SyncSender, sync_channel};

    use proptest::prelude::*;
    use tokio::sync::Semaphore;
    use tokio::task::JoinHandle;

    use super::*;

    const VIEW: &str = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]"#;
    const RECORD: &str = r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/"]"#;

    fn batch(content: u8, item: &str, encoding: Encoding) -> Undigested {
        let document = r#"[1795226212000,"https://shop.example","0.1.0"]"#;
        let text = format!(r#"[1,{content},"00000000000000ff",5,{document},[{item}]]"#);
        let body = match encoding {
            Encoding::Zstd => zstd::encode_all(text.as_bytes(), 3).unwrap(),
            _ => text.into_bytes(),
        };
        Undigested {
            form: Form::Batch,
            body: body.into(),
            encoding,
            limit: 1 << 20,
            received: Received {
                app: "shop".into(),
                sent_ms: None,
                received_ms: 6,
            },
            foreign_errors: ForeignErrors::Drop,
            rates: Arc::default(),
            page_names: Arc::default(),
            visitor: Visitor::default(),
        }
    }

    /// Takes the only thread for work that blocks, until the sender is used.
    async fn occupy() -> (SyncSender<()>, JoinHandle<()>) {
        let (release, released) = sync_channel(1);
        (release, spawn_blocking(move || released.recv().unwrap()))
    }

    fn with_one_blocking_thread(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .build();
        runtime.unwrap().block_on(test);
    }

    /// Polls once: whether it is done by then.
    async fn at_once<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
        tokio::select! {
            biased;
            done = future => Some(done),
            () = std::future::ready(()) => None,
        }
    }

    #[test]
    fn long_work_leaves_the_thread_of_the_requests() {
        let long = vec![VIEW; 400].join(",");
        for (what, batch, inline) in [
            ("short", batch(0, VIEW, Encoding::Identity), true),
            ("long", batch(0, &long, Encoding::Identity), false),
            ("raw", batch(1, RECORD, Encoding::Identity), false),
            ("compressed", batch(0, VIEW, Encoding::Zstd), false),
        ] {
            with_one_blocking_thread(async {
                let (release, occupied) = occupy().await;
                let places = Arc::new(Semaphore::new(1));
                let place = Arc::clone(&places).acquire_owned().await.unwrap();
                let mut digesting = Box::pin(digest(batch, place));
                let done = at_once(&mut digesting).await;
                assert_eq!(done.is_some(), inline, "{what}");
                release.send(()).unwrap();
                occupied.await.unwrap();
                let (digested, _) = match done {
                    Some(done) => done.unwrap(),
                    None => digesting.await.unwrap(),
                };
                assert!(digested.frame.is_some(), "{what}: {:?}", digested.tally);
            });
        }
    }

    #[test]
    fn work_that_nobody_waits_for_keeps_its_place_until_it_is_done() {
        with_one_blocking_thread(async {
            let (release, occupied) = occupy().await;
            let places = Arc::new(Semaphore::new(1));
            let place = Arc::clone(&places).acquire_owned().await.unwrap();
            let mut digesting = Box::pin(digest(batch(1, RECORD, Encoding::Identity), place));
            assert!(at_once(&mut digesting).await.is_none());
            drop(digesting);
            assert_eq!(places.available_permits(), 0);
            release.send(()).unwrap();
            occupied.await.unwrap();
            let _again = places.acquire().await.unwrap();
        });
    }

    #[test]
    fn a_body_says_what_it_holds() {
        for (body, expected) in [
            ("[1,0,\"\"", true),
            (" [ 1 , 0 ,", true),
            ("[1,1,", false),
            ("[1", false),
            ("", false),
            ("{\"a\":1,0,", false),
        ] {
            assert_eq!(says_events(body.as_bytes()), expected, "{body}");
        }
    }
    proptest! {
        /// Arbitrary bytes seldom get past the first field; damaged batches get everywhere.
        #[test]
        fn damaged_batches_never_make_it_panic(
            content in 0..2_u8,
            items in prop::collection::vec((kind(), prop::collection::vec(value(), 0..16)), 0..12),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        ) {
            let mut all = vec![if content == 0 { VIEW } else { RECORD }.to_owned()];
            all.extend(items.into_iter().map(|(kind, fields)| format!("[{kind},0,1,{}]", fields.join(","))));
            let mut undigested = batch(content, &all.join(","), Encoding::Identity);
            let mut body = undigested.body.to_vec();
            for (at, byte) in damage {
                let at = at.index(body.len());
                body[at] = byte;
            }
            undigested.body = body.into();
            let _ = undigested.digest();
        }

        /// Numbers of the right form and of any size, in every field: what is stored of them is no one's business here.
        #[test]
        fn no_number_makes_it_panic(
            content in 0..2_u8,
            items in prop::collection::vec((kind(), prop::collection::vec(number(), 40)), 1..12),
        ) {
            let mut all = vec![if content == 0 { VIEW } else { RECORD }.to_owned()];
            all.extend(items.iter().filter_map(|(kind, numbers)| item(*kind, content, numbers)));
            let digested = batch(content, &all.join(","), Encoding::Identity).digest();
            // A view whose report comes at an impossible time is none.
            prop_assert!(matches!(digested, Ok(_) | Err(Reject::NoView { .. })), "{:?}", digested);
        }
    }

    /// Kinds of events and of records, and some that are neither.
    fn kind() -> impl Strategy<Value = i64> {
        prop_oneof![1..=18_i64, 64..=72_i64]
    }

    fn number() -> impl Strategy<Value = i64> {
        const MOST: i64 = 1 << 53;
        prop_oneof![-MOST..=MOST, 0..10_000_000_i64, Just(0), Just(MOST), Just(-MOST)]
    }

    /// A value of a field, right or wrong.
    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            number().prop_map(|number| number.to_string()),
            Just("null".to_owned()),
            Just("{\"a\":[1,{}]}".to_owned()),
            Just("\"6b00f0a400000001\"".to_owned()),
            ".{0,20}".prop_map(|text| serde_json::Value::from(text).to_string()),
        ];
        leaf.prop_recursive(3, 40, 10, |inner| {
            prop::collection::vec(inner, 0..12).prop_map(|values| format!("[{}]", values.join(",")))
        })
    }

    /// An item whose fields have the right types. `None`: this content has no such kind.
    fn item(kind: i64, content: u8, numbers: &[i64]) -> Option<String> {
        let n = |at: usize| numbers[at % numbers.len()];
        let list = |from: usize, count: usize| {
            (from..from + count)
                .map(|at| n(at).to_string())
                .collect::<Vec<_>>()
                .join(",")
        };
        let script = format!(r#"[{},"a","b","c","d",{}]"#, list(20, 4), n(24));
        let frame = |start: usize| format!("{},[{script}]", list(start, 8));
        let attributes = r#"["a","b"]"#;
        let fields = match (content, kind) {
            (0, 2) => format!(
                r#"{},0,{},"t","/d",[{}],{},[[{},{}]]"#,
                n(0).rem_euclid(6),
                list(2, 1),
                list(3, 2),
                list(5, 4),
                n(9),
                frame(10)
            ),
            (1, 3) => format!("{},\"h2\",{}", list(0, 5), list(5, 18)),
            (1, 4) => list(0, 1),
            (1, 8) => list(0, 2),
            (1, 5 | 7) => String::new(),
            (1, 6) => r#""t","/u""#.to_owned(),
            (1, 9) => format!(r#"{},"click""#, list(0, 4)),
            (1, 10) => list(0, 2),
            (1, 11) => format!(r#"{},[{},[["event",{}]]],{}"#, list(0, 2), list(2, 2), n(4), list(5, 2)),
            (1, 12) => frame(0),
            (1, 13 | 15) => list(0, 2),
            (1, 14) => format!(r#""t","/u",{}"#, n(0)),
            (1, 16) => format!(r#"{},"cache","db;dur={}","a,b""#, list(0, 6), n(6)),
            (1, 17) => format!(r#""u",[{attributes}]"#),
            (_, 64) => format!(
                r#"{},"GET","/x",{},{},"h2",{},"query Q","{:032x}","{:016x}""#,
                list(0, 2),
                list(2, 3),
                list(5, 5),
                list(10, 5),
                n(15),
                n(16)
            ),
            (_, 65) => format!(
                r#"{},"E","m","s",{},{},[["E","m","s"]],[{attributes}],"t","/u",{},[["/a.js","{:032x}"]]"#,
                list(0, 2),
                list(2, 2),
                n(4),
                list(5, 2),
                n(7)
            ),
            (_, 66) => format!(r#"{},"a","b",{},[{attributes}],{}"#, list(0, 2), list(2, 2), n(4)),
            (_, 67) => frame(0),
            (_, 68) => format!(
                r#"{},"/r","img",{},"h2",{},"cache",{}"#,
                list(0, 2),
                list(2, 4),
                n(6),
                list(7, 7)
            ),
            (_, 69) => format!(r#"{},"m",{}"#, n(0), list(1, 2)),
            (_, 70) => format!(r#"{},"e","t","/u",{}"#, n(0), n(1)),
            (_, 71) => format!(r#"{},"m",{},[{attributes}],"{:032x}",{}"#, list(0, 2), n(2), n(3), n(4)),
            _ => return None,
        };
        // An event is `[kind, view, seq, …]`, and one that is sent as it is has its ordinal next; a record has ordinal and time.
        let prefix = match (content, kind) {
            (0, 64..) => format!("0,{},{}", n(30), n(31)),
            (0, _) => format!("0,{}", n(30)),
            _ => format!("{},{}", n(30), n(31)),
        };
        let separator = if fields.is_empty() { "" } else { "," };
        Some(format!("[{kind},{prefix}{separator}{fields}]"))
    }
}
