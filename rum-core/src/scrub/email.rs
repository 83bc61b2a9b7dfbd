//! E-mail addresses, as they are written and as URLs carry them.

use alloc::string::String;

use super::EMAIL;
use super::mask::Mask;

/// `@`, and its forms in a URL and in a URL within a URL.
const SIGNS: [&str; 3] = ["@", "%40", "%2540"];

/// Ends of file names that are no top-level domains: `logo@2x.png` is an image and `run@app.js` a frame of a stack.
const FILES: [&str; 16] = [
    "js", "mjs", "cjs", "jsx", "ts", "tsx", "css", "html", "json", "png", "jpg", "jpeg", "gif", "webp", "avif", "svg",
];

pub(super) fn mask(text: &str) -> Option<String> {
    let mut mask = Mask::new(text);
    let mut local = 0_usize;
    let mut at = 0_usize;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) else {
            let first = rest.chars().next().unwrap_or_default();
            at = at.saturating_add(first.len_utf8());
            // A quote belongs to a name such as O'Neil, and to no name in front of it.
            if !is_local(first) || (first == '\'' && local == at.saturating_sub(1)) {
                local = at;
            }
            continue;
        };
        let domain = at.saturating_add(sign.len());
        let length = domain_length(text.get(domain..).unwrap_or_default());
        if local < at && length > 0 {
            at = domain.saturating_add(length);
            mask.put(local, at, EMAIL);
        } else {
            at = domain;
        }
        local = at;
    }
    mask.finish()
}

/// How many bytes at the start of `text` are a domain with a top-level domain; 0 if there is none.
fn domain_length(text: &str) -> usize {
    let mut labels = 0_usize;
    let mut numbers = 0_usize;
    let (mut end, mut length) = (0_usize, 0_usize);
    let whole = text.find(|c: char| !is_domain(c)).unwrap_or(text.len());
    for label in text.get(..whole).unwrap_or_default().split('.') {
        if label.is_empty() {
            break;
        }
        if labels == numbers && label.bytes().all(|byte| byte.is_ascii_digit()) {
            numbers = numbers.saturating_add(1);
        }
        if labels > 0
            && let Some(top) = top_level(label)
        {
            length = end.saturating_add(top);
        }
        labels = labels.saturating_add(1);
        end = end.saturating_add(label.len()).saturating_add(1);
    }
    // `vue@3.4.21` is a version of a package; 163.com has one number only.
    if numbers > 1 { 0 } else { length }
}

/// How many bytes at the start of a label are a top-level domain. What is no letter behind it is the sentence's.
fn top_level(label: &str) -> Option<usize> {
    if label.starts_with("xn--") {
        return Some(label.len());
    }
    let length = label.find(|c: char| c.is_ascii() && !c.is_ascii_alphabetic());
    let top = label.get(..length.unwrap_or(label.len()))?;
    let is_file = FILES.iter().any(|file| top.eq_ignore_ascii_case(file));
    (top.len() > 1 && !is_file).then_some(top.len())
}

fn is_local(c: char) -> bool {
    is_word(c) || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'')
}

fn is_domain(c: char) -> bool {
    is_word(c) || matches!(c, '.' | '-')
}

/// Letters and digits. Of what is not ASCII everything from À on counts but the blocks of punctuation: the tables that
/// would know it better are large.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || (c >= '\u{c0}' && !matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}'))
}
