//! The child on its own, for this crate's tests. `rum-collector` runs the same function itself.

use std::process::ExitCode;

use embedded_clickhouse::run_child;

fn main() -> ExitCode {
    match run_child() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
