#![doc = include_str!("../README.md")]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
// The border exists in the page only; elsewhere there is nothing to build.
#![cfg(target_arch = "wasm32")]

mod page;

use core::cell::RefCell;

use page::Page;
use rum_core::Engine;
use rum_core::limits::VIEWS;
// The allocator.
use rum_memory as _;

/// The document's engine. An instance is a document.
struct Only(RefCell<Engine>);

// SAFETY: the Wasm is built without threads, so nothing is ever shared.
unsafe impl Sync for Only {}

static ENGINE: Only = Only(RefCell::new(Engine::new(VIEWS)));

/// The page has a record at hand, of kind `kind` at `t` (µs).
#[unsafe(no_mangle)]
pub extern "C" fn push(kind: f64, t: f64) {
    // The page never calls back into an instance that is at work.
    if let Ok(mut engine) = ENGINE.0.try_borrow_mut() {
        engine.push(kind as i64, t as i64, &mut Page);
    }
}

/// Calls `live` with every text that may still be asked for.
#[unsafe(no_mangle)]
pub extern "C" fn texts() {
    if let Ok(engine) = ENGINE.0.try_borrow() {
        engine.texts(&mut page::live);
    }
}
