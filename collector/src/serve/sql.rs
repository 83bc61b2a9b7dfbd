//! `POST /v1/sql`: a statement in, its answer out, piece by piece. What may be asked is the store's to say; here are who
//! may ask, how many at once, and the record of it.
//!
//! There is no GET: a statement in an address ends up in histories and in the logs of proxies, and a link must not be able
//! to run one. Over 500 lines with what OpenAPI is told and the record: they are of the one route.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::channel::{Channel, Sender};
use http_body_util::{BodyExt as _, Limited};
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use url::form_urlencoded;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::login::too_slow;
use super::{AskedAs, Problem, asker};
use crate::access::{AUDIT, Access, Admission};
use crate::at_hand::with_request;
use crate::config::{Readers, Scope, Token};
use crate::meter::{Counter, Histogram, Unit};
use crate::problem::{Later, Unknown};
use crate::store::Clickhouse;
use crate::store::query::SqlFormat;
use crate::store::sql::{self, Answer, Question, STATEMENT_BYTES, SqlError};

/// What is kept back of an answer before its head is sent, in bytes: an error until then has its status.
const FIRST_BYTES: usize = 1 << 20;

/// Pieces that wait for a slow client.
const PIECES_AHEAD: usize = 2;

/// How long a client may take to fetch an answer, beyond the time that its statement may take: it holds a place.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// How long a statement waits for a place.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// Statements that wait for a place, for each place.
const WAITING: usize = 16;

/// The parameters of one request, `format` included.
const PARAMETERS: usize = 64;

/// Answers take from milliseconds to a minute. In µs.
const TIMES: &[u64] = &[
    5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 30_000_000,
    60_000_000,
];

/// What became of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SqlOutcome {
    /// It was answered to the last byte.
    Answered,
    /// It may not run.
    Refused,
    /// It is wrong: the form, a name, a type.
    Wrong,
    /// It took, or gave, more than it may.
    OverLimit,
    /// All places were taken.
    Busy,
    /// ClickHouse did not answer.
    Away,
    /// Whoever asked went away, or was too slow.
    Abandoned,
}

impl SqlOutcome {
    pub(super) const ALL: [Self; 7] = [
        Self::Answered,
        Self::Refused,
        Self::Wrong,
        Self::OverLimit,
        Self::Busy,
        Self::Away,
        Self::Abandoned,
    ];

    /// As metrics and log have it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Wrong => "wrong",
            Self::OverLimit => "over_limit",
            Self::Busy => "busy",
            Self::Away => "away",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Statements by what became of them.
#[derive(Debug)]
pub(super) struct Statements {
    outcomes: [Counter; SqlOutcome::ALL.len()],
    pub(super) time: Histogram,
}

impl Statements {
    pub(super) fn of(&self, outcome: SqlOutcome) -> u64 {
        self.outcomes[outcome as usize].get()
    }
}

/// What `/v1/sql` needs; a handle.
#[derive(Clone)]
pub struct Sql(Arc<Shared>);

struct Shared {
    access: Access,
    asked_as: ArcSwap<AskedAs>,
    places: Arc<Semaphore>,
    /// Who waits for a place, or has one.
    admitted: Arc<Semaphore>,
    statements: Arc<Statements>,
}

impl Sql {
    /// Lets those whom `access` lets in ask ClickHouse, so many at once.
    #[must_use]
    pub fn new(access: Access, asked_as: AskedAs, at_once: usize) -> Self {
        Self(Arc::new(Shared {
            places: Arc::new(Semaphore::new(at_once)),
            admitted: Arc::new(Semaphore::new(at_once * (1 + WAITING))),
            statements: Arc::new(Statements {
                outcomes: Default::default(),
                time: Histogram::new(Unit::Microsecond, TIMES),
            }),
            access,
            asked_as: ArcSwap::from_pointee(asked_as),
        }))
    }

