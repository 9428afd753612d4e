//! Stopping: offline, twice, a hundred times, half-way, from a phone that was set up anew.
#![cfg(test)]

use quittance_flows::HoldOwner;
use quittance_protocol::answer::{MandateState, OrderRecord, OrderState};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::flow_event::FlowStart;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::{
    AnswerFlow, Attestation, FactorProof, Hold, HoldChange, PhoneOutcome, Probe, StartFlow, StepAnswer,
    operation_digest,
};
use quittance_protocol::{PublicKey, Receipt, Received, jwk_set};
use quittance_testkit::stage::{Stage, StagePhone};
use quittance_testkit::story::cny;
use quittance_wallet::{EndingStage, KeyAlias, WalletError, WalletEvent};

const DEVICE_DEADLINE: u32 = 7 * 86_400;
/// `token.drain`.
const DRAIN: u32 = 30;
/// How long what happens beside the answers may take on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

async fn permit(phone: &StagePhone, mandate: quittance_protocol::MandateId) -> Result<String, WalletError> {
    phone
        .wallet
        .payer_present_permit(mandate, cny(1000).unwrap(), "till 4")
        .await
}

// Domain 8.3 "phone offline at step 1".
//
#[tokio::test]
async fn a_mandate_revoked_offline_is_held_at_once_and_closed_when_the_gateway_is_back() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    permit(&phone, mandate).await.expect("control: before, this phone pays");
    stage.network.down().await;

    phone.cancel(&[mandate]).await.unwrap();

    let view = phone.wallet.mandate(mandate).unwrap();
    assert!(!view.can_pay);
    assert!(view.holds.contains(&HoldOwner::Revocation), "{:?}", view.holds);
    assert_eq!(view.ending.unwrap().stage, EndingStage::Waiting);
    assert!(
        view.permits_ahead > 0,
        "the payer is told what can still be charged elsewhere"
    );
    assert!(matches!(permit(&phone, mandate).await, Err(WalletError::NotPayable)));
    assert_eq!(stage.logged("order").await, 0);
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "approved",
        "control: the gateway does not know yet"
    );

    stage.network.again().await.unwrap();
    let report = phone.wallet.sync().await.unwrap();

    assert_eq!(report.closed, [mandate]);
    assert!(phone.is_closed(mandate).unwrap());
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "token_destroyed");
}

// R-303, H2.
//
#[tokio::test]
async fn revoking_twice_gives_the_same_flow_order_and_receipt() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let first = phone.cancel(&[mandate]).await.unwrap();
    let order = phone.wallet.order_of(first).unwrap().unwrap();
    let receipt = phone.wallet.export_receipt(order).unwrap();

    let second = phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();

    assert_eq!(second, first);
    assert_eq!(phone.wallet.export_receipt(order).unwrap(), receipt);
    assert_eq!(stage.logged("order").await, 1);
    assert_eq!(
        stage.network.faults.statements_of("intent").len(),
        1,
        "nothing is said twice"
    );
}

// I5.
//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_statements_a_hundred_times_in_any_sequence_have_one_effect_and_one_answer() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    let intent = phone.offline_intent(&[mandate]).unwrap();
    let proof = Received::parse(&intent.proof).unwrap();
    let nonce = proof.unverified_body::<FactorProof>().unwrap().1.nonce;
    let operation = operation_digest("mandate.cancel.quick", &[mandate], &Digest32::of(b""));
    let start = FlowStart {
        flow: intent.flow,
        definition: "mandate.cancel.quick".to_owned(),
        policy_version: 1,
        wish: None,
        operation,
        mandates: vec![mandate],
        nonce,
    };
    let proof = StepAnswer::Proof {
        proof: intent.proof.clone(),
    };
    let statements = [
        phone.say(&intent).unwrap(),
        phone
            .say(&Hold {
                mandates: vec![mandate],
                change: HoldChange::Add {},
            })
            .unwrap(),
        phone.say(&StartFlow { start }).unwrap(),
        phone
            .say(&AnswerFlow {
                flow: intent.flow,
                step: "identify".to_owned(),
                answer: proof,
            })
            .unwrap(),
    ];
    let mut asked = tokio::task::JoinSet::new();
    for round in 0..100 {
        for place in 0..statements.len() {
            // Each round begins with another statement.
            let which = (place + round) % statements.len();
            let (http, statement) = (stage.http.clone(), statements[which].clone());
            asked.spawn(async move { (which, http.statement(&statement).await.text) });
        }
    }
    let mut answers = vec![Vec::new(); statements.len()];
    for (which, text) in asked.join_all().await {
        answers[which].push(text);
    }
    for (which, answers) in answers.iter_mut().enumerate() {
        assert_eq!(answers.len(), 100);
        answers.sort_unstable();
        answers.dedup();
        assert_eq!(
            answers.len(),
            1,
            "statement {which} was answered in {} ways",
            answers.len()
        );
    }
    let order: OrderRecord = serde_json::from_str(&answers[0][0]).unwrap();
    assert_eq!(order.mandates, [mandate]);
    assert_eq!(stage.logged("order").await, 1);
    let ended = stage
        .until_order(&phone, order.order, |order| order.state == OrderState::Destroyed)
        .await
        .unwrap();
    assert!(ended.destroyed.is_some());
    assert_eq!(stage.logged("destroyed").await, 1);
    // Control: another statement with the same wish is another statement, and joins the same order.
    let again = phone.offline_intent(&[mandate]).unwrap();
    let joined: OrderRecord =
        serde_json::from_str(&stage.http.statement(&phone.say(&again).unwrap()).await.text).unwrap();
    assert_eq!(joined.order, order.order);
}

