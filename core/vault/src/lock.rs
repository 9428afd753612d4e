//! One process at a time: the lock file beside the vault.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::VaultError;
use crate::file::beside;

/// Held for as long as the vault is open; the operating system lets go of it when the process ends, however it ends.
pub(crate) struct LockFile(File);

impl LockFile {
    /// Takes the lock of the vault at `vault`, or says that somebody has it.
    ///
    /// The file itself is never removed: removing it would let two processes hold two files of one name.
    pub(crate) fn take(vault: &Path) -> Result<Self, VaultError> {
        let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(beside(vault, ".lock"))
            .map_err(|source| VaultError::of_file("lock file", source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(VaultError::Locked),
            // Rust's standard library locks no files on Android. SQLite does, and holds its own exclusive lock for as
            // long as the vault is open: a second opener is refused there, with the same error.
            Err(TryLockError::Error(source)) if source.kind() == std::io::ErrorKind::Unsupported => Ok(Self(file)),
            Err(TryLockError::Error(source)) => Err(VaultError::of_file("lock file", source)),
        }
    }
}

impl Drop for LockFile {
    /// Lets go at once. Closing alone would not: a child that another thread has just forked has this file too, until it
    /// runs its own program.
    fn drop(&mut self) {
        // Where it fails, closing lets go, a moment later.
        let _ = self.0.unlock();
    }
}

/// Lets only the owner read what is created (0600).
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::LockFile;

    #[test]
    fn what_was_closed_is_free_while_a_forked_child_still_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let vault = folder.path().join("vault");
        let held = LockFile::take(&vault).unwrap();
        let of_the_child = held.0.try_clone().unwrap();
        assert!(LockFile::take(&vault).is_err());
        drop(held);
        assert!(LockFile::take(&vault).is_ok());
        drop(of_the_child);
    }
}
