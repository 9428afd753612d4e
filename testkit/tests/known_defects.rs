//! The known defects of others (hyperswitch, UPI) are absent here.

use quittance_protocol::answer::{MandateState, OrderRecord, OrderState};
use quittance_protocol::log_body::{ClosureKind, TerminationCause};
use quittance_protocol::statement::ReplicaState;
use quittance_testkit::stage::Stage;
use quittance_wallet::{EndingStage, ErrorKind, Missing, WalletEvent};

// H1: remote revoke first, local update second, and no record of the intent between them.
//
#[tokio::test]
async fn a_crash_between_the_remote_and_the_local_end_never_leaves_the_mandate_active() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    assert!(
        phone.wallet.mandate(mandate).unwrap().can_pay,
        "control: it pays before"
    );
    stage.network.faults.lose_answers_to("intent", 1);
    phone.cancel(&[mandate]).await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "token_destroyed",
        "the gateway has done its part"
    );

    let phone = phone.restarted().unwrap();

    let view = phone.wallet.mandate(mandate).unwrap();
    assert!(!view.can_pay, "the phone does not say active: {:?}", view.state);
    assert_eq!(
        view.ending.unwrap().stage,
        EndingStage::Waiting,
        "it knows what it wanted"
    );
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
}

// H1, from the gateway's side: its own second write fails.
#[tokio::test]
async fn a_gateway_that_stops_half_way_through_an_end_goes_on_with_it() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.custodian.lose_deletions(true);
    phone.cancel(&[mandate]).await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "mandate_held",
        "half-way it does not pay"
    );
    stage.stop_gateway().await.unwrap();
    stage.custodian.lose_deletions(false);
    stage
        .start_gateway(quittance_gateway::PolicySource::Sandbox)
        .await
        .unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "token_destroyed");
}

// H2: a second revoke is an error ("already been revoked").
//
#[tokio::test]
async fn a_second_revoke_is_answered_with_the_same_order_and_no_error() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    let receipts = phone.wallet.receipts().unwrap();

    let again = phone.cancel(&[mandate]).await.expect("no error");
    let wire = phone.say(&phone.offline_intent(&[mandate]).unwrap()).unwrap();
    let answer = stage.http.statement(&wire).await;

    assert_eq!(again, flow);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let order: OrderRecord = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(Some(order.order), phone.wallet.order_of(flow).unwrap());
    assert_eq!(phone.wallet.receipts().unwrap(), receipts);
}

// H3: the local token is deleted, the other side fails, and the answer is "done".
//
#[tokio::test]
async fn an_end_that_only_one_side_has_made_is_shown_as_open_until_both_have() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.faults.lose_answers_to("attestation", 2);
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();

    let view = phone.wallet.mandate(mandate).unwrap();
    assert_eq!(view.phone_half, ReplicaState::Destroyed);
    assert_eq!(
        view.ending.unwrap().stage,
        EndingStage::Attesting,
        "half an end is not called an end"
    );
    assert!(phone.wallet.receipts().unwrap().is_empty());
    let events = phone.events().unwrap();
    assert!(
        !events.iter().any(|event| matches!(event, WalletEvent::Closed { .. })),
        "{events:?}"
    );
    let waits = |event: &WalletEvent| {
        matches!(
            event,
            WalletEvent::Closing {
                missing: Missing::PhoneStatement,
                ..
            }
        )
    };
    assert!(
        events.iter().any(waits),
        "the payer is told what is missing: {events:?}"
    );
    assert!(phone.wallet.next_attempt().unwrap().is_some(), "and it is tried again");

    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap(), "control: with both it is closed");
}

// H4: the row that a retry would need is deleted with the token.
//
#[tokio::test]
async fn what_a_retry_needs_outlives_the_token() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.faults.lose_answers_to("attestation", 1);
    let flow = phone.cancel(&[mandate]).await.unwrap();
    let order = phone.wallet.order_of(flow).unwrap().unwrap();
    let phone = phone.restarted().unwrap();
    stage.restart_gateway().await.unwrap();

    let kept = stage.order(&phone, order).await.unwrap();
    assert_eq!(kept.mandates, [mandate]);
    phone.wallet.sync().await.unwrap();

    assert!(phone.is_closed(mandate).unwrap());
    let listed = phone.wallet.mandates().unwrap();
    assert_eq!(listed.len(), 1, "an ended mandate stays in the list");
    assert_eq!(listed[0].state, MandateState::Ended);
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "token_destroyed",
        "the tombstone stays too"
    );
}

// H7: the mandate is active whatever became of its making.
//
#[tokio::test]
async fn a_mandate_is_not_active_before_both_halves_are_confirmed() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    stage.network.faults.lose_answers_to("consent", 1);
    let flow = phone.wallet.start_sign(&stage.offer().await.unwrap()).await.unwrap();
    phone.answer_all(flow).await.unwrap();
    let mandate = phone.wallet.mandate_of(flow).unwrap();

    let view = phone.wallet.mandate(mandate).unwrap();
    assert_eq!(view.state, MandateState::Provisioning);
    assert!(!view.can_pay);
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "mandate_held");

    phone.wallet.sync().await.unwrap();
    assert_eq!(phone.wallet.mandate(mandate).unwrap().state, MandateState::Active);
    assert_eq!(
        stage.try_charge(mandate, "ride-2").await,
        "approved",
        "control: confirmed on both sides it pays"
    );
}

