//! What `tests/exchanges/*.toml` are made of, and how an answer is compared with what they say.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::support::{Answer, Ending};

/// The oldest version that an exchange is for which does not say it.
const SINCE: (u32, u32) = (25, 3);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) exchange: Vec<Exchange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exchange {
    /// What is right about it, as a sentence.
    pub(super) name: String,
    /// The oldest version that answers so: `20.3`.
    pub(super) since: Option<String>,
    /// Statements that have to succeed before, each by itself.
    #[serde(default)]
    pub(super) before: Vec<String>,
    /// `GET`, `POST`.
    #[serde(default = "post")]
    pub(super) method: String,
    #[serde(default = "root")]
    pub(super) path: String,
    /// Parameters of the address, in their order. `{db}` is a database of the run's own.
    #[serde(default)]
    pub(super) parameters: Vec<(String, String)>,
    /// Further headers, as they are sent.
    #[serde(default)]
    pub(super) headers: Vec<String>,
    /// One more, as long as this.
    #[serde(default)]
    pub(super) header_bytes: usize,
    #[serde(default)]
    pub(super) who: Who,
    #[serde(default)]
    pub(super) body: String,
    /// Instead of `body`: bytes, as hex digits with spaces between.
    pub(super) body_hex: Option<String>,
    /// How often the body is repeated.
    #[serde(default = "one")]
    pub(super) times: usize,
    #[serde(default)]
    pub(super) send: Send,
    pub(super) answer: Expected,
    /// Statements that give this text afterwards, at once or within the suite's patience.
    #[serde(default)]
    pub(super) after: Vec<(String, String)>,
    /// How the embedded one differs.
    pub(super) embedded: Option<Difference>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Difference {
    /// Why that is meant.
    pub(super) reason: String,
    pub(super) answer: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    pub(super) status: u16,
    /// Exact values; `x*` begins with x, `` is absent.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// The whole body.
    pub(super) body: Option<String>,
    pub(super) body_hex: Option<String>,
    /// Parts of it, in this order.
    #[serde(default)]
    pub(super) has: Vec<String>,
    #[serde(default)]
    pub(super) ending: Ended,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ended {
    #[default]
    Complete,
    BrokenOff,
    /// Nobody waits for it: the client is gone.
    Left,
}

/// Whose request it is.
#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub(super) enum Who {
    #[default]
    Headers,
    Basic,
    Parameters,
    WrongPassword,
    WrongUser,
    Nobody,
}

/// How the body is sent.
#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Send {
    /// With its length.
    #[default]
    Whole,
    Chunked,
    /// As ClickHouse's LZ4 blocks.
    Blocks,
    /// Blocks, of which one byte is wrong.
    DamagedBlocks,
    /// The length says twice as much as comes.
    Short,
    /// Chunked, without the last chunk.
    Cut,
    /// The client goes away once statements of the text `after[0]` counts run.
    Leave,
}

pub(super) fn post() -> String {
    "POST".to_owned()
}

pub(super) fn root() -> String {
    "/".to_owned()
}

pub(super) fn one() -> usize {
    1
}

impl Exchange {
    pub(super) fn plain(sql: &str) -> Self {
        Self {
            name: String::new(),
            since: None,
            before: Vec::new(),
            method: post(),
            path: root(),
            parameters: Vec::new(),
            headers: Vec::new(),
            header_bytes: 0,
            who: Who::Headers,
            body: sql.to_owned(),
            body_hex: None,
            times: 1,
            send: Send::Whole,
            answer: Expected {
                status: 200,
                headers: BTreeMap::new(),
                body: None,
                body_hex: None,
                has: Vec::new(),
                ending: Ended::Complete,
            },
            after: Vec::new(),
            embedded: None,
        }
    }

    pub(super) fn since(&self) -> (u32, u32) {
        self.since.as_deref().map_or(SINCE, version)
    }
}

impl Expected {
    pub(super) fn compare(&self, answer: &Answer, named: impl Fn(&str) -> String) -> Vec<String> {
        let mut wrong = Vec::new();
        if self.ending == Ended::Left {
            return wrong;
        }
        let text = answer.text();
        let shown: String = text.chars().take(400).collect();
        if answer.status != self.status {
            wrong.push(format!(
                "the status is {} and not {}: {shown}",
                answer.status, self.status
            ));
        }
        let ending = if self.ending == Ended::Complete {
            Ending::Complete
        } else {
            Ending::BrokenOff
        };
        if answer.ending != ending {
            wrong.push(format!("the body is {:?}: {shown}", answer.ending));
        }
        for (name, expected) in &self.headers {
            let found = answer.header(name).unwrap_or_default();
            let right = match expected.strip_suffix('*') {
                Some(start) => answer.header(name).is_some() && found.starts_with(start),
                None => found == expected,
            };
            if !right {
                wrong.push(format!("{name} is {found:?} and not {expected:?}"));
            }
        }
        if let Some(body) = &self.body
            && text != named(body)
        {
            wrong.push(format!("the body is {shown:?}"));
        }
        if let Some(hex) = &self.body_hex
            && answer.body != bytes(hex)
        {
            wrong.push(format!("the body's bytes are {:02x?}", answer.body));
        }
        let mut rest = text.as_str();
        for part in &self.has {
            match rest.split_once(part.as_str()) {
                Some((_, after)) => rest = after,
                None => wrong.push(format!("{part:?} is not in {shown:?}, or not in its order")),
            }
        }
        wrong
    }
}

pub(super) fn files() -> Vec<File> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    paths.iter().map(read).collect()
}

pub(super) fn version(text: &str) -> (u32, u32) {
    let mut parts = text.trim().split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap())
}

pub(super) fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}
