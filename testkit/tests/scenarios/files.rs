//! The list of scenario files: each is one test.

use quittance_testkit::scenario::Scenario;
use std::path::{Path, PathBuf};

/// Gives the list to a macro.
macro_rules! scenarios {
    ($use:ident) => {
        $use! {
            quick_cancel
        }
    };
}
pub(crate) use scenarios;

macro_rules! names {
    ($($name:ident)*) => {
        /// Every scenario by the name of its file.
        pub(crate) const ALL: &[&str] = &[$(stringify!($name),)*];
    };
}
scenarios!(names);

/// Where the files are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

#[cfg(test)]
pub(crate) fn load(name: &str) -> Scenario {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    Scenario::read(&text).unwrap_or_else(|what| panic!("{name}.json: {what}"))
}
