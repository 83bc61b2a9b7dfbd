//! The drills: what was answered 204 is in the tables once, whatever strikes and wherever. What each of them promises is in
//! docs/durability.md.
//!
//! `RUM_DRILL_MOMENTS=200` strikes at as many random moments as the full drill does; `RUM_DRILL_SEED` chooses others.

mod boundaries;
mod clickhouse_away;
mod clickhouse_boundaries;
mod clock_jumps;
mod disk_fails;
mod disk_full;
mod moments;
mod stage;
