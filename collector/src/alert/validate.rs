//! From a rule as written to a rule that can be evaluated: with its defaults, once nothing in it is doubtful.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use rum_core::vitals::Metric;
use serde_saphyr::Spanned;

use super::notification;
use super::quantity::{self, Unit};
use super::rule::Rule;
use super::rules_file::{Problems, RawDimension, RawMetric, RawRule, RawStat};
use super::state::{Condition, Scarcity};
use super::template::{Template, TemplateError};
use super::threshold::Threshold;
use crate::store::query::{GroupBy, Measure};

/// A percentile of fewer page views says more about a few visitors than about the site.
const DEFAULT_MIN_SAMPLES: u64 = 20;
const DEFAULT_SEVERITY: &str = "warning";
/// Shorter windows than this would mostly watch the way from the page into ClickHouse.
const MIN_WINDOW: Duration = Duration::from_secs(10);
/// Rules read raw rows: a window of days belongs to a report.
const MAX_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// The longest `for` and `keep_firing_for`.
const MAX_HOLD: Duration = Duration::from_secs(24 * 3600);
const MAX_NAME: usize = 100;
/// Of labels, annotations, and their texts.
const MAX_TEXTS: usize = 20;
const MAX_TEXT: usize = 2000;
/// Labels that follow from other keys, or that Prometheus' receivers give a meaning.
const OWN_LABELS: &[&str] = &["severity", "app", "page", "alertname"];

/// What `raw` means; `None` if there are problems with it.
pub(super) fn validate(raw: RawRule, problems: &mut Problems) -> Option<Rule> {
    let before = problems.len();
    if !is_name(&raw.alert.value) {
        problems.at(
            raw.alert.referenced,
            format!("`alert`: choose a name of 1 to {MAX_NAME} letters, digits, `_`, `-` and `.`"),
        );
    }
    let group_by = group_by(&raw, problems);
    let measure = measure(&raw, problems);
    let threshold = measure.and_then(|measure| threshold(&raw, Unit::of(measure), problems));
    let window = time("window", &raw.window, MIN_WINDOW..=MAX_WINDOW, problems);
    let hold = time_or_zero("for", raw.hold.as_ref(), problems);
    let keep_firing_for = time_or_zero("keep_firing_for", raw.keep_firing_for.as_ref(), problems);
    let min_samples = min_samples(raw.min_samples.as_ref(), problems);
    let labels = labels(&raw, problems);
    let annotations = annotations(&raw, &labels, problems);
    if problems.len() > before {
        return None;
    }

    let measure = measure?;
    let (scarcity, fewest) = match measure {
        Measure::Quantile { .. } => (Scarcity::Doubt, DEFAULT_MIN_SAMPLES),
        Measure::ErrorCount => (Scarcity::Clear, 0),
    };
    Some(Rule {
        name: raw.alert.value,
        measure,
        app: raw.filter.app,
        page: raw.filter.page,
        group_by: group_by?,
        window: window?,
        condition: Condition {
            threshold: threshold?,
            hold: hold?,
            keep_firing_for: keep_firing_for?,
            min_samples: min_samples.unwrap_or(fewest),
            scarcity,
        },
        labels,
        annotations,
    })
}

fn is_name(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(allowed)
}

fn group_by(raw: &RawRule, problems: &mut Problems) -> Option<GroupBy> {
    let Some(Spanned {
        value: dimensions,
        referenced: at,
        ..
    }) = &raw.group_by
    else {
        return Some(GroupBy::Nothing);
    };
    match dimensions.as_slice() {
        [] => Some(GroupBy::Nothing),
        [RawDimension::Page] if raw.filter.page.is_some() => {
            problems.at(
                *at,
                "`group_by`: `where` names one page already: leave out `page` here or there",
            );
            None
        }
        [RawDimension::Page] => Some(GroupBy::Page),
        [RawDimension::Page, ..] => {
            problems.at(*at, "`group_by`: name `page` once");
            None
        }
    }
}

