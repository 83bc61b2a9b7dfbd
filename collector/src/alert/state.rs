//! The state machine of one group of one rule. Pure: the clock is an argument.
//!
//! ```text
//!             breached               breached for `for`              clear
//! inactive ──────────────► pending ─────────────────────► firing ──────────────► recovering
//!    ▲ ▲                      │                              ▲                       │ │
//!    │ └──── not breached ────┘                              └────── not clear ──────┘ │
//!    └──────────────────────── clear for `keep_firing_for` ────────────────────────────┘
//! ```
//! With `for` zero a breach fires at once, with `keep_firing_for` zero a clear value resolves at once.
//! What cannot be judged (no data, too few samples, a failed query) is a [`Doubt`] beside the state, and keeps it.

use std::time::Duration;

use jiff::Timestamp;

use super::threshold::{Judgement, Threshold};

/// The part of a rule that decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) threshold: Threshold,
    /// How long a breach must last before it fires (`for`).
    pub(crate) hold: Duration,
    /// How long it must be clear before it resolves.
    pub(crate) keep_firing_for: Duration,
    /// The fewest samples that say anything.
    pub(crate) min_samples: u64,
    pub(crate) scarcity: Scarcity,
}

/// What fewer samples than `min_samples` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scarcity {
    /// A percentile of three page views says nothing.
    Doubt,
    /// A count of three errors says that there are few errors.
    Clear,
}

/// What a window said about a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Observation {
    /// A value in the metric's unit, from so many samples.
    Measured { value: f64, samples: u64 },
    /// The window holds nothing of this group.
    NoData,
    /// ClickHouse did not answer.
    Failed,
}

/// Where a group stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Standing {
    pub(crate) state: State,
    /// Why the last window changed nothing; `None` if it could be judged.
    pub(crate) doubt: Option<Doubt>,
}

/// The states. `started` is when the episode began to fire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Inactive,
    /// Breached, not yet for long enough. `confirmed` is when a window last said so.
    Pending {
        since: Timestamp,
        confirmed: Timestamp,
    },
    Firing {
        started: Timestamp,
    },
    /// Clear, not yet for long enough; to the outside it still fires.
    Recovering {
        started: Timestamp,
        since: Timestamp,
    },
}

/// Why a window could not be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    NoData,
    TooFewSamples,
    QueryFailed,
}

/// The edges between the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transition {
    /// Inactive to pending, or pending anew after a gap.
    Opened,
    /// Pending to inactive: it did not last.
    Lapsed,
    /// To firing: the start of an episode.
    Fired,
    /// Firing to recovering.
    Eased,
    /// Recovering back to firing: the same episode.
    Relapsed,
    /// To inactive: the end of the episode that began at `started`.
    Resolved { started: Timestamp },
}

impl State {
    /// Whether the outside sees an alert.
    pub(crate) const fn fires(self) -> bool {
        matches!(self, Self::Firing { .. } | Self::Recovering { .. })
    }
}

impl Condition {
    fn judge(&self, observation: Observation) -> Result<Judgement, Doubt> {
        match observation {
            Observation::Failed => Err(Doubt::QueryFailed),
            Observation::NoData => Err(Doubt::NoData),
            // A percentile of nothing is NaN in ClickHouse.
            Observation::Measured { value, .. } if !value.is_finite() => Err(Doubt::NoData),
            Observation::Measured { samples, .. } if samples < self.min_samples => match self.scarcity {
                Scarcity::Doubt => Err(Doubt::TooFewSamples),
                Scarcity::Clear => Ok(Judgement::Clear),
            },
            Observation::Measured { value, .. } => Ok(self.threshold.judge(value)),
        }
    }
}

/// What one more window makes of a standing. No transition is no news.
pub(crate) fn step(
    condition: &Condition,
    standing: Standing,
    observation: Observation,
    now: Timestamp,
) -> (Standing, Option<Transition>) {
    match condition.judge(observation) {
        Err(doubt) => (
            Standing {
                state: standing.state,
                doubt: Some(doubt),
            },
            None,
        ),
        Ok(judgement) => {
            let (state, transition) = advance(condition, standing.state, judgement, now);
            (Standing { state, doubt: None }, transition)
        }
    }
}

fn advance(condition: &Condition, state: State, judgement: Judgement, now: Timestamp) -> (State, Option<Transition>) {
    use Judgement::{Between, Breached, Clear};
    use State::{Firing, Inactive, Pending, Recovering};

    let fired = (Firing { started: now }, Some(Transition::Fired));
    let opened = (
        Pending {
            since: now,
            confirmed: now,
        },
        Some(Transition::Opened),
    );
    match (state, judgement) {
        (Inactive, Breached) if condition.hold.is_zero() => fired,
        (Inactive, Breached) => opened,
        (Inactive, Between | Clear) => (Inactive, None),

        // `for` means without interruption: a breach that nobody has confirmed for that long (no data, no database, no
        // collector) does not count as one that lasted.
        (Pending { confirmed, .. }, Breached) if elapsed(confirmed, now) > condition.hold => opened,
        (Pending { since, .. }, Breached) if elapsed(since, now) >= condition.hold => fired,
        (Pending { since, .. }, Breached) => (Pending { since, confirmed: now }, None),
        (Pending { .. }, Between | Clear) => (Inactive, Some(Transition::Lapsed)),

        (Firing { .. }, Breached | Between) => (state, None),
        (Firing { started }, Clear) if condition.keep_firing_for.is_zero() => resolved(started),
        (Firing { started }, Clear) => (Recovering { started, since: now }, Some(Transition::Eased)),

        (Recovering { started, .. }, Breached | Between) => (Firing { started }, Some(Transition::Relapsed)),
        (Recovering { started, since }, Clear) if elapsed(since, now) >= condition.keep_firing_for => resolved(started),
        (Recovering { .. }, Clear) => (state, None),
    }
}

