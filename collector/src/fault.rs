//! The boundaries at which a fault drill may strike: before and after each step that a batch takes on its way to ClickHouse.
//!
//! `RUM_FAULT=append.sync:before=kill#3` ends a debug build at once when it comes to that boundary for the third time. In a
//! release build nothing reads the variable, and a boundary is no code at all. What the drills promise is in
//! docs/durability.md.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::thread;

use rustix::io::Errno;
use rustix::process::{Signal, getpid, kill_process};

/// The variable that says where to strike.
const VARIABLE: &str = "RUM_FAULT";

/// The variable that names a file with the ms by which the clock is to be wrong; the file may change.
const CLOCK_VARIABLE: &str = "RUM_FAULT_CLOCK";

/// By how many ms a test says that the clock of its own process is wrong.
static JUMP_MS: AtomicI64 = AtomicI64::new(0);

/// The variable that names a file to which each boundary adds a byte when it is come to ([`Boundary::read`]): so it is known how far
/// a process was that somebody has killed.
const BOUNDARIES_VARIABLE: &str = "RUM_FAULT_BOUNDARIES";

/// What a batch, and what is kept of it, needs the disk or the database for: where a drill kills who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// A segment's file is made.
    SegmentCreate,
    /// Both copies of its header are written.
    HeaderWrite,
    /// They are synced.
    HeaderSync,
    /// The file's name is synced.
    FolderSync,
    /// The frames of a group are written.
    AppendWrite,
    /// They are synced.
    AppendSync,
    /// Rows of a table are inserted.
    Insert,
    /// Their hours are marked.
    Mark,
    /// A table's cursor is written beside the old one.
    CursorWrite,
    /// It takes the old one's place.
    CursorRename,
    /// A segment that every cursor has passed is deleted.
    SegmentDelete,
    /// A start syncs what the last run may not have.
    SegmentSync,
    /// A start cuts an unfinished frame off.
    TailCut,
    /// A start takes a segment away that has no frame.
    EmptyDelete,
    /// A start sets a segment aside whose headers are damaged.
    SegmentAside,
    /// A row that ClickHouse refused for good is written to the dead letters.
    LetterWrite,
    /// It is synced.
    LetterSync,
    /// `deadletter retry` inserts the rows of letters again.
    LettersInsert,
    /// It marks their hours.
    LettersMark,
    /// It writes the letters that stay into a new file.
    LettersDraft,
    /// It syncs that.
    LettersSync,
    /// That takes the old one's place.
    LettersRename,
    /// No letter stays: the file is deleted.
    LettersRemove,
}

impl Step {
    /// All of them, in the order of a batch's way.
    pub const ALL: [Self; 23] = [
        Self::SegmentCreate,
        Self::HeaderWrite,
        Self::HeaderSync,
        Self::FolderSync,
        Self::AppendWrite,
        Self::AppendSync,
        Self::Insert,
        Self::Mark,
        Self::CursorWrite,
        Self::CursorRename,
        Self::SegmentDelete,
        Self::SegmentSync,
        Self::TailCut,
        Self::EmptyDelete,
        Self::SegmentAside,
        Self::LetterWrite,
        Self::LetterSync,
        Self::LettersInsert,
        Self::LettersMark,
        Self::LettersDraft,
        Self::LettersSync,
        Self::LettersRename,
        Self::LettersRemove,
    ];

    /// Those of them that the command `deadletter retry` takes.
    pub const OF_RETRY: [Self; 6] = [
        Self::LettersInsert,
        Self::LettersMark,
        Self::LettersDraft,
        Self::LettersSync,
        Self::LettersRename,
        Self::LettersRemove,
    ];

