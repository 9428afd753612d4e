//! Ends that come before a scheduled one: the earliest counts, for each mandate by itself (domain 7.1, 8.3).

use quittance_gateway::parties::SeenCard;
use quittance_gateway::{Clock as _, ScriptedOutcome};
use quittance_protocol::answer::{MandateState, OrderRecord, OrderState, Reconciled};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log_body::{ClosureBody, ClosureKind, DestroyedBody, OrderBody, TerminationCause};
use quittance_protocol::statement::{AnswerFlow, Reconciliation, Release, ReplicaState, StepAnswer};
use quittance_protocol::{Code, MandateId, Receipt};
use serde_json::json;

use crate::bad_rows::rewrite;
use crate::orders_scheduled::{HOUR, undo};
use crate::support::House;
use crate::support::phone::{Phone, Token, approved, declined};

/// So many mandates whose ends the service path ordered together for 24 hours later.
async fn scheduled<'h, const N: usize>(house: &'h House) -> (Phone<'h>, [Token; N], OrderRecord) {
    let phone = Phone::ready(house).await;
    let mut tokens = Vec::new();
    for _ in 0..N {
        tokens.push(phone.sign_mandate().await);
    }
    let tokens: [Token; N] = tokens.try_into().ok().unwrap();
    let order = by_service(&phone, &tokens).await;
    assert_eq!(order.state, OrderState::Scheduled);
    (phone, tokens, order)
}

/// Two mandates whose ends are ordered so, while a charge of the first is in flight.
async fn scheduled_in_flight(house: &House) -> (Phone<'_>, [Token; 2], OrderRecord) {
    let phone = Phone::ready(house).await;
    let tokens = [phone.sign_mandate().await, phone.sign_mandate().await];
    house.network_says(ScriptedOutcome::Unavailable);
    assert_eq!(
        house.charge(tokens[0].mandate, 1).await.code(),
        Code::ExternalUnavailable
    );
    let order = by_service(&phone, &tokens).await;
    (phone, tokens, order)
}

async fn by_service(phone: &Phone<'_>, tokens: &[Token]) -> OrderRecord {
    let mandates: Vec<MandateId> = tokens.iter().map(|token| token.mandate).collect();
    let walked = phone.walk("mandate.cancel.service", &mandates).await;
    assert!(walked.is_complete(), "open: {:?}", walked.open);
    phone.intend_by(&walked, &mandates).await
}

/// Something in the world ends a mandate.
async fn ends(house: &House, token: &Token, cause: &str) {
    let body = json!({ "mandates": [token.mandate], "cause": cause });
    assert_eq!(house.set("/sandbox/endings", body).await.status, 200);
    house.settle().await;
}

async fn cause(phone: &Phone<'_>, token: &Token) -> (MandateState, Option<TerminationCause>) {
    let record = phone.mandate(token.mandate).await;
    (record.state, record.ending.map(|ending| ending.cause))
}

/// The order that a mandate is under.
async fn order_of(phone: &Phone<'_>, token: &Token) -> OrderRecord {
    let order = phone.mandate(token.mandate).await.order.expect("an order");
    phone.order(order).await
}

fn closed(house: &House, order: &OrderRecord) -> ClosureBody {
    let closure = order.closure.clone().expect("a closure");
    let receipt = Receipt::parse(closure.receipt.as_bytes()).unwrap();
    receipt.verify(&house.log_key()).unwrap().open(&closure.annex).unwrap()
}

// Before, the quick end of one of several did nothing, and taking the batch back gave that one back too.
//
//
#[tokio::test]
async fn the_quick_end_of_one_of_several_comes_at_once_and_taking_back_the_others_leaves_it_ended() {
    let house = House::new();
    let (phone, [one, other], order) = scheduled(&house).await;
    house.advance(HOUR).await;
    let quick = phone.revoke(&[one.mandate]).await;
    assert_ne!(quick.order, order.order, "an order of its own");
    assert_eq!(
        (quick.mandates, quick.effective_at),
        (vec![one.mandate], house.clock.now())
    );
    house.settle().await;
    assert_eq!(
        cause(&phone, &one).await,
        (MandateState::Ended, Some(TerminationCause::Payer))
    );
    assert_eq!(phone.order(order.order).await.state, OrderState::Scheduled);
    assert_eq!(
        declined(&house.charge(other.mandate, 1).await),
        Code::MandateHeld,
        "control"
    );
    undo(&phone, order.order).await.unwrap();
    approved(&house.charge(other.mandate, 1).await);
    assert_eq!(declined(&house.charge(one.mandate, 1).await), Code::TokenDestroyed);
    assert_eq!(phone.mandate(one.mandate).await.order, Some(quick.order));
}

