//! The iOS suite: the app and the adapters, type-checked on Linux against stand-ins for Apple's frameworks, then driven
//! against the host's library and real gateways.
use std::process::Command;

use crate::provide::Need;
use crate::run::{Outcome, Workspace, run};
use crate::swift;

/// Where the check package is.
const PACKAGE: &str = "ios-demo/Checks";

/// What `swift format` judges: everything that people wrote in Swift.
const SOURCES: &[&str] = &[
    "ios-demo/QuittanceDemo",
    "ios-demo/Checks/Package.swift",
    "ios-demo/Checks/StandIns",
    "ios-demo/Checks/Tests",
    "bindings/swift/Package.swift",
    "bindings/swift/Sources/QuittanceApple",
];

/// What the Swift suite needs, too.
pub(crate) fn missing(workspace: &Workspace) -> Vec<Need> {
    swift::missing(workspace)
}

/// Checks the style, then compiles and drives the app.
pub(crate) fn run_suite(workspace: &Workspace) -> Outcome {
    let swift = swift::Toolchain::provide(workspace)?;
    let mut lint = swift.command(&workspace.root, &swift::shown(&workspace.root, &workspace.target));
    lint.args(["swift", "format", "lint", "--strict", "--recursive", "--configuration"]);
    run(lint.arg("ios-demo/.swift-format").args(SOURCES))?;
    run(&mut test_command(workspace, &swift, &[])?)
}

/// `swift test` of the check package, with more words of environment.
fn test_command(workspace: &Workspace, swift: &swift::Toolchain, more: &[String]) -> Outcome<Command> {
    let prepared = swift::prepare(workspace)?;
    Ok(prepared.test_command(workspace, swift, PACKAGE, "ios/build", more))
}
