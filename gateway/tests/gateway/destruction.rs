//! Two-sided destruction: the rows of domain 8.3 on the quick path, from the gateway's side.

use std::sync::Arc;

use quittance_protocol::answer::{MandateState, OrderRecord, OrderState, PayerEventKind};
use quittance_protocol::log_body::{ClosureBody, ClosureKind, DestroyedBody, TerminationCause};
use quittance_protocol::statement::{Attestation, Intent, PhoneOutcome, ReplicaState};
use quittance_protocol::{B64, Code, Digest32, Receipt};
use quittance_vault::RootKeys as _;

use crate::support::custodians::{Call, Failing, Keeping, Stop};
use crate::support::phone::{Phone, Token, approved, declined};
use crate::support::{DAY, House, random};

async fn active(house: &House) -> (Phone<'_>, Token) {
    let phone = Phone::ready(house).await;
    let token = phone.sign_mandate().await;
    (phone, token)
}

fn destroyed(order: &OrderRecord) -> DestroyedBody {
    serde_json::from_slice(order.destroyed.as_ref().expect("destroyed").body.as_slice()).unwrap()
}

fn closure(house: &House, order: &OrderRecord) -> ClosureBody {
    let closure = order.closure.as_ref().expect("a closure");
    Receipt::parse(closure.receipt.as_bytes())
        .unwrap()
        .verify(&house.log_key())
        .unwrap()
        .open(&closure.annex)
        .unwrap()
}

//
#[tokio::test]
async fn revoking_again_by_another_flow_is_the_same_order_and_the_same_receipt() {
    // H2; domain 8.3 "revoke again", "two routes race".
    let house = House::new();
    let (phone, token) = active(&house).await;
    let first_intent = phone.intend(&[token.mandate]).await;
    let second_intent = phone.intend(&[token.mandate]).await;
    let first: OrderRecord = phone.post(&first_intent).await.ok();
    let second: OrderRecord = phone.post(&second_intent).await.ok();
    assert_eq!(first.order, second.order);
    house.settle().await;
    let closed: OrderRecord = phone.post(&phone.attestation(&first)).await.ok();
    let again = phone.revoke(&[token.mandate]).await;
    assert_eq!((again.order, again.closure), (closed.order, closed.closure));
}

//
#[tokio::test]
async fn a_charge_between_hold_and_end_is_declined_then_the_dead_token_rings_once_in_the_log() {
    // Domain 8.3 "charge arrives between 2 and 3", "use of destroyed token".
    let house = House::new();
    let (phone, token) = active(&house).await;
    let intent = phone.intend(&[token.mandate]).await;
    assert_eq!(
        declined(&house.charge(token.mandate, 100).await),
        Code::MandateHeld,
        "R-301: the first step holds"
    );
    let _: OrderRecord = phone.post(&intent).await.ok();
    house.settle().await;
    let size = |note: String| note.lines().nth(1).unwrap().parse::<u64>().unwrap();
    let before = size(house.get("/log/checkpoint", None).await.text());
    for _ in 0..3 {
        assert_eq!(declined(&house.charge(token.mandate, 100).await), Code::TokenDestroyed);
    }
    assert_eq!(
        size(house.get("/log/checkpoint", None).await.text()),
        before + 1,
        "one tombstone a token"
    );
    let told = phone.reconcile(&[(&token, ReplicaState::Destroyed)]).await;
    let last = told.events.last().map(|event| event.kind.clone());
    assert_eq!(
        last,
        Some(PayerEventKind::DeadTokenUsed {
            mandate: token.mandate,
            uses: 3
        })
    );
    assert!(house.network.charges().unwrap().is_empty());
}

//
#[tokio::test]
async fn a_permit_copied_on_its_way_is_worth_nothing_after_the_end() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    let permit = token.present(&house, 9, 1200, "till 4");
    let charge = |permit: &str| {
        house.sign_as_merchant(&quittance_protocol::statement::Charge {
            mandate: token.mandate,
            amount: crate::support::cny(1200),
            reference: "till 4".to_owned(),
            permit: Some(permit.to_owned()),
        })
    };
    let unreadable = house.post(&charge("no permit")).await;
    assert_ne!(
        unreadable.status, 200,
        "control: while the token lives it has to be one"
    );
    phone.revoke(&[token.mandate]).await;
    house.settle().await;
    for handed in [&permit, "no permit"] {
        assert_eq!(declined(&house.post(&charge(handed)).await), Code::TokenDestroyed);
    }
}

