//! Teen mode at the gateway.

use quittance_flows::Phase;
use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::{ReplicaState, StartFlow};
use quittance_protocol::{Code, Currency, Money};

use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, cny};

/// An account in teen mode, with what its guardian granted for one charge.
async fn teen(house: &House, phone: &Phone<'_>, granted: Option<i64>) {
    let guardian = Phone::ready(house).await.account().await;
    let mut teen = serde_json::json!({ "guardian": guardian });
    if let Some(minor) = granted {
        teen["per_charge"] = serde_json::json!({ "minor": minor, "currency": "CNY" });
    }
    let path = format!("/sandbox/accounts/{}", phone.account().await);
    let set = house.set(&path, serde_json::json!({ "teen": teen })).await;
    assert_eq!(set.status, 200);
}

async fn with_mandate(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    (phone, token)
}

//
#[tokio::test]
async fn teen_mode_holds_every_mandate_and_tells_the_payer_of_each_decline() {
    let house = House::on_stage();
    let (phone, token) = with_mandate(&house).await;
    teen(&house, &phone, None).await;
    assert_eq!(phone.mandate(token.mandate).await.holds, ["teen"]);
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
    let told = phone.reconcile(&[(&token, ReplicaState::Held)]).await.events;
    let declined = PayerEventKind::Declined {
        mandate: token.mandate,
        code: Code::TeenLimit,
        amount: cny(1),
    };
    assert!(told.iter().any(|event| event.kind == declined));
}

//
#[tokio::test]
async fn a_teen_without_a_limit_signs_no_mandate() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    teen(&house, &phone, None).await;
    let token = Token::new();
    let offer = house.offer();
    let flow = phone.signed_flow(&token, &offer).await;
    let consent = phone.consent(&flow, &token, &offer).await;
    assert_eq!(phone.post(&consent).await.code(), Code::TeenLimit);
    // Control: with a limit the same consent is taken.
    teen(&house, &phone, Some(5000)).await;
    let consent = phone.consent(&flow, &token, &offer).await;
    assert_eq!(phone.post(&consent).await.status, 200);
}

//
#[tokio::test]
async fn fifty_passes_and_fifty_and_one_fen_does_not() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let offer = house.offer_of(
        quittance_protocol::statement::MandateKind::PayAsYouGo,
        cny(9000),
        cny(20_000),
        30,
    );
    let token = phone.provision(&offer).await;
    let permits = (1..=3).map(|number| token.capped(&house, number, 9000)).collect();
    assert_eq!(phone.activate(&token, permits).await.status, 200);
    teen(&house, &phone, Some(5000)).await;
    approved(&house.charge(token.mandate, 5000).await);
    assert_eq!(declined(&house.charge(token.mandate, 5001).await), Code::TeenLimit);
    // the ceiling holds whatever the guardian granted.
    teen(&house, &phone, Some(9000)).await;
    assert_eq!(declined(&house.charge(token.mandate, 5001).await), Code::TeenLimit);
}

/// A teen's phone with the guardian's.
async fn family(house: &House) -> (Phone<'_>, Phone<'_>) {
    let (teen, guardian) = (Phone::ready(house).await, Phone::ready(house).await);
    let path = format!("/sandbox/accounts/{}", teen.account().await);
    let profile = serde_json::json!({ "teen": { "guardian": guardian.account().await } });
    assert_eq!(house.set(&path, profile).await.status, 200);
    (teen, guardian)
}

async fn raise(guardian: &Phone<'_>, teen: &Phone<'_>, minor: i64) -> Phase {
    let wish = Wish::TeenLimit {
        teen: teen.account().await,
        per_charge: cny(minor),
    };
    let (flow, _) = guardian.begin_for("teen.raise_limit", &[], wish).await;
    guardian.walk_on(flow.start.flow).await.state.phase
}

//
//
//
#[tokio::test]
async fn the_guardian_and_nobody_else_raises_the_limit_up_to_the_ceiling() {
    let house = House::on_stage();
    let (teen, guardian) = family(&house).await;
    assert_eq!(raise(&guardian, &teen, 5001).await, Phase::Refused(Code::TeenLimit));
    assert_eq!(raise(&teen, &teen, 5000).await, Phase::Refused(Code::NotEligible));
    let stranger = Phone::ready(&house).await;
    assert_eq!(raise(&stranger, &teen, 5000).await, Phase::Refused(Code::NotEligible));
    assert_eq!(raise(&guardian, &teen, 5000).await, Phase::Completed);
    let token = teen.sign_mandate().await;
    approved(&house.charge(token.mandate, 5000).await);
}

