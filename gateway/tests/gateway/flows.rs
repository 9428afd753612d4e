//! Flows: events are admitted in their sequence, with fresh proofs, within their time.

use quittance_protocol::answer::{FlowLog, MandateRecord, MandateState};
use quittance_protocol::statement::{CancelFlow, FactorProof, Intent, StartFlow, StepAnswer};
use quittance_protocol::{B64, Code, Digest32, MandateId};

use crate::support::phone::{Flow, Key, Phone, Token};
use crate::support::{House, random};

//
#[tokio::test]
async fn steps_out_of_sequence_are_refused_and_change_nothing() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = Token::new();
    let offer = house.offer();
    let flow = phone.begin("mandate.sign", &[token.mandate], offer.as_bytes()).await;
    let proof = StepAnswer::Proof {
        proof: phone.proof(&flow, "identify"),
    };
    assert_eq!(
        phone.answer(&flow, "identify", proof.clone()).await.code(),
        Code::StepOrder
    );
    assert_eq!(
        phone.answer(&flow, "consent", proof).await.code(),
        Code::StepOrder,
        "a proof answers no prompt"
    );
    assert_eq!(
        phone.answer(&flow, "payment_pin", StepAnswer::Offline {}).await.code(),
        Code::StepOrder
    );
    let consent = phone.consent(&flow, &token, &offer).await;
    assert_eq!(
        phone.post(&consent).await.code(),
        Code::StepOrder,
        "the flow is not done"
    );
    assert_eq!(
        phone
            .house
            .get("/v1/mandates", Some(&phone.session().await))
            .await
            .text(),
        "[]"
    );
}

//
#[tokio::test]
async fn a_proof_counts_only_for_its_own_challenge_key_and_time() {
    // I8: old signature, other key, other step, other operation, too old, used before.
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = Token::new();
    let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
    phone.confirm(&flow, "consent").await;
    let good = FactorProof {
        flow: flow.start.flow,
        step: "identify".to_owned(),
        nonce: flow.start.nonce.clone(),
        operation: flow.start.operation,
    };
    let sign = |key: &Key, body: &FactorProof| StepAnswer::Proof {
        proof: key.sign(&phone.claims(None), body),
    };
    let cases = [
        (Code::UnknownKey, sign(&Key::new(), &good)),
        (Code::UnknownKey, sign(&phone.device, &good)),
        (
            Code::ProofRejected,
            sign(
                &phone.biometric,
                &FactorProof {
                    step: "consent".to_owned(),
                    ..good.clone()
                },
            ),
        ),
        (
            Code::ProofRejected,
            sign(
                &phone.biometric,
                &FactorProof {
                    nonce: B64::new(random::<32>()),
                    ..good.clone()
                },
            ),
        ),
        (
            Code::ProofRejected,
            sign(
                &phone.biometric,
                &FactorProof {
                    operation: Digest32::of(b"other"),
                    ..good.clone()
                },
            ),
        ),
        (
            Code::ProofRejected,
            sign(
                &phone.biometric,
                &FactorProof {
                    flow: quittance_protocol::FlowId::from_bytes(random()),
                    ..good.clone()
                },
            ),
        ),
        (Code::Malformed, StepAnswer::Proof { proof: String::new() }),
    ];
    for (code, answer) in cases {
        assert_eq!(phone.answer(&flow, "identify", answer).await.code(), code);
    }
    let old = sign(&phone.biometric, &good);
    house.clock.advance(300);
    assert_eq!(
        phone.answer(&flow, "identify", old).await.code(),
        Code::ProofRejected,
        "five minutes are over"
    );
    // A clock that is ahead is borne as long as one that is behind.
    let said_in = |seconds| {
        let mut claims = phone.claims(None);
        claims.iat = claims.iat.plus_seconds(seconds);
        StepAnswer::Proof {
            proof: phone.biometric.sign(&claims, &good),
        }
    };
    let ahead = phone.answer(&flow, "identify", said_in(300)).await.problem();
    assert_eq!(
        (ahead.code(), ahead.pointer()),
        (Code::ProofRejected, Some("/answer/proof/iat"))
    );
    let fresh = sign(&phone.biometric, &good);
    house.clock.advance(299);
    let _: FlowLog = phone.answer(&flow, "identify", fresh).await.ok();
}

//
#[tokio::test]
async fn a_clock_that_is_ahead_by_less_than_a_proofs_life_is_borne() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = Token::new();
    let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
    phone.confirm(&flow, "consent").await;
    let proof = {
        let mut claims = phone.claims(None);
        claims.iat = claims.iat.plus_seconds(299);
        phone.biometric.sign(&claims, &phone.proved(&flow, "identify"))
    };
    let _: FlowLog = phone.answer(&flow, "identify", StepAnswer::Proof { proof }).await.ok();
}

