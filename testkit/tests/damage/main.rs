//! Files that are not what they should be: damaged at any place, cut, foreign, newer, read-only, without room.
//!
//! Whatever opens them answers an error of its own type that says what to do, alters nothing, and never takes a wrong
//! value for the right one.
#![cfg(test)]

mod bad_vaults;
mod pages;
mod vault;

use std::path::{Path, PathBuf};

/// A folder for what is read back at once.
fn folder() -> tempfile::TempDir {
    quittance_testkit::files::quick_folder().unwrap()
}

/// The files of a folder, but for lock files, and for a write-ahead log in which nothing stands.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if !name.ends_with(".lock") && !name.ends_with("-shm") {
            let bytes = std::fs::read(&path).unwrap();
            if !(name.ends_with("-wal") && bytes.is_empty()) {
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}
