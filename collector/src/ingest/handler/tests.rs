//! Who waits for its turn, and who is told to come again, with the turns in the test's hand.

use std::pin::Pin;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};

use tempfile::TempDir;

use super::super::completion::ABANDONED;
use super::*;
use crate::config::Config;
use crate::store::SpoolOptions;

type Answering = Pin<Box<dyn Future<Output = Response>>>;

/// Ingest of two apps, one place and room for two who wait.
struct Subject {
    ingest: Ingest,
    folder: TempDir,
}

impl Subject {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let options = SpoolOptions::new(folder.path().join("spool"));
        Self::with(folder, options)
    }

    fn with(folder: TempDir, options: SpoolOptions) -> Self {
        let environment = [
            (
                "RUM_APPS",
                r#"[{name = "a", key = "a", origins = ["*"]}, {name = "b", key = "b", origins = ["*"]}]"#,
            ),
            ("RUM_LIMITS_BATCHES_AT_ONCE", "1"),
            ("RUM_LIMITS_BATCHES_WAITING", "2"),
        ];
        let data = ("RUM_DATA".to_owned(), folder.path().display().to_string());
        let environment = environment.map(|(name, value)| (name.into(), value.into()));
        let config = Config::load(None, environment.into_iter().chain([data])).unwrap();
        let quotas = Quotas::open(
            &config.apps,
            folder.path().join("day.json"),
            jiff::Timestamp::UNIX_EPOCH,
        );
        let parts = Parts {
            quotas: Arc::new(quotas),
            spool: Spool::open(options).unwrap(),
            outcomes: Arc::default(),
        };
        let ingest = Ingest::open(&config, parts).unwrap();
        Self { ingest, folder }
    }

    /// Its disk is held until the sender is dropped.
    fn held() -> (Self, SyncSender<()>) {
        let folder = TempDir::new().unwrap();
        let mut options = SpoolOptions::new(folder.path().join("spool"));
        let (release, released) = sync_channel::<()>(1);
        let released = Mutex::new(released);
        options.sync = Arc::new(move |file| {
            // An error means that the test lets all go.
            let _ = released.lock().unwrap().recv();
            file.sync_data()
        });
        (Self::with(folder, options), release)
    }

    async fn lend(&self, of: impl Fn(&Shared) -> &Fair, app: &str) -> Lent {
        of(&self.ingest.0).lend(&app.into(), 1).await.unwrap()
    }

    /// A batch of `app` whose answer is awaited later. `content` is 0 if it is digested where it is served, 1 if it takes long.
    fn send(&self, app: &str, id: u64, content: u8) -> Answering {
        let view = match content {
            0 => r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,0,"/"]"#,
            _ => r#"[1,0,0,"6b00f0a400000001","6b00f0a400000002",0,"/"]"#,
        };
        let document = r#"[1795226212000,"https://shop.example","0.1.0"]"#;
        let body = format!(r#"[1,{content},"{id:016x}",5,{document},[{view}]]"#);
        let request = Request::post(format!("/v1/batches?k={app}"));
        let ingest = self.ingest.clone();
        Box::pin(ingest.answer(Form::Batch, request.body(body.into()).unwrap()))
    }

    /// Events that an app has used of its day. What was counted on the day after `begun_ms` is still there then, so a midnight
    /// between the two does not matter.
    fn events(&self, app: &str, begun_ms: i64) -> u64 {
        let apps = self.ingest.quotas().at(begun_ms);
        apps.iter().find(|day| &*day.app == app).unwrap().events
    }

    fn count(&self, outcome: Outcome) -> u64 {
        self.ingest.0.outcomes.get(outcome)
    }
}

/// Polls once: the answer, if there is one by then.
async fn at_once(answering: &mut Answering) -> Option<Response> {
    tokio::select! {
        biased;
        answer = answering => Some(answer),
        () = std::future::ready(()) => None,
    }
}

