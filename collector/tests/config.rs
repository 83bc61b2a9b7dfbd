//! The configuration from file and environment: what is in force, and how every mistake is said.
//!
//! Long, for it is a table: a mistake and the words about it, one beside the other.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that panics is a test that fails"
)]

use std::fs;
use std::time::Duration;

use rum_collector::config::{
    AddressPolicy, AllowedOrigins, ClickhouseSource, Config, RateLimit, Scope, TokenApps, TokenHash,
};
use tempfile::TempDir;

const APP: &str = "[[apps]]\nname = \"shop\"\nkey = \"k1\"\norigins = [\"https://shop.example\"]\n";

/// Loads `text` as the file; errors come with the file's folder taken out.
fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("rum.toml");
    fs::write(&file, text).unwrap();
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let shown = format!("{}/", folder.path().display());
    Config::load(Some(&file), environment).map_err(|error| error.to_string().replace(&shown, ""))
}

#[test]
fn without_anything_the_defaults_are_in_force() {
    let config = Config::load(None, []).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:4318");
    assert!(matches!(
        config.clickhouse,
        ClickhouseSource::Embedded { library: None, .. }
    ));
    assert!(config.alerts.is_none());
    assert!(
        config.warnings().iter().any(|warning| warning.contains("[[apps]]")),
        "{:?}",
        config.warnings()
    );
}

#[test]
fn a_file_says_what_is_in_force() {
    let text = format!(
        "listen = \"[::1]:0\"\ndata = \"/var/lib/rum\"\n[limits]\nbody_bytes = \"100 KiB\"\ndecompressed_bytes = 1048576\n\
         drain = \"2s\"\n[clickhouse]\nurl = \"http://db:8123\"\nuser = \"rum\"\n{APP}"
    );
    let config = load(&text, &[]).unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:0");
    assert_eq!(
        (config.limits.body_bytes, config.limits.decompressed_bytes),
        (102_400, 1 << 20)
    );
    assert_eq!(config.limits.drain, Duration::from_secs(2));
    let app = config.apps.by_key("k1").unwrap();
    assert_eq!(app.origins, AllowedOrigins::Listed(vec!["https://shop.example".into()]));
    assert!(config.apps.by_key("k2").is_none());
    assert!(matches!(config.clickhouse, ClickhouseSource::Server { url, .. } if url == "http://db:8123"));
}

#[test]
fn what_a_sender_may_send_is_unlimited_unless_it_is_said() {
    let config = load(APP, &[]).unwrap();
    let app = config.apps.by_key("k1").unwrap();
    assert!(config.limits.address_rate.is_none() && app.rate_limit.is_none());
    assert!(app.quota.events.is_none() && app.quota.bytes.is_none());
    let text = format!(
        "{APP}batches_per_second = 20\nbytes_per_day = \"1 GiB\"\n[limits]\naddress_batches_per_second = 2\naddress_burst = 3"
    );
    let config = load(&text, &[]).unwrap();
    let app = config.apps.by_key("k1").unwrap();
    let numbers = |limit: RateLimit| (limit.per_second.get(), limit.burst.get());
    assert_eq!(app.rate_limit.map(numbers), Some((20, 200)));
    assert_eq!(config.limits.address_rate.map(numbers), Some((2, 3)));
    assert_eq!(app.quota.bytes.map(u64::from), Some(1 << 30));
}

