//! Orders: what the payer, the phone and the clock say about a destruction.

use std::collections::BTreeSet;

use quittance_flows::destruction::gateway::{GatewayEvent, OwnHalf};
use quittance_flows::destruction::intent;
use quittance_flows::flow::DoneStep;
use quittance_flows::{FlowDefinition, FlowEffect, Phase, Policy};
use quittance_protocol::flow_event::FlowStart;
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{
    Acknowledgement, Attestation, FactorProof, Intent, PhoneOutcome, operation_digest,
};
use quittance_protocol::{Digest32, OrderId, Problem, Received, Timestamp, Verified};

use crate::ending::{Placing, come_due, effective_at, joins, place, take};
use crate::factor::{self, Expected};
use crate::failure::{Decided, Failure};
use crate::flows;
use crate::store::{Device, Order};
use crate::turn::{Answer, Late, Turn};
use crate::world::PolicyInForce;

/// The payer wants mandates ended. What is under an order that is not effective later than the wish joins it: the same
/// order, the same receipt (H2).
pub(super) fn intend(turn: &mut Turn<'_>, device: &Device, said: &Verified<Intent>) -> Decided<Answer> {
    let body = said.body();
    let policy = turn.world.policies.current()?;
    if body.mandates.is_empty() || body.mandates.iter().collect::<BTreeSet<_>>().len() != body.mandates.len() {
        return Err(Problem::new(Code::Malformed)
            .at("/mandates")
            .detail("name each mandate once")
            .into());
    }
    if body.mandates.len() > usize::try_from(policy.policy.cancellation.batch_max_items).unwrap_or(usize::MAX) {
        return Err(Problem::new(Code::LimitExceeded).at("/mandates").into());
    }
    let wish = check_intent(turn, device, body)?;
    let mut live = Vec::new();
    for (index, id) in body.mandates.iter().enumerate() {
        let row = turn.store.mandate(*id)?.filter(|row| row.account == device.account);
        live.push(row.ok_or_else(|| Problem::new(Code::NotFound).at(format!("/mandates/{index}")))?);
    }
    let mut joined: BTreeSet<OrderId> = live.iter().filter_map(|row| row.order).collect();
    for order in joined.clone() {
        if !joins(turn, order, &body.mandates, wish.effective_at)? {
            joined.remove(&order);
        }
    }
    live.retain(|row| row.order.is_none_or(|order| !joined.contains(&order)));
    if live.is_empty() {
        let order = joined.first().ok_or(Failure::Rules("an intent without mandates"))?;
        return Ok(Answer::Late(Late::Order(*order)));
    }
    let placing = Placing {
        ending: wish.cause.by_usual_actor(),
        intent: Some(said),
        effective_at: wish.effective_at,
        policy: wish.policy,
    };
    let order = place(turn, device.account, live, &placing)?;
    Ok(Answer::Late(Late::Order(order)))
}

/// What an intent asks for, as the definition of its flow has it.
struct Wish<'w> {
    cause: TerminationCause,
    effective_at: Timestamp,
    policy: &'w PolicyInForce,
}

/// Online every step of the flow is done, and the intent carries one of its proofs again. An intent that was made
/// offline needs no more than the biometric proof, then or later, because it lowers authority; or that of the step in
/// its place, where the run had come to it.
fn check_intent<'w>(turn: &Turn<'w>, device: &Device, body: &Intent) -> Decided<Wish<'w>> {
    let world = turn.world;
    let rejected = || Problem::new(Code::ProofRejected).at("/flow");
    let mut by_run = false;
    let (policy, definition, proof) = match flows::load(turn.store, world, device, body.flow)? {
        Some(run) => {
            let start = &run.state.start;
            // What skips the steps that the run was for is only a flow that needs none of the gateway's. The phone's word
            // counts, also where the run was completed here and the phone did not hear of it.
            let offline = body.offline && run.definition.completes_offline();
            let named = intent::named(&flows::channels(turn, &run)?, offline);
            if run.definition.effect != FlowEffect::Destroy || body.mandates != named {
                return Err(rejected().into());
            }
            let proved = run.state.phase == Phase::Completed && !run.state.is_offline() && !offline;
            if !proved && !offline {
                let undone = Problem::new(Code::StepOrder).at("/flow");
                return Err(undone.detail("the flow is not done").into());
            }
            by_run = proved;
            let policy = world.policies.version(start.policy_version);
            let policy = policy.ok_or(Failure::Damaged("a flow"))?;
            let shown = Received::parse(&body.proof).map_err(|problem| problem.at("/proof"))?;
            // Without the other steps only the one counts that says who the payer is.
            let counts = |step: &DoneStep| proved || run.definition.identifies(&step.id);
            let known = |step: &&DoneStep| step.evidence == Some(shown.content()) && counts(step);
            let proof = match run.state.done.iter().find(known) {
                // Checked when the step was done.
                Some(_) => None,
                None => Some(check_proof(turn, device, body, run.definition, start)?),
            };
            (policy, run.definition, proof)
        }
        // Everything happened offline, and the intent came first: it carries all that is needed.
        None if body.offline => {
            let policy = world.policies.current()?;
            let (start, definition) = offline_start(&policy.policy, body)?;
            let proof = check_proof(turn, device, body, definition, &start)?;
            (policy, definition, Some(proof))
        }
        None => return Err(Problem::new(Code::NotFound).at("/flow").into()),
    };
    if let Some(proof) = proof {
        factor::spend_proof_again(turn.store, &proof, "/proof")?;
    }
    let cause = match definition.cause {
        // Nothing but the payer's proof is known, whatever the flow was to show.
        _ if !by_run => TerminationCause::PayerOffline,
        Some(cause) => cause,
        None if body.mandates.len() > 1 => TerminationCause::PayerBatch,
        None => TerminationCause::Payer,
    };
    Ok(Wish {
        cause,
        effective_at: effective_at(&policy.policy, definition, turn.now)?,
        policy,
    })
}

