//! One part of the collector, as `/readyz` tells of it.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

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

/// A part, as `/readyz` tells of it: to everybody whether it is ready, the rest to who sits at the machine or has a token.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Part {
    /// Whether it does its work.
    ready: bool,
    /// `healthy`, `degraded` or `unhealthy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    state: Option<&'static str>,
    /// Whether batches are refused while it is unhealthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    critical: Option<bool>,
    /// How long it took to find out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    duration_ms: Option<f64>,
    /// What is wrong, unless it is healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<String>,
    /// The part's own.
    #[serde(flatten)]
    #[schema(value_type = std::collections::BTreeMap<String, Value>)]
    more: Map<String, Value>,
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

    pub(super) fn part(&self, audience: Audience) -> Part {
        let ready = self.is_ready();
        match audience {
            Audience::Public => Part {
                ready,
                ..Part::default()
            },
            Audience::Operator => Part {
                ready,
                state: Some(self.condition.name()),
                critical: Some(self.severity == Severity::Critical),
                duration_ms: Some(self.took.as_micros() as f64 / 1e3),
                problem: self.condition.problem().map(str::to_owned),
                more: self.detail.as_object().cloned().unwrap_or_default(),
            },
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
    use serde_json::json;

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
        let told = |component: &Component, audience| serde_json::to_value(component.part(audience)).unwrap();
        assert_eq!(told(&degraded, Audience::Operator), expected);
        assert_eq!(told(&degraded, Audience::Public), json!({ "ready": true }));
        let healthy = component(Condition::Healthy, Severity::Bearable);
        let healthy = told(&healthy, Audience::Operator);
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
