//! The configuration, as its documentation writes it, and changed: every mistake is a sentence.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use rum_collector::config::Config;
use tempfile::TempDir;

use crate::budget::spend;
use crate::mutation::{mutated, mutated_text};

const MEMORY: usize = 16 << 20;

/// The file of the README, also with its optional lines.
fn documented() -> Vec<Vec<u8>> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (file, _) = rest.split_once("```").unwrap();
    let all: Vec<_> = file
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line))
        .collect();
    vec![file.as_bytes().to_vec(), all.join("\n").into_bytes()]
}

#[test]
fn config() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("collector.toml");
    let text = prop_oneof![6 => mutated(documented()), 1 => vec(any::<u8>(), 0..500)];
    const NAMES: [&str; 7] = [
        "RUM_LISTEN",
        "RUM_SQL_TIME",
        "RUM_APPS",
        "RUM_TOKENS",
        "RUM_LIMITS_BODY_BYTES",
        "RUM_NO_SUCH",
        "RUM_SPOOL_MAX_BYTES",
    ];
    let values = [
        "127.0.0.1:0",
        "1s",
        "[]",
        "99999999999 TiB",
        r#"[{name = "a", key = "b", origins = ["*"]}]"#,
    ];
    let variable = (proptest::sample::select(&NAMES[..]), mutated_text(&values))
        .prop_map(|(name, value)| (name.to_owned(), value));
    spend(MEMORY, (text, vec(variable, 0..3)), |(text, variables)| {
        fs::write(&file, text).unwrap();
        match Config::load(Some(&file), variables.clone()) {
            Ok(config) => {
                // What is in force can be shown and is valid again.
                let warnings = config.warnings();
                if config.show().is_empty() || warnings.iter().any(|warning| warning.to_string().is_empty()) {
                    return Err("nothing is shown".to_owned());
                }
                Ok(())
            }
            Err(error) if error.to_string().is_empty() => Err("an error without a sentence".to_owned()),
            Err(_) => Ok(()),
        }
    });
}
