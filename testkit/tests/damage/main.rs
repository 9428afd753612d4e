//! Files that are not what they should be: damaged at any place, cut, foreign, newer, read-only, without room.
//!
//! Whatever opens them answers an error of its own type that says what to do, alters nothing, and never takes a wrong
//! value for the right one.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on is a failed test"
)]

#[cfg(test)]
mod bad_vaults;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod vault;

use std::path::{Path, PathBuf};

/// A folder in memory, where there is one: what is tried here is what is read.
#[cfg(test)]
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// The files of a folder, but for lock files and what SQLite makes beside its own.
#[cfg(test)]
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if !["lock", "sqlite-wal", "sqlite-shm", "vault-wal"]
            .iter()
            .any(|end| path.to_string_lossy().ends_with(end))
        {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}