#[test]
fn the_environment_overrides_the_file() {
    let text = format!("listen = \"127.0.0.1:1\"\n[limits]\nconnections = 5\nbody_bytes = 2048\n{APP}");
    let config = load(
        &text,
        &[
            ("RUM_LISTEN", "127.0.0.1:2"),
            ("RUM_LIMITS_BODY_BYTES", "4 KiB"),
            ("RUM_LIMITS_DRAIN", "250s"),
            ("RUM_CLICKHOUSE_URL", "http://db:8123"),
            ("RUM_CLICKHOUSE_USER", "123"),
            ("RUM_APPS", r#"[{name = "other", key = "k2", origins = ["*"]}]"#),
            ("RUM_LOG", "debug"),
            ("RUM_TOOLS", "/somewhere"),
            ("HOME", "/root"),
        ],
    )
    .unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:2");
    assert_eq!((config.limits.connections, config.limits.body_bytes), (5, 4_096));
    assert_eq!(config.limits.drain, Duration::from_secs(250));
    assert!(matches!(config.clickhouse, ClickhouseSource::Server { user, .. } if user == "123"));
    assert_eq!(config.apps.by_key("k2").unwrap().origins, AllowedOrigins::Any);
    assert!(config.apps.by_key("k1").is_none());
}

#[test]
fn a_password_is_read_from_its_file_and_never_shown() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("ch");
    fs::write(&secret, "s3cret!\n").unwrap();
    let text = format!("[clickhouse]\nurl = \"http://db:8123\"\npassword_file = {secret:?}\n{APP}");
    let config = load(&text, &[]).unwrap();
    let ClickhouseSource::Server { password, .. } = &config.clickhouse else {
        panic!("a server")
    };
    assert_eq!(password.expose(), "s3cret!");
    assert!(!config.show().contains("s3cret") && !format!("{config:?}").contains("s3cret"));
    assert!(config.show().contains("# a password is set"), "{}", config.show());
}

#[test]
fn the_readme_shows_the_defaults() {
    let readme = include_str!("../README.md");
    let (_, text) = readme.split_once("```toml\n").unwrap();
    let (text, _) = text.split_once("```").unwrap();
    let shown = load(text, &[]).unwrap().show();
    let (documented, app) = shown.split_once("\n[[apps]]\n").unwrap();
    assert_eq!(documented.trim_end(), Config::load(None, []).unwrap().show().trim_end());
    assert!(app.contains("name = \"shop\""), "{app}");
}

#[test]
fn the_limits_that_the_readme_leaves_out_can_be_set_so() {
    let readme = include_str!("../README.md");
    let (_, text) = readme.split_once("```toml\n").unwrap();
    let (text, _) = text.split_once("```").unwrap();
    let limits = [
        "address_",
        "batches_per_second",
        "burst",
        "events_per_day",
        "bytes_per_day",
    ];
    let is_limit = |line: &str| limits.iter().any(|key| line.starts_with(key));
    let lines = text
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| is_limit(line)).unwrap_or(line));
    let config = load(&lines.collect::<Vec<_>>().join("\n"), &[]).unwrap();
    let app = config.apps.by_key("k3vqm8z2").unwrap();
    assert!(app.quota.events.is_some() && app.quota.bytes.is_some());
    for limit in [config.limits.address_rate, app.rate_limit] {
        let RateLimit { per_second, burst } = limit.unwrap();
        assert_eq!(
            burst.get(),
            10 * per_second.get(),
            "as it says, what is in force without a word"
        );
    }
}

#[test]
fn what_is_shown_can_be_loaded_and_shows_the_same() {
    let folder = TempDir::new().unwrap();
    let rules = folder.path().join("rules.yaml");
    fs::write(&rules, "rules: []").unwrap();
    let text = format!(
        "trusted_proxies = [\"10.0.0.0/8\", \"2001:db8::7\"]\n{APP}batches_per_second = 5\nburst = 7\nevents_per_day = 9\nbytes_per_day = \"2 MiB\"\nforeign_errors = \"keep\"\npages = [\"/item/:id\", \"/docs/*\"]\nrates = [{{ version = 2, share = 0.05 }}, {{ version = 1, share = 1 }}]\nrate = 2\n\
         [visitors]\naddress = \"hash\"\ngeo_database = {rules:?}\ncountry_header = \"CF-IPCountry\"\nregion_header = \"CF-Region-Code\"\n\
         [limits]\naddress_batches_per_second = 3\n[alerts]\nrules = {rules:?}\nwebhooks = [\"https://hooks.example/T0/secret\"]\n"
    );
    let shown = load(&text, &[]).unwrap().show();
    assert!(
        !shown.contains("secret") && shown.contains("https://hooks.example/…"),
        "{shown}"
    );
    assert_eq!(load(&shown, &[]).unwrap().show(), shown);
}

#[track_caller]
fn check(text: &str, environment: &[(&str, &str)], expected: &[&str]) {
    let error = load(text, environment).expect_err(text);
    for expected in expected {
        assert!(error.contains(expected), "{expected:?} is not in:\n{error}");
    }
}