//
//
#[tokio::test]
async fn a_quick_batch_takes_what_is_scheduled_with_others_along() {
    let house = House::new();
    let (phone, [one, other], order) = scheduled(&house).await;
    let fresh = phone.sign_mandate().await;
    let both = [fresh.mandate, one.mandate];
    let quick = phone.revoke(&both).await;
    assert_eq!(quick.mandates, both);
    house.settle().await;
    for token in [&one, &fresh] {
        let ended = (MandateState::Ended, Some(TerminationCause::PayerBatch));
        assert_eq!(cause(&phone, token).await, ended);
    }
    // What is left under the first order is all that a quick end has to name to bring it forward.
    let last = phone.revoke(&[other.mandate]).await;
    assert_eq!(last.order, order.order);
    house.settle().await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
}

//
#[tokio::test]
async fn the_order_that_one_left_ends_the_others_at_its_moment_and_says_that_all_its_tokens_are_gone() {
    let house = House::on_stage();
    let (phone, [one, other], order) = scheduled(&house).await;
    ends(&house, &one, "merchant_banned").await;
    house.advance(24 * HOUR - 1).await;
    assert_eq!(
        cause(&phone, &other).await.0,
        MandateState::RevocationScheduled,
        "control"
    );
    house.advance(1).await;
    assert_eq!(
        cause(&phone, &other).await,
        (MandateState::Ended, Some(TerminationCause::PayerBatch))
    );
    assert_eq!(
        cause(&phone, &one).await,
        (MandateState::Ended, Some(TerminationCause::MerchantBanned))
    );
    let destroyed = phone.order(order.order).await;
    let body: DestroyedBody = serde_json::from_slice(destroyed.destroyed.unwrap().body.as_slice()).unwrap();
    assert_eq!(body.tokens, order.tokens);
    for order in [order, order_of(&phone, &one).await] {
        let record: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
        assert_eq!(closed(&house, &record).kind, ClosureKind::TwoSided);
    }
}

//
#[tokio::test]
async fn an_order_waits_for_the_charges_of_what_left_it_before_it_says_that_its_tokens_are_gone() {
    let house = House::on_stage();
    let (phone, tokens, order) = scheduled_in_flight(&house).await;
    house.advance(24 * HOUR - 1).await;
    ends(&house, &tokens[0], "merchant_banned").await;
    house.advance(1).await;
    assert_eq!(
        order_of(&phone, &tokens[0]).await.state,
        OrderState::Quiesced,
        "control"
    );
    assert_eq!(phone.order(order.order).await.state, OrderState::Quiesced);
    house.network_says(ScriptedOutcome::Approve);
    house.advance(HOUR).await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
    assert_eq!(order_of(&phone, &tokens[0]).await.state, OrderState::Destroyed);
}

/// The row of an order goes bad while the gateway stands still.
fn spoil(house: &House, order: &OrderRecord) {
    house.stop();
    house.plant(&format!("UPDATE orders SET doc='bad' WHERE orders='{}'", order.order));
    house.start().unwrap();
}

//
#[tokio::test]
async fn an_order_whose_predecessor_cannot_be_read_ends_what_it_took_out_of_it() {
    let house = House::on_stage();
    let (phone, tokens, order) = scheduled_in_flight(&house).await;
    ends(&house, &tokens[0], "merchant_banned").await;
    assert_eq!(
        order_of(&phone, &tokens[0]).await.state,
        OrderState::Quiesced,
        "control"
    );
    spoil(&house, &order);
    house.network_says(ScriptedOutcome::Approve);
    house.advance(HOUR).await;
    assert_eq!(order_of(&phone, &tokens[0]).await.state, OrderState::Destroyed);
}

