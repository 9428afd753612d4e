//! Whether a library for Android can be loaded on phones whose memory pages have 16 KB.
//!
//! Such a phone refuses a library with a LOAD segment that is aligned to less: the app that brings it does not start.
use goblin::elf::Elf;
use goblin::elf::program_header::PT_LOAD;

use super::archive::Archive;
use crate::run::{Outcome, Problem, failed};

/// The page size of such phones.
const PAGE: u64 = 0x4000;

/// The processors of such phones; libraries for 32 bits are never loaded there.
pub(crate) const ABIS: [&str; 2] = ["arm64-v8a", "x86_64"];

/// Fails unless every LOAD segment of the library is aligned to pages of 16 KB.
pub(crate) fn check(name: &str, library: &[u8]) -> Outcome {
    let elf = Elf::parse(library).map_err(|error| Problem::Failed(format!("{name}: {error}")))?;
    let mut loaded = elf
        .program_headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD)
        .peekable();
    if loaded.peek().is_none() {
        return failed(format!("{name}: nothing of it is loaded"));
    }
    match loaded.find(|header| header.p_align < PAGE || header.p_align % PAGE != 0) {
        None => Ok(()),
        Some(header) => failed(format!(
            "{name}: a LOAD segment is aligned to {:#x}, not to {PAGE:#x}",
            header.p_align
        )),
    }
}

/// Checks the libraries for each of the processors in an AAR, which must have some for all of them: their names.
pub(crate) fn check_aar(of: &str, aar: &Archive) -> Outcome<Vec<String>> {
    let mut checked = Vec::new();
    for abi in ABIS {
        let folder = format!("jni/{abi}/");
        let mut libraries = aar
            .entries()
            .iter()
            .filter(|(name, _)| name.starts_with(&folder))
            .peekable();
        if libraries.peek().is_none() {
            return failed(format!("{of} has no library for {abi}"));
        }
        for (name, library) in libraries {
            let name = format!("{of}: {name}");
            check(&name, library)?;
            checked.push(name);
        }
    }
    Ok(checked)
}

/// The functions and data that a library offers to others.
pub(crate) fn exported(name: &str, library: &[u8]) -> Outcome<Vec<String>> {
    let elf = Elf::parse(library).map_err(|error| Problem::Failed(format!("{name}: {error}")))?;
    let offered = elf.dynsyms.iter().filter(|symbol| !symbol.is_import());
    Ok(offered
        .filter_map(|symbol| elf.dynstrtab.get_at(symbol.st_name).map(str::to_owned))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A library that a linker made with this page size.
    fn linked(page: u64) -> Vec<u8> {
        static LINKED: AtomicU32 = AtomicU32::new(0);
        let number = LINKED.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("quittance-elf-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("one.c"), "int one(void) { return 1; }").unwrap();
        let mut compiler = Command::new("cc");
        compiler.current_dir(&folder).args(["-shared", "-o", "one.so", "one.c"]);
        let made = compiler.arg(format!("-Wl,-z,max-page-size={page}")).status().unwrap();
        assert!(made.success());
        let library = fs::read(folder.join("one.so")).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        library
    }

    fn aar(of: &[(&str, &[u8])]) -> Archive {
        let mut archive = Archive::default();
        for (abi, library) in of {
            archive.add(format!("jni/{abi}/libone.so"), *library);
        }
        archive
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pages_of_16_kb_or_more_pass_and_of_4_kb_are_refused() {
        assert_eq!(check("a", &linked(0x4000)), Ok(()));
        assert_eq!(check("b", &linked(0x10000)), Ok(()));
        let refused = check("c", &linked(0x1000));
        assert_eq!(refused, failed("c: a LOAD segment is aligned to 0x1000, not to 0x4000"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn one_bad_or_missing_library_refuses_the_whole_aar() {
        let (good, bad) = (linked(0x4000), linked(0x1000));
        let checked = check_aar("x", &aar(&[("arm64-v8a", &good), ("x86_64", &good), ("x86", &bad)]));
        assert_eq!(checked.unwrap().len(), 2, "32 bits are not asked for");
        assert!(check_aar("x", &aar(&[("arm64-v8a", &good), ("x86_64", &bad)])).is_err());
        assert!(check_aar("x", &aar(&[("arm64-v8a", &good)])).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_library_offers_is_named() {
        assert!(exported("a", &linked(0x4000)).unwrap().contains(&"one".to_owned()));
    }

    #[test]
    fn what_is_no_library_is_refused() {
        assert!(check("text", b"not an ELF").is_err());
        assert!(check("empty", b"").is_err());
    }
}
