//! A preloaded library that kills its process right before the n-th durable or sent step.
//!
//! `LD_PRELOAD` puts it in front of libc; `QUITTANCE_KILL_AT` names a control file of 16 bytes, mapped shared,
//! so that a test arms a process that runs already:
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | n, little-endian; 0 = not armed: nothing is counted |
//! | 8..16 | steps counted since it was armed |
//!
//! A step is a call that changes a regular file, makes it durable, unlinks or renames one, or sends on an
//! internet socket. The n-th is not carried out: the process gets SIGKILL instead. A process whose count stays
//! below n was left untouched, so a test that raises n by one until that happens has tried every step.

#![cfg(target_os = "linux")]

use libc::{c_char, c_int, c_void, iovec, mode_t, msghdr, off_t, off64_t, size_t, sockaddr, socklen_t, ssize_t};
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

#[repr(C)]
struct Control {
    kill_at: AtomicU64,
    counted: AtomicU64,
}

static CONTROL: AtomicPtr<Control> = AtomicPtr::new(std::ptr::null_mut());

/// Maps the control file when the library is loaded, before `main`.
#[used]
#[unsafe(link_section = ".init_array")]
static MAP_CONTROL: extern "C" fn() = map_control;

extern "C" fn map_control() {
    // SAFETY: getenv, open and mmap are called once, before any thread exists; the mapping is never removed.
    unsafe {
        let path = libc::getenv(c"QUITTANCE_KILL_AT".as_ptr());
        if path.is_null() {
            return;
        }
        let file = libc::open(path, libc::O_RDWR | libc::O_CLOEXEC);
        if file < 0 {
            return;
        }
        let bytes = std::mem::size_of::<Control>();
        let map = libc::mmap(
            std::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file,
            0,
        );
        if map != libc::MAP_FAILED {
            CONTROL.store(map.cast(), Ordering::SeqCst);
        }
    }
}

/// Counts one step; does not return where it is the one to die at.
fn step() {
    let control = CONTROL.load(Ordering::SeqCst);
    if control.is_null() {
        return;
    }
    // SAFETY: the pointer is the mapping that `map_control` made, aligned and as long as `Control`.
    let control = unsafe { &*control };
    let kill_at = control.kill_at.load(Ordering::SeqCst);
    if kill_at == 0 {
        return;
    }
    if control.counted.fetch_add(1, Ordering::SeqCst) + 1 == kill_at {
        // SAFETY: plain system calls; SIGKILL cannot be handled, so nothing runs after it.
        unsafe {
            libc::kill(libc::getpid(), libc::SIGKILL);
            loop {
                libc::pause();
            }
        }
    }
}

/// Whether a descriptor is a regular file or an internet socket: pipes, eventfds and terminals do not count.
fn counts(fd: c_int) -> bool {
    // SAFETY: both structures are plain data that the kernel fills; lengths are their own sizes.
    unsafe {
        let mut stat: libc::stat64 = std::mem::zeroed();
        if libc::fstat64(fd, &raw mut stat) != 0 {
            return false;
        }
        match stat.st_mode & libc::S_IFMT {
            libc::S_IFREG => true,
            libc::S_IFSOCK => {
                let mut address: libc::sockaddr_storage = std::mem::zeroed();
                let mut length = std::mem::size_of::<libc::sockaddr_storage>() as socklen_t;
                libc::getsockname(fd, (&raw mut address).cast(), &raw mut length) == 0
                    && matches!(c_int::from(address.ss_family), libc::AF_INET | libc::AF_INET6)
            }
            _ => false,
        }
    }
}

macro_rules! in_front_of {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $result:ty, when $condition:expr;)*) => {$(
        /// Counts the step, then calls the function of the same name behind this one.
        ///
        /// # Safety
        /// As the libc function of this name demands.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $kind),*) -> $result {
            static NEXT: AtomicUsize = AtomicUsize::new(0);
            let mut next = NEXT.load(Ordering::Relaxed);
            if next == 0 {
                // SAFETY: the name is a C string; RTLD_NEXT asks for the definition behind this library.
                next = unsafe { libc::dlsym(libc::RTLD_NEXT, concat!(stringify!($name), "\0").as_ptr().cast()) } as usize;
                NEXT.store(next, Ordering::Relaxed);
            }
            if $condition {
                step();
            }
            // SAFETY: `next` is libc's function of this very name and signature; the caller keeps its contract.
            unsafe {
                let next: unsafe extern "C" fn($($kind),*) -> $result = std::mem::transmute(next);
                next($($arg),*)
            }
        }
    )*};
}

in_front_of! {
    write(fd: c_int, bytes: *const c_void, count: size_t) -> ssize_t, when counts(fd);
    writev(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t, when counts(fd);
    pwrite(fd: c_int, bytes: *const c_void, count: size_t, at: off_t) -> ssize_t, when counts(fd);
    pwrite64(fd: c_int, bytes: *const c_void, count: size_t, at: off64_t) -> ssize_t, when counts(fd);
    ftruncate(fd: c_int, length: off_t) -> c_int, when counts(fd);
    ftruncate64(fd: c_int, length: off64_t) -> c_int, when counts(fd);
    fsync(fd: c_int) -> c_int, when true;
    fdatasync(fd: c_int) -> c_int, when true;
    unlink(path: *const c_char) -> c_int, when true;
    unlinkat(folder: c_int, path: *const c_char, flags: c_int) -> c_int, when true;
    rename(from: *const c_char, to: *const c_char) -> c_int, when true;
    mkdir(path: *const c_char, mode: mode_t) -> c_int, when true;
    send(fd: c_int, bytes: *const c_void, count: size_t, flags: c_int) -> ssize_t, when counts(fd);
    sendto(fd: c_int, bytes: *const c_void, count: size_t, flags: c_int, to: *const sockaddr, length: socklen_t) -> ssize_t, when counts(fd);
    sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t, when counts(fd);
}
