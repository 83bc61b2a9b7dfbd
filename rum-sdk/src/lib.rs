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
use core::ptr;

use page::Page;
use rum_core::Engine;
use rum_core::scrub::Rule;
// The allocator.
use rum_memory as _;

/// The document's engine. An instance is a document.
struct Only(RefCell<Engine>);

// SAFETY: the Wasm is built without threads, so nothing is ever shared.
unsafe impl Sync for Only {}

static ENGINE: Only = Only(RefCell::new(Engine::NEW));

/// The page has a record at hand, of kind `kind` at `t` (µs).
#[unsafe(no_mangle)]
pub extern "C" fn push(kind: i32, t: f64) {
    // The page never calls back into an instance that is at work.
    if let Ok(mut engine) = ENGINE.0.try_borrow_mut() {
        engine.push(kind.into(), t, &mut Page);
    }
}

/// Calls `live` with every text that may still be asked for.
#[unsafe(no_mangle)]
pub extern "C" fn texts() {
    if let Ok(engine) = ENGINE.0.try_borrow() {
        engine.texts(&mut page::live);
    }
}

/// Bytes of the longest text that [`scrub`] takes, twice. A stack has 4,000 UTF-16 units at most.
const ROOM: usize = 1 << 15;

/// Where the page puts a text to be scrubbed, as UTF-8 in the first half, and finds what has become of it.
#[unsafe(no_mangle)]
pub static mut TEXT: [u8; ROOM] = [0; ROOM];

/// Masks the first `length` bytes of [`TEXT`]. Gives how many bytes they have become; 0 if there was nothing to mask.
#[unsafe(no_mangle)]
pub extern "C" fn scrub(mut length: usize) -> usize {
    // SAFETY: the Wasm has one thread, and the page waits for this function, which calls nothing of the page.
    let text = unsafe { &mut *(&raw mut TEXT) };
    let mut scrubbed = 0;
    for rule in &Rule::ALL {
        let placeholder = rule.placeholder().as_bytes();
        let mut at = 0;
        while let Some((from, end)) = text.get(..length).and_then(|text| rule.find(text, at)) {
            at = from.wrapping_add(placeholder.len());
            scrubbed = length.wrapping_sub(end).wrapping_add(at);
            if scrubbed > ROOM {
                return 0;
            }
            // SAFETY: `end` is at most `length`, and what comes behind it fits.
            unsafe {
                let text = text.as_mut_ptr();
                ptr::copy(text.add(end), text.add(at), length.wrapping_sub(end));
                ptr::copy_nonoverlapping(placeholder.as_ptr(), text.add(from), placeholder.len());
            }
            length = scrubbed;
        }
    }
    scrubbed
}
