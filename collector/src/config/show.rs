//! The configuration in force, as TOML; passwords and the paths of webhooks are left out.

use std::fmt::Write as _;
use std::time::Duration;

use url::Url;

use super::quantity::{Bytes, Span};
use super::{AllowedOrigins, ClickhouseSource, Config, Fsync, Rates, ReaderOfApps, Secret, Token, TokenApps};

pub(super) fn show(config: &Config) -> String {
    let Config {
        listen,
        data,
        dist,
        trusted_proxies,
        visitors,
        limits,
        tls,
        spool,
        clickhouse,
        apps,
        tokens,
        sql,
        alerts,
        log,
        traces,
    } = config;
    let mut page = Page(String::new());
    page.text("listen", &listen.to_string());
    page.text("data", &data.display().to_string());
    let proxies: Vec<_> = trusted_proxies.listed().map(ToString::to_string).collect();
    page.texts("trusted_proxies", &proxies);
    page.section("[sdk]");
    page.text("dist", &dist.display().to_string());
    page.section("[visitors]");
    page.text("address", visitors.address.name());
    if let Some(path) = &visitors.geo_database {
        page.text("geo_database", &path.display().to_string());
    }
    for (key, header) in [
        ("country_header", &visitors.country_header),
        ("region_header", &visitors.region_header),
    ] {
        if let Some(header) = header {
            page.text(key, header.as_str());
        }
    }
    page.section("[limits]");
    page.bytes("body_bytes", limits.body_bytes as u64);
    page.bytes("decompressed_bytes", limits.decompressed_bytes as u64);
    page.line("connections", limits.connections);
    page.line("connections_per_address", limits.connections_per_address);
    page.line("batches_at_once", limits.batches_at_once);
    page.line("batches_waiting", limits.batches_waiting);
    if let Some(rate) = limits.address_rate {
        page.line("address_batches_per_second", rate.per_second);
        page.line("address_burst", rate.burst);
    }
    page.span("header_timeout", limits.header_timeout);
    page.span("body_timeout", limits.body_timeout);
    page.span("store_timeout", limits.store_timeout);
    page.span("drain", limits.drain);
    if let Some(tls) = tls {
        page.section("[tls]");
        page.text("certificate", &tls.certificate.display().to_string());
        page.text("key", &tls.key.display().to_string());
    }
    page.section("[spool]");
    page.bytes("max_bytes", spool.max_bytes);
    page.bytes("segment_bytes", spool.segment_bytes);
    page.text("fsync", spool.fsync.name());
    if let Fsync::Interval(every) = spool.fsync {
        page.span("fsync_interval", every);
    }
    match clickhouse {
        ClickhouseSource::Embedded {
            memory_bytes,
            library,
            confine,
        } => {
            page.section("[clickhouse] # embedded");
            page.bytes("memory_bytes", *memory_bytes);
            page.line("confine", confine);
            if let Some(library) = library {
                page.text("library", &library.display().to_string());
            }
        }
        ClickhouseSource::Server {
            url,
            user,
            password,
            readers,
        } => {
            page.section("[clickhouse]");
            page.text("url", url);
            page.text("user", user);
            page.password(password);
            if let Some(reader) = &readers.all {
                page.text("read_user", &reader.user);
                page.password(&reader.password);
            }
            for ReaderOfApps { apps, reader } in &readers.of_apps {
                page.section("[[clickhouse.readers]]");
                page.texts("apps", &apps.iter().cloned().collect::<Vec<_>>());
                page.text("user", &reader.user);
                page.password(&reader.password);
            }
        }
    }
    page.section("[log]");
    page.text("level", &log.level);
    if let Some(endpoint) = &traces.endpoint {
        page.section("[traces]");
        page.text("endpoint", &without_user(endpoint));
        page.line("ratio", traces.ratio);
    }
    page.section("[sql]");
    page.span("time", sql.time);
    page.line("result_rows", sql.result_rows);
    page.bytes("answer_bytes", sql.answer_bytes);
    page.bytes("read_bytes", sql.read_bytes);
    page.bytes("memory_bytes", sql.memory_bytes);
    page.line("at_once", sql.at_once);
    for app in apps.sorted() {
        page.section("[[apps]]");
        page.text("name", &app.name);
        page.text("key", &app.key);
        match &app.origins {
            AllowedOrigins::Any => page.texts("origins", &["*".to_owned()]),
            AllowedOrigins::Listed(origins) => page.texts("origins", origins),
        }
        page.text("foreign_errors", app.foreign_errors.name());
        page.rates(&app.rates);
        let pages: Vec<_> = app.pages.texts().map(str::to_owned).collect();
        page.texts("pages", &pages);
        if let Some(rate) = app.rate_limit {
            page.line("batches_per_second", rate.per_second);
            page.line("burst", rate.burst);
        }
        if let Some(events) = app.quota.events {
            page.line("events_per_day", events);
        }
        if let Some(bytes) = app.quota.bytes {
            page.bytes("bytes_per_day", bytes.get());
        }
    }
    for token in tokens.iter() {
        page.token(token);
    }
    if let Some(alerts) = alerts {
        page.section("[alerts]");
        page.text("rules", &alerts.rules.display().to_string());
        page.texts(
            "webhooks",
            &alerts.webhooks.iter().map(|url| host_only(url)).collect::<Vec<_>>(),
        );
        page.span("evaluate_every", alerts.evaluate_every);
    }
    page.0
}

/// A URL, for a log: a user and a password in it are nobody's business.
fn without_user(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else {
        return "…".to_owned();
    };
    // An error means that it can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// A webhook's path is often its password.
fn host_only(url: &str) -> String {
    Url::parse(url).map_or_else(
        |_| "…".to_owned(),
        |url| format!("{}/…", url.origin().ascii_serialization()),
    )
}

struct Page(String);

impl Page {
    fn section(&mut self, head: &str) {
        self.0.push_str(&format!("\n{head}\n"));
    }

    fn line(&mut self, key: &str, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{key} = {value}");
    }

    fn text(&mut self, key: &str, text: &str) {
        self.line(key, toml::Value::from(text));
    }

    fn texts(&mut self, key: &str, texts: &[String]) {
        self.line(key, toml::Value::from(texts.to_vec()));
    }

    fn rates(&mut self, rates: &Rates) {
        let listed: Vec<_> = rates
            .listed()
            .map(|(version, rate)| {
                let errors = if rate.errors_sampled { "sampled" } else { "always" };
                format!(
                    "{{ version = {version}, share = {}, errors = \"{errors}\" }}",
                    rate.share
                )
            })
            .collect();
        self.line("rates", format!("[{}]", listed.join(", ")));
        self.line("rate", rates.in_force());
    }

    fn password(&mut self, password: &Secret) {
        let password = if password.expose().is_empty() {
            "no password"
        } else {
            "a password is set"
        };
        self.0.push_str(&format!("# {password}\n"));
    }

    fn token(&mut self, token: &Token) {
        self.section("[[tokens]]");
        self.text("name", &token.name);
        self.text("hash", &token.hash.to_string());
        let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.name().to_owned()).collect();
        self.texts("scopes", &scopes);
        match &token.apps {
            TokenApps::All => self.texts("apps", &["*".to_owned()]),
            TokenApps::Listed(apps) => self.texts("apps", apps),
        }
    }

    fn bytes(&mut self, key: &str, bytes: u64) {
        self.text(key, &Bytes(bytes).to_string());
    }

    fn span(&mut self, key: &str, span: Duration) {
        self.text(key, &Span(span).to_string());
    }
}
