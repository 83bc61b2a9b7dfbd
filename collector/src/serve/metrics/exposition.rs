//! Metrics as Prometheus' text format 0.0.4 has them.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::meter::Snapshot;

/// What the text is.
pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All samples of one name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
    samples: Vec<Sample>,
}

/// How the samples of a family change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone, Debug, PartialEq)]
struct Sample {
    labels: Vec<(&'static str, String)>,
    value: Value,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Whole(u64),
    Real(f64),
    Distribution(Snapshot),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Whole(value.into())
    }
}

impl From<Snapshot> for Value {
    fn from(value: Snapshot) -> Self {
        Self::Distribution(value)
    }
}

impl Value {
    fn encode(&self, metric: &mut MetricEncoder<'_>) -> fmt::Result {
        match self {
            // Also of counters: `encode_counter` writes OpenMetrics, where the family's name lacks the `_total` that its
            // samples have. To a reader of the older format, such as promtool, those belong to no family.
            Self::Whole(value) => metric.encode_gauge(value),
            Self::Real(value) => metric.encode_gauge(value),
            Self::Distribution(Snapshot { sum, count, buckets }) => {
                metric.encode_histogram::<NoLabelSet>(*sum, *count, buckets, None)
            }
        }
    }
}

impl Family {
    /// What only grows; its name ends in `_total`.
    pub(super) fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Counter, help)
    }

    /// What goes up and down.
    pub(super) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Gauge, help)
    }

    /// How often values were how large; its samples are snapshots.
    pub(super) fn histogram(name: &'static str, help: &'static str) -> Self {
        Self::new(name, Kind::Histogram, help)
    }

    fn new(name: &'static str, kind: Kind, help: &'static str) -> Self {
        Self {
            name,
            kind,
            help,
            samples: Vec::new(),
        }
    }

    /// With one sample more.
    pub(super) fn sample<const N: usize>(mut self, labels: [(&'static str, &str); N], value: impl Into<Value>) -> Self {
        self.samples.push(Sample {
            labels: labels.map(|(name, value)| (name, value.to_owned())).into(),
            value: value.into(),
        });
        self
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        if self.samples.is_empty() {
            return Ok(());
        }
        let kind = match self.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        let mut metric = encoder.encode_descriptor(self.name, self.help, None, kind)?;
        for Sample { labels, value } in &self.samples {
            if labels.is_empty() {
                value.encode(&mut metric)?;
            } else {
                value.encode(&mut metric.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}

/// The text of all of them.
///
/// # Errors
/// When a number is larger than the format's integers.
pub(super) fn text(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(families)));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

/// What was gathered, as the library wants to be given it.
#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::{Histogram, Unit};

    #[test]
    fn a_page_of_each_kind() {
        let times = Histogram::new(Unit::Millisecond, &[250, 1_000]);
        times.observe(200, 2);
        times.observe(90_000, 1);
        let page = text(vec![
            Family::counter("rum_batches_total", "Batches.").sample([("outcome", "stored")], 7),
            Family::gauge("rum_no_samples", "Not to be seen."),
            Family::gauge("rum_age_seconds", "An age.").sample([], 1.5),
            Family::gauge("rum_up", "Whether.").sample([], true),
            Family::histogram("rum_lag_seconds", "A lag.").sample([("table", "a\"b")], times.snapshot()),
        ]);
        insta::assert_snapshot!(page.unwrap(), @r##"
        # HELP rum_batches_total Batches.
        # TYPE rum_batches_total counter
        rum_batches_total{outcome="stored"} 7
        # HELP rum_age_seconds An age.
        # TYPE rum_age_seconds gauge
        rum_age_seconds 1.5
        # HELP rum_up Whether.
        # TYPE rum_up gauge
        rum_up 1
        # HELP rum_lag_seconds A lag.
        # TYPE rum_lag_seconds histogram
        rum_lag_seconds_sum{table="a\"b"} 90.4
        rum_lag_seconds_count{table="a\"b"} 3
        rum_lag_seconds_bucket{le="0.25",table="a\"b"} 2
        rum_lag_seconds_bucket{le="1.0",table="a\"b"} 2
        rum_lag_seconds_bucket{le="+Inf",table="a\"b"} 3
        "##);
    }
}
