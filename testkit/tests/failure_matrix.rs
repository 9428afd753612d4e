//! The failure matrix of a destruction, row by row: what happens when something fails on the quick path.
//!
//! Two rows stand elsewhere: "phone restored from backup" with the vault's own tests, SIGKILL at every step in `kill`.
#![cfg(test)]

mod support;

use quittance_flows::HoldOwner;
use quittance_flows::Policy;
use quittance_flows::policy::{BUNDLE_AUDIENCE, DEFAULT_BUNDLE, PolicyBundle, SANDBOX_AUTHOR_SEED};
use quittance_gateway::PolicySource;
use quittance_protocol::answer::{FlowLog, OrderRecord, OrderState};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::ed25519::SigningKey;
use quittance_protocol::flow_event::{FlowEventKind, Wish};
use quittance_protocol::log_body::{ClosureBody, ClosureKind, DestroyedBody};
use quittance_protocol::statement::{Attestation, Intent, PhoneOutcome};
use quittance_protocol::{Claims, Code, FlowId, MandateId, Received, StatementId, Unsigned};
use quittance_testkit::stage::{Stage, StagePhone, decision};
use quittance_wallet::{DisputeReason, EndingStage, ErrorKind, Missing, PromptKind, WalletError, WalletEvent};
use std::sync::Arc;
use support::{forked, heard, listen, order_of};

const DAY: i64 = 86_400;
const DEVICE_DEADLINE: u32 = 7 * 86_400;
const DRAIN: u32 = 30;

/// The phone says its intent and never hears of the order.
async fn ordered_and_silent(stage: &Stage, phone: &StagePhone, mandate: MandateId) -> OrderRecord {
    stage.network.faults.lose_answers_to("intent", 1);
    phone.cancel(&[mandate]).await.unwrap();
    let intent = stage.network.faults.statements_of("intent").remove(0);
    order_of(&stage.http.statement(&intent).await)
}

// Row "phone offline at step 1".
#[tokio::test]
async fn a_phone_that_is_offline_holds_its_half_and_keeps_the_intent_for_later() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.down().await;
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.answer_until(flow, "confirm").await.unwrap();
    let prompt = phone.wallet.next_prompt(flow).unwrap().unwrap();
    assert!(prompt.offline, "the screen can say: elsewhere when online");
    phone.answer_all(flow).await.unwrap();
    assert_eq!(phone.stage_of(mandate).unwrap(), Some(EndingStage::Waiting));
    assert!(
        phone.wallet.next_attempt().unwrap().is_some(),
        "the app is told when to try again"
    );

    stage.network.again().await.unwrap();
    phone.wallet.sync().await.unwrap();

    assert!(phone.is_closed(mandate).unwrap());
    let intents = stage.network.faults.statements_of("intent");
    let (_, intent) = Received::parse(&intents[0])
        .unwrap()
        .unverified_body::<Intent>()
        .unwrap();
    assert!(intent.offline, "it says that no PIN was asked (R-323)");
    assert_eq!(intents.len(), 1);
}

// Row "crash after intent, before send".
//
#[tokio::test]
async fn an_intent_that_was_not_sent_before_a_crash_is_sent_after_it() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.down().await;
    let flow = phone.cancel(&[mandate]).await.unwrap();

    let phone = phone.restarted().unwrap();
    assert_eq!(
        phone.stage_of(mandate).unwrap(),
        Some(EndingStage::Waiting),
        "the wish outlives the process"
    );
    stage.network.again().await.unwrap();
    phone.wallet.sync().await.unwrap();

    let intents = stage.network.faults.statements_of("intent");
    assert_eq!(intents.len(), 1);
    let (_, intent) = Received::parse(&intents[0])
        .unwrap()
        .unverified_body::<Intent>()
        .unwrap();
    assert_eq!(
        (intent.flow, intent.mandates),
        (flow, vec![mandate]),
        "it is the intent of then"
    );
    assert!(phone.wallet.order_of(flow).unwrap().is_some());
    assert!(phone.is_closed(mandate).unwrap());
}

