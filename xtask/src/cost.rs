//! Measuring, with everything built as it is shipped.
use crate::package::consumers;
use crate::run::{Outcome, Workspace, run};

/// What a payer waits for, on a stage with a real gateway.
const WHOLE: &[&str] = &[
    "run",
    "--release",
    "-p",
    "quittance-testkit",
    "--bin",
    "quittance-cost",
    "--",
];

/// What the next program starts.
const PROGRAMS: &[&str] = &[
    "build",
    "--release",
    "-p",
    "quittance-gateway",
    "-p",
    "quittance-testkit",
    "--bins",
];

/// A gateway with more and more tokens.
const GROWTH: &[&str] = &[
    "run",
    "--release",
    "-p",
    "quittance-testkit",
    "--bin",
    "quittance-growth",
    "--",
    "--folder",
];

/// The fold and the resolver by themselves.
const FOLD: &[&str] = &["bench", "-p", "quittance-flows", "--bench", "fold"];

/// Prints the rows of docs/performance.md; `arguments` go to the first program. The last rows need what the suite "package"
/// needs.
pub(crate) fn measure(workspace: &Workspace, arguments: &[String]) -> Outcome {
    run(workspace.cargo(WHOLE).args(arguments))?;
    run(&mut workspace.cargo(PROGRAMS))?;
    run(workspace.cargo(GROWTH).arg(workspace.cache("growth")?))?;
    run(&mut workspace.cargo(FOLD))?;
    consumers::measure(workspace)
}
