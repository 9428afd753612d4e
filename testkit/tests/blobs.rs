//! Files and key blobs of before, put back together: the attacker wins against the phone alone (*Exposed*), and the
//! gateway refuses the charge all the same.
#![cfg(test)]

use quittance_protocol::{Currency, Money};
use quittance_testkit::scripted_prompt::Outcome;
use quittance_testkit::stage::{IdlePhone, Stage, StagePhone, decision};
use quittance_wallet::Answer;
use tempfile::TempDir;

fn ten() -> Money {
    Money::new(1_000, Currency::new("CNY").expect("a currency")).expect("an amount")
}

fn running(phone: IdlePhone) -> StagePhone {
    phone.started().expect("it opens")
}

/// Whether a phone opens whose old files were put back without the key blobs of then.
fn opens_with_old_files_alone(idle: &IdlePhone, old: &TempDir) -> bool {
    let files = old.path().join("files");
    idle.clone().with_files(&files).expect("copied").started().is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_that_is_put_back_with_its_key_signs_again_and_the_gateway_refuses_the_charge() {
    let (stage, phone, mandate) = Stage::with_mandate().await.expect("a stage");
    let idle = phone.ended();
    let old = idle.copy_of_everything().expect("a copy");
    let phone = running(idle);
    let permit = phone.wallet.payer_present_permit(mandate, ten(), "first").await;
    let permit = permit.expect("while it lives the phone signs");
    let charged = stage.charge_at("first", mandate, 1_000, &permit).await;
    assert_eq!(
        decision(&charged),
        "approved",
        "control: while both halves live it is charged"
    );
    phone.cancel(&[mandate]).await.expect("cancelled");
    phone.wallet.sync().await.expect("synced");
    assert!(phone.is_closed(mandate).expect("a stage"));
    assert!(
        phone
            .wallet
            .payer_present_permit(mandate, ten(), "till 2")
            .await
            .is_err(),
        "control: the phone has no half any more"
    );

    let idle = phone.ended();
    assert!(
        !opens_with_old_files_alone(&idle, &old),
        "control: without the key blobs the old files do not open"
    );
    // Without a network the old wallet hears of no end.
    let phone = running(idle.with_everything(old.path()).expect("copied"));
    stage.network.down().await;
    let permit = phone.wallet.payer_present_permit(mandate, ten(), "stolen").await;
    let permit = permit.expect("the attacker wins against the phone");

    let charged = stage.charge_at("stolen", mandate, 1_000, &permit).await;
    assert_eq!(decision(&charged), "token_destroyed");
}

#[tokio::test(flavor = "multi_thread")]
async fn tries_of_the_biometric_prompt_come_back_with_files_and_key_blobs_and_not_with_files() {
    let moment = "2026-11-26T02:00:00Z".parse().expect("a moment");
    let (_stage, phone, mandate) = Stage::with_mandate_at(moment).await.expect("a stage");
    let flow = phone.wallet.start_revoke(&[mandate]).await.expect("it begins");
    let idle = phone.ended();
    let old = idle.copy_of_everything().expect("a copy");
    let phone = running(idle);
    let left = |phone: &StagePhone| {
        let prompt = phone.wallet.next_prompt(flow).expect("it is read");
        prompt.and_then(|prompt| prompt.attempts_left)
    };
    let before = left(&phone);
    phone.prompt.then([Outcome::NOT_RECOGNISED]);
    assert!(phone.wallet.submit(flow, Answer::UseBiometric).await.is_err());
    assert_ne!(left(&phone), before);

    let idle = phone.ended();
    assert!(!opens_with_old_files_alone(&idle, &old));
    // Exposed: what rollback resistance is for.
    let phone = running(idle.with_everything(old.path()).expect("copied"));
    assert_eq!(left(&phone), before);
}
