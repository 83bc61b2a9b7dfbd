//! Text in columns, for people: numbers to the right, everything else to the left.

/// The lines of a table; nothing without rows.
pub(super) fn columns<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let widths: [usize; N] = std::array::from_fn(|place| {
        let cells = rows.iter().map(|row| row[place].chars().count());
        cells.fold(head[place].chars().count(), usize::max)
    });
    let numbers: [bool; N] = std::array::from_fn(|place| {
        rows.iter()
            .all(|row| row[place].bytes().all(|byte| byte.is_ascii_digit()))
    });
    let mut text = String::new();
    let heads = std::iter::once(head);
    for row in heads.chain(rows.iter().map(|row| row.each_ref().map(String::as_str))) {
        let mut line = String::new();
        for ((cell, width), number) in row.into_iter().zip(widths).zip(numbers) {
            if !line.is_empty() {
                line += "  ";
            }
            line += &if number {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            };
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_under_numbers() {
        let row = |name: &str, rows: &str| [name.to_owned(), rows.to_owned()];
        let text = columns(["table", "rows"], &[row("views", "7"), row("long_frames", "12345")]);
        assert_eq!(text, "table         rows\nviews            7\nlong_frames  12345\n");
        assert_eq!(columns(["table"], &[]), "");
    }
}
