//! The power goes: what both programs answered stands, though all that they did not make durable is lost.
//!
//! Here the real programs write their real files: the gateway's database, vault and keys, the wallet and the keystore of
//! tests. What a vault alone finds in hundreds of thousands of such states is shown in `quittance-disk`.

use crate::operation::Operation;
use crate::run::{Untouched, first_harm_at};
use crate::stage::Stage;
use crate::{chosen, is_everything, must_end_well, run::Blow};
use quittance_testkit::kill::{Fault, Lost};
use quittance_testkit::process::Programs;
use quittance_testkit::story::{Casting, Side};
use std::time::Instant;

/// At one in so many steps the power goes in the sample.
const POWER_GOES_IN: u64 = 6;

/// At one in so many steps the controls look, which finds the same later.
const LOOKED_AT_IN: u64 = 8;

/// Cuts the power of one side before steps of each operation: all that was not synced is lost, or a part of it.
async fn power_goes_at_steps(side: Side) {
    let programs = Programs::built().expect("built");
    for (operation, mut chance) in chosen(side, 0x504f_5745) {
        let began = Instant::now();
        let stage = Stage::set(programs.clone(), operation).await;
        let (mut at, mut losses, mut untouched) = (1, 0, Untouched::default());
        while !untouched.is_the_end() {
            let some = Lost::Some(chance.u32(..));
            let all_is_lost = chance.bool();
            let is_drawn = chance.u64(..POWER_GOES_IN) == 0;
            let faults: &[Lost] = match (is_everything() || at == 1, is_drawn, all_is_lost) {
                (true, ..) => &[Lost::All, some],
                (false, true, true) => &[Lost::All],
                (false, true, false) => &[some],
                (false, false, _) => &[],
            };
            for lost in faults {
                let fault = Fault::PowerGoes(*lost);
                let again = None;
                let blow = Blow { side, fault, at, again };
                let struck = must_end_well(&stage, blow).await.struck;
                untouched.count(struck);
                losses += usize::from(struck);
            }
            at += 1;
        }
        println!(
            "{operation:?}, {side:?}: the power went {losses} times, at steps of which there are fewer than {at}, {} s",
            began.elapsed().as_secs()
        );
        assert!(
            losses > 1,
            "{operation:?}: the power never went: is the kill-at library loaded?"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_whose_power_goes_at_any_step_loses_nothing_that_it_answered() {
    power_goes_at_steps(Side::Gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_whose_power_goes_at_any_step_loses_nothing_that_it_answered() {
    power_goes_at_steps(Side::Phone).await;
}

/// Each file that a promise stands in: where it alone is synced in vain, that is found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_file_that_nobody_syncs_is_found() {
    let programs = Programs::built().expect("built");
    for (side, unsynced) in [
        (Side::Gateway, "gateway.sqlite-wal"),
        (Side::Gateway, "vault.sqlite-wal"),
        (Side::Gateway, "slot-"),
        (Side::Phone, "wallet.vault-wal"),
        (Side::Phone, ".half"),
        (Side::Phone, "keys"),
    ] {
        let stage = Stage::set(programs.clone(), Operation::Revoke).await;
        let casting = Casting {
            unsynced: Some(unsynced),
            ..Casting::default()
        };
        let fault = Fault::PowerGoes(Lost::All);
        let found = first_harm_at(&stage.played_by(casting), side, fault, LOOKED_AT_IN).await;
        let Some((blow, wrong)) = found else {
            panic!("{unsynced} was synced in vain, and nobody saw it");
        };
        println!("{unsynced}: found at step {}: {}", blow.at, wrong.0);
    }
}
