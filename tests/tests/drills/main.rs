//! The drills: what was answered 204 is in the tables once, whatever strikes and wherever. What each of them promises is in
//! docs/durability.md.
//!
//! `cargo xtask drill` is the full drill: it says by `RUM_DRILL_MOMENTS`, `RUM_DRILL_CLICKHOUSE_MOMENTS` and `RUM_DRILL_ARRIVALS` at how many
//! random moments and arrivals to strike; `RUM_DRILL_SEED` chooses other moments.

mod boundaries;
mod clickhouse_away;
mod clickhouse_boundaries;
mod clock_jumps;
mod disk_fails;
// A small disk takes Linux' namespaces.
#[cfg(target_os = "linux")]
mod disk_full;
mod elsewhere;
mod moments;
mod noisy_app;
mod read_only;
#[cfg(target_os = "linux")]
mod small_disk;
mod stage;