//
#[tokio::test]
async fn a_restart_at_each_stage_of_the_destruction_ends_in_the_same_state() {
    // Domain 8.3 "gateway crash between destroy and attest"; H1, H3, H4; I6.
    for (stage, stop, replaced) in [
        ("before the vault's new epoch", Stop::Before(Call::Create), 0),
        ("before the old key is ended", Stop::Before(Call::End), 0),
        ("the answer to the old key's end is lost", Stop::After(Call::End), 1),
    ] {
        let house = House::closed();
        let good = house.custodian();
        let failing = Arc::new(Failing::new(good.clone()));
        house.use_custodian(failing.clone());
        house.start().unwrap();
        let (phone, token) = active(&house).await;
        let intent = phone.intend(&[token.mandate]).await;
        failing.stop(Some(stop));
        let order: OrderRecord = phone.post(&intent).await.ok();
        house.settle().await;
        assert_eq!(
            failing.replaced(),
            replaced,
            "{stage}: in the gateway's own way of ending a key"
        );
        assert_eq!(phone.order(order.order).await.state, OrderState::Destroying, "{stage}");
        assert_eq!(
            declined(&house.charge(token.mandate, 1).await),
            Code::MandateHeld,
            "{stage}"
        );
        house.stop();
        house.use_custodian(good);
        house.start().unwrap();
        let order = phone.order(order.order).await;
        assert_eq!(order.state, OrderState::Destroyed, "{stage}");
        assert!(destroyed(&order).resumed, "{stage}");
        let closed: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
        assert_eq!(closed.state, OrderState::Closed, "{stage}");
    }
}

//
#[tokio::test]
async fn a_crash_after_the_vault_and_before_the_statement_is_made_good() {
    // The third stage: the vault is done, the database does not know it.
    let house = House::closed();
    let good = house.custodian();
    let failing = Arc::new(Failing::new(good.clone()));
    house.use_custodian(failing.clone());
    house.start().unwrap();
    let (phone, token) = active(&house).await;
    let intent = phone.intend(&[token.mandate]).await;
    failing.stop(Some(Stop::Before(Call::Create)));
    let order: OrderRecord = phone.post(&intent).await.ok();
    house.stop();
    let database = house.data().join("gateway.sqlite");
    let destroying = std::fs::read(&database).unwrap();
    house.use_custodian(good);
    house.start().unwrap();
    house.stop();
    std::fs::write(&database, destroying).unwrap();
    for left in ["gateway.sqlite-wal", "gateway.sqlite-shm"] {
        let _absent = std::fs::remove_file(house.data().join(left));
    }
    house.start().unwrap();
    let order = phone.order(order.order).await;
    assert_eq!(order.state, OrderState::Destroyed);
    assert!(destroyed(&order).resumed);
}

/// An order over one token that is to be carried out, at a gateway that was stopped before; and the token.
async fn ordered(house: &House) -> (Phone<'_>, OrderRecord, Token) {
    let good = house.custodian();
    let failing = Arc::new(Failing::new(good.clone()));
    house.use_custodian(failing.clone());
    house.start().unwrap();
    let (phone, token) = active(house).await;
    let intent = phone.intend(&[token.mandate]).await;
    failing.stop(Some(Stop::Before(Call::Create)));
    let order: OrderRecord = phone.post(&intent).await.ok();
    house.stop();
    house.use_custodian(good);
    (phone, order, token)
}

/// Destroys a half whose row the vault does or does not find: the order afterwards.
async fn destroyed_with_its_row(row_is_found: bool) -> OrderRecord {
    let house = House::closed();
    let (phone, order, token) = ordered(&house).await;
    if !row_is_found {
        // As damage does that falls on a row's own name.
        let vault = rusqlite::Connection::open(house.data().join("vault.sqlite")).unwrap();
        let name = [&[1], token.token.as_bytes().as_slice()].concat();
        let hidden = vault.execute("UPDATE records SET name = NULL WHERE name = ?1", [name]);
        assert_eq!(hidden.unwrap(), 1);
    }
    house.start().unwrap();
    house.settle().await;
    phone.order(order.order).await
}

//
#[tokio::test]
async fn a_half_that_the_vault_does_not_find_is_not_said_to_be_destroyed() {
    let order = destroyed_with_its_row(false).await;
    assert_eq!((order.state, order.destroyed), (OrderState::Destroying, None));
    let control = destroyed_with_its_row(true).await;
    assert_eq!(control.state, OrderState::Destroyed);
}