fn measure(raw: &RawRule, problems: &mut Problems) -> Option<Measure> {
    let metric = match raw.metric {
        RawMetric::Lcp => Some(Metric::Lcp),
        RawMetric::Inp => Some(Metric::Inp),
        RawMetric::Cls => Some(Metric::Cls),
        RawMetric::Fcp => Some(Metric::Fcp),
        RawMetric::Ttfb => Some(Metric::Ttfb),
        RawMetric::JsErrors => None,
    };
    let q = match raw.stat.value {
        RawStat::P50 => Some(0.5),
        RawStat::P75 => Some(0.75),
        RawStat::P90 => Some(0.9),
        RawStat::P95 => Some(0.95),
        RawStat::P99 => Some(0.99),
        RawStat::Count => None,
    };
    match (metric, q) {
        (Some(metric), Some(q)) => Some(Measure::Quantile { metric, q }),
        (None, None) => Some(Measure::ErrorCount),
        (Some(_), None) => {
            problems.at(
                raw.stat.referenced,
                "`stat`: a vital has percentiles: write `p75`, or another of p50 to p99",
            );
            None
        }
        (None, Some(_)) => {
            problems.at(raw.stat.referenced, "`stat`: errors are counted: write `count`");
            None
        }
    }
}

/// Which of the two pairs of keys a rule uses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

fn threshold(raw: &RawRule, unit: Unit, problems: &mut Problems) -> Option<Threshold> {
    let above = ("above", &raw.above, "resolve_below", &raw.resolve_below);
    let below = ("below", &raw.below, "resolve_above", &raw.resolve_above);
    let (side, (fires_key, fires, resolves_key, resolves), (_, _, stray_key, stray)) = match (&raw.above, &raw.below) {
        (Some(_), None) => (Side::Above, above, below),
        (None, Some(below_at)) if unit == Unit::Count => {
            problems.at(
                below_at.referenced,
                "`below`: errors can only be too many: write `above`",
            );
            return None;
        }
        (None, Some(_)) => (Side::Below, below, above),
        (Some(_), Some(second)) => {
            problems.at(
                second.referenced,
                "`below`: a rule has `above` or `below`, not both: make two rules",
            );
            return None;
        }
        (None, None) => {
            problems.at(
                raw.alert.referenced,
                "it never fires: write `above` (or `below`) with a threshold",
            );
            return None;
        }
    };
    if let Some(stray) = stray {
        problems.at(
            stray.referenced,
            format!("`{stray_key}`: with `{fires_key}` write `{resolves_key}`"),
        );
    }
    let fires = fires
        .as_ref()
        .and_then(|at| problems.take(at.referenced, fires_key, unit.read(&at.value)))?;
    let Some(resolves_at) = resolves else {
        return Some(side.threshold(fires, fires));
    };
    let resolves = problems.take(resolves_at.referenced, resolves_key, unit.read(&resolves_at.value))?;
    if side == Side::Above && resolves > fires || side == Side::Below && resolves < fires {
        let message =
            format!("`{resolves_key}` is on the wrong side of `{fires_key}`: it would resolve while it fires");
        problems.at(resolves_at.referenced, message);
    }
    Some(side.threshold(fires, resolves))
}

impl Side {
    const fn threshold(self, fires: f64, resolves: f64) -> Threshold {
        match self {
            Self::Above => Threshold::Above { fires, resolves },
            Self::Below => Threshold::Below { fires, resolves },
        }
    }
}

fn time(
    key: &str,
    field: &Spanned<String>,
    allowed: RangeInclusive<Duration>,
    problems: &mut Problems,
) -> Option<Duration> {
    let time = problems.take(field.referenced, key, quantity::duration(&field.value))?;
    if allowed.contains(&time) {
        return Some(time);
    }
    let (least, most) = (
        quantity::show_duration(*allowed.start()),
        quantity::show_duration(*allowed.end()),
    );
    problems.at(
        field.referenced,
        format!("`{key}`: choose a time from {least} to {most}"),
    );
    None
}

fn time_or_zero(key: &str, field: Option<&Spanned<String>>, problems: &mut Problems) -> Option<Duration> {
    field.map_or(Some(Duration::ZERO), |field| {
        time(key, field, Duration::ZERO..=MAX_HOLD, problems)
    })
}

fn min_samples(field: Option<&Spanned<String>>, problems: &mut Problems) -> Option<u64> {
    let field = field?;
    let read = field.value.parse().map_err(|_| "write a whole number, such as `20`");
    problems.take(field.referenced, "min_samples", read)
}

/// What the rule itself says of its alerts: `where`, `severity` and `labels`. The labels of a group come on top.
fn labels(raw: &RawRule, problems: &mut Problems) -> BTreeMap<String, String> {
    let severity = raw.severity.as_deref().unwrap_or(DEFAULT_SEVERITY);
    let mut labels = BTreeMap::from([("severity".to_owned(), severity.to_owned())]);
    labels.extend(raw.filter.app.clone().map(|app| ("app".to_owned(), app)));
    labels.extend(raw.filter.page.clone().map(|page| ("page".to_owned(), page)));
    check_texts("labels", &raw.labels, problems);
    for (key, value) in &raw.labels {
        if OWN_LABELS.contains(&key.as_str()) {
            problems.at(
                value.referenced,
                format!("`labels`: `{key}` is set by the rule itself: choose another name"),
            );
        }
        labels.insert(key.clone(), value.value.clone());
    }
    labels
}

