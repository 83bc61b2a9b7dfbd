//! What is acknowledged is stored, and counts once: whoever is killed, whatever is lost, however often it comes.

mod answer_lost;
mod broken_connections;
mod clickhouse_killed;
mod clocks;
mod collector_killed;
mod dead_letters;
mod drain;
mod repeated;
mod spool_commands;
