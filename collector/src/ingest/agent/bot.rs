//! Who fetches pages without a person before them: crawlers, monitors, previews, tools. Only those that say so; what passes for a
//! browser on purpose is one here.

/// A bot whose name is none of ours.
const OTHER: &str = "other";

/// Marks in lower case, and the names in the tables: a fixed list, so that nobody fills a column with names of his own.
const KNOWN: &[(&str, &str)] = &[
    ("chrome-lighthouse", "Lighthouse"),
    ("ptst/", "WebPageTest"),
    ("gtmetrix", "GTmetrix"),
    ("pingdom", "Pingdom"),
    ("uptimerobot", "UptimeRobot"),
    ("statuscake", "StatusCake"),
    ("site24x7", "Site24x7"),
    ("datadogsynthetics", "Datadog"),
    ("newrelic", "New Relic"),
    ("catchpoint", "Catchpoint"),
    ("checkly", "Checkly"),
    ("better uptime", "Better Stack"),
    ("betterstack", "Better Stack"),
    ("adsbot-google", "AdsBot"),
    ("mediapartners-google", "AdSense"),
    ("storebot-google", "Storebot"),
    ("google-inspectiontool", "Google Inspection Tool"),
    ("googleother", "GoogleOther"),
    ("feedfetcher-google", "Feedfetcher"),
    ("google-read-aloud", "Google Read Aloud"),
    ("google-extended", "Google-Extended"),
    ("googlebot", "Googlebot"),
    ("bingpreview", "BingPreview"),
    ("adidxbot", "AdIdxBot"),
    ("bingbot", "Bingbot"),
    ("yahoo! slurp", "Slurp"),
    ("duckduckbot", "DuckDuckBot"),
    ("duckassistbot", "DuckAssistBot"),
    ("baiduspider", "Baiduspider"),
    ("yandexbot", "YandexBot"),
    ("yandexmobilebot", "YandexBot"),
    ("yandexrenderresourcesbot", "YandexBot"),
    ("yandeximages", "YandexBot"),
    ("yandexmetrika", "YandexBot"),
    ("applebot", "Applebot"),
    ("ahrefs", "AhrefsBot"),
    ("semrush", "SemrushBot"),
    ("mj12bot", "MJ12bot"),
    ("dotbot", "DotBot"),
    ("petalbot", "PetalBot"),
    ("seznambot", "SeznamBot"),
    ("dataforseobot", "DataForSeoBot"),
    ("screaming frog", "Screaming Frog"),
    ("bytespider", "Bytespider"),
    ("gptbot", "GPTBot"),
    ("oai-searchbot", "OAI-SearchBot"),
    ("chatgpt-user", "ChatGPT-User"),
    ("claudebot", "ClaudeBot"),
    ("claude-user", "Claude-User"),
    ("claude-searchbot", "Claude-SearchBot"),
    ("perplexitybot", "PerplexityBot"),
    ("perplexity-user", "Perplexity-User"),
    ("mistralai-user", "MistralAI-User"),
    ("ccbot", "CCBot"),
    ("amazonbot", "Amazonbot"),
    ("meta-externalagent", "Meta-ExternalAgent"),
    ("meta-externalfetcher", "Meta-ExternalFetcher"),
    ("facebookexternalhit", "facebookexternalhit"),
    ("facebookcatalog", "facebookexternalhit"),
    ("twitterbot", "Twitterbot"),
    ("linkedinbot", "LinkedInBot"),
    ("pinterestbot", "Pinterestbot"),
    ("slackbot", "Slackbot"),
    ("discordbot", "Discordbot"),
    ("telegrambot", "TelegramBot"),
    ("skypeuripreview", "Skype"),
    ("whatsapp/", "WhatsApp"),
    ("archive.org_bot", "Internet Archive"),
    ("ia_archiver", "Internet Archive"),
    ("headlesschrome", "HeadlessChrome"),
    ("phantomjs", "PhantomJS"),
    ("curl/", "curl"),
    ("wget/", "Wget"),
    ("python-requests", "Python"),
    ("python-httpx", "Python"),
    ("python-urllib", "Python"),
    ("aiohttp", "Python"),
    ("scrapy", "Scrapy"),
    ("go-http-client", "Go"),
    ("apache-httpclient", "Java"),
    ("java/", "Java"),
    ("libwww-perl", "Perl"),
    ("axios/", "Node.js"),
    ("node-fetch", "Node.js"),
    ("postmanruntime", "Postman"),
];

/// What bots that nobody knows say: their trade, or where one may read about them.
const TELLTALES: [&str; 8] = [
    "feedfetcher",
    "crawl",
    "spider",
    "slurp",
    "scraper",
    "headless",
    "+http",
    "monitoring",
];

/// The bot's name, `other` if it is none that we know, and empty if it is none.
pub(super) fn name(user_agent: &str) -> &'static str {
    let lower = user_agent.to_ascii_lowercase();
    let known = KNOWN.iter().find(|(mark, _)| lower.contains(mark));
    match known {
        // A browser of that app has its name as well: a link's preview has nothing else.
        Some((_, "WhatsApp")) if !lower.starts_with("whatsapp/") => "",
        Some((_, name)) => name,
        None if TELLTALES.iter().any(|mark| lower.contains(mark)) || is_called_bot(&lower) => OTHER,
        None => "",
    }
}

/// Whether a word ends in `bot`. Cubot makes phones.
fn is_called_bot(lower: &str) -> bool {
    lower.match_indices("bot").any(|(at, word)| {
        let after = lower[at + word.len()..].chars().next();
        let ends = after.is_none_or(|next| !next.is_ascii_alphabetic());
        ends && !lower[..at].ends_with("cu")
    })
}
