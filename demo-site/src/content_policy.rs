//! The strict Content-Security-Policy that `csp=` puts on a page.

use rand::random;

use crate::options::RumTag;
use crate::switches::CspMode;

/// A value for the `nonce` of one response's inline script: 128 random bits.
pub(crate) fn fresh_nonce() -> String {
    format!("{:032x}", random::<u128>())
}

/// Everything is forbidden but the shop's own files, the SDK's origin and the script that carries `nonce`.
pub(crate) fn policy(mode: CspMode, rum: Option<&RumTag>, nonce: &str) -> String {
    let wasm = match mode {
        CspMode::Strict => "",
        CspMode::Wasm => " 'wasm-unsafe-eval'",
    };
    let sdk = rum.map(|tag| format!(" {}", tag.origin())).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'{wasm}{sdk}; connect-src 'self'{sdk}; \
         img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
