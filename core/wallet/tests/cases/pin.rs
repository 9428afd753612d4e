//! The payment PIN: a wrong one is counted, the flow stays, five of them lock.

use crate::support::phone::{Phone, pin};
use crate::support::{OTHER_PIN, PIN, Sandboxed};
use quittance_wallet::{Answer, ErrorKind, PromptKind, WalletError};
use serde_json::Value;
use std::sync::{Arc, Mutex};

#[tokio::test(flavor = "multi_thread")]
async fn wrong_pins_are_counted_until_they_lock_and_the_hold_stays() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, mandate, flow) = phone.stopping(&sandbox).await;
    for left in [4, 3, 2, 1, 0] {
        let wrong = phone.wallet.submit(flow, Answer::PaymentPin(pin(OTHER_PIN))).await;
        assert!(
            matches!(wrong, Err(WalletError::WrongPin { attempts_left }) if attempts_left == left),
            "{wrong:?}"
        );
        let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
        assert_eq!(prompt.kind, PromptKind::PaymentPin { digits: 6 });
        assert_eq!(prompt.attempts_left, Some(left));
    }
    let locked = phone.answer(flow).await.unwrap_err();
    assert!(
        matches!(locked.kind(), ErrorKind::Wait { seconds: Some(seconds) } if seconds > 80_000),
        "{locked:?}"
    );
    assert!(
        !phone.wallet.mandate(mandate).unwrap().can_pay,
        "a locked PIN keeps the hold"
    );
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "ride", None).await,
        "mandate_held"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_of_another_form_costs_nothing() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let flow = phone
        .wallet
        .start_sign(&sandbox.offer(&merchant, "subscription").await)
        .await
        .unwrap();
    assert!(phone.answer(flow).await.unwrap() && phone.answer(flow).await.unwrap());
    let refused = phone.wallet.submit(flow, Answer::PaymentPin(pin(b"12345"))).await;
    assert!(
        matches!(refused, Err(WalletError::PinFormat { digits: 6 })),
        "{refused:?}"
    );
    assert_eq!(sandbox.plug.said("pin-start").len(), 0);
    assert!(matches!(
        phone.wallet.submit(flow, Answer::Agree).await,
        Err(WalletError::WrongAnswer)
    ));
    phone.walk(flow).await.unwrap();
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_unwell_at_the_pin_keeps_nobody_from_stopping() {
    for code in ["storage_full", "internal"] {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::enrolled(&sandbox).await;
        let (_, mandate, flow) = phone.stopping(&sandbox).await;
        sandbox.plug.refuse("pin-start", code);
        let stopped = phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN))).await;
        assert!(stopped.is_ok(), "{code}: {stopped:?}");
        let left = phone.wallet.next_prompt(flow).unwrap();
        assert!(left.is_none(), "{code}: the payer is done: {left:?}");
        phone.until_closed(mandate).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_gives_authority_waits_for_a_gateway_that_is_unwell() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let flow = phone.signing(&sandbox).await;
    sandbox.plug.refuse("pin-start", "storage_full");
    let told = phone.answer(flow).await.unwrap_err();
    assert!(matches!(told, WalletError::Problem(_)), "{told:?}");
    assert!(phone.is_asked_for_pin(flow));
    phone.walk(flow).await.unwrap();
    assert_eq!(
        phone.wallet.mandates().unwrap().len(),
        1,
        "control: once it is well again"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_takes_a_pin_and_stays_at_its_step_has_it_once() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let told = Arc::new(Mutex::new(Value::Null));
    let kept = Arc::clone(&told);
    sandbox.plug.lie(Some(Box::new(move |json| {
        if json.get("flow").is_some() && json.get("events").is_some() {
            kept.lock().unwrap().clone_from(json);
        }
    })));
    let flow = phone.wallet.begin("lock.set_password", Vec::new(), None).await.unwrap();
    sandbox.plug.lie(None);
    let unchanged = told.lock().unwrap().clone();
    assert_eq!(unchanged["flow"], flow.to_string());
    sandbox.plug.answer_instead("pin-finish", unchanged);
    let stuck = phone.wallet.set_lock_password(pin(PIN), pin(OTHER_PIN)).await;
    assert!(
        matches!(stuck, Err(WalletError::Answer("the run did not go on"))),
        "{stuck:?}"
    );
    assert_eq!(sandbox.plug.said("pin-start").len(), 1);
    // Control: a gateway that goes on is asked once more, and takes it.
    phone.wallet.set_lock_password(pin(PIN), pin(OTHER_PIN)).await.unwrap();
    assert_eq!(sandbox.plug.said("pin-start").len(), 2);
}
