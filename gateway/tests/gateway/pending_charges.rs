//! A charge whose outcome the card network has not told: its id, its permit and its window wait with it.

use quittance_gateway::{Clock as _, ScriptedOutcome};
use quittance_protocol::answer::{ChargeRecord, PayerEventKind};
use quittance_protocol::statement::{Charge, Refund, ReplicaState};
use quittance_protocol::{ChargeId, Code, Statement, StatementId};

use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, ORIGIN, cny, random};

/// A merchant's statement under an id.
fn under<T: Statement>(house: &House, id: StatementId, body: &T) -> String {
    let signed = house
        .merchants
        .sign(house.merchant, ORIGIN, house.clock.now(), id, body);
    signed.unwrap()
}

/// A charge of which the network has heard nothing.
async fn pending(house: &House, token: &Token, id: StatementId) -> String {
    let charge = Charge {
        mandate: token.mandate,
        amount: cny(100),
        reference: "r".to_owned(),
        permit: None,
    };
    let charge = under(house, id, &charge);
    house.network_says(ScriptedOutcome::Unavailable);
    assert_eq!(house.post(&charge).await.code(), Code::ExternalUnavailable);
    charge
}

fn moved(house: &House) -> usize {
    let seen = house.network.charges().unwrap();
    seen.iter().filter(|charge| charge.acquirer_reference.is_some()).count()
}

#[tokio::test]
async fn the_id_of_a_charge_is_taken_before_its_outcome_is_known() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let id = StatementId::from_bytes(random());
    let charge = pending(&house, &token, id).await;
    let other = Refund {
        charge: ChargeId::from_bytes(random()),
        amount: cny(1),
    };
    assert_eq!(house.post(&under(&house, id, &other)).await.code(), Code::JtiReused);
    house.network_says(ScriptedOutcome::Approve);
    approved(&house.post(&charge).await);
    assert_eq!(moved(&house), 1);
    // Control: under an id of its own it is judged.
    let own = StatementId::from_bytes(random());
    assert_eq!(house.post(&under(&house, own, &other)).await.code(), Code::NotFound);
}

// R-314
#[tokio::test]
async fn a_charge_that_the_network_never_saw_is_not_made_once_its_permit_is_over() {
    for (days, moves) in [(29, 1), (31, 0)] {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        let token = phone.sign_mandate().await;
        let charge = pending(&house, &token, StatementId::from_bytes(random())).await;
        house.clock.advance(days * DAY);
        house.network_says(ScriptedOutcome::Approve);
        let answer = house.post(&charge).await;
        if moves == 0 {
            assert_eq!(declined(&answer), Code::LimitExceeded, "after {days} days");
        } else {
            approved(&answer);
        }
        assert_eq!(moved(&house), moves, "after {days} days");
    }
}

#[tokio::test]
async fn a_charge_is_told_with_the_moment_of_its_reservation_whenever_the_network_answers() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let charge = pending(&house, &token, StatementId::from_bytes(random())).await;
    let reserved = house.clock.now();
    house.clock.advance(5 * DAY);
    house.network_says(ScriptedOutcome::Approve);
    approved(&house.post(&charge).await);
    let told = phone.reconcile(&[(&token, ReplicaState::Active)]).await.events;
    let [event] = told.as_slice() else { panic!("{told:?}") };
    assert!(matches!(event.kind, PayerEventKind::Charged { .. }), "{event:?}");
    let bearer = phone.session().await;
    let path = format!("/v1/mandates/{}/charges", token.mandate);
    let history: Vec<ChargeRecord> = house.get(&path, Some(&bearer)).await.ok();
    assert_eq!((event.at, history[0].at), (reserved, reserved));
}
