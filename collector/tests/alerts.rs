//! The alert engine with a real ClickHouse and a real receiver: what is told, and how often, through failures and restarts.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use jiff::Timestamp;
use rum_collector::alert::{self, Health, Notification, Options, Webhook};
use rum_collector::store::migrate;
use support::{Database, PATIENCE};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

const SLOW: &str = "
rules:
  - alert: SlowLargestPaint
    metric: lcp
    stat: p75
    group_by: [page]
    above: 2500ms
    window: 1h
    min_samples: 10
    annotations: { summary: 'p75 LCP of {{page}} is {{value}}' }
";

/// Its window is long enough for a machine that stands still between the errors and the first round.
const ERRORS: &str = "
rules:
  - alert: Errors
    metric: js_errors
    stat: count
    above: 2
    window: 20s
    annotations: { summary: '{{value}} errors' }
";

/// A ClickHouse with the collector's tables.
async fn database() -> Database {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    database
}

/// `count` page views of `page` with this LCP, which arrived ten seconds ago.
async fn lcp(database: &Database, page: &str, ms: f32, count: u32) {
    let statement = format!(
        "INSERT INTO rum_data.vitals \
         (retention, hour, app, ver, ts, recv_ts, session_id, view_id, page, metric, value, weight) \
         SELECT 30, toStartOfHour(now('UTC')), 'shop', 1, now64(3) - 10, now64(3) - 10, rand64(1), rand64(2), \
         '{page}', 'LCP', {ms}, 1 FROM numbers({count})"
    );
    database.run(&statement).await;
}

/// `count` errors, which arrived six seconds ago.
async fn errors(database: &Database, count: u32) {
    let statement = format!(
        "INSERT INTO rum_data.errors (retention, hour, app, ver, ts, recv_ts, session_id, view_id, page, ordinal) \
         SELECT 30, toStartOfHour(now('UTC')), 'shop', 1, now64(3) - 6, now64(3) - 6, 1, 1, '/', number \
         FROM numbers({count})"
    );
    database.run(&statement).await;
}

/// A receiver that refuses the first `failures` posts with 503.
struct Receiver {
    webhook: Webhook,
    posts: watch::Receiver<Vec<Post>>,
}

#[derive(Clone, Debug)]
struct Post {
    accepted: bool,
    key: String,
    notification: Notification,
}

