//! What a server's user for reading may do beyond what `/v1/sql` needs: the second wall there, for the first may have holes.
//! And whether a user for some apps sees rows of others: there the row policies are the only wall.

use std::collections::BTreeSet;
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

/// ClickHouse's codes for a table of which this user sees nothing.
const SEES_NOTHING: [u32; 3] = [
    16,  // NO_SUCH_COLUMN_IN_TABLE: a row policy asks for it
    47,  // UNKNOWN_IDENTIFIER: likewise
    497, // ACCESS_DENIED
];

#[derive(Row, Deserialize)]
struct Table {
    table: String,
    has_app: u8,
}

/// What is more than `/v1/sql` needs, each as a sentence; nothing if all is well. `apps` are those whose rows the user may see, of a
/// user that may not see all.
///
/// # Errors
/// When the server does not answer, or does not tell this user what it may do.
pub async fn excess(reader: &Clickhouse, apps: Option<&BTreeSet<String>>) -> Result<Vec<String>, ClickhouseError> {
    let ask = async {
        let grants: Vec<String> = reader.client()?.query_raw("SHOW GRANTS").fetch_all().await?;
        let names = BOUNDED.map(|name| format!("'{name}'")).join(", ");
        let statement =
            format!("SELECT name, value, min, max, readonly FROM system.settings WHERE name IN ({names}, 'readonly')");
        let settings: Vec<Setting> = reader.client()?.query_raw(&statement).fetch_all().await?;
        let mut found = of_grants(&grants);
        found.extend(of_settings(&settings));
        if let Some(apps) = apps {
            found.extend(of_rows(reader, apps).await?);
        }
        Ok(found)
    };
    let late = || ClickhouseError::Unreachable(format!("no answer within {} s", LIMIT.as_secs()));
    timeout(LIMIT, ask).await.unwrap_or_else(|_| Err(late()))
}

/// Rows of others than `apps`, as far as there are any. Each table is looked at, for each may have a policy of its own or none; one row
/// is enough, which the key finds, where all apps of a table would have to be looked for.
async fn of_rows(reader: &Clickhouse, apps: &BTreeSet<String>) -> Result<Vec<String>, ClickhouseError> {
    let statement = "SELECT table, max(name = 'app') AS has_app FROM system.columns WHERE database = 'rum_data' \
                     GROUP BY table ORDER BY table";
    let tables: Vec<Table> = reader.client()?.query_raw(statement).fetch_all().await?;
    let mut found = Vec::new();
    if tables.is_empty() {
        found.push(
            "sees no table of rum_data, so that its row policies are not known: grant it SELECT, and start the collector once, which \
             makes the tables"
                .to_owned(),
        );
    }
    for table in &tables {
        found.extend(of_table(reader, table, apps).await?);
    }
    Ok(found)
}

async fn of_table(
    reader: &Clickhouse,
    Table { table, has_app }: &Table,
    apps: &BTreeSet<String>,
) -> Result<Option<String>, ClickhouseError> {
    let client = reader.client()?;
    let query = if *has_app == 1 {
        let statement = "SELECT app FROM rum_data.{table:Identifier} WHERE app NOT IN {apps:Array(String)} LIMIT 1";
        client.query_raw(statement).param("apps", apps)
    } else {
        client.query_raw("SELECT '' FROM rum_data.{table:Identifier} LIMIT 1")
    };
    match query
        .param("table", table)
        .fetch_optional::<String>()
        .await
        .map_err(ClickhouseError::from)
    {
        Ok(None) => Ok(None),
        Ok(Some(app)) if *has_app == 1 => Ok(Some(format!(
            "sees rows of other apps in rum_data.{table}, of {app:?} among them: it needs a row policy there"
        ))),
        Ok(Some(_)) => Ok(Some(format!(
            "sees rows of rum_data.{table}, which says nothing of apps: it needs a row policy on all of rum_data.*"
        ))),
        Err(error) if error.code().is_some_and(|code| SEES_NOTHING.contains(&code)) => Ok(None),
        Err(error) => Err(error),
    }
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
