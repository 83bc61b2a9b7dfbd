//! A page that reads and writes the form `Binary`.

wire_bench::page!(wire_bench::Binary);
