//! Stop instructions at the gateway.

use quittance_protocol::Code;
use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::flow_event::Wish;
use quittance_protocol::statement::{ReplicaState, Stop, StopScope};

use crate::support::House;
use crate::support::phone::{Phone, Token, approved, declined};

async fn stop(phone: &Phone<'_>, stop: StopScope) -> Vec<StopScope> {
    phone.post(&Stop { stop }).await.ok()
}

//
#[tokio::test]
async fn a_stopped_merchant_charges_nothing_and_signs_nothing_new() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
    let scope = StopScope::Merchant {
        merchant: house.merchant,
    };
    assert_eq!(
        stop(&phone, scope.clone()).await.as_slice(),
        std::slice::from_ref(&scope)
    );
    assert_eq!(
        stop(&phone, scope.clone()).await,
        std::slice::from_ref(&scope),
        "stopping twice is stopping"
    );
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::StoppedByPayer);
    let told = phone.reconcile(&[(&token, ReplicaState::Held)]).await;
    assert_eq!(told.stops, [scope]);
    let declined = |kind: &PayerEventKind| {
        matches!(
            kind,
            PayerEventKind::Declined {
                code: Code::StoppedByPayer,
                ..
            }
        )
    };
    assert!(told.events.iter().any(|event| declined(&event.kind)));
    let fresh = Token::new();
    let offer = house.offer();
    let flow = phone.signed_flow(&fresh, &offer).await;
    let consent = phone.consent(&flow, &fresh, &offer).await;
    assert_eq!(phone.post(&consent).await.code(), Code::StoppedByPayer);
}

//
#[tokio::test]
async fn an_instruction_about_another_category_stops_nothing_here() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let other = StopScope::Category {
        category: "games".to_owned(),
    };
    stop(&phone, other).await;
    approved(&house.charge(token.mandate, 100).await);
    stop(&phone, StopScope::Everything {}).await;
    assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::StoppedByPayer);
}

//
#[tokio::test]
async fn taking_an_instruction_back_needs_the_payer_and_frees_what_no_other_one_covers() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let merchant = StopScope::Merchant {
        merchant: house.merchant,
    };
    stop(&phone, merchant.clone()).await;
    stop(&phone, StopScope::Everything {}).await;
    lift(&phone, StopScope::Everything {}).await;
    assert_eq!(
        declined(&house.charge(token.mandate, 100).await),
        Code::StoppedByPayer,
        "the other one stands"
    );
    lift(&phone, merchant).await;
    approved(&house.charge(token.mandate, 100).await);
}

async fn lift(phone: &Phone<'_>, stop: StopScope) {
    let (flow, _) = phone.begin_for("stop.lift", &[], Wish::LiftStop { stop }).await;
    phone.confirm(&flow, "confirm").await;
    phone.identify(&flow).await;
}

//
#[tokio::test]
async fn what_is_stopped_can_still_be_cancelled() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    stop(&phone, StopScope::Everything {}).await;
    let order = phone.revoke(&[token.mandate]).await;
    assert_eq!(order.mandates, [token.mandate]);
}
