//! What the bytes of a row must look like, by the types of its columns: RowBinary says nothing about itself.
//! <https://clickhouse.com/docs/interfaces/formats/RowBinary>

use super::schema::Column;

/// Types within types. A segment's header says them, and what is read from a disk may be anything.
const DEEPEST: u8 = 8;

/// The shape of a table's rows.
#[derive(Debug)]
pub(super) struct RowShape(Vec<Shape>);

impl RowShape {
    /// The shape of rows of these columns; `None` if one has a type that this collector does not write.
    pub(super) fn of(columns: &[Column]) -> Option<Self> {
        let shapes = columns.iter().map(|column| Shape::of(&column.sql_type, DEEPEST));
        shapes.collect::<Option<_>>().map(Self)
    }

    /// Whether `row` is one row, no more and no less.
    pub(super) fn fits(&self, row: &[u8]) -> bool {
        let end = self.0.iter().try_fold(row, |rest, shape| shape.skip(rest));
        end.is_some_and(<[u8]>::is_empty)
    }

    /// The bytes of the column at `place`, counted from 0.
    pub(super) fn field<'a>(&self, place: usize, row: &'a [u8]) -> Option<&'a [u8]> {
        let (shape, before) = self.0.get(..=place)?.split_last()?;
        let start = before.iter().try_fold(row, |rest, shape| shape.skip(rest))?;
        let rest = shape.skip(start)?;
        start.get(..start.len() - rest.len())
    }
}

/// The shape of one value.
#[derive(Debug, PartialEq, Eq)]
enum Shape {
    /// So many bytes, whatever they are.
    Fixed(usize),
    /// One of these bytes.
    Code(Vec<u8>),
    /// A length and so many bytes of UTF-8.
    Text,
    /// 1 for nothing, or 0 and the value.
    Nullable(Box<Shape>),
    /// A length and so many values.
    List(Box<Shape>),
    /// A length and so many keys with their values.
    Map(Box<[Shape; 2]>),
}

impl Shape {
    fn of(sql_type: &str, depth: u8) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        if let Some(inner) = inside(sql_type, "Nullable(") {
            return Some(Self::Nullable(Self::of(inner, depth)?.into()));
        }
        if let Some(inner) = inside(sql_type, "Array(") {
            return Some(Self::List(Self::of(inner, depth)?.into()));
        }
        if let Some(inner) = inside(sql_type, "Map(") {
            // No key's type has a comma in it.
            let (key, value) = inner.split_once(", ")?;
            return Some(Self::Map([Self::of(key, depth)?, Self::of(value, depth)?].into()));
        }
        if let Some(inner) = inside(sql_type, "Enum8(") {
            return Some(Self::Code(codes(inner)?));
        }
        Some(match sql_type {
            "Bool" => Self::Code(vec![0, 1]),
            "UInt16" => Self::Fixed(2),
            "UInt32" | "Float32" | "DateTime('UTC')" => Self::Fixed(4),
            "UInt64" | "Int64" | "Float64" | "DateTime64(3, 'UTC')" => Self::Fixed(8),
            "String" | "LowCardinality(String)" => Self::Text,
            _ => return None,
        })
    }

    /// What follows the value that `data` begins with; `None` if it begins with none.
    fn skip<'a>(&self, data: &'a [u8]) -> Option<&'a [u8]> {
        match self {
            Self::Fixed(bytes) => data.get(*bytes..),
            Self::Code(codes) => {
                let (code, rest) = data.split_first()?;
                codes.contains(code).then_some(rest)
            }
            Self::Text => {
                let (length, rest) = length(data)?;
                let (text, rest) = rest.split_at_checked(length)?;
                std::str::from_utf8(text).ok().map(|_| rest)
            }
            Self::Nullable(inner) => match data.split_first()? {
                (0, rest) => inner.skip(rest),
                (1, rest) => Some(rest),
                _ => None,
            },
            // No value is empty, so a length that is too long ends where the data do.
            Self::List(inner) => {
                let (length, rest) = length(data)?;
                (0..length).try_fold(rest, |rest, _| inner.skip(rest))
            }
            Self::Map(entry) => {
                let (length, rest) = length(data)?;
                let [key, value] = &**entry;
                (0..length).try_fold(rest, |rest, _| value.skip(key.skip(rest)?))
            }
        }
    }
}