#[test]
fn mistakes_of_form_name_their_line() {
    for (text, expected) in [
        ("listen = 5", ["rum.toml", "line 1", "string"]),
        ("data = \"x\"\nlisten 5", ["rum.toml", "line 2", "="]),
        (
            "\nliisten = \"x\"",
            [
                "rum.toml",
                "line 2",
                "unknown field `liisten`, expected one of `listen`",
            ],
        ),
        (
            "[limits]\nbody = 5",
            [
                "rum.toml",
                "line 2",
                "unknown field `body`, expected one of `body_bytes`",
            ],
        ),
        (
            "[limits]\nbody_bytes = \"5 parsecs\"",
            ["rum.toml", "line 2", "a number of bytes, such as 65536 or \"64 KiB\""],
        ),
        (
            "[limits]\ndrain = 5",
            ["rum.toml", "line 2", "a length of time, such as \"500ms\""],
        ),
        (
            "[[apps]]\nname = \"a\"\norigins = []",
            ["rum.toml", "line 1", "missing field `key`"],
        ),
    ] {
        check(text, &[], &expected);
    }
}

#[test]
fn a_value_of_the_wrong_form_is_not_shown() {
    // A webhook's path is its password; at a reload all of this is in the log.
    for text in [
        "[alerts]\nrules = \"r.yaml\"\nwebhooks = \"https://hooks.example/SECRET\"\n",
        "[alerts]\nrules = \"r.yaml\"\nwebhooks = [\"hooks.example/SECRET\"]\n",
        "[alerts]\nwebhooks = [\"https://hooks.example/SECRET\"\nrules = 5\n",
    ] {
        let error = load(text, &[]).unwrap_err();
        assert!(error.contains("rum.toml") && !error.contains("SECRET"), "{error}");
    }
}

