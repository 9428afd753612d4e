//! A device in quarantine: it raises nothing any more, and stops everything.

use std::sync::atomic::Ordering;

use quittance_gateway::ScriptedOutcome;
use quittance_protocol::answer::{MandateState, OrderRecord, OrderState};
use quittance_protocol::statement::{Acknowledgement, Charge, Hold, HoldChange, ReplicaState, StartFlow};
use quittance_protocol::{Code, MandateId, Statement};

use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{House, cny, random};

/// Two phones with one key: a number is used for a second content.
async fn fork(phone: &Phone<'_>) {
    let problem = phone.house.post(&forked(phone, &raising(phone).await)).await.problem();
    assert_eq!((problem.code(), problem.pointer()), (Code::SequenceFork, Some("/seq")));
    assert_eq!(phone.post(&raising(phone).await).await.code(), Code::DeviceQuarantined);
}

/// A statement under the number of the one before it.
fn forked<T: Statement>(phone: &Phone<'_>, body: &T) -> String {
    let used = phone.number.load(Ordering::SeqCst) - 1;
    phone.device.sign(&phone.claims(Some(used)), body)
}

/// The beginning of a flow that would raise authority.
async fn raising(phone: &Phone<'_>) -> StartFlow {
    let fresh = [MandateId::from_bytes(random())];
    let start = phone.flow_start("mandate.sign", &fresh, b"offer", phone.nonce().await);
    StartFlow { start }
}

fn present(house: &House, token: &Token, number: u64, till: &str) -> String {
    house.sign_as_merchant(&Charge {
        mandate: token.mandate,
        amount: cny(700),
        reference: till.to_owned(),
        permit: Some(token.present(house, number, 700, till)),
    })
}

#[tokio::test]
async fn its_permits_are_worth_nothing_deposited_or_handed_over() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    // The control: before, each of them passes.
    approved(&house.charge(token.mandate, 100).await);
    assert_eq!(house.post(&token.pooled(&house, 4)).await.status, 200);
    approved(&house.post(&present(&house, &token, 5, "till 1")).await);
    fork(&phone).await;
    assert_eq!(
        house.post(&token.pooled(&house, 6)).await.code(),
        Code::DeviceQuarantined
    );
    let handed = house.post(&present(&house, &token, 7, "till 2")).await;
    assert_eq!(declined(&handed), Code::DeviceQuarantined);
    assert_eq!(
        declined(&house.charge(token.mandate, 100).await),
        Code::DeviceQuarantined
    );
    assert_eq!(house.network.charges().unwrap().len(), 2, "nobody was asked for money");
    // Another phone of the same house goes on.
    let other = Phone::ready(&house).await;
    let token = other.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
}

// R-303
#[tokio::test]
async fn it_cancels_destroys_attests_and_fetches_its_closure() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    fork(&phone).await;
    assert_eq!(phone.pause(&[token.mandate]).await.status, 200);
    assert_eq!(phone.resume(&[token.mandate]).await.code(), Code::DeviceQuarantined);
    // Session, flow-start, flow-answer, pin-start, pin-finish, intent.
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let order = phone.order(order.order).await;
    assert_eq!(order.state, OrderState::Destroyed);
    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!(closed.state, OrderState::Closed);
    let told = phone.reconcile(&[(&token, ReplicaState::Destroyed)]).await;
    assert_eq!(told.orders.len(), 1);
    let acknowledgement = Acknowledgement {
        order: order.order,
        verified: true,
    };
    assert_eq!(phone.post(&acknowledgement).await.status, 200);
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::TokenDestroyed);
}

#[tokio::test]
async fn a_hold_that_forks_holds_and_quarantines() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let hold = Hold {
        mandates: vec![token.mandate],
        change: HoldChange::Add {},
    };
    assert_eq!(house.post(&forked(&phone, &hold)).await.status, 200);
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Suspended);
    assert_eq!(phone.post(&raising(&phone).await).await.code(), Code::DeviceQuarantined);
}

// R-336
#[tokio::test]
async fn an_intent_that_forks_orders_and_quarantines() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let intent = phone.intend(&[token.mandate]).await;
    let order: OrderRecord = house.post(&forked(&phone, &intent)).await.ok();
    house.settle().await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
    assert_eq!(phone.post(&raising(&phone).await).await.code(), Code::DeviceQuarantined);
}

#[tokio::test]
async fn a_fork_is_recorded_also_where_the_statement_itself_is_refused() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    phone.sign_mandate().await;
    let unknown = Hold {
        mandates: vec![MandateId::from_bytes(random())],
        change: HoldChange::Add {},
    };
    assert_eq!(house.post(&forked(&phone, &unknown)).await.code(), Code::NotFound);
    assert_eq!(phone.post(&raising(&phone).await).await.code(), Code::DeviceQuarantined);
}

// R-314
#[tokio::test]
async fn a_charge_that_waits_for_the_network_is_not_made_any_more() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = house.sign_as_merchant(&Charge {
        mandate: token.mandate,
        amount: cny(700),
        reference: "r".to_owned(),
        permit: None,
    });
    house.network_says(ScriptedOutcome::Unavailable);
    assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
    fork(&phone).await;
    house.network_says(ScriptedOutcome::Approve);
    declined(&house.post(&charge).await);
    let seen = house.network.charges().unwrap();
    assert!(seen.iter().all(|charge| charge.acquirer_reference.is_none()));
}

/// A phone and its copy say something under one number at the same moment, so that both are decided in one commit.
#[tokio::test]
async fn a_fork_within_one_commit_is_seen() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let number = phone.number.fetch_add(1, Ordering::SeqCst);
    let one = phone.device.sign(&phone.claims(Some(number)), &raising(&phone).await);
    let other = phone.device.sign(&phone.claims(Some(number)), &raising(&phone).await);
    let before = phone.say(&raising(&phone).await);
    let database = rusqlite::Connection::open(house.data().join("gateway.sqlite")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let lets_go = async {
        // Enough for all three to be handed to the thread that decides, which waits with the first.
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
        database.execute_batch("ROLLBACK").unwrap();
    };
    let (first, one, other, ()) = tokio::join!(house.post(&before), house.post(&one), house.post(&other), lets_go);
    // On a busy machine it comes last, after the fork.
    assert!(first.status == 200 || first.code() == Code::DeviceQuarantined);
    let mut codes = [one, other].map(|reply| reply.status);
    codes.sort_unstable();
    assert_ne!(codes, [200, 200], "a number is never accepted twice");
    assert_eq!(phone.post(&raising(&phone).await).await.code(), Code::DeviceQuarantined);
}
