//! A page that reads positional JSON and writes the binary form.

wire_bench::page!(wire_bench::Mixed);
