//! Ends that merchants and the platform decide about (R-030 … R-034).

use quittance_gateway::MerchantNotice;
use quittance_protocol::answer::{MandateState, PayerEventKind, Recorded};
use quittance_protocol::log_body::{Actor, Ending, TerminationCause};
use quittance_protocol::statement::{Channel, Objection, ReplicaState};
use quittance_protocol::{Code, Digest32};

use crate::support::phone::{Phone, Token, declined};
use crate::support::{House, until};

const HOUR: i64 = 3_600;

async fn in_a_mini_program(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let offer = house.offer_with(|terms| terms.channel = Channel::MiniProgram);
    let token = phone.provision(&offer).await;
    assert_eq!(phone.activate(&token, vec![token.pooled(house, 1)]).await.status, 200);
    (phone, token)
}

async fn obstructions(house: &House) -> serde_json::Value {
    let standing: serde_json::Value = house
        .get(&format!("/sandbox/merchants/{}", house.merchant), None)
        .await
        .ok();
    standing["obstructions"].clone()
}

//
//
#[tokio::test]
async fn a_merchant_who_is_silent_for_72_hours_has_released_the_mandate() {
    let house = House::on_stage();
    house.script("merchant_release", &["{\"latency\":\"never\"}"]).await;
    let (phone, token) = in_a_mini_program(&house).await;
    let walked = phone.walk("mandate.cancel.mini_program", &[token.mandate]).await;
    assert_eq!(walked.open.as_deref(), Some("release"));
    assert_eq!(
        declined(&house.charge(token.mandate, 1).await),
        Code::MandateHeld,
        "R-301"
    );
    let flow = walked.flow.start.flow;
    house.advance(72 * HOUR - 1).await;
    assert_eq!(phone.walk_on(flow).await.open.as_deref(), Some("release"));
    assert_eq!(obstructions(&house).await, 0);
    house.advance(1).await;
    assert_eq!(obstructions(&house).await, 1, "R-033: no answer stands in the way, too");
    assert_eq!(phone.walk_on(flow).await.open.as_deref(), Some("platform_review"));
    house.decide(flow, "platform_review", true).await;
    house.settle().await;
    let record = phone.mandate(token.mandate).await;
    assert_eq!(record.state, MandateState::Ended);
    assert_eq!(record.ending, Some(TerminationCause::Payer.by_usual_actor()));
}

//
#[tokio::test]
async fn a_merchant_who_refuses_obstructs_on_record_and_the_platform_decides() {
    let house = House::on_stage();
    house.script("merchant_release", &["{\"outcome\":\"refuses\"}"]).await;
    let (phone, token) = in_a_mini_program(&house).await;
    let walked = phone.walk("mandate.cancel.mini_program", &[token.mandate]).await;
    assert_eq!(walked.open.as_deref(), Some("platform_review"));
    assert_eq!(obstructions(&house).await, 1);
}

//
#[tokio::test]
async fn a_merchant_who_agrees_stands_in_nobodys_way() {
    let house = House::on_stage();
    house.script("merchant_release", &["{\"outcome\":\"agrees\"}"]).await;
    let (phone, token) = in_a_mini_program(&house).await;
    let walked = phone.walk("mandate.cancel.mini_program", &[token.mandate]).await;
    assert_eq!(walked.open.as_deref(), Some("platform_review"));
    assert_eq!(obstructions(&house).await, 0);
}

//
#[tokio::test]
async fn a_forced_end_holds_at_once_needs_four_eyes_and_lets_the_merchant_object_after() {
    let house = House::on_stage();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let walked = phone.walk("mandate.cancel.forced", &[token.mandate]).await;
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
    let flow = walked.flow.start.flow;
    house.decide(flow, "first_review", true).await;
    house.decide(flow, "second_review", true).await;
    house.settle().await;
    let forced = Ending {
        cause: TerminationCause::PlatformForced,
        by: Actor::Platform,
    };
    let record = phone.mandate(token.mandate).await;
    assert_eq!((record.state, record.ending), (MandateState::Ended, Some(forced)));
    let objection = Objection {
        mandate: token.mandate,
        reasons: Digest32::of(b"we were never asked"),
    };
    for _ in 0..2 {
        let _: Recorded = house.post(&house.sign_as_merchant(&objection)).await.ok();
    }
    let told = phone.reconcile(&[(&token, ReplicaState::Held)]).await.events;
    let objected = PayerEventKind::MerchantObjected { mandate: token.mandate };
    assert_eq!(
        told.iter().filter(|event| event.kind == objected).count(),
        1,
        "the payer hears of it once"
    );
    assert_eq!(
        phone.mandate(token.mandate).await.state,
        MandateState::Ended,
        "it changes nothing"
    );
    let noticed = |notice: &MerchantNotice| matches!(notice, MerchantNotice::ForcedUnbind { mandate, .. } if *mandate == token.mandate);
    until("the merchant is told", || {
        house.merchants.notices(house.merchant).unwrap().iter().any(noticed)
    })
    .await;
}
