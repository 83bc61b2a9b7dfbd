//! What a receiver is told: one JSON object a change, in Alertmanager's words.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::evaluate::Change;
use super::quantity::show_duration;
use super::rule::Rule;
use super::state::Transition;

/// The placeholders that every rule can fill; its labels come on top.
pub(crate) const FACTS: [&str; 5] = ["alert", "value", "threshold", "samples", "window"];

/// The form of a notification; a larger number may only come with new fields' meaning, never with a changed one.
const VERSION: u32 = 1;

/// The body that a webhook gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// Of this form.
    pub version: u32,
    /// Whether it begins or ends.
    pub status: Status,
    /// The rule's name.
    pub alert: String,
    /// What tells this alert from others: severity, app, page, and the rule's own.
    pub labels: BTreeMap<String, String>,
    /// What people read.
    pub annotations: BTreeMap<String, String>,
    /// What was measured when it changed: ms, or without unit for CLS and counts.
    pub value: f64,
    /// How many samples the value comes from.
    pub samples: u64,
    /// When it began to fire, RFC 3339.
    pub starts_at: String,
    /// When it resolved, RFC 3339; null while it fires.
    pub ends_at: Option<String>,
    /// The same for all notifications of a rule and group, 16 hexadecimal digits.
    pub fingerprint: String,
}

/// Whether an alert begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It fires.
    Firing,
    /// It is over.
    Resolved,
}

impl Notification {
    /// What to say of a change; `None` if it is nobody's business.
    pub(crate) fn of(rule: &Rule, change: &Change, now: Timestamp) -> Option<Self> {
        let (status, starts_at, ends_at) = match change.transition {
            Transition::Fired => (Status::Firing, now, None),
            Transition::Resolved { started } => (Status::Resolved, started, Some(now)),
            Transition::Opened | Transition::Lapsed | Transition::Eased | Transition::Relapsed => return None,
        };
        let mut labels = rule.labels.clone();
        let dimensions = rule.dimensions().iter().map(|name| (*name).to_owned());
        labels.extend(dimensions.zip(change.group.iter().cloned()));

        let unit = rule.unit();
        let facts = BTreeMap::from([
            ("alert", rule.name.clone()),
            ("value", unit.show(change.value)),
            ("threshold", unit.show(rule.condition.threshold.fires())),
            ("samples", change.samples.to_string()),
            ("window", show_duration(rule.window)),
        ]);
        let fill = |name: &str| facts.get(name).or_else(|| labels.get(name)).map(String::as_str);
        let annotations = rule
            .annotations
            .iter()
            .map(|(key, template)| (key.clone(), template.fill(fill)))
            .collect();

        Some(Self {
            version: VERSION,
            status,
            alert: rule.name.clone(),
            annotations,
            value: change.value,
            samples: change.samples,
            starts_at: starts_at.to_string(),
            ends_at: ends_at.map(|end| end.to_string()),
            fingerprint: fingerprint(&rule.name, &change.group),
            labels,
        })
    }

    /// The end of an alert whose rule is gone or groups otherwise now: nothing can be measured any more.
    pub(crate) fn withdrawn(self, now: Timestamp) -> Self {
        Self {
            status: Status::Resolved,
            ends_at: Some(now.to_string()),
            ..self
        }
    }
}

/// Identifies a group of a rule. Labels and texts are not part of it: who edits them must still be able to resolve.
pub(crate) fn fingerprint(rule: &str, group: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in std::iter::once(rule).chain(group.iter().map(String::as_str)) {
        // With its length, so that no two lists of parts are the same bytes.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::parse;
    use crate::alert::state::State;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn rule(yaml: &str) -> Rule {
        parse("rules.yaml", yaml).unwrap().remove(0)
    }

    fn slow() -> Rule {
        rule(
            "rules:
              - alert: SlowLargestPaint
                metric: lcp
                stat: p75
                where: { app: shop }
                group_by: [page]
                above: 2500ms
                window: 5m
                labels: { team: storefront }
                annotations:
                  summary: '{{page}}: p75 LCP {{value}} over {{threshold}} ({{samples}} in {{window}})'
                  runbook: 'https://wiki.example.com/{{alert}}'",
        )
    }

    fn change(transition: Transition, value: f64) -> Change {
        let group = vec!["/\"product\"".to_owned()];
        Change {
            group,
            transition,
            state: State::Inactive,
            value,
            samples: 120,
        }
    }

    #[test]
    fn firing_and_resolved() {
        let firing = Notification::of(&slow(), &change(Transition::Fired, 2741.25), at(0)).unwrap();
        insta::assert_json_snapshot!("firing", firing);

        let end = change(Transition::Resolved { started: at(0) }, 1980.0);
        let resolved = Notification::of(&slow(), &end, at(600)).unwrap();
        insta::assert_json_snapshot!("resolved", resolved);

        insta::assert_json_snapshot!("withdrawn", firing.withdrawn(at(900)));
    }

    #[test]
    fn a_rule_without_groups() {
        let errors = rule(
            "rules: [{alert: Errors, metric: js_errors, stat: count, above: 10, window: 1h30m, annotations: {summary: '{{value}} in {{window}}'}}]",
        );
        let change = Change {
            group: Vec::new(),
            ..change(Transition::Fired, 12.0)
        };
        insta::assert_json_snapshot!("without_groups", Notification::of(&errors, &change, at(0)).unwrap());
    }

    #[test]
    fn steps_between_are_nobodys_business() {
        for transition in [
            Transition::Opened,
            Transition::Lapsed,
            Transition::Eased,
            Transition::Relapsed,
        ] {
            assert_eq!(Notification::of(&slow(), &change(transition, 1.0), at(0)), None);
        }
    }

    #[test]
    fn fingerprints_tell_groups_apart_and_stay() {
        let group = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let all = [
            ("A", group(&[])),
            ("A", group(&["/"])),
            ("A", group(&["/b"])),
            ("A/", group(&["b"])),
            ("B", group(&[])),
        ];
        let mut prints: Vec<_> = all.iter().map(|(rule, group)| fingerprint(rule, group)).collect();
        // Stored in tables and known to receivers: the same for ever.
        insta::assert_json_snapshot!("fingerprints", prints);
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), all.len());
    }
}
