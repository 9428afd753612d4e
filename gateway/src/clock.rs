//! Gateway time: the clock that decides, given from outside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use quittance_protocol::Timestamp;

use crate::files;

/// Says what time it is; every deadline, window and lifetime counts by it.
pub trait Clock: Send + Sync {
    /// The present moment in whole seconds of UTC.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    epoch: Timestamp,
}

impl SystemClock {
    /// Takes the system's clock.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] where 1970 is no moment of the protocol, which cannot be.
    pub fn new() -> io::Result<Self> {
        let epoch = Timestamp::from_unix(0).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(Self { epoch })
    }

    fn shifted(&self, offset: i64) -> Timestamp {
        // A system clock before 1970 is read as 1970: every window is then closed, which is the safe side.
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        self.epoch
            .plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_add(offset))
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.shifted(0)
    }
}

/// Gateway time as everything in one process sees it: it never goes back while the process lives, whatever the clock does.
/// A nonce that is stamped by one part is as old as it is for every other one.
pub(crate) struct OnwardClock {
    clock: Arc<dyn Clock>,
    latest: Mutex<Option<Timestamp>>,
}

impl From<Arc<dyn Clock>> for OnwardClock {
    fn from(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            latest: Mutex::default(),
        }
    }
}

impl Clock for OnwardClock {
    fn now(&self) -> Timestamp {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let now = latest.map_or(now, |latest| latest.max(now));
        *latest = Some(now);
        now
    }
}

/// What a sandbox clock is moved from.
#[derive(Debug)]
enum Begin {
    System(SystemClock),
    Standing(Timestamp),
}

impl Begin {
    fn shifted(&self, offset: i64) -> Timestamp {
        match self {
            Self::System(clock) => clock.shifted(offset),
            Self::Standing(start) => start.plus_seconds(offset),
        }
    }
}

/// A clock that the sandbox moves forward: the system's, or one that stands. How far it was moved survives a restart.
#[derive(Debug)]
pub struct SandboxClock {
    begin: Begin,
    file: PathBuf,
    offset: Mutex<i64>,
}

impl SandboxClock {
    /// Takes the offset that stands in `file`; none stands for zero.
    ///
    /// # Errors
    /// What the file system answers; [`io::ErrorKind::InvalidData`] where the file holds no number.
    pub fn open(file: &Path) -> io::Result<Self> {
        Self::from(Begin::System(SystemClock::new()?), file)
    }

    /// A clock that stands at `start` but for what it is moved by: what happens under it happens at exact moments.
    ///
    /// # Errors
    /// As [`SandboxClock::open`].
    pub fn standing_at(start: Timestamp, file: &Path) -> io::Result<Self> {
        Self::from(Begin::Standing(start), file)
    }

    fn from(begin: Begin, file: &Path) -> io::Result<Self> {
        let offset = match std::fs::read_to_string(file) {
            Ok(text) => text
                .trim()
                .parse()
                .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(Self {
            begin,
            file: file.to_owned(),
            offset: Mutex::new(offset),
        })
    }

    /// Moves time forward; durable when this returns.
    ///
    /// # Errors
    /// What the file system answers; time has then not moved.
    pub fn advance(&self, seconds: u32) -> io::Result<Timestamp> {
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = offset.saturating_add(i64::from(seconds));
        files::write_durably(&self.file, moved.to_string().as_bytes())?;
        *offset = moved;
        Ok(self.begin.shifted(moved))
    }
}

impl Clock for SandboxClock {
    fn now(&self) -> Timestamp {
        self.begin
            .shifted(*self.offset.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
