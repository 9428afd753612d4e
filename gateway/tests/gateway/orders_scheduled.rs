//! Ends that are effective later: held until then, taken back until then, nothing destroyed before.

use quittance_protocol::answer::{MandateState, OrderRecord, OrderState};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::{ClosureBody, OrderBody, TerminationCause};
use quittance_protocol::statement::{Intent, Limits, ReplicaState};
use quittance_protocol::{Code, OrderId, Receipt};

use crate::support::House;
use crate::support::phone::{Phone, Token, approved, declined};

pub(crate) const HOUR: i64 = 3_600;

/// A mandate whose end the service path ordered for 24 hours later.
async fn scheduled(house: &House) -> (Phone<'_>, Token, OrderRecord) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    let walked = phone.walk("mandate.cancel.service", &[token.mandate]).await;
    assert!(walked.is_complete(), "open: {:?}", walked.open);
    let order = phone.intend_by(&walked, &[token.mandate]).await;
    (phone, token, order)
}

pub(crate) async fn undo(phone: &Phone<'_>, order: OrderId) -> Result<(), Code> {
    let (flow, _) = phone.begin_for("mandate.undo", &[], Wish::Undo { order }).await;
    let confirmed = phone.answer(&flow, "confirm", phone.shown()).await;
    if confirmed.status != 200 {
        return Err(confirmed.code());
    }
    phone.identify(&flow).await;
    Ok(())
}

//
//
#[tokio::test]
async fn a_charge_an_hour_into_the_24_hours_is_declined_and_nothing_is_destroyed() {
    let house = House::new();
    let (phone, token, order) = scheduled(&house).await;
    assert_eq!(order.state, OrderState::Scheduled);
    assert_eq!(
        order.effective_at,
        quittance_gateway::Clock::now(&*house.clock).plus_seconds(24 * HOUR)
    );
    house.advance(HOUR).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::MandateHeld);
    let record = phone.mandate(token.mandate).await;
    assert_eq!(record.state, MandateState::RevocationScheduled);
    assert_eq!(
        (record.gateway_half, record.effective_at),
        (ReplicaState::Held, Some(order.effective_at))
    );
    assert!(record.permits_left > 0, "what an undo would give back is still there");
    house.restart();
    assert_eq!(
        phone.order(order.order).await.state,
        OrderState::Scheduled,
        "a restart changes nothing"
    );
}

//
#[tokio::test]
async fn an_undo_at_23_59_59_gives_the_mandate_back() {
    let house = House::new();
    let (phone, token, order) = scheduled(&house).await;
    house.advance(24 * HOUR - 1).await;
    undo(&phone, order.order).await.unwrap();
    assert_eq!(phone.order(order.order).await.state, OrderState::Undone);
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Active);
    approved(&house.charge(token.mandate, 100).await);
    house.advance(8 * 24 * HOUR).await;
    assert_eq!(
        phone.order(order.order).await.state,
        OrderState::Undone,
        "no clock brings it back"
    );
    let again = phone.revoke(&[token.mandate]).await;
    assert_ne!(again.order, order.order, "and it can be cancelled anew");
}

//
#[tokio::test]
async fn an_undo_at_24_00_00_is_too_late_and_the_half_is_destroyed() {
    let house = House::new();
    let (phone, token, order) = scheduled(&house).await;
    house.advance(24 * HOUR).await;
    assert_eq!(undo(&phone, order.order).await, Err(Code::TooLate));
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::TokenDestroyed);
}

//
#[tokio::test]
async fn an_undo_that_began_in_time_and_ends_after_it_is_too_late() {
    let house = House::new();
    let (phone, token, order) = scheduled(&house).await;
    house.advance(24 * HOUR - 1).await;
    let (flow, _) = phone
        .begin_for("mandate.undo", &[], Wish::Undo { order: order.order })
        .await;
    phone.confirm(&flow, "confirm").await;
    house.advance(1).await;
    let proof = phone.proof(&flow, "identify");
    let answer = quittance_protocol::statement::StepAnswer::Proof { proof };
    assert_eq!(phone.answer(&flow, "identify", answer).await.code(), Code::TooLate);
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Ended);
}

//
#[tokio::test]
async fn nobody_takes_back_the_order_of_somebody_else() {
    let house = House::new();
    let (_phone, _, order) = scheduled(&house).await;
    let stranger = Phone::ready(&house).await;
    assert_eq!(undo(&stranger, order.order).await, Err(Code::TooLate));
}

#[tokio::test]
async fn what_the_phone_destroyed_before_the_moment_proves_nothing() {
    let house = House::new();
    let (phone, _, order) = scheduled(&house).await;
    let early = phone.post(&phone.attestation(&order)).await;
    assert_eq!(early.code(), Code::StepOrder);
    house.advance(24 * HOUR).await;
    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!(closed.state, OrderState::Closed);
}

//
//
#[tokio::test]
async fn the_quick_path_joins_a_scheduled_end_and_brings_it_forward() {
    let house = House::new();
    let (phone, token, order) = scheduled(&house).await;
    house.advance(HOUR).await;
    let joined = phone.revoke(&[token.mandate]).await;
    assert_eq!(joined.order, order.order, "one mandate, one order");
    house.settle().await;
    let destroyed = phone.order(order.order).await;
    assert_eq!(destroyed.state, OrderState::Destroyed);
    assert!(destroyed.effective_at < order.effective_at);
    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    let closure = closed.closure.unwrap();
    let receipt = Receipt::parse(closure.receipt.as_bytes())
        .unwrap()
        .verify(&house.log_key())
        .unwrap();
    let body: ClosureBody = receipt.open(&closure.annex).unwrap();
    assert_eq!(body.effective_at, destroyed.effective_at);
}

