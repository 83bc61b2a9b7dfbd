//! Which module each instruction of a Wasm file was written in, by its debug information (DWARF), before wasm-opt.

use std::collections::BTreeMap;
use std::path::Path;

use addr2line::gimli::{self, Dwarf, EndianSlice, LittleEndian};
use anyhow::{Context, Result};
use wasmparser::{Parser, Payload};

use super::source_map::Mapping;

type Sections<'a> = EndianSlice<'a, LittleEndian>;

/// A mapping for each place in the code. `root` is the workspace's folder.
pub(super) fn mappings(wasm: &[u8], root: &Path) -> Result<Vec<Mapping>> {
    let mut code = None;
    let mut sections = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::CodeSectionStart { unchecked_range, .. } => code = Some(unchecked_range),
            Payload::CustomSection(section) => {
                sections.insert(section.name(), section.data());
            }
            _ => {}
        }
    }
    let code = code.context("the Wasm has no code")?;
    let dwarf = Dwarf::load(|section| {
        let data = sections.get(section.name()).copied().unwrap_or_default();
        Ok::<_, gimli::Error>(EndianSlice::new(data, LittleEndian))
    })?;
    let context = addr2line::Context::from_dwarf(dwarf)?;
    // Addresses count from the start of the section's content (https://yurydelendik.github.io/webassembly-dwarf/).
    let mut modules = BTreeMap::new();
    for (address, length, _) in context.find_location_range(0, code.end - code.start)? {
        modules.insert(address, module(&context, address, root)?);
        // Until somebody else begins there.
        modules.entry(address + length).or_default();
    }
    let modules = modules.into_iter();
    Ok(modules
        .map(|(address, module)| Mapping {
            start: code.start + address,
            module,
        })
        .collect())
}

/// Of the functions that were inlined into each other there: the innermost of the workspace's own, so that what the
/// standard library does for it inline is counted for who wants it done; else the outermost.
fn module(context: &addr2line::Context<Sections<'_>>, address: u64, root: &Path) -> Result<Option<String>> {
    let mut frames = context.find_frames(address).skip_all_loads()?;
    let mut outermost = None;
    while let Some(frame) = frames.next()? {
        if let Some(file) = frame.location.and_then(|location| location.file) {
            let file = Path::new(file);
            if let Ok(own) = file.strip_prefix(root) {
                return Ok(own_module(own));
            }
            outermost = foreign_module(file);
        }
    }
    Ok(outermost)
}

/// `rum_core::vitals::lcp` of `rum-core/src/vitals/lcp.rs`.
fn own_module(file: &Path) -> Option<String> {
    let text = file.to_str()?;
    let (package, path) = text.split_once("/src/")?;
    Some(module_name(package, path.split('/')))
}

/// `core::iter` of `…/library/core/src/iter/adapters/chain.rs`: the first level is enough.
fn foreign_module(file: &Path) -> Option<String> {
    let text = file.to_str()?;
    let (package, path) = text.rsplit_once("/src/")?;
    let package = package.rsplit_once('/').map_or(package, |(_, name)| name);
    Some(module_name(package, path.split('/').take(1)))
}

fn module_name<'a>(package: &str, path: impl Iterator<Item = &'a str>) -> String {
    let mut name = package.replace('-', "_");
    for part in path {
        let part = part.trim_end_matches(".rs");
        if !matches!(part, "lib" | "mod") {
            name += "::";
            name += part;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_module() {
        for (file, expected) in [
            ("rum-core/src/vitals/lcp.rs", "rum_core::vitals::lcp"),
            ("rum-core/src/vitals/mod.rs", "rum_core::vitals"),
            ("rum-sdk/src/lib.rs", "rum_sdk"),
        ] {
            assert_eq!(own_module(Path::new(file)).as_deref(), Some(expected));
        }
        assert_eq!(own_module(Path::new("README.md")), None);
        for (file, expected) in [
            ("/rustc/0123/library/core/src/iter/adapters/chain.rs", "core::iter"),
            ("/rust/library/alloc/src/alloc.rs", "alloc::alloc"),
            (
                "/rust/library/core/src/../../stdarch/crates/core_arch/src/wasm32/memory.rs",
                "core_arch::wasm32",
            ),
            ("/registry/src/index/hash-brown/src/map.rs", "hash_brown::map"),
        ] {
            assert_eq!(foreign_module(Path::new(file)).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_has_no_debug_information_has_no_mappings() {
        let code = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b";
        assert_eq!(mappings(code, Path::new("/")).unwrap(), []);
        assert!(mappings(b"\0asm\x01\0\0\0", Path::new("/")).is_err(), "no code");
        assert!(mappings(b"<!doctype html>", Path::new("/")).is_err());
    }
}
