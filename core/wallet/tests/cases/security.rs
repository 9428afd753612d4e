//! The security centre: what the phone shows of itself, and what it finds.

use crate::support::phone::{Phone, pin};
use crate::support::plug::Line;
use crate::support::{PIN, Sandboxed};
use quittance_flows::policy::CheckupGroup;
use quittance_protocol::evidence::{EvidenceFinding, EvidenceKey, EvidenceReason};
use quittance_protocol::log_body::EvidenceLevel;
use quittance_wallet::ports::KeyStoreKind;
use quittance_wallet::{Finding, PhoneFacts, WalletError};
use serde_json::json;

const LOCKED: PhoneFacts = PhoneFacts {
    screen_lock: true,
    biometrics: true,
};

fn found(phone: &Phone, facts: PhoneFacts) -> Vec<Finding> {
    let groups = phone.wallet.security(facts).unwrap().checkup;
    assert_eq!(
        groups.iter().map(|group| group.group).collect::<Vec<_>>(),
        CheckupGroup::ALL
    );
    let all = groups.into_iter().flat_map(|group| group.findings);
    all.map(|found| found.finding).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_phone_is_the_accounts_one_device_with_every_reason_for_its_level() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    assert!(matches!(phone.wallet.security(LOCKED), Err(WalletError::NotEnrolled)));
    let enrolment = phone.wallet.enrol(pin(PIN)).await.unwrap();
    let view = phone.wallet.security(LOCKED).unwrap();
    let [device] = view.devices.as_slice() else {
        panic!("{:?}", view.devices)
    };
    assert_eq!((view.account, device.device), (enrolment.account, enrolment.device));
    assert!(device.this_phone);
    assert_eq!(
        (device.key_store, device.evidence_level),
        (KeyStoreKind::Software, EvidenceLevel::E0)
    );
    let reasons: Vec<EvidenceFinding> = device.reasons.iter().map(|reason| reason.finding).collect();
    let no_chain = |key| EvidenceFinding {
        key,
        reason: EvidenceReason::NoChain,
    };
    let keys = [EvidenceKey::Device, EvidenceKey::Biometric, EvidenceKey::Passcode];
    assert_eq!(reasons, keys.map(no_chain));
    assert!(device.enrolled_since.is_some() && device.last_seen >= device.enrolled_since);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateway_makes_of_the_keys_now_is_heard_in_each_contact_and_kept() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let first = phone.wallet.security(LOCKED).unwrap().devices.remove(0);
    sandbox.advance(3600).await;
    // As a gateway that pinned another root since would say it, with a reason that this version does not know.
    let weaker = json!([{ "key": "device", "reason": "boot_not_verified" }, { "key": "device", "reason": "new_one" }]);
    sandbox.plug.lie(Some(Box::new(move |json| {
        if let Some(phone) = json.get_mut("phone").filter(|phone| phone.is_object()) {
            phone["evidence"] = weaker.clone();
        }
    })));
    phone.wallet.sync().await.unwrap();
    sandbox.plug.set(Line::Down);
    let phone = phone.restart(&sandbox);
    let device = phone.wallet.security(LOCKED).unwrap().devices.remove(0);
    assert!(device.last_seen > first.last_seen);
    assert_eq!(device.enrolled_since, first.enrolled_since);
    let reasons: Vec<EvidenceReason> = device.reasons.iter().map(|reason| reason.finding.reason).collect();
    assert_eq!(reasons, [EvidenceReason::BootNotVerified, EvidenceReason::Unrecognised]);
    assert!(found(&phone, LOCKED).contains(&Finding::SystemNotVerified));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_another_phone_is_not_taken() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let before = phone.wallet.security(LOCKED).unwrap().devices;
    sandbox.advance(3600).await;
    sandbox.plug.lie(Some(Box::new(|json| {
        if let Some(phone) = json.get_mut("phone").filter(|phone| phone.is_object()) {
            phone["device"] = "dev_00000000000000000000000000000001".into();
        }
    })));
    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.wallet.security(LOCKED).unwrap().devices, before);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_follows_the_phone_the_lock_and_the_permissions() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    assert_eq!(
        found(&phone, LOCKED),
        [Finding::NoLockPassword, Finding::KeysInSoftware],
        "nobody told yet which ways back there are"
    );
    let open = PhoneFacts {
        screen_lock: false,
        biometrics: false,
    };
    assert!(found(&phone, open).contains(&Finding::NoScreenLock));
    let merchant = sandbox.merchant("Bluebird").await;
    phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        found(&phone, LOCKED),
        [Finding::NoLockPassword, Finding::NoWayBack, Finding::KeysInSoftware]
    );
    // The gateway's time is what counts: an hour of it, and the phone hears only the time.
    sandbox.advance(3600).await;
    sandbox.plug.stall(&["reconciliation"]);
    phone.wallet.set_lock_password(pin(PIN), pin(b"112233")).await.unwrap();
    assert_eq!(
        found(&phone, LOCKED),
        [Finding::Stale { count: 1 }, Finding::NoWayBack, Finding::KeysInSoftware]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_far_off_is_found_and_changes_nothing_else() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let far_off = |phone: &Phone| {
        let found = found(phone, LOCKED).into_iter();
        found
            .filter(|finding| matches!(finding, Finding::ClockFarOff { .. }))
            .collect::<Vec<_>>()
    };
    assert_eq!(far_off(&phone), [], "control: both clocks say the same");
    // The gateway's clock goes on: the phone's is behind by as much.
    sandbox.advance(24 * 3600).await;
    assert_eq!(far_off(&phone), [], "the gateway told nothing yet");
    phone.wallet.sync().await.unwrap();
    assert_eq!(far_off(&phone), [Finding::ClockFarOff { hours: 24 }]);
    let phone = phone.restart(&sandbox);
    assert_eq!(far_off(&phone), [Finding::ClockFarOff { hours: 24 }], "it is kept");
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert!(!phone.wallet.permission(mandate).unwrap().permission.switch_on);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_names_the_day_and_the_phone_that_signed_it() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let agreed = phone.wallet.permission(mandate).unwrap().agreed;
    let said = sandbox.plug.said("consent");
    let signed = quittance_protocol::Received::parse(said.last().unwrap()).unwrap();
    let (claims, consent) = signed
        .unverified_body::<quittance_protocol::statement::Consent>()
        .unwrap();
    assert_eq!(agreed.signed_at, Some(claims.iat), "as the statement says itself");
    assert_eq!(agreed.terms_hash, consent.terms_hash);
    assert_eq!(
        agreed.device,
        phone.wallet.enrolment().unwrap().map(|phone| phone.device)
    );
    assert!(agreed.on_this_phone);
}
