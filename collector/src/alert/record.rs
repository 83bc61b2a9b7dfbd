//! What is remembered of a change, and what a remembered row means. Pure.

use jiff::Timestamp;

use super::evaluate::Change;
use super::notification::{Notification, Status, fingerprint};
use super::rule::Rule;
use super::state::{Standing, State};
use crate::store::alert_state::{StandingRow, TransitionRow};

/// Why a remembered row cannot be understood, or a new one not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    /// A newer collector may know it.
    #[error("rule `{rule}` has the phase `{phase}` in alert_transitions, which this version does not know")]
    Phase { rule: String, phase: String },
    #[error("rule `{rule}` has an impossible time in alert_transitions: {source}")]
    Time { rule: String, source: jiff::Error },
    #[error("a notification of rule `{rule}` is no JSON: {source}")]
    Notification { rule: String, source: serde_json::Error },
}

/// When a row is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// By the clock: what people are told.
    pub(crate) now: Timestamp,
    /// By the log, in ms since the epoch: never smaller than in the rows before it.
    pub(crate) at: i64,
}

/// The row of a change.
pub(crate) fn change(
    rule: &Rule,
    change: &Change,
    Moment { now, at }: Moment,
    receivers: &[String],
) -> Result<TransitionRow, RecordError> {
    let told = Notification::of(rule, change, now);
    let (phase, since, started) = match change.state {
        State::Inactive => (INACTIVE, now, now),
        State::Pending { since, .. } => (PENDING, since, since),
        State::Firing { started } => (FIRING, now, started),
        State::Recovering { started, since } => (RECOVERING, since, started),
    };
    Ok(TransitionRow {
        fingerprint: fingerprint(&rule.name, &change.group),
        at,
        rule: rule.name.clone(),
        group_values: change.group.clone(),
        phase: phase.to_owned(),
        since: since.as_millisecond(),
        started: started.as_millisecond(),
        status: told.as_ref().map_or("", |told| status(told.status)).to_owned(),
        receivers: told.as_ref().map_or_else(Vec::new, |_| receivers.to_vec()),
        notification: told.map_or_else(|| Ok(String::new()), |told| json(&rule.name, &told))?,
    })
}

/// The row that ends an alert which no rule watches any more.
pub(crate) fn withdrawal(
    standing: &StandingRow,
    Moment { now, at }: Moment,
    receivers: &[String],
) -> Result<TransitionRow, RecordError> {
    let ended = TransitionRow {
        fingerprint: standing.fingerprint.clone(),
        at,
        rule: standing.rule.clone(),
        group_values: standing.group_values.clone(),
        phase: INACTIVE.to_owned(),
        since: now.as_millisecond(),
        started: now.as_millisecond(),
        status: String::new(),
        notification: String::new(),
        receivers: Vec::new(),
    };
    if !state(standing)?.fires() {
        return Ok(ended);
    }
    let announced: Notification =
        serde_json::from_str(&standing.announced).map_err(|source| RecordError::Notification {
            rule: standing.rule.clone(),
            source,
        })?;
    Ok(TransitionRow {
        status: status(Status::Resolved).to_owned(),
        notification: json(&standing.rule, &announced.withdrawn(now))?,
        receivers: receivers.to_vec(),
        ..ended
    })
}

/// Where an alert stood when its last row was written.
pub(crate) fn standing(row: &StandingRow) -> Result<Standing, RecordError> {
    Ok(Standing {
        state: state(row)?,
        doubt: None,
    })
}

const INACTIVE: &str = "inactive";
const PENDING: &str = "pending";
const FIRING: &str = "firing";
const RECOVERING: &str = "recovering";

fn state(row: &StandingRow) -> Result<State, RecordError> {
    let time = |ms| {
        Timestamp::from_millisecond(ms).map_err(|source| RecordError::Time {
            rule: row.rule.clone(),
            source,
        })
    };
    let (since, started) = (time(row.since)?, time(row.started)?);
    match row.phase.as_str() {
        INACTIVE => Ok(State::Inactive),
        PENDING => Ok(State::Pending {
            since,
            confirmed: since,
        }),
        FIRING => Ok(State::Firing { started }),
        RECOVERING => Ok(State::Recovering { started, since }),
        other => Err(RecordError::Phase {
            rule: row.rule.clone(),
            phase: other.to_owned(),
        }),
    }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Firing => "firing",
        Status::Resolved => "resolved",
    }
}

