//! One server a SQLite file: two would each believe that they alone write it.
//!
//! Architecture Invariant: the mark is a lock of the system's on a file beside the database, which ends with the process, however that ends. What the
//! file holds, and whether it is there, means nothing.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::{DatabaseUrl, StoreError};

/// That this process serves a database, as long as this is kept.
#[must_use = "dropping it lets another process serve"]
#[derive(Debug)]
pub struct Serving {
    /// None on PostgreSQL, which several may serve.
    _mark: Option<File>,
}

impl Serving {
    /// Marks a database as served by this process.
    ///
    /// # Errors
    /// [`StoreError::Served`] when another process serves this SQLite file; [`StoreError::Unavailable`] when it cannot be marked.
    pub fn begin(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let DatabaseUrl::Sqlite(path) = url else {
            return Ok(Self { _mark: None });
        };
        let mark = mark_of(path).map_err(|cause| unavailable(path, &cause))?;
        let file = File::options().create(true).truncate(false).write(true).open(&mark);
        let file = file.map_err(|cause| unavailable(&mark, &cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _mark: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Served(path.clone())),
            Err(TryLockError::Error(cause)) => Err(unavailable(&mark, &cause)),
        }
    }
}

/// `data/envoi.db` is marked by `data/envoi.db.serving`, by whatever path one comes to it.
fn mark_of(path: &Path) -> std::io::Result<PathBuf> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    // A link may lead to what is not there yet: its place is known once it is. SQLite takes an empty file for a new database.
    File::options().create(true).append(true).open(path)?;
    let mut name = OsString::from(fs::canonicalize(path)?);
    name.push(".serving");
    Ok(PathBuf::from(name))
}

fn unavailable(path: &Path, cause: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {cause}", path.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_what_is_not_there_yet_leads_to_the_same_mark() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (link, file) = (folder.path().join("link.db"), folder.path().join("envoi.db"));
        std::os::unix::fs::symlink(&file, &link).expect("a link can be made");
        let _first = Serving::begin(&DatabaseUrl::Sqlite(link)).expect("nobody serves it");
        let second = Serving::begin(&DatabaseUrl::Sqlite(file.clone()));
        assert!(matches!(second, Err(StoreError::Served(path)) if path == file));
    }
}
