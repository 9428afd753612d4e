//! The Swift package: sources, texts, the XCFramework, and this machine's own library where it is Linux.
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{elf, xcframework};
use crate::files;
use crate::run::{Outcome, Workspace, at, failed};

/// The modules whose sources are published.
const MODULES: &[&str] = &["Quittance", "QuittanceApple", "QuittanceTexts"];

/// Puts the package into a folder: what is missing, because it takes a Mac.
pub(crate) fn assemble(workspace: &Workspace, number: &str, library: &Path, folder: &Path) -> Outcome<Vec<String>> {
    let swift = workspace.root.join("bindings/swift");
    files::copy(&swift.join("Published/Package.swift"), &folder.join("Package.swift"))?;
    files::copy(&workspace.root.join("LICENSE"), &folder.join("LICENSE"))?;
    for module in MODULES {
        let place = Path::new("Sources").join(module);
        files::copy_folder(&swift.join(&place), &folder.join(place))?;
    }
    let ffi = swift.join("Sources").join(xcframework::MODULE);
    let header = ffi.join(format!("{}.h", xcframework::MODULE));
    let framework = folder.join(format!("{}.xcframework", xcframework::MODULE));
    let missing = xcframework::assemble(workspace, number, &header, &framework)?;
    if cfg!(target_os = "linux") {
        let linux = folder.join("Linux");
        files::copy_folder(&ffi, &linux.join(xcframework::MODULE))?;
        files::copy(library, &linux.join(library.file_name().unwrap_or_default()))?;
        let content = at(library, fs::read(library))?;
        let exported: BTreeSet<String> = elf::exported("the library", &content)?.into_iter().collect();
        let faults = xcframework::faults(&framework, &missing, &exported)?;
        if !faults.is_empty() {
            return failed(format!("the XCFramework:\n  {}", faults.join("\n  ")));
        }
    }
    Ok(missing)
}