    /// Its name in [`VARIABLE`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SegmentCreate => "segment.create",
            Self::HeaderWrite => "header.write",
            Self::HeaderSync => "header.sync",
            Self::FolderSync => "folder.sync",
            Self::AppendWrite => "append.write",
            Self::AppendSync => "append.sync",
            Self::Insert => "insert",
            Self::Mark => "mark",
            Self::CursorWrite => "cursor.write",
            Self::CursorRename => "cursor.rename",
            Self::SegmentDelete => "segment.delete",
            Self::SegmentSync => "segment.sync",
            Self::TailCut => "tail.cut",
            Self::EmptyDelete => "empty.delete",
            Self::SegmentAside => "segment.aside",
            Self::LetterWrite => "letter.write",
            Self::LetterSync => "letter.sync",
            Self::LettersInsert => "letters.insert",
            Self::LettersMark => "letters.mark",
            Self::LettersDraft => "letters.draft",
            Self::LettersSync => "letters.sync",
            Self::LettersRename => "letters.rename",
            Self::LettersRemove => "letters.remove",
        }
    }
}

/// Which side of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Side {
    /// It is about to be done.
    Before,
    /// It was done, or has failed, and nobody knows yet.
    After,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Before, Self::After];

    /// Its name in [`VARIABLE`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// A side of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boundary {
    /// The step.
    pub step: Step,
    /// Which side of it.
    pub side: Side,
}

impl Boundary {
    /// As a byte of the file that [`BOUNDARIES_VARIABLE`] names.
    const fn byte(self) -> u8 {
        2 * self.step as u8 + self.side as u8
    }

    /// What such a file says, in its order; bytes that are no boundary are passed over.
    pub fn read(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.iter().filter_map(|byte| {
            Some(Self {
                step: *Step::ALL.get(usize::from(byte / 2))?,
                side: *Side::ALL.get(usize::from(byte % 2))?,
            })
        })
    }
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strike {
    /// The process is killed.
    Kill,
    /// It stands still until somebody lets it go on (SIGCONT).
    Stop,
    /// The step is not done, and the system is said to have refused it.
    Refuse(Errno),
}

#[derive(Debug, PartialEq, Eq)]
struct Fault {
    step: Step,
    side: Side,
    strike: Strike,
    /// At which arrival, counted from 1.
    arrival: u32,
}

impl FromStr for Fault {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (boundary, strike) = text.split_once('=').ok_or(())?;
        let (step, side) = boundary.split_once(':').ok_or(())?;
        let (strike, arrival) = strike.split_once('#').unwrap_or((strike, "1"));
        let strike = match strike {
            "kill" => Strike::Kill,
            "stop" => Strike::Stop,
            "eio" => Strike::Refuse(Errno::IO),
            "enospc" => Strike::Refuse(Errno::NOSPC),
            "erofs" => Strike::Refuse(Errno::ROFS),
            _ => return Err(()),
        };
        let side = Side::ALL.into_iter().find(|known| known.name() == side).ok_or(())?;
        if matches!((strike, side), (Strike::Refuse(_), Side::After)) {
            return Err(());
        }
        Ok(Self {
            step: Step::ALL.into_iter().find(|known| known.name() == step).ok_or(())?,
            side,
            strike,
            arrival: arrival.parse().map_err(drop)?,
        })
    }
}

/// Does a step between its two boundaries.
pub(crate) fn step<T>(step: Step, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    before(step)?;
    let done = act();
    after(step);
    done
}

/// The boundary before a step; fails where a drill says that the step does.
pub(crate) fn before(step: Step) -> io::Result<()> {
    reached(step, Side::Before)
}

/// The boundary after a step.
pub(crate) fn after(step: Step) {
    // Only what comes before a step can refuse it.
    let _ = reached(step, Side::After);
}

