//! SIGKILL, a loss of power, a broken disk, a full one: before every durable or sent step, on either side, the same end.
//!
//! The steps are counted by the preloaded kill-at library, not listed by hand: n rises by one until runs are left
//! untouched, which ends the loop by itself. What must hold then stands once, in `books`. The controls are product code
//! with a planted bug, a disk that lies, and files that are synced in vain.
//!
//! `QUITTANCE_CRASHES=all` strikes recoveries with a second kill and with each disk error, and tries every disk error and loss
//! of power at every step; without it, every first kill and a sample of the others with a fixed seed. A kill that leaves what
//! an earlier one left has the same recovery, which is struck once, wherever its own steps left something else; with
//! `QUITTANCE_CRASHES_ALIKE` each is, at every step. `QUITTANCE_CRASHES_OF=revoke,phone` takes one operation, or one side, or some of each;
//! `QUITTANCE_CRASHES_PART=3/8` strikes one in eight recoveries; `QUITTANCE_CRASHES_AGAIN=kills` leaves the errors of the disk
//! out of the pairs, which make most of them.
#![cfg(test)]

mod books;
mod operation;
mod planted;
mod power;
mod run;
mod stage;

use fastrand::Rng;
use operation::Operation;
use quittance_testkit::kill::kinds::{OF_THE_DISK, RECEIVE, RENAME, SEND, SYNC, UNLINK, WRITE};
use quittance_testkit::kill::{DiskError, Fault, Lasts};
use quittance_testkit::process::Programs;
use quittance_testkit::story::Side;
use run::{Again, Blow, Played, Untouched, first_harm, play};
use stage::Stage;
use std::collections::BTreeSet;
use std::time::Instant;

/// In the sample, one in so many recoveries from a kill is killed once more.
const SECOND_IN: u64 = 12;
/// In one in so many the disk fails.
const SECOND_FAILS_IN: u64 = 24;
/// One in so many steps of the disk fails in the sample.
const FAILS_IN: u64 = 4;
/// So many steps after one that was of a kind in another run, one of that kind is looked for.
const NEAR: u64 = 8;
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

/// The part of the recoveries that this run strikes: which one, of how many.
fn part() -> (u64, u64) {
    let Ok(named) = std::env::var("QUITTANCE_CRASHES_PART") else {
        return (1, 1);
    };
    let part = named
        .split_once('/')
        .and_then(|(which, of)| Some((which.parse().ok()?, of.parse().ok()?)));
    let part = part.filter(|(which, of)| (1..=*of).contains(which));
    part.unwrap_or_else(|| panic!("no part such as 3/8: {named}"))
}

/// Whether recoveries are struck whose first kill left what an earlier one left.
fn strikes_alike() -> bool {
    std::env::var_os("QUITTANCE_CRASHES_ALIKE").is_some()
}

/// What strikes the recoveries where everything is tried.
fn second_blows() -> Vec<Fault> {
    let errors: &[Fault] = match std::env::var("QUITTANCE_CRASHES_AGAIN").as_deref() {
        Err(_) => &ERRORS,
        Ok("kills") => &[],
        Ok(other) => panic!("neither left out nor kills: {other}"),
    };
    [&[Fault::Kill], errors].concat()
}

/// Whether this run is about this operation of this side: one of those that are named, where any of its kind is.
fn is_chosen(operation: Operation, side: Side) -> bool {
    let named = std::env::var("QUITTANCE_CRASHES_OF").unwrap_or_default().to_lowercase();
    let word = |thing: &dyn std::fmt::Debug| format!("{thing:?}").to_lowercase();
    let sides = [Side::Phone, Side::Gateway].map(|side| word(&side));
    let operations = OPERATIONS.map(|operation| word(&operation));
    let (mut of_sides, mut of_operations) = (Vec::new(), Vec::new());
    for name in named.split(',').filter(|name| !name.is_empty()) {
        let name = name.to_owned();
        if sides.contains(&name) {
            of_sides.push(name);
        } else {
            assert!(operations.contains(&name), "neither an operation nor a side: {name}");
            of_operations.push(name);
        }
    }
    (of_sides.is_empty() || of_sides.contains(&word(&side)))
        && (of_operations.is_empty() || of_operations.contains(&word(&operation)))
}

/// The operations of this run, each with chances of its own: the same ones whichever others are chosen.
fn chosen(side: Side, seed: u64) -> impl Iterator<Item = (Operation, Rng)> {
    let mut seeds = Rng::with_seed(seed + side as u64);
    OPERATIONS
        .into_iter()
        .map(move |operation| (operation, seeds.fork()))
        .filter(move |(operation, _)| is_chosen(*operation, side))
}

/// The kinds of steps of the disk that a side makes in these operations. (A gateway whose sandbox's clock is put forward renames
/// that clock's file, which is no part of them.)
const fn of_the_disk(side: Side) -> u64 {
    match side {
        Side::Phone => WRITE | SYNC | UNLINK | RENAME,
        Side::Gateway => WRITE | SYNC,
    }
}