//
#[tokio::test]
async fn an_answer_for_another_flow_is_a_typed_problem_and_changes_neither() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let stranger = Phone::ready(&house).await;
    let (first, second) = (phone.sign_mandate().await, phone.sign_mandate().await);
    let quick = phone.begin_lowering("mandate.cancel.quick", &[first.mandate]).await;
    let other = phone.begin_lowering("mandate.cancel.quick", &[second.mandate]).await;
    let service = phone.begin_lowering("mandate.cancel.service", &[second.mandate]).await;
    let cancelled = phone.begin_lowering("mandate.cancel.quick", &[second.mandate]).await;
    let _: FlowLog = phone
        .post(&CancelFlow {
            flow: cancelled.start.flow,
        })
        .await
        .ok();
    let unknown = Flow {
        start: phone.flow_start("mandate.cancel.quick", &[first.mandate], b"", B64::new(random::<32>())),
    };
    let runs = [&quick, &other, &service, &cancelled];
    let mut before = Vec::new();
    for run in runs {
        before.push(phone.run(run.start.flow).await.events);
    }
    let proof = |flow: &Flow| StepAnswer::Proof {
        proof: phone.proof(flow, "identify"),
    };
    let theirs = StepAnswer::Proof {
        proof: stranger.proof(&quick, "identify"),
    };
    // Whole answers as they belong to one run, said to another: one step earlier or later, the same step, none at all.
    for (speaker, to, step, answer, code, field) in [
        (&phone, &quick, "select", phone.shown(), Code::StepOrder, "/step"),
        (&phone, &service, "identify", proof(&quick), Code::StepOrder, "/step"),
        (&phone, &service, "select", proof(&quick), Code::StepOrder, "/answer"),
        (
            &phone,
            &other,
            "identify",
            proof(&quick),
            Code::ProofRejected,
            "/answer/proof/flow",
        ),
        (&phone, &cancelled, "identify", proof(&quick), Code::StepOrder, "/flow"),
        (&phone, &unknown, "identify", proof(&quick), Code::NotFound, "/flow"),
        (&stranger, &quick, "identify", proof(&quick), Code::NotFound, "/flow"),
        (&stranger, &quick, "identify", theirs, Code::NotFound, "/flow"),
    ] {
        let problem = speaker.answer(to, step, answer).await.problem();
        assert_eq!((problem.code(), problem.pointer()), (code, Some(field)), "{step}");
    }
    for (run, before) in runs.iter().zip(before) {
        assert_eq!(phone.run(run.start.flow).await.events, before, "nothing changed");
    }
    for token in [&first, &second] {
        assert_eq!(
            phone.mandate(token.mandate).await.state,
            MandateState::Active,
            "nothing is held"
        );
    }
    let log: FlowLog = phone.answer(&quick, "identify", proof(&quick)).await.ok();
    assert!(log.events.len() > 2, "control: in its own run the answer is taken");
}

//
#[tokio::test]
async fn a_proof_is_used_once() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let nonce = B64::new(random::<32>());
    let flow = phone
        .begin_with("mandate.cancel.quick", &[token.mandate], b"", nonce)
        .await;
    let proof = phone.identify(&flow).await;
    let again = phone.answer(&flow, "identify", StepAnswer::Proof { proof }).await;
    assert_eq!(again.code(), Code::StepOrder, "the step is behind");
    assert_eq!(phone.post(&CancelFlow { flow: flow.start.flow }).await.status, 200);
    let lifted: Vec<MandateRecord> = phone.resume(&[token.mandate]).await.ok();
    assert_eq!(
        lifted[0].state,
        MandateState::Active,
        "an abandoned cancellation's hold is lifted by the payer"
    );
}

//
#[tokio::test]
async fn a_proof_id_used_before_is_refused_whatever_it_proves() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let claims = phone.claims(None);
    let mut replies = Vec::new();
    for _ in 0..2 {
        let token = Token::new();
        let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
        phone.confirm(&flow, "consent").await;
        let start = &flow.start;
        let body = FactorProof {
            flow: start.flow,
            step: "identify".to_owned(),
            nonce: start.nonce.clone(),
            operation: start.operation,
        };
        let proof = phone.biometric.sign(&claims, &body);
        replies.push(phone.answer(&flow, "identify", StepAnswer::Proof { proof }).await);
    }
    assert_eq!(replies[0].status, 200);
    assert_eq!(replies[1].code(), Code::ProofReused);
}