// Row "answer lost in step 2".
//
#[tokio::test]
async fn an_intent_whose_answer_was_lost_is_sent_again_byte_for_byte_and_gets_the_same_order() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.faults.lose_answers_to("intent", 3);
    let flow = phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    let phone = phone.restarted().unwrap();
    phone.wallet.sync().await.unwrap();
    phone.wallet.sync().await.unwrap();

    let mut intents = stage.network.faults.statements_of("intent");
    assert!(intents.len() >= 4, "{}", intents.len());
    intents.dedup();
    assert_eq!(intents.len(), 1, "the same bytes each time");
    assert_eq!(stage.logged("order").await, 1);
    let order = order_of(&stage.http.statement(&intents[0]).await);
    assert_eq!(phone.wallet.order_of(flow).unwrap(), Some(order.order));
    assert!(phone.is_closed(mandate).unwrap());
}

// Row "two routes race": two cancellations of the same mandate.
//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_cancellations_of_one_mandate_that_race_meet_in_one_order() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let intent = || phone.say(&phone.offline_intent(&[mandate]).unwrap()).unwrap();
    let (one, other) = (intent(), intent());
    let mandates = [mandate];
    let (wallet, one, other) = tokio::join!(
        phone.cancel(&mandates),
        stage.http.statement(&one),
        stage.http.statement(&other)
    );
    let flow = wallet.unwrap();
    phone.wallet.sync().await.unwrap();

    let (one, other) = (order_of(&one), order_of(&other));
    assert_eq!(one.order, other.order);
    assert_eq!(phone.wallet.order_of(flow).unwrap(), Some(one.order));
    assert_eq!(stage.logged("order").await, 1);
    assert_eq!(stage.logged("destroyed").await, 1);
}

// Row "two routes race": a batch overlaps a single cancellation, whichever is first, its answer heard or lost.
#[tokio::test]
async fn a_batch_that_overlaps_a_single_cancellation_ends_every_mandate_once() {
    for (batch_first, lost) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        let (stage, phone, first) = Stage::with_mandate().await.unwrap();
        let second = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
        let single = phone.wallet.start_revoke(&[first]).await.unwrap();
        let batch = phone.wallet.start_revoke(&[first, second]).await.unwrap();
        assert_ne!(single, batch);
        for flow in [single, batch] {
            phone.answer_until(flow, "payment_pin").await.unwrap();
        }
        stage.network.faults.lose_answers_to("intent", lost);
        for flow in if batch_first { [batch, single] } else { [single, batch] } {
            phone.answer_all(flow).await.unwrap();
        }
        phone.wallet.sync().await.unwrap();

        let context = format!("batch first: {batch_first}, answers lost: {lost}");
        for mandate in [first, second] {
            let ending = phone.wallet.mandate(mandate).unwrap().ending;
            assert!(phone.is_closed(mandate).unwrap(), "{context}: {ending:?}");
            assert_eq!(
                stage.try_charge(mandate, "ride-1").await,
                "token_destroyed",
                "{context}"
            );
        }
        let events = phone.events().unwrap();
        let alarm = |event: &WalletEvent| matches!(event, WalletEvent::Disputed { .. });
        assert!(!events.iter().any(alarm), "{context}: nobody lied, {events:?}");
        // The later one orders only what is not under an order.
        let orders = if batch_first { 1 } else { 2 };
        assert_eq!(stage.logged("order").await, orders, "{context}");
        assert_eq!(phone.wallet.receipts().unwrap().len(), orders, "{context}");
        for flow in [single, batch] {
            assert!(phone.wallet.order_of(flow).unwrap().is_some(), "{context}");
        }
    }
}

// Row "charge arrives between 2 and 3"; the drain waits for what is in flight.
//
#[tokio::test]
async fn a_charge_between_order_and_destruction_is_declined_while_one_in_flight_drains() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.card_network.shut();
    let (order, in_flight) = tokio::join!(
        async {
            stage.card_network.charge_arrived().await;
            let flow = phone.cancel(&[mandate]).await.unwrap();
            let order = phone.wallet.order_of(flow).unwrap().unwrap();
            let record = stage.order(&phone, order).await.unwrap();
            assert_eq!(record.state, OrderState::Quiesced, "the drain waits");
            assert_eq!(stage.try_charge(mandate, "ride-2").await, "mandate_held");
            assert!(!phone.is_closed(mandate).unwrap());
            stage.card_network.open();
            order
        },
        stage.charge(mandate, 1000, "ride-1"),
    );
    assert_eq!(decision(&in_flight), "approved", "control: before the order it passed");

    stage
        .until_order(&phone, order, |record| record.destroyed.is_some())
        .await
        .unwrap();
    phone.wallet.sync().await.unwrap();

    assert!(phone.is_closed(mandate).unwrap());
    assert_eq!(stage.try_charge(mandate, "ride-3").await, "token_destroyed");
    let ledger = stage.card_network.ledger.charges().unwrap();
    assert_eq!(ledger.len(), 1, "money moved once: {ledger:?}");
}

