//! Small files that are replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Puts `content` in the place of the file at `path`: whoever reads it, also after a power cut, sees the old one or this one.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = File::create(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    sync_folder_of(path)
}

/// A file's name is kept by its folder: what was created, renamed or removed there is so after a power cut as well.
///
/// # Errors
/// When the disk refuses.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        // A name alone, as the default folder has.
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_name_alone_is_the_one_that_this_process_is_in() {
        for path in ["data", "./data", "/data", "/"] {
            sync_folder_of(Path::new(path)).unwrap();
        }
        sync_folder_of(Path::new("no/such/folder/data")).unwrap_err();
    }
}
