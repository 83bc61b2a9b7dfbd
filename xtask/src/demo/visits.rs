//! `cargo xtask demo --visits N`: headless Chromium goes through the shop; then what the collector made of it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::query::{number, sql};
use super::site::Site;
use super::{Demo, Watch};
use crate::tools::browsers;
use crate::workspace::Workspace;
use crate::{process, terminal};

/// Documents that a visit loads: home, list, product, cart, magazine. The magazine's routes are views besides.
const LOADS_A_VISIT: u64 = 5;

/// After the last visit: until its rows are in ClickHouse.
const ROWS_WITHIN: Duration = Duration::from_secs(60);

/// After the rows: until the rules were evaluated and the webhook was called.
const ALERT_WITHIN: Duration = Duration::from_secs(60);

/// Drives the visits, waits for what must come of them, and prints it.
pub(super) fn run(demo: &mut Demo<'_>, visits: u32) -> Result<()> {
    let (workspace, site) = (demo.workspace, &demo.site);
    let before = number(workspace, site, "SELECT toUnixTimestamp64Milli(now64(3))")?;
    terminal::note("visits", &format!("{visits} visits in headless Chromium"));
    let mut node = workspace.command("node");
    node.arg(workspace.path("xtask/visits.mjs"))
        .args(["--shop", &format!("http://{}", site.shop)]);
    node.arg("--browser")
        .arg(browsers::CHROMIUM.ready()?)
        .args(["--visits", &visits.to_string()]);
    let status = process::lines(&mut node, |line| terminal::note("", line))?;
    process::succeeded(&node, status).context("the visits did not get through the shop")?;

    let wanted = LOADS_A_VISIT * u64::from(visits);
    let since = since(before);
    terminal::note("visits", "waiting for their rows");
    wait_for_rows(demo, wanted, &since)?;
    if !demo.firing.has_fired() {
        terminal::note("visits", "waiting for an alert");
        demo.watch(ALERT_WITHIN, |demo| {
            Ok(if demo.firing.has_fired() {
                Watch::Done
            } else {
                Watch::On
            })
        })
        .context(
            "no alert fired: its rules are in demo-site/rules.yaml, and the collector's log says what it evaluated",
        )?;
    }
    print_report(demo.workspace, &demo.site, &since)?;
    terminal::result("\nThe alerts that are firing");
    if demo.firing.is_empty() {
        terminal::result("none: what fired on the way has resolved");
    }
    for line in demo.firing.lines() {
        terminal::result(line);
    }
    Ok(())
}

fn wait_for_rows(demo: &mut Demo<'_>, wanted: u64, since: &str) -> Result<()> {
    let statement = format!("SELECT count() FROM rum.page_views WHERE kind = 'load' AND {since}");
    let started = Instant::now();
    let mut found = 0;
    let waited = demo.watch(ROWS_WITHIN, |demo| {
        found = number(demo.workspace, &demo.site, &statement)?;
        Ok(if found >= wanted { Watch::Done } else { Watch::On })
    });
    if let Err(error) = waited {
        bail!(
            "{error:#}: {found} of {wanted} page loads are in ClickHouse after {}",
            terminal::duration(started.elapsed())
        );
    }
    Ok(())
}

fn print_report(workspace: &Workspace, site: &Site, since: &str) -> Result<()> {
    let p75 = |metric: &str, digits: u8| {
        let value = format!("round(quantileIf(0.75)(value, metric = '{metric}'), {digits})");
        // Without samples a quantile is NaN, which is no answer to read.
        format!("if(countIf(metric = '{metric}') = 0, '', toString({value}))")
    };
    let tables = [
        (
            "p75 by page (ms; CLS without unit)",
            format!(
                "SELECT page, uniqExact(view_id) AS views, {} AS LCP, {} AS INP, {} AS CLS, {} AS FCP, {} AS TTFB \
                 FROM rum.web_vitals WHERE {since} GROUP BY page ORDER BY views DESC, page LIMIT 20",
                p75("LCP", 0),
                p75("INP", 0),
                p75("CLS", 4),
                p75("FCP", 0),
                p75("TTFB", 0)
            ),
        ),
        (
            "Errors",
            format!(
                "SELECT type, substring(message, 1, 60) AS message, page, sum(count) AS times, uniqExact(session_id) AS sessions \
                 FROM rum.errors WHERE {since} GROUP BY type, message, page ORDER BY times DESC, page LIMIT 20"
            ),
        ),
        (
            "Sessions",
            "SELECT session_id, formatDateTime(start, '%H:%i:%S') AS began, pages, entry, exit, errors, round(worst_lcp_ms) AS worst_lcp_ms \
             FROM rum.sessions ORDER BY start DESC LIMIT 20"
                .to_owned(),
        ),
    ];
    for (heading, statement) in tables {
        terminal::result(&format!("\n{heading}"));
        terminal::result(&sql(workspace, site, &statement, "table")?);
    }
    Ok(())
}

/// What arrived after this moment, in ms since the epoch by ClickHouse's clock.
fn since(milliseconds: u64) -> String {
    format!("hour >= now() - INTERVAL 1 DAY AND recv_ts >= fromUnixTimestamp64Milli({milliseconds})")
}
