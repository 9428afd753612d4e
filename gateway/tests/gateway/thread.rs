//! The whole thread: from enrolment to a closure that anybody can check.

use crate::support::phone::{Phone, approved, declined};
use crate::support::{House, cny};
use quittance_protocol::answer::{MandateState, OrderRecord, OrderState, PayerEventKind};
use quittance_protocol::flow_event::Wish;
use quittance_protocol::log::verify_logged;
use quittance_protocol::log::{EntryKind, TlogProof};
use quittance_protocol::log_body::{ClosureKind, DestroyedBody, EvidenceLevel, OrderBody};
use quittance_protocol::statement::{Acknowledgement, ReplicaState};
use quittance_protocol::{Code, Digest32, Receipt, Received};

//
#[tokio::test]
async fn a_mandate_is_signed_charged_cancelled_destroyed_and_closed_on_both_sides() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let record = phone.mandate(token.mandate).await;
    assert_eq!(
        (record.state, record.gateway_half, record.permits_left),
        (MandateState::Active, ReplicaState::Active, 3)
    );

    // within the limits it passes, above the cap it is declined with its reason.
    approved(&house.charge(token.mandate, 3000).await);
    assert_eq!(declined(&house.charge(token.mandate, 5001).await), Code::LimitExceeded);
    assert_eq!(phone.mandate(token.mandate).await.permits_left, 2);

    // three steps, effective at once.
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let order = phone.order(order.order).await;
    assert_eq!(order.state, OrderState::Destroyed);
    let record = phone.mandate(token.mandate).await;
    assert_eq!(
        (record.state, record.gateway_half),
        (MandateState::Ended, ReplicaState::Destroyed)
    );

    // The order is in the log, and says what was asked for.
    let log = house.log_key();
    let logged = |quoted: &quittance_protocol::answer::Logged, kind| {
        let proof: TlogProof = quoted.proof.parse().unwrap();
        let entry = verify_logged(&quoted.proof, &log, &proof.extra.unwrap()).unwrap();
        assert_eq!(entry.entry().kind, kind);
        assert!(
            entry
                .entry()
                .opens_to(quoted.salt.as_slice().try_into().unwrap(), quoted.body.as_slice())
        );
        quoted.body.clone()
    };
    let body: OrderBody = serde_json::from_slice(logged(&order.ordered, EntryKind::Order).as_slice()).unwrap();
    assert_eq!((body.order, &body.nonce), (order.order, &order.nonce));
    let destroyed = order.destroyed.clone().unwrap();
    let body: DestroyedBody = serde_json::from_slice(logged(&destroyed, EntryKind::Destroyed).as_slice()).unwrap();
    assert_eq!(body.authorization, "token_destroyed");
    assert!(body.epoch_new > body.epoch_old && !body.resumed);
    assert!(!body.probe.old_root_opens && !body.probe.records_open && !body.probe.key_found);

    let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!(closed.state, OrderState::Closed);
    let closure = closed.closure.clone().unwrap();
    let receipt = Receipt::parse(closure.receipt.as_bytes())
        .unwrap()
        .verify(&log)
        .unwrap();
    let body = receipt.open(&closure.annex).unwrap();
    assert_eq!(body.kind, ClosureKind::TwoSided);
    assert_eq!(body.evidence_level, EvidenceLevel::E0, "software keys are nothing more");
    assert_eq!(body.risk_epoch_after, body.risk_epoch_before + 1, "R-010");
    let destroyed: TlogProof = destroyed.proof.parse().unwrap();
    assert_eq!(body.gateway_attestation, Digest32::of(&destroyed.extra.unwrap()));
    let attested = Received::parse(closure.annex.statements.last().unwrap()).unwrap();
    assert_eq!(body.phone_attestation, Some(attested.content()));

    let acknowledged: OrderRecord = phone
        .post(&Acknowledgement {
            order: order.order,
            verified: true,
        })
        .await
        .ok();
    assert_eq!(acknowledged.closure.unwrap().receipt, closure.receipt);
    let reconciled = phone.reconcile(&[(&token, ReplicaState::Destroyed)]).await;
    assert!(reconciled.orders.is_empty() && reconciled.orphans.is_empty());
    let charged = reconciled.events.iter().filter(|event| {
        event.kind
            == PayerEventKind::Charged {
                mandate: token.mandate,
                amount: cny(3000),
            }
    });
    assert_eq!(charged.count(), 1);

    // Undo after effective_at is too late.
    let undo = Wish::Undo { order: order.order };
    let (flow, _) = phone.begin_for("mandate.undo", &[], undo).await;
    let late = phone.answer(&flow, "confirm", phone.shown()).await.problem();
    assert_eq!(late.code(), Code::TooLate);
}