fn json(rule: &str, notification: &Notification) -> Result<String, RecordError> {
    serde_json::to_string(notification).map_err(|source| RecordError::Notification {
        rule: rule.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::parse;
    use crate::alert::state::Transition;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn rule() -> Rule {
        let text = "rules: [{alert: Slow, metric: lcp, stat: p75, group_by: [page], above: 2500, window: 5m}]";
        parse("rules.yaml", text).unwrap().remove(0)
    }

    fn row(transition: Transition, state: State) -> TransitionRow {
        let step = Change {
            group: vec!["/".to_owned()],
            transition,
            state,
            value: 3000.0,
            samples: 50,
        };
        let moment = Moment {
            now: at(100),
            at: at(100).as_millisecond(),
        };
        change(&rule(), &step, moment, &["receiver".to_owned()]).unwrap()
    }

    /// What the log gives back of its last row.
    fn remembered(row: &TransitionRow, announced: &str) -> StandingRow {
        StandingRow {
            fingerprint: row.fingerprint.clone(),
            rule: row.rule.clone(),
            group_values: row.group_values.clone(),
            phase: row.phase.clone(),
            since: row.since,
            started: row.started,
            announced: announced.to_owned(),
        }
    }

    #[test]
    fn a_state_survives_the_log() {
        for (transition, state) in [
            (
                Transition::Opened,
                State::Pending {
                    since: at(100),
                    confirmed: at(100),
                },
            ),
            (Transition::Fired, State::Firing { started: at(100) }),
            (Transition::Relapsed, State::Firing { started: at(40) }),
            (
                Transition::Eased,
                State::Recovering {
                    started: at(40),
                    since: at(100),
                },
            ),
            (Transition::Lapsed, State::Inactive),
        ] {
            let row = row(transition, state);
            assert_eq!(standing(&remembered(&row, "")).unwrap().state, state, "{row:?}");
        }
    }

    #[test]
    fn only_firing_and_resolved_have_receivers() {
        for (transition, status, receivers) in [
            (Transition::Opened, "", 0),
            (Transition::Lapsed, "", 0),
            (Transition::Fired, "firing", 1),
            (Transition::Eased, "", 0),
            (Transition::Relapsed, "", 0),
            (Transition::Resolved { started: at(40) }, "resolved", 1),
        ] {
            let row = row(transition, State::Inactive);
            assert_eq!(
                (row.status.as_str(), row.receivers.len()),
                (status, receivers),
                "{transition:?}"
            );
            assert_eq!(row.notification.is_empty(), receivers == 0, "{transition:?}");
        }
    }

    #[test]
    fn an_alert_whose_rule_is_gone_is_resolved_if_it_was_told() {
        let fired = row(Transition::Fired, State::Firing { started: at(100) });
        let moment = Moment {
            now: at(200),
            at: at(200).as_millisecond(),
        };
        let receivers = ["receiver".to_owned()];
        let ended = withdrawal(&remembered(&fired, &fired.notification), moment, &receivers).unwrap();
        assert_eq!((ended.phase.as_str(), ended.status.as_str()), ("inactive", "resolved"));
        let told: Notification = serde_json::from_str(&ended.notification).unwrap();
        assert_eq!(
            (told.starts_at, told.ends_at),
            (at(100).to_string(), Some(at(200).to_string()))
        );

        let opened = row(
            Transition::Opened,
            State::Pending {
                since: at(100),
                confirmed: at(100),
            },
        );
        let ended = withdrawal(&remembered(&opened, ""), moment, &receivers).unwrap();
        assert_eq!((ended.phase.as_str(), ended.status.as_str()), ("inactive", ""));
    }

    #[test]
    fn what_cannot_be_understood_is_not_guessed() {
        let fired = row(Transition::Fired, State::Firing { started: at(100) });
        let newer = StandingRow {
            phase: "snoozed".to_owned(),
            ..remembered(&fired, "")
        };
        assert!(matches!(standing(&newer), Err(RecordError::Phase { phase, .. }) if phase == "snoozed"));
        let impossible = StandingRow {
            since: i64::MAX,
            ..remembered(&fired, "")
        };
        assert!(matches!(standing(&impossible), Err(RecordError::Time { .. })));
    }
}
