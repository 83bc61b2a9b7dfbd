//! The rules file: YAML, in Prometheus' words. All mistakes are reported at once, each with its line and its cure.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use super::rule::Rule;
use super::validate::validate;

/// A rules file is written by people; one that is larger was not.
const MAX_BYTES: u64 = 1024 * 1024;
/// Each rule is a query every few seconds.
const MAX_RULES: usize = 200;

/// Why a rules file is not in force.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The file cannot be read.
    #[error("cannot read the alert rules {file}: {source}; check `alerts.rules` and the file's permissions")]
    Read {
        /// The path as configured.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file is too large to be one.
    #[error("the alert rules {file} are larger than {MAX_BYTES} bytes; check that `alerts.rules` names the right file")]
    TooLarge {
        /// The path as configured.
        file: String,
    },
    /// It is no YAML, or not of this form.
    #[error("{file}:{at}: {message}")]
    Form {
        /// The path as configured.
        file: String,
        /// Where.
        at: Place,
        /// What, and what would be right.
        message: String,
    },
    /// It is well-formed, but some rules cannot be meant.
    #[error("{}", lines(.file, .problems))]
    Invalid {
        /// The path as configured.
        file: String,
        /// All of them, in the order of the file.
        problems: Vec<Problem>,
    },
}

/// One mistake in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: Place,
    /// The rule's name.
    pub rule: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// A place in a file; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

/// The file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    rules: Vec<RawRule>,
}

/// A rule as written; [`Rule`] is what it means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) alert: Spanned<String>,
    pub(super) metric: RawMetric,
    pub(super) stat: Spanned<RawStat>,
    #[serde(default, rename = "where")]
    pub(super) filter: RawFilter,
    pub(super) group_by: Option<Spanned<Vec<RawDimension>>>,
    pub(super) above: Option<Spanned<String>>,
    pub(super) below: Option<Spanned<String>>,
    pub(super) resolve_below: Option<Spanned<String>>,
    pub(super) resolve_above: Option<Spanned<String>>,
    pub(super) window: Spanned<String>,
    #[serde(rename = "for")]
    pub(super) hold: Option<Spanned<String>>,
    pub(super) keep_firing_for: Option<Spanned<String>>,
    pub(super) min_samples: Option<Spanned<String>>,
    pub(super) severity: Option<String>,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, Spanned<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawMetric {
    Lcp,
    Inp,
    Cls,
    Fcp,
    Ttfb,
    JsErrors,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawStat {
    P50,
    P75,
    P90,
    P95,
    P99,
    Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFilter {
    pub(super) app: Option<String>,
    pub(super) page: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawDimension {
    Page,
}

/// Reads the rules of a file.
///
/// # Errors
/// If the file cannot be read, is no YAML of this form, or holds a rule that cannot be meant.
pub fn load(path: &Path) -> Result<Vec<Rule>, RulesError> {
    let file = path.display().to_string();
    let unreadable = |source| RulesError::Read {
        file: file.clone(),
        source,
    };
    let mut text = String::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "limited to MAX_BYTES and one more, which says that there are more"
    )]
    File::open(path)
        .map_err(unreadable)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(RulesError::TooLarge { file });
    }
    parse(&file, &text)
}

/// Reads rules from `text`; `file` is what errors call it.
///
/// # Errors
/// If the text is no YAML of this form, or holds a rule that cannot be meant.
pub fn parse(file: &str, text: &str) -> Result<Vec<Rule>, RulesError> {
    let raw: RawFile = serde_saphyr::from_str(text).map_err(|error| {
        let at = error.location().map_or(Place { line: 1, column: 1 }, Place::from);
        let message = error.without_snippet().to_string();
        // The place is said once, in front, where editors look for it.
        let place = format!(" at line {}, column {}", at.line, at.column);
        RulesError::Form {
            file: file.to_owned(),
            at,
            message: message.replace(&place, ""),
        }
    })?;
    let mut problems = Problems::default();
    let mut rules: Vec<Rule> = Vec::new();
    for (index, raw) in raw.rules.into_iter().enumerate() {
        let name = raw.alert.clone();
        problems.rule.clone_from(&name.value);
        if index == MAX_RULES {
            problems.at(
                name.referenced,
                format!("there are more than {MAX_RULES} rules: group by page instead of a rule for each page"),
            );
            break;
        }
        let Some(rule) = validate(raw, &mut problems) else {
            continue;
        };
        if rules.iter().any(|other| other.name == rule.name) {
            problems.at(
                name.referenced,
                "another rule has this name, and an alert is known by it: choose another",
            );
        } else {
            rules.push(rule);
        }
    }
    if problems.list.is_empty() {
        Ok(rules)
    } else {
        Err(RulesError::Invalid {
            file: file.to_owned(),
            problems: problems.list,
        })
    }
}

/// Where validation puts what it finds.
#[derive(Default)]
pub(super) struct Problems {
    rule: String,
    list: Vec<Problem>,
}

impl Problems {
    pub(super) fn at(&mut self, location: Location, message: impl Into<String>) {
        self.list.push(Problem {
            at: location.into(),
            rule: self.rule.clone(),
            message: message.into(),
        });
    }

