//! The operating system, and its version where that is told.
//!
//! Browsers froze much of it: Windows 11 says 10.0, every Mac 10.15.7, Chrome's every Android 10, and iPhones from 26 on 18.6 or 18.7. A
//! version that says nothing is left out.

use super::hints::Hints;
use super::{after, number, version};

/// An operating system.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct System {
    pub(super) name: &'static str,
    /// Its first number or two; empty if nobody knows.
    pub(super) version: String,
}

/// Marks in `User-Agent`. Televisions and phones of all makers are Linux or Android underneath, and say so.
const MARKS: [(&str, &str); 24] = [
    ("Windows Phone ", "Windows Phone"),
    ("Windows NT ", WINDOWS),
    ("iPhone", IOS),
    ("iPad", IOS),
    ("iPod", IOS),
    ("AppleTV", "tvOS"),
    ("CrOS", CHROME_OS),
    ("Web0S", "webOS"),
    ("webOS", "webOS"),
    ("Tizen ", "Tizen"),
    ("Tizen", "Tizen"),
    ("KAIOS/", "KaiOS"),
    ("OpenHarmony ", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android ", ANDROID),
    ("Android", ANDROID),
    ("PlayStation", "PlayStation"),
    ("Nintendo", "Nintendo"),
    ("Roku", "Roku"),
    ("Macintosh", MACOS),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", LINUX),
    ("X11", LINUX),
];

const WINDOWS: &str = "Windows";
const IOS: &str = "iOS";
const CHROME_OS: &str = "ChromeOS";
const ANDROID: &str = "Android";
const MACOS: &str = "macOS";
const LINUX: &str = "Linux";

/// `Sec-CH-UA-Platform`, by the names above.
const PLATFORMS: [(&str, &str); 7] = [
    ("Windows", WINDOWS),
    ("macOS", MACOS),
    ("Android", ANDROID),
    ("Linux", LINUX),
    ("Chrome OS", CHROME_OS),
    ("Chromium OS", CHROME_OS),
    ("iOS", IOS),
];

/// Versions of Windows by what they call themselves. 10.0 is 10 or 11.
const WINDOWS_VERSIONS: [(&str, &str); 6] = [
    ("6.3", "8.1"),
    ("6.2", "8"),
    ("6.1", "7"),
    ("6.0", "Vista"),
    ("5.2", "XP"),
    ("5.1", "XP"),
];

/// The first version of iOS whose `User-Agent` says that it is 18.6 or 18.7.
const FROZEN_FROM: u16 = 26;

pub(super) fn system(user_agent: &str, hints: &Hints<'_>) -> System {
    let platform = hints.platform().and_then(|platform| {
        let known = PLATFORMS.iter().find(|(name, _)| *name == platform);
        known.map(|(_, name)| *name)
    });
    let marked = MARKS
        .iter()
        .find_map(|(mark, name)| Some((*name, after(user_agent, mark)?)));
    let (name, said) = match marked {
        Some((name, rest)) => (name, told(name, user_agent, rest)),
        None => (platform.unwrap_or_default(), String::new()),
    };
    let hinted = (platform == Some(name))
        .then(|| hints.platform_version().map(|version| hinted(name, version)))
        .flatten()
        .filter(|version| !version.is_empty());
    System {
        name,
        version: hinted.unwrap_or(said),
    }
}

/// The version that `User-Agent` tells; `rest` is what follows the system's mark.
fn told(name: &str, user_agent: &str, rest: &str) -> String {
    match name {
        WINDOWS => {
            let known = WINDOWS_VERSIONS.iter().find(|(number, _)| rest.starts_with(number));
            known.map_or_else(String::new, |(_, name)| (*name).to_owned())
        }
        IOS => ios(user_agent),
        // `K` is the model of every phone that Chrome runs on since it tells less.
        ANDROID if rest.starts_with("10; K") => String::new(),
        MACOS => {
            let said = after(rest, "Mac OS X ").unwrap_or_default();
            if said.starts_with("10_15_7") || said.starts_with("10.15") {
                String::new()
            } else {
                version(said)
            }
        }
        ANDROID | "Windows Phone" | "Tizen" | "KaiOS" | "HarmonyOS" => version(rest),
        _ => String::new(),
    }
}

fn ios(user_agent: &str) -> String {
    // Facebook's apps say it themselves.
    if let Some(said) = after(user_agent, "FBSV/") {
        return version(said);
    }
    let browser = after(user_agent, "Version/").unwrap_or_default();
    // Safari has the system's version from 26 on, and the header says 18.
    if number(browser).is_some_and(|major| major >= FROZEN_FROM) {
        return version(browser);
    }
    let said = after(user_agent, " OS ").unwrap_or_default();
    let frozen = browser.is_empty() && (said.starts_with("18_6") || said.starts_with("18_7"));
    if frozen { String::new() } else { version(said) }
}

/// The version that `Sec-CH-UA-Platform-Version` tells. Of Windows it is that of a contract for apps.
/// <https://learn.microsoft.com/en-us/microsoft-edge/web-platform/how-to-detect-win11>
fn hinted(name: &str, said: &str) -> String {
    match (name, number(said)) {
        (WINDOWS, Some(0)) => match said {
            _ if said.starts_with("0.3") => "8.1".to_owned(),
            _ if said.starts_with("0.2") => "8".to_owned(),
            _ if said.starts_with("0.1") => "7".to_owned(),
            _ => String::new(),
        },
        (WINDOWS, Some(1..=12)) => "10".to_owned(),
        (WINDOWS, Some(_)) => "11".to_owned(),
        (LINUX, _) => String::new(),
        _ => version(said),
    }
}
