//! What a browser says of itself: the `User-Agent` header, and the client hints that browsers send unasked. From these
//! follow browser, engine, operating system and class of device, and whether it is a bot.
//!
//! Pure, and tables of marks: the parts are `agent/`. A mark is a text that is in the header; the first of a table that is
//! found wins, so the order of a table is what it knows.
//!
//! Two crates were measured against these tables (5 µs a header, 0.15 µs from the cache in `agents`): `uaparser` 0.6.4 knows every
//! browser there ever was, by a thousand regular expressions that take 600 µs a header and 180 MB; `woothee` 0.13 takes 3 µs, and knows
//! neither engines nor apps that show pages, nor one crawler from another.
//! <https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/User-Agent>

mod bot;
mod browser;
mod device;
mod hints;
mod system;

pub(super) use hints::{HEADERS, Hints};

use crate::batch::Agent;

/// The class of a device that is a machine without a person.
const BOT: &str = "bot";

/// Reads the headers.
pub(super) fn agent(hints: &Hints<'_>) -> Agent {
    let user_agent = &*hints.user_agent;
    let bot = bot::name(user_agent);
    let browser = browser::browser(user_agent, hints.brands());
    let system = system::system(user_agent, hints);
    Agent {
        browser: browser.name,
        browser_version: browser.version,
        engine: browser::engine(user_agent, hints.brands()),
        os: system.name,
        os_version: system.version,
        device: if bot.is_empty() {
            device::device(user_agent, hints)
        } else {
            BOT
        },
        bot,
    }
}

/// The number that a text begins with; `None` if it begins with none.
fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits)?.parse().ok()
}

/// No system has more in the first number of its version, or more than 99 in the second. The column is to have few different values,
/// whatever somebody makes up.
const MOST_MAJOR: u16 = 999;
const MOST_MINOR: u16 = 99;

/// The version that a text begins with: its first two numbers, the second only if it is not 0. `18_7_1` is 18.7, `15.0` is 15.
fn version(text: &str) -> String {
    let Some(major) = number(text).filter(|major| *major <= MOST_MAJOR) else {
        return String::new();
    };
    let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    match rest.strip_prefix(['.', '_']).and_then(number) {
        Some(minor @ 1..=MOST_MINOR) => format!("{major}.{minor}"),
        _ => major.to_string(),
    }
}

/// What follows the first of these marks that is in `text`.
fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests;
