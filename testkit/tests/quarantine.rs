//! Files that do not belong to their keystore, and two phones that say they are one.
#![cfg(test)]

use quittance_protocol::MandateId;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::ReplicaState;
use quittance_testkit::stage::{Stage, StagePhone, Staged, decision};
use quittance_testkit::story::{PIN, cny};
use quittance_vault::{QuarantineReason, VaultError};
use quittance_wallet::{DisputeReason, EndingStage, ErrorKind, Finding, PhoneFacts, Remedy, WalletError, WalletEvent};
use std::collections::BTreeSet;

/// Why a wallet did not open.
fn quarantine(opened: Staged<StagePhone>) -> QuarantineReason {
    let refused = opened.err().expect("it opened");
    let refused = refused.downcast_ref::<WalletError>().expect("a wallet's error");
    assert_eq!(refused.kind(), ErrorKind::Reenrol, "{refused:?}");
    match refused {
        WalletError::Vault(VaultError::Quarantined { reason }) => *reason,
        other => panic!("not in quarantine: {other:?}"),
    }
}

/// What the gateway says against a call of the wallet.
fn refusal<T: std::fmt::Debug>(answer: Result<T, WalletError>) -> (Code, ErrorKind) {
    let error = answer.expect_err("it was taken");
    let kind = error.kind();
    match error {
        WalletError::Problem(problem) => (problem.code(), kind),
        other => panic!("no refusal of the gateway: {other:?}"),
    }
}

/// Begins what would give authority: the first statement of a signature.
async fn raise(stage: &Stage, phone: &StagePhone) -> Result<(), WalletError> {
    let flow = phone.wallet.start_sign(&stage.offer().await.unwrap()).await?;
    phone.answer_all(flow).await
}

async fn permit(phone: &StagePhone, mandate: MandateId, till: &str) -> String {
    phone
        .wallet
        .payer_present_permit(mandate, cny(1000).unwrap(), till)
        .await
        .unwrap()
}

fn was_told_of_quarantine(phone: &StagePhone) -> bool {
    phone.events().unwrap().contains(&WalletEvent::Quarantined)
}

/// Whether the check-up says so, and what it advises.
fn finds_quarantine(phone: &StagePhone) -> Option<Remedy> {
    let facts = PhoneFacts {
        screen_lock: true,
        biometrics: true,
    };
    let groups = phone.wallet.security(facts).unwrap().checkup;
    let mut found = groups.into_iter().flat_map(|group| group.findings);
    found.find(|found| found.finding == Finding::Quarantined)?.remedy
}

/// The payer sets the phone up anew on the keystore that stands: another device, with mandates of its own.
async fn sets_up_anew(stage: &Stage, phone: StagePhone) {
    let phone = phone.emptied().unwrap();
    phone.enrol(PIN).await.unwrap();
    let mandate = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-anew").await, "approved");
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
}

// An epoch that went back: the file is older than its keystore.
//
#[tokio::test]
async fn older_files_open_nothing_and_the_new_start_tells_the_gateway() {
    let (stage, phone, ended) = Stage::with_mandate().await.unwrap();
    let living = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
    let backup = phone.backup().unwrap();
    phone.cancel(&[ended]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    let clone = phone.cloned().expect("control: with the files of now it opens");
    assert_eq!(
        quarantine(phone.restored(backup.path())),
        QuarantineReason::EpochKeyMissing
    );
    assert_eq!(
        stage.try_charge(living, "ride-1").await,
        "approved",
        "control: before anybody told the gateway"
    );

    // The same keystore without the files: its keys are known, and begin to count anew.
    sets_up_anew(&stage, clone).await;

    assert_eq!(stage.try_charge(living, "ride-2").await, "device_quarantined");
    assert_eq!(stage.try_charge(ended, "ride-3").await, "token_destroyed");
}

// A vault that belongs to another keystore.
#[tokio::test]
async fn files_of_another_phone_open_nothing_and_the_phone_starts_anew() {
    let (stage, phone, _) = Stage::with_mandate().await.unwrap();
    let other = stage.enrolled().await.unwrap();
    // As many epochs as the first phone: its key of this one stands, and does not open their file.
    other.sign(&stage.offer().await.unwrap()).await.unwrap();
    let theirs = other.backup().unwrap();
    let other = other.restored(theirs.path()).expect("control: its own files open");
    let clone = phone.cloned().unwrap();
    assert_eq!(quarantine(phone.restored(theirs.path())), QuarantineReason::ForeignRoot);
    drop(other);
    sets_up_anew(&stage, clone).await;
}

// A copy on a second phone, keys included: two phones say they are one.
//
#[tokio::test]
async fn a_copy_on_a_second_phone_is_found_at_its_first_own_word_and_neither_pays_any_more() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let clone = phone.cloned().unwrap();
    let handed = permit(&clone, mandate, "till-1").await;
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "approved",
        "control: a copy that says nothing is not seen"
    );

    assert_eq!(finds_quarantine(&phone), None, "control");

    // Either of them speaks, then the other one under the same number.
    clone.wallet.sync().await.unwrap();
    phone.wallet.sync().await.unwrap();

    assert_eq!(stage.try_charge(mandate, "ride-2").await, "device_quarantined");
    let own = permit(&phone, mandate, "till-2").await;
    for (till, permit) in [("till-1", handed), ("till-2", own)] {
        let charge = stage.charge_at(till, mandate, 1000, &permit).await;
        assert_eq!(decision(&charge), "device_quarantined");
    }
    for (phone, name) in [(&phone, "the first"), (&clone, "the copy")] {
        let (code, kind) = refusal(raise(&stage, phone).await);
        assert!(
            matches!(code, Code::SequenceFork | Code::DeviceQuarantined),
            "{name}: {code:?}"
        );
        assert_eq!(kind, ErrorKind::Reenrol, "{name}");
        phone.wallet.sync().await.unwrap();
        assert!(was_told_of_quarantine(phone), "{name}");
        let said_twice = {
            phone.wallet.sync().await.unwrap();
            was_told_of_quarantine(phone)
        };
        assert!(!said_twice, "{name}: once is enough");
        assert_eq!(finds_quarantine(phone), Some(Remedy::SetUpAgain), "{name}: it goes on");
    }
}

