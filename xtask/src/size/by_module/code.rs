//! A Wasm file in pieces: its code by the modules of its source map, and every other section.

use anyhow::{Context, Result};
use wasmparser::{BinaryReader, Parser, Payload};

use super::Piece;
use super::source_map::Mapping;

/// Code that no line of a source stands for: the compiler's and wasm-opt's own.
const NO_SOURCE: &str = "(compiler)";

/// Small ones, and the heads of the file and of the code.
const OTHER_SECTIONS: &str = "(other sections)";

/// The pieces of `wasm`; joined they are the file.
pub(super) fn pieces(wasm: &[u8], mappings: &[Mapping]) -> Result<Vec<Piece>> {
    let mut file = Cut::new(wasm);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.context("the Wasm cannot be read")? {
            Payload::Version { range, .. } => file.until(range.end, OTHER_SECTIONS),
            Payload::CodeSectionStart { unchecked_range, .. } => {
                let content = &wasm[unchecked_range.start as usize..];
                let mut reader = BinaryReader::new(content, unchecked_range.start);
                reader.read_var_u32()?;
                file.until(reader.original_position(), OTHER_SECTIONS);
            }
            Payload::CodeSectionEntry(body) => file.function(body.range().end, mappings),
            section => {
                if let Some((_, range)) = section.as_section() {
                    file.until(range.end, section_name(&section));
                }
            }
        }
    }
    Ok(file.pieces)
}

fn section_name(section: &Payload<'_>) -> &'static str {
    match section {
        Payload::TypeSection(_) => "(types)",
        Payload::ImportSection(_) => "(imports)",
        Payload::FunctionSection(_) => "(the functions' types)",
        Payload::ExportSection(_) => "(exports)",
        Payload::DataSection(_) => "(data segments)",
        _ => OTHER_SECTIONS,
    }
}

/// A file that is cut from its start on.
struct Cut<'a> {
    file: &'a [u8],
    done: u64,
    pieces: Vec<Piece>,
}

impl<'a> Cut<'a> {
    fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            done: 0,
            pieces: Vec::new(),
        }
    }

    fn until(&mut self, end: u64, module: &str) {
        if end > self.done {
            self.pieces.push(Piece {
                module: module.to_owned(),
                bytes: self.file[self.done as usize..end as usize].to_vec(),
            });
            self.done = end;
        }
    }

    /// The function that comes now. Its length and locals, which no mapping is for, belong to its first instruction.
    fn function(&mut self, end: u64, mappings: &[Mapping]) {
        let first = mappings.partition_point(|mapping| mapping.start < self.done);
        let last = mappings.partition_point(|mapping| mapping.start < end);
        let mut module = NO_SOURCE;
        for (at, mapping) in mappings[first..last].iter().enumerate() {
            if at > 0 {
                self.until(mapping.start, module);
            }
            module = mapping.module.as_deref().unwrap_or(NO_SOURCE);
        }
        self.until(end, module);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section with its length, which is short.
    fn section(id: u8, content: &[u8]) -> Vec<u8> {
        [&[id, content.len() as u8], content].concat()
    }

    /// Three functions of nothing but `nop`s, as many as given.
    fn wasm(nops: [usize; 3]) -> Vec<u8> {
        let body = |nops: usize| [&[nops as u8 + 2, 0][..], &vec![1; nops], &[0x0b]].concat();
        let code = [vec![3], body(nops[0]), body(nops[1]), body(nops[2])].concat();
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &[1, 0x60, 0, 0]),
            section(2, b"\x01\x01a\x01b\0\0"),
            section(3, &[3, 0, 0, 0]),
            section(5, &[1, 0, 1]),
            section(7, b"\x01\x04push\0\x01"),
            section(10, &code),
            section(11, b"\x01\0\x41\0\x0b\x04data"),
        ]
        .concat()
    }

    fn of(pieces: &[Piece], module: &str) -> Vec<Vec<u8>> {
        let pieces = pieces.iter().filter(|piece| piece.module == module);
        pieces.map(|piece| piece.bytes.clone()).collect()
    }

    #[test]
    fn the_pieces_are_the_file() {
        let wasm = wasm([3, 1, 0]);
        // Where the first function's first `nop` is.
        let nop = wasm.windows(3).position(|bytes| bytes == [1, 1, 1]).unwrap() as u64;
        let mapping = |start: u64, module: Option<&str>| Mapping {
            start,
            module: module.map(str::to_owned),
        };
        let mappings = [
            mapping(nop, Some("rum_core::engine")),
            mapping(nop + 1, Some("rum_core::view")),
            mapping(nop + 3, None),
            mapping(nop + 6, Some("rum_core::engine")),
        ];
        let pieces = pieces(&wasm, &mappings).unwrap();
        let joined: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.clone()).collect();
        assert_eq!(joined, wasm);
        assert_eq!(
            of(&pieces, "rum_core::engine"),
            [vec![5, 0, 1], vec![3, 0, 1, 0x0b]],
            "with length and locals"
        );
        assert_eq!(of(&pieces, "rum_core::view"), [[1, 1]]);
        assert_eq!(
            of(&pieces, NO_SOURCE),
            [vec![0x0b], vec![2, 0, 0x0b]],
            "the end of the first function, and all of the last"
        );
        assert_eq!(of(&pieces, "(data segments)"), [b"\x0b\x0a\x01\0\x41\0\x0b\x04data"]);
        assert_eq!(
            of(&pieces, OTHER_SECTIONS).len(),
            3,
            "the head, the memory, the code's head"
        );
    }

    #[test]
    fn what_is_no_wasm_is_an_error() {
        assert!(pieces(b"<!doctype html>", &[]).is_err());
        let wasm = wasm([0, 0, 0]);
        assert!(pieces(&wasm[..wasm.len() - 1], &[]).is_err());
    }
}
