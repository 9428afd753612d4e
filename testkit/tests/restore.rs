//! Old files of a phone beside its keys of now: nothing that ended signs again, and no try at the biometric prompt comes
//! back, which is the one counter that a phone keeps.
#![cfg(test)]

use fastrand::Rng;
use quittance_gateway::PolicySource;
use quittance_protocol::statement::ReplicaState;
use quittance_protocol::{FlowId, MandateId, Timestamp};
use quittance_testkit::liar::{Liar, Lie};
use quittance_testkit::scripted_prompt::{FAILURES_A_DAY, Outcome};
use quittance_testkit::stage::{IdlePhone, Stage, StagePhone};
use quittance_testkit::story::cny;
use quittance_testkit::thief::{Victim, open_copy};
use quittance_vault::VaultError;
use quittance_wallet::{Answer, WalletError, WalletEvent};
use std::path::Path;

/// Phones, each on a stage and a day of its own.
const LIVES: usize = 8;
/// Moments of one life, at most, at which everything is copied.
const MOMENTS: usize = 20;
/// Pairs of a moment at which the files were saved, and a later one at which they are put back.
const PAIRS: usize = 1_000;

/// A moment of a phone's life: a copy of everything, and what must stand from then on.
struct Moment {
    everything: tempfile::TempDir,
    living: Vec<MandateId>,
    ended: Vec<MandateId>,
    failed: u32,
}

/// A phone that has lived, with a run that asks for a thumb.
struct Life {
    stage: Stage,
    idle: IdlePhone,
    flow: FlowId,
    moments: Vec<Moment>,
}

fn moment() -> Timestamp {
    "2026-11-26T02:00:00Z".parse().expect("a moment")
}

/// How often somebody was looked for, over one call of the wallet.
async fn look(phone: &StagePhone, flow: FlowId, outcome: Outcome) -> u32 {
    let before = phone.prompt.shown();
    phone.prompt.then([outcome]);
    let _told = phone.wallet.submit(flow, Answer::UseBiometric).await;
    phone.prompt.shown() - before
}

async fn permit(phone: &StagePhone, mandate: MandateId) -> Result<String, WalletError> {
    let amount = cny(1_000).expect("an amount");
    phone.wallet.payer_present_permit(mandate, amount, "till").await
}

impl Life {
    /// Signs, pays, ends, fails to be recognised, in an order that is drawn.
    async fn lived(chance: &mut Rng) -> Self {
        // All clocks stand: over the midnight of the policy's zone every phone gets its tries back.
        let stage = Stage::set_at(Some(moment()), PolicySource::Sandbox).await;
        let stage = stage.expect("a stage");
        let mut phone = stage.enrolled().await.expect("a phone");
        let asked_about = phone
            .sign(&stage.offer().await.expect("an offer"))
            .await
            .expect("signed");
        let flow = phone.wallet.start_revoke(&[asked_about]).await.expect("it begins");
        let (mut living, mut ended, mut failed, mut moments) = (Vec::new(), Vec::new(), 0, Vec::new());
        for _ in 0..MOMENTS {
            let cancelled = (!living.is_empty()).then(|| chance.usize(..living.len()));
            match (chance.u32(..10), cancelled) {
                (0, _) => failed += look(&phone, flow, Outcome::NOT_RECOGNISED).await,
                (1, _) => drop(look(&phone, flow, Outcome::DISMISSED).await),
                (2..4, Some(which)) => {
                    let mandate: MandateId = living.swap_remove(which);
                    phone.cancel(&[mandate]).await.expect("cancelled");
                    phone.wallet.sync().await.expect("told");
                    assert!(phone.is_closed(mandate).expect("a stage"));
                    ended.push(mandate);
                }
                // What begins no epoch: a file of before opens.
                (4..8, Some(which)) => drop(permit(&phone, living[which]).await.expect("it lives")),
                _ => living.push(
                    phone
                        .sign(&stage.offer().await.expect("an offer"))
                        .await
                        .expect("signed"),
                ),
            }
            let idle = phone.ended();
            let everything = idle.copy_of_everything().expect("a copy");
            moments.push(Moment {
                everything,
                living: living.clone(),
                ended: ended.clone(),
                failed,
            });
            phone = idle.started().expect("it opens");
            if failed == FAILURES_A_DAY {
                // From here on the payer needs another way, and what could be told apart has happened.
                break;
            }
        }
        // What is put back hears of nothing.
        stage.network.down().await;
        Self {
            stage,
            idle: phone.ended(),
            flow,
            moments,
        }
    }
}

/// The phone with the files of one copy and the keys of another, where they belong together.
fn put_back(idle: &IdlePhone, files: &Path, keys: &Path) -> Option<StagePhone> {
    let idle = idle.clone().with_everything(keys).expect("copied");
    match idle.with_files(&files.join("files")).expect("copied").started() {
        Ok(phone) => Some(phone),
        Err(error) => match error.downcast_ref::<WalletError>() {
            Some(WalletError::Vault(VaultError::Quarantined { .. })) => None,
            _ => panic!("restored files are in quarantine or of this epoch: {error}"),
        },
    }
}

