//! The Rust suite: format, lints, tests, documentation, dependency rules.
use crate::dependencies;
use crate::provide::{Need, permission, provide};
use crate::run::{Outcome, Workspace, run, version};
use crate::skipped::Skipped;

/// Runs all of it, the cheapest checks first; tells what tests could not do on this machine.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome<Vec<String>> {
    run(&mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    dependencies::check(workspace)?;
    let lints = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    run(&mut workspace.cargo(&lints))?;
    // Tests start programs and preload libraries of other crates, which `cargo test` does not build.
    run(&mut workspace.cargo(&["build", "--workspace", "--locked"]))?;
    let wanted = wanted();
    if let Err(problem) = provide(workspace, &wanted, permission(&wanted)) {
        println!("some tests will not run: {problem}");
    }
    let skipped = Skipped::listen(workspace)?;
    let mut tests = workspace.cargo(&["test", "--workspace", "--locked"]);
    run(skipped.told_by(tests.env("QUITTANCE_BIN_DIR", workspace.binaries())))?;
    let mut documentation = workspace.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    run(documentation.env("RUSTDOCFLAGS", "-D warnings"))?;
    // Cargo hides what a passing test prints, so that it is said here.
    skipped.reasons()
}

/// What single tests need, and the suite does not: where it cannot be had, they say so.
fn wanted() -> Vec<Need> {
    let debugger = Need {
        what: "a debugger that dumps memory",
        packages: &["gdb"],
        by_hand: "gdb",
    };
    let file_system = Need {
        what: "a maker of ext4 file systems",
        packages: &["e2fsprogs"],
        by_hand: "mkfs.ext4 (Debian: e2fsprogs)",
    };
    let (has_debugger, has_file_system) = (version("gdb", "--version"), version("mkfs.ext4", "-V"));
    let missing = [(has_debugger, debugger), (has_file_system, file_system)];
    missing
        .into_iter()
        .filter(|(found, _)| found.is_none())
        .map(|(_, need)| need)
        .collect()
}