//
#[tokio::test]
async fn a_custodian_that_keeps_its_old_keys_never_lets_the_gateway_say_destroyed() {
    // The control: rotation off. The vault's probe finds the old key, and nothing is stated.
    let house = House::closed();
    let keeping = Arc::new(Keeping(house.custodian()));
    house.use_custodian(keeping.clone());
    house.start().unwrap();
    let (phone, token) = active(&house).await;
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let order = phone.order(order.order).await;
    assert_eq!((order.state, order.destroyed), (OrderState::Destroying, None));
    assert!(keeping.exists(1).unwrap());
    let attested: OrderRecord = phone
        .post(&phone.attestation(&phone.order(order.order).await))
        .await
        .ok();
    assert_eq!(attested.closure, None, "no closure without our own destruction (I4)");
    assert_eq!(declined(&house.charge(token.mandate, 1).await), Code::MandateHeld);
}

//
#[tokio::test]
async fn a_silent_phone_closes_unilaterally_and_two_sided_when_it_returns() {
    // Domain 8.3 "phone never returns".
    let house = House::new();
    let (phone, token) = active(&house).await;
    let order = phone.revoke(&[token.mandate]).await;
    house.advance(7 * DAY - 1).await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
    house.advance(1).await;
    let alone = phone.order(order.order).await;
    assert_eq!(alone.state, OrderState::ClosedUnilateral);
    let body = closure(&house, &alone);
    assert_eq!((body.kind, body.phone_attestation), (ClosureKind::Unilateral, None));
    let late: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!(late.state, OrderState::Closed);
    assert_eq!(closure(&house, &late).kind, ClosureKind::TwoSided);
    house.advance(30 * DAY).await;
    assert_eq!(phone.order(order.order).await.closure, late.closure);
}

#[tokio::test]
async fn a_phone_that_has_no_such_token_makes_it_unilateral() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let absent = Attestation {
        outcome: PhoneOutcome::Absent {},
        ..phone.attestation(&order)
    };
    let answer: OrderRecord = phone.post(&absent).await.ok();
    assert_eq!(answer.state, OrderState::ClosedUnilateral);
    assert!(closure(&house, &answer).phone_attestation.is_some());
    assert_eq!(
        phone.post(&phone.attestation(&order)).await.code(),
        Code::ProofRejected,
        "it said something else"
    );
}

//
#[tokio::test]
async fn an_attestation_that_does_not_fit_is_refused_and_changes_nothing() {
    // Domain 8.3 "attestation with wrong nonce / old seq".
    let house = House::new();
    let (phone, token) = active(&house).await;
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    let good = phone.attestation(&order);
    let outcome = |change: fn(&mut PhoneOutcome)| {
        let mut outcome = good.outcome.clone();
        change(&mut outcome);
        Attestation {
            outcome,
            ..good.clone()
        }
    };
    let cases = [
        (
            "/nonce",
            Attestation {
                nonce: B64::new(random::<32>()),
                ..good.clone()
            },
        ),
        (
            "/tokens",
            Attestation {
                tokens: vec![Digest32::of(b"another")],
                ..good.clone()
            },
        ),
        (
            "/tokens",
            Attestation {
                tokens: Vec::new(),
                ..good.clone()
            },
        ),
        (
            "/outcome/epoch_new",
            outcome(|o| {
                if let PhoneOutcome::Destroyed {
                    epoch_new, epoch_old, ..
                } = o
                {
                    *epoch_new = *epoch_old
                }
            }),
        ),
        (
            "/outcome/probe",
            outcome(|o| {
                if let PhoneOutcome::Destroyed { probe, .. } = o {
                    probe.key_found = true
                }
            }),
        ),
    ];
    for (pointer, attestation) in cases {
        let problem = phone.post(&attestation).await.problem();
        assert_eq!(
            (problem.code(), problem.pointer()),
            (Code::ProofRejected, Some(pointer))
        );
    }
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
    let stranger = Phone::ready(&house).await;
    assert_eq!(
        stranger.post(&good).await.code(),
        Code::NotFound,
        "another account's order does not exist"
    );
}

//
#[tokio::test]
async fn the_phone_may_attest_before_the_gateway_has_destroyed() {
    let house = House::closed();
    let good = house.custodian();
    let failing = Arc::new(Failing::new(good.clone()));
    house.use_custodian(failing.clone());
    house.start().unwrap();
    let (phone, token) = active(&house).await;
    let intent = phone.intend(&[token.mandate]).await;
    failing.stop(Some(Stop::Before(Call::Create)));
    let order: OrderRecord = phone.post(&intent).await.ok();
    let attested: OrderRecord = phone.post(&phone.attestation(&order)).await.ok();
    assert_eq!((attested.state, attested.closure), (OrderState::Destroying, None));
    house.stop();
    house.use_custodian(good);
    house.start().unwrap();
    assert_eq!(phone.order(order.order).await.state, OrderState::Closed);
}

