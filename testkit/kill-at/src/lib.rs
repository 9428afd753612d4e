//! A preloaded library that lets its process die, its disk fail, or its power go, at the n-th step.
//!
//! `LD_PRELOAD` puts it in front of libc; `QUITTANCE_KILL_AT` names a control file of 8,296 bytes, mapped shared,
//! so that a test arms a process that runs already. Numbers are little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | n; 0 = not armed: nothing is counted |
//! | 8..16 | steps counted since it was armed |
//! | 16..24 | what becomes of the n-th: 0 = SIGKILL, 1 to 4095 = it fails with this errno, 4096 = it is said to be done, 4097 = the power goes, 4098 = SIGKILL, where it sends |
//! | 24..32 | 1 = of each that follows, too; where the power goes, 0 = all is lost that was not synced, else a seed by which each call is kept, torn or lost |
//! | 32..40 | the kinds of steps that were ever counted, a bit each |
//! | 40..48 | the kinds of steps that were ever struck, a bit each |
//! | 48..96 | for each kind of step of the disk, in the sequence of their bits, the number of the first one that was counted |
//! | 96..104 | what the process leaves, from when it was armed on: see `left` |
//! | 104..8296 | what it had left before each of its first 1,024 steps; where the disk fails, mixed with the kind of the step, which its caller hears of |
//!
//! A step is a call that changes a regular file, makes it durable, unlinks or renames one (a step of the disk), or one that
//! sends on an internet socket, or has received there. The n-th is not carried out; what was received is lost with the
//! process. Where the disk fails, or lies, its own steps alone are counted; where a sender dies, what it sends. Standard streams do not count: what a program
//! says of itself is no state. A process whose count stays below n was left untouched, so a test that raises n by one until
//! that happens has tried every step.
//!
//! Where the power goes, what was written while the switch was armed is looked at: see `disk`. `QUITTANCE_UNSYNCED` is the
//! control: syncs of files whose path ends so, up to digits, are carried out and count for nothing.

#![cfg(target_os = "linux")]

mod disk;
mod left;
mod quiet;

use disk::{Call, Disk, Lost, Seen, path};
use libc::{c_char, c_int, c_void, iovec, mode_t, msghdr, off_t, off64_t, size_t, sockaddr, socklen_t, ssize_t};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

#[repr(C)]
struct Control {
    at: AtomicU64,
    counted: AtomicU64,
    fault: AtomicU64,
    lasts: AtomicU64,
    kinds: AtomicU64,
    struck: AtomicU64,
    firsts: [AtomicU64; OF_THE_DISK],
    left: AtomicU64,
    before: [AtomicU64; REMEMBERED],
}

/// Of how many steps it is remembered what was left before them.
const REMEMBERED: usize = 1_024;

/// How many kinds of steps of the disk there are: theirs are the first bits.
const OF_THE_DISK: usize = 6;

impl Control {
    /// Lets a step be done, and notes one that no call on a file tells of.
    fn passes(&self, kind: Kind) -> Fate {
        if matches!(kind, Kind::Send | Kind::Folder) {
            self.leaves(left::by_kind(kind as u64));
        }
        Fate::Done
    }

    fn leaves(&self, added: u64) {
        let mixed = |left| Some(left::mixed(left, &added.to_le_bytes()));
        let _before = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, mixed);
    }
}

/// What kind of step a call is: the bits of the control file.
#[derive(Clone, Copy)]
enum Kind {
    Write = 1,
    Cut = 2,
    Sync = 4,
    Unlink = 8,
    Rename = 16,
    Folder = 32,
    Send = 64,
    Receive = 128,
}

/// What becomes of a call.
enum Fate {
    /// It is carried out.
    Done,
    /// It is not, and fails with this errno.
    Fails(c_int),
    /// It is not, and its caller is told that it was.
    Pretended,
}

/// The value of `fault` for a call that is said to be done.
const PRETENDED: u64 = 4_096;
/// The value of `fault` where the power goes.
const POWER_GOES: u64 = 4_097;
/// The value of `fault` where the process dies instead of sending.
const DIES_SENDING: u64 = 4_098;

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

/// The control file, where this process has one.
fn control() -> Option<&'static Control> {
    // SAFETY: the pointer is the mapping that `map_control` made, aligned and as long as `Control`, or null.
    unsafe { CONTROL.load(Ordering::SeqCst).as_ref() }
}

