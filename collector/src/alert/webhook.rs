//! One receiver: posts a notification, and says what became of it.

use std::fmt;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

/// A receiver that takes longer has more wrong with it than a retry can mend.
const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Where notifications are posted.
#[derive(Clone)]
pub struct Webhook {
    url: Url,
    client: Client,
    backoff: Backoff,
}

/// How often, and with what pauses, one delivery is tried before other work gets its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Backoff {
    tries: u32,
    /// The first pause; each further one is twice as long.
    first: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            tries: 4,
            first: Duration::from_millis(500),
        }
    }
}

/// What became of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The receiver has it.
    Accepted,
    /// The receiver will never take it.
    Refused { status: StatusCode },
    /// Not now: the receiver is away or overloaded.
    Unreachable { why: String },
}

/// Why a URL is no webhook.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// It is no address.
    #[error("a webhook in `alerts.webhooks` is no URL ({0}); write one such as `https://hooks.example.com/rum`")]
    Url(#[from] url::ParseError),
    /// It is none that can be posted to.
    #[error("a webhook in `alerts.webhooks` has the scheme `{0}`; write an `http://` or `https://` URL")]
    Scheme(String),
    /// The HTTP client cannot be made.
    #[error("no HTTP client for webhooks: {0}")]
    Client(#[from] reqwest::Error),
}

impl Webhook {
    /// The webhook at `url`.
    ///
    /// # Errors
    /// If `url` is no HTTP address, or the system has no TLS to offer.
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        let url: Url = url.parse()?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(WebhookError::Scheme(url.scheme().to_owned()));
        }
        let client = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            // A POST that is redirected may arrive as a GET without its body, or at somebody else's.
            .redirect(Policy::none())
            .no_proxy()
            .user_agent(concat!("rum-collector/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self {
            url,
            client,
            backoff: Backoff::default(),
        })
    }

    /// What the tables call this receiver: a digest, because the path of a webhook is often its password.
    pub(crate) fn id(&self) -> String {
        Sha256::digest(self.url.as_str())
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Posts `body`, again after a pause if that may help. All tries carry the same `key`, so a receiver that had taken
    /// the first one although its answer was lost can tell.
    /// A post under way is finished, but none is begun after `shutdown`.
    pub(crate) async fn deliver(&self, key: &str, body: &str, shutdown: &CancellationToken) -> Outcome {
        let mut pause = self.backoff.first;
        let mut outcome = self.post(key, body).await;
        for _ in 1..self.backoff.tries {
            let Outcome::Unreachable { why } = &outcome else { break };
            tracing::debug!(webhook = %self, why, ?pause, "a notification is tried again");
            if shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                break;
            }
            pause *= 2;
            outcome = self.post(key, body).await;
        }
        outcome
    }

    async fn post(&self, key: &str, body: &str) -> Outcome {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key)
            .body(body.to_owned());
        match request.send().await {
            Ok(response) => judge(response.status()),
            // Without its URL, for the same reason as in `id`.
            Err(error) => Outcome::Unreachable {
                why: with_causes(&error.without_url()),
            },
        }
    }
}