// The same row: the drain is bounded by `token.drain`.
#[tokio::test]
async fn a_charge_that_stays_in_flight_holds_the_destruction_up_for_the_drain_and_no_longer() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.card_network.shut();
    let (order, in_flight) = tokio::join!(
        async {
            stage.card_network.charge_arrived().await;
            let flow = phone.cancel(&[mandate]).await.unwrap();
            let order = phone.wallet.order_of(flow).unwrap().unwrap();
            stage.pass(DRAIN - 20).await.unwrap();
            assert_eq!(
                stage.order(&phone, order).await.unwrap().state,
                OrderState::Quiesced,
                "it still waits"
            );
            stage.pass(20).await.unwrap();
            stage
                .until_order(&phone, order, |record| record.destroyed.is_some())
                .await
                .unwrap();
            order
        },
        stage.charge(mandate, 1000, "ride-1"),
    );
    assert_eq!(
        decision(&in_flight),
        "mandate_held",
        "the network was asked, and had not seen it"
    );
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap(), "{order}");

    stage.card_network.open();
    stage.gateway().unwrap().wake().await;
    let ledger = stage.card_network.ledger.charges().unwrap();
    assert!(
        ledger.iter().all(|charge| charge.acquirer_reference.is_none()),
        "no money moves later: {ledger:?}"
    );
}

// Row "gateway crash between destroy and attest".
//
#[tokio::test]
async fn a_gateway_that_stops_between_destroying_and_saying_so_says_so_after_its_start() {
    for crashes in [true, false] {
        let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
        stage.custodian.lose_deletions(crashes);
        let flow = phone.cancel(&[mandate]).await.unwrap();
        let order = phone.wallet.order_of(flow).unwrap().unwrap();
        if crashes {
            let stands = stage.order(&phone, order).await.unwrap();
            assert_eq!(
                (stands.state, stage.logged("destroyed").await),
                (OrderState::Destroying, 0)
            );
            assert_eq!(stage.custodian.replaced(), 1, "as a gateway ends its keys");
            assert_eq!(stage.try_charge(mandate, "ride-1").await, "mandate_held");
            stage.stop_gateway().await.unwrap();
            stage.custodian.lose_deletions(false);
            stage.start_gateway(PolicySource::Sandbox).await.unwrap();
        }
        let record = stage
            .until_order(&phone, order, |record| record.destroyed.is_some())
            .await
            .unwrap();
        let said: DestroyedBody = serde_json::from_slice(record.destroyed.unwrap().body.as_slice()).unwrap();
        assert_eq!(said.resumed, crashes, "control: without the crash nothing was resumed");
        phone.wallet.sync().await.unwrap();
        assert!(phone.is_closed(mandate).unwrap());
        assert_eq!(stage.logged("destroyed").await, 1);
    }
}

// Row "phone crash during rekey": at every call on an epoch key, before or after it does its work.
//
#[tokio::test]
async fn a_phone_that_dies_at_any_call_of_its_rekey_comes_to_the_same_end() {
    let stage = Stage::set().await.unwrap();
    let mut phone = stage.enrolled().await.unwrap();
    let mut deaths = 0;
    for at in 1.. {
        let mut died = false;
        for carried_out in [false, true] {
            let mandate = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
            let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
            // The biometric prompt rekeys, too, before the payer has said anything.
            phone.answer_until(flow, "confirm").await.unwrap();
            phone.hardware.die_at(at, carried_out);
            // It may end in an error of the keystore, or with the phone still to do its part.
            let _ = phone.answer_all(flow).await;
            died |= phone.hardware.is_dead();
            if phone.hardware.is_dead() {
                deaths += 1;
                assert!(!phone.is_closed(mandate).unwrap(), "dead at call {at}, and closed?");
            }
            phone = phone.restarted().unwrap();
            phone.wallet.sync().await.unwrap();
            assert!(
                phone.is_closed(mandate).unwrap(),
                "call {at}, carried out: {carried_out}"
            );
            assert!(!phone.wallet.mandate(mandate).unwrap().can_pay);
        }
        if !died {
            break;
        }
    }
    assert!(
        deaths >= 6,
        "a rekey makes, wraps with and deletes a key: {deaths} deaths"
    );
}

