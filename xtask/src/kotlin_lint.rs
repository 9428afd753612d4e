//! How Kotlin is written, of the app and of the package: ktlint, by the rules of the `.editorconfig` at the root.
use std::process::Command;

use crate::maven;
use crate::run::{Outcome, Problem, Workspace, failed, run};

/// A file that breaks the rules, from the workspace's root: the control.
const CARELESS: &str = "android-demo/lint/Careless.kt";

/// Refuses what is not written by the rules, once it has shown that it can.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    let mut careless = lint(workspace);
    careless.arg(format!("-Dlint.only={CARELESS}"));
    let seen = careless.output();
    let seen = seen.map_err(|error| Problem::Failed(format!("the lint of Kotlin does not start: {error}")))?;
    let said = String::from_utf8_lossy(&seen.stdout);
    if seen.status.success() || !said.contains(CARELESS) {
        return failed(format!(
            "the lint of Kotlin does not refuse what is carelessly written ({}):\n{said}{}",
            seen.status,
            String::from_utf8_lossy(&seen.stderr)
        ));
    }
    run(&mut lint(workspace))
}

fn lint(workspace: &Workspace) -> Command {
    let mut maven = maven::command(&workspace.root.join("android-demo/lint"));
    maven.arg("validate");
    maven
}
