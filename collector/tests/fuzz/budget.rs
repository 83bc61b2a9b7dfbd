//! How many cases are tried, one after the other, and what each of them may take.

use std::env;
use std::fmt::Debug;
use std::fs;
use std::process;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::memory;

/// In a usual run.
const CASES: u32 = 256;

/// For how many seconds each target is tried instead.
const SECONDS: &str = "RUM_FUZZ_SECONDS";

/// What takes more CPU time of this process hangs: cases take milliseconds. The clock would count what else the machine does.
const MOST_CPU: Duration = Duration::from_secs(5);

/// What takes longer by the clock waits for what never comes.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// One target at a time, for memory is counted for all threads together.
static TURN: Mutex<()> = Mutex::new(());

/// Tries `check` on cases of `strategy`; none may take more than `limit` bytes of memory.
pub(crate) fn spend<S>(limit: usize, strategy: S, check: impl Fn(&S::Value) -> Result<(), String>)
where
    S: Strategy,
    S::Value: Debug,
{
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = env::var(SECONDS).ok().map(|text| text.parse().unwrap());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let running = Arc::new(Mutex::new(None));
    let (end_of_watch, ended) = sync_channel(1);
    let watch = thread::spawn({
        let running = Arc::clone(&running);
        move || watch(&running, &ended)
    });
    let set = |case| *running.lock().unwrap_or_else(PoisonError::into_inner) = case;
    let most = Mutex::new(0);
    let mut tried = 0;
    loop {
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            max_shrink_iters: 2_000,
            ..Config::default()
        };
        let done = TestRunner::new(config).run(&strategy, |case| {
            set(Some(Running::now(format!("{case:?}"))));
            let (checked, used) = memory::of(|| check(&case));
            set(None);
            let mut most = most.lock().unwrap_or_else(PoisonError::into_inner);
            *most = used.max(*most);
            checked.map_err(TestCaseError::fail)?;
            if used > limit {
                return Err(TestCaseError::fail(format!(
                    "it took {used} bytes of memory, and may take {limit}"
                )));
            }
            Ok(())
        });
        if let Err(failure) = done {
            panic!("{failure}");
        }
        tried += CASES;
        if end.is_none_or(|end| Instant::now() >= end) {
            break;
        }
    }
    drop(end_of_watch);
    watch.join().unwrap();
    let most = most.into_inner().unwrap_or_else(PoisonError::into_inner);
    eprintln!("{tried} cases, at most {} KiB each", most >> 10);
}

/// A case that is being tried.
struct Running {
    case: String,
    since: Instant,
    cpu: Duration,
}

impl Running {
    fn now(case: String) -> Self {
        Self {
            case,
            since: Instant::now(),
            cpu: cpu(),
        }
    }
}

/// Ends the process, which is all that can be done, when a case hangs; until there are no more cases.
fn watch(running: &Mutex<Option<Running>>, ended: &Receiver<()>) {
    while ended.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let running = running.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Running { case, since, cpu }) = &*running else {
            continue;
        };
        let (cpu, clock) = (self::cpu().saturating_sub(*cpu), since.elapsed());
        if cpu > MOST_CPU || clock > PATIENCE {
            eprintln!("this case has taken {cpu:?} of CPU time in {clock:?}: {case}");
            process::abort();
        }
    }
}

/// CPU time of this process since it began, all its threads together. Linux counts in ticks of 10 ms; elsewhere nobody does.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may hold anything: user and system time are the 12th and 13th word after it.
    let words = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = words.split_ascii_whitespace().skip(11).take(2);
    Duration::from_millis(10 * ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>())
}
