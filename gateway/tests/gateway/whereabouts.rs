//! What region, address and recovery of a payer add to a run (R-049 … ).

use quittance_flows::Phase;
use quittance_protocol::Code;

use crate::support::House;
use crate::support::phone::Phone;

async fn profile(house: &House, phone: &Phone<'_>, json: serde_json::Value) {
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    assert_eq!(house.set(&path, json).await.status, 200);
}

async fn steps_of_a_quick_cancel(house: &House, phone: &Phone<'_>) -> Vec<String> {
    let token = phone.sign_mandate().await;
    let walked = phone.walk("mandate.cancel.quick", &[token.mandate]).await;
    assert!(walked.is_complete(), "open: {:?}", walked.open);
    house.settle().await;
    let proved = walked.state.done.into_iter().filter(|step| step.evidence.is_some());
    proved.map(|step| step.id).collect()
}

//
//
//
#[tokio::test]
async fn a_payer_abroad_shows_passport_address_and_a_number_abroad_and_one_at_home_none_of_them() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    assert_eq!(
        steps_of_a_quick_cancel(&house, &phone).await,
        ["identify", "confirm", "payment_pin"]
    );
    profile(&house, &phone, serde_json::json!({ "region": "overseas" })).await;
    assert_eq!(
        steps_of_a_quick_cancel(&house, &phone).await,
        [
            "identify",
            "region.passport",
            "region.foreign_phone",
            "region.address",
            "confirm",
            "payment_pin"
        ]
    );
}

//
#[tokio::test]
async fn a_connection_that_hides_where_it_comes_from_refuses_and_adds_nothing() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let hidden = "{\"outcome\":{\"region\":\"ZZ\",\"vpn\":true},\"times\":9}";
    house.script("geo_locator", &[hidden]).await;
    assert_eq!(
        steps_of_a_quick_cancel(&house, &phone).await,
        ["identify", "confirm", "payment_pin"]
    );
}

//
#[tokio::test]
async fn after_a_recovery_signing_waits_for_24_hours_and_stopping_does_not() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let now = quittance_gateway::Clock::now(&*house.clock);
    profile(&house, &phone, serde_json::json!({ "recovered_at": now })).await;
    let sign = async || {
        let fresh = quittance_protocol::MandateId::from_bytes(crate::support::random());
        let flow = phone.begin("mandate.sign", &[fresh], b"offer").await;
        phone.walk_on(flow.start.flow).await.state.phase
    };
    house.advance(24 * 3_600 - 1).await;
    assert_eq!(sign().await, Phase::Refused(Code::RiskDenied));
    phone.revoke(&[token.mandate]).await;
    house.advance(1).await;
    assert_eq!(sign().await, Phase::Completed);
}
