//! The collector's folder: one process at a time has it, and the file in it that says where the embedded ClickHouse is.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::durable_file;
use crate::folder_lock;
use crate::store::Endpoint;

const LOCK: &str = "lock";
const ENDPOINT: &str = "clickhouse.endpoint";
/// Only who runs the collector may read the database's secret.
const OWNER_ONLY: u32 = 0o600;

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Another process has it.
    #[error(
        "{} is in use by another collector; stop that one, or set data (RUM_DATA) to another folder",
        folder.display()
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
    },
    /// No collector with an embedded ClickHouse runs on it.
    #[error(
        "no collector with an embedded ClickHouse runs on {}; start it with `rum-collector serve`, and give both the \
         same --config",
        folder.display()
    )]
    NoEndpoint {
        /// The folder.
        folder: PathBuf,
    },
    /// Nothing can be kept in it.
    #[error(
        "{} cannot be written to: {reason}; mount it writable, give it to the user that the collector runs as, or set data \
         (RUM_DATA) to another folder",
        folder.display()
    )]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The disk refuses.
    #[error("{}: {doing}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// The folder, held until this is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    /// The lock goes with the process, however it ends.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is missing, and takes it.
    ///
    /// # Errors
    /// [`DataFolderError::InUse`] if another process has it, [`DataFolderError::NotWritable`] if no file can be made in it.
    pub fn take(path: &Path) -> Result<Self, DataFolderError> {
        let folder = || path.to_owned();
        let not_writable = |reason| DataFolderError::NotWritable {
            folder: folder(),
            reason,
        };
        fs::create_dir_all(path).map_err(not_writable)?;
        // A folder that this one may not read is not the one that has just been made.
        let _ = durable_file::sync_folder_of(path);
        let lock = File::create(path.join(LOCK)).map_err(not_writable)?;
        folder_lock::take(&lock).map_err(|error| match error {
            TryLockError::WouldBlock => DataFolderError::InUse { folder: folder() },
            TryLockError::Error(source) => DataFolderError::Io {
                path: folder(),
                doing: "cannot be locked",
                source,
            },
        })?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Says where the embedded ClickHouse is; readers see the old text or the new one, never half.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn publish(&self, endpoint: &Endpoint) -> Result<(), DataFolderError> {
        let path = self.path.join(ENDPOINT);
        let failed = |source| DataFolderError::Io {
            path: path.clone(),
            doing: "cannot be written",
            source,
        };
        let text = serde_json::to_string(endpoint).map_err(|error| failed(error.into()))?;
        let draft = self.path.join(format!("{ENDPOINT}.new"));
        // A draft that a killed collector left may have another mode.
        if let Err(error) = fs::remove_file(&draft)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(failed(error));
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(OWNER_ONLY)
            .open(&draft)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        fs::rename(&draft, &path).map_err(failed)
    }

    /// Where the embedded ClickHouse of the collector on `folder` is.
    ///
    /// # Errors
    /// [`DataFolderError::NoEndpoint`] if no collector has said so.
    pub fn endpoint(folder: &Path) -> Result<Endpoint, DataFolderError> {
        let path = folder.join(ENDPOINT);
        let text = fs::read_to_string(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => DataFolderError::NoEndpoint {
                folder: folder.to_owned(),
            },
            _ => DataFolderError::Io {
                path: path.clone(),
                doing: "cannot be read",
                source,
            },
        })?;
        serde_json::from_str(&text).map_err(|error| DataFolderError::Io {
            path,
            doing: "is damaged",
            source: error.into(),
        })
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        let path = self.path.join(ENDPOINT);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "the endpoint file stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;
    use crate::store::Confinement;

    #[test]
    fn one_collector_has_the_folder() {
        let root = TempDir::new().unwrap();
        let path = root.path().join("data");
        let first = DataFolder::take(&path).unwrap();
        let error = DataFolder::take(&path).unwrap_err();
        assert!(matches!(error, DataFolderError::InUse { .. }));
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        drop(first);
        DataFolder::take(&path).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_says_how_to_mend_it() {
        let root = TempDir::new().unwrap();
        let file = root.path().join("a-file");
        fs::write(&file, "").unwrap();
        // Whoever runs the tests: nobody makes a folder in a file.
        let said = DataFolder::take(&file.join("data")).unwrap_err().to_string();
        assert!(
            said.contains("a-file/data cannot be written to: Not a directory") && said.contains("RUM_DATA"),
            "{said}"
        );
    }

    #[test]
    fn the_endpoint_is_for_the_owner_and_goes_with_the_collector() {
        let root = TempDir::new().unwrap();
        let folder = DataFolder::take(root.path()).unwrap();
        assert!(matches!(
            DataFolder::endpoint(root.path()),
            Err(DataFolderError::NoEndpoint { .. })
        ));
        let mut endpoint = Endpoint {
            url: "http://127.0.0.1:1".into(),
            user: "rum".into(),
            password: "secret".into(),
            confinement: Confinement::Kernel,
        };
        for port in [1, 2] {
            endpoint.url = format!("http://127.0.0.1:{port}");
            folder.publish(&endpoint).unwrap();
            assert_eq!(DataFolder::endpoint(root.path()).unwrap(), endpoint);
        }
        let mode = fs::metadata(root.path().join(ENDPOINT)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNER_ONLY);
        drop(folder);
        assert!(matches!(
            DataFolder::endpoint(root.path()),
            Err(DataFolderError::NoEndpoint { .. })
        ));
    }

    #[test]
    fn a_draft_of_a_killed_collector_is_replaced() {
        let root = TempDir::new().unwrap();
        fs::write(root.path().join("clickhouse.endpoint.new"), "half").unwrap();
        let folder = DataFolder::take(root.path()).unwrap();
        let endpoint = Endpoint {
            url: "http://127.0.0.1:1".into(),
            user: "rum".into(),
            password: "secret".into(),
            confinement: Confinement::Kernel,
        };
        folder.publish(&endpoint).unwrap();
        assert_eq!(DataFolder::endpoint(root.path()).unwrap(), endpoint);
    }
}
