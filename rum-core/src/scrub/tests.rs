//! What is masked and what is not, as tables; and what holds for every text.

use alloc::borrow::Cow;
use alloc::format;

use proptest::prelude::*;

use super::sift::Sifted;
use super::{scrub, scrub_where};
use strategies::{BORDERS, is_part_of_another, left_of, mixture, planted};

mod strategies;

/// Two texts a line: what comes in and what goes out.
#[track_caller]
fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        let scrubbed = scrub(text);
        assert_eq!(scrubbed, *expected, "{text}");
        assert_eq!(scrub(&scrubbed), scrubbed, "again: {text}");
    }
}

#[track_caller]
fn untouched(texts: &[&str]) {
    for text in texts {
        assert!(matches!(scrub(text), Cow::Borrowed(_)), "{text} became {}", scrub(text));
    }
}

#[test]
fn addresses() {
    check(&[
        ("No user jane.doe+shop@mail.example.co.uk.", "No user [email]."),
        ("<jane@example.com>", "<[email]>"),
        ("mailto:jane@example.com?subject=hi", "mailto:[email]?subject=hi"),
        ("/u/jane%40example.com/edit", "/u/[email]/edit"),
        ("/go?u=/u/jane%2540example.com", "/go?u=/u/[email]"),
        ("'jane@example.com' is taken", "'[email]' is taken"),
        ("o'neil@example.com", "[email]"),
        ("jörg@münchen.de", "[email]"),
        ("“jane@example.com”", "“[email]”"),
        ("用户：jane@example.com。", "[email]。"),
        ("12@163.com and x@xn--mnchen-3ya.xn--p1ai", "[email] and [email]"),
        ("a@b.com--thanks", "[email]--thanks"),
        ("a@b.com.1234", "[email].1234"),
        ("a@b.com,c@d.org", "[email],[email]"),
        ("https://jane@example.com/x", "https://[email]/x"),
    ]);
    untouched(&[
        "jane@example",
        "@media (min-width: 1px)",
        "user@",
        "@example.com",
        "https://cdn.example/npm/vue@3.4.21/dist/vue.global.js",
        "https://cdn.example/npm/@scope/pkg@1.0.0-beta.next/x.mjs",
        "react@18 lodash@4.17.21",
        "/img/logo@2x.png",
        "render@app.js",
        "100%40",
    ]);
}

