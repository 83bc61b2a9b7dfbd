//! Rows of one table on their way into an insert, and how they are split when ClickHouse refuses them.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::marks::Hours;

/// RowBinary, with the borders that it does not have itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BatchRows {
    data: Bytes,
    /// The end of each row in `data`.
    ends: Vec<usize>,
}

const SECONDS_A_DAY: u32 = 86_400;

impl BatchRows {
    /// `ends` are the ends of the rows in `data`, in order.
    pub(super) fn new(data: Vec<u8>, ends: Vec<usize>) -> Self {
        Self {
            data: data.into(),
            ends,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All of them, one after the other.
    pub(super) fn data(&self) -> &Bytes {
        &self.data
    }

    /// The first half and the second; of one row the first half is empty.
    pub(super) fn halves(&self) -> [Self; 2] {
        self.split_at(self.len() / 2)
    }

    /// The first `rows`, or as many as there are, and the others.
    pub(super) fn split_at(&self, rows: usize) -> [Self; 2] {
        let (first, second) = self.ends.split_at(rows.min(self.len()));
        let border = first.last().copied().unwrap_or(0);
        [
            Self {
                data: self.data.slice(..border),
                ends: first.to_vec(),
            },
            Self {
                data: self.data.slice(border..),
                ends: second.iter().map(|end| end - border).collect(),
            },
        ]
    }

    /// The hours of apps that the rows are in. The rows must begin with retention (u16), hour (u32) and app.
    pub(super) fn hours(&self) -> Hours {
        let mut hours = Hours::new();
        let mut last: &[u8] = &[];
        let mut start = 0;
        for end in &self.ends {
            let place = self.data.get(start..*end).and_then(place).unwrap_or_default();
            if place != last {
                hours.insert(place.into());
                last = place;
            }
            start = *end;
        }
        hours
    }

    /// The rows of each partition, in order. The rows must begin with retention (u16) and hour (u32).
    pub(super) fn partitions(&self) -> Vec<Self> {
        let mut partitions: BTreeMap<(u16, u32), (Vec<u8>, Vec<usize>)> = BTreeMap::new();
        let mut start = 0;
        for end in &self.ends {
            let row = self.data.get(start..*end).unwrap_or_default();
            let (data, ends) = partitions.entry(partition(row)).or_default();
            data.extend_from_slice(row);
            ends.push(data.len());
            start = *end;
        }
        partitions
            .into_values()
            .map(|(data, ends)| Self::new(data, ends))
            .collect()
    }
}

/// Retention, hour and app, as a row begins with them: two numbers of 2 and 4 bytes, and a text with its length in front.
fn place(row: &[u8]) -> Option<&[u8]> {
    let mut length = 0_usize;
    for (shift, byte) in (0..usize::BITS).step_by(7).zip(row.get(6..)?) {
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let digits = shift as usize / 7 + 1;
            return row.get(..length.checked_add(6 + digits)?);
        }
    }
    None
}

/// What `PARTITION BY (retention, toYYYYMMDD(hour))` tells apart: retention and day.
fn partition(row: &[u8]) -> (u16, u32) {
    let read = || {
        let (retention, rest) = row.split_first_chunk()?;
        let (hour, _) = rest.split_first_chunk()?;
        Some((
            u16::from_le_bytes(*retention),
            u32::from_le_bytes(*hour) / SECONDS_A_DAY,
        ))
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::rowbinary::{Low, Value as _};
    use super::*;

    fn rows(rows: &[&[u8]]) -> BatchRows {
        let mut ends = Vec::new();
        let mut data = Vec::new();
        for row in rows {
            data.extend_from_slice(row);
            ends.push(data.len());
        }
        BatchRows::new(data, ends)
    }

    #[test]
    fn halves_keep_every_row() {
        let [first, second] = rows(&[b"a", b"bb", b"ccc"]).halves();
        assert_eq!((first, second), (rows(&[b"a"]), rows(&[b"bb", b"ccc"])));
        let [first, second] = rows(&[b"a"]).halves();
        assert_eq!((first, second), (rows(&[]), rows(&[b"a"])));
    }

    #[test]
    fn a_split_keeps_every_row() {
        let all = rows(&[b"a", b"bb", b"ccc"]);
        assert_eq!(all.split_at(2), [rows(&[b"a", b"bb"]), rows(&[b"ccc"])]);
        assert_eq!(all.split_at(0), [rows(&[]), all.clone()]);
        assert_eq!(all.split_at(9), [all, rows(&[])]);
    }

    #[test]
    fn rows_of_a_day_and_a_retention_stay_together() {
        let row = |retention: u16, hour: u32, rest: &[u8]| {
            [&retention.to_le_bytes(), hour.to_le_bytes().as_slice(), rest].concat()
        };
        let day = 20_000 * SECONDS_A_DAY;
        let (a, b, c, d) = (
            row(30, day, b"a"),
            row(30, day - 3_600, b"b"),
            row(30, day + 82_800, b"c"),
            row(7, day, b""),
        );
        let found = rows(&[&a, &b, &c, &d]).partitions();
        assert_eq!(found, [rows(&[&d]), rows(&[&b]), rows(&[&a, &c])]);
    }

    #[test]
    fn hours_are_named_once_and_apps_apart() {
        let row = |hour: u32, app: &str, rest: &[u8]| {
            let mut row = [30_u16.to_le_bytes().as_slice(), &hour.to_le_bytes()].concat();
            Low(app).encode(&mut row);
            let place = row.clone();
            row.extend_from_slice(rest);
            (row, place)
        };
        let long = "a".repeat(200);
        let places = [
            row(3_600, "a", b"x"),
            row(3_600, "b", b""),
            row(7_200, "a", b"yy"),
            row(3_600, "a", b"zzz"),
            row(7_200, &long, b"w"),
        ];
        let all: Vec<&[u8]> = places.iter().map(|(row, _)| row.as_slice()).collect();
        let expected: Hours = places.iter().map(|(_, place)| place.clone().into()).collect();
        assert_eq!(expected.len(), 4);
        assert_eq!(rows(&all).hours(), expected);
    }
}