//
#[tokio::test]
async fn the_payer_of_a_copied_phone_stops_everything_and_starts_anew() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let clone = phone.cloned().unwrap();
    clone.wallet.sync().await.unwrap();
    phone.wallet.sync().await.unwrap();

    phone.cancel(&[mandate]).await.unwrap();
    for _ in 0..2 {
        phone.wallet.sync().await.unwrap();
    }

    assert!(phone.is_closed(mandate).unwrap(), "{:?}", phone.stage_of(mandate));
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
    // The copy asked for no end: it makes no payment, and does not call closed what it did not see.
    clone.wallet.sync().await.unwrap();
    assert!(!clone.wallet.mandate(mandate).unwrap().can_pay);
    assert!(!clone.is_closed(mandate).unwrap());
    sets_up_anew(&stage, phone).await;
}

// The attestation meets a number that the copy used: it is said again under one of its own.
#[tokio::test]
async fn a_copy_that_uses_up_a_number_keeps_the_first_phone_from_no_end() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.answer_until(flow, "payment_pin").await.unwrap();
    let clone = phone.cloned().unwrap();
    for _ in 0..8 {
        clone.wallet.sync().await.unwrap();
    }
    phone.answer_all(flow).await.unwrap();
    for _ in 0..4 {
        phone.wallet.sync().await.unwrap();
    }
    assert!(phone.is_closed(mandate).unwrap(), "{:?}", phone.stage_of(mandate));
    let said: BTreeSet<String> = stage.network.faults.statements_of("attestation").into_iter().collect();
    assert!(
        said.len() > 1,
        "control: it was refused under the number that the copy used"
    );
    assert_eq!(stage.logged("closure").await, 1);
}

// Two phones that speak for one account, each of which stops the same permission.
//
#[tokio::test]
async fn two_copies_that_stop_the_same_get_one_order_and_only_the_one_that_it_names_closes() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let copy = phone.cloned().unwrap();
    for one in [&copy, &phone] {
        one.cancel(&[mandate]).await.unwrap();
    }
    for _ in 0..2 {
        phone.wallet.sync().await.unwrap();
        copy.wallet.sync().await.unwrap();
    }
    assert_eq!((stage.logged("order").await, stage.logged("closure").await), (1, 1));
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
    assert!(
        copy.is_closed(mandate).unwrap(),
        "control: the first one that was heard, whichever it is"
    );
    // The order names the other's intent, so this one destroys nothing for it, and says so. It does not pay either.
    let view = phone.wallet.mandate(mandate).unwrap();
    assert_eq!(view.phone_half, ReplicaState::Quiesced);
    assert!(!view.can_pay);
    let ending = view.ending.unwrap();
    assert_eq!(
        (ending.stage, ending.dispute),
        (EndingStage::Waiting, Some(DisputeReason::OrderMismatch))
    );
    // What a logged order answers is not said again.
    assert_eq!(phone.wallet.sync().await.unwrap().waiting, 0);
}

// An enrolment makes an account of its own: there is no second phone of one but a copy.
#[tokio::test]
async fn a_phone_that_enrols_has_an_account_of_its_own_and_cannot_stop_what_another_one_signed() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let other = stage.enrolled().await.unwrap();
    assert!(matches!(
        other.wallet.start_revoke(&[mandate]).await,
        Err(WalletError::UnknownMandate)
    ));
    let say = async |phone: &StagePhone| {
        let intent = phone.say(&phone.offline_intent(&[mandate]).unwrap()).unwrap();
        stage.http.statement(&intent).await
    };
    let refused = say(&other).await;
    assert_eq!(refused.status, 404, "{}", refused.text);
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "approved");
    assert_eq!(say(&phone).await.status, 200, "control: the phone that signed it");
}
