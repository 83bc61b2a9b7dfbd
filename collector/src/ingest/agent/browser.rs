//! Browser and engine.

use super::{after, number};

/// A browser.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Browser {
    pub(super) name: &'static str,
    pub(super) version: Option<u16>,
}

/// Marks in `User-Agent`; the version follows the mark. Apps that show pages come first, then browsers, and those last that
/// nearly all others call themselves, too.
const MARKS: &[(&str, &str)] = &[
    ("Instagram ", "Instagram"),
    ("MessengerForiOS;FBAV/", "Messenger"),
    ("Orca-Android;FBAV/", "Messenger"),
    ("FBAV/", "Facebook"),
    ("FBAN/", "Facebook"),
    ("LinkedInApp", "LinkedIn"),
    ("[Pinterest/", "Pinterest"),
    ("Snapchat/", "Snapchat"),
    ("musical_ly_", "TikTok"),
    ("trill_", "TikTok"),
    ("BytedanceWebview", "TikTok"),
    ("Twitter for ", "X"),
    ("TwitterAndroid", "X"),
    ("MicroMessenger/", "WeChat"),
    ("KAKAOTALK", "KakaoTalk"),
    (" Line/", "LINE"),
    ("GSA/", "Google app"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("Edge/", "Edge"),
    ("OPiOS/", "Opera Mini"),
    ("Opera Mini/", "Opera Mini"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("OPX/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex"),
    ("YaSearchBrowser/", "Yandex"),
    ("Vivaldi/", "Vivaldi"),
    ("Brave/", "Brave"),
    ("Whale/", "Whale"),
    ("UCBrowser/", "UC Browser"),
    ("UBrowser/", "UC Browser"),
    ("MQQBrowser/", "QQ Browser"),
    ("QQBrowser/", "QQ Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("VivoBrowser/", "vivo Browser"),
    ("HeyTapBrowser/", "HeyTap Browser"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("OculusBrowser/", "Meta Quest Browser"),
    ("Silk/", "Silk"),
    ("NintendoBrowser/", "Nintendo Browser"),
    ("PlayStation", "PlayStation"),
    ("SeaMonkey/", "SeaMonkey"),
    ("PaleMoon/", "Pale Moon"),
    ("Focus/", "Firefox Focus"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    // A page within an app: the app's own mark, if it has one, is above.
    ("; wv) ", ANDROID_WEBVIEW),
    ("Chrome/", CHROME),
    ("MSIE ", "Internet Explorer"),
    ("Trident/7.0", "Internet Explorer"),
];

const CHROME: &str = "Chrome";
const ANDROID_WEBVIEW: &str = "Android WebView";

/// Brands of browsers whose `User-Agent` is Chrome's to the letter.
const BRANDS: [(&str, &str); 13] = [
    ("Microsoft Edge WebView2", "Edge WebView"),
    ("Microsoft Edge", "Edge"),
    ("Brave", "Brave"),
    ("Vivaldi", "Vivaldi"),
    ("Opera", "Opera"),
    ("Opera GX", "Opera"),
    ("YaBrowser", "Yandex"),
    ("Yandex", "Yandex"),
    ("Samsung Internet", "Samsung Internet"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Whale", "Whale"),
    ("Android WebView", ANDROID_WEBVIEW),
    ("Google Chrome", CHROME),
];

/// What Chromium calls itself where it is nobody's product.
const CHROMIUM_BRAND: &str = "Chromium";

/// The browser. A brand decides only where `User-Agent` says no more than Chrome or nothing.
pub(super) fn browser<'a>(user_agent: &str, brands: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Browser {
    let said = by_mark(user_agent);
    if !matches!(said.name, "" | CHROME | "Chromium") {
        return said;
    }
    let known = BRANDS.iter().find_map(|(brand, name)| {
        let (_, version) = brands.clone().find(|(found, _)| found == brand)?;
        Some((*name, version))
    });
    let chromium = || brands.clone().find(|(found, _)| *found == CHROMIUM_BRAND);
    match known.or_else(|| chromium().map(|(_, version)| (CHROMIUM_BRAND, version))) {
        // Opera, Vivaldi and others give their own version here, as everywhere.
        Some((name, version)) if name != said.name => Browser {
            name,
            version: number(version),
        },
        _ => said,
    }
}

fn by_mark(user_agent: &str) -> Browser {
    let found = MARKS
        .iter()
        .find_map(|(mark, name)| Some((*name, *mark, after(user_agent, mark)?)));
    let of = |name, version| Browser { name, version };
    match found {
        Some(("Facebook", _, rest)) => of("Facebook", after(rest, "FBAV/").or(Some(rest)).and_then(number)),
        Some((ANDROID_WEBVIEW, _, rest)) => of(ANDROID_WEBVIEW, after(rest, "Chrome/").and_then(number)),
        Some(("LinkedIn", _, rest)) => of("LinkedIn", rest.strip_prefix("]/").and_then(number)),
        Some(("TikTok", "BytedanceWebview", rest)) => of("TikTok", after(rest, "app_version/").and_then(number)),
        Some(("KakaoTalk", _, rest)) => of("KakaoTalk", rest.get(1..).and_then(number)),
        Some(("X", ..)) => of("X", None),
        Some(("PlayStation", ..)) => of("PlayStation", None),
        Some(("Internet Explorer", "Trident/7.0", _)) => of("Internet Explorer", Some(11)),
        Some((name, _, rest)) => of(name, number(rest)),
        None => apple(user_agent),
    }
}

/// Safari, or a page within an app of a system that has no other engine; the older browser of Android.
fn apple(user_agent: &str) -> Browser {
    let version = after(user_agent, "Version/").and_then(number);
    let name = if user_agent.contains("Android") && version.is_some() {
        "Android Browser"
    } else if user_agent.contains("Safari/") {
        "Safari"
    } else if is_ios(user_agent) && user_agent.contains("AppleWebKit/") {
        "iOS WebView"
    } else {
        ""
    };
    let version = version.filter(|_| !name.is_empty());
    Browser { name, version }
}

/// The engine.
pub(super) fn engine<'a>(user_agent: &str, mut brands: impl Iterator<Item = (&'a str, &'a str)>) -> &'static str {
    let has = |mark| user_agent.contains(mark);
    if has("Trident/") || has("MSIE ") {
        "Trident"
    } else if has("Edge/") {
        "EdgeHTML"
    } else if is_ios(user_agent) {
        "WebKit"
    } else if has("Chrome/") || has("Chromium/") || brands.any(|(brand, _)| brand == CHROMIUM_BRAND) {
        "Blink"
    } else if has("Presto/") {
        "Presto"
    } else if has("AppleWebKit/") {
        "WebKit"
    } else if has("Goanna/") {
        "Goanna"
    } else if has("Gecko/") {
        "Gecko"
    } else {
        ""
    }
}

fn is_ios(user_agent: &str) -> bool {
    ["iPhone", "iPad", "iPod"].iter().any(|mark| user_agent.contains(mark))
}
