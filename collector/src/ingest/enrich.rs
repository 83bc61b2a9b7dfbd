//! From an accepted batch to an enriched one: what the request says about the browser, and what the rows stand for.

use crate::batch::{AcceptedBatch, EnrichedBatch, Weights};

/// Marks of browser families in User-Agent, the first that is found wins: most browsers also name those they descend
/// from. <https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/User-Agent>
const FAMILIES: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("Safari/", "Safari"),
];

/// Marks of device classes, the first that is found wins. Android tablets say `Android` without `Mobile`; an iPad that
/// asks for desktop pages says `Macintosh` and cannot be told apart.
const CLASSES: [(&str, &str); 8] = [
    ("iPad", "tablet"),
    ("Tablet", "tablet"),
    ("Mobi", "mobile"),
    ("Android", "tablet"),
    ("Windows NT", "desktop"),
    ("Macintosh", "desktop"),
    ("X11", "desktop"),
    ("CrOS", "desktop"),
];

/// Adds what the `User-Agent` header says, and the weights.
pub(super) fn enrich(accepted: AcceptedBatch, user_agent: Option<&str>, weights: Weights) -> EnrichedBatch {
    let user_agent = user_agent.unwrap_or_default();
    EnrichedBatch {
        browser: first(&FAMILIES, user_agent),
        device: first(&CLASSES, user_agent),
        accepted,
        weights,
    }
}

fn first(marks: &[(&str, &'static str)], user_agent: &str) -> &'static str {
    marks
        .iter()
        .find(|(mark, _)| user_agent.contains(mark))
        .map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart() {
        const CHROMIUM: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (user_agent, browser, device) in [
            (format!("Mozilla/5.0 (X11; Linux x86_64) {CHROMIUM} Chrome/156.0.0.0 Safari/537.36"), "Chrome", "desktop"),
            (format!("Mozilla/5.0 (X11; Linux x86_64) {CHROMIUM} HeadlessChrome/156.0.0.0 Safari/537.36"), "Chrome", "desktop"),
            (format!("Mozilla/5.0 (Linux; Android 10; K) {CHROMIUM} Chrome/156.0.0.0 Mobile Safari/537.36"), "Chrome", "mobile"),
            (format!("Mozilla/5.0 (Linux; Android 10; K) {CHROMIUM} Chrome/156.0.0.0 Safari/537.36"), "Chrome", "tablet"),
            (format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROMIUM} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0"), "Edge", "desktop"),
            (format!("Mozilla/5.0 (Linux; Android 10; K) {CHROMIUM} SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36"), "Samsung Internet", "mobile"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0".into(), "Firefox", "desktop"),
            ("Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0".into(), "Firefox", "mobile"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1".into(), "Safari", "mobile"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0.0.0 Mobile/15E148 Safari/604.1".into(), "Chrome", "mobile"),
            ("Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1".into(), "Safari", "tablet"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15".into(), "Safari", "desktop"),
            ("curl/8.14.1".into(), "", ""),
            (String::new(), "", ""),
        ] {
            assert_eq!((first(&FAMILIES, &user_agent), first(&CLASSES, &user_agent)), (browser, device), "{user_agent}");
        }
    }
}
