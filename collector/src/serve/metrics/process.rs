//! The process itself: the `process_…` metrics that Prometheus' own client libraries have, as `/proc` tells them. Where there
//! is no `/proc` they are absent.
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use std::fs;

use super::exposition::Family;

/// Ticks of the kernel a second, as it counts them for programs. It is 100 wherever Rust's std runs, and Prometheus' own
/// library takes it so: <https://github.com/prometheus/procfs/blob/master/proc_stat.go> (`userHZ`).
const TICKS_A_SECOND: f64 = 100.0;

/// What the kernel tells of a process.
#[derive(Debug, Default, PartialEq)]
struct Process {
    /// Seconds of user and system time.
    cpu_seconds: Option<f64>,
    threads: Option<u64>,
    virtual_bytes: Option<u64>,
    resident_bytes: Option<u64>,
    /// In seconds since the epoch.
    started: Option<f64>,
    open_files: Option<u64>,
    max_files: Option<f64>,
}

/// The metrics of this process.
pub(super) fn families() -> Vec<Family> {
    Process::this().families()
}

impl Process {
    fn this() -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let mut process = Self::of(&read("/proc/self/stat"), &read("/proc/stat"));
        process.resident_bytes = resident_bytes(&read("/proc/self/status"));
        process.max_files = max_files(&read("/proc/self/limits"));
        // One of them is the folder that is being read.
        process.open_files = fs::read_dir("/proc/self/fd")
            .ok()
            .map(|files| (files.count() as u64).saturating_sub(1));
        process
    }

    /// By `/proc/self/stat` and the system's `/proc/stat`.
    /// <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
    fn of(stat: &str, system: &str) -> Self {
        // The second field is the program's name, in which anything may be, also spaces and brackets.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // By the number that the manual gives the field; the first here is the third there.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let seconds = |field: usize| Some(number(field)? as f64 / TICKS_A_SECOND);
        let booted = system.lines().find_map(|line| line.strip_prefix("btime "));
        let booted: Option<f64> = booted.and_then(|seconds| seconds.trim().parse().ok());
        Self {
            cpu_seconds: seconds(14).zip(seconds(15)).map(|(user, system)| user + system),
            threads: number(20),
            started: booted.zip(seconds(22)).map(|(booted, since)| booted + since),
            virtual_bytes: number(23),
            ..Self::default()
        }
    }

    fn families(&self) -> Vec<Family> {
        let whole = |family: Family, value: Option<u64>| match value {
            Some(value) => family.sample([], value),
            None => family,
        };
        let real = |family: Family, value: Option<f64>| match value {
            Some(value) => family.sample([], value),
            None => family,
        };
        vec![
            real(
                Family::counter(
                    "process_cpu_seconds_total",
                    "User and system time of the collector, without ClickHouse's.",
                ),
                self.cpu_seconds,
            ),
            whole(
                Family::gauge(
                    "process_resident_memory_bytes",
                    "Memory of the collector that is in RAM.",
                ),
                self.resident_bytes,
            ),
            whole(
                Family::gauge(
                    "process_virtual_memory_bytes",
                    "Memory of the collector, also what it never touched.",
                ),
                self.virtual_bytes,
            ),
            whole(
                Family::gauge("process_open_fds", "Open file descriptors."),
                self.open_files,
            ),
            real(
                Family::gauge("process_max_fds", "File descriptors that may be open."),
                self.max_files,
            ),
            real(
                Family::gauge(
                    "process_start_time_seconds",
                    "When the collector started, in seconds since the epoch.",
                ),
                self.started,
            ),
            whole(
                Family::gauge("process_threads", "Threads of the operating system."),
                self.threads,
            ),
        ]
    }
}

/// By `/proc/self/status`.
fn resident_bytes(status: &str) -> Option<u64> {
    let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    kib.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1_024)
}

/// The soft limit, by `/proc/self/limits`; infinite if there is none.
fn max_files(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(f64::INFINITY),
        soft => soft.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4242 (rum (x) y) S 1 4242 4242 0 -1 4194560 9 0 0 0 1234 66 0 0 20 0 11 0 5000 734003200 7000 18446744073709551615";

    #[test]
    fn the_fields_are_found_behind_any_name() {
        let process = Process::of(STAT, "cpu  1 2 3\nbtime 1795226212\nprocesses 7\n");
        let expected = Process {
            cpu_seconds: Some(13.0),
            threads: Some(11),
            virtual_bytes: Some(734_003_200),
            started: Some(1_795_226_262.0),
            ..Process::default()
        };
        assert_eq!(process, expected);
    }

    #[test]
    fn memory_and_limits_are_read() {
        assert_eq!(resident_bytes("Name:\trum\nVmRSS:\t   20480 kB\n"), Some(20_971_520));
        for (text, expected) in [
            (
                "Max open files            1024                 1048576              files",
                Some(1_024.0),
            ),
            (
                "Max open files            unlimited            unlimited            files",
                Some(f64::INFINITY),
            ),
            (
                "Max cpu time              unlimited            unlimited            seconds",
                None,
            ),
        ] {
            assert_eq!(max_files(text), expected, "{text}");
        }
    }

    #[test]
    fn without_proc_there_is_nothing_and_no_panic() {
        assert_eq!(Process::of("", ""), Process::default());
        assert_eq!((resident_bytes(""), max_files("")), (None, None));
        let text = super::super::exposition::text(Process::default().families());
        assert_eq!(text.unwrap(), "");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_alive() {
        let process = Process::this();
        assert!(process.resident_bytes > Some(1 << 20), "{process:?}");
        assert!(process.virtual_bytes >= process.resident_bytes, "{process:?}");
        assert!(
            process.open_files > Some(2) && process.max_files > Some(2.0),
            "{process:?}"
        );
        assert!(process.threads >= Some(1), "{process:?}");
        let now = jiff::Timestamp::now().as_second() as f64;
        assert!(
            process
                .started
                .is_some_and(|started| started <= now + 1.0 && started > 1e9),
            "{process:?}"
        );
    }
}
