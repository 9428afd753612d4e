//! The Swift suite: the package with its generated sources, built and tested by Swift 6.
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings;
use crate::files;
use crate::provide::{Need, is_debian};
use crate::run::{Outcome, Workspace, at, failed, numbers, output, run, version};
use crate::swift_root::SwiftRoot;

/// The oldest Swift that the package is written for.
const SWIFT: u32 = 6;

/// Where the package is.
const PACKAGE: &str = "bindings/swift";

/// Where its build results are, under target/.
const RESULTS: &str = "swift/build";

/// Digits of a library's digest in the name of its folder.
const DIGITS: usize = 16;

/// The Swift toolchain, if neither this machine nor the folder target/swift-root has it.
pub(crate) fn missing(workspace: &Workspace) -> Vec<Need> {
    if has_swift() || SwiftRoot::at(workspace).is_ready() {
        return Vec::new();
    }
    let debootstrap = version("debootstrap", "--version").is_some();
    vec![Need {
        what: "Swift 6 in a folder under target/ (1.5 GB, about a minute)",
        packages: if debootstrap { &[] } else { &["debootstrap"] },
        by_hand: "Swift 6 (`swift` on the PATH)",
    }]
}

/// Where the package finds the libraries and the sources that were generated for them.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Holds the libraries, in a folder named by their content: SwiftPM links again only when a path
    /// of its command line changes, not when a library behind the path does.
    libraries: PathBuf,
}

/// Builds the libraries and writes the Swift sources that belong to them: the facade, and the keys in
/// software of its tests.
pub(crate) fn prepare(workspace: &Workspace) -> Outcome<Prepared> {
    let facade = bindings::build_library(workspace)?;
    let keys = bindings::built_library(workspace, "quittance_software_keys")?;
    generate(workspace, &facade, "Sources", "Quittance")?;
    generate(workspace, &keys, "Tests", "SoftwareCrypto")?;

    let libraries = libraries(workspace, "swift/libraries", [facade, keys])?;
    Ok(Prepared { libraries })
}

/// The libraries of scenarios: in place of the facade's the one with a phone's clock that tests turn. Its sources are
/// written, too.
fn prepare_scenarios(workspace: &Workspace) -> Outcome<Prepared> {
    let clock = bindings::provide_clock(workspace)?;
    let sources = workspace.cache("swift/generated")?;
    bindings::generate_clock(workspace, &clock, "swift", &sources)?;
    // UniFFI writes no import of the module that the facade's types are in.
    let source = sources.join("TurnedClock.swift");
    let text = at(&source, fs::read_to_string(&source))?;
    at(&source, fs::write(&source, format!("import Quittance\n{text}")))?;
    let tests = workspace.root.join("bindings/swift/Tests");
    copy(&sources, "TurnedClock.swift", &tests.join("TurnedClock"))?;
    copy(&sources, "TurnedClockFFI.h", &tests.join("TurnedClockFFI"))?;

    let keys = bindings::built_library(workspace, "quittance_software_keys")?;
    let libraries = libraries(workspace, "swift/scenario-libraries", [clock, keys])?;
    Ok(Prepared { libraries })
}

/// The folder for these libraries, named by their content.
fn libraries(workspace: &Workspace, folder: &str, libraries: [PathBuf; 2]) -> Outcome<PathBuf> {
    let digests = output(Command::new("git").arg("hash-object").args(&libraries))?;
    let name: Vec<&str> = digests
        .split_whitespace()
        .filter_map(|digest| digest.get(..DIGITS))
        .collect();
    let folder = workspace.target.join(folder).join(name.join("-"));
    if !folder.exists() {
        replace_libraries(&libraries, &folder)?;
    }
    Ok(folder)
}

/// Writes one module's sources into its two folders of the package.
fn generate(workspace: &Workspace, library: &Path, part: &str, module: &str) -> Outcome {
    let all = workspace.cache("swift/generated")?;
    bindings::generate(workspace, library, "swift", &all)?;
    let package = workspace.root.join("bindings/swift").join(part);
    copy(&all, &format!("{module}.swift"), &package.join(module))?;
    let ffi = format!("{module}FFI");
    copy(&all, &format!("{ffi}.h"), &package.join(ffi))
}

/// Puts the libraries into their folder, and removes the folders of older ones.
fn replace_libraries(libraries: &[PathBuf], folder: &Path) -> Outcome {
    if let Some(older) = folder.parent().filter(|older| older.exists()) {
        at(older, fs::remove_dir_all(older))?;
    }
    at(folder, fs::create_dir_all(folder))?;
    for library in libraries {
        let copy = folder.join(library.file_name().unwrap_or_default());
        at(&copy, fs::copy(library, &copy).map(|_| ()))?;
    }
    Ok(())
}

