//! Takes the lock of a folder that one process at a time may use.

use std::fs::{File, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long is waited for a lock that somebody holds. A program that a collector was just starting when it was killed has that one's
/// open files, and with them its lock, until it runs.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(10);

/// Takes the lock, which lasts until `file` is closed.
///
/// # Errors
/// [`TryLockError::WouldBlock`] if another process keeps it; and what the system says.
pub(crate) fn take(file: &File) -> Result<(), TryLockError> {
    take_within(PATIENCE, file)
}

fn take_within(patience: Duration, file: &File) -> Result<(), TryLockError> {
    let end = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < end => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "nobody tells when a lock of another process is free"
                )]
                sleep(STEP);
            }
            taken => return taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_lock_that_is_let_go_of_is_taken_and_one_that_is_kept_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let open = || File::create(folder.path().join("lock")).unwrap();
        let first = open();
        take(&first).unwrap();
        let second = open();
        thread::scope(|scope| {
            let waiting = scope.spawn(|| take_within(60 * PATIENCE, &second));
            drop(first);
            waiting.join().unwrap().unwrap();
        });
        assert!(matches!(take(&open()), Err(TryLockError::WouldBlock)));
    }
}
