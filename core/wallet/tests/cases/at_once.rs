//! A button that is pressed twice: two calls at once come to what one of them would have come to.

use crate::support::phone::{Phone, pin};
use crate::support::{PIN, Sandboxed};
use quittance_wallet::Answer;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn two_enrolments_are_one_and_its_pin_works() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::new(&sandbox);
    let (first, second) = tokio::join!(phone.wallet.enrol(pin(PIN)), phone.wallet.enrol(pin(PIN)));
    assert_eq!(first.unwrap(), second.unwrap());
    let said: BTreeSet<String> = sandbox.plug.said("enrolment").into_iter().collect();
    assert_eq!(said.len(), 1, "the phone introduces itself once");

    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "subscription").await).await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    assert!(phone.answer(flow).await.unwrap() && phone.answer(flow).await.unwrap());
    phone.wallet.submit(flow, Answer::PaymentPin(pin(PIN))).await.unwrap();
    phone.until_closed(mandate).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_taps_on_one_offer_begin_one_flow() {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let offer = sandbox.offer(&merchant, "subscription").await;
    let (first, second) = tokio::join!(phone.wallet.start_sign(&offer), phone.wallet.start_sign(&offer));
    let flow = first.unwrap();
    assert_eq!(flow, second.unwrap());
    let said: BTreeSet<String> = sandbox.plug.said("flow-start").into_iter().collect();
    assert_eq!(said.len(), 1, "the gateway hears of one");
    phone.walk(flow).await.unwrap();
    assert_eq!(phone.wallet.mandates().unwrap().len(), 1);
}
