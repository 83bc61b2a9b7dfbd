//! `multipart/form-data`, the form in which the `clickhouse` crate sends statements that have
//! parameters: the fields are what the address's query part would otherwise carry.

use crate::exception::{Exception, Kind};

/// The boundary that a Content-Type names, or `None` when it is another type.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, attributes) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    attributes.split(';').find_map(|attribute| {
        let (name, value) = attribute.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"'))
    })
}

/// The fields of a form, in their order.
///
/// # Errors
/// When the form is cut short, or a field has no name or is not UTF-8.
pub(crate) fn fields(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, Exception> {
    let invalid = |what| Exception::new(Kind::BadArguments, format!("multipart body: {what}"));
    let opening = format!("--{boundary}");
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body
        .strip_prefix(opening.as_bytes())
        .ok_or_else(|| invalid("no boundary"))?;
    let mut fields = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(fields);
        }
        rest = rest
            .strip_prefix(b"\r\n")
            .ok_or_else(|| invalid("no line end at a boundary"))?;
        let (header, after) = split_at(rest, b"\r\n\r\n").ok_or_else(|| invalid("no header"))?;
        let (value, after) = split_at(after, delimiter.as_bytes()).ok_or_else(|| invalid("it is cut short"))?;
        let name = name(header).ok_or_else(|| invalid("a field has no name"))?;
        let value = std::str::from_utf8(value).map_err(|_| invalid("a field is not UTF-8"))?;
        fields.push((name, value.to_owned()));
        rest = after;
    }
}

fn name(header: &[u8]) -> Option<String> {
    let header = std::str::from_utf8(header).ok()?;
    header.split("\r\n").find_map(|line| {
        let (field, value) = line.split_once(':')?;
        if !field.eq_ignore_ascii_case("content-disposition") {
            return None;
        }
        value
            .split(';')
            .find_map(|part| Some(part.trim().strip_prefix("name=")?.trim_matches('"').to_owned()))
    })
}

fn split_at<'b>(bytes: &'b [u8], separator: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_form() {
        let body = b"--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT\r\n1\r\n\
            --b\r\ncontent-disposition: form-data; name=\"param_x\"\r\nContent-Type: text/plain\r\n\r\n\
            \r\n--b--\r\n";
        let expected = [("query", "SELECT\r\n1"), ("param_x", "")];
        let found = fields(body, "b").unwrap();
        assert_eq!(found, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let whole = b"--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT 1\r\n--b--";
        assert!(fields(whole, "b").is_ok());
        for end in 0..whole.len() {
            assert!(fields(&whole[..end], "b").is_err(), "cut at {end}");
        }
    }

    #[test]
    fn boundaries() {
        assert_eq!(boundary("multipart/form-data; boundary=abc"), Some("abc"));
        assert_eq!(
            boundary("Multipart/Form-Data; charset=x; Boundary=\"abc\""),
            Some("abc")
        );
        assert_eq!(boundary("text/plain; boundary=abc"), None);
        assert_eq!(boundary("text/plain"), None);
    }
}