/// Counts one step; does not return where the process dies at it.
fn step(kind: Kind) -> Fate {
    let Some(control) = control() else {
        return Fate::Done;
    };
    let at = control.at.load(Ordering::SeqCst);
    let fault = control.fault.load(Ordering::SeqCst);
    let is_counted = match fault {
        0 | POWER_GOES => true,
        DIES_SENDING => matches!(kind, Kind::Send),
        _ => !matches!(kind, Kind::Send | Kind::Receive),
    };
    if at == 0 {
        return Fate::Done;
    }
    if !is_counted {
        return control.passes(kind);
    }
    control.kinds.fetch_or(kind as u64, Ordering::SeqCst);
    let number = control.counted.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(first) = control.firsts.get((kind as u64).trailing_zeros() as usize) {
        let _earlier = first.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
    }
    if let Some(before) = usize::try_from(number - 1)
        .ok()
        .and_then(|place| control.before.get(place))
    {
        let left = control.left.load(Ordering::SeqCst);
        let moment = match fault {
            0 | POWER_GOES | DIES_SENDING => left,
            _ => left::mixed(left, &(kind as u64).to_le_bytes()),
        };
        before.store(moment, Ordering::SeqCst);
    }
    let lasts = control.lasts.load(Ordering::SeqCst);
    let is_struck = number == at || (number > at && lasts == 1);
    if is_struck {
        control.struck.fetch_or(kind as u64, Ordering::SeqCst);
    }
    match (is_struck, fault) {
        (false, _) => control.passes(kind),
        (true, 0 | DIES_SENDING) => die(),
        (true, POWER_GOES) => {
            // Held until the end: whoever is about to change a file waits.
            let disk = disk::watch();
            let lost = if lasts == 0 { Lost::All } else { Lost::Some(lasts) };
            let unseen = disk.as_ref().map(|disk| disk.power_goes(lost)).unwrap_or_default();
            for path in unseen {
                quiet::say(&format!(
                    "panicked: {} was changed behind the kill-at library\n",
                    path.display()
                ));
            }
            die()
        }
        (true, PRETENDED) => Fate::Pretended,
        (true, errno) => c_int::try_from(errno).map_or(Fate::Done, Fate::Fails),
    }
}

fn die() -> ! {
    // SAFETY: plain system calls; SIGKILL cannot be handled, so nothing runs after it.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
        loop {
            libc::pause();
        }
    }
}

/// What becomes of a call on a descriptor, by what it is: pipes, eventfds, terminals and standard streams do not count.
fn step_on(fd: c_int, of_a_file: Kind) -> Fate {
    match if is_armed() { kind(fd) } else { 0 } {
        libc::S_IFREG => step(of_a_file),
        libc::S_IFSOCK => step(Kind::Send),
        _ => Fate::Done,
    }
}

/// Adds a call to what the process leaves, while it is counted.
fn leaves(call: impl FnOnce() -> Option<Call>) {
    if is_armed()
        && let (Some(control), Some(call)) = (control(), call())
        && let Some(added) = left::by(&call)
    {
        control.leaves(added);
    }
}

/// The disk while one call changes it, where the power is about to go.
struct Watched {
    disk: MutexGuard<'static, Option<Disk>>,
    seen: Seen,
}

impl Watched {
    fn before(call: impl FnOnce() -> Option<Call>) -> Option<Self> {
        let control = control()?;
        let awaited = control.at.load(Ordering::SeqCst) != 0 && control.fault.load(Ordering::SeqCst) == POWER_GOES;
        if !awaited {
            return None;
        }
        let call = call()?;
        let mut disk = disk::watch();
        let seen = disk.get_or_insert_default().before(&call)?;
        Some(Self { disk, seen })
    }

    /// What libc said: less than zero where nothing was done.
    fn after(mut self, said: i64) {
        if said >= 0 {
            self.disk.get_or_insert_default().after(self.seen, said);
        }
    }
}

/// A write to a regular file.
fn written(fd: c_int, at: Option<off64_t>, bytes: impl FnOnce() -> Vec<u8>) -> Option<Call> {
    (kind(fd) == libc::S_IFREG).then(|| Call::Write { fd, at, bytes: bytes() })
}

/// The bytes of a buffer that a caller of libc gives.
///
/// # Safety
/// The buffer has as many bytes.
unsafe fn bytes(at: *const c_void, count: size_t) -> Vec<u8> {
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(at.cast(), count) }.to_vec()
}