/// Kills one side before each step of each operation, and strikes it again during the recovery.
async fn killed_at_every_step(side: Side) {
    let programs = Programs::built().expect("built");
    let (which, of) = part();
    let mut kinds = 0;
    for (operation, mut chance) in chosen(side, 0x5157_4954) {
        let began = Instant::now();
        let stage = Stage::set(programs.clone(), operation).await;
        let (mut recovery, mut again) = (0_u64, Struck::default());
        let mut recoveries = BTreeSet::new();
        let (mut steps, mut untouched) = (0, Untouched::default());
        let mut blow = Blow {
            side,
            fault: Fault::Kill,
            at: 1,
            again: None,
        };
        while !untouched.is_the_end() {
            let first = must_end_well(&stage, blow).await;
            kinds |= first.kinds;
            untouched.count(first.struck);
            if first.struck {
                steps += 1;
                let steps_of_recovery = first.left_by_recovery.len() as u64;
                recovery = recovery.max(steps_of_recovery);
                let left = before(&first.left, blow.at).expect("it came to the step");
                let is_another = recoveries.insert(left);
                if !is_everything() {
                    again.sometimes(&stage, blow, steps_of_recovery, &mut chance).await;
                } else if left % of == which % of && (is_another || strikes_alike()) {
                    again.everywhere(&stage, blow).await;
                }
            }
            blow.at += 1;
        }
        println!(
            "{operation:?}, {side:?}: killed before each of {steps} steps, which left {} to recover from; of the recoveries, of \
             at most {recovery} steps, {} were killed ({} moments missed) and {} had a disk that failed, {} s",
            recoveries.len(),
            again.kills,
            again.missed,
            again.errors,
            began.elapsed().as_secs()
        );
        assert!(
            steps > 0,
            "{operation:?}: no step was struck: is the kill-at library loaded?"
        );
        assert!(
            (again.kills > 0 || of > 1) && (again.errors > 0 || is_everything()),
            "{operation:?}: no recovery was struck: {again:?}"
        );
    }
    if std::env::var("QUITTANCE_CRASHES_OF").unwrap_or_default().is_empty() {
        // A call that the library does not stand in front of would only make the loops shorter.
        let missed = (of_the_disk(side) | SEND | RECEIVE) & !kinds;
        assert_eq!(missed, 0, "{side:?}: kinds of steps that were never counted");
    }
}

/// Plays a run that must come to its right end.
async fn must_end_well(stage: &Stage, blow: Blow) -> Played {
    play(stage, blow).await.unwrap_or_else(|wrong| panic!("{}", wrong.0))
}

/// What was left before a step, where the run came so far.
fn before(left: &[u64], step: u64) -> Option<u64> {
    let place = usize::try_from(step).ok()?.checked_sub(1)?;
    left.get(place).copied()
}

/// How often recoveries were struck.
#[derive(Debug, Default)]
struct Struck {
    kills: u64,
    errors: u64,
    /// What recoveries had left before one of their steps, where no kill met them so.
    missed: u64,
}

impl Struck {
    /// Strikes the recovery from a kill at a step.
    async fn strike(&mut self, stage: &Stage, first: Blow, fault: Fault, at: u64) -> Played {
        let again = Some(Again { fault, at });
        let played = must_end_well(stage, Blow { again, ..first }).await;
        let counted = if fault == Fault::Kill {
            &mut self.kills
        } else {
            &mut self.errors
        };
        *counted += u64::from(played.struck_again);
        played
    }

    /// In each way: at each step of the recovery, or wherever the steps before it had left something else.
    async fn everywhere(&mut self, stage: &Stage, first: Blow) {
        for fault in second_blows() {
            if strikes_alike() {
                let (mut at, mut untouched) = (1, Untouched::default());
                while !untouched.is_the_end() {
                    untouched.count(self.strike(stage, first, fault, at).await.struck_again);
                    at += 1;
                }
            } else {
                self.wherever_something_else_was_left(stage, first, fault).await;
            }
        }
    }

    async fn wherever_something_else_was_left(&mut self, stage: &Stage, first: Blow, fault: Fault) {
        // A step that never comes: which ones there are, as they are numbered where this befalls one.
        let left = self.strike(stage, first, fault, u64::MAX).await.left_by_recovery;
        let mut met = BTreeSet::new();
        for (at, moment) in (1..).zip(&left) {
            // No two runs are alike: what is not met at this step may be before one of the next ones.
            let mut near = at..at + NEAR;
            while let (false, Some(at)) = (met.contains(moment), near.next()) {
                let played = self.strike(stage, first, fault, at).await;
                met.extend(before(&played.left_by_recovery, at).filter(|_| played.struck_again));
            }
        }
        let all: BTreeSet<_> = left.into_iter().collect();
        self.missed += all.difference(&met).count() as u64;
    }

