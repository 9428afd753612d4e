//! Scenarios: behaviour as JSON files, played on a stage with standing clocks.
//!
//! `scenarios/README.md` tells how to write one. Read [`model`] (the file), [`acts`] with [`expectations`] (its steps),
//! then [`play()`] (the runner in Rust) or [`host`] (the stage for runners in other languages).

pub mod acts;
pub mod bundle;
pub mod expectations;
pub mod host;
pub mod model;
pub mod people;
pub mod play;
pub mod terms;
pub mod words;

mod answering;
mod charging;
mod codes;
mod deciding;
mod doing;
mod expecting;
mod images;
mod looking;
mod phones;
mod quiz;
mod sandbox;
mod saying;
mod setting;
mod turns;
mod verbs;

/// Under what name errors are logged that a scenario meets: whoever listens reads what an app's log would print.
pub const ERRORS: &str = "quittance_testkit::errors";

pub use model::{Scenario, Step};
pub use play::{Failed, How, play};
