//! What a test says where the machine cannot do what it needs.

use std::io::Write as _;

/// Names the file that the words are added to; `cargo xtask test` repeats them in its last lines.
const WORDS: &str = "QUITTANCE_NOT_RUN";

/// Says that a check did not run, and why. The test harness hides what a passing test prints, so that it is written to a
/// file as well, where the environment names one.
pub fn not_run(why: &str) {
    eprintln!("NOT RUN: {why}");
    let Some(path) = std::env::var_os(WORDS) else { return };
    let words = std::fs::OpenOptions::new().append(true).create(true).open(path);
    if let Err(error) = words.and_then(|mut words| writeln!(words, "{why}")) {
        eprintln!("and nobody will read it: {error}");
    }
}