//
#[tokio::test]
async fn an_intent_made_offline_needs_no_flow_and_no_pin() {
    // Domain 8.3 "phone offline at step 1", "crash after intent, before send".
    let house = House::new();
    let (phone, token) = active(&house).await;
    let mandates = [token.mandate];
    let start = phone.flow_start("mandate.cancel.quick", &mandates, b"", B64::new(random::<32>()));
    let flow = crate::support::phone::Flow { start };
    let proof = phone.proof(&flow, "identify");
    let intent = Intent {
        flow: flow.start.flow,
        mandates: mandates.to_vec(),
        offline: false,
        proof,
    };
    assert_eq!(
        phone.post(&intent).await.code(),
        Code::NotFound,
        "online, the flow comes first"
    );
    house.clock.advance(3 * DAY);
    let offline = phone.say(&Intent {
        offline: true,
        ..intent
    });
    let order: OrderRecord = house.post(&offline).await.ok();
    assert_eq!(house.post(&offline).await.ok::<OrderRecord>().order, order.order);
    house.settle().await;
    let order = phone.order(order.order).await;
    let body: quittance_protocol::log_body::OrderBody = serde_json::from_slice(order.ordered.body.as_slice()).unwrap();
    assert_eq!(body.cause, TerminationCause::PayerOffline);
    assert_eq!(order.state, OrderState::Destroyed);
}

//
#[tokio::test]
async fn an_intent_without_the_right_proof_ends_nothing() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    let intent = phone.intend(&[token.mandate]).await;
    let thief = Phone::new(&house);
    let foreign = {
        let flow = crate::support::phone::Flow {
            start: phone.flow_start("mandate.cancel.quick", &[token.mandate], b"", B64::new(random::<32>())),
        };
        thief.proof(&flow, "identify")
    };
    for proof in [String::new(), "garbage".to_owned(), foreign] {
        let reply = phone
            .post(&Intent {
                proof,
                offline: true,
                ..intent.clone()
            })
            .await;
        assert_ne!(reply.status, 200);
    }
    assert_eq!(
        phone.mandate(token.mandate).await.state,
        MandateState::Suspended,
        "held, not ended"
    );
    // Leaving out the PIN while claiming to be online is refused, too.
    let flow = phone
        .begin_with("mandate.cancel.quick", &[token.mandate], b"", B64::new(random::<32>()))
        .await;
    let proof = phone.identify(&flow).await;
    let early = Intent {
        flow: flow.start.flow,
        mandates: vec![token.mandate],
        offline: false,
        proof,
    };
    assert_eq!(phone.post(&early).await.code(), Code::StepOrder);
}

//
#[tokio::test]
async fn a_batch_is_one_order_and_one_epoch() {
    //
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let tokens = [
        phone.sign_mandate().await,
        phone.sign_mandate().await,
        phone.sign_mandate().await,
    ];
    let spared = phone.sign_mandate().await;
    let mandates: Vec<_> = tokens.iter().map(|token| token.mandate).collect();
    let order = phone.revoke(&mandates).await;
    house.settle().await;
    let order = phone.order(order.order).await;
    let body = destroyed(&order);
    assert_eq!((order.mandates, body.epoch_new), (mandates, body.epoch_old + 1));
    approved(&house.charge(spared.mandate, 100).await);
}

//
#[tokio::test]
async fn a_consent_without_activation_is_destroyed_like_everything_else() {
    // H7; I12: 15 minutes, on both sides of the bound.
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.provision(&house.offer()).await;
    house.advance(15 * 60 - 1).await;
    assert_eq!(phone.mandate(token.mandate).await.state, MandateState::Provisioning);
    house.advance(1).await;
    let record = phone.mandate(token.mandate).await;
    assert_eq!(
        (record.state, record.gateway_half),
        (MandateState::Rejected, ReplicaState::Destroyed)
    );
    let told = phone.reconcile(&[(&token, ReplicaState::Provisioning)]).await;
    let order = told.orders.first().expect("the order is listed");
    let closed: OrderRecord = phone.post(&phone.attestation(order)).await.ok();
    assert_eq!(closure(&house, &closed).cause, TerminationCause::NeverActivated);
    let permits = vec![token.pooled(&house, 1)];
    assert_eq!(phone.activate(&token, permits).await.code(), Code::MandateEnded);
}

//
#[tokio::test]
async fn revoking_a_paused_mandate_works() {
    let house = House::new();
    let (phone, token) = active(&house).await;
    assert_eq!(phone.pause(&[token.mandate]).await.status, 200);
    let order = phone.revoke(&[token.mandate]).await;
    house.settle().await;
    assert_eq!(phone.order(order.order).await.state, OrderState::Destroyed);
}
