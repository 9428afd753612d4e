//! Orders: what the payer, the phone and the clock say about a destruction.

use std::collections::BTreeSet;

use quittance_flows::destruction::gateway::{self, GatewayEvent, GatewayState, PhoneSide};
use quittance_flows::mandate::MandateEvent;
use quittance_flows::{FactorKind, FlowDefinition, FlowEffect, Phase, Refused, StepKind};
use quittance_protocol::log::EntryKind;
use quittance_protocol::log_body::{OrderBody, TerminationCause};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{
    Acknowledgement, Attestation, FactorProof, Intent, PhoneOutcome, ReplicaState, operation_digest,
};
use quittance_protocol::{AccountId, B64, Digest32, OrderId, Problem, Received, Verified};

use super::flow;
use crate::destruction;
use crate::factor::{self, Expected};
use crate::failure::{Decided, Failure};
use crate::logbook;
use crate::parties::MerchantNotice;
use crate::store::{Device, Mandate, Order};
use crate::turn::{After, Answer, Turn};

/// The payer wants mandates ended. What is under an order already joins it: the same order, the same receipt (H2).
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
    let mut live = Vec::new();
    let mut joined = None;
    for (index, id) in body.mandates.iter().enumerate() {
        let row = turn.store.mandate(*id)?.filter(|row| row.account == device.account);
        let row = row.ok_or_else(|| Problem::new(Code::NotFound).at(format!("/mandates/{index}")))?;
        match row.order {
            Some(order) => joined = joined.or(Some(order)),
            None => live.push(row),
        }
    }
    check_intent(turn, device, body)?;
    if live.is_empty() {
        let order = joined.ok_or(Failure::Rules("an intent without mandates"))?;
        return Ok(Answer::Order(order));
    }
    let cause = if body.offline {
        TerminationCause::PayerOffline
    } else {
        TerminationCause::Payer
    };
    place(turn, device.account, live, cause, Some(said)).map(Answer::Order)
}

/// The proof is B's over the flow's identify step; online the whole flow is done, PIN included. An intent that was
/// made offline needs no more than the proof, then or later, because it lowers authority.
fn check_intent(turn: &Turn<'_>, device: &Device, body: &Intent) -> Decided<()> {
    let pointer = "/proof";
    let check = |name: &str, definition: &FlowDefinition, nonce: &[u8]| -> Decided<Verified<FactorProof>> {
        let step = definition
            .steps
            .iter()
            .find(|step| step.kind == StepKind::Factor(FactorKind::Biometric));
        let step = step.ok_or(Failure::Rules("a cancellation asks for no biometric proof"))?;
        let operation = operation_digest(name, &body.mandates, &Digest32::of(b""));
        let expected = Expected {
            flow: body.flow,
            step: &step.id,
            nonce,
            operation,
            life: None,
        };
        factor::check_proof(turn, &device.biometric_key, &body.proof, &expected, pointer)
    };
    let rejected = |pointer: &str| Problem::new(Code::ProofRejected).at(pointer);
    let proof = match flow::load(turn.store, turn.world, device, body.flow)? {
        Some(run) => {
            if run.definition.effect != FlowEffect::Destroy || run.state.start.mandates != body.mandates {
                return Err(rejected("/flow").into());
            }
            let proved = run.state.phase == Phase::Completed && !run.state.is_offline();
            if !proved && !body.offline {
                return Err(Problem::new(Code::StepOrder)
                    .at("/flow")
                    .detail("the flow is not done")
                    .into());
            }
            check(
                &run.state.start.definition,
                run.definition,
                run.state.start.nonce.as_slice(),
            )?
        }
        // Everything happened offline, and the intent came first: it carries all that is needed.
        None if body.offline => {
            let policy = &turn.world.policies.current()?.policy;
            let quick = policy.flows.iter().find(|(_, flow)| flow.effect == FlowEffect::Destroy);
            let (name, definition) = quick.ok_or(Failure::Rules("the policy has no cancellation"))?;
            let nonce = Received::parse(&body.proof)
                .and_then(|received| received.unverified_body::<FactorProof>())
                .map_err(|problem| problem.at(pointer))?
                .1
                .nonce;
            check(name, definition, nonce.as_slice())?
        }
        None => return Err(Problem::new(Code::NotFound).at("/flow").into()),
    };
    factor::spend_proof_again(turn.store, &proof, pointer)
}

/// The phone says what became of its half.
pub(super) fn attest(turn: &mut Turn<'_>, device: &Device, said: &Verified<Attestation>) -> Decided<Answer> {
    let body = said.body();
    let mut order = find(turn, device, body.order)?;
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
            if probe.old_root_opens || probe.records_open || probe.key_found {
                return Err(rejected("/outcome/probe").into());
            }
            GatewayEvent::PhoneDestroyed(said.content())
        }
        PhoneOutcome::Absent {} => GatewayEvent::PhoneAbsent(said.content()),
    };
    if says_the_same(&order, body)? {
        return Ok(Answer::Order(order.order));
    }
    order.evidence_level = device.evidence_level;
    order.attestation = Some(said.compact().to_owned());
    take(turn, &mut order, event)?;
    Ok(Answer::Order(order.order))
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
    if order.closure.is_none() {
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
    Ok(Answer::Order(order.order))
}

fn find(turn: &Turn<'_>, device: &Device, id: OrderId) -> Decided<Order> {
    let order = turn.store.order(id)?.filter(|order| order.account == device.account);
    order.ok_or_else(|| Problem::new(Code::NotFound).at("/order").into())
}
