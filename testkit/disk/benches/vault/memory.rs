//! The most memory that this process has had, as the kernel counts it.

use std::fs;

use super::Result;

/// Lets the kernel count from here: the bytes in use now.
pub(crate) fn forget_peak() -> Result<u64> {
    fs::write("/proc/self/clear_refs", "5")?;
    peak()
}

/// The most bytes since then.
pub(crate) fn peak() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes: u64 = line
        .and_then(|line| line.trim().strip_suffix("kB"))
        .ok_or("the kernel counts no peak")?
        .trim()
        .parse()?;
    Ok(kibibytes * 1_024)
}
