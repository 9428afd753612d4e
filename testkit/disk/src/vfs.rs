//! The drive that SQLite reads disks in.

use std::borrow::Cow;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlite_vfs::wip::{WalIndex, WalIndexLock};
use sqlite_vfs::{DatabaseHandle, LockKind, OpenAccess, OpenOptions, RegisterError, Vfs, register};

use crate::{Operation, RecordingDisk};

/// Where SQLite looks for a disk. Names of drives are for ever, disks come and go.
#[derive(Clone)]
pub struct Drive(Arc<Mutex<RecordingDisk>>);

impl Drive {
    /// Makes a drive known to SQLite under this name, which must be new in this process.
    ///
    /// # Errors
    /// What SQLite answers.
    pub fn mount(name: &str) -> Result<Self, RegisterError> {
        let drive = Self(Arc::default());
        register(name, drive.clone(), false)?;
        Ok(drive)
    }

    /// Puts a disk in; files that are open stay on the disk of before.
    pub fn insert(&self, disk: &RecordingDisk) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = disk.clone();
    }

    fn disk(&self) -> RecordingDisk {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An open file.
pub struct Handle {
    disk: RecordingDisk,
    file: String,
    lock: LockKind,
}

impl Vfs for Drive {
    type Handle = Handle;

    fn open(&self, file: &str, options: OpenOptions) -> io::Result<Handle> {
        let disk = self.disk();
        let exists = disk.history().file(file).is_some();
        match options.access {
            OpenAccess::Read | OpenAccess::Write if !exists => return Err(ErrorKind::NotFound.into()),
            OpenAccess::CreateNew if exists => return Err(ErrorKind::AlreadyExists.into()),
            OpenAccess::Create | OpenAccess::CreateNew if !exists => disk.history().perform(Operation::Resize {
                file: file.to_owned(),
                length: 0,
            }),
            _ => {}
        }
        Ok(Handle {
            disk,
            file: file.to_owned(),
            lock: LockKind::None,
        })
    }

    fn delete(&self, file: &str) -> io::Result<()> {
        let disk = self.disk();
        if disk.history().file(file).is_none() {
            return Err(ErrorKind::NotFound.into());
        }
        disk.history().perform(Operation::Remove { file: file.to_owned() });
        Ok(())
    }

    fn exists(&self, file: &str) -> io::Result<bool> {
        Ok(self.disk().history().file(file).is_some())
    }

    fn temporary_name(&self) -> String {
        "temporary".to_owned()
    }

    fn random(&self, buffer: &mut [i8]) {
        // SQLite asks the file system that is the default one for its chance, not this one.
        buffer.fill(42);
    }

    fn sleep(&self, duration: Duration) -> Duration {
        duration
    }

    fn full_pathname<'a>(&self, file: &'a str) -> io::Result<Cow<'a, str>> {
        Ok(file.into())
    }
}

impl DatabaseHandle for Handle {
    type WalIndex = NoIndex;

    fn size(&self) -> io::Result<u64> {
        let length = self.disk.history().file(&self.file).map_or(0, <[u8]>::len);
        u64::try_from(length).map_err(io::Error::other)
    }

    fn read_exact_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let history = self.disk.history();
        let from = usize::try_from(offset).map_err(io::Error::other)?;
        let content = history.file(&self.file).unwrap_or_default();
        let found = content.get(from..from.saturating_add(buffer.len()));
        buffer.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let at = usize::try_from(offset).map_err(io::Error::other)?;
        self.disk.history().perform(Operation::Write {
            file: self.file.clone(),
            at,
            bytes: bytes.to_vec(),
        });
        Ok(())
    }

    fn sync(&mut self, _data_only: bool) -> io::Result<()> {
        self.disk.history().sync(&self.file)
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).map_err(io::Error::other)?;
        self.disk.history().perform(Operation::Resize {
            file: self.file.clone(),
            length,
        });
        Ok(())
    }

    fn lock(&mut self, lock: LockKind) -> io::Result<bool> {
        // One process, one connection: nobody else is there to be kept out.
        self.lock = lock;
        Ok(true)
    }

    fn reserved(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn current_lock(&self) -> io::Result<LockKind> {
        Ok(self.lock)
    }

    fn wal_index(&self, _readonly: bool) -> io::Result<NoIndex> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// A vault has its file to itself, and SQLite keeps the log's index in its own memory then.
pub struct NoIndex;

impl WalIndex for NoIndex {
    fn enabled() -> bool {
        false
    }

    fn map(&mut self, _region: u32) -> io::Result<[u8; 32_768]> {
        Err(ErrorKind::Unsupported.into())
    }

    fn lock(&mut self, _locks: std::ops::Range<u8>, _lock: WalIndexLock) -> io::Result<bool> {
        Err(ErrorKind::Unsupported.into())
    }

    fn delete(self) -> io::Result<()> {
        Ok(())
    }
}
