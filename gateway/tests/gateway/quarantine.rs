//! A device in quarantine: it raises nothing any more, and stops everything.

use std::sync::atomic::Ordering;

use quittance_protocol::Code;
use quittance_protocol::statement::{Charge, Session};

use crate::support::House;
use crate::support::cny;
use crate::support::phone::{Phone, Token, approved, declined};

/// Two phones with one key: a number is used for a second content.
async fn fork(phone: &Phone<'_>) {
    let used = phone.number.load(Ordering::SeqCst) - 1;
    let forked = phone.device.sign(&phone.claims(Some(used)), &Session {});
    let _ = phone.house.post(&forked).await;
    assert_eq!(phone.resume(&[]).await.code(), Code::DeviceQuarantined);
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
