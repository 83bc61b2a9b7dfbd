//! In which line of the file a key is, for who has to mend it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The line of `key` (such as `apps[0].pages[2]`) in `text`, from 1; of what is not written, that of the part which is. `None` if
/// nothing of it is: it is a variable of the environment, or a default.
pub(super) fn of(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut steps = key.split(['.', '[']).map(|step| step.trim_end_matches(']'));
    let (_, first) = root.get_ref().get_key_value(steps.next()?)?;
    let found = steps.try_fold(first, |at, step| descend(at, step).ok_or(at));
    let (Ok(found) | Err(found)) = found;
    let before = text.get(..found.span().start)?;
    Some(before.matches('\n').count() + 1)
}

fn descend<'a, 'text>(at: &'a Spanned<DeValue<'text>>, step: &str) -> Option<&'a Spanned<DeValue<'text>>> {
    match at.get_ref() {
        DeValue::Table(table) => table.get(step),
        DeValue::Array(array) => array.get(step.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_where_it_is_written_or_would_be() {
        let text = "listen = \"x\"\n\n[limits]\ndrain = \"1s\"\n[[apps]]\nname = \"a\"\n[[apps]]\nname = \"b\"\npages = [\n  \"/a\",\n  \"b\",\n]\n";
        for (key, expected) in [
            ("listen", Some(1)),
            ("limits.drain", Some(4)),
            ("limits.connections", Some(3)),
            ("apps[0].name", Some(6)),
            ("apps[1].key", Some(7)),
            ("apps[1].pages[1]", Some(11)),
            ("apps[7].key", Some(5)),
            ("spool.max_bytes", None),
            ("data", None),
        ] {
            assert_eq!(of(text, key), expected, "{key}");
        }
        assert_eq!(of("listen = ", "listen"), None);
    }
}