fn inside<'a>(sql_type: &'a str, outside: &str) -> Option<&'a str> {
    sql_type.strip_prefix(outside)?.strip_suffix(')')
}

/// The codes in `'good' = 1, 'poor' = 2`.
fn codes(names: &str) -> Option<Vec<u8>> {
    let code = |name: &str| name.rsplit_once(" = ")?.1.parse::<i8>().ok().map(i8::cast_unsigned);
    names.split(',').map(code).collect()
}

/// A length, seven bits a byte, the lowest first; and what follows it.
fn length(data: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (place, byte) in data.iter().enumerate() {
        let shift = u32::try_from(7 * place).ok().filter(|shift| *shift < usize::BITS)?;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((value, data.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rum_core::vitals::Rating;

    use super::super::rowbinary::{Low, Map, Millis, Value};
    use super::super::schema::Table;
    use super::*;

    #[track_caller]
    fn check<T: Value>(value: &T) {
        let shape = RowShape::of(&[Column::of::<T>("column")]).unwrap();
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        assert!(shape.fits(&bytes), "{bytes:?}");
        assert!(!shape.fits(&bytes[..bytes.len() - 1]), "cut");
        assert_eq!(shape.field(0, &bytes), Some(&*bytes));
        bytes.push(0);
        assert!(!shape.fits(&bytes), "longer");
    }

    #[test]
    fn what_is_written_fits() {
        check(&7_u16);
        check(&7_u32);
        check(&7_i64);
        check(&0.5_f32);
        check(&true);
        check(&Millis(1));
        check(&"text".repeat(100).as_str());
        check(&Low("ä"));
        check(&None::<u64>);
        check(&Some("text"));
        check(&vec![Low("a"), Low("b")]);
        check(&Map(vec![(Low("a"), 1.0_f32), (Low("b"), 2.0)]));
        check(&Rating::Poor);
    }

    #[test]
    fn what_no_writer_writes_does_not_fit() {
        for (sql_type, bytes) in [
            ("Bool", &[2][..]),
            ("Nullable(Bool)", &[2, 0]),
            ("Enum8('good' = 1, 'poor' = 2)", &[3]),
            ("String", &[2, 0xff, 0xff]),
            ("String", &[0xff; 12]),
            ("Array(UInt16)", &[0xff, 0xff, 0xff, 0xff, 0x0f]),
        ] {
            let column = Column {
                name: "column".to_owned(),
                sql_type: sql_type.to_owned(),
            };
            assert!(!RowShape::of(&[column]).unwrap().fits(bytes), "{sql_type}");
        }
    }

    #[test]
    fn every_table_has_a_shape_and_what_is_unknown_has_none() {
        for table in Table::ALL {
            assert!(RowShape::of(&table.columns()).is_some(), "{table:?}");
        }
        let nested = format!("{}Bool{}", "Nullable(".repeat(10_000), ")".repeat(10_000));
        for sql_type in ["Decimal(9, 2)", "Enum8()", "Map(String)", &nested] {
            assert_eq!(Shape::of(sql_type, DEEPEST), None);
        }
    }

    proptest! {
        #[test]
        fn no_row_makes_it_fall(row in proptest::collection::vec(any::<u8>(), 0..300)) {
            for table in Table::ALL {
                let shape = RowShape::of(&table.columns()).unwrap();
                let _ = shape.fits(&row);
                let _ = shape.field(5, &row);
            }
        }
    }
}
