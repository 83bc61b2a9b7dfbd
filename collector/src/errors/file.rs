//! What a frame's file is called in every build, and whether it is the app's own.

/// Folders that hold other people's code.
const LIBRARY_FOLDERS: [&str; 5] = [
    "/node_modules/",
    "/bower_components/",
    "/jspm_packages/",
    "/vendor/",
    "/vendors/",
];

/// Files into which builds put other people's code, and this SDK's own: it wraps `fetch`, so its frame may be on top of
/// errors that are none of its own.
const LIBRARY_FILES: [&str; 7] = [
    "vendor",
    "vendors",
    "polyfill",
    "polyfills",
    "rum",
    "rum-glue",
    "jquery",
];

/// Hosts that serve packages.
const LIBRARY_HOSTS: [&str; 6] = [
    "://cdn.jsdelivr.net/",
    "://cdnjs.cloudflare.com/",
    "://unpkg.com/",
    "://esm.sh/",
    "://ajax.googleapis.com/",
    "://code.jquery.com/",
];

/// What stands for a part that another build names in another way.
const CHANGING: &str = "*";

/// The shortest text that is taken for a content hash: esbuild's have 8 characters, some configurations cut them.
const SHORTEST_HASH: usize = 6;

/// The longest: SHA-256 in hexadecimal. What is longer is not looked at, which keeps the time linear.
const LONGEST_HASH: usize = 64;

/// Build ids of Next.js have 21 characters, of base 64 too.
const LONG_ID: usize = 20;

/// The page itself, whose URL the scripts inside of it have.
const PAGE: &str = "<page>";

/// Whether people who own the page wrote it, as far as its URL can tell.
pub(super) fn is_own(file: &str) -> bool {
    let file = without_query(file);
    !file.is_empty()
        && !LIBRARY_FOLDERS.iter().any(|folder| file.contains(folder))
        && !LIBRARY_HOSTS.iter().any(|host| file.contains(host))
        && !is_named_as_library(file)
}

/// Whether a file is called as one with other people's code, in whatever build.
fn is_named_as_library(file: &str) -> bool {
    let path = without_host(file);
    if file.starts_with("http") && is_page(path) {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = without_hash(name.split('.').next().unwrap_or_default());
    LIBRARY_FILES.contains(&stem.split('~').next().unwrap_or_default())
}

/// A file without host, query, fragment, and without content hashes, versions and numbers, by which builds tell their files
/// apart: `https://a.example/static/app.3f2a1c9d.js?v=7` is `/static/app.js`.
pub(super) fn name_in_builds(file: &str) -> String {
    if file.starts_with("blob:") {
        // The rest is an origin and an id.
        return "blob:".to_owned();
    }
    let path = without_host(without_query(file));
    if file.starts_with("http") && is_page(path) {
        return PAGE.to_owned();
    }
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let mut name = String::with_capacity(path.len());
    if path.contains('/') {
        for folder in folders.split('/') {
            name.push_str(folder_name(folder));
            name.push('/');
        }
    }
    push_file_name(file, &mut name);
    name
}

/// A file's URL without query and fragment, which may hold people's data where a page's own URL is the file.
pub(crate) fn without_query(file: &str) -> &str {
    file.split_once(['?', '#']).map_or(file, |(file, _)| file)
}

fn without_host(file: &str) -> &str {
    match file.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => file,
    }
}

/// Whether a path is a page's rather than a script's: it ends without an extension, or with one of HTML.
fn is_page(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or_default();
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["", "html", "htm", "xhtml", "php", "aspx", "jsp"].contains(&extension)
}

/// `pkg@1.2.3` is `pkg`; a build's id or a version alone is nothing.
fn folder_name(folder: &str) -> &str {
    let version = folder.trim_start_matches('v');
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_version && version.bytes().any(|byte| byte.is_ascii_digit()) || is_hash(folder) {
        return CHANGING;
    }
    match folder.rsplit_once('@') {
        Some((package, _)) if !package.is_empty() => package,
        _ => folder,
    }
}

/// `app.3f2a1c9d.js` is `app.js`, `chunk-ABC123.mjs` is `chunk.mjs`, `417.3f2a1c9d.js` is `*.js`.
fn push_file_name(file: &str, name: &mut String) {
    let mut parts = file.split('.');
    let stem = parts.next().unwrap_or_default();
    match without_hash(stem) {
        rest if !stem.is_empty() && (rest.is_empty() || is_number(rest)) => name.push_str(CHANGING),
        stem => name.push_str(stem),
    }
    for part in parts {
        let part = without_hash(part);
        if !part.is_empty() {
            name.push('.');
            name.push_str(part);
        }
    }
}

