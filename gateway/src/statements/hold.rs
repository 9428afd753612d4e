//! The payer's pause: adding it needs nothing, lifting it needs the payer.

use quittance_flows::mandate::MandateEvent;
use quittance_flows::policy::named::RESUME;
use quittance_flows::{Authority, FactorKind, Hold, HoldOwner, StepKind};
use quittance_protocol::answer::MandateState;
use quittance_protocol::log_body::Actor;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{self, FactorProof, HoldChange, operation_digest};
use quittance_protocol::{Digest32, Problem, Received, Verified};

use super::flow;
use crate::factor::{self, Expected};
use crate::failure::{Decided, Failure};
use crate::flows::{held_by_cancellations, settled};
use crate::store::{Device, Mandate};
use crate::turn::{Answer, Turn};
use crate::views;

/// Adds or lifts the pause of the named mandates, all or none.
pub(super) fn decide(turn: &mut Turn<'_>, device: &Device, said: &Verified<statement::Hold>) -> Decided<Answer> {
    let body = said.body();
    let most = turn.world.policies.current()?.policy.cancellation.batch_max_items;
    if body.mandates.is_empty() {
        return Err(Problem::new(Code::Malformed)
            .at("/mandates")
            .detail("name the mandates")
            .into());
    }
    if body.mandates.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(Problem::new(Code::LimitExceeded).at("/mandates").into());
    }
    let mut mandates = Vec::with_capacity(body.mandates.len());
    for (index, id) in body.mandates.iter().enumerate() {
        let row = turn.store.mandate(*id)?.filter(|row| row.account == device.account);
        mandates.push(row.ok_or_else(|| Problem::new(Code::NotFound).at(format!("/mandates/{index}")))?);
    }
    match &body.change {
        HoldChange::Add {} => add(turn, &mut mandates)?,
        HoldChange::Lift { nonce, proof } => {
            factor::spend_nonce(turn, nonce.as_slice(), "/change/nonce")?;
            check_wish(turn, device, body, nonce.as_slice(), proof)?;
            // This wish has no run at the gateway, so no guard of one keeps it back after a recovery.
            let policy = &turn.world.policies.current()?.policy;
            if settled::is_recovering(turn, policy, device.account)? {
                return Err(Code::RiskDenied.into());
            }
            lift(turn, device, &mut mandates)?;
        }
    }
    let records: Result<Vec<_>, Failure> = mandates
        .iter()
        .map(|row| views::mandate(turn.store, row, turn.now))
        .collect();
    Answer::json(&records?)
}

fn add(turn: &Turn<'_>, mandates: &mut [Mandate]) -> Decided<()> {
    for mandate in mandates {
        // What is ending or has ended is stopped already: nothing to hold, and no reason to refuse.
        if let Ok(standing) = mandate
            .standing
            .step(MandateEvent::HoldAdded(Hold::new(HoldOwner::Payer, turn.now)))
            && standing != mandate.standing
        {
            mandate.standing = standing;
            mandate.follow_holds();
            turn.store.put_mandate(mandate)?;
        }
    }
    Ok(())
}

/// One wish lifts the payer's pause, and the hold of a cancellation that was left without an order. While a cancellation
/// goes on, on whichever phone, its hold stays, and so do those of others (I9).
fn lift(turn: &Turn<'_>, device: &Device, mandates: &mut [Mandate]) -> Decided<()> {
    let held = held_by_cancellations(turn, device.account)?;
    for (index, mandate) in mandates.iter_mut().enumerate() {
        let pointer = format!("/mandates/{index}");
        match mandate.standing.state {
            MandateState::Ended | MandateState::Rejected => {
                return Err(Problem::new(Code::MandateEnded).at(pointer).into());
            }
            MandateState::Revoking => return Err(Problem::new(Code::TooLate).at(pointer).into()),
            // An end that is ordered for later is undone as a whole: its hold is not lifted alone.
            MandateState::RevocationScheduled => return Err(Problem::new(Code::StepOrder).at(pointer).into()),
            _ => {}
        }
        let goes_on = held.contains(&mandate.mandate);
        if goes_on && !mandate.standing.holds.contains(&HoldOwner::Payer) {
            return Err(Problem::new(Code::StepOrder)
                .at(pointer)
                .detail("its cancellation is under way: leave that first")
                .into());
        }
        let left = (!goes_on).then_some(HoldOwner::Revocation);
        for owner in [HoldOwner::Payer].into_iter().chain(left) {
            mandate.standing = mandate
                .standing
                .step(MandateEvent::HoldLifted(owner, Actor::Payer))
                .map_err(flow::refusal)?;
        }
        mandate.follow_holds();
        turn.store.put_mandate(mandate)?;
    }
    Ok(())
}

/// The proof is over a flow of its own, whose nonce is the gateway's.
fn check_wish(turn: &Turn<'_>, device: &Device, body: &statement::Hold, nonce: &[u8], proof: &str) -> Decided<()> {
    let policy = &turn.world.policies.current()?.policy;
    let definition = policy.flow(RESUME);
    let definition = definition.ok_or(Failure::Rules("the policy has no flow that lifts a pause"))?;
    let step = definition
        .steps
        .iter()
        .find(|step| step.kind == StepKind::Factor(FactorKind::Biometric))
        .ok_or(Failure::Rules("lifting a pause asks for no biometric proof"))?;
    let pointer = "/change/proof";
    let flow = Received::parse(proof)
        .and_then(|received| received.unverified_body::<FactorProof>())
        .map_err(|problem| problem.at(pointer))?
        .1
        .flow;
    if turn.store.flow(flow)?.is_some() {
        return Err(Problem::new(Code::ProofRejected).at(format!("{pointer}/flow")).into());
    }
    let life = policy.factor.proof_life.get();
    let expected = Expected {
        flow,
        step: &step.id,
        nonce,
        operation: operation_digest(RESUME, &body.mandates, &Digest32::of(b"")),
        life: (definition.authority == Authority::Raises).then_some(life),
    };
    let proof = factor::check_proof(turn, &device.biometric_key, proof, &expected, pointer)?;
    factor::spend_proof(turn.store, &proof, pointer)
}