//
#[tokio::test]
async fn a_cancellation_that_is_left_after_identifying_keeps_its_hold_until_the_payer_lifts_it() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "approved",
        "control: without the hold it passes"
    );
    let flow = phone.wallet.start_revoke(&[mandate]).await.unwrap();
    phone.answer_until(flow, "confirm").await.unwrap();

    phone.wallet.cancel_flow(flow).await.unwrap();
    phone.wallet.sync().await.unwrap();

    assert_eq!(phone.wallet.mandate(mandate).unwrap().state, MandateState::Suspended);
    assert!(matches!(permit(&phone, mandate).await, Err(WalletError::NotPayable)));
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "mandate_held");
    assert_eq!(stage.logged("order").await, 0);

    phone.wallet.resume(&[mandate]).await.unwrap();

    assert_eq!(phone.wallet.mandate(mandate).unwrap().state, MandateState::Active);
    permit(&phone, mandate).await.expect("it pays again");
    assert_eq!(stage.try_charge(mandate, "ride-3").await, "approved");
}

// Domain 7.2, row "none (reinstalled, restored)".
#[tokio::test]
async fn an_order_whose_phone_was_set_up_anew_closes_unilaterally_and_says_so() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.network.faults.lose_answers_to("intent", u32::MAX);
    phone.cancel(&[mandate]).await.unwrap();
    let intent = stage.network.faults.statements_of("intent").remove(0);
    let order: OrderRecord = serde_json::from_str(&stage.http.statement(&intent).await.text).unwrap();
    // The keys are kept aside, to read the order as the payer would on another channel.
    let session = phone.say(&quittance_protocol::statement::Session {}).unwrap();
    let phone = phone.reinstalled().unwrap();
    stage.network.faults.lose_answers_to("intent", 0);
    phone.enrol("135790").await.unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(
        phone.wallet.mandates().unwrap().is_empty(),
        "the new phone has no such token"
    );
    assert_eq!(
        stage.logged("closure").await,
        0,
        "it is not closed while the old phone may still answer"
    );

    stage.pass(DEVICE_DEADLINE).await.unwrap();

    let token = stage.http.statement(&session).await.text_of("token");
    let record: OrderRecord = serde_json::from_str(
        &stage
            .http
            .get_as(&format!("/v1/orders/{}", order.order), &token)
            .await
            .text,
    )
    .unwrap();
    assert_eq!(record.state, OrderState::ClosedUnilateral);
    assert_eq!(kind_of(&record, &stage), ClosureKind::Unilateral);
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
}

