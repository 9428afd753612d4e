//! The README's lines, run by themselves against a gateway: the first thing that a newcomer sees work.
use clap::ValueEnum;

use crate::run::{Outcome, Workspace};
use crate::suites::{self, Suite};
use crate::{kotlin, swift};

/// In which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// On a JVM.
    Kotlin,
    /// On this system.
    Swift,
}

/// Brings what is missing, then signs a permission, stops it, prints the receipt.
pub(crate) fn run(workspace: &Workspace, language: Language) -> Outcome {
    match language {
        Language::Kotlin => {
            suites::provide_for(workspace, Suite::Kotlin)?;
            kotlin::run_quickstart(workspace)
        }
        Language::Swift => {
            suites::provide_for(workspace, Suite::Swift)?;
            swift::run_quickstart(workspace)
        }
    }
}
