//! A page that reads and writes the form `Named`.

wire_bench::page!(wire_bench::Named);
