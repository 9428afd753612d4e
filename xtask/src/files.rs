//! Folders and what is in them.
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Outcome, at};

/// All that is in a folder, in order of its names.
pub(crate) fn entries(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in at(folder, fs::read_dir(folder))? {
        found.push(at(folder, entry)?.path());
    }
    found.sort();
    Ok(found)
}

/// The folders in a folder, in their order.
pub(crate) fn folders(folder: &Path) -> Outcome<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|entry| entry.is_dir()).collect())
}

/// Every file below a folder, in an order that depends on names alone.
pub(crate) fn all_files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in entries(folder)? {
        if entry.is_dir() {
            files.extend(all_files(&entry)?);
        } else {
            files.push(entry);
        }
    }
    Ok(files)
}

/// An empty folder: what was in it before is removed.
pub(crate) fn emptied(folder: &Path) -> Outcome {
    if folder.exists() {
        remove(folder)?;
    }
    at(folder, fs::create_dir_all(folder))
}

/// Removes a folder with all that is in it.
pub(crate) fn remove(folder: &Path) -> Outcome {
    at(folder, fs::remove_dir_all(folder))
}

/// A text file, read whole.
pub(crate) fn text(path: &Path) -> Outcome<String> {
    at(path, fs::read_to_string(path))
}

/// Writes a file, with the folders above it.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Outcome {
    if let Some(folder) = path.parent() {
        at(folder, fs::create_dir_all(folder))?;
    }
    at(path, fs::write(path, content))
}

/// Copies a file, making the folders above its new place.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome {
    write(to, at(from, fs::read(from))?)
}

/// Copies a folder with all that is below it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Outcome {
    for file in all_files(from)? {
        copy(&file, &to.join(below(from, &file)))?;
    }
    Ok(())
}

/// A file's path from a folder that it is in, with `/` between its parts on every system.
pub(crate) fn below(folder: &Path, file: &Path) -> String {
    let path = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
