//! From what is written to what is in force: every value is checked, and all that is wrong is said at once.

mod clickhouse;
mod log;
mod pages;
mod sql;
mod tls;
mod tokens;
mod traces;
mod visitors;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::quantity::{Bytes, Span};
use super::raw::{RawAlerts, RawApp, RawConfig, RawLimits, RawRate, RawSpool};
use super::{
    Alerts, AllowedOrigins, App, Apps, Config, ForeignErrors, Limits, Problem, Rate, Rates, SpoolLimits, allowance,
    app, defaults, fsync,
};

/// The key of the demo, which everybody knows.
const DEMO_KEY: &str = "demo";

const KEY_RULE: &str = "use 1 to 64 letters, digits, - or _";

/// Whoever keeps less than one session of a million keeps none.
const SMALLEST_SHARE: f64 = 0.000_001;

/// Checks everything.
pub(super) fn check(raw: RawConfig) -> Result<Config, Vec<Problem>> {
    let mut problems = Problems(Vec::new());
    let listen = listen(raw.listen.as_deref().unwrap_or(defaults::LISTEN), &mut problems);
    let trusted_proxies = visitors::proxies(&raw.trusted_proxies, &mut problems);
    let apps = apps(raw.apps, listen, &mut problems);
    let config = Config {
        listen,
        data: raw.data.unwrap_or_else(|| defaults::DATA.into()),
        dist: raw.sdk.dist.unwrap_or_else(|| defaults::DIST.into()),
        visitors: visitors::visitors(raw.visitors, &trusted_proxies, &mut problems),
        trusted_proxies,
        limits: limits(&raw.limits, &mut problems),
        tls: tls::check(raw.tls, &mut problems),
        spool: spool(&raw.spool, &mut problems),
        clickhouse: clickhouse::check(raw.clickhouse, &apps, &mut problems),
        tokens: tokens::check(raw.tokens, &apps, listen, &mut problems),
        apps,
        sql: sql::check(&raw.sql, &mut problems),
        alerts: alerts(raw.alerts, &mut problems),
        log: log::check(raw.log, &mut problems),
        traces: traces::check(raw.traces, &mut problems),
    };
    if problems.0.is_empty() {
        Ok(config)
    } else {
        Err(problems.0)
    }
}

pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, key: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) {
        self.0.push(Problem {
            key: key.into(),
            what: what.into(),
            mend: mend.into(),
            line: None,
        });
    }

    fn bytes(&mut self, key: &str, bytes: Option<Bytes>, default: u64, range: RangeInclusive<u64>) -> u64 {
        let bytes = bytes.unwrap_or(Bytes(default));
        if !range.contains(&bytes.0) {
            let (least, most) = (Bytes(*range.start()), Bytes(*range.end()));
            self.add(
                key,
                format!("{bytes} is out of range"),
                format!("use {least} to {most}"),
            );
        }
        bytes.0
    }

    fn count(&mut self, key: &str, count: Option<usize>, default: usize, range: RangeInclusive<usize>) -> usize {
        let count = count.unwrap_or(default);
        if !range.contains(&count) {
            self.add(
                key,
                format!("{count} is out of range"),
                format!("use {} to {}", range.start(), range.end()),
            );
        }
        count
    }

    pub(super) fn span(
        &mut self,
        key: &str,
        span: Option<Span>,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Duration {
        let span = span.unwrap_or(Span(default));
        if !range.contains(&span.0) {
            let (least, most) = (Span(*range.start()), Span(*range.end()));
            self.add(key, format!("{span} is out of range"), format!("use {least} to {most}"));
        }
        span.0
    }
}

fn listen(text: &str, problems: &mut Problems) -> SocketAddr {
    text.parse().unwrap_or_else(|_| {
        problems.add(
            "listen",
            format!("{text:?} is not an address with a port"),
            "write an IP address and a port, such as \"127.0.0.1:4318\" or \"[::]:4318\"",
        );
        SocketAddr::from(([127, 0, 0, 1], 0))
    })
}

