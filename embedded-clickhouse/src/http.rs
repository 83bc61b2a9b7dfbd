//! The ClickHouse HTTP interface: from a request to a job, and from its first part to an answer.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http_body_util::{Either, Full};
use hyper::{
    HeaderMap, Method, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderName, HeaderValue},
};
use rand::RngExt as _;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{Answer, State},
    auth,
    cancel::CancelOnDrop,
    child::ChildOptions,
    engine::Engine,
    exception::{Exception, Kind},
    execute::{Head, Job, Part, Phase},
    lz4, multipart,
    places::{Asker, Places},
    request::{Encoding, Request},
    spool::{self, Spool},
    stuck::{Due, Watch},
};

type AnswerBody = Either<Full<Bytes>, Answer>;

/// How many parts of an answer wait for a slow client before the statement waits too.
const PARTS_AHEAD: usize = 2;

/// Everything a request needs.
pub(crate) struct Service {
    engine: Arc<Engine>,
    options: ChildOptions,
    places: Places,
    watch: Arc<Watch>,
    next_id: AtomicU64,
}

impl Service {
    pub(crate) fn new(engine: Arc<Engine>, options: ChildOptions) -> Self {
        Self {
            engine,
            places: Places::new(options.queries, options.waiting_queries),
            watch: Arc::new(Watch::new(Duration::from_millis(options.stuck_ms))),
            options,
            next_id: AtomicU64::new(1),
        }
    }

    /// Answers a request. Errors are answers too.
    pub(crate) async fn answer(&self, request: hyper::Request<Incoming>) -> Result<Response<AnswerBody>, Infallible> {
        let (parts, body) = request.into_parts();
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        if reads && parts.uri.path() == "/ping" {
            return Ok(text(StatusCode::OK, "Ok.\n"));
        }
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        if !auth::allowed(&parts.headers, &pairs, &self.options.secret) {
            let message = "Authentication failed: user or password is not right";
            let refused = Exception::new(Kind::AuthenticationFailed, message);
            return Ok(self.failure(&refused, Encoding::Plain));
        }
        if parts.uri.path() != "/" {
            return Ok(text(StatusCode::NOT_FOUND, "There is no such place here.\n"));
        }
        if !reads && parts.method != Method::POST {
            return Ok(text(StatusCode::METHOD_NOT_ALLOWED, "Use GET or POST.\n"));
        }
        Ok(self.statement(&parts.method, &parts.headers, pairs, body).await)
    }

    /// Waits until no statement runs.
    pub(crate) async fn idle(&self) {
        self.places.idle().await;
    }

    /// Waits until a statement is stuck, and tells why the process has to end.
    pub(crate) async fn stuck(&self) -> String {
        self.watch.stuck().await
    }

    /// Tells every client that its statement ends here.
    pub(crate) async fn tell_all(&self) {
        self.watch.tell_all().await;
    }

    async fn statement(
        &self,
        method: &Method,
        headers: &HeaderMap,
        pairs: Vec<(String, String)>,
        body: Incoming,
    ) -> Response<AnswerBody> {
        // Until the request is understood, its answer cannot know an encoding.
        let (request, body) = match self.receive(method, headers, pairs, body).await {
            Ok(received) => received,
            Err(exception) => return self.failure(&exception, Encoding::Plain),
        };
        if request.query.is_empty() && body.head().is_empty() {
            return text(StatusCode::OK, "Ok.\n");
        }
        let encoding = request.answer_encoding;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let query_id = request.query_id.clone().unwrap_or_else(|| format!("request-{id}"));
        let mut response = match self.start(id, &query_id, request, body).await {
            Ok((head, answer)) => success(&head, answer),
            Err(exception) => self.failure(&exception, encoding),
        };
        insert(response.headers_mut(), "x-clickhouse-query-id", &query_id);
        response
    }

    async fn receive(
        &self,
        method: &Method,
        headers: &HeaderMap,
        mut pairs: Vec<(String, String)>,
        body: Incoming,
    ) -> Result<(Request, Spool), Exception> {
        let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if header(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            let message = "Content-Encoding is not supported: use decompress=1 and LZ4 blocks";
            return Err(Exception::new(Kind::UnknownCompressionMethod, message));
        }
        let limit = self.options.body_bytes;
        let folder = &self.options.data;
        let form = header(header::CONTENT_TYPE).and_then(multipart::boundary);
        if let Some(boundary) = form {
            let limit = limit.min(spool::MEMORY);
            let spool = Spool::receive(body, Encoding::Plain, limit, folder).await?;
            pairs.extend(multipart::fields(spool.head(), boundary)?);
            return Ok((Request::parse(method, headers, pairs)?, Spool::default()));
        }
        let request = Request::parse(method, headers, pairs)?;
        let spool = Spool::receive(body, request.body_encoding, limit, folder).await?;
        Ok((request, spool))
    }

