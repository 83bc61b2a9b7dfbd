//! Whether a file is still the one that was read: what a configuration, a certificate and a file of countries are looked at for.
//!
//! Size and time alone do not tell: whatever installs files may keep their times, and a renewed certificate is often as long as the
//! one before. What takes another's name is another inode.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Which file lies at a path, and when it was written. Through links: a link that leads elsewhere is a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileStamp {
    path: PathBuf,
    /// Absent while it is not there.
    file: Option<Inode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Inode {
    device: u64,
    number: u64,
    bytes: u64,
    /// In s, and ns beside them.
    modified: (i64, i64),
}

impl FileStamp {
    /// Of what is there now. One that cannot be looked at is as one that is not there: who reads it is told why.
    pub(crate) fn of(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: inode(path).ok(),
        }
    }

    /// Whether there was a file.
    pub(crate) fn is_there(&self) -> bool {
        self.file.is_some()
    }
}

fn inode(path: &Path) -> io::Result<Inode> {
    let file = fs::metadata(path)?;
    Ok(Inode {
        device: file.dev(),
        number: file.ino(),
        bytes: file.size(),
        modified: (file.mtime(), file.mtime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{File, FileTimes};
    use std::os::unix::fs::symlink;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_file_is_another_one_by_name_content_time_or_the_link_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_226_217);
        let write = |name: &str, text: &str, time: SystemTime| {
            fs::write(at(name), text).unwrap();
            let file = File::options().write(true).open(at(name)).unwrap();
            file.set_times(FileTimes::new().set_modified(time)).unwrap();
        };
        let stamp = || FileStamp::of(&at("link"));
        symlink(at("a"), at("link")).unwrap();
        assert!(!stamp().is_there());

        write("a", "one", written);
        let first = stamp();
        assert!(first.is_there());
        assert_eq!(stamp(), first, "nothing was done to it");
        assert_ne!(FileStamp::of(&at("a")), first, "another path");

        write("a", "one", written + Duration::from_nanos(1));
        assert_ne!(stamp(), first, "it was written again");
        write("a", "longer", written);
        assert_ne!(stamp(), first, "it is longer");
        // As long as the one before, and with its time, as `cp --preserve` and packages leave it.
        write("a", "one", written);
        assert_eq!(stamp(), first);
        write("b", "two", written);
        fs::rename(at("b"), at("a")).unwrap();
        assert_ne!(stamp(), first, "another took its name");

        let second = stamp();
        write("c", "two", written);
        symlink(at("c"), at("other link")).unwrap();
        fs::rename(at("other link"), at("link")).unwrap();
        assert_ne!(stamp(), second, "the link leads elsewhere");
        fs::remove_file(at("c")).unwrap();
        assert!(!stamp().is_there());
    }
}
