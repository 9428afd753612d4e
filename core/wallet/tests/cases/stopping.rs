//! Nothing that fails on the way keeps a stop from the gateway.

use crate::support::phone::{Phone, pin};
use crate::support::plug::Line;
use crate::support::{Merchant, PIN, Sandboxed};
use axum::http::Method;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::{ClosureKind, TerminationCause};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Reconciliation, ReplicaState, StopScope};
use quittance_protocol::{MandateId, Received};
use quittance_wallet::{Answer, DisputeReason, EndingStage, WalletError, WalletEvent};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_never_arrives_does_not_keep_a_cancellation_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let other = sandbox.offer(&merchant, "pay_as_you_go").await;
    sandbox.plug.stall(&["consent"]);
    let flow = phone.wallet.start_sign(&other).await.unwrap();
    phone.walk(flow).await.unwrap();
    sandbox.plug.set(Line::Down);
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    sandbox.plug.set(Line::Up);
    let before = sandbox.plug.said("consent").len();
    phone.until_closed(mandate).await;
    assert!(
        sandbox.plug.said("consent").len() > before,
        "the control: it was tried and stalled"
    );
    let order: Vec<String> = sandbox.plug.names();
    let after_the_outage = order.iter().rposition(|name| name == "intent").unwrap();
    assert!(order[after_the_outage..].contains(&"consent".to_owned()), "{order:?}");
}

async fn two_of_one_merchant(sandbox: &Sandboxed, phone: &Phone) -> (Merchant, [MandateId; 2]) {
    let merchant = sandbox.merchant("Bluebird").await;
    let first = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let second = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    (merchant, [first, second])
}

// What stops one thing waits for no answer to what stops another.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_gets_no_answer_keeps_no_pause_and_no_stop_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, [first, second]) = two_of_one_merchant(&sandbox, &phone).await;
    sandbox.plug.stall(&["lock"]);
    assert!(!phone.wallet.lock_now(false).await.unwrap().told);
    phone.wallet.pause(&[first]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, first, 100, "paused", None).await,
        "mandate_held"
    );
    let scope = StopScope::Merchant { merchant: merchant.id };
    phone.wallet.stop(scope).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, second, 100, "stopped", None).await,
        "stopped_by_payer"
    );
    assert!(
        !phone.wallet.lock_state().unwrap().lock.unwrap().told,
        "control: it still waits"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_gets_no_answer_keeps_no_other_pause_back() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, [first, second]) = two_of_one_merchant(&sandbox, &phone).await;
    sandbox.plug.stall_pauses_of(first);
    phone.wallet.pause(&[first]).await.unwrap();
    phone.wallet.pause(&[second]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, second, 100, "second", None).await,
        "mandate_held"
    );
    assert_eq!(
        sandbox.charge(&merchant, first, 100, "first", None).await,
        "approved",
        "control: the first one still waits"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_after_a_lifting_that_did_not_arrive_stays() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.wallet.pause(&[mandate]).await.unwrap();
    sandbox.plug.stall(&["hold"]);
    assert!(phone.wallet.resume(&[mandate]).await.is_err());
    phone.wallet.pause(&[mandate]).await.unwrap();
    sandbox.plug.stall(&[]);
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.charge(&merchant, mandate, 100, "ride", None).await,
        "mandate_held"
    );
}