/// A part of a file's name up to a hash or a number at its end.
fn without_hash(part: &str) -> &str {
    let starts = std::iter::once(0).chain(part.match_indices(['-', '_', '~']).map(|(at, _)| at + 1));
    let hash = starts
        .filter(|&at| part.len() - at <= LONGEST_HASH)
        .find(|&at| is_hash(&part[at..]) || is_number(&part[at..]));
    hash.map_or(part, |at| part[..at].trim_end_matches(['-', '_', '~']))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text looks like a content hash or a build's id rather than a word: hexadecimal with digits; letters and digits
/// that are not a word with a number behind it (`es2015`); or eight letters of both cases that change their case three
/// times, as Rollup and Vite write them (`index-BfSjWqZD.js`).
fn is_hash(text: &str) -> bool {
    let bytes = text.as_bytes();
    let of_base_64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    if !(SHORTEST_HASH..=LONGEST_HASH).contains(&bytes.len()) || !bytes.iter().all(of_base_64) {
        return false;
    }
    if bytes.iter().any(u8::is_ascii_digit) {
        // Hyphens are base 64's where the length is one of its, and else between words.
        let whole = bytes.len() == 8 || bytes.len() >= LONG_ID || bytes.iter().all(u8::is_ascii_alphanumeric);
        return bytes.iter().all(u8::is_ascii_hexdigit) || whole && !is_of_words(text);
    }
    let changes = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() != pair[1].is_ascii_lowercase())
        .count();
    bytes.len() == 8 && bytes.iter().any(u8::is_ascii_uppercase) && changes >= 3
}

/// `es2015`, `step-2-a`: lower-case words with numbers behind them or between them.
fn is_of_words(text: &str) -> bool {
    let is_word = |part: &str| {
        part.trim_end_matches(|c: char| c.is_ascii_digit())
            .bytes()
            .all(|byte| byte.is_ascii_lowercase())
    };
    text.split(['-', '_']).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_name_in_every_build() {
        for (file, expected) in [
            ("", ""),
            ("https://a.example/app.js", "/app.js"),
            ("https://a.example", "<page>"),
            ("https://a.example/products/red-shoes?x=1", "<page>"),
            ("https://a.example/cart.html", "<page>"),
            ("https://[2001:db8::1]:8443/a/app.js?v=7#x", "/a/app.js"),
            ("https://a.example/static/app.3f2a1c9d.js", "/static/app.js"),
            ("https://a.example/static/app.0ddba11c.chunk.js", "/static/app.chunk.js"),
            ("https://a.example/chunk-ABC123.mjs", "/chunk.mjs"),
            ("https://a.example/assets/index-BfSjWqZD.js", "/assets/index.js"),
            ("https://a.example/assets/index-Bx3k_2-b.js", "/assets/index.js"),
            (
                "https://a.example/_next/static/chunks/4521-3f2a1c9d77e1b2c3.js",
                "/_next/static/chunks/*.js",
            ),
            (
                "https://a.example/_next/static/aB3dE5fG7hJ9kL1mN3pQ5/main.js",
                "/_next/static/*/main.js",
            ),
            ("https://a.example/3f2a1c9d.js", "/*.js"),
            ("https://a.example/v1.2.3/app.min.js", "/*/app.min.js"),
            ("https://cdn.example/lodash@4.17.21/lodash.js", "/lodash/lodash.js"),
            ("https://cdn.example/@scope/pkg@2.0.0/index.js", "/@scope/pkg/index.js"),
            ("https://a.example/jquery-3.7.1.min.js", "/jquery.min.js"),
            ("https://a.example/polyfills-es2015.js", "/polyfills-es2015.js"),
            (
                "https://a.example/check-out/product-page.js",
                "/check-out/product-page.js",
            ),
            (
                "https://a.example/_next/static/aB3dE5f-7hJ9kL1m_3pQ5/main.js",
                "/_next/static/*/main.js",
            ),
            ("https://a.example/assets/index-BfSj_qZD.js", "/assets/index.js"),
            (
                "https://a.example/step-2-payment-form-with-card/red-shoe.js",
                "/step-2-payment-form-with-card/red-shoe.js",
            ),
            ("https://a.example/useState.js", "/useState.js"),
            ("https://a.example/feedback.js", "/feedback.js"),
            ("webpack-internal:///./src/cart.js", "/./src/cart.js"),
            ("file:///C:/Users/x/app.js", "/C:/Users/x/app.js"),
            ("blob:https://a.example/6fa459ea-ee8a-3ca4-894e-db77e160355e", "blob:"),
            ("data:text/javascript", "data:text/javascript"),
            ("user-script", "user-script"),
        ] {
            assert_eq!(name_in_builds(file), expected, "{file}");
        }
    }

    #[test]
    fn other_peoples_code_is_told_by_its_place() {
        for (file, expected) in [
            ("https://a.example/app.js", true),
            ("https://a.example/", true),
            ("webpack-internal:///./src/cart.js", true),
            ("https://a.example/vendor-list.js", true),
            ("https://a.example/forum.js", true),
            // A page about vendors.
            ("https://a.example/vendors", true),
            ("", false),
            ("webpack-internal:///./node_modules/react-dom/index.js", false),
            ("https://a.example/assets/vendor/x.js", false),
            ("https://a.example/vendors~main.3f2a1c9d.js", false),
            ("https://a.example/vendor-3f2a1c9d.js", false),
            ("https://a.example/polyfills.js?x=/app.js", false),
            ("https://unpkg.com/react@19/index.js", false),
            ("https://a.example/rum.js", false),
            ("https://a.example/rum-glue.ddd8d8cd.js", false),
            ("https://a.example/jquery-3.7.1.min.js", false),
        ] {
            assert_eq!(is_own(file), expected, "{file}");
        }
    }
}
