//! What the core keeps at most. Everything here is a bound on memory or bytes, not a policy on values.

/// Bounds of one [`Engine`](crate::Engine). What exceeds them is dropped and counted in the view's receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events that wait to be taken.
    pub events: usize,
    /// Views that are remembered, so that late and repeated records find the view that they began in.
    pub views: usize,
    /// Bytes of one batch body, as UTF-8.
    pub batch_bytes: usize,
    /// Waiting bytes at which a batch is due although the page is visible.
    pub due_bytes: usize,
}

/// Interactions that INP keeps: with one skipped for every 50, enough for 500 interactions
/// (<https://web.dev/articles/inp>).
pub const INTERACTIONS: usize = 10;

impl Default for Limits {
    fn default() -> Self {
        Self {
            events: 500,
            views: 200,
            // Browsers allow 64 KiB of keepalive bodies in flight; 60,000 leaves room for one more small one.
            batch_bytes: 60_000,
            due_bytes: 16_384,
        }
    }
}
