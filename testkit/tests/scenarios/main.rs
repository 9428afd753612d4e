//! Scenarios: every file passes, also when its app dies after each step; a wrong expectation fails at its step.
#![cfg(test)]

mod controls;
mod files;
mod values;

use files::{load, scenarios};
use quittance_testkit::scenario::{How, play};

/// Plays a scenario as its file says.
async fn passes(name: &str) {
    let scenario = load(name);
    if let Err(failed) = play(&scenario, &How::default()).await {
        panic!("{name}: {failed}");
    }
}

/// Plays a scenario whose apps die after every step.
async fn passes_with_restarts(name: &str) {
    let how = How {
        restart_after_each_step: true,
        ..How::default()
    };
    if let Err(failed) = play(&load(name), &how).await {
        panic!("{name}, restarted after each step: {failed}");
    }
}

/// One test for each scenario.
macro_rules! each_passes {
    ($($name:ident)*) => {
        mod each_passes {
            $(#[tokio::test]
            async fn $name() {
                super::passes(stringify!($name)).await;
            })*
        }

        // Kill and resume at any event changes nothing.
        mod each_passes_with_restarts {
            $(#[tokio::test]
            async fn $name() {
                super::passes_with_restarts(stringify!($name)).await;
            })*
        }

        mod each_depends_on_its_values {
            $(#[tokio::test]
            async fn $name() {
                super::values::each_value_matters(stringify!($name)).await;
            })*
        }
    };
}

scenarios!(each_passes);