/// What came of the pairs.
#[derive(Debug, Default)]
struct Tally {
    opened: usize,
    /// Halves that lived at the earlier moment of a pair, and had ended at the later one.
    halves: usize,
    /// Halves that had ended, and sign again.
    resurrected: usize,
    /// Pairs between whose moments a try failed.
    tries: usize,
    /// Pairs that give a try back.
    tries_back: usize,
}

/// Tries so many pairs, of which the keys come back with the files or not.
async fn search(pairs: usize, keys_come_back: bool) -> Tally {
    let (mut chance, mut tally) = (Rng::with_seed(13), Tally::default());
    for _ in 0..LIVES {
        let life = Life::lived(&mut chance).await;
        for _ in 0..pairs / LIVES {
            let back = chance.usize(1..life.moments.len());
            let (saved, now) = (&life.moments[chance.usize(..back)], &life.moments[back]);
            tally.halves += saved.living.iter().filter(|of| now.ended.contains(of)).count();
            tally.tries += usize::from(saved.failed < now.failed);
            let keys = if keys_come_back { saved } else { now };
            let Some(phone) = put_back(&life.idle, saved.everything.path(), keys.everything.path()) else {
                continue;
            };
            tally.opened += 1;
            for mandate in &now.ended {
                tally.resurrected += usize::from(permit(&phone, *mandate).await.is_ok());
            }
            let mut looked = now.failed;
            for _ in 0..=FAILURES_A_DAY {
                looked += look(&phone, life.flow, Outcome::NOT_RECOGNISED).await;
            }
            assert!(looked >= FAILURES_A_DAY, "the tries that are left are there: {looked}");
            tally.tries_back += usize::from(looked > FAILURES_A_DAY);
        }
        drop(life.stage);
    }
    println!("{pairs} pairs, keys put back: {keys_come_back}: {tally:?}");
    tally
}

//
#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_that_is_put_back_resurrects_no_half_and_gives_no_try_back() {
    let tally = search(PAIRS, false).await;
    assert_eq!((tally.resurrected, tally.tries_back), (0, 0), "{tally:?}");
    assert!(
        tally.opened > PAIRS / 20 && tally.halves > PAIRS / 4 && tally.tries > PAIRS / 4,
        "else nothing was tried: {tally:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn control_files_that_are_put_back_with_their_keys_give_halves_and_tries_back() {
    let pairs = PAIRS / 5;
    let tally = search(pairs, true).await;
    assert_eq!(tally.opened, pairs);
    assert_eq!(
        (tally.resurrected, tally.tries_back),
        (tally.halves, tally.tries),
        "this is what rollback resistance is for: {tally:?}"
    );
    assert!(tally.halves > pairs / 4 && tally.tries > pairs / 8, "{tally:?}");
}

/// How many halves somebody reads who has a copy of everything.
fn halves(everything: &Path) -> usize {
    let (vault, keys) = (everything.join("files/wallet.vault"), everything.join("hardware"));
    open_copy(&vault, &[keys], Victim::Phone).expect("a copy").len()
}

/// The row of domain 8.3 that begins with a backup: its file is in quarantine (`quarantine`), and what a phone tells of its
/// tokens ends the halves that the gateway does not know.
//
#[tokio::test(flavor = "multi_thread")]
async fn a_half_that_the_gateway_does_not_know_is_destroyed_and_no_backup_brings_it_back() {
    let (stage, phone, mandate) = Stage::with_mandate().await.expect("a stage");
    let idle = phone.ended();
    let before = idle.copy_of_everything().expect("a copy");
    let phone = idle.started().expect("it opens");
    phone.wallet.sync().await.expect("told");
    let idle = phone.ended();
    let known = idle.copy_of_everything().expect("a copy");
    assert_eq!(halves(known.path()), 1, "control: the gateway knows it");
    let phone = put_back(&idle, before.path(), known.path()).expect("control: nothing ended since");

    // No honest gateway forgets a token: one that lies says that it never heard of this one.
    let gateway = stage.gateway().expect("it runs");
    let forgetful = Liar::new(gateway.router(), gateway.log_signer(), Lie::Orphaned);
    stage.network.exchange(forgetful.router());
    forgetful.wake();
    phone.wallet.sync().await.expect("told");

    let told = |event: &WalletEvent| matches!(event, WalletEvent::MandateRejected { mandate: of } if *of == mandate);
    assert!(phone.events().expect("read").iter().any(told), "the payer hears of it");
    let half = phone.wallet.mandate(mandate).expect("listed").phone_half;
    assert_eq!(half, ReplicaState::Destroyed);
    assert!(permit(&phone, mandate).await.is_err());
    let idle = phone.ended();
    let after = idle.copy_of_everything().expect("a copy");
    assert_eq!(halves(after.path()), 0);
    for backup in [&before, &known] {
        assert!(put_back(&idle, backup.path(), after.path()).is_none());
    }
}
