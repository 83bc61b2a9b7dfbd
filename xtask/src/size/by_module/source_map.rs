//! A source map of a Wasm file (<https://tc39.es/ecma426/>): one line, whose columns are the file's bytes. Its sources
//! are modules here; wasm-opt takes them for names of files, and carries them through.

use anyhow::{Context, Result};
use serde_json::{Value, json};

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Nobody asks for lines. But to wasm-opt the first line of the first source is the same as no place at all.
const LINE: i64 = 1;

/// Where a run of bytes begins, and whose it is until the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) start: u64,
    pub(super) module: Option<String>,
}

/// The map of these mappings, which are in their order.
pub(super) fn write(mappings: &[Mapping]) -> Value {
    let mut sources: Vec<&str> = Vec::new();
    let mut segments = Vec::new();
    let (mut column, mut source, mut line) = (0, 0, 0);
    for mapping in mappings {
        let start = mapping.start as i64;
        let mut segment = encoded(start - column);
        column = start;
        if let Some(module) = &mapping.module {
            let known = sources.iter().position(|known| known == module);
            let index = known.unwrap_or_else(|| {
                sources.push(module);
                sources.len() - 1
            }) as i64;
            segment += &encoded(index - source);
            segment += &encoded(LINE - line);
            segment += &encoded(0);
            (source, line) = (index, LINE);
        }
        segments.push(segment);
    }
    json!({ "version": 3, "sources": sources, "names": [], "mappings": segments.join(",") })
}

/// The mappings of such a map.
pub(super) fn read(map: &Value) -> Result<Vec<Mapping>> {
    let text = map["mappings"].as_str().context("the source map has no mappings")?;
    let mut mappings = Vec::new();
    let (mut column, mut source) = (0, 0);
    for segment in text.split(',').filter(|segment| !segment.is_empty()) {
        let fields = decoded(segment).with_context(|| format!("the source map's {segment:?} cannot be read"))?;
        let (start, rest) = fields.split_first().context("a mapping is empty")?;
        column += start;
        let mut module = None;
        if let Some(step) = rest.first() {
            source += step;
            let name = usize::try_from(source).ok().and_then(|at| map["sources"][at].as_str());
            module = Some(name.context("the source map lacks a source")?.to_owned());
        }
        let start = u64::try_from(column).context("a mapping is before the file")?;
        mappings.push(Mapping { start, module });
    }
    Ok(mappings)
}

/// A number in base 64, the lowest five bits first; the lowest bit is the sign.
fn encoded(number: i64) -> String {
    let mut rest = number.unsigned_abs() << 1 | u64::from(number < 0);
    let mut text = String::new();
    loop {
        let digit = rest & 31;
        rest >>= 5;
        let more = u64::from(rest > 0) << 5;
        text.push(char::from(BASE64[(digit | more) as usize]));
        if rest == 0 {
            return text;
        }
    }
}

/// The numbers of a segment; `None` if it is none.
fn decoded(segment: &str) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0_i64, 0);
    for character in segment.bytes() {
        let digit = BASE64.iter().position(|&known| known == character)? as i64;
        number |= (digit & 31).checked_shl(shift)?;
        shift += 5;
        if digit & 32 == 0 {
            let size = number >> 1;
            numbers.push(if number & 1 == 1 { -size } else { size });
            (number, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(start: u64, module: Option<&str>) -> Mapping {
        let module = module.map(str::to_owned);
        Mapping { start, module }
    }

    #[test]
    fn what_is_written_is_read() {
        let mappings = [
            mapping(3, Some("rum_core::engine")),
            mapping(40, Some("rum_core::vitals::inp")),
            mapping(41, None),
            mapping(100_000, Some("rum_core::engine")),
        ];
        let map = write(&mappings);
        assert_eq!(map["mappings"], "GACA,qCCAA,C,unjGDAA");
        assert_eq!(map["sources"], json!(["rum_core::engine", "rum_core::vitals::inp"]));
        assert_eq!(read(&map).unwrap(), mappings);
        assert_eq!(read(&write(&[])).unwrap(), []);
    }

    #[test]
    fn what_is_no_map_is_an_error() {
        for map in [
            json!({}),
            json!({ "mappings": "!" }),
            json!({ "mappings": "g" }),
            json!({ "mappings": "D" }),
            json!({ "mappings": "AAAA", "sources": [] }),
        ] {
            assert!(read(&map).is_err(), "{map}");
        }
    }
}
