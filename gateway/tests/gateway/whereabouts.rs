//! What region, address and recovery of a payer add to a run (R-049 … ).

use quittance_flows::Phase;
use quittance_gateway::parties::NumberKind;
use quittance_protocol::Code;
use quittance_protocol::answer::MandateRecord;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::Limits;

use crate::support::phone::{Phone, Token, declined};
use crate::support::{House, cny};

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
    assert_eq!(phone.last_number().await, NumberKind::Foreign);
}

//
//
#[tokio::test]
async fn a_payer_abroad_proves_as_much_on_the_longer_ways_and_nothing_where_others_decide() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    profile(&house, &phone, serde_json::json!({ "region": "overseas" })).await;
    let abroad = ["region.passport", "region.foreign_phone", "region.address"].as_slice();
    for (definition, open, proves) in [
        ("mandate.cancel.service", None, abroad),
        ("mandate.cancel.assisted", Some("agent_review"), abroad),
        ("mandate.cancel.forced", Some("first_review"), &[]),
    ] {
        let token = phone.sign_mandate().await;
        let walked = phone.walk(definition, &[token.mandate]).await;
        assert_eq!(walked.open.as_deref(), open, "{definition}");
        let done = walked.state.done.iter().filter(|step| step.evidence.is_some());
        let proved: Vec<&str> = done
            .map(|step| step.id.as_str())
            .filter(|id| id.starts_with("region."))
            .collect();
        assert_eq!(proved, proves, "{definition}");
        assert_eq!(
            declined(&house.charge(token.mandate, 1).await),
            Code::MandateHeld,
            "{definition}"
        );
    }
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

// R-010 R-051
#[tokio::test]
async fn a_hidden_connection_speaks_against_the_payer_until_the_next_one_is_seen() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    assert_eq!(phone.risk_score().await, None);
    for (hidden, score) in [(true, 20), (false, 0)] {
        let seen = format!("{{\"outcome\":{{\"region\":\"ZZ\",\"vpn\":{hidden}}},\"times\":9}}");
        house.script("geo_locator", &[&seen]).await;
        let token = phone.sign_mandate().await;
        phone.revoke(&[token.mandate]).await;
        house.settle().await;
        assert_eq!(phone.risk_score().await, Some(score), "hidden: {hidden}");
    }
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

//
#[tokio::test]
async fn what_began_before_a_recovery_does_not_finish_after_it() {
    // Before, the recovery was looked for once, when a run began: each of the three went through.
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let limits = Limits::new(cny(1000), cny(20_000), 30);
    let (change, _) = phone
        .begin_for("mandate.change_limits", &[token.mandate], Wish::Limits { limits })
        .await;
    phone.confirm(&change, "confirm").await;
    phone
        .answer(&change, "dynamic_passcode", phone.last_code().await)
        .await
        .ok::<quittance_protocol::answer::FlowLog>();
    let (new, offer) = (Token::new(), house.offer());
    let signed = phone.signed_flow(&new, &offer).await;
    let _: Vec<MandateRecord> = phone.pause(&[token.mandate]).await.ok();

    let now = quittance_gateway::Clock::now(&*house.clock);
    profile(&house, &phone, serde_json::json!({ "recovered_at": now })).await;
    let finish = async || phone.prove(&change, "identify", &phone.biometric).await;
    let consent = async || phone.post(&phone.consent(&signed, &new, &offer).await).await;
    assert_eq!(finish().await.code(), Code::RiskDenied);
    assert_eq!(consent().await.code(), Code::RiskDenied);
    assert_eq!(phone.resume(&[token.mandate]).await.code(), Code::RiskDenied);
    assert_eq!(phone.mandate(token.mandate).await.holds, ["payer"]);

    // Control: without the recovery each of them finishes.
    profile(&house, &phone, serde_json::json!({ "recovered_at": null })).await;
    assert_eq!(finish().await.status, 200);
    assert_eq!(consent().await.status, 200);
    assert_eq!(phone.resume(&[token.mandate]).await.status, 200);
    assert_eq!(declined(&house.charge(token.mandate, 1001).await), Code::LimitExceeded);
}
