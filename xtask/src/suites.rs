//! The test suites in their order, with a report at the end.
use std::fmt;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::provide::{Need, Permission, permission, provide};
use crate::run::{Outcome, Problem, Workspace, failed};
use crate::{android, handled, ios, kotlin, mobile, package, rules, rust_suite, swift, texts, verifiers};

/// What `cargo xtask test` accepts.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run this suite alone (can be given several times).
    #[arg(long, value_enum)]
    only: Vec<Suite>,
    /// Leave this suite out (can be given several times).
    #[arg(long, value_enum)]
    skip: Vec<Suite>,
    /// Fail if a suite could not run because something is missing here; a part of one that could not is told.
    #[arg(long)]
    require_all: bool,
}

/// A part of the tests with a runner of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// Format, lints, tests, documentation and dependency rules of all crates.
    Rust,
    /// Every requirement has its test and every text its languages, and the files written from them are fresh.
    Rules,
    /// The library type-checked for Android and iOS, without their SDKs.
    Mobile,
    /// The Kotlin library on a JVM.
    Kotlin,
    /// The demo app and the Android part of the Kotlin library, under Robolectric.
    Android,
    /// The Swift package on this system.
    Swift,
    /// The iOS app and its adapters, against stand-ins for Apple's frameworks.
    Ios,
    /// Programs that know the published packages alone, in Kotlin and Swift.
    Package,
    /// Receipts and statements judged by programs of other authors.
    Verifiers,
}

impl fmt::Display for Suite {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Rust => "rust",
            Self::Rules => "rules",
            Self::Mobile => "mobile type-check",
            Self::Kotlin => "kotlin",
            Self::Android => "android",
            Self::Swift => "swift",
            Self::Ios => "ios (stand-ins)",
            Self::Package => "package",
            Self::Verifiers => "verifiers",
        })
    }
}

impl Suite {
    /// What is missing on this machine for the suite to run.
    fn missing(self, workspace: &Workspace) -> Vec<Need> {
        match self {
            Self::Rust | Self::Rules => Vec::new(),
            Self::Mobile => mobile::missing(workspace),
            Self::Kotlin => kotlin::missing(),
            Self::Android => android::missing(),
            Self::Swift => swift::missing(workspace),
            Self::Ios => ios::missing(workspace),
            Self::Package => package::consumers::missing(workspace),
            Self::Verifiers => verifiers::missing(),
        }
    }

    /// Runs it; what single checks could not do here is told.
    fn run(self, workspace: &Workspace) -> Outcome<Vec<String>> {
        let whole = match self {
            Self::Rust => return rust_suite::run_suite(workspace),
            Self::Rules => rules::run_suite(workspace)
                .and_then(|()| texts::run_suite(workspace))
                .and_then(|()| handled::run_suite(workspace)),
            Self::Mobile => mobile::run_suite(workspace),
            Self::Kotlin => kotlin::run_suite(workspace),
            Self::Android => android::run_suite(workspace),
            Self::Swift => swift::run_suite(workspace),
            Self::Ios => ios::run_suite(workspace),
            Self::Package => package::consumers::run_suite(workspace),
            Self::Verifiers => verifiers::run_suite(workspace),
        };
        whole.map(|()| Vec::new())
    }
}

/// How one suite ended.
#[derive(Debug)]
struct Report {
    suite: Suite,
    outcome: Outcome<Vec<String>>,
    took: Duration,
}

/// Runs the chosen suites to the end, whatever fails in between, then says how each ended.
///
/// Fails if a suite failed, or if one did not run and `--require-all` was given.
pub(crate) fn test(workspace: &Workspace, options: &Options) -> Outcome {
    let chosen = chosen(&options.only, &options.skip);
    let missing: Vec<Need> = chosen.iter().flat_map(|suite| suite.missing(workspace)).collect();
    let permission = permission(&missing);
    let reports: Vec<Report> = chosen
        .into_iter()
        .map(|suite| run_one(workspace, suite, permission))
        .collect();
    print!("{}", summary(&reports));
    verdict(&reports, options.require_all)
}

/// Brings what a suite needs, or says what to install.
pub(crate) fn provide_for(workspace: &Workspace, suite: Suite) -> Outcome {
    provide_all(workspace, || suite.missing(workspace))
}

/// Brings what is missing, or says what to install; asked again afterwards, nothing may be missing any more.
pub(crate) fn provide_all(workspace: &Workspace, missing: impl Fn() -> Vec<Need>) -> Outcome {
    let before = missing();
    provide(workspace, &before, permission(&before)).and_then(|()| still_missing(&missing()))
}

fn run_one(workspace: &Workspace, suite: Suite, permission: Permission) -> Report {
    println!("\n==== {suite}");
    let start = Instant::now();
    let outcome = provide(workspace, &suite.missing(workspace), permission)
        .and_then(|()| still_missing(&suite.missing(workspace)))
        .and_then(|()| suite.run(workspace));
    if let Err(problem) = &outcome {
        println!("{suite}: {}", problem.heading());
    }
    Report {
        suite,
        outcome,
        took: start.elapsed(),
    }
}

