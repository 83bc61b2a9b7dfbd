//! The log of the process: for people on a terminal, JSON for machines elsewhere, one line an event.
//!
//! A line that is written while a request is worked at has its id, its trace and its app ([`lines`]).
//! What is said again and again (a disk that refuses every batch) is held back after some lines, and counted: [`Held`].

mod held;
mod lines;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing_subscriber::fmt::format::{JsonFields, format};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, reload};

use self::held::{Held, TELLING};
use self::lines::{ForPeople, Json};
use crate::config;

/// A filter here wins over the configuration, also over what that says later.
const VARIABLE: &str = "RUM_LOG";

/// Nothing can be logged.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The variable is no filter.
    #[error("RUM_LOG is no filter: {0}; write a level such as debug, or rum_collector=debug")]
    Variable(String),
    /// There is a log already.
    #[error("this process has a log already")]
    Second,
}

/// A handle on the log.
#[derive(Clone)]
pub struct Log {
    /// Absent where the environment says what is logged.
    level: Option<reload::Handle<EnvFilter, Registry>>,
    held: Held,
}

impl Log {
    /// Begins the log of the process, on standard error.
    ///
    /// # Errors
    /// When the environment says something else than a filter.
    pub fn start(config: &config::Log) -> Result<Self, LogError> {
        let said = std::env::var(VARIABLE).ok().filter(|said| !said.is_empty());
        let wanted = said.as_deref().unwrap_or(&config.level);
        let filter = EnvFilter::try_new(wanted).map_err(|error| LogError::Variable(error.to_string()))?;
        let (filter, level) = reload::Layer::new(filter);
        let held = Held::default();
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(io::stderr)
            // It would be written to standard error too, and panic where that is full or closed: a log that cannot be written
            // costs its lines and nothing else.
            .log_internal_errors(false);
        let lines = if io::stderr().is_terminal() {
            lines.event_format(ForPeople(format().with_target(false))).boxed()
        } else {
            let json = format().json().flatten_event(true);
            let json = json.with_current_span(false).with_span_list(false);
            lines.fmt_fields(JsonFields::new()).event_format(Json(json)).boxed()
        };
        let log = tracing_subscriber::registry()
            .with(filter)
            .with(held.clone())
            .with(lines);
        log.try_init().map_err(|_| LogError::Second)?;
        Ok(Self {
            level: said.is_none().then_some(level),
            held,
        })
    }

    /// From now on the log is as `config` says.
    pub(crate) fn change(&self, config: &config::Log) {
        let Some(level) = &self.level else { return };
        // The configuration was checked, and the log lives as long as the process.
        if let Ok(filter) = EnvFilter::try_new(&config.level) {
            let _ = level.reload(filter);
        }
    }

    /// Says now and then what was held back, for as long as the process lives.
    pub async fn tend(self) {
        let mut ticks = interval(WINDOW);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tell();
        }
    }

    /// Says what was held back since it was said last. Whoever ends the process says it once more when nothing is left that logs.
    pub fn tell(&self) {
        for (message, lines) in self.held.take() {
            tracing::warn!(
                name: TELLING,
                held_back = lines,
                like = message,
                "lines of one kind came too often"
            );
        }
    }
}

/// For how long the lines of one kind are counted together.
const WINDOW: Duration = Duration::from_secs(10);
