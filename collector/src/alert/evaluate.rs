//! One window of one rule: what was measured in each group moves that group's state. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rule::Rule;
use super::state::{Observation, Scarcity, Standing, State, Transition, step};
use crate::store::query::GroupStats;

/// The most groups that one rule watches. Groups that are not inactive keep their place; then come those with the most
/// samples, so a page that is hit with random addresses cannot push out the ones that people use.
pub(crate) const MAX_GROUPS: usize = 200;

/// The values of a rule's dimensions, in their order; empty for a rule without `group_by`.
pub(crate) type Group = Vec<String>;

/// Where the groups of a rule stand. A group that is not here is inactive.
pub(crate) type Standings = BTreeMap<Group, Standing>;

/// What ClickHouse said about a rule's window.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Window<'a> {
    Measured(&'a [GroupStats]),
    Failed,
}

/// What a window changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Evaluation {
    /// All standings after it.
    pub(crate) standings: Standings,
    pub(crate) changes: Vec<Change>,
    /// How many groups were over [`MAX_GROUPS`], and not looked at.
    pub(crate) left_out: usize,
}

/// A group that went along an edge of the state machine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) group: Group,
    pub(crate) transition: Transition,
    /// The state that it led to.
    pub(crate) state: State,
    /// What was measured: ms, or without unit for CLS and counts.
    pub(crate) value: f64,
    pub(crate) samples: u64,
}

/// Moves every group of `rule` by one window.
pub(crate) fn evaluate(rule: &Rule, window: Window<'_>, standings: &Standings, now: Timestamp) -> Evaluation {
    let (observations, left_out) = match window {
        Window::Measured(stats) => observe(rule, stats, standings),
        Window::Failed => (
            standings
                .keys()
                .map(|group| (group.clone(), Observation::Failed))
                .collect(),
            0,
        ),
    };
    let mut evaluation = Evaluation {
        left_out,
        ..Evaluation::default()
    };
    for (group, observation) in observations {
        let standing = standings.get(&group).copied().unwrap_or_default();
        let (standing, transition) = step(&rule.condition, standing, observation, now);
        // A change always comes from a measurement: whatever cannot be judged keeps the state.
        if let (Some(transition), Observation::Measured { value, samples }) = (transition, observation) {
            let change = Change {
                group: group.clone(),
                transition,
                state: standing.state,
                value,
                samples,
            };
            evaluation.changes.push(change);
        }
        if standing.state != State::Inactive {
            evaluation.standings.insert(group, standing);
        }
    }
    evaluation
}

/// What the window says about each group that is watched: those that stand anywhere, and those that it measured.
fn observe(rule: &Rule, stats: &[GroupStats], standings: &Standings) -> (BTreeMap<Group, Observation>, usize) {
    // A group of which the window holds nothing had no errors; but its percentiles are unknown, not zero.
    let absent = match rule.condition.scarcity {
        Scarcity::Clear => Observation::Measured { value: 0.0, samples: 0 },
        Scarcity::Doubt => Observation::NoData,
    };
    let mut observations: BTreeMap<Group, Observation> =
        standings.keys().map(|group| (group.clone(), absent)).collect();
    let mut newcomers = Vec::new();
    for group in stats {
        match observations.get_mut(&group.group) {
            Some(observation) => *observation = measured(group),
            None => newcomers.push(group),
        }
    }
    newcomers.sort_by(|a, b| b.samples.cmp(&a.samples).then_with(|| a.group.cmp(&b.group)));
    let room = MAX_GROUPS.saturating_sub(observations.len());
    let left_out = newcomers.len().saturating_sub(room);
    observations.extend(
        newcomers
            .into_iter()
            .take(room)
            .map(|group| (group.group.clone(), measured(group))),
    );
    (observations, left_out)
}

