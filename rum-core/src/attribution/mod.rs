//! What a value is made of: pure functions of what browsers say about a page, each with the rules of the reference library
//! (<https://github.com/GoogleChrome/web-vitals>, `src/attribution`). One file a question; `vital` asks them
//! all about one event.
//!
//! Nothing here is sent: the page sends moments, and who receives them asks. Times are in ms; moments are since the time
//! origin unless a field says otherwise, and a moment that is 0 did not happen, as in the browser's own entries. No text is
//! read or made, so that `wasm-rum/web-vitals` can ask the same functions from the page.

pub mod inp;
pub mod lcp;
pub mod load_state;
pub mod navigation_type;
pub mod ttfb;
pub mod vital;

pub use load_state::{LoadMoments, LoadState};
pub use navigation_type::NavigationType;
pub use vital::Attribution;