/// Runs the README's lines alone.
pub(crate) fn run_quickstart(workspace: &Workspace) -> Outcome {
    let swift = Toolchain::provide(workspace)?;
    let mut alone = prepare(workspace)?.test_command(workspace, &swift, PACKAGE, RESULTS, &[]);
    run(alone.args(["--filter", "BoundaryTests/quickstart"]))
}

/// Runs the Swift tests against the host's library and against real gateways.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    let swift = Toolchain::provide(workspace)?;
    let prepared = prepare(workspace)?;
    run(&mut prepared.test_command(workspace, &swift, PACKAGE, RESULTS, &[]))?;
    // Memory is that of a process: what tests beside it take would be counted.
    let measured = ["QUITTANCE_MEMORY=1".to_owned()];
    let mut alone = prepared.test_command(workspace, &swift, PACKAGE, RESULTS, &measured);
    run(alone.args(["--filter", "MemoryTests"]))?;
    let scenarios = prepare_scenarios(workspace)?;
    let declared = ["QUITTANCE_SCENARIOS=1".to_owned()];
    let mut played = scenarios.test_command(workspace, &swift, PACKAGE, RESULTS, &declared);
    run(played.args(["--filter", "ScenarioTests"]))
}

impl Prepared {
    /// `swift test` of a package of this project, with `more` words of environment; the results stand in a folder under
    /// target/.
    pub(crate) fn test_command(
        &self,
        workspace: &Workspace,
        swift: &Toolchain,
        package: &str,
        results: &str,
        more: &[String],
    ) -> Command {
        let programs = format!("QUITTANCE_BIN_DIR={}", workspace.binaries().display());
        let shown = shown(&workspace.root, &workspace.target);
        let mut command = swift.command(&workspace.root.join(package), &shown);
        command.arg(programs).args(more);
        command.args(["swift", "test", "--disable-xctest", "--scratch-path"]);
        command.arg(workspace.target.join(results));
        let libraries = self.libraries.display();
        for option in [format!("-L{libraries}"), "-rpath".to_owned(), libraries.to_string()] {
            command.arg("-Xlinker").arg(option);
        }
        command
    }
}

/// Swift 6: this machine's own, or one in a root under target/.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// `swift` on the PATH.
    Own,
    /// Inside a root of its own.
    Root(SwiftRoot),
}

impl Toolchain {
    /// Finds it, or makes the root.
    pub(crate) fn provide(workspace: &Workspace) -> Outcome<Self> {
        if has_swift() {
            return Ok(Self::Own);
        }
        if !is_debian() {
            return failed("Swift 6 can be provided on Debian only");
        }
        let root = SwiftRoot::at(workspace);
        root.provide(workspace)?;
        Ok(Self::Root(root))
    }

    /// A command in a folder, to which `NAME=value` words and the program are added; a root shows these folders.
    pub(crate) fn command(&self, folder: &Path, shown: &[&Path]) -> Command {
        match self {
            Self::Own => {
                let mut command = Command::new("env");
                command.current_dir(folder);
                command
            }
            Self::Root(root) => root.command(folder, shown),
        }
    }
}

/// The folders that the root must show: the project, with its target folder where that is outside.
pub(crate) fn shown<'a>(project: &'a Path, target: &'a Path) -> Vec<&'a Path> {
    if target.starts_with(project) {
        vec![project]
    } else {
        vec![project, target]
    }
}

fn has_swift() -> bool {
    let found = version("swift", "--version").and_then(|text| swift_version(&text));
    found.is_some_and(|major| major >= SWIFT)
}

/// "Swift version 6.0.3 (…)" is 6; on Apple systems other words stand before it.
fn swift_version(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("Swift version ")?;
    numbers(rest).map(|(major, _)| major)
}

fn copy(from: &Path, name: &str, to: &Path) -> Outcome {
    files::copy(&from.join(name), &to.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_on_linux_as_on_apple_systems() {
        assert_eq!(swift_version("Swift version 6.0.3 (swift-6.0.3-RELEASE)\n"), Some(6));
        let apple = "swift-driver version: 1.115 Apple Swift version 6.1 (swiftlang-6.1)";
        assert_eq!(swift_version(apple), Some(6));
        assert_eq!(swift_version("swift 1.2"), None);
    }

    #[test]
    fn a_target_folder_elsewhere_is_shown_too() {
        let project = Path::new("/project");
        assert_eq!(shown(project, Path::new("/project/target")), [project]);
        assert_eq!(shown(project, Path::new("/cache")).len(), 2);
    }
}
