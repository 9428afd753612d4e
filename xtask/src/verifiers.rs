//! The verifier suite: receipts and statements of a real demo, judged by programs of other authors.
use std::process::Command;

use crate::demo;
use crate::provide::Need;
use crate::run::{Outcome, Workspace, at, numbers, run, version};

/// The oldest Go that fetches by itself the newer one which the receipt checker's go.mod names.
const GO: (u32, u32) = (1, 21);
/// The oldest Node.js whose own cryptography knows Ed25519 as the statement checker needs it.
const NODE: (u32, u32) = (20, 0);

/// Go or Node.js, if they are not here or too old.
pub(crate) fn missing() -> Vec<Need> {
    let mut missing = Vec::new();
    if is_older(version("go", "version"), GO) {
        missing.push(Need {
            what: "Go",
            packages: &["golang"],
            by_hand: "Go (1.21 or newer)",
        });
    }
    if is_older(version("node", "--version"), NODE) || version("npm", "--version").is_none() {
        missing.push(Need {
            what: "Node.js",
            packages: &["nodejs", "npm"],
            by_hand: "Node.js (20 or newer) with npm",
        });
    }
    missing
}

/// Runs the demo for its files, then the checkers over them.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    let files = workspace.target.join("verifiers");
    if files.exists() {
        at(&files, std::fs::remove_dir_all(&files))?;
    }
    run(&mut workspace.cargo(&["build", "--workspace", "--locked"]))?;
    run(demo::command(workspace)?.arg("--out").arg(&files))?;

    let verifiers = workspace.root.join("testkit/verifiers");
    let mut go = Command::new("go");
    go.current_dir(verifiers.join("go")).args(["test", "-count=1", "./..."]);
    run(go.env("QUITTANCE_DEMO_OUT", &files))?;

    let jose = verifiers.join("jose");
    run(Command::new("npm")
        .current_dir(&jose)
        .args(["ci", "--no-audit", "--no-fund"]))?;
    let mut node = Command::new("node");
    run(node.current_dir(&jose).arg("--test").env("QUITTANCE_DEMO_OUT", &files))
}

fn is_older(found: Option<String>, needed: (u32, u32)) -> bool {
    found.and_then(|text| numbers(&text)).is_none_or(|found| found < needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_old_is_as_good_as_missing() {
        let go = |text: &str| is_older(Some(text.to_owned()), GO);
        assert!(!go("go version go1.26.8 linux/amd64"));
        assert!(go("go version go1.19.8 linux/amd64"));
        assert!(is_older(None, GO));
    }
}
