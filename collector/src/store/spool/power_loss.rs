//! Loss of power: of what was written and not synced, any 512-byte sectors may be there and others not, and of names that were
//! given and not synced, some. The spool's own changes are recorded; then it recovers from such states after each of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;

use rand::rngs::SmallRng;
use rand::{Rng as _, RngExt as _, SeedableRng as _};

use super::tests::{ALL, options, segments};
use super::*;
use crate::store::disk::recording::{self, Change};
use crate::store::frame::tests::frame_of;
use crate::store::segment::FIRST_FRAME;

const SECTOR: usize = 512;
const BATCHES: u64 = 14;
/// States after each change whose sectors and names are chosen by lot, besides those that are always tried.
const BY_LOT: usize = 4;
/// Sectors of which every subset is tried.
const EVERY_SUBSET: usize = 4;

/// Appends batches, some of them at once, takes some out as the writer does, and gives all that was changed, in order.
async fn history(folder: &Path, fsync: Fsync) -> Vec<Change> {
    let changes = recording::begin(&folder.join("spool"));
    let mut options = options(folder);
    options.fsync = fsync;
    // A few frames a segment.
    options.segment_bytes = FIRST_FRAME + 3_000;
    let spool = Spool::open(options).unwrap();
    let note = |change| changes.lock().unwrap().push(change);
    let mut next = 1;
    while next <= BATCHES {
        let together: Vec<u64> = (next..=BATCHES).take(if next % 4 == 0 { 3 } else { 1 }).collect();
        next += together.len() as u64;
        let appends = together.iter().map(|id| spool.append(frame(*id)));
        for (id, fate) in together.iter().zip(futures_util::future::join_all(appends).await) {
            assert_eq!(fate.unwrap(), Appended::Stored);
            note(Change::Acknowledged { batch: *id });
        }
        if next.is_multiple_of(3) {
            for table in Table::ALL {
                let mut consumer = spool.consumer(table);
                let batch = consumer.read(ALL).unwrap();
                if batch.rows.len() > 0 {
                    let batches = numbers(batch.rows.data()).into_iter().collect();
                    note(Change::Inserted { batches });
                }
                consumer.advance(&batch);
            }
        }
    }
    drop(spool);
    take(&changes)
}

fn take(changes: &Mutex<Vec<Change>>) -> Vec<Change> {
    std::mem::take(&mut changes.lock().unwrap())
}

/// Batches of one sector and of several.
fn frame(id: u64) -> Frame {
    let filler = "x".repeat(usize::try_from(id * 211 % 1_500).unwrap());
    frame_of(id, &[&format!("<{id}>{filler}")])
}

/// The batches whose rows are here.
fn numbers(rows: &[u8]) -> BTreeSet<u64> {
    let text = String::from_utf8_lossy(rows);
    let after = text.split('<').skip(1);
    after
        .map(|rest| rest.split('>').next().unwrap().parse().unwrap())
        .collect()
}

/// A file, whatever it is called.
#[derive(Clone, Default)]
struct Inode {
    /// Surely there.
    synced: Vec<u8>,
    /// What follows, or not.
    pending: Vec<u8>,
}

#[derive(Clone)]
enum NameChange {
    Given(PathBuf, usize),
    Taken(PathBuf),
    Moved(PathBuf, PathBuf),
}

/// The disk after some changes.
#[derive(Clone, Default)]
struct Disk {
    inodes: Vec<Inode>,
    /// Names that are surely there.
    synced: BTreeMap<PathBuf, usize>,
    /// What happened to names since, in order.
    pending: Vec<NameChange>,
    acknowledged: BTreeSet<u64>,
    inserted: BTreeSet<u64>,
}

