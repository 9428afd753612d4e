//! Arms processes that run under the kill-at library, one step at a time.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The control file of one process; see the kill-at library for its 16 bytes.
#[derive(Debug)]
pub struct KillSwitch {
    path: PathBuf,
    file: std::fs::File,
}

impl KillSwitch {
    /// Makes a switch that is not armed.
    ///
    /// # Errors
    /// What the file system says.
    pub fn new(path: &Path) -> io::Result<Self> {
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        file.write_all_at(&[0; 16], 0)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// From now on counts; the `n`-th step is the last thing that the process does not do.
    ///
    /// # Errors
    /// What the file system says.
    pub fn arm(&self, n: u64) -> io::Result<()> {
        self.file.write_all_at(&0u64.to_le_bytes(), 8)?;
        self.file.write_all_at(&n.to_le_bytes(), 0)
    }

    /// Stops counting, so that a restarted process lives.
    ///
    /// # Errors
    /// What the file system says.
    pub fn disarm(&self) -> io::Result<()> {
        self.file.write_all_at(&0u64.to_le_bytes(), 0)
    }

    /// The environment that puts a process under this switch.
    pub fn environment(&self, library: &Path) -> [(&'static str, PathBuf); 2] {
        [
            ("LD_PRELOAD", library.to_owned()),
            ("QUITTANCE_KILL_AT", self.path.clone()),
        ]
    }
}
