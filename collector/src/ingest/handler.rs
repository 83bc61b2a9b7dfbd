//! `POST /v1/batches` and `POST /v1/reports`: with the routes the only place of ingest that knows HTTP, the clock and the spool.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, ORIGIN};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::{Instant, timeout, timeout_at};
use url::form_urlencoded;

use super::body::Encoding;
use super::completion::Abandoned;
use super::digest::{Digested, Form, Undigested, digest};
use super::origin::Sender;
use super::outcome::{Outcome, Outcomes};
use super::quotas::Quotas;
use super::reject::Reject;
use super::report;
use super::rules::{IngestError, Rules};
use super::usage::Usage;
use super::validate::Received;
use crate::at_hand::{is_of, span};
use crate::clock::now_ms;
use crate::config::{App, Apps, Config, Limits, Rate};
use crate::fair::{Crowded, Fair, Lent};
use crate::problem::Problem;
use crate::store::{Appended, Frame, Shares, Spool, SpoolError};

/// What is read of a body over its limit, and thrown away, so that the sender reads our answer: a connection closed
/// while it still sends is reset, and a page sees a network failure where we meant 413.
const DISCARDED_BYTES: usize = 4 << 20;

/// The sampling rate that new sessions are to freeze: `version;share`.
const RUM_RATE: HeaderName = HeaderName::from_static("rum-rate");

/// How much of what a sender sent is said back to it.
const QUOTED_CHARS: usize = 64;

/// The ingest routes' state; a handle.
#[derive(Clone)]
pub struct Ingest(Arc<Shared>);

struct Shared {
    rules: ArcSwap<Rules>,
    spool: Spool,
    shares: Shares,
    outcomes: Arc<Outcomes>,
    quotas: Arc<Quotas>,
    abandoned: Abandoned,
    /// Who holds a core may digest what takes long. So an app with much of that does not hold all places, which others
    /// need only for an instant, and what is begun is soon done.
    cores: Fair,
    /// Who holds a place may have a decompressed body in memory, and its rows until they are with the disk.
    places: Fair,
}

/// What ingest works with.
pub struct Parts {
    /// How much a day.
    pub quotas: Arc<Quotas>,
    /// Where batches go.
    pub spool: Spool,
    /// Where it is counted what becomes of them.
    pub outcomes: Arc<Outcomes>,
}

/// Rules that are ready to be in force.
pub struct NewRules(Rules);

impl Ingest {
    /// Takes batches of the configured apps into the spool. Reads from disk, and notes there which patterns of pages are new.
    ///
    /// # Errors
    /// When a file that it needs cannot be used.
    pub fn open(config: &Config, parts: Parts) -> Result<Self, IngestError> {
        let Parts {
            quotas,
            spool,
            outcomes,
        } = parts;
        let rules = Rules::open(config, Arc::clone(&outcomes))?;
        let fair = |units: u64| Fair::new(units, rules.limits.batches_waiting);
        Ok(Self(Arc::new(Shared {
            abandoned: Abandoned::default(),
            quotas,
            cores: fair(cores()),
            places: fair(rules.limits.batches_at_once as u64),
            shares: spool.shares(),
            spool,
            outcomes,
            rules: ArcSwap::from_pointee(rules),
        })))
    }

    /// The rules of another configuration, of the same data folder. Nothing is in force yet but what is on disk, so this comes last
    /// of all that may fail; takes as long as the disk does.
    ///
    /// # Errors
    /// When a file that they need cannot be used.
    pub fn prepare(&self, config: &Config) -> Result<NewRules, IngestError> {
        Ok(NewRules(self.0.rules.load().changed(config)?))
    }

    /// Every request from now on sees `rules`; those that are being worked at end by what they began with.
    pub fn adopt(&self, NewRules(rules): NewRules) {
        let Shared {
            cores, places, quotas, ..
        } = &*self.0;
        let Limits {
            batches_at_once,
            batches_waiting,
            ..
        } = rules.limits;
        cores.resize(self::cores(), batches_waiting);
        places.resize(batches_at_once as u64, batches_waiting);
        quotas.change(&rules.apps, now_ms());
        self.0.rules.store(Arc::new(rules));
    }

    /// What is to be done now and then besides requests. Takes as long as the disk does.
    pub(crate) fn tend(&self) {
        self.0.rules.load().visitors.tend(now_ms());
    }

    /// Waits until what has come is worked at whose senders have gone. No requests come any more.
    pub(crate) async fn finished(&self) {
        self.0.abandoned.done().await;
    }

    /// How many batches of an app wait for their turn now.
    pub(crate) fn waiting(&self, app: &str) -> usize {
        let Shared { cores, places, .. } = &*self.0;
        cores.waiting(app) + places.waiting(app)
    }