impl Disk {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::Create { path } => self.give(path, Vec::new()),
            Change::Replace { path, bytes } => self.give(path, bytes.clone()),
            Change::Append { path, bytes } => self.inode(path).pending.extend_from_slice(bytes),
            Change::Sync { path } => {
                let inode = self.inode(path);
                let mut pending = std::mem::take(&mut inode.pending);
                inode.synced.append(&mut pending);
            }
            Change::SyncFolder => {
                self.synced = self.names(&vec![true; self.pending.len()]);
                self.pending.clear();
            }
            Change::Rename { from, to } => self.pending.push(NameChange::Moved(from.clone(), to.clone())),
            Change::Remove { path } => self.pending.push(NameChange::Taken(path.clone())),
            Change::Acknowledged { batch } => drop(self.acknowledged.insert(*batch)),
            Change::Inserted { batches } => self.inserted.extend(batches),
        }
    }

    fn give(&mut self, path: &Path, pending: Vec<u8>) {
        let synced = Vec::new();
        self.inodes.push(Inode { synced, pending });
        self.pending
            .push(NameChange::Given(path.to_owned(), self.inodes.len() - 1));
    }

    fn inode(&mut self, path: &Path) -> &mut Inode {
        let inode = self.names(&vec![true; self.pending.len()])[path];
        &mut self.inodes[inode]
    }

    /// The names, if these of their changes have reached the disk.
    fn names(&self, reached: &[bool]) -> BTreeMap<PathBuf, usize> {
        let mut names = self.synced.clone();
        for (change, _) in self.pending.iter().zip(reached).filter(|(_, reached)| **reached) {
            match change {
                NameChange::Given(path, inode) => drop(names.insert(path.clone(), *inode)),
                NameChange::Taken(path) => drop(names.remove(path)),
                NameChange::Moved(from, to) => {
                    if let Some(inode) = names.remove(from) {
                        names.insert(to.clone(), inode);
                    }
                }
            }
        }
        names
    }

    /// The sectors of the file that was written last which may be there or not.
    fn open_sectors(&self) -> usize {
        self.inodes.iter().map(Inode::open_sectors).max().unwrap_or(0)
    }

    /// Writes into `folder` what is left if `choice` decides what has reached the disk.
    fn leave(&self, folder: &Path, choice: &mut Choice) {
        let reached: Vec<bool> = self.pending.iter().map(|_| choice.name()).collect();
        for (path, inode) in self.names(&reached) {
            let bytes = self.inodes[inode].left(choice);
            fs::write(folder.join(path.file_name().unwrap()), bytes).unwrap();
        }
    }
}

impl Inode {
    fn open_sectors(&self) -> usize {
        if self.pending.is_empty() {
            return 0;
        }
        (self.synced.len() + self.pending.len()).div_ceil(SECTOR) - self.synced.len() / SECTOR
    }

    fn left(&self, choice: &mut Choice) -> Vec<u8> {
        let mut bytes = [self.synced.as_slice(), &self.pending].concat();
        let first = self.synced.len() / SECTOR;
        let mut end = self.synced.len();
        for sector in 0..self.open_sectors() {
            let from = ((first + sector) * SECTOR).max(self.synced.len());
            let to = bytes.len().min((first + sector + 1) * SECTOR);
            if choice.sector(sector) {
                end = to;
            } else {
                bytes[from..to].fill(0);
            }
        }
        // The length may be known to the disk before the bytes are.
        if !choice.whole_length() {
            bytes.truncate(end);
        }
        bytes
    }
}

/// What has reached the disk.
enum Choice {
    /// All of it.
    All,
    /// Nothing that was not synced.
    Nothing,
    /// All names, and of each file these sectors; the length or not.
    Sectors(u64, bool),
    /// Each by lot.
    Lot(SmallRng),
}

impl Choice {
    fn name(&mut self) -> bool {
        match self {
            Self::All | Self::Sectors(..) => true,
            Self::Nothing => false,
            Self::Lot(lot) => lot.random(),
        }
    }

    fn sector(&mut self, sector: usize) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Sectors(sectors, _) => sector < 64 && *sectors >> sector & 1 == 1,
            Self::Lot(lot) => lot.random(),
        }
    }

    fn whole_length(&mut self) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Sectors(_, whole) => *whole,
            Self::Lot(lot) => lot.random(),
        }
    }
}

