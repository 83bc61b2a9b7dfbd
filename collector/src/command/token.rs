//! `rum-collector token`: a new token, told once.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use rum_collector::config::{Scope, TokenHash, new_token};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Prints a new random token, and the section that lets it in. The token is nowhere else: keep it, for it is not shown again.
    New {
        /// What the log calls it: letters, digits, - or _.
        #[arg(long, default_value = "reader")]
        name: String,
        /// What it is good for.
        #[arg(long = "scope", value_enum, default_values_t = [TokenScope::Read])]
        scopes: Vec<TokenScope>,
        /// Whose data: names of apps, or * for all.
        #[arg(long = "app", default_values_t = ["*".to_owned()])]
        apps: Vec<String>,
    },
}

/// What a token is good for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TokenScope {
    /// SQL, metrics, the details of health.
    Read,
    /// The state of alerts, silencing them.
    Alerts,
    /// Everything.
    Admin,
}

impl TokenScope {
    const fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::Read,
            Self::Alerts => Scope::Alerts,
            Self::Admin => Scope::Admin,
        }
    }
}

impl TokenCommand {
    /// Does what the arguments say.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::New { name, scopes, apps } = self;
        let token = new_token();
        let scopes: Vec<_> = scopes.into_iter().map(|scope| scope.scope().name()).collect();
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "# The token, which is shown only now; whoever asks sends Authorization: Bearer and this:"
        )?;
        writeln!(out, "# {token}")?;
        writeln!(
            out,
            "# What lets it in, for the configuration, which does not hold the token itself:"
        )?;
        writeln!(out, "[[tokens]]")?;
        writeln!(out, "name = {}", toml::Value::from(name))?;
        writeln!(out, "hash = {}", toml::Value::from(TokenHash::of(&token).to_string()))?;
        writeln!(out, "scopes = {}", toml::Value::from(scopes))?;
        writeln!(out, "apps = {}", toml::Value::from(apps))?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
