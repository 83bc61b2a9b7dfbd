//! The engine: a round every few seconds that asks ClickHouse about every rule, and a task for each receiver.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::deliver;
use super::evaluate::{Standings, Window, evaluate};
use super::health::Health;
use super::record::{self, Moment, RecordError};
use super::rule::Rule;
use super::webhook::Webhook;
use crate::clock;
use crate::store::Clickhouse;
use crate::store::alert_state::{self, AlertStateError, TransitionRow};
use crate::store::query::{self, WindowQuery};
use crate::traces::{self, KeyValue};

/// A window ends this long before now: that is what a row usually needs from its arrival through spool and writer into
/// ClickHouse, with room. Every later window sees a row that was slower.
const LAG: Duration = Duration::from_secs(5);

/// A round that takes longer is broken off, so that a database that hangs shows.
const ROUND_LIMIT: Duration = Duration::from_secs(60);

/// What the engine works with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rules, see [`load`](super::load).
    pub rules: Vec<Rule>,
    /// Who is told.
    pub webhooks: Vec<Webhook>,
    /// The pause between rounds.
    pub evaluate_every: Duration,
    /// Where the engine says how it is.
    pub health: Health,
}

/// Evaluates and notifies until `shutdown`. ClickHouse may be away at any time, also at the start; it must be migrated before
/// rules can be evaluated. Only one collector of those that share a ClickHouse may run this.
pub async fn run(options: Options, clickhouse: Clickhouse, shutdown: CancellationToken) {
    let news = watch::Sender::new(());
    let mut receivers = JoinSet::new();
    for webhook in options.webhooks.clone() {
        receivers.spawn(deliver::run(
            webhook,
            clickhouse.clone(),
            news.subscribe(),
            shutdown.clone(),
        ));
    }
    // What a round was doing when it is dropped here was recorded or was not: the log is read again at the next start.
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = rounds(Engine::new(options, clickhouse, news)) => {}
        // They end at the shutdown only: one that panics takes the rest with it, and all begin again.
        () = ended(&mut receivers), if !receivers.is_empty() => {}
    }
    ended(&mut receivers).await;
}

/// Waits until all tasks have ended; the panic of one of them goes on here.
async fn ended(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && let Ok(panic) = error.try_into_panic()
        {
            resume_unwind(panic);
        }
    }
}

async fn rounds(mut engine: Engine) {
    let mut ticks = interval(engine.options.evaluate_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = this_millisecond();
        let rules = engine.options.rules.len() as i64;
        let span = traces::work("alert round", || vec![KeyValue::new("rum.rules", rules)]);
        let round = timeout(ROUND_LIMIT, engine.round(now)).await;
        drop(span);
        match round.unwrap_or(Err(RoundError::TooLong)) {
            Ok(()) => engine.options.health.succeeded(now),
            Err(error) => {
                tracing::warn!(%error, "a round of the alert rules failed; the states are kept");
                engine.options.health.failed(error.to_string());
            }
        }
    }
}

/// Whole milliseconds, as the log has them: what a notification says must be the same after a restart.
fn this_millisecond() -> Timestamp {
    let now = clock::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Why a round did not come to its end.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error("the alert log cannot be read or written: {0}")]
    Log(#[from] AlertStateError),
    #[error("it took longer than {} s", ROUND_LIMIT.as_secs())]
    TooLong,
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("{failed} of {rules} rules could not be evaluated; first: {first}")]
    Rules { failed: usize, rules: usize, first: String },
}

struct Engine {
    options: Options,
    clickhouse: Clickhouse,
    /// The ids of all receivers.
    receivers: Vec<String>,
    /// Tells the receivers' tasks that the outbox has grown.
    news: watch::Sender<()>,
    /// What the log says; `None` until it was read.
    memory: Option<Memory>,
}

/// The log of transitions, as far as it decides about the next round.
struct Memory {
    /// By the rule's name.
    standings: HashMap<String, Standings>,
    /// `at` of the last row of the log, in ms since the epoch.
    latest: i64,
    /// Transitions of which nobody knows whether the log has them. They are recorded again, as they are, before anything is
    /// evaluated; so they are never more than those of one round.
    unrecorded: Vec<TransitionRow>,
}

impl Engine {
    fn new(options: Options, clickhouse: Clickhouse, news: watch::Sender<()>) -> Self {
        let receivers = options.webhooks.iter().map(Webhook::id).collect();
        Self {
            options,
            clickhouse,
            receivers,
            news,
            memory: None,
        }
    }