    /// A server is asked as these `readers` from now on. A token's apps are a reader's apps by any configuration, so it does not
    /// matter by which of two a request is let in.
    pub fn change(&self, readers: Readers<Clickhouse>) {
        self.0.asked_as.store(Arc::new(AskedAs::Readers(readers)));
    }

    /// Who may ask.
    pub(super) fn access(&self) -> &Access {
        &self.0.access
    }

    /// What was asked so far.
    pub(super) fn statements(&self) -> &Statements {
        &self.0.statements
    }
}

/// The routes.
pub(super) fn routes(sql: Sql) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(answer)).with_state(sql)
}

/// Asks one SELECT.
///
/// `param_NAME` in the query is the value of `{NAME:Type}` in the statement. An answer over 1 MiB that fails on its way is broken off.
#[utoipa::path(
    post, path = "/v1/sql", tag = "reading",
    params(("format" = Option<String>, Query, description = "`json` (the default), `jsoneachrow`, `csv` or `table`")),
    request_body(content = String, description = "The statement, at most 64 KiB", content_type = "text/plain"),
    security(("token" = []), ("login" = [])),
    responses(
        (status = 200, description = "The answer.", content((serde_json::Value = "application/json"), (String = "application/x-ndjson"), (String = "text/csv"), (String = "text/plain"))),
        (status = 400, response = crate::problem::Refused),
        (status = 401, response = Unknown),
        (status = 403, response = crate::problem::Refused),
        (status = 408, response = Later),
        (status = 413, response = crate::problem::Refused),
        (status = 429, response = Later),
        (status = 503, response = Later),
    )
)]
async fn answer(State(sql): State<Sql>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    sql.0.answer(&parts, body).await.unwrap_or_else(Problem::into_response)
}

impl Shared {
    async fn answer(&self, parts: &Parts, body: Body) -> Result<Response, Problem> {
        let admission = self.access.now();
        let token = asker::required(&admission, parts, Scope::Read).await?;
        let asked_as = self.asked_as.load_full();
        if asked_as.shows_all_apps() {
            asker::for_all_apps(&admission, &token)?;
        }
        let began = Instant::now();
        let mut record = Record {
            token,
            statement: String::new(),
            began,
            bytes: 0,
            outcome: SqlOutcome::Abandoned,
            statements: Arc::clone(&self.statements),
        };
        let begun = self.begin(parts, body, (&admission, &asked_as), &mut record).await;
        let Begun {
            format,
            answer,
            first,
            place,
        } = begun.map_err(|refused| {
            record.outcome = refused.outcome;
            refused.problem
        })?;
        let Some(answer) = answer else {
            record.outcome = SqlOutcome::Answered;
            return Ok(response(
                format,
                Body::from(first.into_iter().flatten().collect::<Bytes>()),
            ));
        };
        let (sender, body) = Channel::<Bytes, SqlError>::new(PIECES_AHEAD);
        let rest = rest(answer, first, sender, record, place, admission.sql().time + FETCH_LIMIT);
        tokio::spawn(with_request(rest));
        Ok(response(format, Body::new(body)))
    }

    /// Everything until the head of the answer can be sent.
    async fn begin(
        &self,
        parts: &Parts,
        body: Body,
        (admission, asked_as): (&Admission, &AskedAs),
        record: &mut Record,
    ) -> Result<Begun, Refused> {
        let (format, parameters) = parameters(parts)?;
        let statement = statement(body, admission.body_timeout()).await?;
        record.statement = fingerprint(&statement);
        let clickhouse = asked_as.by(&record.token).map_err(|problem| Refused {
            outcome: SqlOutcome::Refused,
            problem,
        })?;
        let place = self.place().await?;
        let question = Question {
            statement,
            parameters,
            format,
        };
        let mut answer = sql::ask(clickhouse, &question, admission.sql()).await?;
        let mut first = VecDeque::new();
        let mut length = 0;
        while length < FIRST_BYTES {
            let Some(piece) = answer.next().await? else {
                record.bytes = length as u64;
                return Ok(Begun {
                    format,
                    answer: None,
                    first,
                    place,
                });
            };
            length += piece.len();
            first.push_back(piece);
        }
        Ok(Begun {
            format,
            answer: Some(answer),
            first,
            place,
        })
    }

