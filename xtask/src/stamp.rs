//! Is a build's output still current? A stamp file holds a digest of what went in and what came out:
//! content, not times, so that a fresh checkout with a kept target folder is right too.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Folders that hold outputs or other people's packages, never inputs.
const SKIPPED: [&str; 4] = ["node_modules", "target", "dist", "pkg"];

/// Digest of everything a build reads: files, folders, and settings that are no file.
#[derive(Default)]
pub(crate) struct Inputs {
    hash: Sha256,
}

impl Inputs {
    /// A setting: a flag, a version.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.part(text.as_bytes());
        self
    }

    /// A file, or a folder with everything below it. What is not there counts as not there.
    pub(crate) fn path(mut self, path: &Path) -> Result<Self> {
        let base = path.parent().unwrap_or(path);
        for file in files(path)? {
            let name = file.strip_prefix(base).unwrap_or(&file);
            self.part(name.as_os_str().as_encoded_bytes());
            self.part(&fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?);
        }
        Ok(self)
    }

    fn part(&mut self, bytes: &[u8]) {
        // The length keeps ("ab", "c") apart from ("a", "bc").
        self.hash.update((bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }

    /// The digest, in hexadecimal.
    pub(crate) fn digest(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The note beside an output that says what it was made from.
pub(crate) struct Stamp {
    file: PathBuf,
    output: PathBuf,
    inputs: String,
}

impl Stamp {
    /// `output` is the folder that the build writes.
    pub(crate) fn new(file: PathBuf, output: PathBuf, inputs: Inputs) -> Self {
        Self {
            file,
            output,
            inputs: inputs.digest(),
        }
    }

    /// Same inputs as when it was built, and nobody has touched the output since.
    pub(crate) fn is_current(&self) -> Result<bool> {
        let Ok(written) = fs::read_to_string(&self.file) else {
            return Ok(false);
        };
        Ok(self.output.exists() && written == self.line()?)
    }

    /// After a build that succeeded.
    pub(crate) fn write(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, self.line()?).with_context(|| format!("{} cannot be written", self.file.display()))
    }

    fn line(&self) -> Result<String> {
        Ok(format!(
            "{} {}\n",
            self.inputs,
            Inputs::default().path(&self.output)?.digest()
        ))
    }
}

/// All files at or below `path`, in one order on every machine.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    if !path.is_dir() {
        return Ok(found);
    }
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if !SKIPPED.iter().any(|skipped| entry.file_name() == *skipped) {
            found.extend(files(&entry.path())?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stamp over `in/` that watches `out/`, in a folder of its own.
    fn stamp(root: &Path) -> Stamp {
        Stamp::new(
            root.join("stamp"),
            root.join("out"),
            Inputs::default().path(&root.join("in")).unwrap(),
        )
    }

    fn built() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for folder in ["in", "in/node_modules", "out"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("in/a"), "1").unwrap();
        fs::write(root.path().join("out/a"), "built").unwrap();
        assert!(!stamp(root.path()).is_current().unwrap(), "nothing was built yet");
        stamp(root.path()).write().unwrap();
        assert!(stamp(root.path()).is_current().unwrap());
        root
    }

    #[test]
    fn a_change_of_content_name_or_number_of_the_inputs_asks_for_a_build() {
        let root = built();
        fs::write(root.path().join("in/a"), "2").unwrap();
        assert!(!stamp(root.path()).is_current().unwrap());
        let root = built();
        fs::rename(root.path().join("in/a"), root.path().join("in/b")).unwrap();
        assert!(!stamp(root.path()).is_current().unwrap());
        let root = built();
        fs::write(root.path().join("in/b"), "").unwrap();
        assert!(!stamp(root.path()).is_current().unwrap());
    }

    #[test]
    fn a_touched_or_missing_output_asks_for_a_build() {
        let root = built();
        fs::write(root.path().join("out/a"), "by hand").unwrap();
        assert!(!stamp(root.path()).is_current().unwrap());
        let root = built();
        fs::remove_dir_all(root.path().join("out")).unwrap();
        assert!(!stamp(root.path()).is_current().unwrap());
    }

    #[test]
    fn other_peoples_packages_are_no_input() {
        let root = built();
        fs::write(root.path().join("in/node_modules/x"), "1").unwrap();
        assert!(stamp(root.path()).is_current().unwrap());
    }
}
