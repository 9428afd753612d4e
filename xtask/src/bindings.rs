//! The facade's library, with the Kotlin and Swift sources that belong to it.
use std::path::{Path, PathBuf};

use crate::files;
use crate::run::{Outcome, Workspace, at, failed, run};

/// The crate and library of the turned clock.
const CLOCK: &str = "quittance_turned_clock";

/// Builds the host's library in the dev profile, whose symbols are needed to write the sources, and
/// the programs that its tests start.
///
/// The whole workspace, as the Rust suite builds it: a choice of crates would have other features,
/// so that much would be built once more.
pub(crate) fn build_library(workspace: &Workspace) -> Outcome<PathBuf> {
    run(&mut workspace.cargo(&["build", "--workspace", "--locked"]))?;
    built_library(workspace, "quittance")
}

/// The path of a library that was built.
pub(crate) fn built_library(workspace: &Workspace, name: &str) -> Outcome<PathBuf> {
    let suffix = if cfg!(target_os = "macos") { "dylib" } else { "so" };
    let library = workspace.binaries().join(format!("lib{name}.{suffix}"));
    if library.exists() {
        Ok(library)
    } else {
        failed(format!("{} was not built", library.display()))
    }
}

/// Writes the sources of one language into `folder`, which is emptied first: nothing old stays.
pub(crate) fn generate(workspace: &Workspace, library: &Path, language: &str, folder: &Path) -> Outcome {
    write_sources(workspace, library, language, folder, &[])
}

/// As [`generate`], of the one crate that the library of scenarios adds to the facade.
pub(crate) fn generate_clock(workspace: &Workspace, library: &Path, language: &str, folder: &Path) -> Outcome {
    write_sources(workspace, library, language, folder, &["--crate", CLOCK])
}

fn write_sources(workspace: &Workspace, library: &Path, language: &str, folder: &Path, more: &[&str]) -> Outcome {
    files::emptied(folder)?;
    let mut command = std::process::Command::new(workspace.binaries().join("uniffi-bindgen"));
    command
        .current_dir(&workspace.root)
        .args(["generate", "--no-format", "--language", language])
        .args(more);
    run(command.arg("--out-dir").arg(folder).arg(library))
}

/// The library of scenarios under the name of the facade's, in a folder of its own: whoever loads or links the facade
/// from there has a phone's clock that tests turn.
pub(crate) fn provide_clock(workspace: &Workspace) -> Outcome<PathBuf> {
    let built = built_library(workspace, CLOCK)?;
    let folder = workspace.cache("turned-clock")?;
    let ending = built.extension().unwrap_or_default();
    let library = folder.join("libquittance").with_extension(ending);
    // Under another name first: a process that has the library of before keeps it whole.
    let fresh = folder.join("fresh");
    at(&fresh, std::fs::copy(&built, &fresh).map(|_| ()))?;
    at(&library, std::fs::rename(&fresh, &library))?;
    Ok(library)
}

/// Writes the sources of both languages, for people who work on them.
pub(crate) fn generate_all(workspace: &Workspace) -> Outcome {
    crate::kotlin::prepare(workspace)?;
    crate::swift::prepare(workspace).map(|_| ())
}