    /// What each app has used of the day.
    pub(crate) fn quotas(&self) -> &Quotas {
        &self.0.quotas
    }

    /// What each app has sent.
    pub(crate) fn usage(&self) -> Arc<Usage> {
        Arc::clone(&self.0.rules.load().usage)
    }
}

/// Where the system does not say how many there are, one too many does no harm.
fn cores() -> u64 {
    available_parallelism().map_or(2, usize::from) as u64
}

impl Ingest {
    /// Takes a batch of this form, and says what became of it. What has come whole is taken, and whatever becomes of it is counted,
    /// also if its sender does not wait for the answer: pages end as soon as they have sent.
    pub(super) async fn answer(self, form: Form, request: Request) -> Response {
        let abandoned = self.0.abandoned.clone();
        abandoned.request(self.0.answer(form, request, now_ms())).await
    }
}

/// What a batch holds while it is worked at.
struct Turn {
    core: Option<Lent>,
    place: Lent,
}

/// What is left of a request once it was digested.
struct Taken {
    app: Arc<App>,
    digested: Digested,
    place: Lent,
    body_bytes: usize,
    /// The sampling rate that new sessions are to freeze.
    rate: Option<HeaderValue>,
}

/// A request of which nobody can say yet what becomes of it. If it ends like that, its sender has gone and there was no place to go on
/// without one, which counts.
struct Coming<'a>(Option<&'a Outcomes>);

impl Coming<'_> {
    fn end(mut self) {
        self.0 = None;
    }
}

impl Drop for Coming<'_> {
    fn drop(&mut self) {
        if let Some(outcomes) = self.0 {
            outcomes.count(Outcome::RefusedBusy);
        }
    }
}

/// What the head of a request says.
struct Head<'a> {
    app: &'a Arc<App>,
    sender: Sender<'a>,
    encoding: Encoding,
    sent_ms: Option<i64>,
}

impl Shared {
    async fn answer(self: Arc<Self>, form: Form, request: Request, received_ms: i64) -> Response {
        match self.take(form, request, received_ms).await {
            // No body, and no `no-store`: Chromium would hold the page's keepalive quota longer.
            Ok(rate) => {
                let mut response = StatusCode::NO_CONTENT.into_response();
                if let Some(rate) = rate {
                    response.headers_mut().insert(RUM_RATE, rate);
                }
                response
            }
            Err(reject) => {
                let refusal = reject.refusal();
                self.outcomes.count(refusal.outcome);
                tracing::debug!(code = refusal.code, at = refusal.at, "a batch is refused: {reject}");
                Problem {
                    status: refusal.status,
                    code: refusal.code,
                    message: reject.to_string(),
                    at: refusal.at,
                    retry_after: refusal.retry_after,
                }
                .into_response()
            }
        }
    }

    /// Takes a batch, and counts it unless it is refused. The sampling rate that new sessions are to freeze, as the answer
    /// says it: version and share.
    async fn take(
        self: &Arc<Self>,
        form: Form,
        request: Request,
        received_ms: i64,
    ) -> Result<Option<HeaderValue>, Reject> {
        // Those of this request, whatever changes meanwhile.
        let rules = self.rules.load_full();
        let coming = Coming(Some(&self.outcomes));
        let taken = self.digested(&rules, form, request, received_ms).await;
        coming.end();
        let Taken {
            app,
            digested,
            place,
            body_bytes,
            rate,
        } = taken?;
        let storing = Arc::clone(self).finish(Arc::clone(&rules), Arc::clone(&app), digested, body_bytes, place);
        let limit = rules.limits.store_timeout;
        let stored = timeout(limit, self.abandoned.rest(storing)).await;
        stored
            .unwrap_or_else(|_| {
                // It goes on, for it cannot be taken back: if it is stored after all it counts as stored, too.
                tracing::error!(?limit, "a batch was not stored in time");
                Err(Reject::SpoolFailing)
            })
            .map_err(|reject| rules.refused(&app, reject))?;
        Ok(rate)
    }

