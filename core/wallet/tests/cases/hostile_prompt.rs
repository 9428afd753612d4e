//! A biometric callback that says "yes" without a signature over this challenge by this key gets nowhere.

use crate::support::phone::{Phone, Thumb, pin};
use crate::support::{PIN, Sandboxed};
use quittance_protocol::{FlowId, Timestamp};
use quittance_wallet::ports::{Clock, SystemClock};
use quittance_wallet::{Answer, BiometricError, Ports, PromptKind, WalletError};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

/// A phone whose signing flow waits for the biometric prompt, which has signed once before.
async fn at_the_prompt(sandbox: &Sandboxed) -> (Phone, FlowId) {
    let phone = Phone::enrolled(sandbox).await;
    let flow = asks_for_a_thumb(sandbox, &phone).await;
    (phone, flow)
}

async fn asks_for_a_thumb(sandbox: &Sandboxed, phone: &Phone) -> FlowId {
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
    flow
}

/// A clock that notes who asks it.
#[derive(Default)]
struct Watched(Mutex<Vec<ThreadId>>);

impl Clock for Watched {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().push(std::thread::current().id());
        SystemClock.now()
    }
}

// Whoever has the vault may keep others waiting, so tries are counted where waiting stops nobody else.
#[tokio::test]
async fn tries_are_counted_on_a_thread_that_may_block() {
    let sandbox = Sandboxed::start().await;
    let clock = Arc::new(Watched::default());
    let ports = Ports {
        clock: clock.clone(),
        ..Ports::system()
    };
    let phone = Phone::with_ports(&sandbox, ports);
    phone.wallet.enrol(pin(PIN)).await.unwrap();
    let flow = asks_for_a_thumb(&sandbox, &phone).await;
    clock.0.lock().unwrap().clear();
    phone.payer.then(Thumb::Fault(BiometricError::UserCancelled));
    phone.wallet.submit(flow, Answer::UseBiometric).await.unwrap_err();
    let asked = std::mem::take(&mut *clock.0.lock().unwrap());
    assert!(!asked.is_empty(), "control: what day it is was asked");
    assert!(
        !asked.contains(&std::thread::current().id()),
        "this thread runs all other calls"
    );
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
    // Three of the day's four tries are spent: each lockout is at least one.
    for fault in [
        BiometricError::UserCancelled,
        BiometricError::TimedOut,
        BiometricError::NotRecognised { failures: 1 },
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
