//! The known problems, as query parameters: one table says what there is, parses it and draws the drawer.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;

/// One query parameter that gives a page a problem, or takes one away.
#[derive(Debug)]
pub(crate) struct Switch {
    pub(crate) name: &'static str,
    pub(crate) allows: Allowed,
    /// What a person reads beside the control.
    pub(crate) label: &'static str,
}

/// The values that a switch takes. An empty value means off for each of them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Allowed {
    /// Only `1`.
    On,
    /// Whole milliseconds up to `most`; `offers` are what the drawer proposes.
    Millis { most: u32, offers: &'static [&'static str] },
    /// A count from 1 to `most`.
    Count { most: u32, offers: &'static [&'static str] },
    /// One of these words.
    Word(&'static [&'static str]),
}

/// In the order of the drawer.
pub(crate) const SWITCHES: &[Switch] = &[
    Switch {
        name: "slow-lcp",
        allows: Allowed::Millis {
            most: 30_000,
            offers: &["1000", "3000", "5000"],
        },
        label: "Largest picture arrives late (ms)",
    },
    Switch {
        name: "shift",
        allows: Allowed::On,
        label: "A late banner pushes the page down",
    },
    Switch {
        name: "slow-click",
        allows: Allowed::Millis {
            most: 10_000,
            offers: &["100", "300", "800"],
        },
        label: "Add to cart blocks the page (ms)",
    },
    Switch {
        name: "fail-fetch",
        allows: Allowed::Word(&["500", "404", "network", "abort"]),
        label: "Recommendations fail",
    },
    Switch {
        name: "throw",
        allows: Allowed::On,
        label: "An error is thrown at load",
    },
    Switch {
        name: "reject",
        allows: Allowed::On,
        label: "A rejection nobody handles",
    },
    Switch {
        name: "throw-string",
        allows: Allowed::On,
        label: "Thrown: string, number, null, undefined",
    },
    Switch {
        name: "error-loop",
        allows: Allowed::Count {
            most: 10_000,
            offers: &["10", "200", "1000"],
        },
        label: "The same error many times",
    },
    Switch {
        name: "huge-error",
        allows: Allowed::On,
        label: "An error with a 1 MB message",
    },
    Switch {
        name: "circular",
        allows: Allowed::On,
        label: "A circular object is thrown and rejected",
    },
    Switch {
        name: "csp",
        allows: Allowed::Word(&["strict", "wasm"]),
        label: "Content-Security-Policy",
    },
    Switch {
        name: "rum",
        allows: Allowed::Word(&["off", "stub"]),
        label: "RUM script",
    },
    Switch {
        name: "late-rum",
        allows: Allowed::Millis {
            most: 60_000,
            offers: &["1000", "5000"],
        },
        label: "RUM script injected late (ms)",
    },
    Switch {
        name: "observe",
        allows: Allowed::On,
        label: "Collect reference values in window.__seen",
    },
];

impl Allowed {
    fn takes(self, value: &str) -> bool {
        let number = |range: std::ops::RangeInclusive<u32>| value.parse().is_ok_and(|n| range.contains(&n));
        match self {
            Self::On => value == "1",
            Self::Millis { most, .. } => number(0..=most),
            Self::Count { most, .. } => number(1..=most),
            Self::Word(words) => words.contains(&value),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On => write!(f, "1"),
            Self::Millis { most, .. } => {
                write!(f, "a whole number of milliseconds from 0 to {most}")
            }
            Self::Count { most, .. } => write!(f, "a whole number from 1 to {most}"),
            Self::Word(words) => write!(f, "{}", words.join(", ")),
        }
    }
}

/// What the recommendations answer instead of recommendations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FetchFailure {
    ServerError,
    NotFound,
    /// The connection breaks before a byte of the answer.
    Network,
    /// No answer until the page has lost patience and aborts.
    Abort,
}

/// How a page carries the SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RumPlacement {
    Tag,
    StubAndTag,
    Off,
}

/// Whether the policy lets WebAssembly compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CspMode {
    Strict,
    Wasm,
}

/// The switches that a request has set, each with a value that its table row takes.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    given: Vec<(&'static Switch, String)>,
}

/// A switch with a value that it does not take.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSwitch {
    #[error("{name} cannot be {given:?}. It takes: {allowed}.")]
    Value {
        name: &'static str,
        given: String,
        allowed: String,
    },
    #[error("The query string cannot be read: {0}.")]
    Query(String),
}

