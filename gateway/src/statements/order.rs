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
        factor::check_proof(turn, device, &body.proof, &expected, pointer)
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

/// Orders the end of mandates: both halves quiesced, permits dropped, the order logged, all in this commit.
fn place(
    turn: &mut Turn<'_>,
    account: AccountId,
    mandates: Vec<Mandate>,
    cause: TerminationCause,
    intent: Option<&Verified<Intent>>,
) -> Decided<OrderId> {
    let policy = turn.world.policies.current()?;
    let rules = &policy.policy.token;
    let id = OrderId::from_bytes(turn.world.draw()?);
    let nonce = B64::new(turn.world.draw::<32>()?);
    let effective_at = turn.now.plus_seconds(policy.policy.cancellation.quick.effective.get());
    let body = OrderBody {
        order: id,
        mandates: mandates.iter().map(|row| row.mandate).collect(),
        tokens: mandates.iter().map(|row| row.commitment).collect(),
        cause,
        intent: intent.map(Verified::content),
        nonce: nonce.clone(),
        effective_at,
        policy: policy.content,
    };
    let said = logbook::say(turn.store, turn.world, turn.now, EntryKind::Order, &body)?;
    let order = Order {
        order: id,
        account,
        mandates: body.mandates,
        tokens: mandates.iter().map(|row| row.token).collect(),
        commitments: body.tokens,
        cause,
        nonce,
        effective_at,
        policy: policy.content,
        intent: intent.map(|intent| intent.compact().to_owned()),
        intent_content: body.intent,
        attestation: None,
        evidence_level: quittance_protocol::log_body::EvidenceLevel::E0,
        state: GatewayState::ordered(),
        batch: None,
        drain_until: turn.now.plus_seconds(rules.drain.get()),
        silent_until: effective_at.plus_seconds(rules.device_deadline.get()),
        ordered_entry: said.place,
        destroyed_entry: None,
        closure: None,
        risk_epochs: None,
        acknowledged: None,
    };
    turn.store.put_order(&order)?;
    for mut row in mandates {
        let event = match cause {
            TerminationCause::NeverActivated => MandateEvent::Rejected(cause.by_usual_actor()),
            _ => MandateEvent::Ordered {
                ending: cause.by_usual_actor(),
                at: turn.now,
            },
        };
        row.standing = row.standing.step(event).map_err(flow::refusal)?;
        row.half = ReplicaState::Quiesced;
        row.provisioning_until = None;
        row.order = Some(id);
        turn.store.put_mandate(&mut row)?;
        turn.store.drop_permits(row.token)?;
        turn.store.add_notice(
            row.merchant,
            &MerchantNotice::MandateEnded {
                mandate: row.mandate,
                at: turn.now,
            },
        )?;
    }
    drain(turn, id, false)?;
    Ok(id)
}

/// Moves an order on once no charge of its tokens is in flight. `overdue`: their time is over, so they are not waited
/// for any longer, and the network is asked what became of them, which refuses those that it never saw.
pub(crate) fn drain(turn: &mut Turn<'_>, id: OrderId, overdue: bool) -> Decided<()> {
    let mut order = turn.store.order(id)?.ok_or(Failure::Damaged("an order"))?;
    let mut pending = Vec::new();
    for charge in turn.store.pending_charges()? {
        if order.tokens.contains(&charge.token) {
            pending.push(charge.charge);
        }
    }
    if !pending.is_empty() && !overdue {
        return Ok(());
    }
    turn.after.extend(pending.into_iter().map(After::Resolve));
    take(turn, &mut order, GatewayEvent::Drained)
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

/// The phone had its time.
pub(crate) fn closed_by_deadline(turn: &mut Turn<'_>, mut order: Order) -> Decided<()> {
    take(turn, &mut order, GatewayEvent::DeviceDeadline)
}

/// A consent without activation ends like everything else (I12).
pub(crate) fn never_activated(turn: &mut Turn<'_>, mandate: Mandate) -> Decided<()> {
    let account = mandate.account;
    place(turn, account, vec![mandate], TerminationCause::NeverActivated, None).map(|_| ())
}

fn find(turn: &Turn<'_>, device: &Device, id: OrderId) -> Decided<Order> {
    let order = turn.store.order(id)?.filter(|order| order.account == device.account);
    order.ok_or_else(|| Problem::new(Code::NotFound).at("/order").into())
}

/// Lets the rules take an event, writes what they decide, carries out what they ask for.
fn take(turn: &mut Turn<'_>, order: &mut Order, event: GatewayEvent) -> Decided<()> {
    let (state, effects) = gateway::step(&order.state, event).map_err(|refused| match refused {
        Refused::Contradiction => Problem::new(Code::ProofRejected).at("/outcome"),
        other => flow::refusal(other),
    })?;
    if state.phone == order.state.phone
        && matches!(event, GatewayEvent::PhoneDestroyed(_) | GatewayEvent::PhoneAbsent(_))
    {
        return Ok(());
    }
    order.state = state;
    debug_assert!(order.state.phone != PhoneSide::Silent || order.attestation.is_none());
    destruction::carry_out(turn, order, &effects, None)?;
    Ok(turn.store.put_order(order)?)
}