fn reached(step: Step, side: Side) -> io::Result<()> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    write_down(Boundary { step, side });
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();
    static ARRIVALS: AtomicU32 = AtomicU32::new(0);
    let fault = FAULT.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let fault = text.parse().ok();
        if fault.is_none() {
            tracing::error!(text, "{VARIABLE} is no fault: write such as append.sync:before=kill#3");
        }
        fault
    });
    match fault {
        Some(fault) if (fault.step, fault.side) == (step, side) => {
            if ARRIVALS.fetch_add(1, Ordering::Relaxed) + 1 == fault.arrival {
                strike(fault.strike)
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}

/// Makes the clock of this process wrong by so many ms, for a test that has the collector in its own process. In a release
/// build it is as right as ever.
pub fn jump_clock(ms: i64) {
    JUMP_MS.store(ms, Ordering::Relaxed);
}

/// Adds the boundary to the file of who wants to know.
fn write_down(boundary: Boundary) {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let path = std::env::var_os(BOUNDARIES_VARIABLE)?;
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        opened
            .inspect_err(|error| tracing::error!(%error, "{BOUNDARIES_VARIABLE} names no file that can be written"))
            .ok()
    });
    if let Some(mut file) = file.as_ref() {
        // Who reads it misses what could not be written, and says so.
        let _ = file.write_all(&[boundary.byte()]);
    }
}

/// By how many ms a drill or a test says that the clock is wrong.
pub(crate) fn clock_jump_ms() -> i64 {
    if !cfg!(debug_assertions) {
        return 0;
    }
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os(CLOCK_VARIABLE).map(PathBuf::from));
    let said = file.as_ref().and_then(|file| fs::read_to_string(file).ok());
    // Hours and days: what could overflow the calendar is no clock.
    let most = 400 * 86_400_000;
    said.and_then(|text| text.trim().parse().ok())
        .unwrap_or(0_i64)
        .saturating_add(JUMP_MS.load(Ordering::Relaxed))
        .clamp(-most, most)
}

fn strike(strike: Strike) -> io::Result<()> {
    match strike {
        Strike::Kill => Ok(kill_process(getpid(), Signal::KILL)?),
        Strike::Stop => stand_still(),
        Strike::Refuse(error) => Err(error.into()),
    }
}

/// Any thread may be the one that takes the signal for all: this one would go on until that one has its turn.
fn stand_still() -> io::Result<()> {
    kill_process(getpid(), Signal::STOP)?;
    while is_stop_pending() {
        thread::yield_now();
    }
    Ok(())
}

/// Whether no thread has taken a SIGSTOP of this process yet, as Linux tells.
fn is_stop_pending() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    let signals = pending.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    signals.is_some_and(|signals| signals >> (Signal::STOP.as_raw() - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_and_nonsense_is_not() {
        let read = |text: &str| text.parse::<Fault>().ok();
        assert_eq!(
            read("append.sync:before=eio#3"),
            Some(Fault {
                step: Step::AppendSync,
                side: Side::Before,
                strike: Strike::Refuse(Errno::IO),
                arrival: 3
            })
        );
        assert!(read("mark:after=kill").is_some_and(|fault| fault.arrival == 1));
        for nonsense in [
            "",
            "mark",
            "mark:after",
            "mark:later=kill",
            "none:after=kill",
            "mark:after=eio",
            "mark:after=kill#x",
        ] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_boundary_is_read_as_it_was_written_down() {
        let all = Step::ALL
            .into_iter()
            .flat_map(|step| Side::ALL.map(|side| Boundary { step, side }));
        let all: Vec<_> = all.collect();
        let bytes: Vec<_> = all.iter().map(|boundary| boundary.byte()).chain([255]).collect();
        assert_eq!(Boundary::read(&bytes).collect::<Vec<_>>(), all);
    }

    #[test]
    fn every_step_is_listed_under_a_name_of_its_own() {
        for (number, step) in Step::ALL.into_iter().enumerate() {
            assert_eq!(step as usize, number, "{step:?}");
            let same = Step::ALL.into_iter().filter(|other| other.name() == step.name());
            assert_eq!(same.count(), 1, "{step:?}");
        }
    }
}
