//! ClickHouse's RowBinary: how each type of a column is written.
//! <https://clickhouse.com/docs/interfaces/formats/RowBinary>
//!
//! A Rust type stands for exactly one ClickHouse type, so a row cannot be written in another form than its column has.

use rum_core::Id;
use rum_core::vitals::{Rating, Scope};
use serde_json::Value as Json;

/// A value of one column.
pub(crate) trait Value {
    /// The column's type, spelt as `system.columns` spells it.
    fn sql_type() -> String;
    /// Appends the value.
    fn encode(&self, out: &mut Vec<u8>);
    /// Appends the value of a column that may have none.
    fn encode_some(&self, out: &mut Vec<u8>) {
        out.push(0);
        self.encode(out);
    }
    /// The value for people: in dead letters, in `clock_bad` and in snapshots.
    fn json(&self) -> Json;
}

/// Text with few different values in one column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Low<'a>(pub(crate) &'a str);

/// A moment in whole seconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(pub(crate) u32);

/// A moment in milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Millis(pub(crate) i64);

macro_rules! numbers {
    ($($type:ty => $sql:literal,)*) => {$(
        impl Value for $type {
            fn sql_type() -> String {
                $sql.to_owned()
            }
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            // In one piece: a row has dozens of them.
            fn encode_some(&self, out: &mut Vec<u8>) {
                let mut bytes = [0; 1 + size_of::<$type>()];
                bytes[1..].copy_from_slice(&self.to_le_bytes());
                out.extend_from_slice(&bytes);
            }
            fn json(&self) -> Json {
                Json::from(*self)
            }
        }
    )*};
}

numbers! {
    u16 => "UInt16",
    u32 => "UInt32",
    u64 => "UInt64",
    i64 => "Int64",
    f32 => "Float32",
    f64 => "Float64",
}