    /// At one step of few recoveries, the first of each operation among them.
    async fn sometimes(&mut self, stage: &Stage, first: Blow, steps: u64, chance: &mut Rng) {
        let is_first = first.at == 1;
        let error = chance.choice(ERRORS).expect("there are four");
        for (fault, one_in) in [(Fault::Kill, SECOND_IN), (error, SECOND_FAILS_IN)] {
            let is_drawn = chance.u64(..one_in) == 0;
            let mut at = chance.u64(1..=steps.max(1));
            if is_drawn || is_first {
                // Not every step is one of the disk, and no two recoveries are alike: earlier, where there were fewer.
                while at > 0 && !self.strike(stage, first, fault, at).await.struck_again {
                    at /= 2;
                }
            }
        }
    }
}

/// What may befall a step, other than that its process is killed.
struct Mishap {
    what: &'static str,
    seed: u64,
    /// It befalls one in so many steps of the sample.
    one_in: u64,
    /// The ways that there are; some are drawn anew for each step.
    ways: fn(&mut Rng) -> Vec<Fault>,
}

/// Lets it befall one side at the steps of each operation: at the first one in each way, then at one of few in one way.
async fn befalls_some_steps(side: Side, mishap: &Mishap) {
    let programs = Programs::built().expect("built");
    let what = mishap.what;
    let mut kinds_struck = 0;
    for (operation, mut chance) in chosen(side, mishap.seed) {
        let began = Instant::now();
        let stage = Stage::set(programs.clone(), operation).await;
        let (mut at, mut times, mut untouched) = (1, 0, Untouched::default());
        let (mut ways, mut last) = (Vec::new(), None);
        while !untouched.is_the_end() {
            ways = (mishap.ways)(&mut chance);
            let one = chance.usize(..ways.len());
            let is_drawn = chance.u64(..mishap.one_in) == 0;
            let faults = match (is_everything() || at == 1, is_drawn) {
                (true, _) => &ways[..],
                (false, true) => &ways[one..=one],
                (false, false) => &[],
            };
            for fault in faults {
                let blow = Blow {
                    side,
                    fault: *fault,
                    at,
                    again: None,
                };
                let played = must_end_well(&stage, blow).await;
                kinds_struck |= played.kinds_struck;
                untouched.count(played.struck);
                times += usize::from(played.struck);
                last = Some(played);
            }
            at += 1;
        }
        // Nothing struck the last one, so that its numbers are those of a whole operation.
        let firsts = last.map_or([0; 6], |played| played.firsts);
        for (kind, first) in OF_THE_DISK.into_iter().zip(firsts) {
            // No two runs are alike: nearby, where it is not this very step.
            let mut near = (first..first + NEAR).filter(|_| first > 0);
            while let (0, Some(at)) = (kinds_struck & kind, near.next()) {
                let fault = ways[chance.usize(..ways.len())];
                let again = None;
                let played = must_end_well(&stage, Blow { side, fault, at, again }).await;
                kinds_struck |= played.kinds_struck;
                times += usize::from(played.struck);
            }
        }
        println!(
            "{operation:?}, {side:?}: {what} {times} times, at steps of which there are fewer than {at}, {} s",
            began.elapsed().as_secs()
        );
        assert!(
            times >= ways.len(),
            "{operation:?}: not even the first step was struck in each way: is the kill-at library loaded?"
        );
    }
    println!("{side:?}: {what} at steps of the kinds {kinds_struck:#b}");
    if std::env::var("QUITTANCE_CRASHES_OF").unwrap_or_default().is_empty() {
        let missed = of_the_disk(side) & !kinds_struck;
        assert_eq!(missed, 0, "{side:?}: kinds of steps at which {what} never");
    }
}

const DISK_FAILS: Mishap = Mishap {
    what: "the disk failed",
    seed: 0x4449_534b,
    one_in: FAILS_IN,
    ways: |_| ERRORS.to_vec(),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_killed_before_any_step_ends_in_the_same_state() {
    killed_at_every_step(Side::Gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_killed_before_any_step_ends_in_the_same_state() {
    killed_at_every_step(Side::Phone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_whose_disk_fails_at_any_step_loses_nothing_that_it_answered() {
    befalls_some_steps(Side::Gateway, &DISK_FAILS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_whose_disk_fails_at_any_step_loses_nothing_that_it_answered() {
    befalls_some_steps(Side::Phone, &DISK_FAILS).await;
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

/// The same during a recovery: what a disk does then is looked at as closely.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_disk_that_lies_during_a_recovery_is_found() {
    let programs = Programs::built().expect("built");
    for side in [Side::Gateway, Side::Phone] {
        let stage = Stage::set(programs.clone(), Operation::Revoke).await;
        let killed = |again| Blow {
            side,
            fault: Fault::Kill,
            at: 1,
            again,
        };
        for at in 1.. {
            let fault = Fault::Pretended;
            match play(&stage, killed(Some(Again { fault, at }))).await {
                Ok(played) => assert!(
                    played.struck_again,
                    "{side:?}: a write was left out at each step, and nobody saw it"
                ),
                Err(wrong) => {
                    println!("{side:?}: found at step {at} of the recovery: {}", wrong.0);
                    break;
                }
            }
        }
        if let Err(wrong) = play(&stage, killed(None)).await {
            panic!("{side:?}: found where no write was left out as well: {}", wrong.0);
        }
    }
}