//
#[tokio::test]
async fn an_intent_brings_the_very_proof_that_its_run_took_and_no_other_under_its_id() {
    // The network goes after any step: what was left of the run is then done offline.
    for offline in [false, true] {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        let token = phone.sign_mandate().await;
        let flow = phone.begin_lowering("mandate.cancel.quick", &[token.mandate]).await;
        let mut claims = phone.claims(None);
        let body = phone.proved(&flow, "identify");
        let proof = phone.biometric.sign(&claims, &body);
        let answer = StepAnswer::Proof { proof: proof.clone() };
        let _: FlowLog = phone.answer(&flow, "identify", answer).await.ok();
        if !offline {
            phone.confirm(&flow, "confirm").await;
            phone.prove_pin(&flow).await;
        }
        let intent = |proof| Intent {
            flow: flow.start.flow,
            mandates: vec![token.mandate],
            offline,
            proof,
        };
        claims.iat = claims.iat.plus_seconds(1);
        let other = phone.biometric.sign(&claims, &body);
        assert_eq!(phone.post(&intent(other)).await.code(), Code::ProofReused);
        assert_eq!(phone.post(&intent(proof)).await.status, 200, "control");
    }
}

//
#[tokio::test]
async fn leaving_a_cancellation_keeps_its_hold() {
    //
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let flow = phone
        .begin_with("mandate.cancel.quick", &[token.mandate], b"", B64::new(random::<32>()))
        .await;
    phone.identify(&flow).await;
    let _: FlowLog = phone.post(&CancelFlow { flow: flow.start.flow }).await.ok();
    let record = phone.mandate(token.mandate).await;
    assert_eq!(
        (record.state, record.holds.as_slice()),
        (MandateState::Suspended, &["revocation".to_owned()][..])
    );
}

//
#[tokio::test]
async fn a_flow_that_nobody_touches_expires_after_30_minutes() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    for (idle, passes) in [(1799, true), (1800, false)] {
        let token = Token::new();
        let flow = phone.begin("mandate.sign", &[token.mandate], b"offer").await;
        house.clock.advance(idle);
        let reply = phone
            .answer(
                &flow,
                "consent",
                StepAnswer::Confirmed {
                    shown: Digest32::of(b"x"),
                },
            )
            .await;
        match passes {
            true => assert_eq!(reply.status, 200),
            false => assert_eq!(reply.code(), Code::FlowExpired),
        }
    }
}

#[tokio::test]
async fn a_flow_starts_only_from_what_is_known() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    let start = |change: fn(&mut quittance_protocol::flow_event::FlowStart)| {
        let mut start = phone.flow_start("mandate.cancel.quick", &[token.mandate], b"", B64::new(random::<32>()));
        change(&mut start);
        StartFlow { start }
    };
    let cases = [
        (
            Code::PolicyTooOld,
            start(|s| s.definition = "mandate.cancel.unheard".to_owned()),
        ),
        (Code::PolicyTooOld, start(|s| s.policy_version = 2)),
        (Code::Malformed, start(|s| s.operation = Digest32::of(b"other"))),
        (
            Code::NotFound,
            start(|s| s.mandates = vec![MandateId::from_bytes([9; 16])]),
        ),
        (Code::Malformed, start(|s| s.mandates = Vec::new())),
        (
            Code::NonceNeeded,
            StartFlow {
                start: phone.flow_start(
                    "mandate.sign",
                    &[MandateId::from_bytes(random())],
                    b"",
                    B64::new(random::<32>()),
                ),
            },
        ),
    ];
    for (code, start) in cases {
        assert_eq!(phone.post(&start).await.code(), code);
    }
    let stranger = Phone::ready(&house).await;
    let flow = stranger.post(&start(|_| ())).await;
    assert_eq!(flow.code(), Code::NotFound, "another account's mandate does not exist");
}

//
#[tokio::test]
async fn a_consent_must_be_what_was_proved() {
    //
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = Token::new();
    let offer = house.offer();
    let flow: Flow = phone.signed_flow(&token, &offer).await;
    let good = phone.consent(&flow, &token, &offer).await;
    let other = house.offer();
    let mut changed = phone.consent(&flow, &token, &other).await;
    assert_eq!(phone.post(&changed).await.problem().pointer(), Some("/offer"));
    changed = good.clone();
    changed.terms_hash = Digest32::of(b"other terms");
    assert_eq!(phone.post(&changed).await.problem().pointer(), Some("/terms_hash"));
    changed = good.clone();
    changed.mandate = MandateId::from_bytes(random());
    assert_eq!(phone.post(&changed).await.code(), Code::ProofRejected);
    let _: MandateRecord = phone.post(&good).await.ok();
    changed = good.clone();
    changed.nonce = phone.nonce().await;
    assert_eq!(phone.post(&changed).await.code(), Code::VersionConflict, "once");
}