//
#[tokio::test]
async fn the_renewal_is_off_before_the_end_and_stays_off_after_an_undo() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let offer = house.offer_with(|terms| terms.auto_renewal = Some(true));
    let token = phone.provision(&offer).await;
    let permits = (1..=3).map(|number| token.pooled(&house, number)).collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    assert_eq!(phone.mandate(token.mandate).await.auto_renewal, Some(true));
    let walked = phone.walk("mandate.cancel.service", &[token.mandate]).await;
    assert_eq!(phone.mandate(token.mandate).await.auto_renewal, Some(false));
    let order = phone.intend_by(&walked, &[token.mandate]).await;
    undo(&phone, order.order).await.unwrap();
    let record = phone.mandate(token.mandate).await;
    assert_eq!((record.state, record.auto_renewal), (MandateState::Active, Some(false)));
}

//
#[tokio::test]
async fn the_assisted_path_takes_three_working_days_over_a_holiday_week() {
    // Wednesday, 30 September 2026, noon in Shanghai; the holidays last through 7 October.
    let house = House::on_stage_at("2026-09-30T04:00:00Z");
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let walked = phone.walk("mandate.cancel.assisted", &[token.mandate]).await;
    assert_eq!(walked.open.as_deref(), Some("agent_review"));
    assert_eq!(
        declined(&house.charge(token.mandate, 1).await),
        Code::MandateHeld,
        "held from the first step"
    );
    let flow = walked.flow.start.flow;
    house.decide(flow, "agent_review", true).await;
    house.decide(flow, "second_review", true).await;
    let done = phone.walk_on(flow).await;
    assert!(done.is_complete(), "open: {:?}", done.open);
    let done = crate::support::walk::Walked {
        proof: walked.proof,
        ..done
    };
    let order = phone.intend_by(&done, &[token.mandate]).await;
    // Thursday 8, Friday 9, Saturday 10 October, which is a working day.
    assert_eq!(order.effective_at.to_string(), "2026-10-10T04:00:00Z");
    let body: OrderBody = serde_json::from_slice(order.ordered.body.as_slice()).unwrap();
    assert_eq!(body.cause, TerminationCause::Assisted);
}

//
#[tokio::test]
async fn an_end_that_was_asked_for_offline_turns_the_renewal_off_in_the_same_commit() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone
        .provision(&house.offer_with(|terms| terms.auto_renewal = Some(true)))
        .await;
    assert_eq!(phone.activate(&token, vec![token.pooled(&house, 1)]).await.status, 200);
    let _: OrderRecord = phone.post(&phone.intend_without_hold(&token).await).await.ok();
    let record = phone.mandate(token.mandate).await;
    assert_eq!(record.auto_renewal, Some(false));
    assert_eq!(
        record.ending.map(|ending| ending.cause),
        Some(TerminationCause::PayerOffline)
    );
}

//
#[tokio::test]
async fn other_limits_hold_from_the_moment_when_the_payer_proved_them() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let limits = Limits::new(crate::support::cny(1000), crate::support::cny(20_000), 30);
    let wish = Wish::Limits { limits };
    let (flow, _) = phone.begin_for("mandate.change_limits", &[token.mandate], wish).await;
    approved(&house.charge(token.mandate, 1001).await);
    assert!(phone.walk_on(flow.start.flow).await.is_complete());
    assert_eq!(declined(&house.charge(token.mandate, 1001).await), Code::LimitExceeded);
    approved(&house.charge(token.mandate, 1000).await);
}

//
#[tokio::test]
async fn an_offline_intent_skips_no_step_that_only_the_gateway_can_take() {
    // Before, it ended the mandate by one biometric proof, whatever its run was for.
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let intent = async |definition| {
        let flow = phone.begin_lowering(definition, &[token.mandate]).await;
        let proof = phone.proof(&flow, "identify");
        phone
            .post(&Intent {
                flow: flow.start.flow,
                mandates: vec![token.mandate],
                offline: true,
                proof,
            })
            .await
    };
    assert_eq!(intent("mandate.cancel.assisted").await.code(), Code::StepOrder);
    assert_eq!(phone.mandate(token.mandate).await.ending, None);
    // Control: the quick path can be completed offline, and the log says that it was.
    assert_eq!(intent("mandate.cancel.quick").await.status, 200);
    let ending = phone.mandate(token.mandate).await.ending;
    assert_eq!(ending.map(|ending| ending.cause), Some(TerminationCause::PayerOffline));
}

//
#[tokio::test]
async fn an_end_that_cannot_be_stated_keeps_back_no_other_payers() {
    let house = House::new();
    let (one, _, unrated) = scheduled(&house).await;
    let (other, token, rated) = scheduled(&house).await;
    house.plant(&format!(
        "CREATE TRIGGER no_rating BEFORE UPDATE OF rating ON accounts WHEN NEW.account='{}'
         BEGIN SELECT RAISE(ABORT, 'no rating'); END;",
        one.account().await
    ));
    house.advance(24 * HOUR).await;
    assert_eq!(one.order(unrated.order).await.state, OrderState::Destroying);
    assert_eq!(other.order(rated.order).await.state, OrderState::Destroyed);
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::TokenDestroyed);
    // Control: it was the rating, and the end is tried again by itself.
    house.plant("DROP TRIGGER no_rating;");
    house.advance(3).await;
    assert_eq!(one.order(unrated.order).await.state, OrderState::Destroyed);
}