// H7: one that is never confirmed ends like every other (I12).
//
#[tokio::test]
async fn a_mandate_whose_making_never_ends_is_rejected_and_its_halves_destroyed() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    stage.network.faults.lose_answers_to("consent", 1);
    let flow = phone.wallet.start_sign(&stage.offer().await.unwrap()).await.unwrap();
    phone.answer_all(flow).await.unwrap();
    let mandate = phone.wallet.mandate_of(flow).unwrap();

    stage.pass(15 * 60).await.unwrap();
    phone.clock.turn(15 * 60);
    for _ in 0..2 {
        phone.wallet.sync().await.unwrap();
    }

    let view = phone.wallet.mandate(mandate).unwrap();
    assert_eq!(
        (view.phone_half, view.can_pay),
        (ReplicaState::Destroyed, false),
        "{:?}",
        view.state
    );
    assert_eq!(view.state, MandateState::Rejected);
    assert!(phone.is_closed(mandate).unwrap(), "{:?}", view.ending);
    let receipt = &phone.wallet.receipts().unwrap()[0];
    assert_eq!(receipt.cause, TerminationCause::NeverActivated);
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
    assert_eq!(stage.logged("destroyed").await, 1);
}

// H8: an empty list is an error.
#[tokio::test]
async fn a_payer_without_mandates_has_an_empty_list() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.enrolled().await.unwrap();
    assert!(phone.wallet.mandates().unwrap().is_empty());
    let listed = stage.read(&phone, "/v1/mandates").await.unwrap();
    assert_eq!((listed.status, listed.text.as_str()), (200, "[]"));
    // Control: with one it is not empty.
    phone.sign(&stage.offer().await.unwrap()).await.unwrap();
    let listed = stage.read(&phone, "/v1/mandates").await.unwrap();
    assert_eq!(listed.json.as_array().map(Vec::len), Some(1));
}

// H11, first line: there is no payer, all calls are merchant calls.
//
#[tokio::test]
async fn h11_a_payer_ends_a_mandate_alone_without_a_call_of_the_merchant() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "approved",
        "control: the merchant can charge, and calls no more after it"
    );
    let flow = phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();

    assert!(phone.is_closed(mandate).unwrap());
    let order = phone.wallet.order_of(flow).unwrap().unwrap();
    assert_eq!(stage.order(&phone, order).await.unwrap().state, OrderState::Closed);
    let listed = stage.read(&phone, "/v1/mandates").await.unwrap();
    let ending = &listed.json[0]["ending"];
    assert_eq!(
        (ending["cause"].as_str(), ending["by"].as_str()),
        (Some("payer"), Some("payer"))
    );
    assert_eq!(
        stage.try_charge(mandate, "ride-2").await,
        "token_destroyed",
        "the merchant finds out, and is not asked"
    );
    assert_eq!(
        stage.until_noticed("mandate_ended").await.unwrap(),
        1,
        "it is told as well"
    );
}

// H11, second line: there is no suspend and no resume.
//
#[tokio::test]
async fn h11_a_payer_suspends_a_mandate_and_resumes_it() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "approved", "control");
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(phone.wallet.mandate(mandate).unwrap().state, MandateState::Suspended);
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "mandate_held");
    phone.wallet.resume(&[mandate]).await.unwrap();
    assert_eq!(phone.wallet.mandate(mandate).unwrap().state, MandateState::Active);
    assert_eq!(
        stage.try_charge(mandate, "ride-3").await,
        "approved",
        "nothing was lost by it"
    );
}

// H11, third line: there is no device side.
//
#[tokio::test]
async fn h11_the_payers_phone_has_a_half_of_its_own_and_states_how_it_ended() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    assert_eq!(
        phone.wallet.mandate(mandate).unwrap().phone_half,
        ReplicaState::Active,
        "control: there is something to destroy"
    );
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        phone.wallet.mandate(mandate).unwrap().phone_half,
        ReplicaState::Destroyed
    );
    assert_eq!(
        stage.network.faults.statements_of("attestation").len(),
        1,
        "it said so itself"
    );
    let receipt = &phone.wallet.receipts().unwrap()[0];
    assert_eq!(receipt.kind, ClosureKind::TwoSided);

    // Control: without the phone's word the end is called one-sided.
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.faults.lose_answers_to("intent", 1);
    phone.cancel(&[mandate]).await.unwrap();
    let intent = stage.network.faults.statements_of("intent").remove(0);
    let order: OrderRecord = serde_json::from_str(&stage.http.statement(&intent).await.text).unwrap();
    stage.pass(7 * 86_400).await.unwrap();
    let order = stage.order(&phone, order.order).await.unwrap();
    assert_eq!(order.state, OrderState::ClosedUnilateral);
}

// "Revoke while paused" (UPI): "only unpause is possible on a paused mandate; revoke is blocked".
//
#[tokio::test]
async fn revoke_while_paused_ends_the_mandate() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "mandate_held",
        "control: it is paused"
    );
    assert_eq!(phone.wallet.mandate(mandate).unwrap().state, MandateState::Suspended);

    let flow = phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();

    assert!(phone.is_closed(mandate).unwrap());
    let order = phone.wallet.order_of(flow).unwrap().unwrap();
    assert_eq!(stage.order(&phone, order).await.unwrap().state, OrderState::Closed);
    let lifted = phone.wallet.resume(&[mandate]).await.unwrap_err();
    assert_eq!(
        lifted.kind(),
        ErrorKind::FixInput,
        "and not brought back by lifting the pause: {lifted}"
    );
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "token_destroyed");
}
