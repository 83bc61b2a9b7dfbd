//! The class of a device.

use super::hints::Hints;

/// Marks in `User-Agent`. Android tablets say `Android` without `Mobile`; an iPad that asks for desktop pages says `Macintosh` and
/// cannot be told apart.
const MARKS: [(&str, &str); 34] = [
    ("SMART-TV", "tv"),
    ("SmartTV", "tv"),
    ("Smart-TV", "tv"),
    ("Smart TV", "tv"),
    ("Web0S", "tv"),
    ("NetCast", "tv"),
    ("HbbTV", "tv"),
    ("TV Safari", "tv"),
    ("CrKey/", "tv"),
    ("GoogleTV", "tv"),
    ("Google TV", "tv"),
    ("Android TV", "tv"),
    ("BRAVIA", "tv"),
    ("AppleTV", "tv"),
    ("Apple TV", "tv"),
    ("; AFT", "tv"),
    ("Roku", "tv"),
    ("VIDAA", "tv"),
    ("PlayStation", "console"),
    ("Xbox", "console"),
    ("Nintendo", "console"),
    ("OculusBrowser", "xr"),
    ("iPad", "tablet"),
    ("Tablet;", "tablet"),
    ("Mobi", "mobile"),
    ("iPhone", "mobile"),
    ("iPod", "mobile"),
    ("Opera Mini", "mobile"),
    ("Android", "tablet"),
    ("Windows NT", "desktop"),
    ("Macintosh", "desktop"),
    ("X11", "desktop"),
    ("CrOS", "desktop"),
    ("Linux", "desktop"),
];

/// `Sec-CH-UA-Form-Factors`. A device may have several; the first of these says most.
const FORM_FACTORS: [(&str, &str); 6] = [
    ("Automotive", "car"),
    ("XR", "xr"),
    ("Watch", "watch"),
    ("Tablet", "tablet"),
    ("Mobile", "mobile"),
    ("Desktop", "desktop"),
];

/// The class; empty if nobody knows.
pub(super) fn device(user_agent: &str, hints: &Hints<'_>) -> &'static str {
    let factor = FORM_FACTORS
        .iter()
        .find(|(factor, _)| hints.form_factors().any(|found| found == *factor));
    let mark = || MARKS.iter().find(|(mark, _)| user_agent.contains(mark));
    let flag = || match (hints.mobile(), hints.platform()) {
        (Some(true), _) => Some(&("", "mobile")),
        (Some(false), Some("Android")) => Some(&("", "tablet")),
        (Some(false), Some(_)) => Some(&("", "desktop")),
        _ => None,
    };
    factor.or_else(mark).or_else(flag).map_or("", |(_, class)| class)
}
