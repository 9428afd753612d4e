//! What the files would hold if the power went now.
//!
//! Every call that changes a file is written down beside what the file held when it was last made durable, and each name
//! beside what its folder held then. When the power goes, the files become what a disk may hold at that moment, and the
//! process dies. What stood before the first call that was seen counts as durable.

use std::collections::{BTreeMap, HashMap};
use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use libc::{c_char, c_int, off64_t};

use crate::quiet;

/// The smallest part of a file that a disk writes whole.
const SECTOR: usize = 512;

static DISK: Mutex<Option<Disk>> = Mutex::new(None);

/// What was seen of the files so far.
#[derive(Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    /// Who stands under a name for those who look now.
    names: BTreeMap<PathBuf, Option<usize>>,
    /// Who stands there on the disk.
    durable_names: HashMap<PathBuf, Option<usize>>,
}

/// One file, whatever it is called.
#[derive(Default)]
struct File {
    durable: Vec<u8>,
    since: Vec<Change>,
}

pub(crate) enum Change {
    Written { at: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

/// A call that is about to change what a disk keeps.
pub(crate) enum Call {
    Write {
        fd: c_int,
        at: Option<off64_t>,
        bytes: Vec<u8>,
    },
    Cut {
        fd: c_int,
        length: off64_t,
    },
    Sync {
        fd: c_int,
    },
    Unlink {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Open {
        path: PathBuf,
        flags: c_int,
    },
}

/// What becomes of the calls that no sync followed.
#[derive(Clone, Copy)]
pub(crate) enum Lost {
    All,
    /// Each is kept, torn or lost, by this seed.
    Some(u64),
}

/// The disk, until it is let go: nobody else changes a file meanwhile.
pub(crate) fn watch() -> MutexGuard<'static, Option<Disk>> {
    DISK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path that a caller of libc gives.
///
/// # Safety
/// `path` is a C string.
pub(crate) unsafe fn path(path: *const c_char) -> PathBuf {
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes();
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

impl Disk {
    /// Looks at what the call is about to change; what has to be written down of it once it was carried out.
    pub(crate) fn before(&mut self, call: &Call) -> Option<Seen> {
        match call {
            Call::Write { fd, at, bytes } => {
                let (file, path) = self.open_file(*fd)?;
                let at = match at {
                    Some(at) => *at,
                    None => quiet::position(*fd, &path),
                };
                let at = usize::try_from(at).ok()?;
                Some(Seen::Changed(
                    file,
                    Change::Written {
                        at,
                        bytes: bytes.clone(),
                    },
                ))
            }
            Call::Cut { fd, length } => {
                let (file, _) = self.open_file(*fd)?;
                let length = usize::try_from(*length).ok()?;
                Some(Seen::Changed(file, Change::Cut { length }))
            }
            Call::Sync { fd } => {
                let path = quiet::path_of(*fd)?;
                (!is_in_vain(&path)).then_some(Seen::Synced(path))
            }
            Call::Unlink { path } => {
                self.named(path)?;
                Some(Seen::Unlinked(path.clone()))
            }
            Call::Rename { from, to } => {
                self.named(from)?;
                self.named(to);
                Some(Seen::Renamed(from.clone(), to.clone()))
            }
            Call::Open { path, flags } => match self.named(path) {
                Some(file) if flags & libc::O_TRUNC != 0 => Some(Seen::Changed(file, Change::Cut { length: 0 })),
                None if flags & libc::O_CREAT != 0 && !is_shared_memory(path) => Some(Seen::Made(path.clone())),
                _ => None,
            },
        }
    }

    /// Writes down what was carried out: of a write, as many bytes as the call said.
    pub(crate) fn after(&mut self, seen: Seen, said: i64) {
        match seen {
            Seen::Changed(file, mut change) => {
                if let Change::Written { bytes, .. } = &mut change {
                    bytes.truncate(usize::try_from(said).unwrap_or(0));
                }
                if let Some(file) = self.files.get_mut(file) {
                    file.since.push(change);
                }
            }
            Seen::Synced(path) if path.is_dir() => {
                for (name, file) in &self.names {
                    if name.parent() == Some(&path) {
                        self.durable_names.insert(name.clone(), *file);
                    }
                }
            }
            Seen::Synced(path) => {
                if let Some(file) = self
                    .names
                    .get(&path)
                    .copied()
                    .flatten()
                    .and_then(|file| self.files.get_mut(file))
                {
                    file.durable = file.now();
                    file.since.clear();
                }
            }
            Seen::Unlinked(path) => {
                self.names.insert(path, None);
            }
            Seen::Renamed(from, to) => {
                let file = self.names.insert(from, None).flatten();
                self.names.insert(to, file);
            }
            Seen::Made(path) => {
                self.files.push(File::default());
                self.names.insert(path.clone(), Some(self.files.len() - 1));
                self.durable_names.entry(path).or_insert(None);
            }
        }
    }

    /// The files become what the disk holds. Says of which ones more was changed than was seen.
    pub(crate) fn power_goes(&self, lost: Lost) -> Vec<PathBuf> {
        let mut chance = match lost {
            Lost::All => None,
            Lost::Some(seed) => Some(seed | 1),
        };
        let mut unseen = Vec::new();
        for (path, now) in &self.names {
            let file = |number: Option<usize>| number.and_then(|number| self.files.get(number));
            if file(*now).is_some_and(|file| quiet::read(path).is_some_and(|bytes| bytes != file.now())) {
                unseen.push(path.clone());
            }
            let durable = self.durable_names.get(path).copied().flatten();
            let keeps_name = *now == durable || chance.as_mut().is_some_and(|chance| drawn(chance, 2) == 0);
            match file(if keeps_name { *now } else { durable }) {
                Some(file) => quiet::write(path, &file.after_loss(chance.as_mut())),
                None => quiet::unlink(path),
            }
        }
        unseen
    }

    /// The file that a descriptor is open on, unless nobody could find it any more.
    fn open_file(&mut self, fd: c_int) -> Option<(usize, PathBuf)> {
        let path = quiet::path_of(fd)?;
        Some((self.named(&path)?, path))
    }

    /// The file of a name. One that is seen for the first time is durable as it is.
    fn named(&mut self, path: &Path) -> Option<usize> {
        if is_shared_memory(path) {
            return None;
        }
        if let Some(known) = self.names.get(path) {
            return *known;
        }
        let durable = quiet::read(path)?;
        let since = Vec::new();
        self.files.push(File { durable, since });
        let number = self.files.len() - 1;
        self.names.insert(path.to_owned(), Some(number));
        self.durable_names.insert(path.to_owned(), Some(number));
        Some(number)
    }
}

/// What a call will have changed.
pub(crate) enum Seen {
    Changed(usize, Change),
    Synced(PathBuf),
    Unlinked(PathBuf),
    Renamed(PathBuf, PathBuf),
    Made(PathBuf),
}

impl File {
    fn now(&self) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.since {
            change.apply(&mut bytes, usize::MAX);
        }
        bytes
    }

    /// Without the calls that were lost: all of them, or those that chance takes.
    fn after_loss(&self, chance: Option<&mut u64>) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        if let Some(chance) = chance {
            for change in &self.since {
                match drawn(chance, 3) {
                    0 => {}
                    1 => change.apply(&mut bytes, usize::MAX),
                    _ => change.apply(&mut bytes, drawn(chance, 9) * SECTOR),
                }
            }
        }
        bytes
    }
}

impl Change {
    /// Of a write, its first bytes, up to a limit.
    fn apply(&self, to: &mut Vec<u8>, limit: usize) {
        match self {
            Self::Cut { length } => to.resize(*length, 0),
            Self::Written { bytes, .. } if bytes.is_empty() || limit == 0 => {}
            Self::Written { at, bytes } => {
                let bytes = &bytes[..bytes.len().min(limit)];
                let end = at + bytes.len();
                to.resize(to.len().max(end), 0);
                to[*at..end].copy_from_slice(bytes);
            }
        }
    }
}

/// SQLite's index of a log, which stands in mapped memory, and which it makes anew after a loss of power.
pub(crate) fn is_shared_memory(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-shm")
}

/// Whether syncs of this file are to count for nothing.
fn is_in_vain(path: &Path) -> bool {
    let path = path.to_string_lossy();
    std::env::var("QUITTANCE_UNSYNCED").is_ok_and(|end| {
        path.trim_end_matches(|last: char| last.is_ascii_digit())
            .ends_with(&end)
    })
}

/// A number below a limit (xorshift: what is drawn has to be the same for the same seed, no more).
fn drawn(chance: &mut u64, below: usize) -> usize {
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    (*chance >> 33) as usize % below
}
