//! Which ClickHouse it is, and who asks a server.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use url::Url;

use super::super::raw::{RawClickhouse, RawReader};
use super::super::{Apps, ClickhouseSource, Reader, ReaderOfApps, Readers, Secret, defaults};
use super::{Problems, http_url};

/// How to come by a user that may only read.
const MEND_READER: &str = "name a user that may only read: docs/operating.md has the statements that make one";

/// Checks all of it.
pub(super) fn check(raw: RawClickhouse, apps: &Apps, problems: &mut Problems) -> ClickhouseSource {
    let memory_bytes = problems.bytes(
        "clickhouse.memory_bytes",
        raw.memory_bytes,
        defaults::CLICKHOUSE_MEMORY_BYTES,
        512 << 20..=1 << 40,
    );
    let Some(url) = raw.url else {
        for (key, set) in [
            ("user", raw.user.is_some()),
            ("password_file", raw.password_file.is_some()),
            ("read_user", raw.read_user.is_some()),
            ("read_password_file", raw.read_password_file.is_some()),
            ("readers", !raw.readers.is_empty()),
        ] {
            if set {
                problems.add(
                    format!("clickhouse.{key}"),
                    "is for a ClickHouse server, and clickhouse.url is absent",
                    "set clickhouse.url, or remove this for the embedded ClickHouse",
                );
            }
        }
        return ClickhouseSource::Embedded {
            memory_bytes,
            library: raw.library,
            confine: raw.confine.unwrap_or(true),
        };
    };
    http_url("clickhouse.url", &url, problems);
    if let Ok(parsed) = Url::parse(&url) {
        if parsed.scheme() == "https" {
            problems.add(
                "clickhouse.url",
                "is https, which is not spoken to ClickHouse",
                "write the http port, such as \"http://db.example:8123\"; over a network that is not your own, through a proxy on this machine \
                 that speaks TLS",
            );
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            problems.add(
                "clickhouse.url",
                "has a user or a password in it, which nobody reads there",
                "name the user in clickhouse.user, and a file with the password in clickhouse.password_file",
            );
        }
    }
    for (key, set) in [
        ("memory_bytes", raw.memory_bytes.is_some()),
        ("library", raw.library.is_some()),
        ("confine", raw.confine.is_some()),
    ] {
        if set {
            problems.add(
                format!("clickhouse.{key}"),
                "is for the embedded ClickHouse, and clickhouse.url names a server",
                "remove one of the two",
            );
        }
    }
    if raw.read_user.is_none() && raw.read_password_file.is_some() {
        problems.add(
            "clickhouse.read_password_file",
            "is the password of clickhouse.read_user, which is absent",
            "set clickhouse.read_user, or remove this",
        );
    }
    let user = raw.user.unwrap_or_else(|| defaults::CLICKHOUSE_USER.to_owned());
    let mut users = Users::of_writer(&user);
    ClickhouseSource::Server {
        url,
        password: password("clickhouse.password_file", raw.password_file.as_deref(), problems),
        readers: Readers {
            all: raw.read_user.map(|user| {
                users.check(&user, "clickhouse.read_user", problems);
                let file = raw.read_password_file.as_deref();
                Reader {
                    user,
                    password: password("clickhouse.read_password_file", file, problems),
                }
            }),
            of_apps: readers_of_apps(raw.readers, apps, users, problems),
        },
        user,
    }
}

fn readers_of_apps(raw: Vec<RawReader>, apps: &Apps, mut users: Users, problems: &mut Problems) -> Vec<ReaderOfApps> {
    let mut readers: Vec<ReaderOfApps> = Vec::new();
    for (at, reader) in raw.into_iter().enumerate() {
        let place = |field: &str| format!("clickhouse.readers[{at}].{field}");
        let RawReader {
            apps: names,
            user,
            password_file,
        } = reader;
        users.check(&user, &place("user"), problems);
        let names = apps_of(names, apps, &place("apps"), problems);
        if let Some(other) = readers.iter().position(|other| other.apps == names) {
            problems.add(
                place("apps"),
                format!("are those of clickhouse.readers[{other}], too"),
                "one user asks for tokens of the same apps: remove the other",
            );
        }
        let password = password(&place("password_file"), password_file.as_deref(), problems);
        readers.push(ReaderOfApps {
            apps: names,
            reader: Reader { user, password },
        });
    }
    readers
}

fn apps_of(names: Vec<String>, apps: &Apps, key: &str, problems: &mut Problems) -> BTreeSet<String> {
    if names.is_empty() {
        problems.add(
            key,
            "is empty, so no token asks as this user",
            "name the apps whose rows its row policies show",
        );
    }
    for name in &names {
        if name == "*" {
            problems.add(
                key,
                "lists \"*\", and who sees all apps is clickhouse.read_user",
                "set that, or name the apps whose rows its row policies show",
            );
        } else if !apps.sorted().iter().any(|app| *app.name == **name) {
            problems.add(
                key,
                format!("there is no app {name:?}"),
                "write the name of an [[apps]] section, whose rows its row policies show",
            );
        }
    }
    names.into_iter().collect()
}

/// Where each user is named. To ClickHouse a user is its rights: one that is named twice would see what the other is for.
struct Users(HashMap<String, String>);

impl Users {
    fn of_writer(user: &str) -> Self {
        Self(HashMap::from([(user.to_owned(), "clickhouse.user".to_owned())]))
    }

    fn check(&mut self, user: &str, key: &str, problems: &mut Problems) {
        if user.is_empty() {
            problems.add(key, "is empty, which is ClickHouse's default user", MEND_READER);
            return;
        }
        match self.0.get(user).map(String::as_str) {
            Some("clickhouse.user") => {
                problems.add(key, format!("{user:?} is clickhouse.user, who may write"), MEND_READER);
            }
            Some(other) => problems.add(
                key,
                format!("{user:?} is {other}, who sees the rows of other apps"),
                "name a user of its own, whose row policies show the rows of these apps",
            ),
            None => {
                self.0.insert(user.to_owned(), key.to_owned());
            }
        }
    }
}

/// The file's first line: editors and `echo` leave a line break at the end. Empty without a file.
fn password(key: &str, path: Option<&Path>, problems: &mut Problems) -> Secret {
    let Some(path) = path else {
        return Secret(String::new());
    };
    match std::fs::read_to_string(path) {
        Ok(text) => Secret(text.lines().next().unwrap_or_default().to_owned()),
        Err(error) => {
            problems.add(
                key,
                format!("{} cannot be read: {error}", path.display()),
                "give the path of a file that holds the password and nothing else",
            );
            Secret(String::new())
        }
    }
}