impl Receiver {
    async fn start(failures: usize) -> Self {
        async fn receive(
            State((posts, failures)): State<(watch::Sender<Vec<Post>>, usize)>,
            headers: HeaderMap,
            body: String,
        ) -> StatusCode {
            let mut accepted = true;
            posts.send_modify(|posts| {
                accepted = posts.len() >= failures;
                posts.push(Post {
                    accepted,
                    key: headers["idempotency-key"].to_str().unwrap().to_owned(),
                    notification: serde_json::from_str(&body).unwrap(),
                });
            });
            if accepted {
                StatusCode::NO_CONTENT
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
        let (sender, posts) = watch::channel(Vec::new());
        let router = Router::new()
            .route("/hook", post(receive))
            .with_state((sender, failures));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let webhook = Webhook::new(&format!("http://{}/hook", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { webhook, posts }
    }

    /// The accepted notifications, once there are `count` of them.
    async fn accepted(&self, count: usize) -> Vec<Notification> {
        let mut posts = self.posts.clone();
        let enough = |posts: &Vec<Post>| posts.iter().filter(|post| post.accepted).count() >= count;
        let posts = timeout(PATIENCE, posts.wait_for(enough))
            .await
            .expect("no notification came")
            .unwrap()
            .clone();
        posts
            .into_iter()
            .filter(|post| post.accepted)
            .map(|post| post.notification)
            .collect()
    }
}

/// A running engine.
struct Engine {
    health: Health,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Engine {
    fn start(rules: &str, database: &Database, receiver: &Receiver) -> Self {
        let health = Health::new();
        let options = Options {
            rules: alert::parse("rules.yaml", rules).unwrap(),
            webhooks: vec![receiver.webhook.clone()],
            evaluate_every: Duration::from_millis(50),
            health: health.clone(),
        };
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(alert::run(options, database.clickhouse.clone(), shutdown.clone()));
        Self { health, shutdown, task }
    }

    /// Waits until a round that began after now has ended well.
    async fn a_round(&self) {
        let now = Timestamp::now();
        let mut reports = self.health.subscribe();
        let round = reports.wait_for(|report| report.last_round.is_some_and(|last| last > now));
        assert!(timeout(PATIENCE, round).await.is_ok(), "{:?}", self.health.report());
    }

    /// Ends it wherever it is.
    async fn kill(self) {
        self.task.abort();
        assert!(timeout(PATIENCE, self.task).await.unwrap().unwrap_err().is_cancelled());
    }

    /// Ends it as SIGTERM does.
    async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

/// Which notifications there were, as `status annotation`.
fn told(notifications: &[Notification]) -> Vec<String> {
    notifications
        .iter()
        .map(|told| format!("{:?}: {}", told.status, told.annotations["summary"]))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn firing_and_resolved_are_told_once_through_failures_and_restarts() {
    let database = database().await;
    let receiver = Receiver::start(2).await;
    lcp(&database, "/slow", 4000.0, 20).await;
    lcp(&database, "/fast", 1000.0, 20).await;
    lcp(&database, "/rare", 9000.0, 3).await;

    let engine = Engine::start(SLOW, &database, &receiver);
    receiver.accepted(1).await;
    engine.stop().await;

    // It knows what it has told.
    let engine = Engine::start(SLOW, &database, &receiver);
    engine.a_round().await;
    engine.a_round().await;
    engine.kill().await;

    lcp(&database, "/slow", 1000.0, 100).await;
    let engine = Engine::start(SLOW, &database, &receiver);
    let notifications = receiver.accepted(2).await;
    engine.a_round().await;
    engine.stop().await;

    assert_eq!(
        told(&notifications),
        [
            "Firing: p75 LCP of /slow is 4.00 s",
            "Resolved: p75 LCP of /slow is 1.00 s"
        ]
    );
    let [firing, resolved] = &notifications[..] else {
        unreachable!()
    };
    assert_eq!((firing.samples, resolved.samples), (20, 120));
    assert_eq!(
        (&firing.fingerprint, &firing.starts_at),
        (&resolved.fingerprint, &resolved.starts_at)
    );
    assert!(firing.ends_at.is_none() && resolved.ends_at > Some(resolved.starts_at.clone()));
    let keys: Vec<_> = receiver.posts.borrow().iter().map(|post| post.key.clone()).collect();
    assert_eq!(keys.len(), 4, "two refused, two accepted: {keys:?}");
    assert!(
        keys[0] == keys[1] && keys[1] == keys[2] && keys[2] != keys[3],
        "{keys:?}"
    );
    assert_eq!(
        database.number("SELECT count() FROM rum_data.alert_transitions").await,
        2
    );
    assert_eq!(
        database.number("SELECT count() FROM rum_data.alert_deliveries").await,
        2
    );
    database.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_outlives_its_database_and_resolves_when_the_errors_are_past() {
    let database = database().await;
    let receiver = Receiver::start(0).await;
    errors(&database, 3).await;

    let engine = Engine::start(ERRORS, &database, &receiver);
    receiver.accepted(1).await;
    database.kill().await;
    let notifications = receiver.accepted(2).await;
    engine.a_round().await;
    engine.stop().await;

    assert_eq!(told(&notifications), ["Firing: 3 errors", "Resolved: 0 errors"]);
    assert_eq!(receiver.posts.borrow().len(), 2);
    database.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_took_waits_and_a_rule_that_is_gone_resolves_its_alerts() {
    let database = database().await;
    // As many as one delivery is tried.
    let receiver = Receiver::start(4).await;
    lcp(&database, "/slow", 4000.0, 20).await;
    let engine = Engine::start(SLOW, &database, &receiver);
    let mut posts = receiver.posts.clone();
    timeout(PATIENCE, posts.wait_for(|posts| posts.len() == 4))
        .await
        .unwrap()
        .unwrap();
    engine.stop().await;
    assert!(posts.borrow().iter().all(|post| !post.accepted));

    let engine = Engine::start("rules: []", &database, &receiver);
    let notifications = receiver.accepted(2).await;
    engine.a_round().await;
    engine.stop().await;

    assert_eq!(
        told(&notifications),
        [
            "Firing: p75 LCP of /slow is 4.00 s",
            "Resolved: p75 LCP of /slow is 4.00 s"
        ]
    );
    let keys: Vec<_> = receiver.posts.borrow().iter().map(|post| post.key.clone()).collect();
    assert!(
        keys.len() == 6 && keys[..5].iter().all(|key| *key == keys[0]),
        "{keys:?}"
    );

    let engine = Engine::start("rules: []", &database, &receiver);
    engine.a_round().await;
    engine.stop().await;
    assert_eq!(receiver.posts.borrow().len(), 6);
    database.stop().await;
}