fn limits(raw: &RawLimits, problems: &mut Problems) -> Limits {
    let default = defaults::LIMITS;
    let second = Duration::from_secs(1);
    let times = second..=300 * second;
    // usize is 64 bits wherever ClickHouse runs.
    let mut size = |key, bytes, default: usize, range| problems.bytes(key, bytes, default as u64, range) as usize;
    let body_bytes = size(
        "limits.body_bytes",
        raw.body_bytes,
        default.body_bytes,
        1 << 10..=16 << 20,
    );
    let decompressed_bytes = size(
        "limits.decompressed_bytes",
        raw.decompressed_bytes,
        default.decompressed_bytes,
        1 << 10..=64 << 20,
    );
    if decompressed_bytes < body_bytes {
        problems.add(
            "limits.decompressed_bytes",
            "is less than limits.body_bytes",
            "a body that is not compressed counts against both: raise this one or lower that one",
        );
    }
    let connections = problems.count("limits.connections", raw.connections, default.connections, 1..=100_000);
    Limits {
        body_bytes,
        decompressed_bytes,
        connections,
        connections_per_address: problems.count(
            "limits.connections_per_address",
            raw.connections_per_address,
            defaults::connections_per_address(connections),
            1..=100_000,
        ),
        batches_at_once: problems.count(
            "limits.batches_at_once",
            raw.batches_at_once,
            default.batches_at_once,
            1..=10_000,
        ),
        batches_waiting: problems.count(
            "limits.batches_waiting",
            raw.batches_waiting,
            default.batches_waiting,
            1..=100_000,
        ),
        address_rate: allowance::of_address(raw, problems),
        header_timeout: problems.span(
            "limits.header_timeout",
            raw.header_timeout,
            default.header_timeout,
            times.clone(),
        ),
        body_timeout: problems.span(
            "limits.body_timeout",
            raw.body_timeout,
            default.body_timeout,
            times.clone(),
        ),
        store_timeout: problems.span(
            "limits.store_timeout",
            raw.store_timeout,
            default.store_timeout,
            times.clone(),
        ),
        drain: problems.span("limits.drain", raw.drain, default.drain, times),
    }
}

fn spool(raw: &RawSpool, problems: &mut Problems) -> SpoolLimits {
    let default = defaults::SPOOL;
    let spool = SpoolLimits {
        max_bytes: problems.bytes("spool.max_bytes", raw.max_bytes, default.max_bytes, 1 << 20..=1 << 50),
        segment_bytes: problems.bytes(
            "spool.segment_bytes",
            raw.segment_bytes,
            default.segment_bytes,
            64 << 10..=1 << 30,
        ),
        fsync: fsync::check(raw, problems),
    };
    if spool.segment_bytes > spool.max_bytes / 2 {
        problems.add(
            "spool.segment_bytes",
            format!(
                "{} is more than half of spool.max_bytes ({})",
                Bytes(spool.segment_bytes),
                Bytes(spool.max_bytes)
            ),
            "only whole segments are freed: use at most half of spool.max_bytes",
        );
    }
    spool
}

fn apps(raw: Vec<RawApp>, listen: SocketAddr, problems: &mut Problems) -> Apps {
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    let mut apps = Vec::new();
    for (at, app) in raw.into_iter().enumerate() {
        let place = |field: &str| format!("apps[{at}].{field}");
        let rates = rates(&app, place, problems);
        let pages = pages::pages(&app.pages, place, problems);
        let (rate_limit, quota) = allowance::of_app(&app, place, problems);
        let RawApp {
            name,
            key,
            origins,
            foreign_errors,
            rates: _,
            rate: _,
            pages: _,
            batches_per_second: _,
            burst: _,
            events_per_day: _,
            bytes_per_day: _,
        } = app;
        if !is_word(&name) {
            problems.add(place("name"), format!("{name:?} cannot be a name"), KEY_RULE);
        }
        if !is_word(&key) {
            problems.add(place("key"), format!("{key:?} cannot be a key"), KEY_RULE);
        }
        if !names.insert(name.clone()) {
            problems.add(
                place("name"),
                format!("{name:?} is another app's name"),
                "give each app a name of its own",
            );
        }
        if !keys.insert(key.clone()) {
            problems.add(
                place("key"),
                format!("{key:?} is another app's key"),
                "give each app a key of its own",
            );
        }
        if key == DEMO_KEY && !listen.ip().is_loopback() {
            problems.add(
                place("key"),
                format!("everybody knows the key {DEMO_KEY:?}, and {listen} can be reached from other machines"),
                "choose another key, such as 16 random letters, or listen on 127.0.0.1",
            );
        }
        apps.push(App {
            name: name.into(),
            key,
            origins: allowed(&origins, &place("origins"), problems),
            foreign_errors: foreign(foreign_errors.as_deref(), &place("foreign_errors"), problems),
            rates: Arc::new(rates),
            pages,
            rate_limit,
            quota,
        });
    }
    apps.into_iter().collect()
}

