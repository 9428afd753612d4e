//! A gateway whose one thread died says so, instead of answering `internal` for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use quittance_protocol::Code;
use quittance_protocol::statement::Lock;

use crate::support::House;
use crate::support::custodians::Panicking;
use crate::support::phone::Phone;

const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn whoever_serves_hears_that_the_sequencer_died() {
    let house = House::closed();
    let custodian = Arc::new(Panicking {
        inner: house.custodian(),
        now: AtomicBool::new(false),
    });
    house.use_custodian(custodian.clone());
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let gateway = house.gateway();
    assert!(gateway.ended().now_or_never().is_none(), "control: it lives");
    custodian.now.store(true, Ordering::SeqCst);
    phone.revoke(&[token.mandate]).await;
    tokio::time::timeout(DEADLINE, gateway.ended())
        .await
        .expect("it is told");
    let refused = phone.post(&Lock { other_devices: false }).await;
    assert_eq!(refused.code(), Code::Internal);
    // What was decided before stands.
    custodian.now.store(false, Ordering::SeqCst);
    house.restart();
    house.settle().await;
    house.stop();
    assert!(house.halves().is_empty());
}

#[tokio::test]
async fn a_gateway_that_is_shut_down_has_ended() {
    let house = House::new();
    let gateway = house.gateway();
    house.stop();
    tokio::time::timeout(DEADLINE, gateway.ended())
        .await
        .expect("it is told");
}
