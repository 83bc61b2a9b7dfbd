//! Where libchdb is.

use std::{env, ffi::OsString, path::PathBuf};

use thiserror::Error;

/// The release of libchdb that this crate is written and tested against.
pub const LIBCHDB_VERSION: &str = "26.7.3-stable.1";

/// libchdb is not there, or not usable.
#[derive(Debug, Error)]
pub enum LibraryError {
    /// No file at any of the places.
    #[error(
        "libchdb is not at {path}: `cargo xtask test` or `cargo xtask demo` fetches it, or set \
         RUM_LIBCHDB to the path of a libchdb.so {LIBCHDB_VERSION}"
    )]
    Missing {
        /// Where it was looked for last.
        path: PathBuf,
    },
    /// Neither HOME nor any of the variables that say where the tools are is set.
    #[error("no place to look for libchdb: set RUM_LIBCHDB to the path of libchdb.so")]
    NoPlace,
    /// The file is there, and is not a libchdb that fits.
    #[error("{path} is not usable as libchdb {LIBCHDB_VERSION}: {source}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the loader says.
        source: libloading::Error,
    },
}

/// Finds libchdb: the `explicit` path, else the environment's `RUM_LIBCHDB`, else the tool cache
/// (`$RUM_TOOLS`, `$XDG_CACHE_HOME/wasm-rum`, `$HOME/.cache/wasm-rum`).
///
/// # Errors
/// [`LibraryError::Missing`] when there is no file where it should be; the message says what to do.
pub fn find_library(explicit: Option<PathBuf>) -> Result<PathBuf, LibraryError> {
    let path = place(explicit, |name| env::var_os(name)).ok_or(LibraryError::NoPlace)?;
    if path.is_file() {
        Ok(path)
    } else {
        Err(LibraryError::Missing { path })
    }
}

fn place(explicit: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    explicit.or_else(|| path("RUM_LIBCHDB")).or_else(|| {
        let cache = path("RUM_TOOLS")
            .or_else(|| path("XDG_CACHE_HOME").map(|cache| cache.join("wasm-rum")))
            .or_else(|| path("HOME").map(|home| home.join(".cache/wasm-rum")))?;
        Some(cache.join(format!("chdb-{LIBCHDB_VERSION}")).join("libchdb.so"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(explicit: Option<&str>, env: &[(&str, &str)], expected: Option<&str>) {
        let found = place(explicit.map(PathBuf::from), |name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        });
        assert_eq!(found, expected.map(PathBuf::from));
    }

    #[test]
    fn the_most_explicit_place_wins() {
        let env = [("RUM_LIBCHDB", "/env.so"), ("RUM_TOOLS", "/tools"), ("HOME", "/home/a")];
        check(Some("/here.so"), &env, Some("/here.so"));
        check(None, &env, Some("/env.so"));
        check(None, &env[1..], Some("/tools/chdb-26.7.3-stable.1/libchdb.so"));
        check(
            None,
            &env[2..],
            Some("/home/a/.cache/wasm-rum/chdb-26.7.3-stable.1/libchdb.so"),
        );
        let xdg = [("XDG_CACHE_HOME", "/xdg"), ("HOME", "/home/a"), ("RUM_TOOLS", "")];
        check(None, &xdg, Some("/xdg/wasm-rum/chdb-26.7.3-stable.1/libchdb.so"));
        check(None, &[], None);
    }

    #[test]
    fn a_missing_library_says_what_to_do() {
        let error = find_library(Some("/nowhere/libchdb.so".into()))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/nowhere/libchdb.so") && error.contains("cargo xtask"),
            "{error}"
        );
    }
}
