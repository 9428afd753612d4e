//! Factors of the phone's own: the biometric ladder, the safety lock's password.

use quittance_flows::Phase;
use quittance_gateway::parties::NumberKind;
use quittance_protocol::answer::{Asking, FlowLog, OrderRecord, PinAnswer};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::{OrderBody, TerminationCause};
use quittance_protocol::statement::{Intent, Lock, SecretKind, StepAnswer, StopScope};
use quittance_protocol::{B64, Code};

use crate::support::phone::{Flow, Phone};
use crate::support::runs::{open, phase};
use crate::support::{House, Reply};

//
#[tokio::test]
async fn the_fourth_failure_escalates_to_the_bound_phone_then_to_the_lock_screen() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let flow = phone.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
    for today in 1..=3 {
        let log: FlowLog = phone
            .answer(&flow, "identify", StepAnswer::NotRecognised { today })
            .await
            .ok();
        assert_eq!(open(&log), "identify");
    }
    let log: FlowLog = phone
        .answer(&flow, "identify", StepAnswer::NotRecognised { today: 4 })
        .await
        .ok();
    assert_eq!(open(&log), "identify.bound_phone_otp");
    assert!(matches!(&log.asking, Some(Asking::Code { sent_to, .. }) if sent_to == "bound"));
    assert_eq!(phone.last_number().await, NumberKind::Bound);
    let code = phone.last_code().await;
    let log: FlowLog = phone.answer(&flow, "identify.bound_phone_otp", code).await.ok();
    assert_eq!(open(&log), "identify.device_passcode");
    let step = "identify.device_passcode";
    assert_eq!(
        phone.prove(&flow, step, &phone.biometric).await.code(),
        Code::UnknownKey
    );
    let log: FlowLog = phone.prove(&flow, step, &phone.passcode).await.ok();
    assert_eq!(open(&log), "confirm");
}

/// An offline intent that shows a proof of the run's.
async fn intend_offline(phone: &Phone<'_>, flow: &Flow, proof: String) -> Reply {
    let intent = Intent {
        flow: flow.start.flow,
        mandates: flow.start.mandates.clone(),
        offline: true,
        proof,
    };
    phone.post(&intent).await
}

// Before, the intent was refused for ever: only the step that had given way counted.
//
//
#[tokio::test]
async fn the_lock_screen_stands_for_the_biometric_in_an_offline_intent_once_the_gateway_let_it() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let flow = phone.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
    let step = "identify.device_passcode";
    let passcode = || phone.passcode.sign(&phone.claims(None), &phone.proved(&flow, step));
    let early = intend_offline(&phone, &flow, passcode()).await;
    assert_eq!(early.code(), Code::UnknownKey, "control: nothing gave way to it");
    for today in 1..=4 {
        phone
            .answer(&flow, "identify", StepAnswer::NotRecognised { today })
            .await;
    }
    let early = intend_offline(&phone, &flow, passcode()).await;
    assert_eq!(early.code(), Code::UnknownKey, "control: the code was not given");
    let code = phone.last_code().await;
    let _: FlowLog = phone.answer(&flow, "identify.bound_phone_otp", code).await.ok();
    let proof = passcode();
    let given = StepAnswer::Proof { proof: proof.clone() };
    let log: FlowLog = phone.answer(&flow, step, given).await.ok();
    assert_eq!(open(&log), "confirm");
    let other = intend_offline(&phone, &flow, passcode()).await;
    assert_eq!(other.code(), Code::UnknownKey, "control: not the proof that was given");
    let order: OrderRecord = intend_offline(&phone, &flow, proof).await.ok();
    let body: OrderBody = serde_json::from_slice(order.ordered.body.as_slice()).unwrap();
    assert_eq!(body.cause, TerminationCause::PayerOffline);
}

//
#[tokio::test]
async fn the_lock_password_is_a_secret_of_its_own_with_tries_of_its_own() {
    let house = House::new();
    let fresh = Phone::new(&house);
    fresh.enrol().await;
    let early = fresh.register_secret(SecretKind::LockPassword, b"open sesame").await;
    assert_eq!(early.code(), Code::StepOrder, "the payment PIN comes first");
    let phone = Phone::ready(&house).await;
    phone.open_lock_password().await;
    let registered: PinAnswer = phone
        .register_secret(SecretKind::LockPassword, b"open sesame")
        .await
        .ok();
    assert_eq!(registered.attempts_left, 5);
    assert_eq!(phone.post(&Lock { other_devices: false }).await.status, 200);
    let nonce: B64 = phone.nonce().await;
    let flow = phone.begin_with("lock.release", &[], b"", nonce).await;
    for left in [4, 3, 2, 1, 0] {
        let (_, mut start) = phone.guess(&flow, b"000000");
        start.step = "lock_password".to_owned();
        let answer: PinAnswer = phone.post(&start).await.ok();
        assert_eq!(answer.attempts_left, left);
    }
    let (_, mut start) = phone.guess(&flow, b"open sesame");
    start.step = "lock_password".to_owned();
    assert_eq!(phone.post(&start).await.code(), Code::FactorLocked);
    // The payment PIN is not locked with it.
    let token = phone.sign_mandate().await;
    let cancel = phone.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
    phone.identify(&cancel).await;
    phone.confirm(&cancel, "confirm").await;
    assert_eq!(phase(&phone.prove_pin(&cancel).await), Phase::Completed);
}

#[tokio::test]
async fn a_step_without_tries_of_its_own_ends_a_run_that_fails_beyond_any_payers_patience() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let stop = StopScope::Everything {};
    let (flow, _) = phone.begin_for("stop.lift", &[], Wish::LiftStop { stop }).await;
    phone.confirm(&flow, "confirm").await;
    let fail = async || -> FlowLog {
        phone
            .answer(&flow, "identify", StepAnswer::NotRecognised { today: 1 })
            .await
            .ok()
    };
    for _ in 1..64 {
        assert_eq!(open(&fail().await), "identify");
    }
    assert_eq!(phase(&fail().await), Phase::Refused(Code::BudgetExhausted));
}
