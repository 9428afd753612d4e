//! Folders of tests: in memory where that can be, copied whole.

use std::io;
use std::path::Path;

/// A folder in memory, where there is one, for what would only wait for a disk; it goes when this is dropped.
///
/// # Errors
/// What the system says.
pub fn quick_folder() -> io::Result<tempfile::TempDir> {
    tempfile::tempdir_in("/dev/shm").or_else(|_none| tempfile::tempdir())
}

/// Copies a folder with everything in it.
///
/// # Errors
/// What the system says.
pub fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Copies a folder with everything in it over whatever stands at the other place.
///
/// # Errors
/// What the system says.
pub fn replace_folder(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => copy_folder(from, to),
    }
}
