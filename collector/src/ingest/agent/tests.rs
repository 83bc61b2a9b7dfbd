//! What real browsers and bots send, and what is made of it.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;

/// One line: browser and version, engine, system and version, device, bot.
fn line(agent: &Agent) -> String {
    let Agent {
        browser,
        browser_version,
        engine,
        os,
        os_version,
        device,
        bot,
    } = agent;
    let version = browser_version.map(|version| version.to_string()).unwrap_or_default();
    format!("{browser} {version}|{engine}|{os} {os_version}|{device}|{bot}")
}

fn of(headers: &[(&'static str, &str)]) -> String {
    let headers = headers.iter().map(|(name, value)| {
        (
            http::HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    line(&agent(&Hints::of(&headers.collect())))
}

const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)";
const WEBVIEW: &str = "Mozilla/5.0 (Linux; Android 15; SM-S928B Build/AP3A.240905.015.A2; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0";
const ROBOT: &str = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible;";

/// `~` stands for the texts above, which are the same in many.
#[rustfmt::skip]
const BROWSERS: &[(&str, &str, &str)] = &[
    // Desktops.
    (WINDOWS, "~ Chrome/142.0.0.0 Safari/537.36", "Chrome 142|Blink|Windows |desktop|"),
    (LINUX, "~ Chrome/142.0.0.0 Safari/537.36", "Chrome 142|Blink|Linux |desktop|"),
    ("", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Chrome 142|Blink|macOS |desktop|"),
    ("", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Chrome 142|Blink|ChromeOS |desktop|"),
    ("", "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36", "Chrome 109|Blink|Windows 7|desktop|"),
    (LINUX, "~ Ubuntu Chromium/128.0.6613.137 Chrome/128.0.6613.137 Safari/537.36", "Chromium 128|Blink|Linux |desktop|"),
    (WINDOWS, "~ Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge 142|Blink|Windows |desktop|"),
    (WINDOWS, "~ Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763", "Edge 18|EdgeHTML|Windows |desktop|"),
    (WINDOWS, "~ Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0", "Opera 124|Blink|Windows |desktop|"),
    (WINDOWS, "~ Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36", "Yandex 25|Blink|Windows |desktop|"),
    (WINDOWS, "~ Chrome/138.0.0.0 Safari/537.36 Vivaldi/7.5.3735.54", "Vivaldi 7|Blink|Windows |desktop|"),
    (WINDOWS, "~ Chrome/138.0.0.0 Whale/4.33.325.17 Safari/537.36", "Whale 4|Blink|Windows |desktop|"),
    ("", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145|Gecko|Windows |desktop|"),
    ("", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145|Gecko|macOS |desktop|"),
    ("", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145|Gecko|Linux |desktop|"),
    ("", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0 SeaMonkey/2.53.20", "SeaMonkey 2|Gecko|Linux |desktop|"),
    ("", "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer 11|Trident|Windows |desktop|"),
    (MAC, "~ Version/26.1 Safari/605.1.15", "Safari 26|WebKit|macOS |desktop|"),
    ("", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_13_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.2 Safari/605.1.15", "Safari 13|WebKit|macOS 10.13|desktop|"),
    (MAC, "~ Version/18.6 Safari/605.1.15 Ddg/18.6", "DuckDuckGo 18|WebKit|macOS |desktop|"),
    // Phones and tablets.
    (ANDROID, "~ Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome 142|Blink|Android |mobile|"),
    (ANDROID, "~ Chrome/142.0.0.0 Safari/537.36", "Chrome 142|Blink|Android |tablet|"),
    (ANDROID, "~ SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36", "Samsung Internet 29|Blink|Android |mobile|"),
    (ANDROID, "~ Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0", "Edge 142|Blink|Android |mobile|"),
    (ANDROID, "~ Chrome/139.0.0.0 Mobile Safari/537.36 OPR/92.0.0.0", "Opera 92|Blink|Android |mobile|"),
    (ANDROID, "~ Chrome/138.0.0.0 YaBrowser/25.8.3.90.00 SA/3 Mobile Safari/537.36", "Yandex 25|Blink|Android |mobile|"),
    ("", "Mozilla/5.0 (Linux; U; Android 14; en-us; 23021RAAEG Build/UKQ1.230917.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/112.0.5615.136 Mobile Safari/537.36 XiaoMi/MiuiBrowser/14.40.0-gn", "Mi Browser 14|Blink|Android 14|mobile|"),
    ("", "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00; HMSCore 6.13.0.322) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36", "Huawei Browser 15|Blink|HarmonyOS |mobile|"),
    ("", "Mozilla/5.0 (Linux; U; Android 13; en-US; RMX3081 Build/RKQ1.211119.001) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.7.5.1321 Mobile Safari/537.36", "UC Browser 13|Blink|Android 13|mobile|"),
    ("", "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox 145|Gecko|Android 15|mobile|"),
    ("", "Mozilla/5.0 (Android 14; Tablet; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox 145|Gecko|Android 14|tablet|"),
    ("", "Mozilla/5.0 (Linux; U; Android 4.0.3; de-de; GT-P5100 Build/IML74K) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Safari/534.30", "Android Browser 4|WebKit|Android 4|tablet|"),
    ("", "Mozilla/5.0 (Linux; Android 11; KFTRWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/138.3.2 like Chrome/138.0.7204.157 Safari/537.36", "Silk 138|Blink|Android 11|tablet|"),
    ("", "Mozilla/5.0 (Mobile; Nokia 8110 4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", "Firefox 48|Gecko|KaiOS 2.5|mobile|"),
    (IPHONE, "~ Version/26.1 Mobile/15E148 Safari/604.1", "Safari 26|WebKit|iOS 26.1|mobile|"),
    ("", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Safari 17|WebKit|iOS 17.5|mobile|"),
    (IPHONE, "~ Version/18.7 Mobile/15E148 Safari/604.1", "Safari 18|WebKit|iOS 18.7|mobile|"),
    (IPAD, "~ Version/26.0 Mobile/15E148 Safari/604.1", "Safari 26|WebKit|iOS 26|tablet|"),
    ("", "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1", "Chrome 142|WebKit|iOS 26.1|mobile|"),
    (IPHONE, "~ FxiOS/145.0 Mobile/15E148 Safari/605.1.15", "Firefox 145|WebKit|iOS |mobile|"),
    (IPHONE, "~ Version/26.0 EdgiOS/142.0.3595.53 Mobile/15E148 Safari/604.1", "Edge 142|WebKit|iOS 26|mobile|"),
    (IPHONE, "~ Version/18.7 Mobile/15E148 Safari/604.1 OPT/6.1.2", "Opera 6|WebKit|iOS 18.7|mobile|"),
    ("", "Opera/9.80 (Android; Opera Mini/75.0.2254/191.303; U; en) Presto/2.12.423 Version/12.16", "Opera Mini 75|Presto|Android |mobile|"),
    // Pages within apps.
    (IPHONE, "~ Mobile/15E148", "iOS WebView |WebKit|iOS |mobile|"),
    (WEBVIEW, "~ Chrome/142.0.7444.102 Mobile Safari/537.36", "Android WebView 142|Blink|Android 15|mobile|"),
    (IPHONE, "~ Mobile/15E148 [FBAN/FBIOS;FBAV/535.0.0.37.75;FBBV/810;FBDV/iPhone17,1;FBMD/iPhone;FBSN/iOS;FBSV/26.0.1;FBSS/3;FBCR/;FBID/phone;FBLC/en_US]", "Facebook 535|WebKit|iOS 26|mobile|"),
    (WEBVIEW, "~ Chrome/141.0.7390.122 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/535.0.0.50.71;]", "Facebook 535|Blink|Android 15|mobile|"),
    (IPHONE, "~ Mobile/15E148 [FBAN/MessengerForiOS;FBAV/530.0.0.24.106;FBDV/iPhone16,2;FBSN/iOS;FBSV/18.6.2]", "Messenger 530|WebKit|iOS 18.6|mobile|"),
    (IPHONE, "~ Mobile/22H31 Instagram 405.0.0.23.72 (iPhone15,3; iOS 18_7; en_US; en; scale=3.00; 1290x2796; 812345678)", "Instagram 405|WebKit|iOS |mobile|"),
    (WEBVIEW, "~ Chrome/142.0.7444.102 Mobile Safari/537.36 Instagram 405.1.0.57.77 Android (35/15; 480dpi; 1080x2340; samsung; SM-S928B; e3q; qcom; de_DE; 812345678)", "Instagram 405|Blink|Android 15|mobile|"),
    (IPHONE, "~ GSA/392.0.822360712 Mobile/15E148 Safari/604.1", "Google app 392|WebKit|iOS |mobile|"),
    (WEBVIEW, "~ Chrome/142.0.7444.102 Mobile Safari/537.36 GSA/16.44.37.sa.arm64", "Google app 16|Blink|Android 15|mobile|"),
    (IPHONE, "~ Mobile/22G86 [LinkedInApp]/9.31.2150", "LinkedIn 9|WebKit|iOS |mobile|"),
    (IPHONE, "~ Mobile/15E148 MicroMessenger/8.0.64(0x18004034) NetType/WIFI Language/zh_CN", "WeChat 8|WebKit|iOS |mobile|"),
    (WEBVIEW, "~ Chrome/141.0.7390.122 Mobile Safari/537.36 musical_ly_2024106030 AppVersion/42.1.3 BytedanceWebview/d8a21c6", "TikTok |Blink|Android 15|mobile|"),
    (IPHONE, "~ Safari Line/15.16.0", "LINE 15|WebKit|iOS |mobile|"),
    (WEBVIEW, "~ Chrome/142.0.7444.102 Mobile Safari/537.36 [Pinterest/Android]", "Pinterest |Blink|Android 15|mobile|"),
    (WEBVIEW, "~ Chrome/142.0.7444.102 Mobile Safari/537.36 TwitterAndroid", "X |Blink|Android 15|mobile|"),
    // Cubot is a maker of phones.
    ("", "Mozilla/5.0 (Linux; Android 13; CUBOT P80 Build/TP1A.220624.014; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.58 Mobile Safari/537.36", "Android WebView 130|Blink|Android 13|mobile|"),
    // Televisions, consoles, glasses.
    ("", "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/4.0 Chrome/94.0.4606.31 TV Safari/537.36", "Samsung Internet 4|Blink|Tizen 7|tv|"),
    ("", "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.5359.211 Safari/537.36 WebAppManager", "Chrome 108|Blink|webOS |tv|"),
    ("", "Mozilla/5.0 (Linux; Android 9; AFTKA Build/PS7652.4121N; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/125.0.6422.113 Mobile Safari/537.36", "Android WebView 125|Blink|Android 9|tv|"),
    ("", "Mozilla/5.0 (Linux; Android 12.0; Build/STTL.240206.002) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/117.0.5938.92 Safari/537.36 CrKey/1.56.500000 DeviceType/AndroidTV", "Chrome 117|Blink|Android 12|tv|"),
    ("", "Mozilla/5.0 (Linux; Android 10; BRAVIA 4K UR2 Build/QTG3.200305.006.S292; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.6099.230 Mobile Safari/537.36", "Android WebView 120|Blink|Android 10|tv|"),
    ("", "Mozilla/5.0 (PlayStation; PlayStation 5/8.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15", "PlayStation |WebKit|PlayStation |console|"),
    ("", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0", "Edge 137|Blink|Windows |console|"),
    ("", "Mozilla/5.0 (Nintendo Switch; WebApplet) AppleWebKit/609.4 (KHTML, like Gecko) NF/6.0.3.27.0 NintendoBrowser/5.1.0.36015", "Nintendo Browser 5|WebKit|Nintendo |console|"),
    ("", "Mozilla/5.0 (Linux; Android 12; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/38.0.0.8.69 Chrome/136.0.7103.177 VR Safari/537.36", "Meta Quest Browser 38|Blink|Android 12|xr|"),
    // Nobody knows.
    ("", "", " || ||"),
    ("", "MyShop/3.2 (a program of somebody's own)", " || ||"),
];

#[rustfmt::skip]
const BOTS: &[(&str, &str, &str)] = &[
    (ROBOT, "~ Googlebot/2.1; +http://www.google.com/bot.html) Chrome/142.0.7444.59 Safari/537.36", "Googlebot"),
    ("", "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.7444.59 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
    ("", "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.7444.59 Mobile Safari/537.36 (compatible; Google-InspectionTool/1.0;)", "Google Inspection Tool"),
    ("", "Mozilla/5.0 (iPhone; CPU iPhone OS 14_7_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/14.1.2 Mobile/15E148 Safari/604.1 (compatible; AdsBot-Google-Mobile; +http://www.google.com/mobile/adsbot.html)", "AdsBot"),
    (ROBOT, "~ bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36", "Bingbot"),
    ("", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "YandexBot"),
    ("", "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "Baiduspider"),
    ("", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)", "Applebot"),
    ("", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "AhrefsBot"),
    ("", "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", "SemrushBot"),
    (ROBOT, "~ GPTBot/1.2; +https://openai.com/gptbot)", "GPTBot"),
    (ROBOT, "~ ChatGPT-User/1.0; +https://openai.com/bot", "ChatGPT-User"),
    (ROBOT, "~ ClaudeBot/1.0; +claudebot@anthropic.com)", "ClaudeBot"),
    (ROBOT, "~ PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)", "PerplexityBot"),
    ("", "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)", "Bytespider"),
    ("", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebookexternalhit"),
    ("", "WhatsApp/2.23.20.0", "WhatsApp"),
    ("", "Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/136.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse", "Lighthouse"),
    (LINUX, "~ Chrome/142.0.0.0 Safari/537.36 PTST/250918.143512", "WebPageTest"),
    ("", "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "Pingdom"),
    ("", "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "UptimeRobot"),
    (LINUX, "~ Chrome/142.0.0.0 Safari/537.36 DatadogSynthetics", "Datadog"),
    (LINUX, "~ HeadlessChrome/142.0.0.0 Safari/537.36", "HeadlessChrome"),
    ("", "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1", "PhantomJS"),
    ("", "curl/8.14.1", "curl"),
    ("", "Wget/1.25.0", "Wget"),
    ("", "python-requests/2.32.5", "Python"),
    ("", "Go-http-client/2.0", "Go"),
    // Whom we do not know by name.
    ("", "Mozilla/5.0 (compatible; ShopWatch/3.1; +https://shopwatch.example/about)", "other"),
    ("", "ExampleBot/1.0", "other"),
    ("", "Mozilla/5.0 (compatible; SomeCrawler/0.3)", "other"),
];

#[test]
fn browsers_are_told_apart() {
    for (start, rest, expected) in BROWSERS {
        let user_agent = rest.replacen('~', start, 1);
        assert_eq!(&of(&[("user-agent", &user_agent)]), expected, "{user_agent}");
    }
    assert!(BROWSERS.len() + BOTS.len() >= 90);
}

#[test]
fn bots_are_known() {
    for (start, rest, expected) in BOTS {
        let user_agent = rest.replacen('~', start, usize::from(!start.is_empty()));
        let found = of(&[("user-agent", &user_agent)]);
        assert!(found.ends_with(&format!("|bot|{expected}")), "{user_agent}: {found}");
    }
}

/// What Chrome's `User-Agent` no longer tells.
#[test]
fn client_hints_say_more() {
    let chrome = WINDOWS.to_owned() + " Chrome/142.0.0.0 Safari/537.36";
    let phone = ANDROID.to_owned() + " Chrome/142.0.0.0 Mobile Safari/537.36";
    let headless = LINUX.to_owned() + " HeadlessChrome/142.0.0.0 Safari/537.36";
    let safari = MAC.to_owned() + " Version/26.1 Safari/605.1.15";
    for (headers, expected) in [
        (
            vec![
                ("user-agent", &*chrome),
                (
                    "sec-ch-ua",
                    r#""Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99""#,
                ),
                ("sec-ch-ua-mobile", "?0"),
                ("sec-ch-ua-platform", r#""Windows""#),
            ],
            "Chrome 142|Blink|Windows |desktop|",
        ),
        // Brave's header is Chrome's: only its brand tells.
        (
            vec![
                ("user-agent", &chrome),
                (
                    "sec-ch-ua",
                    r#""Brave";v="142", "Chromium";v="142", "Not_A Brand";v="99""#,
                ),
            ],
            "Brave 142|Blink|Windows |desktop|",
        ),
        (vec![("user-agent", &chrome)], "Chrome 142|Blink|Windows |desktop|"),
        (
            vec![
                ("user-agent", &chrome),
                (
                    "sec-ch-ua",
                    r#""Not(A:Brand";v="99", "Opera";v="124", "Chromium";v="140""#,
                ),
            ],
            "Opera 124|Blink|Windows |desktop|",
        ),
        (
            vec![
                ("user-agent", &chrome),
                ("sec-ch-ua", r#""Chromium";v="142", "Not=A?Brand";v="8""#),
            ],
            "Chromium 142|Blink|Windows |desktop|",
        ),
        // Those that a page's server has asked for.
        (
            vec![
                ("user-agent", &chrome),
                ("sec-ch-ua-platform", r#""Windows""#),
                ("sec-ch-ua-platform-version", r#""15.0.0""#),
            ],
            "Chrome 142|Blink|Windows 11|desktop|",
        ),
        (
            vec![
                ("user-agent", &chrome),
                ("sec-ch-ua-platform", r#""Windows""#),
                ("sec-ch-ua-platform-version", r#""10.0.0""#),
            ],
            "Chrome 142|Blink|Windows 10|desktop|",
        ),
        (
            vec![
                ("user-agent", &phone),
                ("sec-ch-ua-platform", r#""Android""#),
                ("sec-ch-ua-platform-version", r#""16.0.0""#),
                ("sec-ch-ua-form-factors", r#""Mobile", "XR""#),
            ],
            "Chrome 142|Blink|Android 16|xr|",
        ),
        // Without a User-Agent that says anything.
        (
            vec![
                ("sec-ch-ua", r#""Chromium";v="142", "Microsoft Edge";v="142""#),
                ("sec-ch-ua-mobile", "?0"),
                ("sec-ch-ua-platform", r#""macOS""#),
            ],
            "Edge 142|Blink|macOS |desktop|",
        ),
        (
            vec![("sec-ch-ua-mobile", "?1"), ("sec-ch-ua-platform", r#""Android""#)],
            " ||Android |mobile|",
        ),
        // The header that says most is believed where they contradict each other.
        (
            vec![
                ("user-agent", &safari),
                ("sec-ch-ua", r#""Google Chrome";v="142""#),
                ("sec-ch-ua-platform", r#""Windows""#),
            ],
            "Safari 26|WebKit|macOS |desktop|",
        ),
        (
            vec![("user-agent", &headless), ("sec-ch-ua", r#""Google Chrome";v="142""#)],
            "Chrome 142|Blink|Linux |bot|HeadlessChrome",
        ),
        (
            vec![
                ("user-agent", &chrome),
                ("sec-ch-ua", r#";v=";v=,"Brave"#),
                ("sec-ch-ua-mobile", "yes"),
                ("sec-ch-ua-platform", "\""),
            ],
            "Chrome 142|Blink|Windows |desktop|",
        ),
    ] {
        assert_eq!(of(&headers), expected, "{headers:?}");
    }
}

#[test]
fn versions_are_few() {
    for (text, expected) in [
        ("18_7_1", "18.7"),
        ("15.0", "15"),
        ("15", "15"),
        ("26.1;", "26.1"),
        ("15.123", "15"),
        ("16093.68.0", ""),
        ("99999999999", ""),
        ("x", ""),
        ("", ""),
    ] {
        assert_eq!(version(text), expected, "{text}");
    }
}

proptest! {
    /// Pieces of real headers in any order, and anything between them.
    #[test]
    fn no_header_makes_it_fall(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12),
        between in "[ -~é€]{0,6}",
        brands in "[\",;=v0-9A-Za-z ]{0,60}",
    ) {
        let user_agent = pieces.join(&between);
        let mut headers = http::HeaderMap::new();
        headers.insert("user-agent", HeaderValue::from_bytes(user_agent.as_bytes()).unwrap());
        headers.insert("sec-ch-ua", HeaderValue::from_str(&brands).unwrap());
        headers.insert("sec-ch-ua-platform", HeaderValue::from_str(&brands).unwrap());
        let found = agent(&Hints::of(&headers));
        prop_assert!(found.os_version.len() <= 6, "{found:?}");
        prop_assert_eq!(found.bot.is_empty(), found.device != "bot");
    }
}

const PIECES: &[&str] = &[
    "Mozilla/5.0 (",
    "iPhone",
    " OS ",
    "18_7",
    "Version/",
    "Chrome/",
    "FBAV/",
    "[LinkedInApp]",
    "KAKAOTALK",
    "; wv) ",
    "Android ",
    "10; K",
    "Macintosh",
    "Mac OS X ",
    "Windows NT ",
    "6.",
    "bot",
    "cu",
    "Trident/7.0",
    "BytedanceWebview",
    "FBSV/",
    "65536",
    "9",
    ".",
];

#[test]
fn headers_that_are_no_text_are_read_as_far_as_they_are() {
    let mut headers = http::HeaderMap::new();
    let mut user_agent = "Mozilla/5.0 (Linux; Android 14; Télé; wv) Version/4.0 Chrome/142.0 Mobile"
        .as_bytes()
        .to_vec();
    user_agent.push(0xff);
    headers.insert("user-agent", HeaderValue::from_bytes(&user_agent).unwrap());
    assert_eq!(
        line(&agent(&Hints::of(&headers))),
        "Android WebView 142|Blink|Android 14|mobile|"
    );
    let long = "x".repeat(20_000) + " Chrome/142.0";
    headers.insert("user-agent", HeaderValue::from_str(&long).unwrap());
    assert_eq!(line(&agent(&Hints::of(&headers))), " || ||");
}
