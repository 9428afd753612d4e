//! Answers get lost, processes end: the same bytes are sent again, and everything happens once.

use crate::support::phone::{Phone, pin};
use crate::support::plug::Line;
use crate::support::{PIN, Sandboxed};
use quittance_protocol::log_body::TerminationCause;
use quittance_wallet::WalletError;
use serde_json::json;

/// Walks the whole thread; the answer to the first statement of `kind` is lost, and the phone is started again.
async fn thread_survives_the_loss_of(kind: &'static str) {
    let sandbox = Sandboxed::start().await;
    sandbox.plug.lose_answer_of(kind);
    let mut phone = Phone::new(&sandbox);
    if phone.wallet.enrol(pin(PIN)).await.is_err() {
        phone = back_on_line(phone, &sandbox);
        phone.wallet.enrol(pin(PIN)).await.unwrap();
    }
    let merchant = sandbox.merchant("Bluebird").await;
    let offer = sandbox.offer(&merchant, "subscription").await;
    let flow = match phone.wallet.start_sign(&offer).await {
        Ok(flow) => flow,
        Err(error) => panic!("{kind}: {error}"),
    };
    for _ in 0..3 {
        let done = phone.walk(flow).await;
        phone = back_on_line(phone, &sandbox);
        phone.wallet.sync().await.unwrap();
        if done.is_ok() {
            break;
        }
    }
    assert_eq!(
        phone.wallet.start_sign(&offer).await.unwrap(),
        flow,
        "signing again is the same signing"
    );
    let mandates = phone.wallet.mandates().unwrap();
    let [view] = mandates.as_slice() else {
        panic!("{kind}: {mandates:?}")
    };
    assert!(view.can_pay, "{kind}: {view:?}");
    let mandate = view.mandate;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone = back_on_line(phone, &sandbox);
    phone.until_closed(mandate).await;
    phone = back_on_line(phone, &sandbox);
    phone.wallet.sync().await.unwrap();

    let sent = sandbox.plug.said(kind);
    assert!(sent.len() > 1, "{kind} was sent {} times", sent.len());
    assert_eq!(sent.first(), sent.get(1), "{kind}: the same bytes again");
    assert_eq!(phone.wallet.receipts().unwrap().len(), 1, "{kind}: one end");
}

fn back_on_line(phone: Phone, sandbox: &Sandboxed) -> Phone {
    sandbox.plug.set(Line::Up);
    phone.restart(sandbox)
}

macro_rules! lost {
    ($($name:ident = $kind:literal,)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            thread_survives_the_loss_of($kind).await;
        }
    )*};
}

lost! {
    a_lost_answer_to_enrolment = "enrolment",
    a_lost_answer_to_flow_start = "flow-start",
    a_lost_answer_to_flow_answer = "flow-answer",
    a_lost_answer_to_pin_finish = "pin-finish",
    a_lost_answer_to_consent = "consent",
    a_lost_answer_to_activation = "activation",
    a_lost_answer_to_intent = "intent",
    a_lost_answer_to_attestation = "attestation",
    a_lost_answer_to_acknowledgement = "acknowledgement",
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_first_pin_message_costs_no_second_guess() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let flow = phone
        .wallet
        .start_sign(&sandbox.offer(&merchant, "subscription").await)
        .await
        .unwrap();
    assert!(phone.answer(flow).await.unwrap() && phone.answer(flow).await.unwrap());
    sandbox.plug.lose_answer_of("pin-start");
    assert!(matches!(phone.answer(flow).await, Err(WalletError::Offline)));
    sandbox.plug.set(Line::Up);
    phone.walk(flow).await.unwrap();
    let sent = sandbox.plug.said("pin-start");
    assert_eq!(sent.len(), 2);
    assert_eq!(sent.first(), sent.last(), "the same bytes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_is_a_call_that_goes_on_later() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    while phone.wallet.next_prompt(flow).unwrap().is_some() {
        // Polled once, dropped; polled again to its end.
        drop(tokio::time::timeout(std::time::Duration::ZERO, phone.answer(flow)).await);
        if let Err(error) = phone.answer(flow).await {
            assert!(
                matches!(error, WalletError::WrongAnswer | WalletError::FlowEnded { .. }),
                "{error}"
            );
        }
    }
    phone.until_closed(mandate).await;
    assert_eq!(phone.wallet.receipts().unwrap().len(), 1);
}

// The gateway saw the run complete and asked the bank; the phone went on without it.
//
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_a_bank_ends_whole_where_the_answer_to_its_pin_was_lost() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let rides = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let bank = json!({ "channel": "bank" });
    let debit = sandbox.offer_with(&merchant, "pay_as_you_go", &bank).await;
    let debit = phone.sign(&debit).await;
    let flow = phone.wallet.start_revoke(&[rides, debit]).await.unwrap();
    assert!(phone.answer(flow).await.unwrap() && phone.answer(flow).await.unwrap());
    assert!(phone.is_asked_for_pin(flow));
    sandbox.plug.lose_answer_of("pin-finish");
    assert!(matches!(phone.answer(flow).await, Err(WalletError::Offline)));
    phone.answer(flow).await.unwrap();
    let phone = back_on_line(phone, &sandbox);
    phone.until_closed(rides).await;
    phone.until_closed(debit).await;
    let receipts = phone.wallet.receipts().unwrap();
    let [receipt] = receipts.as_slice() else {
        panic!("{receipts:?}")
    };
    assert_eq!(receipt.cause, TerminationCause::PayerOffline);
    // Control: with the answer each goes its own way.
    let rides = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let debit = sandbox.offer_with(&merchant, "pay_as_you_go", &bank).await;
    let debit = phone.sign(&debit).await;
    let flow = phone.wallet.start_revoke(&[rides, debit]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(rides).await;
    assert_eq!(phone.stage(debit), None, "its bank is asked");
}