impl Value for bool {
    fn sql_type() -> String {
        "Bool".to_owned()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Value for Id {
    fn sql_type() -> String {
        u64::sql_type()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn json(&self) -> Json {
        Json::from(self.to_string())
    }
}

impl Value for Seconds {
    fn sql_type() -> String {
        "DateTime('UTC')".to_owned()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn json(&self) -> Json {
        Json::from(self.0)
    }
}

impl Value for Millis {
    fn sql_type() -> String {
        "DateTime64(3, 'UTC')".to_owned()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_le_bytes());
    }
    fn json(&self) -> Json {
        Json::from(self.0)
    }
}

impl Value for &str {
    fn sql_type() -> String {
        "String".to_owned()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        // Most columns of most rows hold none.
        if self.is_empty() {
            return out.push(0);
        }
        length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }
    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Value for Low<'_> {
    fn sql_type() -> String {
        "LowCardinality(String)".to_owned()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn json(&self) -> Json {
        self.0.json()
    }
}

impl<T: Value> Value for Option<T> {
    fn sql_type() -> String {
        format!("Nullable({})", T::sql_type())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.encode_some(out),
            None => out.push(1),
        }
    }
    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, Value::json)
    }
}

impl<T: Value> Value for Vec<T> {
    fn sql_type() -> String {
        format!("Array({})", T::sql_type())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        length(self.len(), out);
        self.iter().for_each(|value| value.encode(out));
    }
    fn json(&self) -> Json {
        self.iter().map(Value::json).collect()
    }
}

/// Values by their names.
#[derive(Clone, Debug)]
pub(crate) struct Map<K, V>(pub(crate) Vec<(K, V)>);

impl<K: Value, V: Value> Value for Map<K, V> {
    fn sql_type() -> String {
        format!("Map({}, {})", K::sql_type(), V::sql_type())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        length(self.0.len(), out);
        for (key, value) in &self.0 {
            key.encode(out);
            value.encode(out);
        }
    }
    fn json(&self) -> Json {
        let entry = |(key, value): &(K, V)| Some((key.json().as_str()?.to_owned(), value.json()));
        self.0
            .iter()
            .filter_map(entry)
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

impl Value for Rating {
    fn sql_type() -> String {
        "Enum8('good' = 1, 'needs-improvement' = 2, 'poor' = 3)".to_owned()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
    fn json(&self) -> Json {
        Json::from(match self {
            Self::Good => "good",
            Self::NeedsImprovement => "needs-improvement",
            Self::Poor => "poor",
        })
    }
}

impl Value for Scope {
    fn sql_type() -> String {
        "Enum8('document' = 0, 'view' = 1)".to_owned()
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
    fn json(&self) -> Json {
        Json::from(match self {
            Self::Document => "document",
            Self::View => "view",
        })
    }
}

/// A length as LEB128: seven bits a byte, the lowest first.
pub(super) fn length(mut rest: usize, out: &mut Vec<u8>) {
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::schema::Column;
    use super::*;

    /// Reads RowBinary back by the types of its columns, as ClickHouse would: one object a row.
    pub(crate) fn decode(columns: &[Column], mut data: &[u8]) -> Vec<serde_json::Map<String, Json>> {
        let mut rows = Vec::new();
        while !data.is_empty() {
            let row = columns
                .iter()
                .map(|column| (column.name.clone(), decode_value(&column.sql_type, &mut data)));
            rows.push(row.collect());
        }
        rows
    }

    fn decode_value(sql_type: &str, data: &mut &[u8]) -> Json {
        if let Some(inner) = sql_type
            .strip_prefix("Nullable(")
            .and_then(|inner| inner.strip_suffix(')'))
        {
            return if take(data, 1)[0] == 1 {
                Json::Null
            } else {
                decode_value(inner, data)
            };
        }
        if let Some(inner) = sql_type
            .strip_prefix("Array(")
            .and_then(|inner| inner.strip_suffix(')'))
        {
            return (0..decode_length(data)).map(|_| decode_value(inner, data)).collect();
        }
        if let Some(inner) = sql_type
            .strip_prefix("Map(")
            .and_then(|inner| inner.split_once(", ")?.1.strip_suffix(')'))
        {
            let entries = (0..decode_length(data)).map(|_| {
                let key = decode_value("String", data);
                (key.as_str().unwrap().to_owned(), decode_value(inner, data))
            });
            return entries.collect::<serde_json::Map<_, _>>().into();
        }
        let fixed = |bytes: &[u8]| {
            bytes
                .iter()
                .rev()
                .fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        match sql_type {
            "String" | "LowCardinality(String)" => {
                let length = decode_length(data);
                String::from_utf8(take(data, length).to_vec()).unwrap().into()
            }
            "Bool" => (take(data, 1)[0] == 1).into(),
            "UInt16" => fixed(take(data, 2)).into(),
            "UInt32" | "DateTime('UTC')" => fixed(take(data, 4)).into(),
            "UInt64" => fixed(take(data, 8)).into(),
            "Int64" | "DateTime64(3, 'UTC')" => fixed(take(data, 8)).cast_signed().into(),
            "Float32" => f32::from_bits(u32::try_from(fixed(take(data, 4))).unwrap()).into(),
            "Float64" => f64::from_bits(fixed(take(data, 8))).into(),
            name if name.starts_with("Enum8(") => {
                let code = format!("' = {}", take(data, 1)[0]);
                let (before, _) = name.split_once(&code).unwrap();
                before.rsplit_once('\'').unwrap().1.into()
            }
            other => panic!("{other} is not decoded"),
        }
    }

    fn decode_length(data: &mut &[u8]) -> usize {
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = take(data, 1)[0];
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return length;
            }
        }
    }

    fn take<'a>(data: &mut &'a [u8], length: usize) -> &'a [u8] {
        let (taken, rest) = data.split_at(length);
        *data = rest;
        taken
    }

    #[track_caller]
    fn check(value: &impl Value, expected: &[u8]) {
        let mut out = Vec::new();
        value.encode(&mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn values_are_written_as_clickhouse_reads_them() {
        check(&0x0102_u16, &[2, 1]);
        check(&Id(1 << 56), &[0, 0, 0, 0, 0, 0, 0, 1]);
        check(&Millis(-1), &[0xff; 8]);
        check(&"ä", &[2, 0xc3, 0xa4]);
        check(&None::<f32>, &[1]);
        check(&Some(1.0_f32), &[0, 0, 0, 0x80, 0x3f]);
        check(&Rating::Poor, &[3]);
        check(&true, &[1]);
        check(&-2_i64, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        check(&vec![1_u16, 2], &[2, 1, 0, 2, 0]);
        check(
            &Map(vec![(Low("a"), 1_u16), (Low("b"), 2)]),
            &[2, 1, b'a', 1, 0, 1, b'b', 2, 0],
        );
    }

    #[test]
    fn a_length_takes_seven_bits_a_byte() {
        for (value, expected) in [
            (0, vec![0]),
            (127, vec![127]),
            (128, vec![0x80, 1]),
            (300, vec![0xac, 2]),
        ] {
            let mut out = Vec::new();
            length(value, &mut out);
            assert_eq!(out, expected);
        }
    }
}