const fn measured(group: &GroupStats) -> Observation {
    Observation::Measured {
        value: group.value,
        samples: group.samples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rules_file::parse;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn rule(yaml: &str) -> Rule {
        parse("rules.yaml", yaml).unwrap().remove(0)
    }

    fn slow() -> Rule {
        rule(
            "rules: [{alert: Slow, metric: lcp, stat: p75, group_by: [page], above: 2500, window: 5m, min_samples: 10}]",
        )
    }

    fn errors() -> Rule {
        rule("rules: [{alert: Errors, metric: js_errors, stat: count, group_by: [page], above: 2, window: 5m}]")
    }

    fn stats(page: &str, value: f64, samples: u64) -> GroupStats {
        GroupStats {
            group: vec![page.to_owned()],
            value,
            samples,
            late: 0,
        }
    }

    /// What happened, as `page transition` in order.
    fn changes(evaluation: &Evaluation) -> Vec<String> {
        let line = |change: &Change| format!("{} {:?}", change.group.join(","), change.transition);
        evaluation.changes.iter().map(line).collect()
    }

    #[test]
    fn each_group_has_its_own_state() {
        let slow = slow();
        let first = [
            stats("/", 3000.0, 50),
            stats("/cart", 1000.0, 50),
            stats("/new", 9000.0, 3),
        ];
        let evaluation = evaluate(&slow, Window::Measured(&first), &Standings::new(), NOW);
        assert_eq!(changes(&evaluation), ["/ Fired"]);
        assert_eq!(evaluation.changes[0].value, 3000.0);
        assert_eq!(
            evaluation.standings.len(),
            1,
            "inactive groups are not kept: {:?}",
            evaluation.standings
        );

        let second = [stats("/", 1000.0, 50), stats("/cart", 3000.0, 50)];
        let evaluation = evaluate(&slow, Window::Measured(&second), &evaluation.standings, NOW);
        assert_eq!(
            changes(&evaluation),
            ["/ Resolved { started: 1970-01-01T00:00:00Z }", "/cart Fired"]
        );
    }

    #[test]
    fn a_group_without_rows_is_unknown_to_a_percentile_and_zero_to_a_count() {
        for (rule, first, after) in [(slow(), 3000.0, 1), (errors(), 3.0, 0)] {
            let fired = evaluate(
                &rule,
                Window::Measured(&[stats("/", first, 50)]),
                &Standings::new(),
                NOW,
            );
            assert_eq!(changes(&fired), ["/ Fired"]);
            let vanished = evaluate(&rule, Window::Measured(&[]), &fired.standings, NOW);
            assert_eq!(vanished.standings.len(), after, "{}", rule.name());
        }
    }

    #[test]
    fn a_failed_query_changes_nothing() {
        let fired = evaluate(
            &errors(),
            Window::Measured(&[stats("/", 3.0, 3)]),
            &Standings::new(),
            NOW,
        );
        let failed = evaluate(&errors(), Window::Failed, &fired.standings, NOW);
        assert_eq!(changes(&failed), Vec::<String>::new());
        let states = |standings: &Standings| standings.values().map(|standing| standing.state).collect::<Vec<_>>();
        assert_eq!(states(&failed.standings), states(&fired.standings));
    }

    #[test]
    fn too_many_groups_are_left_out_and_counted_but_never_those_that_fire() {
        let slow = slow();
        let fired = evaluate(
            &slow,
            Window::Measured(&[stats("/rare", 3000.0, 10)]),
            &Standings::new(),
            NOW,
        );
        let mut crowd: Vec<_> = (0..MAX_GROUPS + 5)
            .map(|n| stats(&format!("/{n:04}"), 3000.0, 100 + n as u64))
            .collect();
        crowd.push(stats("/rare", 1000.0, 10));
        let evaluation = evaluate(&slow, Window::Measured(&crowd), &fired.standings, NOW);
        assert_eq!(evaluation.left_out, 6);
        assert_eq!(evaluation.changes.len(), MAX_GROUPS);
        let changed = changes(&evaluation);
        assert!(
            changed.iter().any(|change| change.starts_with("/rare Resolved")),
            "{changed:?}"
        );
        assert!(!changed.contains(&"/0005 Fired".to_owned()), "the smallest is left out");
        assert!(
            changed.contains(&"/0006 Fired".to_owned()),
            "the larger ones are watched"
        );
    }
}
