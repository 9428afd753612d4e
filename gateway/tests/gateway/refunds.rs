//! Refunds: money goes back whether or not the token lives (domain 7.1).

use quittance_protocol::answer::{ChargeAnswer, ChargeDecision, ChargeRecord};
use quittance_protocol::statement::Refund;
use quittance_protocol::{ChargeId, Code, MandateId};

use crate::support::phone::{Phone, Token, approved};
use crate::support::{House, Reply, cny, until};

async fn charged(house: &House) -> (Phone<'_>, Token, ChargeId, String) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    let reply = house.charge(token.mandate, 3000).await;
    let reference = approved(&reply);
    let charge = reply.ok::<ChargeAnswer>().charge;
    (phone, token, charge, reference)
}

async fn refund(house: &House, charge: ChargeId, minor: i64) -> Reply {
    let refund = Refund {
        charge,
        amount: cny(minor),
    };
    house.post(&house.sign_as_merchant(&refund)).await
}

async fn history(house: &House, phone: &Phone<'_>, mandate: MandateId) -> Vec<ChargeRecord> {
    let bearer = phone.session().await;
    let path = format!("/v1/mandates/{mandate}/charges");
    house.get(&path, Some(&bearer)).await.ok()
}

#[tokio::test]
async fn a_refund_after_the_end_of_the_mandate_reaches_the_network() {
    let house = House::new();
    let (phone, token, charge, reference) = charged(&house).await;
    phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let record: ChargeRecord = refund(&house, charge, 1000).await.ok();
    assert_eq!(record.refunded, Some(cny(1000)));
    until("the refund reaches the network", || {
        !house.network.refunds().unwrap().is_empty()
    })
    .await;
    assert_eq!(house.network.refunds().unwrap(), [(reference, cny(1000))]);
    // what an ended mandate took stays readable.
    let history = history(&house, &phone, token.mandate).await;
    assert_eq!(history, [record]);
    assert!(matches!(history[0].decision, ChargeDecision::Approved { .. }));
}

#[tokio::test]
async fn never_more_goes_back_than_was_taken() {
    let house = House::new();
    let (_phone, _, charge, _) = charged(&house).await;
    assert_eq!(refund(&house, charge, 3001).await.code(), Code::LimitExceeded);
    assert_eq!(refund(&house, charge, 2000).await.status, 200);
    assert_eq!(refund(&house, charge, 1001).await.code(), Code::LimitExceeded);
    let all: ChargeRecord = refund(&house, charge, 1000).await.ok();
    assert_eq!(all.refunded, Some(cny(3000)));
    assert_eq!(refund(&house, charge, 1).await.code(), Code::LimitExceeded);
    assert_eq!(refund(&house, charge, -1).await.code(), Code::Malformed);
}

#[tokio::test]
async fn a_refund_is_for_a_charge_of_the_merchants_own() {
    let house = House::new();
    let (_phone, _, charge, _) = charged(&house).await;
    let nobodys = ChargeId::from_bytes([7; 16]);
    assert_eq!(refund(&house, nobodys, 1).await.code(), Code::NotFound);
    // Control.
    assert_eq!(refund(&house, charge, 1).await.status, 200);
}
