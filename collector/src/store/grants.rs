//! What a server's user for reading may do beyond what `/v1/sql` needs: the second wall there, for the first may have holes.

use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;
use tokio::time::timeout;

use super::client::{Clickhouse, ClickhouseError};

/// How long a server may take to answer the command line.
const LIMIT: Duration = Duration::from_secs(10);

/// What `/v1/sql` reads.
const NEEDED: [&str; 6] = [
    "rum.*",
    "rum_data.*",
    "system.one",
    "system.numbers",
    "system.columns",
    "information_schema.*",
];

/// Settings that a profile has to bound: without a most, whoever gets past the first wall takes what there is.
const BOUNDED: [&str; 3] = ["max_execution_time", "max_memory_usage", "max_bytes_to_read"];

#[derive(Row, Deserialize)]
struct Setting {
    name: String,
    value: String,
    min: Option<String>,
    max: Option<String>,
    readonly: u8,
}

/// What is more than `/v1/sql` needs, each as a sentence; nothing if all is well.
///
/// # Errors
/// When the server does not answer, or does not tell this user what it may do.
pub async fn excess(reader: &Clickhouse) -> Result<Vec<String>, ClickhouseError> {
    let ask = async {
        let grants: Vec<String> = reader.client()?.query_raw("SHOW GRANTS").fetch_all().await?;
        let names = BOUNDED.map(|name| format!("'{name}'")).join(", ");
        let statement =
            format!("SELECT name, value, min, max, readonly FROM system.settings WHERE name IN ({names}, 'readonly')");
        let settings: Vec<Setting> = reader.client()?.query_raw(&statement).fetch_all().await?;
        let mut found = of_grants(&grants);
        found.extend(of_settings(&settings));
        Ok(found)
    };
    let late = || ClickhouseError::Unreachable(format!("no answer within {} s", LIMIT.as_secs()));
    timeout(LIMIT, ask).await.unwrap_or_else(|_| Err(late()))
}

fn of_grants(lines: &[String]) -> Vec<String> {
    let told = |line: &String| format!("has more than it needs: {line}");
    // What is taken back is told beside the grant that it is taken from, which counts.
    let grants = lines.iter().filter(|line| !line.starts_with("REVOKE "));
    grants.filter(|line| !is_needed(line)).map(told).collect()
}

/// Whether a line of SHOW GRANTS is `GRANT SELECT ON` something that is needed, and may not be handed on.
fn is_needed(line: &str) -> bool {
    let Some((rights, rest)) = line.strip_prefix("GRANT ").and_then(|line| line.split_once(" ON ")) else {
        return false;
    };
    let of_columns = rights
        .strip_prefix("SELECT(")
        .is_some_and(|columns| columns.ends_with(')') && !columns.contains("), "));
    let Some((place, whom)) = rest.split_once(" TO ") else {
        return false;
    };
    let needed = NEEDED.iter().any(|needed| {
        let within = needed.strip_suffix('*').filter(|_| !place.contains('*'));
        place.eq_ignore_ascii_case(needed) || within.is_some_and(|database| place.starts_with(database))
    });
    (rights == "SELECT" || of_columns) && needed && !whom.contains(" WITH GRANT OPTION")
}

fn of_settings(settings: &[Setting]) -> Vec<String> {
    let mut found = Vec::new();
    let of = |name: &str| settings.iter().find(|setting| setting.name == name);
    match of("readonly").map(|setting| setting.value.as_str()) {
        // It sets up its session in the settings of each request: with 1 a server refuses those.
        Some("1") => {
            found.push("may not even have its limits set: its profile needs readonly = 2 instead of 1".to_owned());
        }
        None | Some("0") => found.push("may write: its profile needs readonly = 2".to_owned()),
        Some(_) => {}
    }
    // 0 is no limit.
    let is_open = |setting: &Setting| {
        let least = setting.min.as_deref().unwrap_or("0");
        setting.readonly == 0 && (setting.max.is_none() || least == "0")
    };
    for name in BOUNDED {
        if of(name).is_none_or(is_open) {
            found.push(format!(
                "may raise {name} as it likes: its profile needs MIN 1 and a MAX for it"
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_reading_what_is_listed() {
        for (line, needed) in [
            ("GRANT SELECT ON rum.* TO rum_reader", true),
            ("GRANT SELECT ON rum_data.* TO rum_reader", true),
            ("GRANT SELECT ON rum_data.vitals TO rum_reader", true),
            ("GRANT SELECT(app, value) ON rum_data.vitals TO rum_reader", true),
            ("GRANT SELECT ON system.columns TO rum_reader", true),
            ("GRANT SELECT ON *.* TO rum_reader", false),
            ("GRANT SELECT ON rum*.* TO rum_reader", false),
            ("GRANT SELECT ON system.* TO rum_reader", false),
            ("GRANT SELECT ON other.t TO rum_reader", false),
            ("GRANT SELECT, INSERT ON rum.* TO rum_reader", false),
            ("GRANT SELECT(app), INSERT(app) ON rum.views TO rum_reader", false),
            ("GRANT SELECT ON rum.* TO rum_reader WITH GRANT OPTION", false),
            ("GRANT READ ON URL TO rum_reader", false),
            ("GRANT CREATE TEMPORARY TABLE ON *.* TO rum_reader", false),
            ("GRANT admin TO rum_reader", false),
        ] {
            assert_eq!(is_needed(line), needed, "{line}");
        }
    }

    #[test]
    fn what_is_taken_back_is_no_right() {
        let lines = [
            "GRANT SELECT ON *.* TO rum_reader",
            "REVOKE SELECT ON system.* FROM rum_reader",
        ]
        .map(str::to_owned);
        let found = of_grants(&lines);
        assert_eq!(found, ["has more than it needs: GRANT SELECT ON *.* TO rum_reader"]);
    }

    #[test]
    fn a_profile_bounds_what_a_statement_takes() {
        let setting = |name: &str, value: &str, max: Option<&str>, readonly| Setting {
            name: name.into(),
            value: value.into(),
            min: max.map(|_| "1".to_owned()),
            max: max.map(str::to_owned),
            readonly,
        };
        let bounded = BOUNDED.map(|name| setting(name, "1", Some("2"), 0));
        let mut all = vec![setting("readonly", "2", None, 0)];
        all.extend(bounded);
        assert_eq!(of_settings(&all), Vec::<String>::new());
        all[0].value = "1".into();
        assert!(of_settings(&all).join("\n").contains("instead of 1"));
        all[0].value = "2".into();
        // 0 is less than any limit, and none.
        all[2].min = Some("0".into());
        assert!(of_settings(&all).join("\n").contains("may raise max_memory_usage"));
        all[2].min = Some("1".into());
        all[0].value = "0".into();
        all[1].max = None;
        let found = of_settings(&all).join("\n");
        assert!(
            found.contains("readonly = 2") && found.contains("max_execution_time"),
            "{found}"
        );
        assert_eq!(of_settings(&[]).len(), 4);
    }
}