    /// Takes a batch up to what is to be stored of it. Of the request nothing is kept longer: most of its time it waits for the disk.
    async fn digested(&self, rules: &Rules, form: Form, request: Request, received_ms: i64) -> Result<Taken, Reject> {
        let (parts, body) = request.into_parts();
        let parameters = Parameters::of(parts.uri.query().unwrap_or_default());
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let addresses = peer.map(|ConnectInfo(peer)| rules.visitors.addresses(peer.ip(), &parts.headers));
        let head = head(&rules.apps, form, &parts.headers, &parameters).and_then(|head| {
            // What is refused for good comes first, then what is refused for longest: who is told to come again should be
            // welcome then.
            let client = addresses.as_ref().map(|addresses| addresses.client);
            self.may_come(rules, head.app, received_ms)
                .and_then(|()| rules.rates.check(head.app, client))
                .map_err(|reject| rules.refused(head.app, reject))?;
            Ok(head)
        });
        // Also for a request that will be refused: an answer before the end of the body may not be read. Nothing of that is kept.
        let limit = if head.is_ok() { rules.limits.body_bytes } else { 0 };
        let body = read_in_time(body, limit, rules.limits.body_timeout).await;
        let (head, body) = (head?, body?);
        match head.sender {
            Sender::NotAPage => self.outcomes.count(Outcome::OriginAbsent),
            Sender::Opaque => self.outcomes.count(Outcome::OriginOpaque),
            Sender::Page(_) => {}
        }

        let rate = match form {
            Form::Batch => head.app.rates.announced().and_then(announcement),
            Form::Reports => None,
        };

        let body_bytes = body.len();
        let batch = Undigested {
            form,
            body,
            encoding: head.encoding,
            limit: rules.limits.decompressed_bytes,
            received: Received {
                app: Arc::clone(&head.app.name),
                sent_ms: head.sent_ms,
                received_ms,
            },
            foreign_errors: head.app.foreign_errors,
            rates: Arc::clone(&head.app.rates),
            page_names: rules.page_names(&head.app.name),
            visitor: rules
                .visitors
                .of(addresses, &parts.headers, &head.app.name, received_ms),
        };
        let turn = self
            .turn(head.app, &batch, rules.limits.store_timeout)
            .await
            .map_err(|reject| rules.refused(head.app, reject))?;
        // Those that came while it was welcome have waited with this one.
        self.may_come(rules, head.app, now_ms())
            .map_err(|reject| rules.refused(head.app, reject))?;
        let (digested, Turn { core, place }) = digest(batch, turn).await?;
        drop(core);
        Ok(Taken {
            app: Arc::clone(head.app),
            digested,
            place,
            body_bytes,
            rate,
        })
    }

    /// Stores what has been digested, and counts it.
    async fn finish(
        self: Arc<Self>,
        rules: Arc<Rules>,
        app: Arc<App>,
        digested: Digested,
        body_bytes: usize,
        place: Lent,
    ) -> Result<(), Reject> {
        let Digested {
            frame,
            tally,
            page_names,
        } = digested;
        let outcome = match frame {
            None => Outcome::BatchEmpty,
            Some(frame) => match self.store(frame, place).await? {
                Appended::Stored => {
                    let events = tally.get(Outcome::EventAccepted);
                    rules.usage.taken(&app.name, events, body_bytes, &page_names);
                    self.quotas.taken(&app, events, body_bytes as u64, now_ms());
                    Outcome::BatchStored
                }
                // Its events were counted when it came first.
                Appended::Duplicate => {
                    self.outcomes.count(Outcome::BatchDuplicate);
                    return Ok(());
                }
            },
        };
        self.outcomes.count(outcome);
        self.outcomes.add(&tally);
        Ok(())
    }

    /// Waits until it is the turn of a batch of `app`, for a while.
    async fn turn(&self, app: &App, batch: &Undigested, patience: Duration) -> Result<Turn, Reject> {
        let end = Instant::now() + patience;
        // In this order: who holds a place never waits for a core.
        let core = if batch.is_short() {
            None
        } else {
            Some(lend(&self.cores, app, end).await?)
        };
        let place = lend(&self.places, app, end).await?;
        Ok(Turn { core, place })
    }

    /// Whether `app` is within its quota of the day and its share of the spool.
    fn may_come(&self, rules: &Rules, app: &App, now_ms: i64) -> Result<(), Reject> {
        self.quotas.check(app, now_ms, rand::random())?;
        if self.shares.is_over(&app.name) && rules.apps.are_several() {
            let app = Arc::clone(&app.name);
            return Err(Reject::SpoolShare { app });
        }
        Ok(())
    }

    async fn store(&self, frame: Frame, place: Lent) -> Result<Appended, Reject> {
        let _span = span("spool commit");
        self.spool
            .append_and_give_back(frame, place)
            .await
            .map_err(|error| match error {
                SpoolError::TooLarge { bytes, limit: _ } => Reject::RowsTooLarge { bytes },
                SpoolError::Crowded => Reject::busy(rand::random()),
                error if error.is_full() => Reject::SpoolFull,
                error => {
                    tracing::error!(%error, "a batch cannot be stored");
                    Reject::SpoolFailing
                }
            })
    }
}