/// What a status says about another try, as Alertmanager's receivers mean it.
fn judge(status: StatusCode) -> Outcome {
    match status {
        _ if status.is_success() => Outcome::Accepted,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => Outcome::Unreachable {
            why: status.to_string(),
        },
        _ if status.is_server_error() => Outcome::Unreachable {
            why: status.to_string(),
        },
        _ => Outcome::Refused { status },
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Scheme and host only: the path of a webhook is often its password.
impl fmt::Display for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url.origin().ascii_serialization())
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::State;
    use axum::http::HeaderMap;
    use axum::response::{IntoResponse, Redirect, Response};
    use axum::routing::post;
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// A receiver on a port of its own, that answers with `answers` in turn and remembers what it was sent.
    struct Receiver {
        url: String,
        seen: Arc<Mutex<Vec<Seen>>>,
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Seen {
        answer: StatusCode,
        key: String,
        content_type: String,
        body: String,
    }

    impl Receiver {
        async fn answering(answers: &[StatusCode]) -> Self {
            type Shared = (Arc<Mutex<Vec<Seen>>>, Arc<[StatusCode]>);
            async fn receive(State((seen, answers)): State<Shared>, headers: HeaderMap, body: String) -> Response {
                let mut seen = seen.lock().unwrap();
                let answer = answers[seen.len().min(answers.len() - 1)];
                let header = |name: &str| headers[name].to_str().unwrap().to_owned();
                seen.push(Seen {
                    answer,
                    key: header("idempotency-key"),
                    content_type: header("content-type"),
                    body,
                });
                match answer {
                    StatusCode::TEMPORARY_REDIRECT => Redirect::temporary("/hook").into_response(),
                    answer => answer.into_response(),
                }
            }
            let seen = Arc::new(Mutex::new(Vec::new()));
            let router = Router::new()
                .route("/hook", post(receive))
                .with_state((Arc::clone(&seen), answers.into()));
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/hook", listener.local_addr().unwrap());
            tokio::spawn(async { axum::serve(listener, router).await });
            Self { url, seen }
        }

        fn webhook(&self) -> Webhook {
            impatient(&self.url)
        }

        fn answers(&self) -> Vec<StatusCode> {
            self.seen.lock().unwrap().iter().map(|seen| seen.answer).collect()
        }
    }

    fn impatient(url: &str) -> Webhook {
        Webhook {
            backoff: Backoff {
                tries: 3,
                first: Duration::from_millis(1),
            },
            ..Webhook::new(url).unwrap()
        }
    }

    const OK: StatusCode = StatusCode::NO_CONTENT;
    const DOWN: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

    #[tokio::test]
    async fn a_receiver_that_fails_first_gets_each_notification_once() {
        let receiver = Receiver::answering(&[DOWN, StatusCode::TOO_MANY_REQUESTS, OK]).await;
        let webhook = receiver.webhook();
        assert_eq!(
            webhook
                .deliver("f-1", r#"{"status":"firing"}"#, &CancellationToken::new())
                .await,
            Outcome::Accepted
        );
        assert_eq!(
            webhook
                .deliver("f-2", r#"{"status":"resolved"}"#, &CancellationToken::new())
                .await,
            Outcome::Accepted
        );

        let seen = receiver.seen.lock().unwrap().clone();
        let accepted: Vec<_> = seen
            .iter()
            .filter(|seen| seen.answer == OK)
            .map(|seen| seen.body.as_str())
            .collect();
        assert_eq!(accepted, [r#"{"status":"firing"}"#, r#"{"status":"resolved"}"#]);
        let keys: Vec<_> = seen.iter().map(|seen| seen.key.as_str()).collect();
        assert_eq!(keys, ["f-1", "f-1", "f-1", "f-2"]);
        assert!(seen.iter().all(|seen| seen.content_type == "application/json"));
    }

    #[tokio::test]
    async fn tries_are_bounded() {
        let receiver = Receiver::answering(&[DOWN]).await;
        let outcome = receiver.webhook().deliver("f-1", "{}", &CancellationToken::new()).await;
        assert_eq!(outcome, Outcome::Unreachable { why: DOWN.to_string() });
        assert_eq!(receiver.answers(), [DOWN; 3]);
    }

    #[tokio::test]
    async fn no_try_is_begun_after_the_shutdown() {
        let receiver = Receiver::answering(&[DOWN, OK]).await;
        let patient = Backoff {
            tries: 3,
            first: Duration::from_secs(3600),
        };
        let webhook = Webhook {
            backoff: patient,
            ..receiver.webhook()
        };
        let shutdown = CancellationToken::new();
        shutdown.cancel();
        let outcome = webhook.deliver("f-1", "{}", &shutdown).await;
        assert_eq!(outcome, Outcome::Unreachable { why: DOWN.to_string() });
        assert_eq!(receiver.answers(), [DOWN], "what was asked for is posted once");
    }

    #[tokio::test]
    async fn a_refusal_is_not_tried_again() {
        for status in [
            StatusCode::BAD_REQUEST,
            StatusCode::NOT_FOUND,
            StatusCode::TEMPORARY_REDIRECT,
        ] {
            let receiver = Receiver::answering(&[status, OK]).await;
            assert_eq!(
                receiver.webhook().deliver("f-1", "{}", &CancellationToken::new()).await,
                Outcome::Refused { status }
            );
            assert_eq!(receiver.answers(), [status], "tried once, not followed");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_said_without_the_path() {
        // Taken, so that no other test gets it, and nobody listens.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = socket.local_addr().unwrap();
        let webhook = impatient(&format!("http://{address}/secret"));
        let Outcome::Unreachable { why } = webhook.deliver("f-1", "{}", &CancellationToken::new()).await else {
            panic!("somebody is there")
        };
        assert!(!why.contains("secret"), "{why}");
        assert_eq!(webhook.to_string(), format!("http://{address}"));
        assert_eq!(format!("{webhook:?}"), format!("Webhook(http://{address})"));
    }

    #[test]
    fn only_http_addresses_are_webhooks() {
        assert!(matches!(Webhook::new("hooks.example.com"), Err(WebhookError::Url(_))));
        assert!(matches!(Webhook::new("ftp://example.com/"), Err(WebhookError::Scheme(scheme)) if scheme == "ftp"));
        assert!(Webhook::new("https://hooks.example.com/rum").is_ok());
    }
}
