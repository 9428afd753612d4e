//! A half that a phone lost: held until the phone tells of it again, or its payer ends it.

use quittance_protocol::Code;
use quittance_protocol::answer::{MandateState, OrderState};
use quittance_protocol::statement::{HeldToken, Reconciliation, ReplicaState};

use crate::support::House;
use crate::support::phone::{Phone, Token, approved, declined};

async fn active(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    (phone, token)
}

//
#[tokio::test]
async fn reconciliation_holds_what_the_phone_lost_and_names_orphans() {
    // Domain 7.2.
    let house = House::new();
    let (phone, token) = active(&house).await;
    let orphan = Token::new();
    let told = phone
        .reconcile(&[(&token, ReplicaState::Active), (&orphan, ReplicaState::Active)])
        .await;
    assert_eq!(told.orphans, [orphan.token]);
    assert_eq!(told.mandates[0].state, MandateState::Active);
    let told = phone.reconcile(&[]).await;
    assert_eq!(
        (told.mandates[0].state, told.mandates[0].holds.as_slice()),
        (MandateState::Suspended, &["device".to_owned()][..])
    );
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
    assert!(told.orders.is_empty(), "the gateway orders nothing by itself");
}

//
#[tokio::test]
async fn what_the_phone_lost_stays_held_until_the_phone_tells_of_it_again() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    phone.reconcile(&[]).await;
    // I9: it is no pause of the payer's, so no wish of the payer's lifts it.
    assert_eq!(phone.resume(&[token.mandate]).await.status, 200);
    assert_eq!(phone.mandate(token.mandate).await.holds, ["device"]);
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
    let told = phone.reconcile(&[(&token, ReplicaState::Held)]).await;
    assert_eq!(told.mandates[0].state, MandateState::Active);
    approved(&house.charge(token.mandate, 1).await);
}

//
#[tokio::test]
async fn what_the_phone_told_before_the_loss_lifts_nothing_when_it_arrives_after_it() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    let still_there = || Reconciliation {
        tokens: vec![HeldToken {
            token: token.token,
            mandate: token.mandate,
            state: ReplicaState::Active,
            next_permit: 4,
        }],
        events_after: None,
    };
    let late = phone.say(&still_there());
    phone.reconcile(&[]).await;
    assert_eq!(house.post(&late).await.status, 200);
    assert_eq!(phone.mandate(token.mandate).await.holds, ["device"]);
    // Control: what is said after it lifts it.
    assert_eq!(phone.post(&still_there()).await.status, 200);
    assert!(phone.mandate(token.mandate).await.holds.is_empty());
}

//
#[tokio::test]
async fn what_the_phone_lost_can_be_cancelled() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    phone.reconcile(&[]).await;
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
}