/// The states that are tried of a disk with so many open sectors: all and nothing, every prefix, every subset of a few, some by lot.
fn choices(sectors: usize, changed: bool, lot: &mut SmallRng) -> Vec<Choice> {
    let mut choices = vec![Choice::All, Choice::Nothing];
    if changed {
        let prefixes = (1..sectors.min(63)).map(|length| (1_u64 << length) - 1);
        let subsets = if sectors <= EVERY_SUBSET {
            0..1_u64 << sectors
        } else {
            0..0
        };
        let several: BTreeSet<u64> = prefixes.chain(subsets).collect();
        for sectors in several {
            choices.extend([Choice::Sectors(sectors, false), Choice::Sectors(sectors, true)]);
        }
    }
    choices.extend((0..BY_LOT).map(|_| Choice::Lot(SmallRng::seed_from_u64(lot.next_u64()))));
    choices
}

/// Recovers from every state that is tried; how many there were, and in how many of them an acknowledged batch was neither in
/// ClickHouse nor in the spool.
fn recover(changes: &[Change]) -> (usize, usize) {
    let mut lot = SmallRng::seed_from_u64(7);
    let (mut disk, mut states, mut losses) = (Disk::default(), 0, 0);
    for change in changes {
        disk.apply(change);
        let changed = matches!(change, Change::Append { .. } | Change::Acknowledged { .. });
        for mut choice in choices(disk.open_sectors(), changed, &mut lot) {
            let folder = tempfile::tempdir().unwrap();
            let spool_folder = folder.path().join("spool");
            fs::create_dir(&spool_folder).unwrap();
            disk.leave(&spool_folder, &mut choice);
            let spool = Spool::open(options(folder.path())).unwrap();
            let found = numbers(spool.consumer(Table::ClockBad).read(ALL).unwrap().rows.data());
            let kept = |batch: &u64| disk.inserted.contains(batch) || found.contains(batch);
            states += 1;
            losses += usize::from(!disk.acknowledged.iter().all(kept));
            assert!(found.iter().all(|batch| (1..=BATCHES).contains(batch)), "{found:?}");
            let stale: Vec<_> = segments(folder.path())
                .into_iter()
                .filter(|path| fs::metadata(path).unwrap().len() <= FIRST_FRAME)
                .collect();
            assert!(stale.is_empty(), "what holds nothing is taken away: {stale:?}");
        }
    }
    (states, losses)
}

/// What was recorded is all that was changed: the files are what they would be if everything had reached the disk.
fn assert_complete(folder: &Path, changes: &[Change]) {
    let mut disk = Disk::default();
    changes.iter().for_each(|change| disk.apply(change));
    let copy = tempfile::tempdir().unwrap();
    disk.leave(copy.path(), &mut Choice::All);
    let files = |folder: &Path| -> BTreeMap<_, _> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let known = entries.filter(|entry| entry.file_name() != "lock");
        known
            .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
            .collect()
    };
    assert!(
        files(copy.path()) == files(&folder.join("spool")),
        "something was changed that was not recorded"
    );
    assert!(
        changes.iter().any(|change| matches!(change, Change::Remove { .. })),
        "no segment was deleted"
    );
}

#[tokio::test]
async fn no_loss_of_power_takes_what_was_synced_before_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let changes = history(folder.path(), Fsync::Batch).await;
    assert_complete(folder.path(), &changes);
    let (states, losses) = recover(&changes);
    assert_eq!(losses, 0, "of {states} states");
    assert!(states > 1_000, "{states} states");
}

#[tokio::test]
async fn without_syncs_a_loss_of_power_takes_batches_and_this_test_sees_it() {
    let folder = tempfile::tempdir().unwrap();
    let changes = history(folder.path(), Fsync::Off).await;
    assert_complete(folder.path(), &changes);
    let (states, losses) = recover(&changes);
    assert!(losses > 0, "{states} states");
}

#[tokio::test]
async fn no_loss_of_power_takes_what_a_killed_process_wrote_and_the_next_one_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let changes = recording::begin(&folder.path().join("spool"));
    // As if it were killed between the write and the sync: nobody was answered.
    let mut unsynced = options(folder.path());
    unsynced.fsync = Fsync::Off;
    Spool::open(unsynced).unwrap().append(frame(1)).await.unwrap();
    let spool = Spool::open(options(folder.path())).unwrap();
    assert_eq!(spool.append(frame(1)).await.unwrap(), Appended::Duplicate);
    changes.lock().unwrap().push(Change::Acknowledged { batch: 1 });
    drop(spool);
    let (states, losses) = recover(&take(&changes));
    assert_eq!(losses, 0, "of {states} states");
}
