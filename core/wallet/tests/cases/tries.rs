//! A payer who is not recognised is looked for four times a day, and asked for something else then.

use crate::support::Sandboxed;
use crate::support::phone::{Phone, Thumb};
use quittance_protocol::FlowId;
use quittance_protocol::log_body::ClosureKind;
use quittance_wallet::{Answer, BiometricError, ErrorKind, PromptKind, WalletError};
use zeroize::Zeroizing;

/// Looks for the payer once, in vain.
async fn look(phone: &Phone, flow: FlowId, why: BiometricError) {
    phone.payer.then(Thumb::Fault(why));
    let failed = phone.wallet.submit(flow, Answer::UseBiometric).await;
    assert!(
        matches!(failed, Err(WalletError::Biometric(same)) if same == why),
        "{failed:?}"
    );
}

const NOT_RECOGNISED: BiometricError = BiometricError::NotRecognised { failures: 1 };

fn asked(phone: &Phone, flow: FlowId) -> PromptKind {
    phone.wallet.next_prompt(flow).unwrap().unwrap().kind
}

/// How often the payer is looked for yet; none where something else is asked for.
fn left(phone: &Phone, flow: FlowId) -> Option<u32> {
    let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
    prompt.attempts_left.filter(|_| prompt.kind == PromptKind::Biometric)
}

// R-038, G07, G08
#[tokio::test(flavor = "multi_thread")]
async fn three_failures_stay_and_the_fourth_escalates_even_after_a_restart() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled_as_a_day_begins(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    for tries in [3, 2, 1] {
        look(&phone, flow, NOT_RECOGNISED).await;
        assert_eq!(left(&phone, flow), Some(tries));
    }
    let phone = phone.restart(&sandbox);
    look(&phone, flow, NOT_RECOGNISED).await;
    let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
    assert!(matches!(prompt.kind, PromptKind::Code { .. }), "{:?}", prompt.kind);
    assert_eq!(prompt.body.key, "ask.code.bound.body");
    let code = Answer::Code(Zeroizing::new(sandbox.code(&phone).await));
    phone.wallet.submit(flow, code).await.unwrap();
    assert_eq!(asked(&phone, flow), PromptKind::DevicePasscode);
    assert!(
        matches!(
            phone.wallet.submit(flow, Answer::UseBiometric).await,
            Err(WalletError::WrongAnswer)
        ),
        "a thumb is no lock screen"
    );
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
    assert_eq!(
        phone.wallet.receipts().unwrap().first().unwrap().kind,
        ClosureKind::TwoSided
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn failures_of_a_day_count_in_the_next_run_too_and_prompts_that_nobody_failed_do_not() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled_as_a_day_begins(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let other = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let first = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    for _ in 0..3 {
        look(&phone, first, NOT_RECOGNISED).await;
    }
    for nobody in [BiometricError::UserCancelled, BiometricError::TimedOut] {
        look(&phone, first, nobody).await;
        assert_eq!(left(&phone, first), Some(1), "{nobody:?}");
    }
    let second = phone.wallet.start_revoke(&[other]).await.unwrap();
    look(&phone, second, NOT_RECOGNISED).await;
    assert!(
        matches!(asked(&phone, second), PromptKind::Code { .. }),
        "the fourth of the day"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_tells_of_several_failures_at_once_spends_them_all() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled_as_a_day_begins(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    look(&phone, flow, BiometricError::NotRecognised { failures: 3 }).await;
    assert_eq!(left(&phone, flow), Some(1));
    look(&phone, flow, NOT_RECOGNISED).await;
    assert!(matches!(asked(&phone, flow), PromptKind::Code { .. }));
}

//
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_recognised_four_times_lifts_nothing_that_day_and_still_stops() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled_as_a_day_begins(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.wallet.pause(&[mandate]).await.unwrap();
    for _ in 0..4 {
        phone.payer.then(Thumb::Fault(NOT_RECOGNISED));
        let failed = phone.wallet.resume(&[mandate]).await;
        assert!(
            matches!(failed, Err(WalletError::Biometric(NOT_RECOGNISED))),
            "control: the payer is looked for: {failed:?}"
        );
    }
    for attempt in 0..2 {
        let fifth = phone.wallet.resume(&[mandate]).await.unwrap_err();
        assert!(
            matches!(fifth, WalletError::NoTriesToday { .. }),
            "{attempt}: {fifth:?}"
        );
        assert!(
            matches!(fifth.kind(), ErrorKind::Wait { seconds: Some(seconds) } if (80_000..=86_400).contains(&seconds)),
            "the day has just begun: {:?}",
            fifth.kind()
        );
    }
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay);
    let offer = sandbox.offer(&merchant, "subscription").await;
    let signing = phone.wallet.start_sign(&offer).await.unwrap();
    let end = phone.walk(signing).await;
    assert!(matches!(end, Err(WalletError::NoTriesToday { .. })), "{end:?}");
    // Stopping goes on by what stands in for the prompt.
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap();
    let code = Answer::Code(Zeroizing::new(sandbox.code(&phone).await));
    phone.wallet.submit(flow, code).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
}
