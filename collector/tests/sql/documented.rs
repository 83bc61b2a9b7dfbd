//! What docs/operating.md has a server do.

use std::fs;
use std::path::Path;

/// The statements that make users, in their order.
pub(crate) fn statements() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
    let text = fs::read_to_string(path).unwrap();
    let blocks = text
        .split("```text\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    blocks
        .filter(|block| block.starts_with("CREATE "))
        .flat_map(|block| block.split(";\n"))
        .filter(|statement| !statement.trim().is_empty())
        .map(str::to_owned)
        .collect()
}
