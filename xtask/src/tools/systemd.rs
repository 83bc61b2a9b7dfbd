//! systemd-analyze, which says whether the unit in `deploy/` is right. It reads a file: no systemd has to run.

use super::program::Program;

pub(crate) const ANALYZE: Program = Program {
    name: "systemd-analyze",
    variable: "RUM_SYSTEMD_ANALYZE",
    commands: &["systemd-analyze"],
    places: &[],
    package: "systemd",
};
