//! What keeps a phone from being enrolled: each has its own error, owes its reaction, and changes nothing.

use quittance_testkit::stage::{Stage, pin_of};
use quittance_testkit::story::PIN;
use quittance_wallet::{ErrorKind, WalletError};

#[tokio::test]
async fn a_gateway_whose_log_has_another_key_is_not_believed_and_nothing_is_enrolled() {
    let (stage, other) = (Stage::set().await.unwrap(), Stage::set().await.unwrap());
    let foreign = other.gateway().unwrap().log_key().to_string();
    let phone = stage.phone_believing(&foreign).unwrap();

    let refused = phone.wallet.enrol(pin_of(PIN)).await.unwrap_err();

    assert!(matches!(refused, WalletError::PolicyUntrusted), "{refused:?}");
    assert_eq!(refused.kind(), ErrorKind::Alarm);
    assert!(phone.wallet.enrolment().unwrap().is_none());
    stage.enrolled().await.expect("control: with its own key it is");
}

#[tokio::test]
async fn without_a_network_nothing_is_enrolled_and_the_same_goes_on_when_there_is_one() {
    let stage = Stage::set().await.unwrap();
    let phone = stage.phone().unwrap();
    stage.network.down().await;

    let refused = phone.wallet.enrol(pin_of(PIN)).await.unwrap_err();

    assert!(matches!(refused, WalletError::Offline), "{refused:?}");
    assert_eq!(refused.kind(), ErrorKind::Retry);
    assert!(phone.wallet.enrolment().unwrap().is_none());
    stage.network.again().await.unwrap();
    phone.enrol(PIN).await.unwrap();
    let mandate = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "approved");
}