#[test]
fn tokens() {
    check(&[
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!", "jwt [token]!"),
        ("/a/eyJhbGciOiJIUzI1NiJ9.eyJzdWIi", "/a/[token]"),
        ("Bearer abc123.", "Bearer [token]."),
        ("bearer%20aBcDeF", "bearer%20[token]"),
        ("BEARER   a-b_c/d+e=", "BEARER   [token]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: [token]"),
        (
            "\"Authorization\":\"Bearer x\",\"a\":1",
            "\"Authorization\":\"[token]\",\"a\":1",
        ),
        ("sent Basic dXNlcjpwYXNz", "sent Basic [token]"),
        ("token=a1b2c3d4e5&x=1", "token=[token]&x=1"),
        ("access_token: 'abcdefghijklmnop'", "access_token: '[token]'"),
        ("{\"apiKey\":\"0123456789abcdef\"}", "{\"apiKey\":\"[token]\"}"),
        ("api_key=0123456789abcdef", "api_key=[token]"),
        ("?key=AbCdEfGh01234567", "?key=[token]"),
        ("password=hunter", "password=[token]"),
        (
            "\"password\": \"correct horse\\\" battery\", \"a\"",
            "\"password\": \"[token]\", \"a\"",
        ),
        (
            "{\\\"password\\\":\\\"hunter2\\\"}",
            "{\\\"password\\\":\\\"[token]\\\"}",
        ),
        ("userPass=x;", "userPass=[token];"),
        ("client-secret = s3cret", "client-secret = [token]"),
        ("PHPSESSID=0123456789abcdef0123456789", "PHPSESSID=[token]"),
        ("session_id=12345678", "session_id=[token]"),
        ("sig=abcdefgh1&", "sig=[token]&"),
        ("Cookie: a=b; c=d", "Cookie: [token]"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[token]"),
        ("xoxb-0123456789-abcdef", "[token]"),
        ("key sk_live_0123456789abc", "key [token]"),
        ("AKIA0123456789ABCDEF", "[token]"),
        ("https://user:pa:ss@db.example:80/x", "https://[token]@db.example:80/x"),
        // A position, of which more was masked than it is.
        ("password:0:0aa@example.com", "password:0:[email]"),
        ("cookie:12:4111111111111111", "cookie:12:[card]"),
        ("cookie:4111111111111111:12", "cookie:[token]"),
        ("ftp://jane@example.com:pw@host/x", "ftp://[token]@host/x"),
    ]);
    untouched(&[
        "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
        "Unexpected token: punc (})",
        "Bearer token is missing",
        "Bearer authentication required",
        "Basic authentication",
        "invalid password: required",
        "password = null",
        "password=undefined",
        "Each child in a list should have a unique \"key\" prop.",
        "key=ArrowLeft",
        "key: 1795226212000",
        "monkey=abcdefghij0123456789",
        "token=expired",
        "https://shop.example/reset-password:12:5",
        "https://shop.example/cookie:1:25",
        "risk-based sk-folding-cube-animation-of-css",
        "http://localhost:3000/x@y",
    ]);
}

#[test]
fn cards() {
    check(&[
        ("card 4111111111111111 refused", "card [card] refused"),
        ("4111 1111 1111 1111", "[card]"),
        ("5555-5555-5555-4444.", "[card]."),
        ("3782 822463 10005", "[card]"),
        ("378282246310005", "[card]"),
        ("6011000990139424", "[card]"),
        ("2223003122003222", "[card]"),
        ("/pay/4111111111111111/x", "/pay/[card]/x"),
        ("12 4111 1111 1111 1111 35", "12 [card] 35"),
        ("\"number\":\"4222222222222\"", "\"number\":\"[card]\""),
    ]);
    untouched(&[
        "4111111111111112",
        "4111 1111 1111 1112",
        "4111-1111 1111-1111",
        "1795226212000",
        "1795226212000000 1795226212000000000",
        "0.4111111111111111",
        "x4111111111111111",
        "41111111111111111111111111111111",
        "5124 124579 6261",
    ]);
}

#[test]
fn phones() {
    check(&[
        ("call +49 176 1234 5678 now", "call [phone] now"),
        ("+4917612345678", "[phone]"),
        ("tel:+1-555-123-4567", "tel:[phone]"),
        ("+1 (555) 123-4567", "[phone]"),
        ("/call/%2B4917612345678", "/call/[phone]"),
        ("(555) 123-4567", "[phone]"),
        ("(555)123-4567", "[phone]"),
        ("555-123-4567, 555.123.4567", "[phone], [phone]"),
        ("1-800-555-1234", "[phone]"),
        ("030 12345678 und 0171-1234567", "[phone] und [phone]"),
        ("01 23 45 67 89", "[phone]"),
        ("020 7946 0958", "[phone]"),
    ]);
    untouched(&[
        "12345678",
        "1795226212000",
        "555 123 4567",
        "1.2.3 10.20.30.40 192.168.100.200:8080 255.255.255.0",
        "2026-11-21T12:20:57.123Z 2026-11-21T12:20:57+01:00 GMT+0200",
        "2026-11-21 12:20:57",
        "21.11.2026 01/02/2026",
        "app.js:1234:56789",
        "1,234,567,890 bytes of 12345678",
        "01 23 45 67 89 10",
        "555-123-4567-89",
        "abc555-123-4567",
        "1e+21 x+12345678",
        "(404) Not Found (200) 123",
    ]);
}

#[test]
fn stacks_and_urls_are_untouched() {
    untouched(&[
        "TypeError: Cannot read properties of undefined (reading 'price')\n    at Cart.total (https://shop.example/assets/app.3f2a1c9d.js:12:34567)\n    at async Promise.all (index 0)\n    at https://shop.example/assets/vendor-B7d2f0aZ.js:1:123456",
        "    at eval (eval at run (https://shop.example/a.js:1:2), <anonymous>:1:5)\n    at new Foo (webpack-internal:///./node_modules/.pnpm/react-dom@18.2.0_react@18.2.0/node_modules/react-dom/index.js:12:3)",
        "total@https://shop.example/assets/app.3f2a1c9d.js:12:34567\nrender/<@http://localhost:5173/src/App.tsx?t=1795226212000:4:5\n@https://shop.example/:1:1\nasync*run@moz-extension://123e4567-e89b-12d3-a456-426614174000/x.js:1:2",
        "global code@https://shop.example/app.js:10:5\n[native code]\nasyncFunctionResume@[native code]\nfoo@file:///home/x/app.js:1:22\n@https://shop.example/login/password:3:14",
        "https://shop.example/orders/123e4567-e89b-12d3-a456-426614174000/items/12345678-1234-1234-1234-123456789012",
        "https://cdn.example/_next/static/chunks/1795-0f3a9c7d2b1e4a56.js",
        "/product/7/five-small-lamps/2024/11/21/v2/404",
        "BUTTON#buy.onclick",
        "db;dur=53.5;desc=\"a, b\", app;dur=47",
        "Script error.",
        "ResizeObserver loop completed with undelivered notifications.",
        "",
    ]);
}

/// A look that began at each of these again and again, and went on to the end, would take 10¹⁰ steps a text, and half an hour. This ends.
#[test]
fn hostile_texts_take_linear_time() {
    for part in [
        "a",
        "@",
        "a@",
        "a@b.",
        "a@b",
        "%40",
        "a%40",
        "-",
        "_",
        "key=",
        "token=",
        "password=",
        "password: ",
        "password=\"",
        "password:\\\"",
        "cookie:",
        "Bearer ",
        "basic ",
        "eyJ",
        "eyJ.",
        "eyJ-",
        "sk-",
        "ghp_",
        "AKIA",
        "://",
        "://a:",
        "a://",
        "+",
        "+1 ",
        "+1",
        "(",
        "(555)",
        "(555) ",
        "1",
        "4",
        "4111 ",
        "4-",
        "0",
        "01 ",
        "555-",
        "1.",
        " ",
        "\"",
        "\\",
        "é",
        "[token]",
        "'",
    ] {
        let text = part.repeat((1 << 17) / part.len());
        for end in ["", "\"x@y.zz"] {
            let _ = scrub(&format!("{text}{end}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_planted_never_survives(
        before in ".{0,40}",
        planted in planted(),
        after in ".{0,40}",
        border in prop::sample::select(BORDERS),
    ) {
        prop_assume!(!is_part_of_another(&before, border, &planted, &after));
        let text = format!("{before}{border}{planted}{border}{after}");
        let scrubbed = scrub(&text);
        prop_assert_eq!(left_of(&planted, &scrubbed), None, "{}", scrubbed);
    }

    #[test]
    fn what_is_sifted_out_holds_nothing(text in prop_oneof![mixture(), ".{0,200}", "[a-zA-Z0-9:/.=@%+ _-]{0,60}"]) {
        let looked_at = scrub_where(&text, |_| Sifted::NOTHING);
        prop_assert_eq!(scrub(&text), looked_at, "{}", text);
    }

    #[test]
    fn a_second_time_changes_nothing(text in prop_oneof![mixture(), ".{0,200}"]) {
        let once = scrub(&text);
        prop_assert_eq!(scrub(&once), once.clone());
    }

    // No group of four digits begins as a card does: by chance three of them would be one. And no secret's name is spelt with
    // these letters: "jwt :10010000" is one.
    #[test]
    fn texts_without_any_are_not_copied(
        text in "([bcdfghlmnrzäß,;()<>/?!-]{1,12} |(cart|order|page|stock) |[1-9][0-9]{0,2} |[1-9][0-9]{4,6} |:[12][01][0-9]{0,3})*",
    ) {
        prop_assert!(matches!(scrub(&text), Cow::Borrowed(_)), "{}", text);
    }
}