// One proof lifts all that it names, or nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_lifting_that_falls_with_a_pause_of_one_is_told_for_the_others() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (merchant, [first, second]) = two_of_one_merchant(&sandbox, &phone).await;
    let fallen = WalletEvent::Refused {
        statement: "hold".to_owned(),
        code: Code::VersionConflict,
    };
    phone.wallet.pause(&[first, second]).await.unwrap();
    for others in [false, true] {
        sandbox.plug.stall(&["hold"]);
        let lifted = if others { vec![first, second] } else { vec![first] };
        assert!(phone.wallet.resume(&lifted).await.is_err(), "control: it waits");
        phone.wallet.pause(&[first]).await.unwrap();
        sandbox.plug.stall(&[]);
        phone.wallet.sync().await.unwrap();
        let events = phone.events();
        assert_eq!(events.contains(&fallen), others, "{events:?}");
        assert!(!phone.wallet.mandate(second).unwrap().can_pay);
    }
    phone.wallet.resume(&[second]).await.unwrap();
    assert_eq!(sandbox.charge(&merchant, second, 100, "ride", None).await, "approved");
    assert_eq!(
        sandbox.charge(&merchant, first, 100, "paused", None).await,
        "mandate_held"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lifts_a_pause_while_one_of_what_is_named_is_paused_again_learns_that_nothing_was_lifted() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, [first, second]) = two_of_one_merchant(&sandbox, &phone).await;
    phone.wallet.pause(&[first, second]).await.unwrap();
    let before = sandbox.plug.said("hold").len();
    let lost = sandbox.plug.slow("hold");
    let pausing = async {
        while sandbox.plug.said("hold").len() == before {
            tokio::task::yield_now().await;
        }
        phone.wallet.pause(&[first]).await.unwrap();
        lost.notify_one();
    };
    let both = [first, second];
    let (lifted, ()) = tokio::join!(phone.wallet.resume(&both), pausing);
    let Err(WalletError::Problem(problem)) = lifted else {
        panic!("{lifted:?}")
    };
    assert_eq!(problem.code(), Code::VersionConflict);
    assert!(!phone.wallet.mandate(second).unwrap().can_pay);
    phone.wallet.resume(&both).await.unwrap();
    assert!(
        phone.wallet.mandate(second).unwrap().can_pay,
        "control: asked for alone it is lifted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_of_what_the_gateway_has_not_got_yet_is_said_after_its_consent() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let offer = sandbox.offer(&merchant, "pay_as_you_go").await;
    sandbox.plug.stall(&["consent"]);
    let flow = phone.wallet.start_sign(&offer).await.unwrap();
    phone.walk(flow).await.unwrap();
    let mandate = phone.wallet.mandate_of(flow).unwrap();
    phone.wallet.pause(&[mandate]).await.unwrap();
    sandbox.plug.stall(&[]);
    phone.wallet.sync().await.unwrap();
    phone.wallet.sync().await.unwrap();
    let answer = sandbox.charge(&merchant, mandate, 100, "ride", None).await;
    assert_eq!(answer, "mandate_held");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_the_gateway_does_not_have_is_said_again() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    sandbox.plug.refuse("hold", "not_found");
    let _refused = phone.wallet.pause(&[mandate]).await;
    let before = sandbox.charge(&merchant, mandate, 100, "ride-1", None).await;
    assert_eq!(before, "approved", "control: the gateway does not know of the pause");
    phone.wallet.sync().await.unwrap();
    let after = sandbox.charge(&merchant, mandate, 100, "ride-2", None).await;
    assert_eq!(after, "mandate_held");
}

// A run that gives authority brings the gateway no hold, however long it waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_the_gateway_does_not_have_is_said_again_while_other_limits_wait() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    let limits = phone.wallet.permission(mandate).unwrap().permission.terms.limits;
    let wish = Some(Wish::Limits { limits });
    let begun = phone.wallet.begin("mandate.change_limits", vec![mandate], wish).await;
    sandbox.plug.stall(&["flow-answer"]);
    phone.answer(begun.unwrap()).await.unwrap();
    sandbox.plug.refuse("hold", "not_found");
    let _refused = phone.wallet.pause(&[mandate]).await;
    let before = sandbox.charge(&merchant, mandate, 100, "ride-1", None).await;
    assert_eq!(before, "approved", "control: the gateway does not know of the pause");
    assert_eq!(
        phone.wallet.sync().await.unwrap().waiting,
        1,
        "control: the answer waits"
    );
    let after = sandbox.charge(&merchant, mandate, 100, "ride-2", None).await;
    assert_eq!(after, "mandate_held");
}

/// A mandate that the gateway knows and that gets no permits.
async fn unactivated(sandbox: &Sandboxed, phone: &Phone, merchant: &Merchant) -> MandateId {
    let offer = sandbox.offer(merchant, "pay_as_you_go").await;
    sandbox.plug.stall(&["activation"]);
    let flow = phone.wallet.start_sign(&offer).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.wallet.mandate_of(flow).unwrap()
}