/// A path that leads from the root or from where the process stands.
///
/// # Safety
/// `path` is a C string.
unsafe fn path_in(folder: c_int, given: *const c_char) -> Option<std::path::PathBuf> {
    // SAFETY: the caller's promise.
    let path = unsafe { path(given) };
    (folder == libc::AT_FDCWD || path.is_absolute()).then_some(path)
}

/// Whether a descriptor is a regular file or an internet socket; 0 where it is something else.
fn kind(fd: c_int) -> mode_t {
    if fd <= libc::STDERR_FILENO {
        return 0;
    }
    // SAFETY: both structures are plain data that the kernel fills; lengths are their own sizes.
    unsafe {
        let mut stat: libc::stat64 = std::mem::zeroed();
        if libc::fstat64(fd, &raw mut stat) != 0 {
            return 0;
        }
        match stat.st_mode & libc::S_IFMT {
            libc::S_IFREG => libc::S_IFREG,
            libc::S_IFSOCK => {
                let mut address: libc::sockaddr_storage = std::mem::zeroed();
                let mut length = std::mem::size_of::<libc::sockaddr_storage>() as socklen_t;
                let is_named = libc::getsockname(fd, (&raw mut address).cast(), &raw mut length) == 0;
                match c_int::from(address.ss_family) {
                    libc::AF_INET | libc::AF_INET6 if is_named => libc::S_IFSOCK,
                    _ => 0,
                }
            }
            _ => 0,
        }
    }
}

/// Whether anything is counted now: what only reads is looked at no closer otherwise.
fn is_armed() -> bool {
    control().is_some_and(|control| control.at.load(Ordering::SeqCst) != 0)
}

/// The function of this name behind this library, found once.
///
/// # Safety
/// `name` ends in a zero byte.
unsafe fn behind(found: &AtomicUsize, name: &str) -> usize {
    match found.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: the name is a C string; RTLD_NEXT asks for the definition behind this library.
            let next = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr().cast()) } as usize;
            found.store(next, Ordering::Relaxed);
            next
        }
        next => next,
    }
}

macro_rules! in_front_of {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $result:ty, is $fate:expr, or said $said:expr, as $call:expr;)*) => {$(
        /// Counts the step, then calls the function of the same name behind this one, unless the step is the one.
        ///
        /// # Safety
        /// As the libc function of this name demands.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($arg: $kind),*) -> $result {
            static FOUND: AtomicUsize = AtomicUsize::new(0);
            match $fate {
                // SAFETY: what is behind is libc's function of this very name and signature; the caller keeps its contract,
                // so buffers and paths are what they are said to be.
                Fate::Done => unsafe {
                    let next = behind(&FOUND, concat!(stringify!($name), "\0"));
                    let next: unsafe extern "C" fn($($kind),*) -> $result = std::mem::transmute(next);
                    leaves(|| $call);
                    let watched = Watched::before(|| $call);
                    let said = next($($arg),*);
                    if let Some(watched) = watched {
                        watched.after(said as i64);
                    }
                    said
                },
                // SAFETY: errno is this thread's own.
                Fate::Fails(errno) => unsafe {
                    *libc::__errno_location() = errno;
                    -1
                },
                Fate::Pretended => $said,
            }
        }
    )*};
}