    /// The value of `result`, or `None` and a problem.
    pub(super) fn take<T, E: fmt::Display>(
        &mut self,
        location: Location,
        key: &str,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|error| self.at(location, format!("`{key}`: {error}")))
            .ok()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self {
            line: location.line(),
            column: location.column(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

fn lines(file: &str, problems: &[Problem]) -> String {
    let lines: Vec<_> = problems
        .iter()
        .map(|Problem { at, rule, message }| format!("{file}:{at}: rule `{rule}`: {message}"))
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of the error about a file with one rule, which is right but for `changes` to its keys.
    fn complaints(changes: &[(&str, &str)]) -> String {
        let mut keys = BTreeMap::from([
            ("alert", "Slow"),
            ("metric", "lcp"),
            ("stat", "p75"),
            ("above", "2500ms"),
            ("window", "5m"),
        ]);
        for (key, value) in changes {
            match *value {
                "" => keys.remove(key),
                value => keys.insert(key, value),
            };
        }
        let lines: Vec<_> = keys.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let text = format!("rules:\n  - {}\n", lines.join("\n    "));
        parse("rules.yaml", &text).map_or_else(|error| error.to_string(), |_| "no complaint".to_owned())
    }

    #[test]
    fn each_mistake_has_its_place_and_its_cure() {
        let mut report = String::new();
        for changes in [
            &[("above", "fast")][..],
            &[("above", "-1")],
            &[("above", "")],
            &[("below", "1s")],
            &[("resolve_below", "3s")],
            &[("resolve_above", "3s")],
            &[("above", ""), ("below", "1s"), ("resolve_above", "0.5s")],
            &[("metric", "cls"), ("above", "100ms")],
            &[("metric", "lpc")],
            &[("metric", "js_errors")],
            &[("metric", "js_errors"), ("stat", "count"), ("above", "1.5")],
            &[
                ("metric", "js_errors"),
                ("stat", "count"),
                ("above", ""),
                ("below", "1"),
            ],
            &[("stat", "count")],
            &[("stat", "p42")],
            &[("window", "5")],
            &[("window", "1s")],
            &[("window", "48h")],
            &[("window", "")],
            &[("for", "soon")],
            &[("keep_firing_for", "25h")],
            &[("min_samples", "many")],
            &[("alert", "'slow page'")],
            &[("group_by", "[country]")],
            &[("group_by", "[page, page]")],
            &[("group_by", "[page]"), ("where", "{page: /}")],
            &[("where", "{browser: Chrome}")],
            &[("labels", "{app: shop}")],
            &[("labels", "{'a b': c}")],
            &[("annotations", "{summary: '{{page}} is slow'}")],
            &[("annotations", "{summary: '{{value is high'}")],
            &[("expr", "up == 0")],
        ] {
            let keys: Vec<_> = changes.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            report += &format!("{}\n  {}\n", keys.join("; "), complaints(changes).replace('\n', "\n  "));
        }
        insta::assert_snapshot!("mistakes_in_rules", report);
    }

    #[test]
    fn all_mistakes_are_reported_at_once() {
        let text = "rules:\n  - {alert: A, metric: lcp, stat: count, above: x, window: 5m}\n  - {alert: B, metric: lcp, stat: p75, above: x, window: 1}\n";
        let error = parse("rules.yaml", text).unwrap_err();
        let RulesError::Invalid { problems, .. } = &error else {
            panic!("{error}")
        };
        let places: Vec<_> = problems
            .iter()
            .map(|problem| (problem.rule.as_str(), problem.at.line))
            .collect();
        assert_eq!(places, [("A", 2), ("B", 3), ("B", 3)]);
    }

    #[test]
    fn a_name_is_used_once() {
        let rule = "{alert: A, metric: lcp, stat: p75, above: 1, window: 5m}";
        let error = parse("rules.yaml", &format!("rules: [{rule}, {rule}]")).unwrap_err();
        assert!(error.to_string().contains("another rule has this name"), "{error}");
    }

    #[test]
    fn there_is_an_end_to_rules() {
        let rules: Vec<_> = (0..=MAX_RULES)
            .map(|n| format!("{{alert: A{n}, metric: lcp, stat: p75, above: 1, window: 5m}}"))
            .collect();
        let error = parse("rules.yaml", &format!("rules: [{}]", rules.join(", "))).unwrap_err();
        assert!(error.to_string().contains("more than 200 rules"), "{error}");
        assert!(parse("rules.yaml", &format!("rules: [{}]", rules[1..].join(", "))).is_ok());
    }

    #[test]
    fn the_files_of_the_project_are_right() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for file in ["rules.example.yaml", "../demo-site/rules.yaml"] {
            let rules = load(&root.join(file)).unwrap_or_else(|error| panic!("{error}"));
            assert!(!rules.is_empty(), "{file}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_or_too_large_is_named() {
        let missing = load(Path::new("/nowhere/rules.yaml")).unwrap_err().to_string();
        assert!(
            missing.starts_with("cannot read the alert rules /nowhere/rules.yaml: "),
            "{missing}"
        );

        let mut large = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut large, &vec![b'#'; MAX_BYTES as usize + 1]).unwrap();
        assert!(matches!(load(large.path()), Err(RulesError::TooLarge { .. })));
    }
}
