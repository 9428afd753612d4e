//! The one command surface of the project: `cargo xtask --help`.
mod aapt;
mod android;
mod android_screens;
mod attack;
mod bench;
mod bindings;
mod cost;
mod demo;
mod dependencies;
mod files;
mod handled;
mod ios;
mod json;
mod kotlin;
mod kotlin_lint;
mod maven;
mod mobile;
mod mutants;
mod package;
mod pictures;
mod policy;
mod provide;
mod quickstart;
mod rules;
mod run;
mod rust_suite;
mod skipped;
mod soak;
mod suites;
mod swift;
mod swift_root;
mod texts;
mod verifiers;
mod xcode;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::pictures::Browser;
use crate::run::{Outcome, Workspace};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The commands of the Quittance project.")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Builds and tells the whole thread: sign, pay, cancel, destroy, prove.
    #[command(disable_help_flag = true)]
    Demo {
        /// Passed on to the demo; `cargo xtask demo --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs every test suite: Rust, mobile type-check, Kotlin, Android, Swift, iOS on stand-ins, packages, verifiers in other languages.
    Test(suites::Options),
    /// Writes the Kotlin and Swift sources of the facade and builds its library.
    Bindings,
    /// Lays out what a release would publish, under target/package.
    #[command(subcommand)]
    Package(package::Task),
    /// Runs the README's own lines in Kotlin or Swift: from a clone to the first destroyed token.
    Quickstart {
        /// The language.
        #[arg(value_enum)]
        language: quickstart::Language,
    },
    /// Takes the pictures of docs/screens from the apps themselves.
    Screens(Screens),
    /// Writes docs/rules.md; fails if a rule has lost its test, its policy value or its place.
    Rules(rules::Options),
    /// Writes what a reader sees, from bindings/texts into the formats of Android and iOS.
    Texts(texts::Options),
    /// Measures what payers wait for, beside baselines: the rows of docs/performance.md.
    #[command(disable_help_flag = true)]
    Cost {
        /// Passed on; `cargo xtask cost --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measures the vault beside a plain store, and writes its part of docs/performance.md.
    Bench {
        /// Passed on: `--sizes 1000,10000`, `--folder DIR`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Looks for what the tests did not, for as long as it is told to.
    #[command(subcommand)]
    Soak(soak::Soak),
    /// Plays one attacker, such as `gateway` or `files`, with its control; `list` names them all.
    Attack {
        /// Which.
        #[arg(value_parser = attack::asked)]
        name: attack::Asked,
        /// The profile of Cargo by which the gateways and phones are built that it starts, such as `release`.
        #[arg(long)]
        profile: Option<String>,
    },
    /// Checks, compares or explains a policy bundle.
    #[command(subcommand)]
    Policy(policy::Task),
}

/// Which pictures.
#[derive(Debug, Args)]
struct Screens {
    /// All of them, where none is named.
    #[arg(value_enum)]
    of: Vec<Pictures>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pictures {
    /// The Android app's.
    Android,
    /// The iOS app's.
    Ios,
    /// One sheet for each app, of the pictures that stand.
    Sheets,
}

fn take_pictures(workspace: &Workspace, of: &[Pictures]) -> Outcome {
    let wanted = |pictures| of.is_empty() || of.contains(&pictures);
    if wanted(Pictures::Android) {
        android::write_screens(workspace)?;
    }
    if wanted(Pictures::Ios) {
        ios::write_screens(workspace)?;
    }
    if wanted(Pictures::Sheets) {
        write_sheets(workspace)?;
    }
    Ok(())
}

fn write_sheets(workspace: &Workspace) -> Outcome {
    let browser = Browser::find()?;
    android_screens::write_sheet(workspace, &browser)?;
    ios::write_sheet(workspace, &browser)
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = Workspace::find().and_then(|workspace| match arguments.command {
        Task::Demo { arguments } => demo::run_demo(&workspace, &arguments),
        Task::Test(options) => suites::test(&workspace, &options),
        Task::Bindings => bindings::generate_all(&workspace),
        Task::Package(task) => package::run(&workspace, &task),
        Task::Quickstart { language } => quickstart::run(&workspace, language),
        Task::Screens(screens) => take_pictures(&workspace, &screens.of),
        Task::Rules(options) => rules::run(&workspace, &options),
        Task::Texts(options) => texts::run(&workspace, &options),
        Task::Cost { arguments } => cost::measure(&workspace, &arguments),
        Task::Bench { arguments } => bench::measure(&workspace, &arguments),
        Task::Soak(soak) => soak::soak(&workspace, &soak),
        Task::Attack { name, profile } => attack::attack(&workspace, &name, profile.as_deref()),
        Task::Policy(task) => policy::run(task),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