fn head<'a>(
    apps: &'a Apps,
    form: Form,
    headers: &'a HeaderMap,
    parameters: &Parameters<'_>,
) -> Result<Head<'a>, Reject> {
    let key = parameters.key.as_deref().ok_or(Reject::MissingKey)?;
    let app = apps.by_key(key).ok_or_else(|| Reject::UnknownKey { key: quote(key) })?;
    is_of(&app.name);
    let sender = Sender::of(text(headers, &ORIGIN));
    if let Sender::Page(origin) = sender
        && !sender.may_send(&app.origins)
    {
        return Err(Reject::OriginNotAllowed {
            origin: quote(origin),
            app: app.name.to_string(),
        });
    }
    if let Some(media_type) = text(headers, &CONTENT_TYPE).filter(|media_type| !may_be(form, media_type)) {
        return Err(Reject::MediaType {
            media_type: quote(media_type),
            expected: match form {
                Form::Batch => "text/plain (no preflight) or application/json",
                Form::Reports => "application/reports+json or application/csp-report",
            },
        });
    }
    let encoding = Encoding::of(text(headers, &CONTENT_ENCODING), parameters.encoding.as_deref())?;
    let sent_ms = parameters.sent.as_deref().map(|sent| {
        sent.parse().map_err(|_| Reject::BadParameter {
            name: "s",
            value: quote(sent),
            expected: "Date.now() when the batch was sent, or left out",
        })
    });
    Ok(Head {
        app,
        sender,
        encoding,
        sent_ms: sent_ms.transpose()?,
    })
}

/// As [`read`], within `patience`.
async fn read_in_time(body: Body, limit: usize, patience: Duration) -> Result<Bytes, Reject> {
    match timeout(patience, read(body, limit)).await {
        Ok(read) => read,
        Err(_) => Err(Reject::TooSlow {
            seconds: patience.as_secs(),
        }),
    }
}

/// Waits for one unit until `end`.
async fn lend(of: &Fair, app: &App, end: Instant) -> Result<Lent, Reject> {
    match timeout_at(end, of.lend(&app.name, 1)).await {
        Ok(Ok(lent)) => Ok(lent),
        Ok(Err(Crowded)) | Err(_) => Err(Reject::busy(rand::random())),
    }
}

/// Reads at most `limit` bytes; what is over is read on for a while and thrown away.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, Reject> {
    let announced = body.size_hint().lower();
    if announced > (limit + DISCARDED_BYTES) as u64 {
        return Err(Reject::BodyTooLarge { limit });
    }
    let mut read = BytesMut::new();
    let mut length = 0;
    // What is whole is not asked for more: a connection that has ended meanwhile says of it that it broke off.
    while body.size_hint().exact() != Some(0)
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|error| Reject::Incomplete {
            reason: error.to_string(),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= limit && read.is_empty() && body.size_hint().exact() == Some(0) {
            // Mostly all of it comes at once, and stays where it is.
            return Ok(data);
        }
        if length <= limit {
            read.extend_from_slice(&data);
        } else if length > limit + DISCARDED_BYTES {
            break;
        }
    }
    if length > limit {
        Err(Reject::BodyTooLarge { limit })
    } else {
        Ok(read.freeze())
    }
}

/// The query's parameters; others are left alone.
#[derive(Default)]
struct Parameters<'a> {
    key: Option<Cow<'a, str>>,
    sent: Option<Cow<'a, str>>,
    encoding: Option<Cow<'a, str>>,
}

impl<'a> Parameters<'a> {
    fn of(query: &'a str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "k" => parameters.key = Some(value),
                "s" => parameters.sent = Some(value),
                "z" => parameters.encoding = Some(value),
                _ => {}
            }
        }
        parameters
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // A header that is no text is as good as one with another value: it matches nothing.
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

/// Whether a body of this type may be of this form. `text/plain` needs no preflight; `application/json` is what everybody else's
/// tools send.
fn may_be(form: Form, media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    match form {
        Form::Batch => essence.eq_ignore_ascii_case("text/plain") || essence.eq_ignore_ascii_case("application/json"),
        Form::Reports => report::is_media_type(essence),
    }
}

/// A sampling rate as an answer says it, such as `3;0.1`.
fn announcement((version, rate): (u32, Rate)) -> Option<HeaderValue> {
    let errors = if rate.errors_sampled { ";1" } else { "" };
    HeaderValue::try_from(format!("{version};{}{errors}", rate.share)).ok()
}

fn quote(text: &str) -> String {
    text.chars().take(QUOTED_CHARS).collect()
}

#[cfg(test)]
mod tests;
