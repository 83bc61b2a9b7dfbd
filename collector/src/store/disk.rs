//! Every change that the spool makes on disk, each a step at which a fault drill may strike. Where tests record them, the states
//! that a loss of power may leave can be built from what was changed and what was synced.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Write as _};
use std::path::Path;

use super::segment::Sync;
use crate::fault::{self, Step};

/// Makes a file that is not there yet.
pub(super) fn create(step: Step, path: &Path) -> io::Result<File> {
    let file = fault::step(step, || OpenOptions::new().write(true).create_new(true).open(path))?;
    #[cfg(test)]
    recording::record(path, |path| recording::Change::Create { path });
    Ok(file)
}

/// Writes all pieces, one after the other, to the end of the file.
pub(super) fn write(step: Step, (path, file): (&Path, &mut File), mut pieces: &mut [IoSlice<'_>]) -> io::Result<()> {
    #[cfg(test)]
    let bytes = pieces.iter().flat_map(|piece| piece.to_vec()).collect();
    fault::step(step, || {
        // What is empty would never be written.
        IoSlice::advance_slices(&mut pieces, 0);
        while !pieces.is_empty() {
            match file.write_vectored(pieces) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut pieces, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })?;
    #[cfg(test)]
    recording::record(path, |path| recording::Change::Append { path, bytes });
    #[cfg(not(test))]
    let _ = path;
    Ok(())
}

/// Makes durable what was written.
pub(super) fn sync(step: Step, (path, file): (&Path, &File), sync: &Sync) -> io::Result<()> {
    fault::step(step, || sync(file))?;
    #[cfg(test)]
    recording::record(path, |path| recording::Change::Sync { path });
    #[cfg(not(test))]
    let _ = path;
    Ok(())
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(step: Step, folder: &Path) -> io::Result<()> {
    fault::step(step, || File::open(folder)?.sync_all())?;
    #[cfg(test)]
    recording::record(folder, |_| recording::Change::SyncFolder);
    Ok(())
}

/// Writes a file anew.
pub(super) fn replace(step: Step, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fault::step(step, || fs::write(path, bytes))?;
    #[cfg(test)]
    recording::record(path, |path| recording::Change::Replace {
        path,
        bytes: bytes.to_owned(),
    });
    Ok(())
}

/// Gives a file another name.
pub(super) fn rename(step: Step, from: &Path, to: &Path) -> io::Result<()> {
    fault::step(step, || fs::rename(from, to))?;
    #[cfg(test)]
    recording::record(from, |from| recording::Change::Rename {
        from,
        to: to.to_owned(),
    });
    Ok(())
}

/// Takes a file away.
pub(super) fn remove(step: Step, path: &Path) -> io::Result<()> {
    fault::step(step, || fs::remove_file(path))?;
    #[cfg(test)]
    recording::record(path, |path| recording::Change::Remove { path });
    Ok(())
}

#[cfg(test)]
pub(super) mod recording {
    //! What was changed, in order, in folders that a test has named.

    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex};

    /// One change, which has happened.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(in crate::store) enum Change {
        Create {
            path: PathBuf,
        },
        Append {
            path: PathBuf,
            bytes: Vec<u8>,
        },
        Replace {
            path: PathBuf,
            bytes: Vec<u8>,
        },
        Sync {
            path: PathBuf,
        },
        SyncFolder,
        Rename {
            from: PathBuf,
            to: PathBuf,
        },
        Remove {
            path: PathBuf,
        },
        /// What a test knows: a batch was acknowledged, or a table's rows are in ClickHouse.
        Acknowledged {
            batch: u64,
        },
        Inserted {
            batches: Vec<u64>,
        },
    }

    type Recording = (PathBuf, Arc<Mutex<Vec<Change>>>);

    static RECORDINGS: Mutex<Vec<Recording>> = Mutex::new(Vec::new());

    /// From now on what changes in `folder`.
    pub(in crate::store) fn begin(folder: &Path) -> Arc<Mutex<Vec<Change>>> {
        let changes = Arc::default();
        let recording = (folder.to_owned(), Arc::clone(&changes));
        RECORDINGS.lock().unwrap().push(recording);
        changes
    }

    pub(super) fn record(path: &Path, change: impl FnOnce(PathBuf) -> Change) {
        let recordings = RECORDINGS.lock().unwrap();
        if let Some((_, changes)) = recordings.iter().find(|(folder, _)| path.starts_with(folder)) {
            changes.lock().unwrap().push(change(path.to_owned()));
        }
    }
}
