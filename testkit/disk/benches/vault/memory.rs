//! The most memory that opening a store and reading from it takes, in a process of its own.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use super::{Result, Store};

/// The argument by which this program is told to be that process.
pub(crate) const ARGUMENT: &str = "--peak-of";

/// Runs this program once more, for one store: the bytes of its peak.
pub(crate) fn peak_of(store: &str, folder: &Path, ids: &[[u8; 16]]) -> Result<u64> {
    let names = folder.join("names");
    fs::write(&names, ids.concat())?;
    let answer = Command::new(env::current_exe()?)
        .args([ARGUMENT, store])
        .arg(folder)
        .output()?;
    if !answer.status.success() {
        return Err(String::from_utf8_lossy(&answer.stderr).into());
    }
    Ok(String::from_utf8(answer.stdout)?.trim().parse()?)
}

/// What that process does: prints the bytes that opening the store and reading each of the names added to its own.
pub(crate) fn tell<S: Store>(folder: &Path) -> Result<()> {
    let names = fs::read(folder.join("names"))?;
    let before = forget_peak()?;
    let store = S::open(folder)?;
    let (ids, _rest) = names.as_chunks::<16>();
    for id in ids {
        store.get(*id)?;
    }
    println!("{}", peak()?.saturating_sub(before));
    Ok(())
}

/// Lets the kernel count from here: the bytes in use now.
fn forget_peak() -> Result<u64> {
    fs::write("/proc/self/clear_refs", "5")?;
    peak()
}

/// The most bytes since then.
fn peak() -> Result<u64> {
    let kibibytes: u64 = told("/proc/self/status", "VmHWM:")?
        .trim_end_matches("kB")
        .trim()
        .parse()?;
    Ok(kibibytes * 1_024)
}

/// The bytes that this process has handed to the kernel for writing.
pub(crate) fn written() -> Result<u64> {
    Ok(told("/proc/self/io", "wchar:")?.parse()?)
}

/// What the kernel tells behind a name.
fn told(file: &str, name: &str) -> Result<String> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    Ok(line.ok_or_else(|| format!("{file} has no {name}"))?.trim().to_owned())
}