const fn resolved(started: Timestamp) -> (State, Option<Transition>) {
    (State::Inactive, Some(Transition::Resolved { started }))
}

/// Zero if the clock was set back.
fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::Transition::{Eased, Fired, Lapsed, Opened, Relapsed, Resolved};
    use super::*;

    const HIGH: Observation = Observation::Measured {
        value: 3000.0,
        samples: 50,
    };
    const MIDDLE: Observation = Observation::Measured {
        value: 2200.0,
        samples: 50,
    };
    const LOW: Observation = Observation::Measured {
        value: 1500.0,
        samples: 50,
    };
    /// Too few samples, and far too high.
    const SPARSE: Observation = Observation::Measured {
        value: 9000.0,
        samples: 3,
    };
    const NOTHING: Observation = Observation::NoData;
    const FAILED: Observation = Observation::Failed;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn inactive() -> State {
        State::Inactive
    }
    fn pending(since: i64, confirmed: i64) -> State {
        State::Pending {
            since: at(since),
            confirmed: at(confirmed),
        }
    }
    fn firing(started: i64) -> State {
        State::Firing { started: at(started) }
    }
    fn recovering(started: i64, since: i64) -> State {
        State::Recovering {
            started: at(started),
            since: at(since),
        }
    }
    fn resolved(started: i64) -> Option<Transition> {
        Some(Resolved { started: at(started) })
    }

    fn condition(hold: u64, keep_firing_for: u64) -> Condition {
        Condition {
            threshold: Threshold::Above {
                fires: 2500.0,
                resolves: 2000.0,
            },
            hold: Duration::from_secs(hold),
            keep_firing_for: Duration::from_secs(keep_firing_for),
            min_samples: 20,
            scarcity: Scarcity::Doubt,
        }
    }

    /// Walks from inactive through the windows, each at its second, and compares every state and transition.
    fn check(condition: Condition, windows: &[(i64, Observation, State, Option<Transition>)]) {
        let mut standing = Standing::default();
        for &(second, observation, state, transition) in windows {
            let (next, happened) = step(&condition, standing, observation, at(second));
            assert_eq!(
                (next.state, happened),
                (state, transition),
                "at second {second}: {observation:?}"
            );
            standing = next;
        }
    }

    #[test]
    fn a_breach_that_lasts_fires_and_resolves_once() {
        check(
            condition(60, 30),
            &[
                (0, LOW, inactive(), None),
                (10, HIGH, pending(10, 10), Some(Opened)),
                (40, HIGH, pending(10, 40), None),
                (69, HIGH, pending(10, 69), None),
                (70, HIGH, firing(70), Some(Fired)),
                (80, HIGH, firing(70), None),
                (90, LOW, recovering(70, 90), Some(Eased)),
                (119, LOW, recovering(70, 90), None),
                (120, LOW, inactive(), resolved(70)),
                (130, LOW, inactive(), None),
            ],
        );
    }

    #[test]
    fn without_for_it_fires_at_once_and_without_keep_firing_for_it_resolves_at_once() {
        check(
            condition(0, 0),
            &[
                (0, HIGH, firing(0), Some(Fired)),
                (10, LOW, inactive(), resolved(0)),
                (20, HIGH, firing(20), Some(Fired)),
                (30, LOW, inactive(), resolved(20)),
            ],
        );
    }

    #[test]
    fn a_breach_that_does_not_last_never_fires() {
        check(
            condition(60, 0),
            &[
                (0, HIGH, pending(0, 0), Some(Opened)),
                (59, LOW, inactive(), Some(Lapsed)),
                (60, HIGH, pending(60, 60), Some(Opened)),
                (90, MIDDLE, inactive(), Some(Lapsed)),
                (100, HIGH, pending(100, 100), Some(Opened)),
            ],
        );
    }

    #[test]
    fn flapping_is_one_episode() {
        check(
            condition(0, 60),
            &[
                (0, HIGH, firing(0), Some(Fired)),
                (10, LOW, recovering(0, 10), Some(Eased)),
                (20, HIGH, firing(0), Some(Relapsed)),
                (30, LOW, recovering(0, 30), Some(Eased)),
                (80, MIDDLE, firing(0), Some(Relapsed)),
                (90, LOW, recovering(0, 90), Some(Eased)),
                (150, LOW, inactive(), resolved(0)),
            ],
        );
    }

    #[test]
    fn between_the_thresholds_nothing_fires_and_nothing_resolves() {
        check(
            condition(0, 0),
            &[
                (0, MIDDLE, inactive(), None),
                (10, HIGH, firing(10), Some(Fired)),
                (20, MIDDLE, firing(10), None),
            ],
        );
    }

    #[test]
    fn what_cannot_be_judged_keeps_every_state_and_says_why() {
        let states = [inactive(), pending(0, 0), firing(0), recovering(0, 0)];
        let nan = Observation::Measured {
            value: f64::NAN,
            samples: 50,
        };
        let doubts = [
            (NOTHING, Doubt::NoData),
            (nan, Doubt::NoData),
            (SPARSE, Doubt::TooFewSamples),
            (FAILED, Doubt::QueryFailed),
        ];
        for state in states {
            for (observation, doubt) in doubts {
                let before = Standing { state, doubt: None };
                let after = step(&condition(10, 10), before, observation, at(1_000));
                assert_eq!(
                    after,
                    (
                        Standing {
                            state,
                            doubt: Some(doubt)
                        },
                        None
                    )
                );
            }
        }
    }

    #[test]
    fn a_judgement_ends_the_doubt() {
        let doubtful = Standing {
            state: firing(0),
            doubt: Some(Doubt::NoData),
        };
        let (standing, _) = step(&condition(0, 0), doubtful, HIGH, at(10));
        assert_eq!(
            standing,
            Standing {
                state: firing(0),
                doubt: None
            }
        );
    }

    #[test]
    fn a_group_that_vanishes_keeps_firing_until_it_is_measured_clear() {
        check(
            condition(0, 20),
            &[
                (0, HIGH, firing(0), Some(Fired)),
                (10, NOTHING, firing(0), None),
                (5_000, NOTHING, firing(0), None),
                (5_010, LOW, recovering(0, 5_010), Some(Eased)),
                (5_020, NOTHING, recovering(0, 5_010), None),
                (5_030, LOW, inactive(), resolved(0)),
            ],
        );
    }

    #[test]
    fn a_pending_alert_that_nobody_confirmed_for_its_whole_time_begins_anew() {
        check(
            condition(60, 0),
            &[
                (0, HIGH, pending(0, 0), Some(Opened)),
                (10, NOTHING, pending(0, 0), None),
                (60, HIGH, firing(60), Some(Fired)),
            ],
        );
        check(
            condition(60, 0),
            &[
                (0, HIGH, pending(0, 0), Some(Opened)),
                (10, FAILED, pending(0, 0), None),
                (61, HIGH, pending(61, 61), Some(Opened)),
                (121, HIGH, firing(121), Some(Fired)),
            ],
        );
    }

    #[test]
    fn few_samples_of_a_count_are_clear() {
        let count = Condition {
            scarcity: Scarcity::Clear,
            ..condition(0, 0)
        };
        check(
            count,
            &[
                (0, SPARSE, inactive(), None),
                (10, HIGH, firing(10), Some(Fired)),
                (20, SPARSE, inactive(), resolved(10)),
            ],
        );
    }

    #[test]
    fn a_clock_that_is_set_back_only_makes_it_wait() {
        check(
            condition(60, 0),
            &[
                (100, HIGH, pending(100, 100), Some(Opened)),
                (40, HIGH, pending(100, 40), None),
                (100, HIGH, pending(100, 100), None),
                (160, HIGH, firing(160), Some(Fired)),
            ],
        );
    }

    /// Every judgement in every state, before and after its time: no edge is missing, none is there twice.
    #[test]
    fn the_edges() {
        use Judgement::{Between, Breached, Clear};
        let condition = condition(60, 60);
        for (state, judgement, second, expected) in [
            (inactive(), Breached, 0, (pending(0, 0), Some(Opened))),
            (inactive(), Between, 0, (inactive(), None)),
            (inactive(), Clear, 0, (inactive(), None)),
            (pending(0, 50), Breached, 59, (pending(0, 59), None)),
            (pending(0, 50), Breached, 60, (firing(60), Some(Fired))),
            (pending(0, 0), Breached, 61, (pending(61, 61), Some(Opened))),
            (pending(0, 50), Between, 60, (inactive(), Some(Lapsed))),
            (pending(0, 50), Clear, 60, (inactive(), Some(Lapsed))),
            (firing(0), Breached, 60, (firing(0), None)),
            (firing(0), Between, 60, (firing(0), None)),
            (firing(0), Clear, 60, (recovering(0, 60), Some(Eased))),
            (recovering(0, 10), Breached, 70, (firing(0), Some(Relapsed))),
            (recovering(0, 10), Between, 70, (firing(0), Some(Relapsed))),
            (recovering(0, 10), Clear, 69, (recovering(0, 10), None)),
            (recovering(0, 10), Clear, 70, (inactive(), resolved(0))),
        ] {
            let happened = advance(&condition, state, judgement, at(second));
            assert_eq!(happened, expected, "{judgement:?} in {state:?} at second {second}");
        }
    }
}
