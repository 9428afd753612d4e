//! Calls of the system that this library makes for itself: past its own functions, so that none of them counts.

use std::ffi::CString;
use std::io::Read as _;
use std::os::fd::FromRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use libc::{c_int, off64_t};

/// The path of an open file; none where it has no name any more.
pub(crate) fn path_of(fd: c_int) -> Option<PathBuf> {
    let path = std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
    (path.is_absolute() && !path.to_string_lossy().ends_with(" (deleted)")).then_some(path)
}

/// Where the next write of a file goes, which is its end where it is only appended to.
pub(crate) fn position(fd: c_int, path: &Path) -> off64_t {
    // SAFETY: plain system calls on a descriptor that its owner is about to write to.
    let (flags, at) = unsafe { (libc::fcntl(fd, libc::F_GETFL), libc::lseek64(fd, 0, libc::SEEK_CUR)) };
    if flags & libc::O_APPEND == 0 {
        return at;
    }
    std::fs::metadata(path).map_or(at, |file| off64_t::try_from(file.len()).unwrap_or(at))
}

/// What a file holds, where there is one.
pub(crate) fn read(path: &Path) -> Option<Vec<u8>> {
    if !path.is_file() {
        return None;
    }
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: a C string that lives on.
    let fd = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) };
    let fd = c_int::try_from(fd).ok().filter(|fd| *fd >= 0)?;
    let mut bytes = Vec::new();
    // SAFETY: the descriptor is this function's own. That closing it lets go of the process's locks on the file matters to
    // nobody: no other process has it open.
    let mut file = unsafe { std::fs::File::from_raw_fd(fd) };
    file.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Writes a file as a whole.
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return;
    };
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC | libc::O_CLOEXEC;
    // SAFETY: a C string and a slice that both live on; the descriptor is this function's own.
    unsafe {
        let fd = libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0o600);
        let mut rest = bytes;
        while fd >= 0 && !rest.is_empty() {
            let written = libc::syscall(libc::SYS_write, fd, rest.as_ptr(), rest.len());
            match usize::try_from(written) {
                Ok(written) if written > 0 => rest = &rest[written..],
                _ => break,
            }
        }
        libc::syscall(libc::SYS_close, fd);
    }
}

/// Unlinks a file, where there is one.
pub(crate) fn unlink(path: &Path) {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return;
    };
    // SAFETY: a C string that lives on.
    unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path.as_ptr(), 0) };
}

/// Says something where the process's own words go.
pub(crate) fn say(words: &str) {
    // SAFETY: a slice that lives on.
    unsafe { libc::syscall(libc::SYS_write, libc::STDERR_FILENO, words.as_ptr(), words.len()) };
}