    /// Runs the statement on a thread that may block, and waits for the beginning of its answer.
    async fn start(&self, id: u64, query_id: &str, request: Request, body: Spool) -> Result<(Head, Answer), Exception> {
        let asker = match request.readonly.as_deref() {
            Some("1") => Asker::People,
            _ => Asker::Collector,
        };
        let place = self.places.enter(asker).await?;
        let encoding = request.answer_encoding;
        let (sender, mut parts) = mpsc::channel(PARTS_AHEAD);
        let (phase_sender, phase) = watch::channel(Phase::Waiting);
        let (silence_sender, silence) = watch::channel(Some(Instant::now()));
        let abandoned = CancellationToken::new();
        let registered = self
            .watch
            .register(id, query_id.to_owned(), sender.clone(), phase.clone());
        if let Some(limit) = request.time_limit() {
            let (watch, silence) = (Arc::clone(&self.watch), silence.clone());
            tokio::spawn(async move { watch.over(id, Due::After(limit), silence).await });
        }
        let engine = Arc::clone(&self.engine);
        let cancel = CancelOnDrop {
            id,
            engine: Arc::clone(&engine),
            phase,
            abandoned: abandoned.clone(),
            watch: Arc::clone(&self.watch),
            silence,
        };
        let job = Job {
            id,
            request,
            body,
            parts: sender,
            phase: phase_sender,
            silence: silence_sender,
            abandoned,
        };
        tokio::task::spawn_blocking(move || {
            job.run(&engine);
            drop((registered, place));
        });
        match parts.recv().await {
            Some(Part::Head(head)) => {
                let state = State::Running;
                Ok((
                    head,
                    Answer {
                        parts,
                        encoding,
                        tag: tag(),
                        cancel,
                        state,
                    },
                ))
            }
            Some(Part::Failed(exception)) => Err(exception),
            Some(Part::Data(_) | Part::End) | None => Err(Exception::new(
                Kind::StdException,
                "the statement ended without an answer",
            )),
        }
    }

    fn failure(&self, exception: &Exception, encoding: Encoding) -> Response<AnswerBody> {
        let message = exception.text(self.engine.version()) + "\n";
        let body = match encoding {
            Encoding::Plain => message.into_bytes(),
            Encoding::Blocks => lz4::encode(message.as_bytes()),
        };
        let mut response = text(exception.status(), body);
        let code = exception.code().to_string();
        insert(response.headers_mut(), "x-clickhouse-exception-code", &code);
        response
    }
}

fn success(head: &Head, answer: Answer) -> Response<AnswerBody> {
    let tag = answer.tag.clone();
    let mut response = Response::new(Either::Right(answer));
    let headers = response.headers_mut();
    common_headers(headers);
    insert(headers, "content-type", content_type(&head.format));
    insert(headers, "x-clickhouse-format", &head.format);
    insert(headers, "x-clickhouse-exception-tag", &tag);
    if let Some(summary) = &head.summary {
        let totals = summary.totals;
        let summary = serde_json::json!({
            "read_rows": totals.read_rows.to_string(),
            "read_bytes": totals.read_bytes.to_string(),
            "written_rows": totals.written_rows.to_string(),
            "written_bytes": totals.written_bytes.to_string(),
            "elapsed_ns": summary.elapsed_ns.to_string(),
        });
        insert(headers, "x-clickhouse-summary", &summary.to_string());
    }
    response
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<AnswerBody> {
    let mut response = Response::new(Either::Left(Full::new(body.into())));
    *response.status_mut() = status;
    common_headers(response.headers_mut());
    insert(response.headers_mut(), "content-type", "text/plain; charset=UTF-8");
    response
}

fn common_headers(headers: &mut HeaderMap) {
    insert(headers, "x-clickhouse-server-display-name", "embedded");
    insert(headers, "x-clickhouse-timezone", "UTC");
}

/// Values come partly from clients: what may not stand in a header is left out.
fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn content_type(format: &str) -> &'static str {
    let format = format.to_ascii_lowercase();
    match format.as_str() {
        "jsoneachrow" | "jsonlines" | "ndjson" => "application/x-ndjson; charset=UTF-8",
        name if name.starts_with("json") => "application/json; charset=UTF-8",
        name if name.starts_with("csv") => "text/csv; charset=UTF-8",
        name if name.starts_with("tsv") || name.starts_with("tabseparated") => {
            "text/tab-separated-values; charset=UTF-8"
        }
        name if name.starts_with("rowbinary") || name == "native" => "application/octet-stream",
        _ => "text/plain; charset=UTF-8",
    }
}

/// Sixteen random letters: data cannot forge them.
fn tag() -> String {
    let mut random = rand::rng();
    (0..16).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect()
}
