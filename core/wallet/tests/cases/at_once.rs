//! A button that is pressed twice: two calls at once come to what one of them would have come to.

use crate::support::phone::{Phone, pin};
use crate::support::{OTHER_PIN, PIN, Sandboxed};
use quittance_protocol::FlowId;
use quittance_wallet::{Answer, PromptKind, WalletError};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

#[tokio::test(flavor = "multi_thread")]
async fn two_enrolments_are_one_and_its_pin_works() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    let (first, second) = tokio::join!(phone.wallet.enrol(pin(PIN)), phone.wallet.enrol(pin(PIN)));
    assert_eq!(first.unwrap(), second.unwrap());
    let said: BTreeSet<String> = sandbox.plug.said("enrolment").into_iter().collect();
    assert_eq!(said.len(), 1, "the phone introduces itself once");

    let (_, mandate, flow) = phone.stopping(&sandbox).await;
    phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN))).await.unwrap();
    phone.until_closed(mandate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_taps_on_one_offer_begin_one_flow() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let offer = sandbox.offer(&merchant, "subscription").await;
    let (first, second) = tokio::join!(phone.wallet.start_sign(&offer), phone.wallet.start_sign(&offer));
    let flow = first.unwrap();
    assert_eq!(flow, second.unwrap());
    let said: BTreeSet<String> = sandbox.plug.said("flow-start").into_iter().collect();
    assert_eq!(said.len(), 1, "the gateway hears of one");
    phone.walk(flow).await.unwrap();
    assert_eq!(phone.wallet.mandates().unwrap().len(), 1);
}

/// A cancellation that waits for the code that was sent.
async fn at_the_code(sandbox: &Sandboxed, phone: &Phone) -> (FlowId, Zeroizing<Vec<u8>>) {
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let by_service = phone.wallet.begin("mandate.cancel.service", vec![mandate], None);
    let flow = by_service.await.unwrap();
    phone.wallet.submit(flow, Answer::Confirm).await.unwrap();
    (flow, Zeroizing::new(sandbox.code(phone).await))
}

/// Two taps on one button: one of them is taken, the other is told to look again.
async fn tapped_twice(phone: &Phone, flow: FlowId, answer: impl Fn() -> Answer) {
    let (one, other) = tokio::join!(phone.wallet.submit(flow, answer()), phone.wallet.submit(flow, answer()));
    let told = |result: &Result<(), WalletError>| matches!(result, Err(WalletError::WrongAnswer));
    assert!(
        one.is_ok() && told(&other) || told(&one) && other.is_ok(),
        "{one:?}, {other:?}"
    );
}

fn tries_left(phone: &Phone, flow: FlowId) -> Option<u32> {
    phone.wallet.next_prompt(flow).unwrap().unwrap().attempts_left
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_that_is_sent_twice_costs_one_try_and_the_run_goes_on() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (flow, code) = at_the_code(&sandbox, &phone).await;
    let said = || sandbox.plug.said("flow-answer").len();
    let before = said();
    let wrong = if *code == b"000000" {
        pin(b"000001")
    } else {
        pin(b"000000")
    };
    tapped_twice(&phone, flow, || Answer::Code(wrong.clone())).await;
    assert_eq!(tries_left(&phone, flow), Some(4));
    tapped_twice(&phone, flow, || Answer::Code(code.clone())).await;
    let next = phone.wallet.next_prompt(flow).unwrap().unwrap().kind;
    assert!(matches!(next, PromptKind::Photos { .. }), "{next:?}");
    assert_eq!(said() - before, 2, "each code once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_that_is_tapped_twice_costs_one_guess() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, _, flow) = phone.stopping(&sandbox).await;
    let wrong = || phone.wallet.submit(flow, Answer::PaymentPin(pin(b"000000")));
    let (one, other) = tokio::join!(wrong(), wrong());
    let mut told = [one.unwrap_err(), other.unwrap_err()];
    told.sort_by_key(|error| matches!(error, WalletError::WrongAnswer));
    assert!(
        matches!(
            told,
            [WalletError::WrongPin { attempts_left: 4 }, WalletError::WrongAnswer]
        ),
        "{told:?}"
    );
    let again = wrong().await.unwrap_err();
    assert!(
        matches!(again, WalletError::WrongPin { attempts_left: 3 }),
        "control: a guess that is a guess counts: {again:?}"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn no_lock_password_is_believed_for_a_pin_that_another_call_proved() {
    let sandbox = Sandboxed::start().await;
    for right_first in [true, false] {
        let phone = Phone::enrolled(&sandbox).await;
        let right = phone.wallet.set_lock_password(pin(PIN), pin(OTHER_PIN));
        // The password is the payment PIN, which a wrong PIN hides.
        let hiding = phone.wallet.set_lock_password(pin(b"111222"), pin(PIN));
        let (right, hiding) = if right_first {
            tokio::join!(right, hiding)
        } else {
            let (hiding, right) = tokio::join!(hiding, right);
            (right, hiding)
        };
        assert!(hiding.is_err(), "{hiding:?}");
        assert_eq!(phone.wallet.lock_state().unwrap().lock_password_set, right.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_whose_answer_was_lost_is_kept_for_another_try_until_the_payer_locks() {
    for locks in [false, true] {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::enrolled(&sandbox).await;
        let flow = phone.signing(&sandbox).await;
        sandbox.plug.stall(&["pin-start"]);
        let right = || phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN)));
        assert!(matches!(right().await, Err(WalletError::Offline)));
        if locks {
            phone.wallet.lock_now(false).await.unwrap();
        }
        sandbox.plug.stall(&[]);
        let _proved = right().await;
        let guesses: BTreeSet<String> = sandbox.plug.said("pin-start").into_iter().collect();
        assert_eq!(guesses.len(), if locks { 2 } else { 1 }, "locked: {locks}");
    }
}