/// Waits until the gateway has told the merchant that the mandate ended.
async fn until_ended_at_the_gateway(sandbox: &Sandboxed, merchant: &Merchant, mandate: MandateId) {
    let path = format!("/sandbox/merchants/{}/notices", merchant.id);
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        let told = sandbox.ask(Method::GET, &path, Value::Null).await.to_string();
        if told.contains(&mandate.to_string()) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the gateway did not end it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_nobody_asked_for_ends_nothing_that_was_active() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    // The gateway says "active", and logs an order as if it never had been.
    sandbox.plug.lie(Some(Box::new(|json| {
        if json["state"] == "provisioning" {
            json["state"] = "active".into();
        }
    })));
    let mandate = unactivated(&sandbox, &phone, &merchant).await;
    assert!(phone.events().contains(&WalletEvent::MandateActive { mandate }));
    sandbox.advance(16 * 60).await;
    until_ended_at_the_gateway(&sandbox, &merchant, mandate).await;
    phone.wallet.sync().await.unwrap();
    phone.wallet.sync().await.unwrap();
    let disputes: Vec<_> = phone
        .events()
        .into_iter()
        .filter(|event| {
            matches!(
                event,
                WalletEvent::Disputed {
                    reason: DisputeReason::OrderMismatch,
                    ..
                }
            )
        })
        .collect();
    assert_eq!(disputes.len(), 1, "told once");
    assert_ne!(
        phone.wallet.mandate(mandate).unwrap().phone_half,
        ReplicaState::Destroyed
    );
    assert_eq!(phone.wallet.receipts().unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_of_which_the_gateway_ended_one_already_closes_whole() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let live = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let late = unactivated(&sandbox, &phone, &merchant).await;
    sandbox.plug.set(Line::Down);
    let flow = phone.wallet.start_revoke(&[live, late]).await.unwrap();
    phone.walk(flow).await.unwrap();
    sandbox.advance(16 * 60).await;
    until_ended_at_the_gateway(&sandbox, &merchant, late).await;
    sandbox.plug.stall(&[]);
    sandbox.plug.set(Line::Up);
    phone.until_closed(live).await;
    phone.until_closed(late).await;
    let events = phone.events();
    assert!(
        !events.iter().any(|event| matches!(event, WalletEvent::Disputed { .. })),
        "{events:?}"
    );
    let causes: Vec<_> = phone
        .wallet
        .receipts()
        .unwrap()
        .iter()
        .map(|receipt| receipt.cause)
        .collect();
    assert!(
        causes.contains(&TerminationCause::PayerOffline) && causes.contains(&TerminationCause::NeverActivated),
        "{causes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_one_that_the_gateway_never_got_stops_all_the_others() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let live = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    sandbox.plug.stall(&["consent"]);
    let offer = sandbox.offer(&merchant, "pay_as_you_go").await;
    let flow = phone.wallet.start_sign(&offer).await.unwrap();
    phone.walk(flow).await.unwrap();
    let never = phone.wallet.mandate_of(flow).unwrap();
    let flow = phone.wallet.start_revoke(&[live, never]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(live).await;
    let view = phone.wallet.mandate(never).unwrap();
    assert_eq!(view.phone_half, ReplicaState::Destroyed);
    let before = sandbox.plug.said("consent").len();
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        sandbox.plug.said("consent").len(),
        before,
        "it is not asked for any more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_intent_is_said_and_signed_anew_and_the_half_stays_held() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    sandbox.plug.refuse("intent", "sequence_fork");
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    let view = phone.wallet.mandate(mandate).unwrap();
    assert!(!view.can_pay && view.phone_half == ReplicaState::Held, "{view:?}");
    assert!(
        phone
            .events()
            .iter()
            .any(|event| matches!(event, WalletEvent::NotStopped { mandates, .. } if *mandates == [mandate])),
        "the payer is told"
    );
    phone.until_closed(mandate).await;
    let sent = sandbox.plug.said("intent");
    assert!(sent.len() > 1 && sent.first() != sent.last(), "signed anew");
}

//
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_is_answered_with_an_order_of_before_is_said_again() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let (_, ended, flow) = phone.stopping(&sandbox).await;
    let told = Arc::new(Mutex::new(Value::Null));
    let kept = Arc::clone(&told);
    sandbox.plug.lie(Some(Box::new(move |json| {
        if json["closure"].is_object() {
            *kept.lock().unwrap() = json.clone();
        }
    })));
    phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN))).await.unwrap();
    phone.until_closed(ended).await;
    let of_before = told.lock().unwrap().clone();
    assert!(of_before["closure"].is_object(), "control: there is one");

    let (merchant, mandate, flow) = phone.stopping(&sandbox).await;
    sandbox.plug.answer_instead("intent", of_before);
    phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN))).await.unwrap();
    assert!(!phone.wallet.mandate(mandate).unwrap().can_pay);
    phone.until_closed(mandate).await;
    let said = sandbox.plug.said("intent");
    assert!(said.len() == 3 && said[1] == said[2], "the same once more");
    assert_ne!(sandbox.charge(&merchant, mandate, 100, "ended", None).await, "approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_closed_and_acknowledged_is_not_told_again() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let told = || {
        let said = sandbox.plug.said("reconciliation");
        let received = Received::parse(said.last().unwrap()).unwrap();
        received.unverified_body::<Reconciliation>().unwrap().1.tokens.len()
    };
    phone.wallet.sync().await.unwrap();
    assert_eq!(told(), 1, "the control: what lives is told");
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.walk(flow).await.unwrap();
    phone.until_closed(mandate).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(told(), 0);
    assert_eq!(phone.stage(mandate), Some(EndingStage::Closed(ClosureKind::TwoSided)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payer_agrees_to_what_was_shown_and_to_nothing_that_came_since() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    let lost = sandbox.plug.slow("flow-answer");
    let seen = async {
        loop {
            let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
            if prompt.step == "confirm" {
                lost.notify_one();
                return prompt;
            }
            tokio::task::yield_now().await;
        }
    };
    let (proved, seen) = tokio::join!(phone.answer(flow), seen);
    proved.unwrap();
    assert!(!seen.offline);
    let early = phone.wallet.submit(flow, Answer::Confirm).await;
    assert!(matches!(early, Err(WalletError::WrongAnswer)), "{early:?}");
    let anew = phone.wallet.next_prompt(flow).unwrap().unwrap();
    assert!(anew.offline, "one consequence more");
    phone.wallet.submit(flow, Answer::Confirm).await.unwrap();
    phone.until_closed(mandate).await;
}
