//! A flame graph: stacks of many moments side by side, each function as wide as it was often there.
//! <https://www.brendangregg.com/flamegraphs.html>

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result};
use inferno::collapse::Collapse as _;
use inferno::collapse::perf::Folder;
use inferno::flamegraph::{self, Options};

/// The narrowest function that is drawn, in percent of all: narrower ones make the file large and cannot be read.
const NARROWEST: f64 = 0.4;

/// Draws what `perf script` printed, as SVG.
pub(super) fn draw(script: &str, drawing: &Path) -> Result<()> {
    let mut stacks = Vec::new();
    Folder::default()
        .collapse(script.as_bytes(), &mut stacks)
        .context("the samples of perf")?;
    let mut options = Options::default();
    options.title = "CPU of the collector under full load".to_owned();
    options.min_width = NARROWEST;
    options.image_width = Some(1_400);
    options.deterministic = true;
    let file = File::create(drawing).with_context(|| format!("{} cannot be written", drawing.display()))?;
    flamegraph::from_reader(&mut options, stacks.as_slice(), BufWriter::new(file)).context("the drawing")
}
