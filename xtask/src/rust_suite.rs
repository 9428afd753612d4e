//! The Rust suite: format, lints, tests, documentation, dependency rules.
use crate::dependencies;
use crate::run::{Outcome, Problem, Workspace, run};

/// Published vectors that are not ours to copy; the tests that read them find this folder beside the repository.
const VECTORS: &str = "../shared/vectors";

/// Runs all of it, the cheapest checks first.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
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
    let mut tests = workspace.cargo(&["test", "--workspace", "--locked"]);
    run(tests.env("QUITTANCE_BIN_DIR", workspace.binaries()))?;
    let mut documentation = workspace.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    run(documentation.env("RUSTDOCFLAGS", "-D warnings"))?;
    // Cargo hides what a passing test prints, so that it is said here.
    if workspace.root.join(VECTORS).is_dir() {
        return Ok(());
    }
    Err(Problem::NotRun(format!(
        "all but the tests of published vectors, which {VECTORS} would have, passed"
    )))
}