#[track_caller]
fn is_busy(answer: &Response) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let seconds: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((5..=15).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn the_newest_batch_of_who_has_most_waiting_makes_room() {
    let subject = Subject::new();
    let place = subject.lend(|shared| &shared.places, "a").await;
    let (mut first, mut second) = (subject.send("a", 1, 0), subject.send("a", 2, 0));
    assert!(at_once(&mut first).await.is_none());
    assert!(at_once(&mut second).await.is_none());
    assert_eq!(subject.ingest.waiting("a"), 2);
    is_busy(&at_once(&mut subject.send("a", 3, 0)).await.unwrap());

    let mut other = subject.send("b", 4, 0);
    assert!(at_once(&mut other).await.is_none());
    is_busy(&at_once(&mut second).await.unwrap());
    assert_eq!(subject.count(Outcome::RefusedBusy), 2);
    let refused: Vec<_> = subject.ingest.usage().apps().map(|(_, usage)| busy(usage)).collect();
    assert_eq!(refused, [2, 0], "both were a's");

    drop(place);
    assert_eq!(other.await.status(), StatusCode::NO_CONTENT);
    assert_eq!(first.await.status(), StatusCode::NO_CONTENT);
    assert_eq!(subject.count(Outcome::BatchStored), 2);
}

#[tokio::test]
async fn who_has_more_than_its_share_of_the_spool_is_refused_and_others_are_not() {
    let subject = Subject::new();
    subject.ingest.0.shares.tell(vec!["a".into()]);
    let refused = subject.send("a", 1, 0).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(subject.count(Outcome::RefusedShare), 1);
    assert_eq!(subject.send("b", 2, 0).await.status(), StatusCode::NO_CONTENT);

    subject.ingest.0.shares.tell(Vec::new());
    assert_eq!(subject.send("a", 1, 0).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_app_that_is_alone_has_all_of_the_spool() {
    let subject = Subject::new();
    let alone = r#"[{name = "a", key = "a", origins = ["*"]}]"#;
    let data = subject.folder.path().display().to_string();
    let environment = [("RUM_APPS".to_owned(), alone.to_owned()), ("RUM_DATA".to_owned(), data)];
    let config = Config::load(None, environment).unwrap();
    subject.ingest.adopt(subject.ingest.prepare(&config).unwrap());
    subject.ingest.0.shares.tell(vec!["a".into()]);
    assert_eq!(subject.send("a", 1, 0).await.status(), StatusCode::NO_CONTENT);
}

fn busy(usage: &crate::ingest::usage::AppUsage) -> u64 {
    let of_busy = usage.refused().find(|(outcome, _)| *outcome == Outcome::RefusedBusy);
    of_busy.unwrap().1
}

#[tokio::test]
async fn what_takes_long_does_not_keep_short_batches_from_their_turn() {
    let subject = Subject::new();
    let cores = available_parallelism().map_or(2, usize::from);
    let mut held = Vec::new();
    for _ in 0..cores {
        held.push(subject.lend(|shared| &shared.cores, "a").await);
    }
    let mut long = subject.send("a", 1, 1);
    assert!(at_once(&mut long).await.is_none());
    assert_eq!(subject.ingest.waiting("a"), 1);
    // The one place is free: who waits for a core has none.
    assert_eq!(subject.send("b", 2, 0).await.status(), StatusCode::NO_CONTENT);
    held.pop();
    assert_eq!(long.await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_told_to_come_again() {
    let subject = Subject::new();
    let _place = subject.lend(|shared| &shared.places, "a").await;
    let begun = Instant::now();
    is_busy(&subject.send("b", 1, 0).await);
    assert_eq!(begun.elapsed(), subject.ingest.0.rules.load().limits.store_timeout);
    assert_eq!(subject.ingest.waiting("b"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_after_its_time_counts_as_stored_too() {
    let (subject, release) = Subject::held();
    let begun_ms = now_ms();
    // Paused time moves once everything waits for the disk.
    let answer = subject.send("b", 1, 0).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(subject.count(Outcome::RefusedForNow), 1);
    assert_eq!(subject.count(Outcome::BatchStored), 0);

    drop(release);
    // From here on the disk may take its time.
    tokio::time::resume();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while subject.count(Outcome::EventAccepted) == 0 {
        assert!(std::time::Instant::now() < deadline, "it never counts");
        tokio::task::yield_now().await;
    }
    assert_eq!(subject.count(Outcome::BatchStored), 1);
    assert_eq!(subject.events("b", begun_ms), 1);
    // The page does as it was told, and is told that it is kept.
    assert_eq!(subject.send("b", 1, 0).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(subject.count(Outcome::BatchDuplicate), 1);
    assert_eq!(subject.count(Outcome::EventAccepted), 1);
}

#[tokio::test]
async fn who_goes_away_before_the_answer_has_used_its_quota() {
    let (subject, release) = Subject::held();
    let begun_ms = now_ms();
    let mut gone = subject.send("b", 1, 0);
    assert!(at_once(&mut gone).await.is_none(), "the disk has not answered yet");
    drop((gone, release));
    assert_eq!(subject.send("a", 2, 0).await.status(), StatusCode::NO_CONTENT);
    // Both frames are on disk now, and who counts the first one has been told so.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (subject.events("b", begun_ms), subject.count(Outcome::EventAccepted)),
        (1, 2)
    );
}

#[tokio::test]
async fn what_has_come_is_taken_although_its_sender_has_gone() {
    let subject = Subject::new();
    let place = subject.lend(|shared| &shared.places, "a").await;
    let mut gone = subject.send("b", 1, 0);
    assert!(at_once(&mut gone).await.is_none(), "the place is another's");
    drop(gone);
    assert_eq!(subject.ingest.waiting("b"), 1);
    drop(place);
    // It is behind the first one, and so on disk later.
    assert_eq!(subject.send("b", 2, 0).await.status(), StatusCode::NO_CONTENT);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(subject.count(Outcome::BatchStored), 2);
    assert_eq!(subject.ingest.waiting("b"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_counts_although_its_sender_has_gone() {
    let subject = Subject::new();
    let _place = subject.lend(|shared| &shared.places, "a").await;
    let mut gone = subject.send("b", 1, 0);
    assert!(at_once(&mut gone).await.is_none(), "the place is another's");
    drop(gone);
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!(subject.count(Outcome::RefusedBusy), 1);
    assert_eq!(subject.ingest.waiting("b"), 0);
}

#[tokio::test]
async fn one_too_many_whose_sender_has_gone_is_refused_if_it_is_not_with_the_disk_yet() {
    let (subject, release) = Subject::held();
    let goes_away = async |app, id| {
        let mut gone = subject.send(app, id, 0);
        assert!(at_once(&mut gone).await.is_none());
    };
    // Those that are with the disk need no place, and take none: none of them is lost, and none counts as lost.
    let many = 2 * ABANDONED as u64;
    for id in 0..many {
        goes_away("a", id).await;
    }
    assert_eq!(subject.count(Outcome::RefusedBusy), 0);
    assert_eq!(subject.ingest.0.abandoned.free(), 0);
    let place = subject.lend(|shared| &shared.places, "a").await;
    goes_away("b", many).await;
    assert_eq!(subject.count(Outcome::RefusedBusy), 1);
    drop((place, release));
    subject.ingest.finished().await;
    assert_eq!(subject.count(Outcome::BatchStored), many);
    assert_eq!(subject.count(Outcome::RefusedBusy), 1);
}
