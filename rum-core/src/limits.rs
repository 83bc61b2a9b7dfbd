//! What the core keeps at most. Everything here is a bound on memory or bytes, not a policy on values.

/// Interactions that INP keeps: with one skipped for every 50, enough for 500 interactions
/// (<https://web.dev/articles/inp>).
pub const INTERACTIONS: usize = 10;

/// Views that a page's engine remembers.
pub const VIEWS: usize = 200;