// Domain 7.2: "evidence absent" is never called two-sided.
#[tokio::test]
async fn a_phone_that_has_no_such_token_makes_a_unilateral_closure() {
    let destroyed = PhoneOutcome::Destroyed {
        epoch_old: 1,
        epoch_new: 2,
        destroyed_key: Digest32::of(b"a key"),
        probe: Probe {
            old_root_opens: false,
            records_open: false,
            key_found: false,
        },
        resumed: false,
    };
    let outcomes = [
        (PhoneOutcome::Absent {}, ClosureKind::Unilateral),
        // Control: a phone that destroyed its half makes it two-sided.
        (destroyed, ClosureKind::TwoSided),
    ];
    for (outcome, kind) in outcomes {
        let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
        let intent = phone.say(&phone.offline_intent(&[mandate]).unwrap()).unwrap();
        let order: OrderRecord = serde_json::from_str(&stage.http.statement(&intent).await.text).unwrap();
        let attestation = Attestation {
            order: order.order,
            nonce: order.nonce,
            tokens: order.tokens,
            outcome,
        };
        stage.http.statement(&phone.say(&attestation).unwrap()).await;
        let record = stage
            .until_order(&phone, order.order, |order| order.closure.is_some())
            .await
            .unwrap();
        assert_eq!(kind_of(&record, &stage), kind);
        let device = PublicKey::p256_from_sec1(&phone.keys.public_key(KeyAlias::Device).unwrap().unwrap()).unwrap();
        let signed = "closed by both sides, level E0, the phone's word signed";
        let told = "closed by both sides, level E0, the phone's word as the gateway tells it: no key to check it with";
        for (keys, of_both) in [(Some(device), signed), (None, told)] {
            let said = said_by_the_checker(&record, &stage, keys);
            let by = match kind {
                ClosureKind::TwoSided => of_both,
                ClosureKind::Unilateral => "closed by the gateway alone",
            };
            assert!(said.ends_with(&format!("{mandate}, {}, {by}\n", order.order)), "{said}");
        }
    }
}

/// What a stranger reads who has the checker's program, the log's key, the receipt and its annex, with the phone's key or not.
fn said_by_the_checker(record: &OrderRecord, stage: &Stage, device: Option<PublicKey>) -> String {
    let closure = record.closure.as_ref().expect("a closure");
    let folder = tempfile::tempdir().unwrap();
    let written = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let keys = device.map(|key| written("keys.json", jwk_set::write(&[("device", &key)]).unwrap()));
    let said = std::process::Command::new(env!("CARGO_BIN_EXE_check-receipt"))
        .arg(written("log.vkey", stage.gateway().unwrap().log_key().to_string()))
        .arg(written("receipt", closure.receipt.clone()))
        .arg(written("annex.json", serde_json::to_string(&closure.annex).unwrap()))
        .args(keys)
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    String::from_utf8(said.stdout).unwrap()
}

fn kind_of(record: &OrderRecord, stage: &Stage) -> ClosureKind {
    let closure = record.closure.as_ref().expect("a closure");
    let receipt = Receipt::parse(closure.receipt.as_bytes()).unwrap();
    let verified = receipt.verify(&stage.gateway().unwrap().log_key()).unwrap();
    verified.open(&closure.annex).unwrap().kind
}

// stopping works from every live state, the first one included.
#[tokio::test]
async fn a_mandate_that_is_not_yet_active_can_be_revoked() {
    for lost in ["consent", "activation"] {
        let stage = Stage::set().await.unwrap();
        let phone = stage.enrolled().await.unwrap();
        stage.network.faults.lose_answers_to(lost, 1);
        let flow = phone.wallet.start_sign(&stage.offer().await.unwrap()).await.unwrap();
        phone.answer_all(flow).await.unwrap();
        let mandate = phone.wallet.mandate_of(flow).unwrap();
        assert_eq!(
            phone.wallet.mandate(mandate).unwrap().state,
            MandateState::Provisioning,
            "control: not yet active"
        );

        phone.cancel(&[mandate]).await.unwrap();
        phone.wallet.sync().await.unwrap();

        let view = phone.wallet.mandate(mandate).unwrap();
        assert!(
            phone.is_closed(mandate).unwrap(),
            "{lost}: {:?}, {:?}",
            view.state,
            view.ending
        );
        assert_eq!(stage.try_charge(mandate, "ride-1").await, "token_destroyed");
        assert_eq!(stage.logged("order").await, 1);
    }
}

