//! The patterns of an app's pages.

use super::Problems;
use crate::config::pages::{MOST_PATTERNS, Pages, Pattern};

pub(super) fn pages(texts: &[String], place: impl Fn(&str) -> String, problems: &mut Problems) -> Pages {
    if texts.len() > MOST_PATTERNS {
        problems.add(
            place("pages"),
            format!("has {} patterns, more than {MOST_PATTERNS}", texts.len()),
            "use :name and * for what differs: pages that no pattern fits are named by themselves",
        );
    }
    let mut patterns: Vec<Pattern> = Vec::new();
    for (at, text) in texts.iter().enumerate().take(MOST_PATTERNS) {
        let key = || place(&format!("pages[{at}]"));
        match Pattern::read(text) {
            Err(error) => {
                // The sentence has both halves.
                let sentence = error.to_string();
                let (what, mend) = sentence.split_once("; ").unwrap_or((&sentence, "mend it"));
                problems.add(key(), format!("{text:?} {what}"), mend);
            }
            Ok(pattern) => {
                if let Some(first) = patterns.iter().find(|first| first.covers(&pattern)) {
                    problems.add(
                        key(),
                        format!(
                            "{text:?} is never the name of a page, for {:?} fits all that it fits",
                            first.to_string()
                        ),
                        "the first that fits wins: write it before that one, or remove it",
                    );
                }
                patterns.push(pattern);
            }
        }
    }
    Pages::of(patterns)
}
