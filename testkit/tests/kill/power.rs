//! The power goes: what both programs answered stands, though all that they did not make durable is lost.
//!
//! Here the real programs write their real files: the gateway's database, vault and keys, the wallet and the keystore of
//! tests. What a vault alone finds in hundreds of thousands of such states is shown in `quittance-disk`.

use crate::operation::Operation;
use crate::run::{first_harm_at, play};
use crate::stage::Stage;
use crate::{Mishap, befalls_some_steps};
use quittance_testkit::kill::{Fault, Lost};
use quittance_testkit::process::Programs;
use quittance_testkit::story::{Casting, Side};

/// At one in so many steps the power goes in the sample.
const POWER_GOES_IN: u64 = 6;

/// At one in so many steps the controls look, which finds the same later.
const LOOKED_AT_IN: u64 = 8;

/// All that was not synced is lost, or a part of it.
const POWER_GOES: Mishap = Mishap {
    what: "the power went",
    seed: 0x504f_5745,
    one_in: POWER_GOES_IN,
    ways: |chance| [Lost::All, Lost::Some(chance.u32(..))].map(Fault::PowerGoes).to_vec(),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_whose_power_goes_at_any_step_loses_nothing_that_it_answered() {
    befalls_some_steps(Side::Gateway, &POWER_GOES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_whose_power_goes_at_any_step_loses_nothing_that_it_answered() {
    befalls_some_steps(Side::Phone, &POWER_GOES).await;
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
        let stage = stage.played_by(casting);
        let found = first_harm_at(&stage, side, fault, LOOKED_AT_IN).await;
        let Some((blow, wrong)) = found else {
            panic!("{unsynced} was synced in vain, and nobody saw it");
        };
        println!("{unsynced}: found at step {}: {}", blow.at, wrong.0);
        // The very same blow does no harm where every sync counts.
        let honest = stage.played_by(Casting::default());
        if let Err(wrong) = play(&honest, blow).await {
            panic!("{unsynced}: found where it was synced as well: {}", wrong.0);
        }
    }
}
