//! What a process has used, as Linux counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// CPU time of a process, all its threads together, since it began. Linux counts in ticks of 10 ms.
///
/// # Errors
/// When there is no such process, or no `/proc`.
pub fn cpu(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    // The name of the program, in parentheses, may hold anything: user and system time are the 12th and 13th word after it.
    let (_, rest) = stat.rsplit_once(") ").context("/proc/<pid>/stat has no name")?;
    let mut words = rest.split_ascii_whitespace().skip(11);
    let mut ticks = || -> Result<u64> { Ok(words.next().context("/proc/<pid>/stat is short")?.parse()?) };
    Ok(Duration::from_millis(10 * (ticks()? + ticks()?)))
}

/// The most memory that a process has had at a time, in MiB.
///
/// # Errors
/// When there is no such process, or no `/proc`.
pub fn peak_memory_mib(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_ascii_whitespace().next());
    let kib: f64 = kib.context("/proc/<pid>/status names no VmHWM")?.parse()?;
    Ok(kib / 1_024.0)
}
