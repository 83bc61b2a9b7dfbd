//! One request on a session of its own, from statement to last piece of the answer. It blocks, and
//! runs on a thread that may.

use std::{
    io::{self, Read},
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use tokio_util::sync::CancellationToken;

use crate::{
    engine::Engine,
    exception::{Exception, Kind},
    format::Framing,
    library::{Connection, Effect, Totals},
    lz4,
    request::{Delivery, Encoding, Request},
    spool::{self, Spool},
    statement::{self, Statement},
};

/// The format of an answer whose request names none.
const DEFAULT_FORMAT: &str = "TabSeparated";

/// How much is handed on at once, in bytes.
const PIECE: usize = 1 << 20;

/// How long a client may leave a piece lying: the statement holds its place meanwhile. As on a
/// server (`http_send_timeout`).
const SEND_LIMIT: Duration = Duration::from_secs(30);

/// What a request gives, in this order: one `Head`, any number of `Data`, one `End`; or `Failed` at
/// any point, and nothing after it. Parts that just stop are an answer that was cut.
#[derive(Debug)]
pub(crate) enum Part {
    Head(Head),
    Data(Bytes),
    End,
    Failed(Exception),
}

/// What is known before the first byte.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) format: String,
    /// Known only when the statement has ended.
    pub(crate) summary: Option<Summary>,
}

/// What a finished statement did.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) totals: Totals,
    pub(crate) elapsed_ns: u128,
}

/// How far a request is; whoever cancels must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing runs yet.
    Waiting,
    /// A statement that only reads runs: it may be cancelled.
    Reading,
    /// A statement with an effect runs: cancelled, it might be half done, so it is not.
    Writing,
    Finished,
}

/// A request whose body has arrived.
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) request: Request,
    pub(crate) body: Spool,
    pub(crate) parts: mpsc::Sender<Part>,
    pub(crate) phase: watch::Sender<Phase>,
    /// Since when the engine has it, or that its client is waited for.
    pub(crate) silence: watch::Sender<Option<tokio::time::Instant>>,
    /// The client is gone.
    pub(crate) abandoned: CancellationToken,
}

/// Why a job ends early.
enum Stop {
    Failed(Exception),
    /// Nobody takes the answer any more, or not fast enough.
    Abandoned,
}

impl From<Exception> for Stop {
    fn from(exception: Exception) -> Self {
        Self::Failed(exception)
    }
}

impl Job {
    /// Runs it to its end.
    pub(crate) fn run(mut self, engine: &Engine) {
        let last = match self.try_run(engine) {
            Ok(()) => Some(Part::End),
            Err(Stop::Failed(exception)) => Some(Part::Failed(exception)),
            Err(Stop::Abandoned) => None,
        };
        if let Some(last) = last {
            // An error here means that the client is gone: nobody is left to tell.
            let _ = self.send(last);
        }
        self.phase.send_replace(Phase::Finished);
    }

    fn try_run(&mut self, engine: &Engine) -> Result<(), Stop> {
        let started = Instant::now();
        let plan = Plan::of(&self.request, &self.body)?;
        let mut connection = engine.session(&self.request, self.id)?;
        match plan {
            Plan::Insert {
                head,
                format,
                inline,
                body_start,
            } => {
                self.enter(Phase::Writing)?;
                let totals = self.insert(&mut connection, &head, &format, &inline, body_start)?;
                let summary = Summary {
                    totals,
                    elapsed_ns: started.elapsed().as_nanos(),
                };
                self.send(Part::Head(Head {
                    format,
                    summary: Some(summary),
                }))
            }
            Plan::Other { text, format } => {
                let format = format
                    .or_else(|| self.request.default_format.clone())
                    .unwrap_or_else(|| DEFAULT_FORMAT.to_owned());
                let class = connection.classify(&text);
                if class.statements > 1 {
                    let message = "Syntax error: Multi-statements are not allowed";
                    return Err(Exception::new(Kind::SyntaxError, message).into());
                }
                match class.effect {
                    Effect::Reads => {
                        self.enter(Phase::Reading)?;
                        match self.framing(&text, &format) {
                            Framing::Whole => self.whole(&mut connection, &text, format, started),
                            framing => self.stream(&mut connection, &text, format, framing),
                        }
                    }
                    Effect::Writes | Effect::Controls | Effect::Unknown => {
                        self.enter(Phase::Writing)?;
                        self.whole(&mut connection, &text, format, started)
                    }
                }
            }
        }
    }

    /// Nothing begins for a client that has gone meanwhile.
    fn enter(&self, phase: Phase) -> Result<(), Stop> {
        if self.abandoned.is_cancelled() {
            return Err(Stop::Abandoned);
        }
        self.phase.send_replace(phase);
        Ok(())
    }

    fn framing(&self, text: &[u8], format: &str) -> Framing {
        let settings = &self.request.settings;
        let whole = self.request.delivery == Delivery::AtEnd
            || !statement::may_be_streamed(text)
            || settings
                .iter()
                .any(|(name, _)| statement::setting_wants_whole_result(name));
        if whole { Framing::Whole } else { Framing::of(format) }
    }

