//! How many cases are tried, one after the other, and what each of them may take.

use std::env;
use std::fmt::Debug;
use std::process;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::memory;

/// In a usual run.
const CASES: u32 = 256;

/// For how many seconds each target is tried instead.
const SECONDS: &str = "RUM_FUZZ_SECONDS";

/// What takes longer hangs: cases take milliseconds, and this machine may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

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
    let (beat, beats) = sync_channel::<String>(1);
    let watch = thread::spawn(move || {
        let mut case = String::new();
        loop {
            match beats.recv_timeout(PATIENCE) {
                Ok(next) => case = next,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    eprintln!("this case takes longer than {} s: {case}", PATIENCE.as_secs());
                    process::abort();
                }
            }
        }
    });
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
            // Whoever watches may be behind.
            let _ = beat.try_send(format!("{case:?}"));
            let (checked, used) = memory::of(|| check(&case));
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
    drop(beat);
    watch.join().unwrap();
    let most = most.into_inner().unwrap_or_else(PoisonError::into_inner);
    eprintln!("{tried} cases, at most {} KiB each", most >> 10);
}
