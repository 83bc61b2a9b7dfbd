//! The smallest template language that escapes: `{{name}}` in a file under `pages/`.

/// What stands in for a placeholder.
#[derive(Debug)]
pub(crate) enum Value {
    /// Escaped for element content and for quoted attributes.
    Text(String),
    /// Already HTML.
    Html(String),
}

/// Replaces every placeholder with what `lookup` says. One that it does not know stays as written: a test looks for it.
pub(crate) fn fill(template: &str, lookup: impl Fn(&str) -> Option<Value>) -> String {
    let mut page = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else {
            rest = &rest[before.len()..];
            break;
        };
        match lookup(name) {
            Some(Value::Text(text)) => page.push_str(&escape(&text)),
            Some(Value::Html(html)) => page.push_str(&html),
            None => page.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = behind;
    }
    page.push_str(rest);
    page
}

/// `text` as it must be written between tags or within a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_html_is_not() {
        let lookup = |name: &str| match name {
            "text" => Some(Value::Text("<b>\"&'".to_owned())),
            "html" => Some(Value::Html("<b>".to_owned())),
            _ => None,
        };
        assert_eq!(
            fill("a {{text}} {{html}}{{html}} {{gone}} z", lookup),
            "a &lt;b&gt;&quot;&amp;&#39; <b><b> {{gone}} z"
        );
    }

    #[test]
    fn an_open_placeholder_is_plain_text() {
        assert_eq!(fill("a {{b", |_| None), "a {{b");
    }
}