    /// A place to run in. Few wait, and not for long.
    async fn place(&self) -> Result<Place, Refused> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| busy())?;
        let running = timeout(WAIT_LIMIT, Arc::clone(&self.places).acquire_owned()).await;
        match running {
            Ok(Ok(running)) => Ok(Place(running, admitted)),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }
}

/// Held while a statement runs.
struct Place(
    #[expect(dead_code, reason = "it is held, and given back when it is dropped")] OwnedSemaphorePermit,
    #[expect(dead_code, reason = "it is held, and given back when it is dropped")] OwnedSemaphorePermit,
);

/// An answer whose beginning is here.
struct Begun {
    format: SqlFormat,
    /// What is still to come; `None` if this is all.
    answer: Option<Answer>,
    first: VecDeque<Bytes>,
    place: Place,
}

/// Sends the rest of an answer. An error breaks the body off, so that nobody takes a part for the whole.
async fn rest(
    mut answer: Answer,
    first: VecDeque<Bytes>,
    mut sender: Sender<Bytes, SqlError>,
    mut record: Record,
    place: Place,
    limit: Duration,
) {
    let sent = async {
        for piece in first {
            record.bytes += piece.len() as u64;
            sender.send_data(piece).await.map_err(|_| None)?;
        }
        while let Some(piece) = answer.next().await.map_err(Some)? {
            record.bytes += piece.len() as u64;
            sender.send_data(piece).await.map_err(|_| None)?;
        }
        Ok(())
    };
    let slow = || {
        Err(Some(SqlError::OverLimit {
            limit: "of the time to fetch an answer",
            reason: format!("it was not fetched within {} s", limit.as_secs()),
        }))
    };
    match timeout(limit, sent).await.unwrap_or_else(|_| slow()) {
        Ok(()) => record.outcome = SqlOutcome::Answered,
        // Nobody is there any more.
        Err(None) => {}
        Err(Some(error)) => {
            record.outcome = outcome(&error);
            sender.abort(error);
        }
    }
    drop(place);
}

/// Why there is no answer: what is said, and what is counted.
struct Refused {
    outcome: SqlOutcome,
    problem: Problem,
}

impl From<SqlError> for Refused {
    fn from(error: SqlError) -> Self {
        let (status, code, retry_after) = match &error {
            SqlError::Forbidden(_) | SqlError::NotAllowed(_) => (StatusCode::FORBIDDEN, "sql_refused", None),
            SqlError::Unconfined(_) => (StatusCode::FORBIDDEN, "sql_unconfined", None),
            SqlError::Statement(_) => (StatusCode::BAD_REQUEST, "bad_sql", None),
            SqlError::OverLimit { .. } | SqlError::TooLong { .. } => (StatusCode::BAD_REQUEST, "sql_over_limit", None),
            SqlError::Away => (StatusCode::SERVICE_UNAVAILABLE, "sql_away", Some(5)),
        };
        Self {
            outcome: outcome(&error),
            problem: Problem {
                retry_after,
                ..Problem::new(status, code, error.to_string())
            },
        }
    }
}

const fn outcome(error: &SqlError) -> SqlOutcome {
    match error {
        SqlError::Forbidden(_) | SqlError::NotAllowed(_) | SqlError::Unconfined(_) => SqlOutcome::Refused,
        SqlError::Statement(_) => SqlOutcome::Wrong,
        SqlError::OverLimit { .. } | SqlError::TooLong { .. } => SqlOutcome::OverLimit,
        SqlError::Away => SqlOutcome::Away,
    }
}