in_front_of! {
    write(fd: c_int, from: *const c_void, count: size_t) -> ssize_t,
        is step_on(fd, Kind::Write), or said count as ssize_t, as written(fd, None, || bytes(from, count));
    writev(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t,
        is step_on(fd, Kind::Write), or said length(parts, count), as written(fd, None, || joined(parts, count));
    pwrite(fd: c_int, from: *const c_void, count: size_t, at: off_t) -> ssize_t,
        is step_on(fd, Kind::Write), or said count as ssize_t, as written(fd, Some(at), || bytes(from, count));
    pwrite64(fd: c_int, from: *const c_void, count: size_t, at: off64_t) -> ssize_t,
        is step_on(fd, Kind::Write), or said count as ssize_t, as written(fd, Some(at), || bytes(from, count));
    ftruncate(fd: c_int, length: off_t) -> c_int, is step_on(fd, Kind::Cut), or said 0, as Some(Call::Cut { fd, length });
    ftruncate64(fd: c_int, length: off64_t) -> c_int, is step_on(fd, Kind::Cut), or said 0, as Some(Call::Cut { fd, length });
    fsync(fd: c_int) -> c_int, is step(Kind::Sync), or said 0, as Some(Call::Sync { fd });
    fdatasync(fd: c_int) -> c_int, is step(Kind::Sync), or said 0, as Some(Call::Sync { fd });
    unlink(name: *const c_char) -> c_int, is step(Kind::Unlink), or said 0, as Some(Call::Unlink { path: path(name) });
    unlinkat(folder: c_int, name: *const c_char, flags: c_int) -> c_int, is step(Kind::Unlink), or said 0,
        as path_in(folder, name).map(|path| Call::Unlink { path });
    rename(from: *const c_char, to: *const c_char) -> c_int, is step(Kind::Rename), or said 0,
        as Some(Call::Rename { from: path(from), to: path(to) });
    mkdir(name: *const c_char, mode: mode_t) -> c_int, is step(Kind::Folder), or said 0, as None;
    send(fd: c_int, from: *const c_void, count: size_t, flags: c_int) -> ssize_t,
        is step_on(fd, Kind::Write), or said count as ssize_t, as None;
    sendto(fd: c_int, from: *const c_void, count: size_t, flags: c_int, to: *const sockaddr, length: socklen_t) -> ssize_t,
        is step_on(fd, Kind::Write), or said count as ssize_t, as None;
    sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t,
        is step_on(fd, Kind::Write), or said -1, as None;
    // To open a file is no step, but may make or empty one. The mode stands where C passes a third argument, given or not.
    open(name: *const c_char, flags: c_int, mode: mode_t) -> c_int,
        is Fate::Done, or said -1, as Some(Call::Open { path: path(name), flags });
    open64(name: *const c_char, flags: c_int, mode: mode_t) -> c_int,
        is Fate::Done, or said -1, as Some(Call::Open { path: path(name), flags });
    openat(folder: c_int, name: *const c_char, flags: c_int, mode: mode_t) -> c_int, is Fate::Done, or said -1,
        as path_in(folder, name).map(|path| Call::Open { path, flags });
    openat64(folder: c_int, name: *const c_char, flags: c_int, mode: mode_t) -> c_int, is Fate::Done, or said -1,
        as path_in(folder, name).map(|path| Call::Open { path, flags });
}

/// The bytes of all parts of a write.
fn joined(parts: *const iovec, count: c_int) -> Vec<u8> {
    // SAFETY: the caller of `writev` gives as many parts as it says, each as long as it says.
    unsafe {
        let parts = std::slice::from_raw_parts(parts, usize::try_from(count).unwrap_or(0));
        parts
            .iter()
            .flat_map(|part| bytes(part.iov_base, part.iov_len))
            .collect()
    }
}

/// How many bytes the parts of a write hold.
fn length(parts: *const iovec, count: c_int) -> ssize_t {
    // SAFETY: the caller of `writev` gives as many parts as it says.
    let parts = unsafe { std::slice::from_raw_parts(parts, usize::try_from(count).unwrap_or(0)) };
    parts.iter().map(|part| part.iov_len as ssize_t).sum()
}

macro_rules! after {
    ($($name:ident($fd:ident: c_int, $($arg:ident: $kind:ty),*);)*) => {$(
        /// Calls the function of the same name behind this one, then counts the step where something was received.
        ///
        /// # Safety
        /// As the libc function of this name demands.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($fd: c_int, $($arg: $kind),*) -> ssize_t {
            static FOUND: AtomicUsize = AtomicUsize::new(0);
            // SAFETY: as in front of a call.
            let received = unsafe {
                let next = behind(&FOUND, concat!(stringify!($name), "\0"));
                let next: unsafe extern "C" fn(c_int, $($kind),*) -> ssize_t = std::mem::transmute(next);
                next($fd, $($arg),*)
            };
            if received > 0 && is_armed() && kind($fd) == libc::S_IFSOCK {
                // A socket has one fate but its process's death.
                let _done = step(Kind::Receive);
            }
            received
        }
    )*};
}

after! {
    read(fd: c_int, bytes: *mut c_void, count: size_t);
    readv(fd: c_int, parts: *const iovec, count: c_int);
    recv(fd: c_int, bytes: *mut c_void, count: size_t, flags: c_int);
    recvfrom(fd: c_int, bytes: *mut c_void, count: size_t, flags: c_int, from: *mut sockaddr, length: *mut socklen_t);
    recvmsg(fd: c_int, message: *mut msghdr, flags: c_int);
}
