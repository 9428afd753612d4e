//! How a disk fails.

use std::io;

/// What the operating system says, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// No room is left (ENOSPC); else the device does not work (EIO).
    pub is_full: bool,
    /// It stays so; else the next operation succeeds.
    pub stays: bool,
}

impl Fault {
    pub(crate) fn error(self) -> io::Error {
        // The system's own numbers, as SQLite looks at them: ENOSPC, EIO.
        io::Error::from_raw_os_error(if self.is_full { 28 } else { 5 })
    }
}
