//! The chains of a phone's keys: what they answer, and that the gateway hears them.

use crate::support::phone::{KeyCall, Phone, pin};
use crate::support::{PIN, Sandboxed};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Enrolment;
use quittance_protocol::{B64, Received};
use quittance_vault::{Randomness, RandomnessError, SystemRandomness};
use quittance_wallet::{BiometricError, DeviceKeyError, ErrorKind, KeyAlias, Ports, WalletError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const KEYS: [KeyAlias; 3] = [KeyAlias::Device, KeyAlias::Biometric, KeyAlias::Passcode];

/// Every enrolment that the phone sent.
fn enrolments(sandbox: &Sandboxed) -> Vec<Enrolment> {
    let read = |compact: &String| {
        let received = Received::parse(compact).unwrap();
        received.unverified_body::<Enrolment>().unwrap().1
    };
    sandbox.plug.said("enrolment").iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_key_is_made_for_the_enrolments_nonce_and_brings_its_own_chain() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    phone.keys.attest(true);
    // The gateway looks: what this phone brings is no chain.
    let refused = phone.wallet.enrol(pin(PIN)).await.unwrap_err();
    assert!(matches!(&refused, WalletError::Problem(problem) if problem.code() == Code::AttestationRefused));
    let [said] = &enrolments(&sandbox)[..] else {
        panic!("one enrolment")
    };
    let chains = [
        &said.attestation,
        &said.biometric_attestation,
        &said.passcode_attestation,
    ];
    for (key, chain) in KEYS.into_iter().zip(chains) {
        let wanted = [B64::new(format!("{key:?}")), said.nonce.clone()];
        assert_eq!(chain[..], wanted, "{key:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_refused_enrolment_are_made_anew_for_the_next_nonce() {
    for (code, attempts) in [("nonce_needed", 1), ("attestation_refused", 2)] {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::new(&sandbox);
        sandbox.plug.refuse("enrolment", code);
        for attempt in 1..=attempts {
            assert_eq!(
                phone.wallet.enrol(pin(PIN)).await.is_ok(),
                attempt == attempts,
                "{code}"
            );
        }
        let [first, second] = &enrolments(&sandbox)[..] else {
            panic!("{code}: two enrolments")
        };
        assert_ne!(first.nonce, second.nonce, "{code}");
        assert_ne!(first.device_key, second.device_key, "{code}");
        assert_ne!(first.biometric_key, second.biometric_key, "{code}");
        assert_ne!(first.passcode_key, second.passcode_key, "{code}");
        for key in KEYS {
            assert_eq!(phone.keys.challenge(key), second.nonce.as_slice(), "{code}: {key:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_gateway_may_know_are_never_made_anew() {
    // Control: an answer that is lost, and a refusal that says nothing about the keys.
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    sandbox.plug.refuse("enrolment", "version_conflict");
    phone.wallet.enrol(pin(PIN)).await.unwrap_err();
    phone.wallet.enrol(pin(PIN)).await.unwrap();
    let [first, second] = &enrolments(&sandbox)[..] else {
        panic!("two enrolments")
    };
    assert_eq!(first.device_key, second.device_key);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_finger_or_a_face_no_phone_is_enrolled_and_the_next_try_has_keys_of_its_own_nonce() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    phone.keys.set_biometrics(false);
    let refused = phone.wallet.enrol(pin(PIN)).await;
    assert!(
        matches!(&refused, Err(WalletError::Biometric(BiometricError::NotEnrolled))),
        "{refused:?}"
    );
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::PhoneSettings);
    assert!(enrolments(&sandbox).is_empty(), "nothing is sent");
    phone.keys.set_biometrics(true);
    phone.wallet.enrol(pin(PIN)).await.unwrap();
    all_keys_answer_the_nonce_that_was_used(&sandbox, &phone, "set up");
}

fn all_keys_answer_the_nonce_that_was_used(sandbox: &Sandboxed, phone: &Phone, when: &str) {
    let said = enrolments(sandbox).pop().unwrap();
    assert!(said.passcode_key.is_some(), "{when}: this phone has a lock screen");
    for alias in KEYS {
        assert_eq!(phone.keys.challenge(alias), said.nonce.as_slice(), "{when}: {alias:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keystore_that_fails_at_any_key_for_a_moment_lowers_nothing() {
    let sandbox = Sandboxed::start().await;
    let at = [
        (KeyCall::Create, KeyAlias::Device),
        (KeyCall::Create, KeyAlias::Biometric),
        (KeyCall::Create, KeyAlias::Passcode),
        (KeyCall::Sign, KeyAlias::Device),
    ];
    for (call, alias) in at {
        for error in [DeviceKeyError::HardwareUnavailable, DeviceKeyError::Locked] {
            let (phone, when) = (Phone::new(&sandbox), format!("{call:?} {alias:?}, {error:?}"));
            phone.keys.fail_once(call, alias, error);
            let refused = phone.wallet.enrol(pin(PIN)).await;
            assert!(
                matches!(refused, Err(WalletError::Keys(caught)) if caught == error),
                "{when}"
            );
            phone.wallet.enrol(pin(PIN)).await.unwrap();
            all_keys_answer_the_nonce_that_was_used(&sandbox, &phone, &when);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_whose_introduction_is_not_written_down_are_made_anew() {
    let sandbox = Sandboxed::start().await;
    let broken = Arc::new(Dice::default());
    let phone = Phone::with_ports(
        &sandbox,
        Ports {
            randomness: broken.clone(),
            ..Ports::system()
        },
    );
    // After the signature nothing is left but the commit, which draws a nonce for each row.
    let breaks = broken.clone();
    phone.keys.on_signature(move || breaks.0.store(true, Ordering::SeqCst));
    assert!(phone.wallet.enrol(pin(PIN)).await.is_err());
    assert!(enrolments(&sandbox).is_empty(), "nothing is sent");
    phone.keys.on_signature(|| ());
    broken.0.store(false, Ordering::SeqCst);
    phone.wallet.enrol(pin(PIN)).await.unwrap();
    all_keys_answer_the_nonce_that_was_used(&sandbox, &phone, "commit");
}

/// The system's randomness, until it breaks.
#[derive(Default)]
struct Dice(AtomicBool);

impl Randomness for Dice {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        if self.0.load(Ordering::SeqCst) {
            return Err(RandomnessError);
        }
        SystemRandomness::default().fill(out)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_without_a_lock_screen_is_enrolled_without_its_key() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    phone
        .keys
        .fail_once(KeyCall::Create, KeyAlias::Passcode, DeviceKeyError::KeyMissing);
    phone.wallet.enrol(pin(PIN)).await.unwrap();
    assert_eq!(enrolments(&sandbox).pop().unwrap().passcode_key, None);
}
