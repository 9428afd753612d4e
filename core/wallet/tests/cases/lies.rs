//! A gateway that lies about an end: disputed or still pending, never *closed*.

use crate::support::Sandboxed;
use crate::support::phone::Phone;
use quittance_flows::policy::{PolicyError, SANDBOX_AUTHOR_SEED};
use quittance_protocol::bytes::{from_base64url, to_base64url};
use quittance_protocol::ed25519::SigningKey;
use quittance_wallet::{DisputeReason, EndingStage, ErrorKind, WalletError, WalletEvent};
use serde_json::Value;

/// Cancels a mandate while every order record that carries a closure is changed; then the gateway tells the truth.
async fn is_disputed(reason: DisputeReason, change: impl Fn(&mut Value) + Send + Copy + 'static) {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    sandbox
        .plug
        .lie(Some(Box::new(move |json| each_closed_order(json, &change))));
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until(mandate, |stage| stage == EndingStage::Disputed).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        phone.stage(mandate),
        Some(EndingStage::Disputed),
        "the same lie again changes nothing"
    );
    let events = phone.events();
    assert!(
        events
            .iter()
            .any(|event| matches!(event, WalletEvent::Disputed { reason: told, .. } if *told == reason)),
        "{events:?}"
    );
    assert!(!events.iter().any(|event| matches!(event, WalletEvent::Closed { .. })));
    assert_eq!(phone.wallet.receipts().unwrap(), []);
    // The control: the same phone believes the truth.
    sandbox.plug.lie(None);
    phone.until_closed(mandate).await;
}

fn each_closed_order(json: &mut Value, change: &impl Fn(&mut Value)) {
    if json.get("closure").is_some_and(Value::is_object) {
        change(json);
    }
    if let Some(orders) = json.get_mut("orders").and_then(Value::as_array_mut) {
        orders.iter_mut().for_each(|order| each_closed_order(order, change));
    }
}

/// Gives the bundle of an answer a member that no core knows yet, for a core of this version, and signs it with this seed.
fn renew_bundle(answer: &mut Value, min_core: &str, seed: [u8; 32]) {
    let Some(bundle) = answer["bundle"].as_str().map(str::to_owned) else {
        return;
    };
    let parts: Vec<&str> = bundle.split('.').collect();
    let mut payload: Value = parts[1].into();
    rewrite(&mut payload, |body| {
        body["policy"]["bundle"]["min_core"] = min_core.into();
        body["policy"]["otp"]["weather"] = 1.into();
    });
    let input = format!("{}.{}", parts[0], payload.as_str().unwrap());
    let signature = SigningKey::from_seed(&seed.into()).unwrap().sign(input.as_bytes());
    answer["bundle"] = format!("{input}.{}", to_base64url(&signature)).into();
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_for_a_newer_core_asks_for_another_app_and_alarms_nobody() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let told = async |min_core: &'static str, seed: [u8; 32]| {
        let lie = move |json: &mut Value| renew_bundle(json, min_core, seed);
        sandbox.plug.lie(Some(Box::new(lie)));
        phone.wallet.sync().await.unwrap_err()
    };
    let newer = told("99.0.0", SANDBOX_AUTHOR_SEED).await;
    assert!(
        matches!(newer, WalletError::Policy(PolicyError::CoreTooOld { .. })),
        "{newer:?}"
    );
    assert_eq!(newer.kind(), ErrorKind::UpdateApp);
    let malformed = told("0.1.0", SANDBOX_AUTHOR_SEED).await;
    assert!(
        matches!(&malformed, WalletError::Policy(PolicyError::Shape { pointer, .. }) if pointer == "/otp/weather"),
        "{malformed:?}"
    );
    let forged = told("99.0.0", [7; 32]).await;
    assert!(matches!(forged, WalletError::PolicyUntrusted), "{forged:?}");
    sandbox.plug.lie(None);
    phone.wallet.sync().await.expect("control: the bundle as it is");
}

/// Changes the JSON behind a base64url member.
fn rewrite(member: &mut Value, change: impl Fn(&mut Value)) {
    let bytes = from_base64url(member.as_str().unwrap()).unwrap();
    let mut body: Value = serde_json::from_slice(&bytes).unwrap();
    change(&mut body);
    *member = to_base64url(&serde_json::to_vec(&body).unwrap()).into();
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_closure_that_is_not_in_the_log() {
    is_disputed(DisputeReason::ReceiptNotLogged, |order| {
        let proof = order["closure"]["receipt"].as_str().unwrap();
        let index = proof
            .lines()
            .find(|line| line.starts_with("index "))
            .unwrap()
            .to_owned();
        order["closure"]["receipt"] = proof.replace(&index, "index 0").into();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_no_closure() {
    is_disputed(DisputeReason::ReceiptNotLogged, |order| {
        order["closure"]["receipt"] = order["destroyed"]["proof"].clone();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_its_entry_does_not_commit_to() {
    is_disputed(DisputeReason::AnnexMismatch, |order| {
        rewrite(&mut order["closure"]["annex"]["body"], |body| {
            body["tokens"] = serde_json::json!([])
        });
    })
    .await;
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_attestation() {
    is_disputed(DisputeReason::AnnexMismatch, |order| {
        order["closure"]["annex"]["statements"].as_array_mut().unwrap().pop();
    })
    .await;
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_of_the_phones_under_a_signature_that_is_not() {
    is_disputed(DisputeReason::AnnexMismatch, |order| {
        let statement = &mut order["closure"]["annex"]["statements"][0];
        let (said, signature) = statement.as_str().unwrap().rsplit_once('.').unwrap();
        let mut signature = from_base64url(signature).unwrap();
        signature.reverse();
        *statement = format!("{said}.{}", to_base64url(&signature)).into();
    })
    .await;
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_destruction_that_is_not_shown() {
    is_disputed(DisputeReason::DestroyedNotLogged, |order| {
        order["destroyed"] = Value::Null
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destruction_that_its_entry_does_not_commit_to() {
    is_disputed(DisputeReason::DestroyedNotLogged, |order| {
        rewrite(&mut order["destroyed"]["body"], |body| {
            body["probe"]["records_open"] = true.into()
        });
    })
    .await;
}