//
#[tokio::test]
async fn a_scheduled_order_that_cannot_be_read_keeps_no_other_mandate_alive() {
    let house = House::on_stage();
    let (phone, [one, _], order) = scheduled(&house).await;
    let free = phone.sign_mandate().await;
    spoil(&house, &order);
    let body = json!({ "mandates": [one.mandate, free.mandate], "cause": "account_closed" });
    assert_eq!(house.set("/sandbox/endings", body).await.status, 200);
    house.settle().await;
    let ended = (MandateState::Ended, Some(TerminationCause::AccountClosed));
    assert_eq!(cause(&phone, &free).await, ended);
}

// Before, such a wish was left to the order, which never came: the phone asked for ever, and the mandate could not be ended.
//
#[tokio::test]
async fn what_is_scheduled_under_an_order_that_cannot_be_read_ends_at_the_payers_wish() {
    let house = House::on_stage();
    let (phone, [one, other], order) = scheduled(&house).await;
    let free = phone.sign_mandate().await;
    let change = |doc: &str| {
        house.stop();
        house.plant(&format!("UPDATE orders SET doc={doc} WHERE orders='{}'", order.order));
        house.start().unwrap();
    };
    change("'bad' || doc");
    let named = [one.mandate, free.mandate];
    let walked = phone.walk("mandate.cancel.quick", &named).await;
    let placed = phone.intend_by(&walked, &named).await;
    assert_eq!(placed.mandates, named);
    house.settle().await;
    for token in [&one, &free] {
        let charged = house.charge(token.mandate, 1).await;
        assert_eq!(declined(&charged), Code::TokenDestroyed);
    }
    let kept = phone.mandate(other.mandate).await.state;
    assert_eq!(kept, MandateState::RevocationScheduled, "control: it was not named");
    // Put right, the order ends what is left under it.
    change("SUBSTR(doc, 4)");
    house.advance(25 * HOUR).await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
    assert_eq!(phone.mandate(other.mandate).await.state, MandateState::Ended);
    assert_eq!(order_of(&phone, &one).await.order, placed.order);
}

//
#[tokio::test]
async fn what_is_ending_under_an_order_that_cannot_be_read_is_left_to_it_and_the_others_end() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (one, free) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let named = [one.mandate, free.mandate];
    let walked = phone.walk("mandate.cancel.quick", &named).await;
    let order = phone.revoke(&[one.mandate]).await;
    house.settle().await;
    spoil(&house, &order);
    let placed = phone.intend_by(&walked, &named).await;
    assert_eq!(placed.mandates, [free.mandate]);
    house.settle().await;
    let charged = house.charge(free.mandate, 1).await;
    assert_eq!(declined(&charged), Code::TokenDestroyed);
}

//
#[tokio::test]
async fn a_mandate_that_cannot_be_read_keeps_none_alive_that_is_to_end_with_it() {
    let house = House::on_stage();
    let (phone, [one, other], order) = scheduled(&house).await;
    let change = |doc: &str| {
        house.stop();
        let halves = house.halves().len();
        rewrite(&house, &one, doc);
        house.start().unwrap();
        halves
    };
    assert_eq!(change("'bad' || doc"), 2, "control");
    house.advance(25 * HOUR).await;
    assert_eq!(phone.mandate(other.mandate).await.state, MandateState::Revoking);
    let record = phone.order(order.order).await;
    assert!(record.destroyed.is_none(), "nothing is stated of what cannot be read");
    // Put right, all of it is stated.
    assert_eq!(change("SUBSTR(doc, 4)"), 0, "both halves are gone");
    house.settle().await;
    assert!(phone.order(order.order).await.destroyed.is_some());
    for token in [one, other] {
        assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Ended);
        let charged = house.charge(token.mandate, 1).await;
        assert_eq!(declined(&charged), Code::TokenDestroyed);
    }
}

//
#[tokio::test]
async fn an_end_is_taken_back_for_all_that_it_names_or_for_none() {
    let house = House::on_stage();
    let (phone, [one, other], order) = scheduled(&house).await;
    let change = |doc: &str| rewrite(&house, &one, doc);
    let wish = Wish::Undo { order: order.order };
    let (flow, _) = phone.begin_for("mandate.undo", &[], wish).await;
    phone.confirm(&flow, "confirm").await;
    let proof = phone.proof(&flow, "identify");
    let proved = phone.say(&AnswerFlow {
        flow: flow.start.flow,
        step: "identify".to_owned(),
        answer: StepAnswer::Proof { proof },
    });
    change("'bad' || doc");
    assert_eq!(house.post(&proved).await.code(), Code::Internal);
    assert_eq!(phone.order(order.order).await.state, OrderState::Scheduled);
    change("SUBSTR(doc, 4)");
    assert_eq!(house.post(&proved).await.status, 200);
    assert_eq!(phone.order(order.order).await.state, OrderState::Undone);
    for token in [one, other] {
        approved(&house.charge(token.mandate, 1).await);
    }
}

