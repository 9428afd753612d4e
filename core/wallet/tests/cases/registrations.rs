//! A PIN is registered by the newest registration alone: one that was replaced is begun again, or makes way.

use crate::support::phone::{Phone, pin};
use crate::support::{OTHER_PIN, PIN, Sandboxed};
use axum::http::Method;
use quittance_protocol::RegistrationId;
use quittance_wallet::{Answer, ErrorKind, WalletError, WalletEvent};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many requests are answered as if the phone's own had been replaced: their records name one that nobody completes.
fn replace(sandbox: &Sandboxed, times: usize) {
    let left = AtomicUsize::new(times);
    sandbox.plug.lie(Some(Box::new(move |answer: &mut Value| {
        if answer.get("registration").is_none() {
            return;
        }
        let taken = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if taken.is_ok() {
            answer["registration"] = json!(RegistrationId::from_bytes([0; 16]));
        }
    })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_was_replaced_is_begun_again_with_the_same_pin() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    replace(&sandbox, 1);
    phone.wallet.enrol(pin(PIN)).await.unwrap();
    assert_eq!(sandbox.plug.said("pin-register").len(), 4, "two requests, two records");
    let (_, mandate, flow) = phone.stopping(&sandbox).await;
    phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN))).await.unwrap();
    phone.until_closed(mandate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_that_is_replaced_again_and_again_is_left_to_the_payer() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    replace(&sandbox, usize::MAX);
    let told = phone.wallet.enrol(pin(PIN)).await.unwrap_err();
    assert_eq!(told.kind(), ErrorKind::StartOver, "{told:?}");
    assert_eq!(sandbox.plug.said("pin-register").len(), 4, "it does not try for ever");
    sandbox.plug.lie(None);
    let phone = phone.restart(&sandbox);
    phone.wallet.enrol(pin(PIN)).await.unwrap();
    phone.signing(&sandbox).await;
}

/// Opens one choice of a new PIN, by a quiz about charges that are all alike.
async fn recover(sandbox: &Sandboxed, phone: &Phone) {
    let charge = json!({
        "amount": { "minor": 1000, "currency": "CNY" },
        "merchant": "Corner Bakery",
        "at": "2026-10-01T10:00:00Z",
    });
    let account = phone.wallet.enrolment().unwrap().unwrap().account;
    let path = format!("/sandbox/accounts/{account}");
    let profile = json!({ "transactions": vec![charge; 20] });
    sandbox.ask(Method::POST, &path, profile).await;
    let quiz = phone.wallet.begin("recovery.transaction_quiz", Vec::new(), None);
    let flow = quiz.await.unwrap();
    for answer in [vec!["10.00"; 3], vec!["Corner Bakery"], vec!["2026-10-01"]] {
        let entries = answer.into_iter().map(str::to_owned).collect();
        phone.wallet.submit(flow, Answer::Entered(entries)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pin_that_did_not_arrive_makes_way_for_the_next_one_without_a_word() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, mandate, flow) = phone.stopping(&sandbox).await;
    recover(&sandbox, &phone).await;
    phone.events();
    let request = sandbox.plug.late("pin-register");
    let (lost, ()) = tokio::join!(phone.wallet.choose_new_pin(pin(b"111222")), async {
        request.made().await;
        let record = sandbox.plug.slow("pin-register");
        request.let_through();
        record.notify_one();
    });
    assert!(matches!(lost, Err(WalletError::Offline)), "{lost:?}");

    phone.wallet.choose_new_pin(pin(OTHER_PIN)).await.unwrap();

    phone.wallet.sync().await.unwrap();
    let events = phone.events();
    let refused = |event: &WalletEvent| matches!(event, WalletEvent::Refused { .. });
    assert!(!events.iter().any(refused), "{events:?}");
    let old = phone.wallet.submit(flow, Answer::PaymentPin(pin(b"111222"))).await;
    assert!(matches!(old, Err(WalletError::WrongPin { .. })), "control: {old:?}");
    let new = Answer::PaymentPin(pin(OTHER_PIN));
    phone.wallet.submit(flow, new).await.unwrap();
    phone.until_closed(mandate).await;
}
