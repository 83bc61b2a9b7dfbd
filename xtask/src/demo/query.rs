//! Asking the running collector with SQL, by its own command line.

use std::process::Command;

use anyhow::{Context, Result};

use super::site::Site;
use crate::native::COLLECTOR;
use crate::process;
use crate::workspace::Workspace;

/// What a person may copy and run, printed by the demo.
pub(super) const EXAMPLE: &str = "SELECT page, round(quantile(0.75)(value)) AS lcp_p75_ms, count() AS views \
FROM rum.web_vitals WHERE metric = 'LCP' AND hour >= now() - INTERVAL 1 DAY GROUP BY page ORDER BY views DESC";

/// `rum-collector sql` with the demo's configuration.
pub(super) fn sql(workspace: &Workspace, site: &Site, statement: &str, format: &str) -> Result<String> {
    process::output(&mut command(workspace, site, statement, format))
}

/// A query's single number.
pub(super) fn number(workspace: &Workspace, site: &Site, statement: &str) -> Result<u64> {
    let csv = sql(workspace, site, statement, "csv")?;
    let value = csv.lines().last().unwrap_or_default().trim_matches('"');
    value
        .parse()
        .with_context(|| format!("`{statement}` gave no number but {csv:?}"))
}

/// The example as it is typed at the root of the checkout.
pub(super) fn example(workspace: &Workspace, site: &Site) -> String {
    let relative = |path: &std::path::Path| path.strip_prefix(&workspace.root).unwrap_or(path).display().to_string();
    format!(
        "{} sql --config {} \"{EXAMPLE}\"",
        relative(&workspace.binary(COLLECTOR)),
        relative(&site.config)
    )
}

fn command(workspace: &Workspace, site: &Site, statement: &str, format: &str) -> Command {
    let mut command = Command::new(workspace.binary(COLLECTOR));
    command
        .arg("sql")
        .arg("--config")
        .arg(&site.config)
        .args(["--format", format, statement]);
    command
}