    fn insert(
        &mut self,
        connection: &mut Connection,
        head: &[u8],
        format: &str,
        inline: &[u8],
        body_start: usize,
    ) -> Result<Totals, Stop> {
        let failed = |text: String| Exception::from_engine(&text);
        let mut insert = connection
            .insert(head, format, &self.request.parameters)
            .map_err(failed)?;
        let mut going = inline.is_empty() || insert.append(inline);
        let unreadable = |error: io::Error| {
            Exception::new(
                Kind::StdException,
                format!("the received body is not readable: {error}"),
            )
        };
        let mut reader = self.body.reader(body_start).map_err(unreadable)?;
        let mut piece = vec![0; PIECE];
        while going {
            let length = reader.read(&mut piece).map_err(unreadable)?;
            if length == 0 {
                break;
            }
            going = insert.append(&piece[..length]);
        }
        // Also after a refused piece: the reason comes from here.
        Ok(insert.finish().map_err(failed)?)
    }

    fn whole(&self, connection: &mut Connection, text: &[u8], format: String, started: Instant) -> Result<(), Stop> {
        let output = connection
            .query(text, &format, &self.request.parameters)
            .map_err(|text| Exception::from_engine(&text))?;
        let summary = Summary {
            totals: output.totals(),
            elapsed_ns: started.elapsed().as_nanos(),
        };
        self.send(Part::Head(Head {
            format,
            summary: Some(summary),
        }))?;
        self.send_data(output.bytes())
    }

    fn stream(&self, connection: &mut Connection, text: &[u8], format: String, framing: Framing) -> Result<(), Stop> {
        let failed = |text: String| Exception::from_engine(&text);
        let mut stream = connection
            .stream(text, &format, &self.request.parameters)
            .map_err(failed)?;
        // The head waits for the first piece: most errors come before it, and get their status.
        let mut piece = stream.next().map_err(failed)?;
        self.send(Part::Head(Head { format, summary: None }))?;
        let mut skip = 0;
        while let Some(output) = piece {
            let bytes = output.bytes();
            self.send_data(bytes.get(skip..).unwrap_or_default())?;
            piece = stream.next().map_err(failed)?;
            if let Some(next) = &piece {
                skip = framing
                    .header_length(next.bytes())
                    .ok_or_else(|| Exception::new(Kind::StdException, "a piece of the result has no header"))?;
            }
        }
        Ok(())
    }

    fn send_data(&self, bytes: &[u8]) -> Result<(), Stop> {
        bytes.chunks(PIECE).try_for_each(|piece| {
            self.send(Part::Data(match self.request.answer_encoding {
                Encoding::Plain => Bytes::copy_from_slice(piece),
                Encoding::Blocks => lz4::encode(piece).into(),
            }))
        })
    }

    fn send(&self, part: Part) -> Result<(), Stop> {
        self.silence.send_replace(None);
        let sent = self.parts.send_timeout(part, SEND_LIMIT);
        let sent = Handle::current().block_on(sent).map_err(|_| Stop::Abandoned);
        self.silence.send_replace(Some(tokio::time::Instant::now()));
        sent
    }
}

/// What is to be done with the statement's text and the body.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    Insert {
        head: Vec<u8>,
        format: String,
        /// Data that stands behind the statement in the `query` parameter.
        inline: Vec<u8>,
        /// Where the data in the body begins.
        body_start: usize,
    },
    Other {
        text: Vec<u8>,
        format: Option<String>,
    },
}

impl Plan {
    /// A statement is the `query` parameter, a line end and the body.
    fn of(request: &Request, body: &Spool) -> Result<Self, Exception> {
        let query = request.query.as_bytes();
        match Statement::parse(query) {
            Statement::Insert { head, format, data } => {
                return Ok(Self::Insert {
                    head: query[head].to_vec(),
                    format,
                    inline: query.get(data..).unwrap_or_default().to_vec(),
                    body_start: 0,
                });
            }
            Statement::Unsupported(what) => return Err(unsupported(what)),
            // More of it may stand in the body.
            Statement::Other { .. } => {}
        }
        let line_end: &[u8] = if query.is_empty() || body.head().is_empty() {
            b""
        } else {
            b"\n"
        };
        let text = [query, line_end, body.head()].concat();
        match Statement::parse(&text) {
            Statement::Insert { head, format, data } => Ok(Self::Insert {
                head: text[head].to_vec(),
                format,
                inline: Vec::new(),
                body_start: data.saturating_sub(query.len() + line_end.len()),
            }),
            Statement::Unsupported(what) => Err(unsupported(what)),
            Statement::Other { .. } if body.whole().is_none() => {
                let message = format!("a statement is longer than {} bytes", spool::MEMORY);
                Err(Exception::new(Kind::QueryIsTooLarge, message))
            }
            Statement::Other { format } => Ok(Self::Other { text, format }),
        }
    }
}

fn unsupported(what: &str) -> Exception {
    let message = format!("{what} is not supported by embedded ClickHouse");
    Exception::new(Kind::NotImplemented, message)
}