// Row "phone never returns", then it does.
//
#[tokio::test]
async fn an_order_whose_phone_is_silent_closes_unilaterally_and_becomes_closed_when_it_returns() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let order = ordered_and_silent(&stage, &phone, mandate).await.order;

    stage.pass(DEVICE_DEADLINE - 60).await.unwrap();
    assert_eq!(
        stage.order(&phone, order).await.unwrap().state,
        OrderState::Destroyed,
        "its time is not over"
    );
    stage.pass(60).await.unwrap();
    let silent = stage.order(&phone, order).await.unwrap();
    assert_eq!(silent.state, OrderState::ClosedUnilateral);
    assert_eq!(closure_body(&stage, &silent).kind, ClosureKind::Unilateral);

    phone.wallet.sync().await.unwrap();

    assert!(phone.is_closed(mandate).unwrap(), "{:?}", phone.stage_of(mandate));
    let back = stage.order(&phone, order).await.unwrap();
    assert_eq!(back.state, OrderState::Closed);
    assert_eq!(closure_body(&stage, &back).kind, ClosureKind::TwoSided);
    assert_eq!(
        stage.logged("closure").await,
        2,
        "the log holds both, it is never rewritten"
    );
}

// Row "attestation with wrong nonce / old seq".
//
#[tokio::test]
async fn an_attestation_with_another_nonce_or_an_old_number_is_refused_with_an_event() {
    let events = listen();
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let order = ordered_and_silent(&stage, &phone, mandate).await;
    let good = Attestation {
        order: order.order,
        nonce: order.nonce.clone(),
        tokens: order.tokens.clone(),
        outcome: PhoneOutcome::Absent {},
    };

    let mut other_nonce = good.clone();
    other_nonce.nonce = quittance_protocol::B64::new([9; 32]);
    let refused = stage.http.statement(&phone.say(&other_nonce).unwrap()).await;
    assert_eq!((refused.status, refused.code()), (403, "proof_rejected"));
    let event = format!("an attestation was refused order={} member=\"/nonce\"", order.order);
    assert!(heard(&events, &event), "no event of the wrong nonce");

    let mut other_tokens = good.clone();
    other_tokens.tokens = vec![Digest32::of(b"another token")];
    let refused = stage.http.statement(&phone.say(&other_tokens).unwrap()).await;
    assert_eq!(refused.code(), "proof_rejected");
    assert_eq!(stage.logged("closure").await, 0);

    let pinned = Received::parse(&stage.network.faults.statements_of("intent")[0]).unwrap();
    let old = pinned.unverified_body::<Intent>().unwrap().0.seq.unwrap();
    let refused = stage.http.statement(&phone.say_as(old, &good).unwrap()).await;
    assert_eq!((refused.status, refused.code()), (409, "sequence_fork"));
    assert!(
        heard(&events, "sequence fork: the device is quarantined"),
        "no event of the old number"
    );
    assert_eq!(stage.logged("closure").await, 0);

    // Control: the right one is taken, in quarantine too, because it lowers authority.
    let taken = stage.http.statement(&phone.say(&good).unwrap()).await;
    assert_eq!(order_of(&taken).state, OrderState::ClosedUnilateral);
}

// Row "log equivocates".
//
#[tokio::test]
async fn a_phone_that_saw_another_log_does_not_say_closed_and_keeps_both_checkpoints() {
    for equivocates in [true, false] {
        let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
        let gateway = stage.gateway().unwrap();
        if equivocates {
            // An entry that nobody else sees, under the log's own signature.
            stage.network.exchange(forked(&stage, gateway.log_signer()).await);
            phone.wallet.sync().await.unwrap();
            stage.network.exchange(gateway.router());
        }
        let _ = phone.cancel(&[mandate]).await;
        let met = phone.wallet.sync().await;
        assert_eq!(
            phone.is_closed(mandate).unwrap(),
            !equivocates,
            "control: one log, and it is closed"
        );
        let evidence = phone.wallet.log_evidence().unwrap();
        assert_eq!(evidence.is_empty(), !equivocates);
        if equivocates {
            assert!(matches!(met, Err(WalletError::LogContradiction)), "{met:?}");
            assert!(
                evidence.iter().any(|both| both.proves_fork),
                "same size, two roots, one signature"
            );
            assert!(evidence.iter().all(|both| both.seen != both.offered));
            let events = phone.events().unwrap();
            assert!(
                events
                    .iter()
                    .any(|event| matches!(event, WalletEvent::LogContradiction { .. })),
                "{events:?}"
            );
            let dispute = phone.wallet.mandate(mandate).unwrap().ending.unwrap().dispute;
            assert_eq!(dispute, Some(DisputeReason::LogInconsistent));
            assert!(
                !phone.wallet.mandate(mandate).unwrap().can_pay,
                "stopping does not hang on the log"
            );
        }
    }
}

