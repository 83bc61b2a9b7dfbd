//! What the documents at the root say is so: their queries run, the places that they name exist.

#![expect(
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[expect(dead_code, reason = "the other tests kill it and look inside; this one asks it")]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rum_collector::store::{self, query};
use support::Database;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The fenced blocks of one language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let after = text.split(fence.as_str()).skip(1);
    after.map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[tokio::test]
async fn the_readmes_ten_questions_have_answers() {
    let database = Database::start().await;
    store::migrate(&database.clickhouse).await.unwrap();
    let readme = read("README.md");
    let questions = blocks(&readme, "sql");
    assert_eq!(questions.len(), 10);
    for question in questions {
        let answer = query::sql(&database.clickhouse, question, query::SqlFormat::Json).await;
        assert!(answer.is_ok(), "{question}\n{}", answer.unwrap_err());
    }
    database.stop().await;
}

#[test]
fn the_map_names_what_exists() {
    let map = read("ARCHITECTURE.md");
    let mut found = 0;
    let mut folder = String::new();
    // The map's own block: folders at the margin, and what is inside of them indented.
    let folders = blocks(&map, "")[0];
    for line in folders.lines().filter(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        if !line.starts_with(' ') {
            folder = name.to_owned();
        }
        let path = if line.starts_with(' ') {
            format!("{folder}{name}")
        } else {
            name.to_owned()
        };
        assert!(root().join(&path).exists(), "ARCHITECTURE.md names {path}");
        found += 1;
    }
    // Files that its sentences and the way of a value name.
    let sentences = map.replace(folders, "");
    let named = sentences.split(|c: char| c.is_whitespace() || "`()★".contains(c));
    for path in named
        .filter(|word| word.contains('/') && (word.ends_with(".rs") || word.ends_with(".ts") || word.ends_with(".mjs")))
    {
        assert!(root().join(path).exists(), "ARCHITECTURE.md names {path}");
        found += 1;
    }
    assert!(found > 20, "only {found} places were found in ARCHITECTURE.md");
}

#[test]
fn links_lead_somewhere() {
    for file in [
        "README.md",
        "ARCHITECTURE.md",
        "collector/README.md",
        "js-wrapper/README.md",
        "demo-site/README.md",
    ] {
        let text = read(file);
        let folder = root().join(file).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with('#') {
                continue;
            }
            let path = target.split('#').next().unwrap();
            assert!(folder.join(path).exists(), "{file} links to {target}");
        }
    }
}
