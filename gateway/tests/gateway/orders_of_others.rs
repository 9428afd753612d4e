//! Ends that are not the payer's: each keeps its cause with whoever brought it about.

use quittance_protocol::Code;
use quittance_protocol::answer::{MandateState, OrderRecord, OrderState, Recorded};
use quittance_protocol::log_body::{Actor, Ending, OrderBody, TerminationCause};
use quittance_protocol::statement::{Objection, Release, ReplicaState};

use crate::support::phone::{Phone, Token, declined};
use crate::support::{House, Reply};

async fn active(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    (phone, token)
}

async fn orders(phone: &Phone<'_>, token: &Token) -> Vec<OrderRecord> {
    phone.reconcile(&[(token, ReplicaState::Active)]).await.orders
}

fn ordered(order: &OrderRecord) -> OrderBody {
    serde_json::from_slice(order.ordered.body.as_slice()).unwrap()
}

//
#[tokio::test]
async fn a_merchant_ends_a_mandate_of_its_own_and_no_other() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    let release = house.sign_as_merchant(&Release { mandate: token.mandate });
    let _: Recorded = house.post(&release).await.ok();
    house.settle().await;
    let record = phone.mandate(token.mandate).await;
    let by_merchant = Ending {
        cause: TerminationCause::Merchant,
        by: Actor::Merchant,
    };
    assert_eq!((record.state, record.ending), (MandateState::Ended, Some(by_merchant)));
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::TokenDestroyed);
    let order = orders(&phone, &token).await.remove(0);
    assert_eq!(
        (ordered(&order).cause, ordered(&order).intent),
        (TerminationCause::Merchant, None)
    );
    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!(
        closed.state,
        OrderState::Closed,
        "I12: the same destruction as every other"
    );
    let again = house.sign_as_merchant(&Release { mandate: token.mandate });
    assert_eq!(house.post(&again).await.status, 200, "R-304: ending again is no error");
    let strange = Release {
        mandate: Token::new().mandate,
    };
    assert_eq!(
        house.post(&house.sign_as_merchant(&strange)).await.code(),
        Code::NotFound
    );
}

async fn end(house: &House, tokens: &[&Token], cause: &str) -> Reply {
    let mandates: Vec<_> = tokens.iter().map(|token| token.mandate).collect();
    house
        .set(
            "/sandbox/endings",
            serde_json::json!({ "mandates": mandates, "cause": cause }),
        )
        .await
}

// H5
//
#[tokio::test]
async fn removing_a_card_ends_all_its_mandates_in_one_order_with_one_rotation() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let (first, second) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let other = phone.sign_mandate().await;
    assert_eq!(end(&house, &[&first, &second], "funding_removed").await.status, 200);
    house.settle().await;
    let order = orders(&phone, &other).await.remove(0);
    assert_eq!(order.mandates, [first.mandate, second.mandate]);
    assert_eq!(ordered(&order).cause, TerminationCause::FundingRemoved);
    for token in [&first, &second] {
        assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::TokenDestroyed);
    }
    assert_eq!(
        phone.mandate(other.mandate).await.state,
        MandateState::Active,
        "it is paid by another card"
    );
}

//
#[tokio::test]
async fn each_end_that_the_world_brings_keeps_its_cause_and_its_actor() {
    for cause in [
        "account_closed",
        "merchant_banned",
        "device_wiped",
        "risk",
        "bank_refused",
    ] {
        let house = House::on_stage();
        let (phone, token) = active(&house).await;
        assert_eq!(end(&house, &[&token], cause).await.status, 200, "{cause}");
        let ending = phone.mandate(token.mandate).await.ending.expect(cause);
        assert_eq!(serde_json::to_value(ending.cause).unwrap(), cause);
        assert_eq!(ending.by, ending.cause.usual_actor(), "{cause}");
    }
}

#[tokio::test]
async fn the_world_does_not_speak_for_the_payer() {
    let house = House::on_stage();
    let (phone, token) = active(&house).await;
    for cause in ["payer", "payer_offline", "assisted", "expired", "consumed"] {
        assert_eq!(end(&house, &[&token], cause).await.code(), Code::Malformed, "{cause}");
    }
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Active);
}

//
#[tokio::test]
async fn a_merchant_objects_only_to_an_end_that_was_forced() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    phone.revoke(&[token.mandate]).await;
    let objection = Objection {
        mandate: token.mandate,
        reasons: quittance_protocol::Digest32::of(b"reasons"),
    };
    let reply = house.post(&house.sign_as_merchant(&objection)).await;
    assert_eq!(reply.code(), Code::NotEligible);
}