//
#[tokio::test]
async fn a_teen_who_is_of_age_leaves_without_the_guardian_and_one_who_is_not_waits_for_the_guardian() {
    let house = House::on_stage();
    let (teen, guardian) = family(&house).await;
    house.script("contact_peer", &["{\"latency\":\"never\"}"]).await;
    let exit = async || {
        let wish = Wish::TeenExit {
            teen: teen.account().await,
        };
        let (flow, _) = teen.begin_for("teen.exit", &[], wish).await;
        teen.walk_on(flow.start.flow).await
    };
    assert_eq!(exit().await.open.as_deref(), Some("guardian_confirm"));
    let path = format!("/sandbox/accounts/{}", teen.account().await);
    let grown = serde_json::json!({ "born": "2000-02-29", "teen": { "guardian": guardian.account().await } });
    assert_eq!(house.set(&path, grown).await.status, 200);
    assert!(exit().await.is_complete());
    let token = teen.sign_mandate().await;
    approved(&house.charge(token.mandate, 5000).await);
}

//
#[tokio::test]
async fn teen_mode_is_not_left_in_the_aftermath_of_a_recovery() {
    let house = House::on_stage();
    let (teen, guardian) = family(&house).await;
    let exit = async || {
        let wish = Wish::TeenExit {
            teen: teen.account().await,
        };
        let (flow, _) = teen.begin_for("teen.exit", &[], wish).await;
        teen.walk_on(flow.start.flow).await.state.phase
    };
    let path = format!("/sandbox/accounts/{}", teen.account().await);
    let now = quittance_gateway::Clock::now(&*house.clock);
    let recovered = serde_json::json!({ "recovered_at": now, "teen": { "guardian": guardian.account().await } });
    assert_eq!(house.set(&path, recovered).await.status, 200);
    house.advance(DAY - 1).await;
    assert_eq!(exit().await, Phase::Refused(Code::RiskDenied));
    // Control: a second later it goes as far as the guardian.
    house.script("contact_peer", &["{\"latency\":\"never\"}"]).await;
    house.advance(1).await;
    assert_eq!(exit().await, Phase::Open);
}

//
#[tokio::test]
async fn teen_mode_ends_by_itself_on_the_birthday_that_makes_an_adult() {
    // A minute before midnight in Shanghai.
    let house = House::on_stage_at("2026-11-23T15:59:00Z");
    let (teen, token) = with_mandate(&house).await;
    let guardian = Phone::ready(&house).await.account().await;
    let path = format!("/sandbox/accounts/{}", teen.account().await);
    let born = |day| serde_json::json!({ "born": day, "teen": { "guardian": guardian } });
    assert_eq!(house.set(&path, born("2008-11-24")).await.status, 200);
    house.advance(59).await;
    assert_eq!(teen.mandate(token.mandate).await.holds, ["teen"]);
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
    house.advance(1).await;
    assert!(teen.mandate(token.mandate).await.holds.is_empty());
    approved(&house.charge(token.mandate, 5000).await);
    // Control: who is a day younger stays a teen.
    assert_eq!(house.set(&path, born("2008-11-25")).await.status, 200);
    house.settle().await;
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
}

//
#[tokio::test]
async fn the_guardian_grants_in_the_currency_of_the_ceiling() {
    let house = House::on_stage();
    let (teen, guardian) = family(&house).await;
    let raise = async |code: &str, minor| {
        let wish = Wish::TeenLimit {
            teen: teen.account().await,
            per_charge: Money::new(minor, Currency::new(code).unwrap()).unwrap(),
        };
        let start = guardian.flow_start_for("teen.raise_limit", &[], wish, guardian.nonce().await);
        guardian.post(&StartFlow { start }).await
    };
    // Fifty dinars are worth more than the ceiling, fifty yen less.
    for (code, minor) in [("KWD", 50_000), ("JPY", 50)] {
        let problem = raise(code, minor).await.problem();
        assert_eq!(
            (problem.code(), problem.pointer()),
            (Code::CurrencyMismatch, Some("/start/wish/per_charge"))
        );
    }
    // Control.
    assert_eq!(raise("CNY", 5_000).await.status, 200);
}
