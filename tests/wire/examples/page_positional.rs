//! A page that reads and writes the form `Positional`.

wire_bench::page!(wire_bench::Positional);
