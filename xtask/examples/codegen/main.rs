//! Writes to stdout what rum-core generates from its wire tables: `typescript`, `names`, `events`, `markdown` or
//! `schema`.
//!
//! An example, so that only `cargo xtask codegen` compiles rum-core before xtask: the other commands work also while
//! rum-core does not.

mod schema;

use std::io::Write;

use rum_core::wire::codegen;

fn main() -> anyhow::Result<()> {
    let text = match std::env::args().nth(1).as_deref() {
        Some("typescript") => codegen::typescript(),
        Some("names") => codegen::names(),
        Some("events") => codegen::events(),
        Some("markdown") => codegen::markdown(),
        Some("schema") => serde_json::to_string_pretty(&schema::of_the_documented_form())?,
        other => anyhow::bail!("typescript, names, events, markdown or schema is wanted, not {other:?}"),
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
