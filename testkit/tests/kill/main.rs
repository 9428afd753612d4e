//! SIGKILL, a broken disk, a full one: before every durable or sent step, on either side, the same end.
//!
//! The steps are counted by the preloaded kill-at library, not listed by hand: n rises by one until a run is left
//! untouched, which ends the loop by itself. What must hold then stands once, in `books`. The controls are product code
//! with a planted bug, and a disk that lies.
//!
//! `QUITTANCE_CRASHES=all` tries every pair of a first and a second kill, and every disk error at every step; without it,
//! a sample with a fixed seed. `QUITTANCE_CRASHES_OF=revoke,phone` takes one operation, or one side.
#![cfg(test)]

mod books;
mod operation;
mod planted;
mod run;
mod stage;

use fastrand::Rng;
use operation::Operation;
use quittance_testkit::kill::{DiskError, Fault, Lasts};
use quittance_testkit::process::Programs;
use quittance_testkit::story::Side;
use run::{Blow, first_harm, play};
use stage::Stage;
use std::time::Instant;

/// One in so many first kills has a second one in the sample.
const SECOND_IN: u64 = 12;
/// One in so many steps of the disk fails in the sample.
const FAILS_IN: u64 = 4;
const OPERATIONS: [Operation; 7] = [
    Operation::Sign,
    Operation::Permit,
    Operation::Charge,
    Operation::Lock,
    Operation::Undo,
    Operation::Revoke,
    Operation::Batch,
];
const ERRORS: [Fault; 4] = [
    Fault::Fails(DiskError::InputOutput, Lasts::Once),
    Fault::Fails(DiskError::InputOutput, Lasts::ForEver),
    Fault::Fails(DiskError::Full, Lasts::Once),
    Fault::Fails(DiskError::Full, Lasts::ForEver),
];

/// Whether everything is tried, not a sample.
fn is_everything() -> bool {
    std::env::var("QUITTANCE_CRASHES").is_ok_and(|which| which == "all")
}

/// Whether this run is about this operation of this side.
fn is_chosen(operation: Operation, side: Side) -> bool {
    let named = std::env::var("QUITTANCE_CRASHES_OF").unwrap_or_default().to_lowercase();
    let parts = [format!("{operation:?}"), format!("{side:?}")].map(|part| part.to_lowercase());
    named
        .split(',')
        .filter(|part| !part.is_empty())
        .all(|part| parts.iter().any(|own| own == part))
}

/// Kills one side before each step of each operation, and again during the recovery.
async fn killed_at_every_step(side: Side, operations: &[Operation]) {
    let programs = Programs::built().expect("built");
    for operation in operations
        .iter()
        .copied()
        .filter(|operation| is_chosen(*operation, side))
    {
        let began = Instant::now();
        let stage = Stage::set(programs.clone(), operation).await;
        let mut seeded = Rng::with_seed(0x5157_4954);
        let (mut recovery, mut second_kills) = (0, 0);
        let mut blow = Blow {
            side,
            fault: Fault::Kill,
            at: 1,
            again: None,
        };
        loop {
            let first = play(&stage, blow).await.unwrap_or_else(|wrong| panic!("{}", wrong.0));
            if !first.struck {
                break;
            }
            recovery = recovery.max(first.recovery);
            let seconds = match (is_everything(), seeded.u64(..SECOND_IN)) {
                (true, _) => 1..u64::MAX,
                (false, 0) => {
                    let at = 1 + seeded.u64(..first.recovery.max(1));
                    at..at + 1
                }
                _ => 0..0,
            };
            for again in seconds {
                let again = Some(again);
                let second = play(&stage, Blow { again, ..blow }).await;
                if !second.unwrap_or_else(|wrong| panic!("{}", wrong.0)).struck_again {
                    break;
                }
                second_kills += 1;
            }
            blow.at += 1;
        }
        println!(
            "{operation:?}, {side:?}: killed before each of {} steps, {second_kills} times once more in recoveries of at most \
             {recovery} steps, {} s",
            blow.at - 1,
            began.elapsed().as_secs()
        );
        assert!(
            blow.at > 5,
            "{operation:?}: {} steps are counted: is the kill-at library loaded?",
            blow.at
        );
    }
}

/// Lets one side's disk fail at each step of each operation.
async fn fails_at_every_step(side: Side, operations: &[Operation]) {
    let programs = Programs::built().expect("built");
    for operation in operations
        .iter()
        .copied()
        .filter(|operation| is_chosen(*operation, side))
    {
        let began = Instant::now();
        let stage = Stage::set(programs.clone(), operation).await;
        let mut seeded = Rng::with_seed(0x4449_534b);
        let (mut at, mut errors) = (1, 0);
        'steps: loop {
            let one = usize::try_from(seeded.u64(..FAILS_IN * 4)).expect("a small number");
            let sample = ERRORS.get(one..=one).unwrap_or_default();
            for fault in if is_everything() { &ERRORS } else { sample } {
                let blow = Blow {
                    side,
                    fault: *fault,
                    at,
                    again: None,
                };
                let played = play(&stage, blow).await.unwrap_or_else(|wrong| panic!("{}", wrong.0));
                if !played.struck {
                    break 'steps;
                }
                errors += 1;
            }
            at += 1;
        }
        println!(
            "{operation:?}, {side:?}: the disk failed {errors} times, at steps of which there are at most {}, {} s",
            at - 1,
            began.elapsed().as_secs()
        );
        assert!(
            at > 3,
            "{operation:?}: {at} steps are counted: is the kill-at library loaded?"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_killed_before_any_step_ends_in_the_same_state() {
    killed_at_every_step(Side::Gateway, &OPERATIONS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_killed_before_any_step_ends_in_the_same_state() {
    killed_at_every_step(Side::Phone, &OPERATIONS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_whose_disk_fails_at_any_step_loses_nothing_that_it_answered() {
    fails_at_every_step(Side::Gateway, &OPERATIONS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_whose_disk_fails_at_any_step_loses_nothing_that_it_answered() {
    fails_at_every_step(Side::Phone, &OPERATIONS).await;
}

/// A disk that leaves out one write, and says nothing, costs what was answered: the same look finds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_disk_that_lies_is_found() {
    let programs = Programs::built().expect("built");
    for side in [Side::Gateway, Side::Phone] {
        let stage = Stage::set(programs.clone(), Operation::Revoke).await;
        let found = first_harm(&stage, side, Fault::Pretended).await;
        let Some((blow, wrong)) = found else {
            panic!("{side:?}: a write was left out at each step, and nobody saw it");
        };
        println!("{side:?}: found at step {}: {}", blow.at, wrong.0);
        let honest = Blow { at: u64::MAX, ..blow };
        if let Err(wrong) = play(&stage, honest).await {
            panic!("{side:?}: found where no write was left out as well: {}", wrong.0);
        }
    }
}
