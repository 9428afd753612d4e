//! Building and starting the demo, which is a program of the test kit.
use std::process::Command;

use crate::run::{Outcome, Workspace, at, failed, run};

/// Builds what the demo starts, and no more.
const BUILD: &[&str] = &["build", "-p", "quittance-gateway", "-p", "quittance-testkit"];

/// The demo as a command; its programs are found by the variable `QUITTANCE_BIN_DIR`.
pub(crate) fn command(workspace: &Workspace) -> Outcome<Command> {
    let program = workspace.binaries().join("quittance-demo");
    if !program.exists() {
        return failed(format!("{} was not built", program.display()));
    }
    let mut command = Command::new(program);
    command.env("QUITTANCE_BIN_DIR", workspace.binaries());
    Ok(command)
}

/// Builds, then becomes the demo: it gets the arguments and the terminal as they are.
pub(crate) fn run_demo(workspace: &Workspace, arguments: &[String]) -> Outcome {
    run(&mut workspace.cargo(BUILD))?;
    let mut command = command(workspace)?;
    let program = command.get_program().to_owned();
    let status = at(program.as_ref(), command.args(arguments).status())?;
    if status.success() {
        Ok(())
    } else {
        failed(format!("the demo ended with {status}"))
    }
}
