//! What single tests say they could not do on this machine.
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::run::{Outcome, Workspace, at};

/// The file that tests write it to. Cargo hides what a passing test prints.
pub(crate) struct Skipped(PathBuf);

impl Skipped {
    /// Begins anew.
    pub(crate) fn listen(workspace: &Workspace) -> Outcome<Self> {
        let path = workspace.cache("xtask")?.join("not-run.txt");
        at(&path, fs::write(&path, ""))?;
        Ok(Self(path))
    }

    /// Names the file to a program that runs tests.
    pub(crate) fn told_by<'a>(&self, tests: &'a mut Command) -> &'a mut Command {
        tests.env("QUITTANCE_NOT_RUN", &self.0)
    }

    /// Why what did not run, each reason once: several tests may have the same.
    pub(crate) fn reasons(self) -> Outcome<Vec<String>> {
        let text = at(&self.0, fs::read_to_string(&self.0))?;
        let reasons: BTreeSet<&str> = text.lines().collect();
        Ok(reasons.into_iter().map(str::to_owned).collect())
    }
}
