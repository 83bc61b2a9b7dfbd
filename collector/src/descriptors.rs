//! File descriptors: each connection needs one, and a shell gives a process 1,024 of them, though it may have more.

use std::io;

use rustix::process::{Resource, getrlimit, setrlimit};

/// What files, the spool, ClickHouse's connections and its child need besides the clients' connections.
const OURS: u64 = 256;

/// More are of no use, and a child that closes all it might have inherits the number.
const MOST: u64 = 1 << 20;

/// How many there may be, before and now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// As the process was started.
    pub before: u64,
    /// As it goes on.
    pub now: u64,
}

impl Descriptors {
    /// Lets this process have as many as the system permits.
    ///
    /// # Errors
    /// When the system refuses: then there are as many as before.
    pub fn raise() -> io::Result<Self> {
        let limit = getrlimit(Resource::Nofile);
        let before = limit.current.unwrap_or(MOST);
        let now = limit.maximum.unwrap_or(MOST).min(MOST).max(before);
        if now > before {
            let raised = rustix::process::Rlimit {
                current: Some(now),
                maximum: limit.maximum,
            };
            setrlimit(Resource::Nofile, raised)?;
        }
        Ok(Self { before, now })
    }

    /// Whether they are enough for so many connections.
    #[must_use]
    pub const fn suffice(&self, connections: usize) -> bool {
        self.now >= connections as u64 + OURS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_the_system_permits() {
        let raised = Descriptors::raise().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, Some(raised.now));
        assert!(raised.now >= raised.before, "{raised:?}");
        assert_eq!(Descriptors::raise().unwrap().before, raised.now);
    }

    #[test]
    fn some_are_left_for_files() {
        let few = Descriptors {
            before: 1_024,
            now: 1_280,
        };
        assert!(few.suffice(1_024));
        assert!(!few.suffice(1_025));
    }
}
