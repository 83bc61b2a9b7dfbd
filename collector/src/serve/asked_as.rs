//! As whom ClickHouse is asked for a token.

use http::StatusCode;

use super::Problem;
use crate::config::{Readers, Token, TokenApps};
use crate::store::Clickhouse;

/// As whom people ask ClickHouse.
#[derive(Clone)]
pub enum AskedAs {
    /// The one user of the embedded one, who sees the rows of every app.
    Owner(Clickhouse),
    /// Users of a server that may only read.
    Readers(Readers<Clickhouse>),
}

impl AskedAs {
    /// Whether every statement sees the rows of all apps.
    pub(super) const fn shows_all_apps(&self) -> bool {
        matches!(self, Self::Owner(_))
    }

    /// ClickHouse as `token` may see it. The owner is for tokens of all apps.
    ///
    /// # Errors
    /// When there is no such user.
    pub(super) fn by(&self, token: &Token) -> Result<&Clickhouse, Problem> {
        match self {
            Self::Owner(clickhouse) => Ok(clickhouse),
            Self::Readers(readers) => readers.of(&token.apps).ok_or_else(|| nobody(token)),
        }
    }
}

/// Nobody asks for this token.
fn nobody(token: &Token) -> Problem {
    match &token.apps {
        TokenApps::All => {
            let message = "statements are not run: clickhouse.url names a server, and clickhouse.read_user no user that may only \
                           read; docs/operating.md has the statements that make one";
            Problem::new(StatusCode::FORBIDDEN, "sql_unconfined", message)
        }
        TokenApps::Listed(names) => {
            let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
            let message = format!(
                "the token {} is for some apps, and no user of the ClickHouse server is for these very apps: add a \
                 [[clickhouse.readers]] section with apps = [{}] to the configuration, and a user whose row policies show their rows \
                 and no others; docs/operating.md has the statements that make one",
                token.name,
                names.join(", ")
            );
            Problem::new(StatusCode::FORBIDDEN, "reader_missing", message)
        }
    }
}
