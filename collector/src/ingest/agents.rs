//! What was made of the headers of browsers, kept for the next batch with the same ones: there are few sorts of browsers and many
//! batches.

use std::sync::Arc;

use http::HeaderMap;
use quick_cache::sync::Cache;

use super::agent::{HEADERS, Hints, agent};
use crate::batch::Agent;

/// Sorts of browsers that are kept. A site with all the world's visitors sees some thousands a day.
const KEPT: usize = 8_192;

/// The headers that are kept, in bytes together: with it, the cache has at most 16 MiB. Longer ones are read anew each time.
const LONGEST: usize = 1 << 10;

/// What is known of browsers, by the bytes of their headers.
#[derive(Debug)]
pub(super) struct Agents(Cache<Box<[u8]>, Arc<Agent>>);

impl Agents {
    pub(super) fn new() -> Self {
        Self(Cache::new(KEPT))
    }

    /// What the headers say.
    pub(super) fn of(&self, headers: &HeaderMap) -> Arc<Agent> {
        let Some(key) = key(headers) else {
            return Arc::new(agent(&Hints::of(headers)));
        };
        if let Some(known) = self.0.get(&*key) {
            return known;
        }
        let found = Arc::new(agent(&Hints::of(headers)));
        self.0.insert(key.into(), Arc::clone(&found));
        found
    }
}

/// The headers in a row; `None` if they are long.
fn key(headers: &HeaderMap) -> Option<Vec<u8>> {
    let mut key = Vec::with_capacity(LONGEST / 4);
    for name in &HEADERS {
        key.extend_from_slice(headers.get(name).map(http::HeaderValue::as_bytes).unwrap_or_default());
        // In no header's value, so that no two sets of headers have one key.
        key.push(b'\n');
    }
    (key.len() <= LONGEST).then_some(key)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use http::HeaderValue;
    use http::header::USER_AGENT;

    use super::*;

    fn chrome(version: usize) -> HeaderMap {
        let user_agent = format!(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Mobile Safari/537.36"
        );
        let brands = format!(r#""Chromium";v="{version}", "Google Chrome";v="{version}", "Not_A Brand";v="99""#);
        [
            (USER_AGENT, user_agent),
            (HEADERS[1].clone(), brands),
            (HEADERS[2].clone(), "?1".to_owned()),
            (HEADERS[3].clone(), "\"Android\"".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::try_from(value).unwrap()))
        .collect()
    }

    #[test]
    fn what_was_read_once_is_known() {
        let agents = Agents::new();
        let first = agents.of(&chrome(142));
        assert!(Arc::ptr_eq(&first, &agents.of(&chrome(142))));
        assert_eq!(
            (first.browser, first.browser_version, first.device),
            ("Chrome", Some(142), "mobile")
        );
        // One header less is another browser.
        let mut fewer = chrome(142);
        fewer.remove(&HEADERS[1]);
        assert!(!Arc::ptr_eq(&first, &agents.of(&fewer)));
    }

    #[test]
    fn headers_that_somebody_makes_up_do_not_fill_the_memory() {
        let agents = Agents::new();
        for version in 0..3 * KEPT {
            agents.of(&chrome(version));
        }
        assert!(agents.0.len() <= KEPT, "{}", agents.0.len());
        let known = agents.0.len();
        let long = HeaderValue::try_from("x".repeat(LONGEST)).unwrap();
        assert_eq!(agents.of(&[(USER_AGENT, long)].into_iter().collect()).browser, "");
        assert_eq!(agents.0.len(), known);
    }

    /// How long it takes: `cargo test --release -p rum-collector -- --ignored --nocapture how_long_a_browser_takes`.
    #[test]
    #[ignore = "a measurement"]
    fn how_long_a_browser_takes() {
        const TIMES: u32 = 200_000;
        let headers: Vec<_> = (100..150).map(chrome).collect();
        let agents = Agents::new();
        let mut seen = 0;
        let began = Instant::now();
        for turn in 0..TIMES {
            seen += agent(&Hints::of(&headers[turn as usize % headers.len()])).device.len();
        }
        let without = began.elapsed() / TIMES;
        let began = Instant::now();
        for turn in 0..TIMES {
            seen += agents.of(&headers[turn as usize % headers.len()]).device.len();
        }
        println!(
            "a batch: {without:?} without the cache, {:?} with it ({seen})",
            began.elapsed() / TIMES
        );
    }
}