// Row "undo after effective_at"; R-302.
#[tokio::test]
async fn taking_an_order_back_after_it_is_effective_is_too_late() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.cancel(&[mandate]).await.unwrap();
    let order = phone.wallet.order_of(flow).unwrap().unwrap();

    let undo = phone
        .wallet
        .begin("mandate.undo", Vec::new(), Some(Wish::Undo { order }))
        .await
        .unwrap();

    let end = phone.wallet.closing_prompt(undo).unwrap().unwrap();
    assert!(
        matches!(
            end.kind,
            PromptKind::Refused {
                code: Some(Code::TooLate),
                ..
            }
        ),
        "{end:?}"
    );
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
}

// Row "policy updated meanwhile".
//
#[tokio::test]
async fn an_order_keeps_the_policy_that_it_was_made_under() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let first = stage.http.get("/v1/policy").await.text_of("bundle");
    let order = ordered_and_silent(&stage, &phone, mandate).await.order;
    stage.stop_gateway().await.unwrap();
    let (second, source) = next_policy(|json| json["token"]["device_deadline"] = "PT1H".into());
    stage.start_gateway(source).await.unwrap();
    assert_eq!(
        stage.http.get("/v1/policy").await.text_of("bundle"),
        second,
        "control: another one is in force"
    );

    stage.pass(7200).await.unwrap();
    assert_eq!(
        stage.order(&phone, order).await.unwrap().state,
        OrderState::Destroyed,
        "its deadline stands"
    );
    phone.wallet.sync().await.unwrap();

    assert!(phone.is_closed(mandate).unwrap());
    let body = closure_body(&stage, &stage.order(&phone, order).await.unwrap());
    assert_eq!(body.policy, Received::parse(&first).unwrap().content());
    // Control: a later order is made under the later policy, whose deadline is an hour.
    let later = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
    let order = ordered_later(&stage, &phone, later).await;
    stage.pass(7200).await.unwrap();
    let record = stage.order(&phone, order.order).await.unwrap();
    assert_eq!(record.state, OrderState::ClosedUnilateral);
    assert_eq!(
        closure_body(&stage, &record).policy,
        Received::parse(&second).unwrap().content()
    );
}

async fn ordered_later(stage: &Stage, phone: &StagePhone, mandate: MandateId) -> OrderRecord {
    let intent = phone.say(&phone.offline_intent(&[mandate]).unwrap()).unwrap();
    order_of(&stage.http.statement(&intent).await)
}

// The rules and the app are upgraded while a run is open.
//
#[tokio::test]
async fn a_run_ends_by_the_definition_that_it_began_with_and_the_next_one_takes_the_new() {
    let (stage, phone, first) = Stage::with_mandate().await.unwrap();
    let second = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
    let old = phone.wallet.start_revoke(&[first]).await.unwrap();
    phone.answer_until(old, "confirm").await.unwrap();

    stage.stop_gateway().await.unwrap();
    let (_, source) = next_policy(|json| {
        let passcode = serde_json::json!({
            "id": "passcode", "do": { "factor": "device_passcode" }, "rules": ["R-013"],
        });
        json["cancellation"]["quick"]["steps"] = serde_json::json!(["identify", "confirm", "passcode", "payment_pin"]);
        let steps = json["flows"]["mandate.cancel.quick"]["steps"].as_array_mut().unwrap();
        let confirm = steps.iter().position(|step| step["id"] == "confirm").unwrap();
        steps.insert(confirm + 1, passcode);
    });
    stage.start_gateway(source).await.unwrap();
    let phone = phone.restarted().unwrap();
    phone.wallet.sync().await.unwrap();
    let new = phone.wallet.start_revoke(&[second]).await.unwrap();

    assert_eq!(steps_of(&phone, old).await, ["confirm 2/3", "payment_pin 3/3"]);
    assert_eq!(
        steps_of(&phone, new).await,
        ["identify 1/4", "confirm 2/4", "passcode 3/4", "payment_pin 4/4"],
        "control: the new definition has a step more"
    );
    for (flow, version) in [(old, 1), (new, 2)] {
        let log = stage.read(&phone, &format!("/v1/flows/{flow}")).await.unwrap();
        let log: FlowLog = serde_json::from_str(&log.text).unwrap();
        let FlowEventKind::Started(start) = &log.events[0].kind else {
            panic!("a log begins with its start")
        };
        assert_eq!(start.policy_version, version, "as the gateway has it");
    }
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(first).unwrap() && phone.is_closed(second).unwrap());
}

