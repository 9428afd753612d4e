//! Where a custodian keeps its few small pages.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::files;

/// Pages by name, each written as a whole over the one of before.
pub trait Shelf: Send + Sync {
    /// Reads a page; `None` where there is none.
    ///
    /// # Errors
    /// What the device answers.
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>>;

    /// Writes a page in its place, durable when this returns, also where it reads so already and an earlier call of this
    /// failed: a disk may show what it does not hold. A page has at most 512 bytes and always as many as before, so
    /// that a disk writes it whole or not.
    ///
    /// # Errors
    /// What the device answers; the page is the old or the new one then.
    fn write(&self, name: &str, page: &[u8]) -> io::Result<()>;
}

/// A folder of page files that only the owner can read.
pub struct FolderShelf {
    folder: PathBuf,
    /// Whether the names in the folder are durable: a page in a file whose name is lost is lost.
    are_names_durable: AtomicBool,
}

impl FolderShelf {
    /// Takes the folder, made where it is missing.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn open(folder: &Path) -> io::Result<Self> {
        files::private_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            // An earlier process may have failed there.
            are_names_durable: AtomicBool::new(false),
        })
    }
}

impl Shelf for FolderShelf {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.folder.join(name)) {
            Ok(page) => Ok(Some(page)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, name: &str, page: &[u8]) -> io::Result<()> {
        let path = self.folder.join(name);
        match File::options().write(true).open(&path) {
            // In place: the file system has nothing but the bytes to write then, which costs a third of a new file.
            Ok(mut file) => {
                file.write_all(page)?;
                file.sync_data()?;
                if !self.are_names_durable.load(Ordering::Acquire) {
                    files::sync_parent(&path)?;
                    self.are_names_durable.store(true, Ordering::Release);
                }
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.are_names_durable.store(false, Ordering::Release);
                files::write_durably(&path, page)
            }
            Err(error) => Err(error),
        }
    }
}
