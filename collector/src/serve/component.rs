//! One part of the collector, as `/readyz` tells of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::audience::Audience;
use super::condition::Condition;

/// What is lost while a part does not do its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Batches are refused, or do not come through.
    Critical,
    /// Nothing: batches are kept, and it can be made up for.
    Bearable,
}

/// What a check has found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) condition: Condition,
    /// More about it: an object, whose fields stand beside the others.
    pub(super) detail: Value,
}

/// How one part is.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// How well it does its work.
    pub condition: Condition,
    /// What that means to the rest.
    pub severity: Severity,
    /// How long it took to find out.
    pub took: Duration,
    /// More about it.
    pub detail: Value,
}

impl Component {
    /// Whether it does its work.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !matches!(self.condition, Condition::Unhealthy(_))
    }

    /// Whether it does its work and somebody should look at it.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        matches!(self.condition, Condition::Degraded(_))
    }

    pub(super) fn json(&self, audience: Audience) -> Value {
        let ready = self.is_ready();
        match audience {
            Audience::Public => json!({ "ready": ready }),
            Audience::Operator => {
                let mut json = self.detail.clone();
                json["ready"] = ready.into();
                json["state"] = self.condition.name().into();
                json["critical"] = (self.severity == Severity::Critical).into();
                json["duration_ms"] = (self.took.as_micros() as f64 / 1e3).into();
                if let Some(problem) = self.condition.problem() {
                    json["problem"] = problem.into();
                }
                json
            }
        }
    }
}

/// The state of the whole, by its parts: unhealthy only if a critical part is.
pub(super) fn overall<'a>(components: impl IntoIterator<Item = &'a Component>) -> &'static str {
    let rank = |component: &Component| match (&component.condition, component.severity) {
        (Condition::Healthy, _) => 0,
        (Condition::Unhealthy(_), Severity::Critical) => 2,
        (Condition::Degraded(_) | Condition::Unhealthy(_), _) => 1,
    };
    match components.into_iter().map(rank).max() {
        None | Some(0) => "healthy",
        Some(1) => "degraded",
        Some(_) => "unhealthy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(condition: Condition, severity: Severity) -> Component {
        Component {
            condition,
            severity,
            took: Duration::from_micros(1_250),
            detail: json!({ "bytes": 7 }),
        }
    }

    #[test]
    fn an_operator_is_told_everything_and_others_whether_it_is_ready() {
        let degraded = component(Condition::Degraded("it is 90 % full".into()), Severity::Critical);
        let expected = json!({
            "bytes": 7, "ready": true, "state": "degraded", "critical": true, "duration_ms": 1.25,
            "problem": "it is 90 % full",
        });
        assert_eq!(degraded.json(Audience::Operator), expected);
        assert_eq!(degraded.json(Audience::Public), json!({ "ready": true }));
        let healthy = component(Condition::Healthy, Severity::Bearable).json(Audience::Operator);
        assert_eq!(
            (&healthy["state"], &healthy["critical"]),
            (&json!("healthy"), &json!(false))
        );
        assert_eq!(healthy.get("problem"), None);
    }

    #[test]
    fn only_a_critical_part_makes_the_whole_unhealthy() {
        let healthy = component(Condition::Healthy, Severity::Critical);
        let degraded = component(Condition::Degraded("slow".into()), Severity::Critical);
        let bearable = component(Condition::Unhealthy("away".into()), Severity::Bearable);
        let critical = component(Condition::Unhealthy("full".into()), Severity::Critical);
        for (parts, expected) in [
            (vec![&healthy, &healthy], "healthy"),
            (vec![&healthy, &degraded], "degraded"),
            (vec![&bearable, &healthy], "degraded"),
            (vec![&bearable, &critical], "unhealthy"),
        ] {
            assert_eq!(overall(parts.clone()), expected, "{parts:?}");
        }
    }
}
