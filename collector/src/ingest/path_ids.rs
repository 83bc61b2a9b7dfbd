//! Ids in paths become `:id`: an id says which order somebody looked at, and gives every order a page of its own.
//!
//! A segment is an id if it is
//! - digits only: `/item/123`. A date stays (`/2024/11/my-post`, `/2024/11/21`: a year, then a month of two digits, then
//!   perhaps a day), and so does the status of an error page that has no other segment (`/404`);
//! - a UUID, or 12 and more hexadecimal digits with at least one of 0 to 9 among them;
//! - 16 and more letters, digits, `-` and `_`, among them at least two digits, that mix as ids do and words do not: letters
//!   and digits alternate at least four times, or twice where there is no `-` and `_`, or capitals follow small letters.
//!
//! Everything else stays: names of files (whatever has a point), slugs (`five-small-lamps`, `iphone-15-pro-256gb`,
//! `2024-review`), versions (`v2`), and ids within words (`order-12345`): nobody could tell them from slugs.

use std::borrow::Cow;

/// Stands for an id.
const ID: &str = ":id";

/// The same path, or URL with a host, with `:id` in place of its ids. Other texts, a URL's host and what follows `?` or
/// `#` stay as they are.
pub(super) fn without_ids(url: &str) -> Cow<'_, str> {
    let Some(path) = path_start(url) else {
        return url.into();
    };
    let (head, rest) = url.split_at(path);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (path, tail) = rest.split_at(end);
    if !path.bytes().any(|byte| byte.is_ascii_digit()) {
        // No id is without one.
        return url.into();
    }
    let segments: Vec<_> = path.split('/').collect();
    let replaced = replaced(&segments);
    if replaced == segments {
        return url.into();
    }
    format!("{head}{}{tail}", replaced.join("/")).into()
}

/// Where the path begins, if this is one or a URL with a host.
fn path_start(url: &str) -> Option<usize> {
    if url.starts_with('/') {
        return Some(0);
    }
    // Mostly the first colon is the one: a text is not as soon looked for as a character.
    let colon = url.find(':')?;
    let at = if url[colon..].starts_with("://") {
        colon
    } else {
        url.find("://")?
    };
    let host = at + "://".len();
    let length = url[host..].find(['/', '?', '#']).unwrap_or(url.len() - host);
    Some(host + length)
}

fn replaced<'a>(segments: &[&'a str]) -> Vec<&'a str> {
    if let ["", status] = segments
        && is_between(status, 3, 400..=599)
    {
        return segments.to_vec();
    }
    let mut replaced = Vec::with_capacity(segments.len());
    let mut rest = segments;
    while let [segment, more @ ..] = rest {
        let date = date_length(rest);
        if date > 0 {
            replaced.extend(&rest[..date]);
            rest = &rest[date..];
        } else {
            replaced.push(if is_id(segment) { ID } else { segment });
            rest = more;
        }
    }
    replaced
}

/// How many segments at the start of these are a date.
fn date_length(segments: &[&str]) -> usize {
    match segments {
        [year, month, ..] if !(is_between(year, 4, 1900..=2099) && is_between(month, 2, 1..=12)) => 0,
        [_, _, day, ..] if is_between(day, day.len(), 1..=31) => 3,
        [_, _, ..] => 2,
        _ => 0,
    }
}

/// Whether this is a number of so many digits within a range.
fn is_between(text: &str, digits: usize, range: std::ops::RangeInclusive<u32>) -> bool {
    let number = text.parse().ok().filter(|number| range.contains(number));
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()) && number.is_some()
}

fn is_id(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 {
        return false;
    }
    let hex = segment.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits == segment.len() || (hex && segment.len() >= 12) || is_uuid(segment) || (digits > 1 && is_mixed(segment))
}

fn is_uuid(segment: &str) -> bool {
    let groups = segment.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
    groups && segment.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_mixed(segment: &str) -> bool {
    let is_sign = |byte: &u8| matches!(byte, b'-' | b'_');
    if segment.len() < 16
        || !segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || is_sign(&byte))
    {
        return false;
    }
    let pairs = || segment.bytes().zip(segment.bytes().skip(1));
    let alternate = |a: u8, b: u8| {
        (a.is_ascii_digit() && b.is_ascii_alphabetic()) || (a.is_ascii_alphabetic() && b.is_ascii_digit())
    };
    let changes = pairs().filter(|(a, b)| alternate(*a, *b)).count();
    let capitals = pairs().any(|(a, b)| a.is_ascii_lowercase() && b.is_ascii_uppercase());
    changes >= 4 || (changes >= 2 && !segment.bytes().any(|byte| is_sign(&byte))) || capitals
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_become_one() {
        for (url, expected) in [
            ("/item/123", "/item/:id"),
            ("/item/123/", "/item/:id/"),
            ("/7/8", "/:id/:id"),
            (
                "https://api.example:8080/users/42/orders?x=1",
                "https://api.example:8080/users/:id/orders?x=1",
            ),
            ("/o/123e4567-e89b-12d3-a456-426614174000", "/o/:id"),
            ("/o/123E4567E89B12D3A456426614174000/x", "/o/:id/x"),
            ("/c/deadbeef0123", "/c/:id"),
            ("/u/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/u/:id"),
            ("/n/V1StGXR8_Z5jdHi6B-myT", "/n/:id"),
            ("/v/dQw4w9WgXcQabcde", "/v/:id"),
            (
                "blob:https://shop.example/123e4567-e89b-12d3-a456-426614174000",
                "blob:https://shop.example/:id",
            ),
            ("/item/404", "/item/:id"),
            ("/archive/2024", "/archive/:id"),
            ("/2024/11/21/5", "/2024/11/21/:id"),
            ("/2024/13/1", "/:id/:id/:id"),
        ] {
            assert_eq!(without_ids(url), expected, "{url}");
        }
    }

    #[test]
    fn words_stay() {
        for url in [
            "/",
            "",
            "pointerup",
            "BUTTON#buy.onclick",
            "https://shop.example",
            "https://10.0.0.1",
            "/404",
            "/500",
            "/v2/products",
            "/five-small-lamps",
            "/iphone-15",
            "/iphone-15-pro-max-256gb",
            "/best-laptops-2024-under-1000",
            "/2024-review",
            "/blog/2024/11/my-post",
            "/blog/2024/11/21/",
            "/2024/11/3",
            "/order-12345",
            "/assets/app.3f2a1c9d0b7e.js",
            "/assets/01ARZ3NDEKTSV4RRFFQ69G5FAV.png",
            "/decade/facade",
            "/[email]/edit",
            "/search?order=123#456",
        ] {
            assert!(
                matches!(without_ids(url), Cow::Borrowed(_)),
                "{url}: {}",
                without_ids(url)
            );
        }
    }

    proptest! {
        #[test]
        fn a_second_time_changes_nothing(
            url in "(https://[a-z0-9.]{0,5})?(/([0-9]{0,5}|20[0-9]{2}|[01][0-9]|[A-Za-z0-9_-]{10,24}|[a-f0-9-]{36}|:id|.{0,8})){0,6}",
        ) {
            let once = without_ids(&url);
            prop_assert_eq!(once.split('/').count(), url.split('/').count());
            prop_assert_eq!(without_ids(&once), once.clone());
        }
    }
}
