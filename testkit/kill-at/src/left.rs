//! What a process leaves to the one that is started after it, as a number.
//!
//! Two processes that made the same calls, in the same sequence, leave the same number: calls that change what is found later
//! are mixed into it, by their kind and by the name of their file. A sync changes nothing for whoever comes after a kill, and
//! neither does what was received. Of what SQLite writes, a transaction's last page does, which commits it: the pages before
//! it, the index of the log, which is made anew, and the pages that are moved from the log, which still holds them, do not.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use libc::c_int;

use crate::disk::{self, Call};
use crate::quiet;

/// The bytes that stand before each page in SQLite's log (<https://sqlite.org/fileformat2.html#walformat>).
const FRAME_HEADER: usize = 24;
/// Where such a header says how many pages the database has after this transaction; 0 before its last page.
const PAGES_AFTER: std::ops::Range<usize> = 4..8;

thread_local! {
    /// Whether this thread writes the last page of a transaction next.
    static IS_LAST_PAGE: Cell<bool> = const { Cell::new(false) };
}

/// What a call on the disk adds; none where it leaves what stood before it.
pub(crate) fn by(call: &Call) -> Option<u64> {
    match call {
        Call::Write { fd, bytes, .. } => {
            let path = lasting(*fd)?;
            (!is_log(&path) || ends_transaction(bytes)).then(|| named(1, &path))
        }
        Call::Cut { fd, .. } => Some(named(2, &lasting(*fd)?)),
        Call::Sync { .. } => None,
        Call::Unlink { path } => Some(named(3, path)),
        Call::Rename { from, to } => Some(named(4, from) ^ named(5, to)),
        Call::Open { path, flags } => (flags & libc::O_TRUNC != 0).then(|| named(6, path)),
    }
}

/// What a call adds that no file stands behind.
pub(crate) fn by_kind(kind: u64) -> u64 {
    mixed(0, &kind.to_le_bytes())
}

/// Adds one to what was left before it.
pub(crate) fn mixed(before: u64, added: &[u8]) -> u64 {
    // FNV-1a: spreads well enough for thousands of numbers, and needs nothing.
    let start = before ^ 0xcbf2_9ce4_8422_2325;
    added.iter().fold(start, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn named(what: u8, path: &Path) -> u64 {
    let name = path.file_name().unwrap_or_default();
    mixed(u64::from(what), name.as_encoded_bytes())
}

/// The path of an open file whose change is found later.
fn lasting(fd: c_int) -> Option<PathBuf> {
    let path = quiet::path_of(fd)?;
    (!disk::is_shared_memory(&path) && !is_moved_from_log(&path)).then_some(path)
}

/// SQLite's log of transactions.
fn is_log(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-wal")
}

/// Whether this is a database whose log holds something: what is written to it then is moved from there.
fn is_moved_from_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// Whether this write to a log of transactions is the last page of one.
fn ends_transaction(bytes: &[u8]) -> bool {
    let is_header = bytes.len() == FRAME_HEADER;
    let announces = is_header && bytes.get(PAGES_AFTER).is_some_and(|pages| pages != [0; 4]);
    let is_last = IS_LAST_PAGE.replace(announces);
    is_last && !is_header
}