#[test]
fn mistakes_of_value_name_their_key_and_how_to_mend_them() {
    let app = |name: &str, key: &str, origins: &str| {
        format!("[[apps]]\nname = {name:?}\nkey = {key:?}\norigins = {origins}\n")
    };
    for (text, key, mend) in [
        (
            "listen = \"localhost\"".to_owned(),
            "listen: \"localhost\"",
            "an IP address and a port",
        ),
        (
            "[limits]\nbody_bytes = 1".into(),
            "limits.body_bytes: 1 B is out of range",
            "use 1 KiB to 16 MiB",
        ),
        (
            "[limits]\nconnections = 0".into(),
            "limits.connections",
            "use 1 to 100000",
        ),
        ("[limits]\ndrain = \"0s\"".into(), "limits.drain", "use 1"),
        (
            "[limits]\ndecompressed_bytes = \"2 KiB\"".into(),
            "limits.decompressed_bytes",
            "raise this one",
        ),
        (
            "[spool]\nmax_bytes = \"10 MiB\"".into(),
            "spool.segment_bytes",
            "at most half",
        ),
        (
            "[spool]\nfsync = \"always\"".into(),
            "spool.fsync: \"always\" is no way to sync",
            "use \"batch\"",
        ),
        (
            "[spool]\nfsync = \"interval\"\nfsync_interval = \"2m\"".into(),
            "spool.fsync_interval: 2m is out of range",
            "use 1ms to",
        ),
        (
            "[spool]\nfsync_interval = \"1s\"".into(),
            "spool.fsync_interval: is set, and spool.fsync is \"batch\"",
            "set spool.fsync = \"interval\"",
        ),
        (
            "[clickhouse]\nuser = \"rum\"".into(),
            "clickhouse.user",
            "set clickhouse.url",
        ),
        (
            "[clickhouse]\nurl = \"db:8123\"".into(),
            "clickhouse.url",
            "http://db.example:8123",
        ),
        (
            "[clickhouse]\nurl = \"http://db\"\nlibrary = \"/x\"".into(),
            "clickhouse.library",
            "remove one",
        ),
        (
            "[clickhouse]\nurl = \"http://db\"\npassword_file = \"/no/such\"".into(),
            "clickhouse.password_file",
            "the path",
        ),
        (app("shop", "a b", "[\"*\"]"), "apps[0].key", "letters, digits"),
        (app("", "k", "[\"*\"]"), "apps[0].name", "letters, digits"),
        (
            app("shop", "k", "[\"*\"]") + "batches_per_second = 0\n",
            "apps[0].batches_per_second: 0 is out of range",
            "use 1 to 1000000, or leave it out for no limit",
        ),
        (
            app("shop", "k", "[\"*\"]") + "burst = 5\n",
            "apps[0].burst: is set, and apps[0].batches_per_second is absent",
            "or remove this",
        ),
        (
            app("shop", "k", "[\"*\"]") + "bytes_per_day = 0\n",
            "apps[0].bytes_per_day: 0 is out of range",
            "leave it out for no limit",
        ),
        (
            "[limits]\naddress_burst = 5".into(),
            "limits.address_burst: is set, and limits.address_batches_per_second is absent",
            "set limits.address_batches_per_second",
        ),
        (
            "[limits]\nbatches_waiting = 0".into(),
            "limits.batches_waiting",
            "use 1 to 100000",
        ),
        (app("shop", "k", "[]"), "apps[0].origins", "list the site's origins"),
        (
            app("shop", "k", "[\"https://a.example/\"]"),
            "apps[0].origins",
            "no slash",
        ),
        (
            app("shop", "k", "[\"*\", \"https://a.example\"]"),
            "apps[0].origins",
            "remove it",
        ),
        (
            app("shop", "k", "[\"*\"]") + "foreign_errors = \"maybe\"\n",
            "apps[0].foreign_errors",
            "write \"keep\"",
        ),
        (
            app("shop", "k", "[\"*\"]") + "rates = [{ version = 1, share = 0.1 }, { version = 1, share = 0.2 }]\n",
            "apps[0].rates[1].version: the app \"shop\" has a rate of version 1 already",
            "a version of its own",
        ),
        (
            app("shop", "k", "[\"*\"]") + "rates = [{ version = 0, share = 1 }]\n",
            "apps[0].rates[0].version: 0 cannot be",
            "version 0 is there always",
        ),
        (
            app("shop", "k", "[\"*\"]") + "rates = [{ version = -1, share = 1 }]\n",
            "apps[0].rates[0].version: -1 cannot be",
            "1 or more",
        ),
        (
            app("shop", "k", "[\"*\"]") + "rates = [{ version = 1, share = 0 }]\n",
            "apps[0].rates[0].share: 0 cannot be the share of sessions that the app \"shop\" keeps",
            "to 1",
        ),
        (
            app("shop", "k", "[\"*\"]") + "rates = [{ version = 1, share = 1.5 }]\n",
            "apps[0].rates[0].share: 1.5",
            "use 0.000001 to 1",
        ),
        (
            app("shop", "k", "[\"*\"]") + "rates = [{ version = 1, share = nan }]\n",
            "apps[0].rates[0].share: NaN",
            "use 0.000001 to 1",
        ),
        (
            app("shop", "k", "[\"*\"]") + "rate = 2\nrates = [{ version = 1, share = 0.5 }]\n",
            "apps[0].rate: the app \"shop\" has no rate of version 2",
            "or 0 to keep everything",
        ),
        (
            app("a", "k", "[\"*\"]") + &app("b", "k", "[\"*\"]"),
            "apps[1].key",
            "a key of its own",
        ),
        (
            app("a", "k", "[\"*\"]") + &app("a", "l", "[\"*\"]"),
            "apps[1].name",
            "a name of its own",
        ),
        (
            app("shop", "k", "[\"*\"]") + "pages = [\"/item/:id\", \"item/:id\"]\n",
            "apps[0].pages[1]: \"item/:id\" begins with something else than a slash",
            "such as \"/item/:id\"",
        ),
        (
            app("shop", "k", "[\"*\"]") + "pages = [\"/item/:id\", \"/item/new\"]\n",
            "apps[0].pages[1]: \"/item/new\" is never the name of a page, for \"/item/:id\" fits",
            "write it before that one",
        ),
        (
            app("shop", "k", "[\"*\"]") + &format!("pages = {:?}\n", vec!["/x/:id"; 501]),
            "apps[0].pages: has 501 patterns, more than 500",
            "use :name and *",
        ),
        (
            "trusted_proxies = [\"10.0.0.0/8\", \"proxy.example\"]".into(),
            "trusted_proxies[1]: \"proxy.example\" is neither an address nor a network",
            "such as \"192.0.2.7\" or \"10.0.0.0/8\"",
        ),
        (
            "[visitors]\naddress = \"keep\"".into(),
            "visitors.address: \"keep\" does not say",
            "\"truncate\"",
        ),
        (
            "[visitors]\ngeo_database = \"/no/such.mmdb\"".into(),
            "visitors.geo_database: /no/such.mmdb is not a file",
            "a MaxMind DB file",
        ),
        (
            "[visitors]\ncountry_header = \"CF-IPCountry\"".into(),
            "visitors.country_header: is believed of listed proxies only",
            "in trusted_proxies",
        ),
        (
            "trusted_proxies = [\"::1\"]\n[visitors]\ncountry_header = \"the country\"".into(),
            "visitors.country_header: \"the country\" cannot be the name of a header",
            "CF-IPCountry",
        ),
        (
            "trusted_proxies = [\"::1\"]\n[visitors]\nregion_header = \"CF-Region-Code\"".into(),
            "visitors.region_header: is a part of a country",
            "the header of the country",
        ),
        ("[alerts]\nrules = \"/no/such.yaml\"".into(), "alerts.rules", "the path"),
        (
            "[alerts]\nwebhooks = [\"http://a.example\"]".into(),
            "alerts.rules",
            "name a rules file",
        ),
        (
            "[alerts]\nwebhooks = [\"a.example\"]".into(),
            "alerts.webhooks[0]",
            "in full",
        ),
    ] {
        check(&text, &[], &["rum.toml", key, mend]);
    }
}

