//! `RUM_<SECTION>_<KEY>` on top of the file.
//!
//! A value is TOML where it can be (`RUM_APPS='[{name = "shop", key = "k", origins = ["*"]}]'`) and plain text otherwise
//! (`RUM_LISTEN=0.0.0.0:4318`).

use std::path::Path;

use toml::{Table, Value};

use super::ConfigError;
use super::raw::RawConfig;

const PREFIX: &str = "RUM_";
const TOP: [&str; 5] = ["listen", "data", "trusted_proxies", "apps", "tokens"];
const SECTIONS: [&str; 10] = [
    "sdk",
    "visitors",
    "limits",
    "tls",
    "spool",
    "clickhouse",
    "sql",
    "alerts",
    "log",
    "traces",
];

/// The file's `text` with the variables of `environment` laid over it.
pub(super) fn overlay(
    file: Option<&Path>,
    text: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<RawConfig, ConfigError> {
    let syntax = |error: toml::de::Error| ConfigError::Syntax {
        path: file.map(Path::to_owned).unwrap_or_default(),
        message: without_values(&error, text),
    };
    // Typed first: only so do errors know their line.
    toml::from_str::<RawConfig>(text).map_err(syntax)?;
    let mut table: Table = toml::from_str(text).map_err(syntax)?;
    for (name, value) in environment {
        let Some(path) = key(&name) else { continue };
        let said = read(&path, &value).map_err(|message| ConfigError::Environment {
            name: name.clone(),
            message,
        })?;
        lay_over(&mut table, said);
    }
    table.try_into().map_err(syntax)
}

/// Where and what, without the line itself and without the value: it may be a secret, and goes into the log at a reload.
fn without_values(error: &toml::de::Error, text: &str) -> String {
    let message = error.message();
    let found = message.find(": string \"").map(|at| at + ": string ".len());
    // What was found stands before what was expected, which may have quotes of its own.
    let end = message.find("\", expected").or_else(|| message.rfind('"'));
    let message = match (found, end) {
        (Some(found), Some(end)) if found < end => format!("{}…{}", &message[..=found], &message[end..]),
        _ => message.to_owned(),
    };
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return message;
    };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|char| *char != '\n').count() + 1;
    format!("line {line}, column {column}: {message}")
}

/// The key that a variable sets: `RUM_LIMITS_BODY_BYTES` sets `limits.body_bytes`. Other variables that start with
/// `RUM_` are not the configuration's.
fn key(name: &str) -> Option<Vec<String>> {
    let rest = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
    if TOP.contains(&rest.as_str()) {
        return Some(vec![rest]);
    }
    let (section, key) = rest.split_once('_')?;
    SECTIONS
        .contains(&section)
        .then(|| vec![section.to_owned(), key.to_owned()])
}

/// `value` at `path` as a table of one key: as TOML if that fits the key's type, else as text.
fn read(path: &[String], value: &str) -> Result<Table, String> {
    let as_toml = toml::from_str::<Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"));
    let as_text = Value::String(value.to_owned());
    let mut problem = String::new();
    for value in [as_toml, Some(as_text)].into_iter().flatten() {
        let table = nest(path, value);
        match RawConfig::deserialize_table(table.clone()) {
            Ok(()) => return Ok(table),
            Err(error) => problem = without_values(&error, ""),
        }
    }
    Err(format!(
        "{problem}. It sets {}; lists are written as in TOML, such as '[\"a\", \"b\"]'",
        path.join(".")
    ))
}

impl RawConfig {
    fn deserialize_table(table: Table) -> Result<(), toml::de::Error> {
        table.try_into::<Self>().map(drop)
    }
}

fn nest(path: &[String], value: Value) -> Table {
    let mut path = path.iter().rev();
    let mut table = Table::new();
    if let Some(last) = path.next() {
        table.insert(last.clone(), value);
    }
    for section in path {
        table = Table::from_iter([(section.clone(), Value::Table(table))]);
    }
    table
}

/// Replaces values of `table` by those of `over`; sections are joined, everything else is replaced.
fn lay_over(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}