impl Switches {
    /// Parameters that are no switches are other people's business (`kind`, `utm_source`) and pass.
    pub(crate) fn from_uri(uri: &Uri) -> Result<Self, BadSwitch> {
        let Query(pairs) =
            Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|e| BadSwitch::Query(e.body_text()))?;
        let mut switches = Self::default();
        for (name, value) in pairs {
            let Some(switch) = SWITCHES.iter().find(|switch| switch.name == name) else {
                continue;
            };
            if value.is_empty() {
                continue;
            }
            if !switch.allows.takes(&value) {
                return Err(BadSwitch::Value {
                    name: switch.name,
                    given: value,
                    allowed: switch.allows.to_string(),
                });
            }
            switches.given.retain(|(earlier, _)| earlier.name != switch.name);
            switches.given.push((switch, value));
        }
        Ok(switches)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.given
            .iter()
            .find(|(switch, _)| switch.name == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn count(&self) -> usize {
        self.given.len()
    }

    /// The switches as a query without `?`; every value in the table is safe there as it is.
    pub(crate) fn query(&self) -> String {
        let pairs: Vec<String> = self
            .given
            .iter()
            .map(|(switch, value)| format!("{}={value}", switch.name))
            .collect();
        pairs.join("&")
    }

    /// `path` with the active switches behind it, so that a problem stays while a visitor walks on.
    pub(crate) fn link(&self, path: &str) -> String {
        match (self.given.is_empty(), path.contains('?')) {
            (true, _) => path.to_owned(),
            (false, true) => format!("{path}&{}", self.query()),
            (false, false) => format!("{path}?{}", self.query()),
        }
    }

    pub(crate) fn slow_lcp(&self) -> Option<Duration> {
        self.millis("slow-lcp")
    }

    pub(crate) fn late_rum(&self) -> Option<Duration> {
        self.millis("late-rum")
    }

    pub(crate) fn fail_fetch(&self) -> Option<FetchFailure> {
        match self.value("fail-fetch")? {
            "500" => Some(FetchFailure::ServerError),
            "404" => Some(FetchFailure::NotFound),
            "network" => Some(FetchFailure::Network),
            "abort" => Some(FetchFailure::Abort),
            _ => None,
        }
    }

    pub(crate) fn rum(&self) -> RumPlacement {
        match self.value("rum") {
            Some("off") => RumPlacement::Off,
            Some("stub") => RumPlacement::StubAndTag,
            _ => RumPlacement::Tag,
        }
    }

    pub(crate) fn csp(&self) -> Option<CspMode> {
        match self.value("csp")? {
            "strict" => Some(CspMode::Strict),
            "wasm" => Some(CspMode::Wasm),
            _ => None,
        }
    }

    fn millis(&self, name: &str) -> Option<Duration> {
        self.value(name)?.parse().ok().map(Duration::from_millis)
    }
}

/// What [`Switches::from_uri`] says about the request at hand: pages and endpoints answer a bad switch each in their own
/// form.
pub(crate) struct RequestedSwitches(pub(crate) Result<Switches, BadSwitch>);

impl<S: Sync> FromRequestParts<S> for RequestedSwitches {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(Switches::from_uri(&parts.uri)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Switches, BadSwitch> {
        Switches::from_uri(&format!("/cart?{query}").parse().unwrap())
    }

    #[test]
    fn every_value_that_the_table_offers_is_taken_and_kept() {
        for switch in SWITCHES {
            let values: &[&str] = match switch.allows {
                Allowed::On => &["1"],
                Allowed::Millis { offers, .. } | Allowed::Count { offers, .. } => offers,
                Allowed::Word(words) => words,
            };
            for value in values {
                let query = format!("{}={value}", switch.name);
                assert_eq!(
                    parse(&query).unwrap().link("/x?kind=table"),
                    format!("/x?kind=table&{query}")
                );
            }
        }
    }

    #[test]
    fn every_word_means_something_of_its_own() {
        let failures: Vec<_> = ["500", "404", "network", "abort"]
            .iter()
            .map(|word| parse(&format!("fail-fetch={word}")).unwrap().fail_fetch().unwrap())
            .collect();
        assert_eq!(
            failures,
            [
                FetchFailure::ServerError,
                FetchFailure::NotFound,
                FetchFailure::Network,
                FetchFailure::Abort
            ]
        );
        assert_eq!(parse("csp=strict").unwrap().csp(), Some(CspMode::Strict));
        assert_eq!(parse("csp=wasm").unwrap().csp(), Some(CspMode::Wasm));
        assert_eq!(parse("rum=off").unwrap().rum(), RumPlacement::Off);
        assert_eq!(parse("rum=stub").unwrap().rum(), RumPlacement::StubAndTag);
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for query in [
            "slow-lcp=30001",
            "slow-lcp=-1",
            "slow-lcp=soon",
            "shift=yes",
            "fail-fetch=503",
            "error-loop=0",
            "error-loop=10001",
            "csp=off",
            "rum=on",
            "slow-click=1.5",
            "observe=2",
        ] {
            assert!(matches!(parse(query), Err(BadSwitch::Value { .. })), "{query}");
        }
    }

    #[test]
    fn the_last_of_two_values_wins_and_an_empty_one_is_off() {
        let switches = parse("slow-lcp=100&utm_source=mail&slow-lcp=200&shift=").unwrap();
        assert_eq!(switches.slow_lcp(), Some(Duration::from_millis(200)));
        assert_eq!(switches.query(), "slow-lcp=200");
    }
}