#[test]
fn a_proxy_that_is_everybody_is_warned_of() {
    let config = load(&format!("trusted_proxies = [\"0.0.0.0/0\"]\n{APP}"), &[]).unwrap();
    let warnings = config.warnings();
    assert!(
        warnings
            .iter()
            .any(|warning| warning.contains("each visitor may claim any")),
        "{warnings:?}"
    );
    let config = load(
        APP,
        &[
            ("RUM_TRUSTED_PROXIES", "[\"10.0.0.0/8\"]"),
            ("RUM_VISITORS_ADDRESS", "hash"),
        ],
    )
    .unwrap();
    assert_eq!(config.visitors.address, AddressPolicy::Hash);
    assert!(config.trusted_proxies.contain("::ffff:10.1.2.3".parse().unwrap()));
}

#[test]
fn all_mistakes_are_said_at_once() {
    let error = load("listen = \"x\"\n[limits]\nconnections = 0\n[spool]\nmax_bytes = 0", &[]).unwrap_err();
    assert_eq!(error.lines().count(), 4, "{error}");
}

#[test]
fn mistakes_of_the_environment_name_their_variable() {
    for (name, value, expected) in [
        ("RUM_LIMITS_BODY_BYTES", "much", "a number of bytes"),
        ("RUM_LIMITS_BODY", "1", "unknown field `body`"),
        ("RUM_APPS", "shop", "lists are written as in TOML"),
        (
            "RUM_ALERTS_WEBHOOKS",
            "http://a.example",
            "lists are written as in TOML",
        ),
    ] {
        check("", &[(name, value)], &[name, expected]);
        let shown = load("", &[(name, value)]).unwrap_err();
        assert!(!shown.contains(&format!("\"{value}")), "it may be a secret: {shown}");
    }
}