/// Packages can be older than a suite needs; what a suite fetches by itself has none.
fn still_missing(missing: &[Need]) -> Outcome {
    match missing.iter().find(|need| !need.packages.is_empty()) {
        None => Ok(()),
        Some(need) => Err(Problem::NotRun(format!("install {}", need.by_hand))),
    }
}

fn chosen(only: &[Suite], skip: &[Suite]) -> Vec<Suite> {
    let all = Suite::value_variants().iter().copied();
    all.filter(|suite| only.is_empty() || only.contains(suite))
        .filter(|suite| !skip.contains(suite))
        .collect()
}

/// A table of all suites; what did not pass stands below it, in the last lines.
fn summary(reports: &[Report]) -> String {
    let mut text = format!("\n{:<18} {:<8} {:>8}\n", "suite", "result", "seconds");
    for report in reports {
        let seconds = report.took.as_secs();
        text += &format!("{:<18} {:<8} {seconds:>8}\n", report.suite.to_string(), report.word());
    }
    let count = |word| reports.iter().filter(|report| report.word() == word).count();
    text += &format!("\nsuites: {} passed, {} failed", count("passed"), count("FAILED"));
    match count("NOT RUN") {
        0 => text += "\n",
        skipped => text += &format!(", {skipped} skipped\n"),
    }
    for report in reports {
        match &report.outcome {
            Ok(skipped) => skipped
                .iter()
                .for_each(|why| text += &format!("{} NOT RUN in part: {why}\n", report.suite)),
            Err(problem) => text += &format!("{} {}: {problem}\n", report.suite, report.word()),
        }
    }
    text
}

impl Report {
    fn word(&self) -> &'static str {
        match self.outcome {
            Ok(_) => "passed",
            Err(Problem::NotRun(_)) => "NOT RUN",
            Err(Problem::Failed(_)) => "FAILED",
        }
    }
}

fn verdict(reports: &[Report], require_all: bool) -> Outcome {
    if reports.is_empty() {
        return failed("no suite was chosen");
    }
    let bad = |report: &Report| match report.outcome {
        Ok(_) => false,
        Err(Problem::NotRun(_)) => require_all,
        Err(Problem::Failed(_)) => true,
    };
    match reports.iter().filter(|report| bad(report)).count() {
        0 => Ok(()),
        count => failed(format!("{count} of {} suites did not pass", reports.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(suite: Suite, outcome: Outcome) -> Report {
        Report {
            suite,
            outcome: outcome.map(|()| Vec::new()),
            took: Duration::from_secs(61),
        }
    }

    #[test]
    fn suites_run_in_their_order_unless_chosen_otherwise() {
        assert_eq!(chosen(&[], &[]), Suite::value_variants());
        assert_eq!(chosen(&[Suite::Swift, Suite::Rust], &[]), [Suite::Rust, Suite::Swift]);
        assert_eq!(chosen(&[Suite::Swift, Suite::Rust], &[Suite::Swift]), [Suite::Rust]);
    }

    #[test]
    fn the_last_lines_say_what_to_install() {
        let reports = [
            report(Suite::Rust, Ok(())),
            report(Suite::Kotlin, Err(Problem::NotRun("install a JDK".to_owned()))),
        ];
        let text = summary(&reports);
        assert!(text.contains("rust               passed         61\n"), "{text}");
        assert!(text.contains("suites: 1 passed, 0 failed, 1 skipped\n"), "{text}");
        assert!(text.ends_with("kotlin NOT RUN: install a JDK\n"), "{text}");
    }

    #[test]
    fn what_one_test_of_a_suite_could_not_do_stands_in_the_last_lines() {
        let report = Report {
            outcome: Ok(vec!["no loop device here".to_owned()]),
            ..report(Suite::Rust, Ok(()))
        };
        let text = summary(&[report]);
        assert!(text.contains("suites: 1 passed, 0 failed\n"), "{text}");
        assert!(text.ends_with("rust NOT RUN in part: no loop device here\n"), "{text}");
    }

    #[test]
    fn a_package_that_is_too_old_leaves_the_suite_not_run() {
        let need = |packages| Need {
            what: "Go",
            packages,
            by_hand: "Go (1.21 or newer)",
        };
        let too_old = still_missing(&[need(&["golang"])]);
        assert_eq!(too_old, Err(Problem::NotRun("install Go (1.21 or newer)".to_owned())));
        assert_eq!(still_missing(&[need(&[])]), Ok(()));
    }

    #[test]
    fn what_did_not_run_fails_only_where_all_is_required() {
        let whole = [report(Suite::Swift, Err(Problem::NotRun(String::new())))];
        assert_eq!(verdict(&whole, false), Ok(()));
        assert!(verdict(&whole, true).is_err());
        let part = [Report {
            outcome: Ok(vec!["no loop device here".to_owned()]),
            ..report(Suite::Rust, Ok(()))
        }];
        assert_eq!(verdict(&part, true), Ok(()), "a part is told, and no suite's end");
    }

    #[test]
    fn one_failure_or_no_suite_at_all_fails_the_whole() {
        let reports = [report(Suite::Rust, failed("x")), report(Suite::Swift, Ok(()))];
        assert!(verdict(&reports, false).is_err());
        assert!(verdict(&[], false).is_err());
    }
}
