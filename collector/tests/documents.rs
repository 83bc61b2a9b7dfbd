//! What the documents at the root say is so: their queries run, the places that they name exist.

#![expect(
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[expect(dead_code, reason = "the other tests kill it and look inside; this one asks it")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
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
async fn documented_questions_have_answers() {
    let database = Database::start().await;
    store::migrate(&database.clickhouse).await.unwrap();
    for (file, count) in [("README.md", 10), ("docs/questions.md", 5), ("docs/errors.md", 5)] {
        let text = read(file);
        let questions = blocks(&text, "sql");
        assert_eq!(questions.len(), count, "{file}");
        for question in questions {
            let answer = query::sql(&database.clickhouse, question, query::SqlFormat::Json).await;
            assert!(answer.is_ok(), "{question}\n{}", answer.unwrap_err());
        }
    }
    database.stop().await;
}

/// The columns of each section of docs/tables.md, with their types, by the section's title.
fn documented_columns() -> BTreeMap<String, BTreeMap<String, String>> {
    let text = read("docs/tables.md");
    let sections = text.split("\n## ").skip(1).map(|section| {
        let (title, rest) = section.split_once('\n').unwrap_or((section, ""));
        let rows = rest.lines().filter_map(|line| line.strip_prefix("| `"));
        let columns = rows.map(|row| {
            let cells: Vec<_> = row.splitn(3, " | ").map(|cell| cell.trim_matches('`')).collect();
            let [name, sql_type, meaning] = cells[..] else {
                panic!("a row needs three cells: {row}")
            };
            assert!(meaning.len() > 3, "{row}");
            (name.to_owned(), sql_type.to_owned())
        });
        (title.trim_matches('`').to_owned(), columns.collect())
    });
    sections.collect()
}

#[tokio::test]
async fn every_column_that_people_read_is_documented() {
    let database = Database::start().await;
    store::migrate(&database.clickhouse).await.unwrap();
    let found: Vec<(String, String, String)> = database
        .client
        .query_raw("SELECT table, name, type FROM system.columns WHERE database = 'rum'")
        .fetch_all()
        .await
        .unwrap();
    let mut views: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (view, column, sql_type) in found {
        views.entry(format!("rum.{view}")).or_default().insert(column, sql_type);
    }
    let mut documented = documented_columns();
    let shared = documented.remove("Columns of several views").unwrap();
    let vitals = documented["rum.web_vitals"].clone();
    documented.get_mut("rum.web_vitals_all").unwrap().extend(vitals);
    let page_views = documented["rum.page_views"].clone();
    documented.get_mut("rum.page_views_all").unwrap().extend(page_views);
    for (view, columns) in &mut documented {
        let of_view = views.get(view).unwrap_or_else(|| panic!("docs/tables.md names {view}"));
        columns.extend(
            shared
                .clone()
                .into_iter()
                .filter(|(column, _)| of_view.contains_key(column)),
        );
    }
    let flat = |views: &BTreeMap<String, BTreeMap<String, String>>| -> BTreeSet<String> {
        let columns = views.iter().flat_map(|(view, columns)| {
            columns
                .iter()
                .map(move |(name, sql_type)| format!("{view}.{name} {sql_type}"))
        });
        columns.collect()
    };
    let (documented, found) = (flat(&documented), flat(&views));
    let differences: Vec<_> = documented.symmetric_difference(&found).collect();
    assert!(
        differences.is_empty(),
        "in one of docs/tables.md and the views: {differences:#?}"
    );
    for column in shared.keys() {
        let having = views.values().filter(|view| view.contains_key(column)).count();
        assert!(having > 1, "{column} is of {having} views");
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
        "docs/errors.md",
        "docs/operating.md",
        "docs/questions.md",
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