fn rates(raw: &RawApp, place: impl Fn(&str) -> String, problems: &mut Problems) -> Rates {
    let app = &raw.name;
    let mut by_version = BTreeMap::new();
    for (at, RawRate { version, share, errors }) in raw.rates.iter().enumerate() {
        let Some(number) = u32::try_from(*version).ok().filter(|number| *number > 0) else {
            problems.add(
                place(&format!("rates[{at}].version")),
                format!("{version} cannot be the version of a rate of the app {app:?}"),
                "use 1 or more; version 0 is there always and keeps everything",
            );
            continue;
        };
        if !(SMALLEST_SHARE..=1.0).contains(share) {
            problems.add(
                place(&format!("rates[{at}].share")),
                format!("{share} cannot be the share of sessions that the app {app:?} keeps"),
                format!("use {SMALLEST_SHARE} to 1"),
            );
        }
        let errors_sampled = match errors.as_deref() {
            None | Some("always") => false,
            Some("sampled") => true,
            Some(other) => {
                problems.add(
                    place(&format!("rates[{at}].errors")),
                    format!("{other:?} does not say which errors the app {app:?} keeps"),
                    "use \"always\" (the default: of all sessions) or \"sampled\" (of those that are kept)",
                );
                false
            }
        };
        let rate = Rate {
            share: *share,
            errors_sampled,
        };
        if by_version.insert(number, rate).is_some() {
            problems.add(
                place(&format!("rates[{at}].version")),
                format!("the app {app:?} has a rate of version {number} already"),
                "give another share a version of its own: pages know a rate by its version alone",
            );
        }
    }
    let in_force = raw.rate.unwrap_or(0);
    let known = u32::try_from(in_force)
        .ok()
        .filter(|version| *version == 0 || by_version.contains_key(version));
    if known.is_none() {
        problems.add(
            place("rate"),
            format!("the app {app:?} has no rate of version {in_force}"),
            "name a version that is among its rates, or 0 to keep everything",
        );
    }
    Rates::new(by_version, known.unwrap_or(0))
}

fn foreign(text: Option<&str>, key: &str, problems: &mut Problems) -> ForeignErrors {
    let Some(text) = text else {
        return ForeignErrors::default();
    };
    let known = ForeignErrors::ALL.into_iter().find(|policy| policy.name() == text);
    known.unwrap_or_else(|| {
        problems.add(
            key,
            format!("{text:?} is neither \"drop\" nor \"keep\""),
            "write \"keep\" to store errors of browser extensions and \"Script error.\", or \"drop\" only to count them",
        );
        ForeignErrors::default()
    })
}

fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn allowed(origins: &[String], key: &str, problems: &mut Problems) -> AllowedOrigins {
    if origins.is_empty() {
        problems.add(
            key,
            "is empty, so no page could send",
            "list the site's origins, or [\"*\"] for all",
        );
    }
    if origins.iter().any(|text| text == "*") {
        if origins.len() > 1 {
            problems.add(
                key,
                "lists origins beside \"*\"",
                "\"*\" allows every origin: remove it, or the others",
            );
        }
        return AllowedOrigins::Any;
    }
    let read = |text: &String| {
        let origin = app::origin(text);
        if origin.is_none() {
            problems.add(
                key,
                format!("{text:?} is not an origin"),
                "write scheme, host and port if there is one, such as \"https://shop.example\": no path, no slash at the \
                 end, and no * but for [\"*\"], which allows all: list each host",
            );
        }
        origin
    };
    AllowedOrigins::Listed(origins.iter().filter_map(read).collect())
}

fn alerts(raw: RawAlerts, problems: &mut Problems) -> Option<Alerts> {
    for (at, webhook) in raw.webhooks.iter().enumerate() {
        http_url(&format!("alerts.webhooks[{at}]"), webhook, problems);
    }
    let second = Duration::from_secs(1);
    let evaluate_every = problems.span(
        "alerts.evaluate_every",
        raw.evaluate_every,
        defaults::EVALUATE_EVERY,
        second..=3_600 * second,
    );
    let Some(rules) = raw.rules else {
        if !raw.webhooks.is_empty() {
            problems.add(
                "alerts.rules",
                "is absent, and webhooks wait for alerts",
                "name a rules file, or remove alerts.webhooks",
            );
        }
        return None;
    };
    if !rules.is_file() {
        problems.add(
            "alerts.rules",
            format!("{} is not a file", rules.display()),
            "give the path of the rules file",
        );
    }
    Some(Alerts {
        rules,
        webhooks: raw.webhooks,
        evaluate_every,
    })
}

fn http_url(key: &str, text: &str, problems: &mut Problems) {
    let good = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !good {
        problems.add(
            key,
            // Not the text: a webhook's path is often its password.
            "is not an http(s) URL".to_owned(),
            "write it in full, such as \"http://db.example:8123\"",
        );
    }
}