/// Answers a run to its end: each step, with its place.
async fn steps_of(phone: &StagePhone, flow: FlowId) -> Vec<String> {
    let mut steps = Vec::new();
    while let Some(prompt) = phone.wallet.next_prompt(flow).unwrap() {
        steps.push(format!("{} {}/{}", prompt.step, prompt.step_number, prompt.step_count));
        phone.answer_one(flow).await.unwrap();
    }
    steps
}

/// The shipped bundle as version 2, with a change.
fn next_policy(change: impl FnOnce(&mut serde_json::Value)) -> (String, PolicySource) {
    let mut json: serde_json::Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
    json["bundle"]["version"] = 2.into();
    change(&mut json);
    let policy = Policy::load(&json.to_string()).unwrap();
    let author = SigningKey::from_seed(&SANDBOX_AUTHOR_SEED.into()).unwrap();
    let claims = Claims {
        aud: BUNDLE_AUDIENCE.to_owned(),
        iat: policy.bundle.not_before,
        jti: StatementId::from_bytes([2; 16]),
        seq: None,
    };
    let unsigned = Unsigned::new(&author.public_key().thumbprint(), &claims, &PolicyBundle { policy }).unwrap();
    let bundle = unsigned.with_signature(&author.sign(unsigned.signing_input()));
    let source = PolicySource::Signed {
        bundle: bundle.clone(),
        author: *author.public_key(),
    };
    (bundle, source)
}

// Row "clock wrong on phone": a day ahead, a day behind, from before its enrolment or from after its last contact.
#[tokio::test]
async fn a_phone_whose_clock_is_wrong_by_a_day_signs_pays_and_ends_a_mandate_all_the_same() {
    for off in [DAY, -DAY] {
        for late in [false, true] {
            let stage = Stage::set().await.unwrap();
            let phone = stage.phone().unwrap();
            if !late {
                phone.clock.turn(off);
            }
            phone.enrol(quittance_testkit::story::PIN).await.unwrap();
            let mandate = phone.sign(&stage.offer().await.unwrap()).await.unwrap();
            assert_eq!(stage.try_charge(mandate, "ride-1").await, "approved");
            if late {
                phone.clock.turn(off);
            }
            let flow = phone.cancel(&[mandate]).await.unwrap();
            phone.wallet.sync().await.unwrap();
            assert!(
                phone.is_closed(mandate).unwrap(),
                "{off} seconds off, turned late: {late}"
            );
            let order = phone.wallet.order_of(flow).unwrap().unwrap();
            let record = stage.order(&phone, order).await.unwrap();
            let apart = stage.pass(0).await.unwrap().seconds_since(record.effective_at);
            assert!((0..600).contains(&apart), "gateway time decides: {apart}");
        }
    }
}

// Row "clock wrong on phone": a hold that was said later counts later, whatever the clock said.
//
#[tokio::test]
async fn a_clock_that_went_back_does_not_bring_an_older_wish_to_the_front() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    phone.wallet.pause(&[mandate]).await.unwrap();
    phone.clock.turn(-DAY);
    phone.wallet.resume(&[mandate]).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "approved");
    phone.clock.turn(-DAY);
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "mandate_held");
    assert!(phone.wallet.mandate(mandate).unwrap().holds.contains(&HoldOwner::Payer));
}