// the payer hears of each step.
#[tokio::test]
async fn the_payer_hears_held_then_closing_then_closed() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    phone.events().unwrap();
    phone.cancel(&[mandate]).await.unwrap();
    phone.wallet.sync().await.unwrap();
    let events = phone.events().unwrap();
    let place = |wanted: fn(&WalletEvent) -> bool| events.iter().position(wanted).expect("the event");
    let held = place(|event| {
        matches!(
            event,
            WalletEvent::Held {
                by: HoldOwner::Revocation,
                ..
            }
        )
    });
    let closing = place(|event| matches!(event, WalletEvent::Closing { .. }));
    let closed = place(|event| {
        matches!(
            event,
            WalletEvent::Closed {
                kind: ClosureKind::TwoSided,
                ..
            }
        )
    });
    assert!(held < closing && closing < closed, "{events:?}");
    assert_eq!(stage.logged("closure").await, 1);
}

/// A pause of an active mandate that met a gateway which is busy for so many seconds: the gateway does not know of it.
#[cfg(test)]
async fn paused_while_busy_for(seconds: u32, ahead: i64) -> (Stage, StagePhone, quittance_protocol::MandateId) {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    phone.clock.turn(ahead);
    stage.network.faults.busy_for("hold", seconds);
    let busy = phone.wallet.pause(&[mandate]).await;
    assert!(matches!(busy, Err(WalletError::Problem(_))), "{busy:?}");
    assert!(
        !phone.wallet.mandate(mandate).unwrap().can_pay,
        "here it is held at once"
    );
    assert_eq!(stage.try_charge(mandate, "before").await, "approved");
    (stage, phone, mandate)
}

#[tokio::test]
async fn a_pause_that_met_a_busy_gateway_while_the_clock_was_ahead_is_said_once_the_clock_is_right() {
    let (stage, phone, mandate) = paused_while_busy_for(5, 86_400).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "approved",
        "control: for five seconds the wish is kept"
    );
    phone.clock.turn(-86_400);
    phone.wallet.sync().await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "mandate_held");
}

#[tokio::test]
async fn a_gateway_that_wants_no_word_for_a_century_hears_of_a_pause_within_the_hour() {
    let (stage, phone, mandate) = paused_while_busy_for(4_000_000_000, 0).await;
    phone.clock.turn(3_599);
    let report = phone.wallet.sync().await.unwrap();
    assert_eq!(report.next_attempt, Some(phone.clock.now().plus_seconds(1)));
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "approved",
        "control: until then it waits"
    );
    phone.clock.turn(1);
    phone.wallet.sync().await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "mandate_held");
}

#[tokio::test]
async fn a_payer_who_stops_again_does_not_wait_because_the_gateway_was_busy() {
    let (stage, phone, mandate) = paused_while_busy_for(600, 0).await;
    phone.wallet.sync().await.unwrap();
    assert_eq!(
        stage.try_charge(mandate, "ride-1").await,
        "approved",
        "control: by itself it waits"
    );
    phone.wallet.pause(&[mandate]).await.unwrap();
    assert_eq!(stage.try_charge(mandate, "ride-2").await, "mandate_held");
}

// A charge was in flight when its mandate ended, and the card network's answer comes after the receipt. The control, a
// charge that begins after it, is among the lies that a phone must not believe (`lies.rs`).
//
#[tokio::test]
async fn a_charge_of_before_the_end_whose_answer_comes_after_it_is_an_ordinary_one() {
    let (stage, phone, mandate) = Stage::with_mandate().await.unwrap();
    stage.card_network.lose_answers(true);
    assert_eq!(stage.try_charge(mandate, "ride-1").await, "external_unavailable");
    stage.pass(1).await.unwrap();
    let flow = phone.cancel(&[mandate]).await.unwrap();
    let order = phone.wallet.order_of(flow).unwrap().unwrap();
    stage.pass(DRAIN).await.unwrap();
    stage
        .until_order(&phone, order, |record| record.destroyed.is_some())
        .await
        .unwrap();
    phone.wallet.sync().await.unwrap();
    assert!(phone.is_closed(mandate).unwrap());

    stage.card_network.lose_answers(false);
    let told = async {
        loop {
            // The network is asked again about what it has not told.
            stage.pass(4).await.unwrap();
            phone.wallet.sync().await.unwrap();
            let is_of_a_charge = |event: &WalletEvent| {
                matches!(event, WalletEvent::Charged { .. } | WalletEvent::ChargedAfterEnd { .. })
            };
            if let Some(event) = phone.events().unwrap().into_iter().find(is_of_a_charge) {
                break event;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("never told");
    assert!(matches!(told, WalletEvent::Charged { .. }), "{told:?}");
}