fn annotations(
    raw: &RawRule,
    labels: &BTreeMap<String, String>,
    problems: &mut Problems,
) -> BTreeMap<String, Template> {
    check_texts("annotations", &raw.annotations, problems);
    let grouped = raw
        .group_by
        .as_ref()
        .and_then(|by| by.value.contains(&RawDimension::Page).then_some("page"));
    let known: Vec<&str> = labels
        .keys()
        .map(String::as_str)
        .chain(grouped)
        .chain(notification::FACTS)
        .collect();
    let mut templates = BTreeMap::new();
    for (key, text) in &raw.annotations {
        let template = Template::read(&text.value, &known).map_err(|error| match error {
            TemplateError::Open => format!("{error}: close the placeholder"),
            TemplateError::Unknown(_) => format!("{error}: there are {}", known.join(", ")),
        });
        templates.extend(
            problems
                .take(text.referenced, "annotations", template)
                .map(|template| (key.clone(), template)),
        );
    }
    templates
}

fn check_texts(key: &str, texts: &BTreeMap<String, Spanned<String>>, problems: &mut Problems) {
    for (index, (name, text)) in texts.iter().enumerate() {
        if index == MAX_TEXTS {
            problems.at(text.referenced, format!("`{key}`: write at most {MAX_TEXTS}"));
        }
        if !is_name(name) || text.value.len() > MAX_TEXT {
            let message =
                format!("`{key}`: a name has letters, digits, `_`, `-`, `.`; a text at most {MAX_TEXT} bytes");
            problems.at(text.referenced, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::parse;

    #[test]
    fn a_rule_means_what_it_says() {
        let text = "
rules:
  - alert: Slow
    metric: lcp
    stat: p75
    where: { app: shop }
    group_by: [page]
    above: 2500ms
    resolve_below: 2s
    window: 5m
    for: 1m
    keep_firing_for: 90s
    min_samples: 30
    severity: critical
    labels: { team: storefront }
    annotations: { summary: '{{team}}: {{page}} {{value}}' }
";
        let rules = parse("rules.yaml", text).unwrap();
        let expected = Rule {
            name: "Slow".to_owned(),
            measure: Measure::Quantile {
                metric: Metric::Lcp,
                q: 0.75,
            },
            app: Some("shop".to_owned()),
            page: None,
            group_by: GroupBy::Page,
            window: Duration::from_secs(300),
            condition: Condition {
                threshold: Threshold::Above {
                    fires: 2500.0,
                    resolves: 2000.0,
                },
                hold: Duration::from_secs(60),
                keep_firing_for: Duration::from_secs(90),
                min_samples: 30,
                scarcity: Scarcity::Doubt,
            },
            labels: [("app", "shop"), ("severity", "critical"), ("team", "storefront")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            annotations: [(
                "summary".to_owned(),
                Template::read("{{team}}: {{page}} {{value}}", &["team", "page", "value"]).unwrap(),
            )]
            .into(),
        };
        assert_eq!(rules, [expected]);
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let text = "rules: [{alert: A, metric: cls, stat: p95, below: 0.1, window: 1h}, {alert: B, metric: js_errors, stat: count, above: 10, window: 1h}]";
        let rules = parse("rules.yaml", text).unwrap();
        let conditions: Vec<_> = rules.iter().map(|rule| rule.condition).collect();
        let vital = Condition {
            threshold: Threshold::Below {
                fires: 0.1,
                resolves: 0.1,
            },
            hold: Duration::ZERO,
            keep_firing_for: Duration::ZERO,
            min_samples: DEFAULT_MIN_SAMPLES,
            scarcity: Scarcity::Doubt,
        };
        let errors = Condition {
            threshold: Threshold::Above {
                fires: 10.0,
                resolves: 10.0,
            },
            min_samples: 0,
            scarcity: Scarcity::Clear,
            ..vital
        };
        assert_eq!(conditions, [vital, errors]);
        assert!(rules.iter().all(|rule| rule.labels["severity"] == DEFAULT_SEVERITY));
    }
}