fn busy() -> Refused {
    let message = "too many statements run already; ask again later";
    Refused {
        outcome: SqlOutcome::Busy,
        problem: Problem {
            retry_after: Some(1),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "sql_busy", message)
        },
    }
}

fn wrong(code: &'static str, message: impl Into<String>) -> Refused {
    Refused {
        outcome: SqlOutcome::Wrong,
        problem: Problem::new(StatusCode::BAD_REQUEST, code, message),
    }
}

/// `format`, and `param_NAME` for the statement's `{NAME:Type}`.
fn parameters(parts: &Parts) -> Result<(SqlFormat, Vec<(String, String)>), Refused> {
    let mut format = SqlFormat::Json;
    let mut parameters = Vec::new();
    let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    for (at, (name, value)) in pairs.enumerate() {
        if at >= PARAMETERS {
            return Err(wrong(
                "bad_parameter",
                format!("more than {PARAMETERS} parameters are refused"),
            ));
        }
        if name == "format" {
            format = format_named(&value)?;
        } else if let Some(name) = name.strip_prefix("param_").filter(|name| is_name(name)) {
            parameters.push((name.to_owned(), value.into_owned()));
        } else {
            let name: String = name.chars().take(64).collect();
            let message =
                format!("{name:?} is refused: there are format, and param_NAME for {{NAME:Type}} in the statement");
            return Err(wrong("bad_parameter", message));
        }
    }
    Ok((format, parameters))
}

fn format_named(name: &str) -> Result<SqlFormat, Refused> {
    match name.to_ascii_lowercase().as_str() {
        "json" => Ok(SqlFormat::Json),
        "jsoneachrow" => Ok(SqlFormat::JsonLines),
        "csv" => Ok(SqlFormat::Csv),
        "table" => Ok(SqlFormat::Table),
        _ => Err(wrong("bad_parameter", "format is json, jsoneachrow, csv or table")),
    }
}

fn is_name(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(word)
}

async fn statement(body: Body, limit: Duration) -> Result<String, Refused> {
    let whole = timeout(limit, Limited::new(body, STATEMENT_BYTES).collect())
        .await
        .map_err(|_| Refused {
            outcome: SqlOutcome::Wrong,
            problem: too_slow(limit),
        })?
        .map_err(|_| Refused {
            outcome: SqlOutcome::Wrong,
            problem: Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("the statement did not come whole, or is longer than {STATEMENT_BYTES} bytes"),
            ),
        })?;
    let text =
        String::from_utf8(whole.to_bytes().into()).map_err(|_| wrong("not_utf8", "the statement is not UTF-8"))?;
    if text.trim().is_empty() {
        return Err(wrong("bad_sql", "the body is empty: send one SELECT as text"));
    }
    Ok(text)
}

fn response(format: SqlFormat, body: Body) -> Response {
    let media_type = match format {
        SqlFormat::Json => "application/json",
        SqlFormat::JsonLines => "application/x-ndjson",
        SqlFormat::Csv => "text/csv; charset=utf-8",
        SqlFormat::Table => "text/plain; charset=utf-8",
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    (headers, body).into_response()
}

/// What the log says of a statement, whose text may be about a visitor.
fn fingerprint(statement: &str) -> String {
    let hash = Sha256::digest(statement);
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What is logged and counted of a statement, whenever and however it ends.
struct Record {
    token: Arc<Token>,
    statement: String,
    began: Instant,
    bytes: u64,
    outcome: SqlOutcome,
    statements: Arc<Statements>,
}

impl Drop for Record {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.statements.outcomes[self.outcome as usize].add(1);
        self.statements.time.observe_time(took);
        tracing::info!(
            target: AUDIT,
            token = self.token.name,
            statement = self.statement,
            ms = took.as_millis() as u64,
            bytes = self.bytes,
            outcome = self.outcome.name(),
            "a statement was asked"
        );
    }
}
