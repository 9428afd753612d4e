//! How Kotlin is written, of the app and of the package: ktlint, by the rules of the `.editorconfig` at the root.
use std::process::{Command, Output};

use crate::maven;
use crate::run::{Outcome, Workspace, failed, run};

/// A file that breaks the rules, from the workspace's root: the control.
const CARELESS: &str = "android-demo/lint/Careless.kt";

/// Refuses what is not written by the rules, once it has shown that it can.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    let seen = lint(workspace).arg(format!("-Dlint.only={CARELESS}")).output();
    let refused =
        |output: &Output| !output.status.success() && String::from_utf8_lossy(&output.stdout).contains(CARELESS);
    if !seen.as_ref().is_ok_and(refused) {
        return failed("the lint of Kotlin does not refuse what is carelessly written");
    }
    run(&mut lint(workspace))
}

fn lint(workspace: &Workspace) -> Command {
    let mut maven = maven::command(&workspace.root.join("android-demo/lint"));
    maven.arg("validate");
    maven
}