/// The run that an intent from nowhere speaks of, as far as its proof tells: of a cancellation that can be completed
/// without the gateway.
fn offline_start<'p>(policy: &'p Policy, body: &Intent) -> Decided<(FlowStart, &'p FlowDefinition)> {
    let claimed = Received::parse(&body.proof)
        .and_then(|received| received.unverified_body::<FactorProof>())
        .map_err(|problem| problem.at("/proof"))?
        .1;
    let nothing = Digest32::of(b"");
    let found = policy.definitions().find(|(name, definition)| {
        definition.effect == FlowEffect::Destroy
            && definition.completes_offline()
            && operation_digest(name, &body.mandates, &nothing) == claimed.operation
    });
    let (name, definition) = found.ok_or_else(|| Problem::new(Code::ProofRejected).at("/proof/operation"))?;
    let start = FlowStart {
        flow: body.flow,
        definition: name.to_owned(),
        policy_version: policy.bundle.version,
        mandates: body.mandates.clone(),
        wish: None,
        operation: claimed.operation,
        nonce: claimed.nonce,
    };
    Ok((start, definition))
}

/// The biometric proof of a run, as its own device signed it.
fn check_proof(
    turn: &Turn<'_>,
    device: &Device,
    body: &Intent,
    definition: &FlowDefinition,
    start: &FlowStart,
) -> Decided<Verified<FactorProof>> {
    let step = definition.identification();
    let step = step.ok_or_else(|| Problem::new(Code::ProofRejected).at("/flow"))?;
    let expected = Expected {
        flow: body.flow,
        step: &step.id,
        nonce: start.nonce.as_slice(),
        operation: start.operation,
        life: None,
    };
    factor::check_proof(turn, &device.biometric_key, &body.proof, &expected, "/proof")
}

/// The phone says what became of its half.
pub(super) fn attest(turn: &mut Turn<'_>, device: &Device, said: &Verified<Attestation>) -> Decided<Answer> {
    let body = said.body();
    let mut order = find(turn, device, body.order)?;
    if order.state.own == OwnHalf::Scheduled && order.effective_at <= turn.now {
        // The clock has not come to it yet: much is due at this moment.
        come_due(turn, order)?;
        order = find(turn, device, body.order)?;
    }
    let rejected = |pointer: &str| {
        tracing::warn!(order = %body.order, member = pointer, "an attestation was refused");
        Problem::new(Code::ProofRejected).at(pointer)
    };
    if body.nonce != order.nonce {
        return Err(rejected("/nonce").into());
    }
    if body.tokens != order.commitments {
        return Err(rejected("/tokens").into());
    }
    let event = match &body.outcome {
        PhoneOutcome::Destroyed {
            epoch_old,
            epoch_new,
            probe,
            ..
        } => {
            if epoch_new <= epoch_old {
                return Err(rejected("/outcome/epoch_new").into());
            }
            if !probe.passed() {
                return Err(rejected("/outcome/probe").into());
            }
            GatewayEvent::PhoneDestroyed(said.content())
        }
        PhoneOutcome::Absent {} => GatewayEvent::PhoneAbsent(said.content()),
    };
    if says_the_same(&order, body)? {
        return Ok(Answer::Late(Late::Order(order.order)));
    }
    if matches!(event, GatewayEvent::PhoneDestroyed(_)) {
        // A phone that had no half gives no evidence of its end.
        order.evidence_level = device.evidence.level(&turn.world.trust);
    }
    order.attestation = Some(said.compact().to_owned());
    take(turn, &mut order, event)?;
    Ok(Answer::Late(Late::Order(order.order)))
}

/// Whether the phone said exactly this before, in a statement that got lost or was signed again after a crash.
fn says_the_same(order: &Order, body: &Attestation) -> Decided<bool> {
    let Some(before) = &order.attestation else {
        return Ok(false);
    };
    let (_, before) = Received::parse(before)?.unverified_body::<Attestation>()?;
    Ok(before == *body)
}

/// The phone says what its own check of the closure found.
pub(super) fn acknowledge(turn: &mut Turn<'_>, device: &Device, said: &Verified<Acknowledgement>) -> Decided<Answer> {
    let body = said.body();
    let mut order = find(turn, device, body.order)?;
    if order.closure.is_none() && order.state.own != OwnHalf::Undone {
        return Err(Problem::new(Code::StepOrder)
            .at("/order")
            .detail("there is no closure yet")
            .into());
    }
    if !body.verified {
        tracing::error!(order = %body.order, "a phone refused a closure");
    }
    order.acknowledged = Some(body.verified);
    turn.store.put_order(&order)?;
    Ok(Answer::Late(Late::Order(order.order)))
}

fn find(turn: &Turn<'_>, device: &Device, id: OrderId) -> Decided<Order> {
    let order = turn.store.order(id)?.filter(|order| order.account == device.account);
    order.ok_or_else(|| Problem::new(Code::NotFound).at("/order").into())
}
