//! Two calls at once come to what they would have come to one after the other.

use crate::support::phone::{Phone, pin};
use crate::support::plug::Line;
use crate::support::{OTHER_PIN, PIN, Sandboxed};
use quittance_protocol::FlowId;
use quittance_protocol::statement::StopScope;
use quittance_wallet::{Answer, PromptKind, Wallet, WalletError};
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

/// Does something while the answer to a reconciliation of before is on its way, and lets it arrive.
async fn done_during_a_contact(sandbox: &Sandboxed, phone: &Phone, deed: impl AsyncFnOnce(&Wallet)) {
    let answer = sandbox.plug.late("reconciliation");
    let doing = async {
        answer.made().await;
        deed(&phone.wallet).await;
        answer.let_through();
    };
    let (report, ()) = tokio::join!(phone.wallet.sync(), doing);
    assert!(report.unwrap().online);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_stays_where_an_answer_of_before_it_arrives_after_it() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let offer = sandbox.offer(&merchant, "pay_as_you_go").await;
    let mandate = phone.sign(&offer).await;
    let everything = StopScope::Everything {};
    let stop = async |wallet: &Wallet| wallet.stop(everything.clone()).await.unwrap();
    done_during_a_contact(&sandbox, &phone, stop).await;
    for contact in ["of before", "of after"] {
        let stops = phone.wallet.lock_state().unwrap().stops;
        assert!(stops.contains(&everything), "{contact}");
        assert!(!phone.wallet.mandate(mandate).unwrap().can_pay, "{contact}");
        phone.wallet.sync().await.unwrap();
    }
    // The control: an answer to what was said after the stop is believed.
    sandbox.plug.lie(Some(Box::new(|json| {
        if json["stops"].is_array() {
            json["stops"] = serde_json::json!([]);
            json["mandates"][0]["holds"] = serde_json::json!([]);
        }
    })));
    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.wallet.lock_state().unwrap().stops, []);
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_stays_where_an_answer_of_before_it_arrives_after_it() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let lock = async |wallet: &Wallet| {
        wallet.lock_now(false).await.unwrap();
    };
    done_during_a_contact(&sandbox, &phone, lock).await;
    for contact in ["of before", "of after"] {
        assert!(phone.wallet.lock_state().unwrap().lock.is_some(), "{contact}");
        assert!(!phone.wallet.mandate(mandate).unwrap().can_pay, "{contact}");
        phone.wallet.sync().await.unwrap();
    }
    // The control: it ends as soon as the gateway says so.
    sandbox.advance(25 * 3600).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.wallet.lock_state().unwrap().lock, None);
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_put_on_once_more_lasts_as_long_where_an_answer_of_before_arrives() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let first = phone.wallet.lock_now(false).await.unwrap();
    sandbox.advance(3600).await;
    phone.wallet.sync().await.unwrap();
    let lock = async |wallet: &Wallet| {
        let again = wallet.lock_now(false).await.unwrap();
        assert!(again.until > first.until, "control: it lasts longer");
    };
    done_during_a_contact(&sandbox, &phone, lock).await;
    assert!(phone.wallet.lock_state().unwrap().lock.unwrap().until > first.until);
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_permission_stays_where_an_answer_of_before_its_consent_arrives_after_it() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let offer = sandbox.offer(&merchant, "pay_as_you_go").await;
    let flow = phone.wallet.start_sign(&offer).await.unwrap();
    sandbox.plug.stall(&["consent"]);
    phone.walk(flow).await.unwrap();
    let mandate = phone.wallet.mandate_of(flow).unwrap();
    let signed = async |wallet: &Wallet| {
        sandbox.plug.stall(&[]);
        wallet.sync().await.unwrap();
        assert!(wallet.mandate(mandate).unwrap().can_pay, "control: it is signed");
    };
    done_during_a_contact(&sandbox, &phone, signed).await;
    assert!(phone.wallet.mandate(mandate).unwrap().can_pay);
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "ride", None).await, "approved");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_stays_where_a_statement_of_before_it_is_answered_once_more() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    assert_eq!(sandbox.charge(&merchant, mandate, 100, "ride", None).await, "approved");
    sandbox.plug.lose_answer_of("permit");
    phone.wallet.sync().await.unwrap();
    sandbox.plug.set(Line::Up);
    phone.wallet.stop(StopScope::Everything {}).await.unwrap();
    sandbox.plug.stall(&["reconciliation"]);
    phone.wallet.sync().await.unwrap();
    let permits = sandbox.plug.said("permit");
    assert_eq!(permits.len(), 2, "control: said again after the stop");
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay);
}
