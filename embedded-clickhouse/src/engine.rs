//! The engine in this process: how it is started and limited, and how a request gets a session.

use std::{
    ffi::{CString, NulError},
    sync::{Mutex, MutexGuard, PoisonError},
};

use thiserror::Error;

use crate::{
    child::ChildOptions,
    exception::{Exception, Kind},
    library::{Connection, Library},
    request::Request,
};

/// The engine does not start.
#[derive(Debug, Error)]
pub enum EngineError {
    /// libchdb gives no reason of its own.
    #[error(
        "ClickHouse does not start on {0}: another process has the folder open, or it cannot be \
         written, or one of the limits is not valid (its log above may say which)"
    )]
    Refused(String),
    /// The data folder's name.
    #[error("the data folder's name has a NUL byte")]
    Path(#[from] NulError),
    /// It started, and cannot say its own version.
    #[error("ClickHouse started, but does not answer: {0}")]
    Mute(String),
}

/// libchdb, running on its data folder.
pub(crate) struct Engine {
    library: &'static Library,
    arguments: Vec<CString>,
    /// Stays open, for closing the last connection would stop the engine. Used to cancel.
    control: Mutex<Connection>,
    version: String,
}

/// ClickHouse's default.
const THREADS: usize = 10_000;

impl Engine {
    /// Starts it. What is not a setting of a query counts only now; later connections carry it to
    /// name the same folder.
    pub(crate) fn start(library: &'static Library, options: &ChildOptions) -> Result<Self, EngineError> {
        let threads = options.threads;
        let arguments = [
            "clickhouse".to_owned(),
            format!("--path={}", options.data.display()),
            format!("--max_server_memory_usage={}", options.memory_bytes),
            format!("--mark_cache_size={}", options.mark_cache_bytes),
            // The caches of skipping indices: nothing here has large ones.
            "--index_mark_cache_size=16777216".to_owned(),
            "--uncompressed_cache_size=0".to_owned(),
            // Of this pool all others take their threads, and hold their locks while they wait for one: if it is smaller than all of
            // them together, merges and inserts can wait for each other for ever. Threads are made when needed.
            format!("--max_thread_pool_size={THREADS}"),
            format!("--max_threads={threads}"),
            // As on a server: a lone expression is no statement, and no introspection.
            "--implicit_select=0".to_owned(),
            "--allow_introspection_functions=0".to_owned(),
        ]
        .into_iter()
        .map(CString::new)
        .collect::<Result<Vec<_>, _>>()?;
        let refused = || EngineError::Refused(options.data.display().to_string());
        let mut control = library.connect(&arguments).ok_or_else(refused)?;
        let version = control
            .query(b"SELECT version()", "TabSeparated", &[])
            .map_err(EngineError::Mute)?;
        let version = String::from_utf8_lossy(version.bytes()).trim().to_owned();
        Ok(Self {
            library,
            arguments,
            control: Mutex::new(control),
            version,
        })
    }

    /// ClickHouse's version, as its errors name it.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// A connection of its own for a request (0.3 ms), so that nothing of it is left for the next:
    /// settings, database, temporary tables. `id` marks its statements for [`Engine::cancel`].
    pub(crate) fn session(&self, request: &Request, id: u64) -> Result<Connection, Exception> {
        let mut connection = self
            .library
            .connect(&self.arguments)
            .ok_or_else(|| Exception::new(Kind::StdException, "libchdb gives no further connection"))?;
        let mut run = |statement: String| match connection.query(statement.as_bytes(), "Null", &[]) {
            Ok(_) => Ok(()),
            Err(text) => Err(Exception::from_engine(&text)),
        };
        if let Some(database) = &request.database {
            run(format!("USE `{}`", escaped(database, '`')))?;
        }
        run(settings_statement(&request.settings, id))?;
        // Last: it locks the settings.
        if let Some(level) = &request.readonly {
            run(format!("SET readonly = '{}'", escaped(level, '\'')))?;
        }
        Ok(connection)
    }

    /// Asks the statement of request `id` to stop; it ends with code 394.
    pub(crate) fn cancel(&self, id: u64) {
        let mark = mark(id);
        self.kill(&format!(
            "KILL QUERY WHERE splitByChar(' ', Settings['log_comment'])[1] = '{mark}' ASYNC"
        ));
    }

    /// Asks all statements to stop.
    pub(crate) fn cancel_all(&self) {
        self.kill("KILL QUERY WHERE Settings['log_comment'] != '' ASYNC");
    }

    fn kill(&self, statement: &str) {
        if let Err(error) = self.control().query(statement.as_bytes(), "Null", &[]) {
            tracing::warn!(%error, "a query could not be cancelled");
        }
    }

    fn control(&self) -> MutexGuard<'_, Connection> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settings, and the mark: libchdb lets nobody choose a query id, so `log_comment` carries what
/// finds the statement again, with the client's own comment behind it.
fn settings_statement(settings: &[(String, String)], id: u64) -> String {
    let mut comment = mark(id);
    let mut statement = String::from("SET ");
    for (name, value) in settings {
        if name == "log_comment" {
            comment = format!("{} {value}", mark(id));
        } else {
            statement += &format!("{name} = '{}', ", escaped(value, '\''));
        }
    }
    statement + &format!("log_comment = '{}'", escaped(&comment, '\''))
}

fn mark(id: u64) -> String {
    format!("request-{id}")
}

fn escaped(text: &str, quote: char) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\\' || character == quote {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_cannot_break_out_of_their_quotes() {
        let settings = [
            ("max_threads".to_owned(), r"1', readonly = '0\".to_owned()),
            ("log_comment".to_owned(), "mine".to_owned()),
        ];
        assert_eq!(
            settings_statement(&settings, 7),
            r"SET max_threads = '1\', readonly = \'0\\', log_comment = 'request-7 mine'"
        );
        assert_eq!(settings_statement(&[], 7), "SET log_comment = 'request-7'");
    }
}
