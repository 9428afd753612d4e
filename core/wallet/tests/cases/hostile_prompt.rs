//! A biometric callback that says "yes" without a signature over this challenge by this key gets nowhere.

use crate::support::Sandboxed;
use crate::support::phone::{Phone, Thumb};
use quittance_protocol::FlowId;
use quittance_wallet::{Answer, BiometricError, PromptKind, WalletError};

/// A phone whose signing flow waits for the biometric prompt, which has signed once before.
async fn at_the_prompt(sandbox: &Sandboxed) -> (Phone, FlowId) {
    let phone = Phone::enrolled(sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let first = phone
        .wallet
        .start_sign(&sandbox.offer(&merchant, "subscription").await)
        .await
        .unwrap();
    assert!(phone.answer(first).await.unwrap() && phone.answer(first).await.unwrap());
    let flow = phone
        .wallet
        .start_sign(&sandbox.offer(&merchant, "subscription").await)
        .await
        .unwrap();
    assert!(phone.answer(flow).await.unwrap());
    assert_eq!(
        phone.wallet.next_prompt(flow).unwrap().unwrap().kind,
        PromptKind::Biometric
    );
    (phone, flow)
}

async fn gets_nowhere(thumb: Thumb) {
    let sandbox = Sandboxed::start().await;
    let (phone, flow) = at_the_prompt(&sandbox).await;
    let before = phone.wallet.next_prompt(flow).unwrap();
    let said = sandbox.plug.said("flow-answer").len();
    phone.payer.then(thumb);
    let refused = phone.wallet.submit(flow, Answer::UseBiometric).await;
    assert!(matches!(refused, Err(WalletError::ProofInvalid)), "{refused:?}");
    assert_eq!(
        phone.wallet.next_prompt(flow).unwrap(),
        before,
        "the flow is where it was"
    );
    assert_eq!(sandbox.plug.said("flow-answer").len(), said, "nothing was sent");
    // The control: the very same flow goes on with the right signature.
    phone.walk(flow).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn yes_without_a_signature_gets_nowhere() {
    gets_nowhere(Thumb::YesWithoutSignature).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_gets_nowhere() {
    gets_nowhere(Thumb::Garbage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_signature_gets_nowhere() {
    gets_nowhere(Thumb::OldSignature).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_of_the_same_phone_gets_nowhere() {
    gets_nowhere(Thumb::OtherKey).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_the_prompt_is_its_own_error_and_the_flow_is_where_it_was() {
    let sandbox = Sandboxed::start().await;
    let (phone, flow) = at_the_prompt(&sandbox).await;
    let asked = || {
        let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
        (prompt.step, prompt.kind)
    };
    let before = asked();
    for fault in [
        BiometricError::UserCancelled,
        BiometricError::TimedOut,
        BiometricError::NotRecognised { failures: 3 },
        BiometricError::LockedOut { permanent: false },
        BiometricError::LockedOut { permanent: true },
        BiometricError::NotEnrolled,
        BiometricError::HardwareUnavailable,
        BiometricError::KeyInvalidated,
        BiometricError::KeyMissing,
        BiometricError::Unexpected,
    ] {
        phone.payer.then(Thumb::Fault(fault));
        let ended = phone.wallet.submit(flow, Answer::UseBiometric).await;
        assert!(
            matches!(ended, Err(WalletError::Biometric(same)) if same == fault),
            "{fault:?}: {ended:?}"
        );
        assert_eq!(asked(), before);
    }
    phone.walk(flow).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lifting_a_pause_takes_the_right_signature_too() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    phone.wallet.pause(&[mandate]).await.unwrap();
    for thumb in [
        Thumb::YesWithoutSignature,
        Thumb::Garbage,
        Thumb::OldSignature,
        Thumb::OtherKey,
    ] {
        phone.payer.then(thumb);
        let refused = phone.wallet.resume(&[mandate]).await;
        assert!(
            matches!(refused, Err(WalletError::ProofInvalid)),
            "{thumb:?}: {refused:?}"
        );
    }
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay);
    phone.wallet.resume(&[mandate]).await.unwrap();
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
}