#[test]
fn a_clickhouse_that_cannot_be_asked_is_refused() {
    for (url, expected) in [
        ("https://db.example:8443", "is https"),
        ("http://rum:secret@db.example:8123", "clickhouse.password_file"),
    ] {
        check(APP, &[("RUM_CLICKHOUSE_URL", url)], &["clickhouse.url", expected]);
        let shown = load(APP, &[("RUM_CLICKHOUSE_URL", url)]).unwrap_err();
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[test]
fn everybody_knows_the_key_of_the_demo() {
    let demo = "[[apps]]\nname = \"shop\"\nkey = \"demo\"\norigins = [\"*\"]\n";
    for address in ["127.0.0.1:4318", "[::1]:4318"] {
        load(demo, &[("RUM_LISTEN", address)]).unwrap();
    }
    for address in ["0.0.0.0:4318", "[::]:4318", "192.168.1.5:4318"] {
        check(
            demo,
            &[("RUM_LISTEN", address)],
            &["apps[0].key", address, "choose another key"],
        );
    }
    load(APP, &[("RUM_LISTEN", "0.0.0.0:4318"), ("RUM_TOKENS", &tokens(""))]).unwrap();
}

/// A list of one good token; `more` stands in it.
fn tokens(more: &str) -> String {
    let hash = TokenHash::of("rum_of_the_test");
    format!(r#"[{{name = "grafana", hash = "{hash}", scopes = ["read"], apps = ["shop"]{more}}}]"#)
}

#[test]
fn whoever_listens_to_others_has_a_token() {
    for address in ["0.0.0.0:4318", "[::]:4318", "192.168.1.5:4318"] {
        check(
            APP,
            &[("RUM_LISTEN", address)],
            &["tokens", address, "rum-collector token new"],
        );
    }
    for address in ["127.0.0.1:4318", "[::1]:4318"] {
        load(APP, &[("RUM_LISTEN", address)]).unwrap();
    }
}

#[test]
fn a_token_is_known_by_its_hash_and_shown_without_itself() {
    let config = load(APP, &[("RUM_TOKENS", &tokens(""))]).unwrap();
    let token = config.tokens.find("rum_of_the_test").unwrap();
    assert_eq!(token.name, "grafana");
    assert_eq!(token.apps, TokenApps::Listed(vec!["shop".into()]));
    assert!(token.may(Scope::Read) && !token.may(Scope::Admin));
    assert!(config.tokens.find("rum_of_another").is_none());
    let shown = config.show();
    assert_eq!(load(&shown, &[]).unwrap().show(), shown);
    assert!(!format!("{config:?}").contains(&TokenHash::of("rum_of_the_test").to_string()));
}

#[test]
fn what_is_wrong_with_a_token_is_said_and_never_the_token() {
    let hash = TokenHash::of("x");
    for (token, key, said) in [
        ("name = \"a b\"", "tokens[0].name", "cannot be a name"),
        (
            "hash = \"rum_a_token_itself\"",
            "tokens[0].hash",
            "never the token itself",
        ),
        ("hash = \"sha256:00\"", "tokens[0].hash", "64 hexadecimal digits"),
        ("scopes = []", "tokens[0].scopes", "good for nothing"),
        (
            "scopes = [\"write\"]",
            "tokens[0].scopes",
            "there are read, alerts, admin",
        ),
        ("apps = []", "tokens[0].apps", "name the apps"),
        ("apps = [\"shop\", \"*\"]", "tokens[0].apps", "all apps"),
        ("apps = [\"blog\"]", "tokens[0].apps", "there is no app \"blog\""),
    ] {
        let of = |name: &str, value: &str| {
            let own = token.starts_with(&format!("{name} =")).then(|| token.to_owned());
            own.unwrap_or_else(|| format!("{name} = {value}"))
        };
        let fields = [
            of("name", "\"a\""),
            of("hash", &format!("\"{hash}\"")),
            of("scopes", "[\"read\"]"),
            of("apps", "[\"*\"]"),
        ];
        let text = format!("{APP}[[tokens]]\n{}\n", fields.join("\n"));
        check(&text, &[], &["rum.toml", key, said]);
        assert!(!load(&text, &[]).unwrap_err().contains("rum_a_token"), "{token}");
    }
    let one = tokens("");
    let one = one.trim_matches(['[', ']']);
    let twice = format!("[{one}, {one}]");
    check(
        APP,
        &[("RUM_TOKENS", &twice)],
        &["tokens[1].name", "another token's name"],
    );
    check(
        APP,
        &[("RUM_TOKENS", &twice)],
        &["tokens[1].hash", "another token's hash"],
    );
}

#[test]
fn a_user_for_reading_is_another_one() {
    let server = "[clickhouse]\nurl = \"http://db:8123\"\nuser = \"rum\"\n";
    for (text, key, said) in [
        (
            format!("{server}read_user = \"rum\"\n"),
            "clickhouse.read_user",
            "may write",
        ),
        (
            format!("{server}read_password_file = \"/x\"\n"),
            "clickhouse.read_password_file",
            "clickhouse.read_user",
        ),
        (
            "[clickhouse]\nread_user = \"r\"\n".to_owned(),
            "clickhouse.read_user",
            "clickhouse.url is absent",
        ),
        (format!("{server}confine = false\n"), "clickhouse.confine", "embedded"),
        ("[sql]\ntime = \"1h\"\n".to_owned(), "sql.time", "out of range"),
        ("[sql]\nresult_rows = 0\n".to_owned(), "sql.result_rows", "out of range"),
        ("[sql]\nat_once = 0\n".to_owned(), "sql.at_once", "out of range"),
    ] {
        check(&text, &[], &["rum.toml", key, said]);
    }
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("reader");
    fs::write(&secret, "r3ad\n").unwrap();
    let text = format!("{server}read_user = \"rum_reader\"\nread_password_file = {secret:?}\n");
    let config = load(&text, &[]).unwrap();
    let ClickhouseSource::Server { readers, .. } = &config.clickhouse else {
        panic!("a server")
    };
    let reader = readers.all.as_ref().unwrap();
    assert_eq!((reader.user.as_str(), reader.password.expose()), ("rum_reader", "r3ad"));
    assert!(!config.show().contains("r3ad") && !format!("{config:?}").contains("r3ad"));
}

/// Two apps, and a server with a user for each of the writer and who reads all.
fn server_of_two_apps() -> String {
    let apps = APP.to_owned() + &APP.replace("shop", "blog").replace("k1", "k2");
    apps + "[clickhouse]\nurl = \"http://db:8123\"\nuser = \"rum\"\nread_user = \"rum_reader\"\n"
}

fn reader(apps: &str, user: &str) -> String {
    format!("[[clickhouse.readers]]\napps = {apps}\nuser = {user:?}\n")
}

#[test]
fn a_user_that_reads_some_apps_is_only_that() {
    let shop = reader("[\"shop\"]", "r1");
    for (readers, key, said) in [
        (
            reader("[\"docs\"]", "r1"),
            "clickhouse.readers[0].apps: there is no app \"docs\" (line 14)",
            "the name of an [[apps]] section",
        ),
        (
            reader("[\"shop\", \"doc\"]", "r1"),
            "clickhouse.readers[0].apps: there is no app \"doc\"",
            "row policies show",
        ),
        (
            reader("[]", "r1"),
            "clickhouse.readers[0].apps: is empty",
            "name the apps",
        ),
        (
            reader("[\"*\"]", "r1"),
            "clickhouse.readers[0].apps: lists \"*\", and who sees all apps is clickhouse.read_user",
            "set that, or name the apps",
        ),
        (
            shop.clone() + &reader("[\"shop\"]", "r2"),
            "clickhouse.readers[1].apps: are those of clickhouse.readers[0], too",
            "remove the other",
        ),
        (
            reader("[\"shop\", \"blog\"]", "r1") + &reader("[\"blog\", \"shop\", \"blog\"]", "r2"),
            "clickhouse.readers[1].apps: are those of clickhouse.readers[0], too",
            "remove the other",
        ),
        (
            reader("[\"shop\"]", "rum"),
            "clickhouse.readers[0].user: \"rum\" is clickhouse.user, who may write",
            "docs/operating.md has the statements",
        ),
        (
            reader("[\"shop\"]", "rum_reader"),
            "clickhouse.readers[0].user: \"rum_reader\" is clickhouse.read_user, who sees the rows of other apps",
            "name a user of its own",
        ),
        (
            shop.clone() + &reader("[\"blog\"]", "r1"),
            "clickhouse.readers[1].user: \"r1\" is clickhouse.readers[0].user, who sees the rows of other apps",
            "name a user of its own",
        ),
        (
            reader("[\"shop\"]", ""),
            "clickhouse.readers[0].user: is empty",
            "name a user that may only read",
        ),
        (
            shop.clone() + "password_file = \"/no/such\"\n",
            "clickhouse.readers[0].password_file: /no/such cannot be read: No such file",
            "the path of a file that holds the password",
        ),
        (
            shop.clone() + "passwords = 1\n",
            "line 16, column 1: unknown field `passwords`",
            "`password_file`",
        ),
        (
            "[[clickhouse.readers]]\napps = [\"shop\"]\n".to_owned(),
            "missing field `user`",
            "line 13",
        ),
    ] {
        check(&(server_of_two_apps() + &readers), &[], &["rum.toml", key, said]);
    }
    // The user that a collector has unless it is told another.
    let other = server_of_two_apps().replace("user = \"rum\"\n", "") + &reader("[\"shop\"]", "default");
    check(
        &other,
        &[],
        &["clickhouse.readers[0].user", "\"default\" is clickhouse.user"],
    );
    check(
        &(APP.to_owned() + &shop),
        &[],
        &["clickhouse.readers: is for a ClickHouse server", "set clickhouse.url"],
    );
    check(
        &server_of_two_apps().replace("rum_reader", ""),
        &[],
        &["clickhouse.read_user: is empty", "name a user that may only read"],
    );
}

#[test]
fn users_that_read_some_apps_are_read_and_shown_without_their_passwords() {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("reader");
    fs::write(&secret, "r3ad\n").unwrap();
    let readers = format!(
        r#"[{{apps = ["shop", "blog"], user = "r1"}}, {{apps = ["shop"], user = "r2", password_file = {secret:?}}}]"#
    );
    let config = load(&server_of_two_apps(), &[("RUM_CLICKHOUSE_READERS", &readers)]).unwrap();
    let ClickhouseSource::Server { readers, .. } = &config.clickhouse else {
        panic!("a server")
    };
    for (apps, user, password) in [(&["blog", "shop"][..], "r1", ""), (&["shop"], "r2", "r3ad")] {
        let apps = TokenApps::Listed(apps.iter().map(|app| (*app).to_owned()).collect());
        let reader = readers.of(&apps).unwrap();
        assert_eq!((reader.user.as_str(), reader.password.expose()), (user, password));
    }
    let shown = config.show();
    assert!(
        shown.contains("[[clickhouse.readers]]\napps = [\"blog\", \"shop\"]\nuser = \"r1\"\n# no password\n"),
        "{shown}"
    );
    assert!(
        shown.contains("apps = [\"shop\"]\nuser = \"r2\"\n# a password is set\n"),
        "{shown}"
    );
    assert!(!shown.contains("r3ad") && !format!("{config:?}").contains("r3ad"));
    let unread = shown.replace("# a password is set", "# no password");
    assert_eq!(
        load(&shown, &[]).unwrap().show(),
        unread,
        "which file it was is not shown"
    );
}

#[test]
fn a_token_for_which_nobody_reads_is_warned_of() {
    let server = server_of_two_apps();
    let warned = |text: &str| {
        let warnings = load(text, &[("RUM_TOKENS", &tokens(""))]).unwrap().warnings();
        warnings
            .iter()
            .any(|warning| warning.contains("the token grafana gets no SQL"))
    };
    assert!(!warned(&(server.clone() + &reader("[\"shop\"]", "r1"))));
    assert!(warned(&(server.clone() + &reader("[\"shop\", \"blog\"]", "r1"))));
    assert!(!warned(&server), "nobody has thought of readers");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::load(Some("/no/such.toml".as_ref()), [])
        .unwrap_err()
        .to_string();
    assert!(error.contains("/no/such.toml") && error.contains("--config"), "{error}");
}

#[test]
fn an_address_may_have_a_quarter_of_the_connections_unless_there_are_few() {
    for (limits, expected) in [
        ("", 256),
        ("connections = 4000\n", 1_000),
        ("connections = 8\n", 16),
        ("connections_per_address = 7\n", 7),
    ] {
        let config = load(&format!("[limits]\n{limits}{APP}"), &[]).unwrap();
        assert_eq!(config.limits.connections_per_address, expected, "{limits}");
    }
    let error = load(&format!("[limits]\nconnections_per_address = 0\n{APP}"), &[]).unwrap_err();
    assert!(
        error.contains("limits.connections_per_address: 0 is out of range"),
        "{error}"
    );
}

#[test]
fn a_certificate_needs_its_key() {
    for (set, absent) in [("certificate", "key"), ("key", "certificate")] {
        let error = load(&format!("[tls]\n{set} = \"a.pem\"\n{APP}"), &[]).unwrap_err();
        assert!(
            error.contains(&format!("tls.{absent}: is absent, and tls.{set} is set")),
            "{error}"
        );
    }
    let config = load(&format!("[tls]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n{APP}"), &[]).unwrap();
    let shown = config.show();
    assert!(
        shown.contains("[tls]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n"),
        "{shown}"
    );
}