// Row "revoke again".
//
#[tokio::test]
async fn revoking_again_gives_the_same_order_and_the_same_receipt_byte_for_byte() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let flow = phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    let order = phone.wallet.order_of(flow).unwrap().unwrap();
    let receipt = phone.wallet.export_receipt(order).unwrap().receipt;

    let again = ordered_later(&stage, &phone, mandate).await;

    assert_eq!(again.order, order);
    assert_eq!(again.state, OrderState::Closed);
    assert_eq!(phone.wallet.start_revoke(&[mandate]).await.unwrap(), flow);
    assert_eq!(phone.wallet.export_receipt(order).unwrap().receipt, receipt);
    let body = closure_body(&stage, &again);
    let own = quittance_protocol::Receipt::parse(receipt.as_bytes()).unwrap();
    let theirs = again.closure.unwrap().receipt;
    let theirs = quittance_protocol::Receipt::parse(theirs.as_bytes()).unwrap();
    assert_eq!(
        own.entry_bytes(),
        theirs.entry_bytes(),
        "the same entry of the log, {:?}",
        body.kind
    );
    assert_eq!([stage.logged("order").await, stage.logged("closure").await], [1, 1]);
}

// Row "use of destroyed token"; R-011.
//
#[tokio::test]
async fn each_use_of_a_destroyed_token_is_declined_and_alarms_its_payer_and_one_tombstone_stands() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    phone.events().unwrap();
    assert_eq!(stage.logged("tombstone").await, 0, "control: nobody tried");

    let mut told = Vec::new();
    for references in [&["ride-1"][..], &["ride-2"], &["ride-3", "ride-4", "ride-5"]] {
        for reference in references {
            assert_eq!(stage.try_charge(mandate, reference).await, "token_destroyed");
        }
        phone.wallet.sync().await.unwrap();
        told.extend(phone.events().unwrap().into_iter().filter_map(|event| match event {
            WalletEvent::DeadTokenUsed { mandate: of, uses } if of == mandate => Some(uses),
            _ => None,
        }));
    }
    assert_eq!(stage.logged("tombstone").await, 1);
    assert_eq!(told, [1, 2, 5], "what was not heard before is heard as one");
    let told = stage.until_noticed("dead_token_used").await.unwrap();
    assert_eq!(told, 1, "the merchant hears once that its books are out of date");
    assert!(
        stage.card_network.ledger.charges().unwrap().is_empty(),
        "the network was not even asked"
    );
}

// Row "phone restored from backup", as far as this phone sees it: old files and new keys open nothing.
//
#[tokio::test]
async fn files_from_before_a_destruction_do_not_open_after_it() {
    let (_stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let backup = phone.backup().unwrap();
    let phone = phone.restored(backup.path()).expect("control: before it they open");
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());
    let refused = phone.restored(backup.path()).err().expect("they opened");
    let refused = refused.downcast_ref::<WalletError>().expect("a wallet's error");
    assert!(matches!(refused, WalletError::Vault(_)), "{refused:?}");
    assert_eq!(refused.kind(), ErrorKind::Reenrol, "{refused:?}");
}

// Row "phone crash", the other end: the gateway has the attestation, its answer was lost.
//
#[tokio::test]
async fn an_attestation_whose_answer_was_lost_is_said_again_and_closes_once() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.faults.lose_answers_to("attestation", 1);
    phone.cancel(&[mandate]).await.unwrap();
    let events = phone.events().unwrap();
    let waits = |event: &WalletEvent| {
        matches!(
            event,
            WalletEvent::Closing {
                missing: Missing::PhoneStatement,
                ..
            }
        )
    };
    assert!(events.iter().any(waits), "{events:?}");
    let phone = phone.restarted().unwrap();
    phone.wallet.sync().await.unwrap();
    let mut attestations = stage.network.faults.statements_of("attestation");
    assert_eq!(attestations.len(), 2);
    attestations.dedup();
    assert_eq!(attestations.len(), 1, "the same bytes each time");
    assert!(phone.is_closed(mandate).unwrap());
    assert_eq!(stage.logged("closure").await, 1);
}

fn closure_body(stage: &Stage, record: &OrderRecord) -> ClosureBody {
    let closure = record.closure.as_ref().expect("a closure");
    let receipt = quittance_protocol::Receipt::parse(closure.receipt.as_bytes()).unwrap();
    let key = Arc::new(stage.gateway().unwrap()).log_key();
    receipt.verify(&key).unwrap().open(&closure.annex).unwrap()
}