//
#[tokio::test]
async fn an_order_that_cannot_be_read_keeps_no_news_from_its_payer() {
    let house = House::on_stage();
    let (phone, [_, _], order) = scheduled(&house).await;
    let told = async || -> Reconciled {
        let nothing_held = Reconciliation {
            tokens: Vec::new(),
            events_after: None,
        };
        phone.post(&nothing_held).await.ok()
    };
    assert_eq!(told().await.orders.len(), 1, "control");
    spoil(&house, &order);
    let heard = told().await;
    assert_eq!((heard.orders.len(), heard.mandates.len()), (0, 2));
}

// Before, these were answered as done and left to the scheduled order, which the payer could take back.
//
//
//
#[tokio::test]
async fn each_end_that_the_world_brings_comes_before_the_scheduled_one_with_its_own_cause() {
    for name in [
        "account_closed",
        "merchant_banned",
        "device_wiped",
        "risk",
        "bank_refused",
    ] {
        let house = House::on_stage();
        let (phone, [token], order) = scheduled(&house).await;
        ends(&house, &token, name).await;
        overtaken(&phone, &token, &order, name).await;
    }
}

/// The mandate has ended for this cause, under an order of its own, and nothing gives it back.
async fn overtaken(phone: &Phone<'_>, token: &Token, order: &OrderRecord, name: &str) {
    let own = order_of(phone, token).await;
    assert_ne!(own.order, order.order, "{name}");
    let body: OrderBody = serde_json::from_slice(own.ordered.body.as_slice()).unwrap();
    assert_eq!(serde_json::to_value(body.cause).unwrap(), name);
    assert_eq!(undo(phone, order.order).await, Err(Code::TooLate), "{name}");
    assert_eq!(
        cause(phone, token).await,
        (MandateState::Ended, Some(body.cause)),
        "{name}"
    );
    let charged = phone.house.charge(token.mandate, 1).await;
    assert_eq!(declined(&charged), Code::TokenDestroyed, "{name}");
    // The payer's own order, under which nothing is left, comes to its end with it.
    let ended: OrderRecord = phone.post(&phone.attestation(order)).await.ok();
    assert_eq!(closed(phone.house, &ended).kind, ClosureKind::TwoSided, "{name}");
}

//
//
#[tokio::test]
async fn a_merchant_who_releases_what_is_scheduled_has_released_it() {
    let house = House::new();
    let (phone, [token], order) = scheduled(&house).await;
    for _ in 0..2 {
        let release = house.sign_as_merchant(&Release { mandate: token.mandate });
        assert_eq!(house.post(&release).await.status, 200);
    }
    house.settle().await;
    overtaken(&phone, &token, &order, "merchant").await;
    let orders = phone.reconcile(&[(&token, ReplicaState::Held)]).await.orders;
    assert_eq!(orders.len(), 2, "releasing again orders nothing more");
}

// H5
#[tokio::test]
async fn what_is_scheduled_ends_with_its_card() {
    let house = House::on_stage();
    let (phone, [token], order) = scheduled(&house).await;
    let path = format!("/sandbox/accounts/{}/cards", phone.account().await);
    let cards: Vec<SeenCard> = house.get(&path, None).await.ok();
    let path = format!("/sandbox/cards/{}/removed", cards.first().unwrap().card);
    assert_eq!(house.set(&path, json!({})).await.status, 200);
    house.settle().await;
    overtaken(&phone, &token, &order, "funding_removed").await;
}

//
#[tokio::test]
async fn what_is_scheduled_can_be_ended_by_a_report() {
    let house = House::on_stage();
    let (phone, [token], order) = scheduled(&house).await;
    let walked = phone.walk("mandate.cancel.forced", &[token.mandate]).await;
    house.decide(walked.flow.start.flow, "first_review", true).await;
    house.decide(walked.flow.start.flow, "second_review", true).await;
    house.settle().await;
    overtaken(&phone, &token, &order, "platform_forced").await;
}
