//! The Kotlin suite: the library with its generated sources, compiled and tested by Maven on a JVM.
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bindings;
use crate::kotlin_lint;
use crate::maven;
use crate::provide::Need;
use crate::run::{Outcome, Workspace, numbers, run, version};

/// The oldest Java that the Kotlin library is tested on.
const JAVA: u32 = 17;

/// A JDK or Maven, if they are not here.
pub(crate) fn missing() -> Vec<Need> {
    let mut missing = Vec::new();
    let java = version("javac", "-version").and_then(|text| numbers(&text));
    if java.is_none_or(|(major, _)| major < JAVA) {
        missing.push(Need {
            what: "a Java development kit",
            packages: &["default-jdk-headless"],
            by_hand: "a Java development kit (17 or newer)",
        });
    }
    if version("mvn", "--version").is_none() {
        missing.push(Need {
            what: "Maven",
            packages: &["maven"],
            by_hand: "Maven (3.8 or newer)",
        });
    }
    missing
}

/// Where the Kotlin library is.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("bindings/kotlin")
}

/// Builds the library and writes the Kotlin sources that belong to it.
pub(crate) fn prepare(workspace: &Workspace) -> Outcome {
    let library = bindings::build_library(workspace)?;
    bindings::generate(
        workspace,
        &library,
        "kotlin",
        &folder(workspace).join("target/generated"),
    )
}

/// The library of scenarios in a folder of its own, with the Kotlin sources of its clock.
fn prepare_scenarios(workspace: &Workspace) -> Outcome<PathBuf> {
    let library = bindings::provide_clock(workspace)?;
    let generated = workspace.root.join("bindings/kotlin/target/generated-test");
    bindings::generate_clock(workspace, &library, "kotlin", &generated)?;
    Ok(library.parent().map(Path::to_path_buf).unwrap_or_default())
}

/// Runs the Kotlin tests against the host's library and against real gateways.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    kotlin_lint::check(workspace)?;
    run(test(workspace)?.arg("test"))
}

/// Runs the README's lines alone.
pub(crate) fn run_quickstart(workspace: &Workspace) -> Outcome {
    let mut maven = test(workspace)?;
    maven.args(["--quiet", "test-compile", "surefire:test@default-test"]);
    run(maven.arg("-Dtest=BoundaryTest#the quickstart*"))
}

/// Maven with everything built that the tests need; what it is to do is left to say.
fn test(workspace: &Workspace) -> Outcome<Command> {
    prepare(workspace)?;
    let clock = prepare_scenarios(workspace)?;
    let binaries = workspace.binaries();
    let mut maven = maven::command(&folder(workspace));
    maven.arg(format!("-Dquittance.libraries={}", binaries.display()));
    maven.arg(format!("-Dquittance.turned-clock={}", clock.display()));
    maven.env("QUITTANCE_BIN_DIR", binaries);
    Ok(maven)
}
