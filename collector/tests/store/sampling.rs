//! Percentiles of a sample are those of all sessions, also where the slow ones are kept whatever the sample says.

use rum_collector::store::query::{self, GroupBy, Measure, WindowQuery};
use rum_core::Id;
use rum_core::vitals::Metric;
use serde_json::{Value as Json, json};

use crate::front::{Front, ask, documented};
use crate::support::Database;

/// A poor LCP, in µs: what makes a page keep its session.
const POOR: i64 = 4_000_000;

/// Sessions of each rate.
const SESSIONS: u32 = 10_000;

/// Page views of one body.
const A_BODY: usize = 400;

/// How far the estimate may be from the true p75, in ranks. 500 rows of weight 20 and 5,000 of weight 2 are worth 20,000² /
/// (500 × 20² + 5,000 × 2²) = 1,800 sessions (Kish), by which the standard error is sqrt(0.75 × 0.25 / 1,800) = 0.010: these
/// are three of them. What is found is 0.005 off.
const BOUND: f64 = 0.03;

/// Numbers that look random, and are the same in each run: SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
struct Noise(u64);

impl Noise {
    /// Between 0 and 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A rate, and how its visitors' LCP is distributed.
struct Rate {
    version: i64,
    share: f64,
    /// The median, in µs.
    median: f64,
}

/// A session as its page saw it.
struct Session {
    id: u32,
    lcp: i64,
}

/// What one rate's pages send: the sessions of its sample, and those that were kept because their LCP is poor.
struct Sent {
    in_sample: Vec<Session>,
    kept: Vec<Session>,
    /// Every LCP, also of sessions of which nothing was sent.
    all: Vec<i64>,
}

impl Rate {
    fn visits(&self) -> Sent {
        let mut noise = Noise(self.version.unsigned_abs());
        let mut sent = Sent {
            in_sample: Vec::new(),
            kept: Vec::new(),
            all: Vec::new(),
        };
        for number in 0..SESSIONS {
            // Log-normal, as load times are: exp of a sum of twelve, which is as good as normal.
            let normal = (0..12).map(|_| noise.next()).sum::<f64>() - 6.0;
            let lcp = (self.median * (0.7 * normal).exp()) as i64;
            sent.all.push(lcp);
            // The random half of the session's id, by which a page decides; no two are the same.
            let draw = noise.next();
            let id = (draw * 4_294_967_296.0) as u32 & !0x7fff | number;
            if f64::from(id) / 4_294_967_296.0 < self.share {
                sent.in_sample.push(Session { id, lcp });
            } else if lcp > POOR {
                sent.kept.push(Session { id, lcp });
            }
        }
        sent
    }
}

fn lists(sessions: &[Session], seconds: u32) -> Json {
    let views = sessions.iter().map(|session| {
        let id = Id::starting_at(seconds, session.id);
        json!({ "seq": 5_000, "view_id": id, "session_id": id, "kind": 0, "start": 0, "page": "/" })
    });
    let vitals = (0..).zip(sessions).map(|(view, session): (i64, _)| {
        json!({ "view": view, "seq": 5_000, "metric": Metric::Lcp as i64, "scope": 0, "value": session.lcp })
    });
    json!({ "views": views.collect::<Vec<_>>(), "vitals": vitals.collect::<Vec<_>>() })
}

/// Which share of `sorted` is at most `ms`.
fn rank(sorted: &[i64], ms: f64) -> f64 {
    sorted.partition_point(|us| *us as f64 <= ms * 1_000.0) as f64 / sorted.len() as f64
}

#[tokio::test]
async fn a_weighted_p75_is_that_of_all_sessions() {
    let database = Database::start().await;
    let rates = "[{version = 1, share = 0.05}, {version = 2, share = 0.5}]";
    let front = Front::start(&database, rates).await;
    let before = jiff::Timestamp::now().as_millisecond();
    let origin_ms = before - 6_000;
    let seconds = u32::try_from(origin_ms / 1_000).unwrap();
    let (mut all, mut batch, mut kept) = (Vec::new(), 0, 0);
    // The rate was raised, and since then the page is faster: whoever counts rows alone sees the new page.
    let slow = Rate {
        version: 1,
        share: 0.05,
        median: 2_500_000.0,
    };
    let fast = Rate {
        version: 2,
        share: 0.5,
        median: 1_500_000.0,
    };
    for rate in [slow, fast] {
        let sent = rate.visits();
        kept += sent.kept.len();
        all.extend(sent.all);
        for sessions in [sent.in_sample, sent.kept] {
            for part in sessions.chunks(A_BODY) {
                batch += 1;
                let document = json!({ "rate_version": rate.version });
                let body = documented(batch, origin_ms, &document, &lists(part, seconds));
                front.post("/v1/batches", "application/json", &body).await;
            }
        }
    }
    front.stop().await;
    all.sort_unstable();

    let statement =
        "SELECT quantileExactWeighted(0.75)(value, toUInt64(round(weight * 1000))) AS p75, sum(weight) AS sessions
                     FROM rum.web_vitals WHERE metric = 'LCP'";
    let row = &ask(&database, statement).await[0];
    let (p75, sessions) = (row["p75"].as_f64().unwrap(), row["sessions"].as_f64().unwrap());
    let found = rank(&all, p75);
    assert!(
        (found - 0.75).abs() < BOUND,
        "{p75} ms is the true p{:.1}",
        100.0 * found
    );
    let expected = f64::from(2 * SESSIONS);
    assert!((sessions / expected - 1.0).abs() < 0.1, "{sessions} of {expected}");

    // What a rule of alerts sees is the same.
    let window = WindowQuery {
        app: Some("shop".into()),
        measure: Measure::Quantile {
            metric: Metric::Lcp,
            q: 0.75,
        },
        group_by: GroupBy::Nothing,
        page: None,
        from_ms: before,
        to_ms: jiff::Timestamp::now().as_millisecond() + 1,
    };
    let stats = query::window(&database.clickhouse, &window).await.unwrap();
    assert!((stats[0].value - p75).abs() < 0.001, "{stats:?}");

    // And the test can tell: rows alone, with those that were kept and without, are far off.
    for (what, statement) in [
        (
            "kept sessions count",
            "SELECT quantileExact(0.75)(value) AS p75 FROM rum.web_vitals_all WHERE metric = 'LCP'",
        ),
        (
            "every row counts once",
            "SELECT quantileExact(0.75)(value) AS p75 FROM rum.web_vitals WHERE metric = 'LCP'",
        ),
    ] {
        let p75 = ask(&database, statement).await[0]["p75"].as_f64().unwrap();
        assert!((rank(&all, p75) - 0.75).abs() > BOUND, "{what}: {p75}");
    }
    // They are there to be looked at.
    let statement = "SELECT count() FROM rum.web_vitals_all WHERE weight = 0";
    assert_eq!(database.number(statement).await, kept as u64);
    let statement = "SELECT count() FROM rum.page_views WHERE weight = 0";
    assert_eq!(database.number(statement).await, kept as u64);
    database.stop().await;
}

#[tokio::test]
async fn errors_that_are_always_sent_weigh_one() {
    let database = Database::start().await;
    let rates = "[{version = 1, share = 0.1}, {version = 2, share = 0.1, errors = \"sampled\"}]";
    let front = Front::start(&database, rates).await;
    let origin_ms = jiff::Timestamp::now().as_millisecond() - 6_000;
    let seconds = u32::try_from(origin_ms / 1_000).unwrap();
    const OUTSIDE: u32 = 1 << 31;
    for (number, version) in [(1, 1), (2, 2), (3, 9), (OUTSIDE | 4, 1), (OUTSIDE | 5, 2)] {
        let id = Id::starting_at(seconds, number);
        let lists = json!({
            "views": [{ "seq": 5_000, "view_id": id, "session_id": id, "kind": 0, "start": 0, "page": "/" }],
            "errors": [{
                "seq": 5_000, "ordinal": 1, "first": 1_000, "source": 0, "class": "TypeError", "message": "x is null",
                "handled": 0, "count": 1,
            }],
            "actions": [{ "seq": 800, "ordinal": 2, "at": 800_000, "kind": 0 }],
            "resources": [{
                "seq": 400, "ordinal": 3, "start": 1, "duration": 2, "url": "/a.css", "initiator": "link", "weight": 4_000,
            }],
        });
        let document = json!({ "rate_version": version });
        let body = documented(number.into(), origin_ms, &document, &lists);
        front.post("/v1/batches", "application/json", &body).await;
    }
    front.stop().await;
    let statement = "SELECT arrayMap(x -> x.2, arraySort(groupArray((view_id, weight)))) AS weights FROM rum.";
    for (view, expected) in [
        ("errors", [1, 10, 1, 1, 0]),
        ("actions", [10, 10, 1, 0, 0]),
        ("page_views", [10, 10, 1, 0, 0]),
        ("sessions", [10, 10, 1, 0, 0]),
        ("resources", [40, 40, 4, 0, 0]),
    ] {
        let statement = match view {
            "sessions" => statement.replace("view_id", "session_id"),
            _ => statement.to_owned(),
        };
        let rows = ask(&database, &format!("{statement}{view}")).await;
        assert_eq!(rows[0]["weights"], json!(expected), "{view}");
    }
    database.stop().await;
}