    /// One evaluation of every rule. Wherever it is dropped, the next one goes on rightly: what was evaluated and
    /// perhaps not recorded is in [`Memory::unrecorded`].
    async fn round(&mut self, now: Timestamp) -> Result<(), RoundError> {
        let Self {
            options,
            clickhouse,
            receivers,
            news,
            memory,
        } = self;
        let memory = match memory {
            Some(memory) => memory,
            None => memory.insert(Memory::load(clickhouse, &options.rules, receivers, now).await?),
        };
        memory.flush(clickhouse, news).await?;

        let at = memory.next_at(now);
        let mut errors = Vec::new();
        for rule in &options.rules {
            let stats = query::window(clickhouse, &window_of(rule, now)).await;
            let window = match &stats {
                Ok(stats) => {
                    let late: u64 = stats.iter().map(|group| group.late).sum();
                    if late > 0 {
                        tracing::debug!(
                            rule = rule.name,
                            late,
                            "rows are too old for the window they arrived in"
                        );
                    }
                    Window::Measured(stats)
                }
                Err(error) => {
                    errors.push(format!("`{}`: {error}", rule.name));
                    Window::Failed
                }
            };
            memory.advance(rule, window, Moment { now, at }, receivers)?;
        }
        memory.flush(clickhouse, news).await?;
        match errors.first() {
            None => Ok(()),
            Some(first) => Err(RoundError::Rules {
                failed: errors.len(),
                rules: options.rules.len(),
                first: first.clone(),
            }),
        }
    }
}

impl Memory {
    /// Reads the log. Alerts that no rule watches any more (it is gone, or groups otherwise) are ended.
    async fn load(
        clickhouse: &Clickhouse,
        rules: &[Rule],
        receivers: &[String],
        now: Timestamp,
    ) -> Result<Self, RoundError> {
        let latest = alert_state::latest(clickhouse).await?;
        let mut memory = Self {
            standings: HashMap::new(),
            latest,
            unrecorded: Vec::new(),
        };
        let at = memory.next_at(now);
        for row in alert_state::standing(clickhouse).await? {
            let watched = rules
                .iter()
                .any(|rule| rule.name == row.rule && rule.dimensions().len() == row.group_values.len());
            if watched {
                let standing = record::standing(&row)?;
                memory
                    .standings
                    .entry(row.rule)
                    .or_default()
                    .insert(row.group_values, standing);
            } else {
                tracing::info!(rule = row.rule, group = ?row.group_values, "an alert ends: its rule is gone");
                memory
                    .unrecorded
                    .push(record::withdrawal(&row, Moment { now, at }, receivers)?);
            }
        }
        Ok(memory)
    }

    /// The `at` of the next rows: the last row of an alert must stay the last, even if the clock is set back.
    fn next_at(&self, now: Timestamp) -> i64 {
        now.as_millisecond().max(self.latest.saturating_add(1))
    }

    /// Moves the groups of `rule` by one window.
    fn advance(
        &mut self,
        rule: &Rule,
        window: Window<'_>,
        moment: Moment,
        receivers: &[String],
    ) -> Result<(), RecordError> {
        let standings = self.standings.entry(rule.name.clone()).or_default();
        let evaluation = evaluate(rule, window, standings, moment.now);
        if evaluation.left_out > 0 {
            tracing::warn!(
                rule = rule.name,
                groups = evaluation.left_out,
                "a rule has more groups than are watched; those with the fewest samples are left out"
            );
        }
        let rows: Vec<_> = evaluation
            .changes
            .iter()
            .map(|change| record::change(rule, change, moment, receivers))
            .collect::<Result<_, _>>()?;
        *standings = evaluation.standings;
        self.unrecorded.extend(rows);
        self.latest = moment.at;
        Ok(())
    }

    /// Brings what changed into the log; only what is there is told.
    async fn flush(&mut self, clickhouse: &Clickhouse, news: &watch::Sender<()>) -> Result<(), AlertStateError> {
        if self.unrecorded.is_empty() {
            return Ok(());
        }
        alert_state::record(clickhouse, &self.unrecorded).await?;
        for row in &self.unrecorded {
            tracing::info!(rule = row.rule, group = ?row.group_values, phase = row.phase, "an alert has changed");
        }
        self.unrecorded.clear();
        news.send_replace(());
        Ok(())
    }
}

fn window_of(rule: &Rule, now: Timestamp) -> WindowQuery {
    let to_ms = now.as_millisecond() - LAG.as_millis() as i64;
    WindowQuery {
        app: rule.app.clone(),
        page: rule.page.clone(),
        measure: rule.measure,
        group_by: rule.group_by,
        from_ms: to_ms - rule.window.as_millis() as i64,
        to_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_panic_of_a_receiver_goes_on() {
        let mut receivers = JoinSet::new();
        receivers.spawn(async {});
        receivers.spawn(async { panic!("in a receiver") });
        let ended = tokio::spawn(async move { ended(&mut receivers).await });
        assert!(ended.await.unwrap_err().is_panic());
    }
}
