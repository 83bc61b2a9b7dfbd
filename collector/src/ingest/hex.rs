//! Ids that other systems made, in hexadecimal digits: what is none is left out, for nothing could be joined by it.

use rum_core::wire::record::Attributes;

use super::outcome::{Outcome, Tally};

/// Digits of a trace id. <https://www.w3.org/TR/trace-context/#trace-id>
pub(super) const TRACE_DIGITS: usize = 32;
/// Digits of a span id. <https://www.w3.org/TR/trace-context/#parent-id>
pub(super) const SPAN_DIGITS: usize = 16;

/// Where the groups of a UUID end.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Leaves an id of so many digits, in small letters; zeros only are none, by the specification.
pub(super) fn keep_id(id: &mut Option<String>, digits: usize, tally: &mut Tally) {
    let Some(text) = id else { return };
    let is_id = text.len() == digits && is_hex(text) && text.bytes().any(|digit| digit != b'0');
    if is_id {
        text.make_ascii_lowercase();
    } else {
        *id = None;
        tally.add(Outcome::IdInvalid, 1);
    }
}

/// Leaves the scripts whose debug id is a UUID, with or without hyphens. <https://tc39.es/ecma426/#sec-debug-id>
pub(super) fn keep_debug_ids(ids: &mut Attributes, tally: &mut Tally) {
    let before = ids.0.len();
    ids.0.retain_mut(|id| {
        id.value.make_ascii_lowercase();
        let groups = id.value.split('-').map(str::len);
        let form = id.value.len() == 32 || groups.eq(UUID_GROUPS);
        form && is_hex(&id.value.replace('-', ""))
    });
    tally.add(Outcome::IdInvalid, (before - ids.0.len()) as u64);
}

fn is_hex(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use rum_core::wire::record::Attribute;

    use super::*;

    #[test]
    fn ids_are_hexadecimal_digits() {
        for (id, expected) in [
            (
                "0af7651916cd43dd8448eb211c80319c",
                Some("0af7651916cd43dd8448eb211c80319c"),
            ),
            (
                "0AF7651916CD43DD8448EB211C80319C",
                Some("0af7651916cd43dd8448eb211c80319c"),
            ),
            ("00000000000000000000000000000000", None),
            ("0af7651916cd43dd", None),
            ("0af7651916cd43dd8448eb211c80319g", None),
            ("0af7651916cd43dd8448eb211c8031é", None),
            ("", None),
        ] {
            let (mut kept, mut tally) = (Some(id.to_owned()), Tally::default());
            keep_id(&mut kept, TRACE_DIGITS, &mut tally);
            assert_eq!(kept.as_deref(), expected, "{id}");
            assert_eq!(tally.get(Outcome::IdInvalid), u64::from(expected.is_none()));
        }
    }

    #[test]
    fn debug_ids_are_uuids() {
        for (id, is_id) in [
            ("85314830-023f-4cf1-a267-535f4e37bb17", true),
            ("85314830023F4CF1A267535F4E37BB17", true),
            ("85314830-023f-4cf1-a267-535f4e37bb1", false),
            ("85314830023f-4cf1-a267-535f-4e37bb17", false),
            ("8531483-0023f-4cf1-a267-535f4e37bb17", false),
            ("jane.doe@example.com", false),
            ("", false),
        ] {
            let id = Attribute {
                name: "https://shop.example/a.js".into(),
                value: id.into(),
            };
            let (mut ids, mut tally) = (Attributes(vec![id.clone()]), Tally::default());
            keep_debug_ids(&mut ids, &mut tally);
            assert_eq!(ids.0.len(), usize::from(is_id), "{id:?}");
            assert_eq!(tally.get(Outcome::IdInvalid), u64::from(!is_id), "{id:?}");
        }
    }
}
