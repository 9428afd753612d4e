//! What a phone says about its flows: begin, answer, leave.

use std::collections::BTreeSet;

use quittance_flows::definition::{Condition, PromptKind};
use quittance_flows::facts::OFFLINE;
use quittance_flows::{Authority, FactorInput, FactorKind, FlowDefinition, FlowEffect, Step, StepKind};
use quittance_protocol::flow_event::{Author, FlowEventKind, FlowStart, Wish};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{AnswerFlow, CancelFlow, StartFlow, StepAnswer, operation_digest};
use quittance_protocol::{Problem, Verified};

use crate::factor::{self, Expected};
use crate::failure::Decided;
use crate::flows::begin;
use crate::store::Device;
use crate::turn::{Answer, Turn};

pub(super) use crate::flows::{Run, find, is_idle, load, lowers, refusal};

/// Begins a run.
pub(super) fn start(turn: &mut Turn<'_>, device: &Device, said: &Verified<StartFlow>) -> Decided<Answer> {
    let start = &said.body().start;
    let world = turn.world;
    let current = world.policies.current()?;
    let definition = world
        .policies
        .definition(start.policy_version, &start.definition)
        .ok_or_else(|| Problem::new(Code::PolicyTooOld).at("/start/definition"))?;
    if definition.authority == Authority::Raises && start.policy_version != current.policy.bundle.version {
        return Err(Problem::new(Code::PolicyTooOld).at("/start/policy_version").into());
    }
    check_subjects(turn, device, start, definition)?;
    if definition.authority == Authority::Raises {
        factor::spend_nonce(turn, start.nonce.as_slice(), "/start/nonce")?;
    } else if start.nonce.as_slice().len() < 16 {
        return Err(Problem::new(Code::Malformed)
            .at("/start/nonce")
            .detail("use at least 16 fresh bytes")
            .into());
    }
    begin(turn, device, start, Author::Phone)?.answer(turn)
}

fn check_subjects(turn: &Turn<'_>, device: &Device, start: &FlowStart, definition: &FlowDefinition) -> Decided<()> {
    let malformed = |detail: &'static str| Problem::new(Code::Malformed).at("/start/mandates").detail(detail);
    let most = turn.world.policies.current()?.policy.cancellation.batch_max_items;
    if start.mandates.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(Problem::new(Code::LimitExceeded).at("/start/mandates").into());
    }
    if start.mandates.iter().collect::<BTreeSet<_>>().len() != start.mandates.len() {
        return Err(malformed("name each mandate once").into());
    }
    if definition.effect == FlowEffect::Provision {
        return match start.mandates.as_slice() {
            [mandate] if turn.store.mandate(*mandate)?.is_none() => Ok(()),
            _ => Err(malformed("a mandate is signed alone, under a fresh id").into()),
        };
    }
    match (subjects(definition), start.mandates.len()) {
        (Subjects::None, 0) | (Subjects::One, 1) => {}
        (Subjects::Some, 1..) => {}
        (Subjects::None, _) => return Err(malformed("this flow is about the account: name no mandate").into()),
        (Subjects::One, _) => return Err(malformed("name one mandate").into()),
        (Subjects::Some, _) => return Err(malformed("name the mandates").into()),
    }
    for (index, mandate) in start.mandates.iter().enumerate() {
        let row = turn
            .store
            .mandate(*mandate)?
            .filter(|row| row.account == device.account);
        row.ok_or_else(|| Problem::new(Code::NotFound).at(format!("/start/mandates/{index}")))?;
    }
    let wish = Wish::digest(start.wish.as_ref()).map_err(|_| malformed("the wish has no JSON form"))?;
    if start.operation != operation_digest(&start.definition, &start.mandates, &wish) {
        return Err(Problem::new(Code::Malformed)
            .at("/start/operation")
            .detail("it is not this flow's digest")
            .into());
    }
    let fits = match (definition.effect, &start.wish) {
        (FlowEffect::ChangeLimits, wish) => matches!(wish, Some(Wish::Limits { .. })),
        (FlowEffect::Undo, wish) => matches!(wish, Some(Wish::Undo { .. })),
        (FlowEffect::SetTeenLimit, wish) => matches!(wish, Some(Wish::TeenLimit { .. })),
        (FlowEffect::LeaveTeenMode, wish) => matches!(wish, Some(Wish::TeenExit { .. })),
        (FlowEffect::LiftStop, wish) => matches!(wish, Some(Wish::LiftStop { .. })),
        (FlowEffect::ExtendLock, wish) => matches!(wish, Some(Wish::ExtendLock { .. })),
        (_, wish) => wish.is_none(),
    };
    if fits {
        Ok(())
    } else {
        Err(Problem::new(Code::Malformed)
            .at("/start/wish")
            .detail("it is not what this flow brings about")
            .into())
    }
}

/// How many mandates a run is about.
enum Subjects {
    None,
    One,
    Some,
}

/// What is about a mandate names it; a party outside decides about one at a time.
fn subjects(definition: &FlowDefinition) -> Subjects {
    match definition.effect {
        FlowEffect::Provision | FlowEffect::ChangeLimits => Subjects::One,
        FlowEffect::Destroy | FlowEffect::LiftPause => {
            let asks = |step: &Step| matches!(step.kind, StepKind::External(_)) && step.insert_if.is_none();
            if definition.steps.iter().any(asks) {
                Subjects::One
            } else {
                Subjects::Some
            }
        }
        _ => Subjects::None,
    }
}

/// Takes the phone's answer to the open step.
pub(super) fn answer(turn: &mut Turn<'_>, device: &Device, said: &Verified<AnswerFlow>) -> Decided<Answer> {
    let body = said.body();
    let mut run = find(turn, device, body.flow)?;
    let open = run.open_step(&body.step)?;
    let step = body.step.clone();
    let event = match (&body.answer, &open.kind) {
        (StepAnswer::Confirmed { shown }, StepKind::Prompt(prompt)) if is_confirmed(*prompt) => {
            FlowEventKind::Answered { step, shown: *shown }
        }
        (StepAnswer::Proof { proof }, StepKind::Factor(factor)) if factor.input() == FactorInput::HardwareKey => {
            let evidence = prove(turn, device, &run, *factor, &step, proof)?;
            FlowEventKind::FactorProved { step, evidence }
        }
        (StepAnswer::Offline {}, _) if matches!(&open.skip_if, Some(Condition::Holds(fact)) if fact == OFFLINE) => {
            FlowEventKind::WentOffline {}
        }
        _ => return Err(Problem::new(Code::StepOrder).at("/answer").into()),
    };
    run.admit(turn, Author::Phone, event)?;
    run.answer(turn)
}

/// Whether agreeing is the whole answer to a prompt.
const fn is_confirmed(prompt: PromptKind) -> bool {
    matches!(prompt, PromptKind::Consent | PromptKind::Confirm | PromptKind::Choose)
}

/// Checks a hardware key's proof for a step, and uses it up: its content is the evidence.
fn prove(
    turn: &Turn<'_>,
    device: &Device,
    run: &Run<'_>,
    factor: FactorKind,
    step: &str,
    proof: &str,
) -> Decided<quittance_protocol::Digest32> {
    let pointer = "/answer/proof";
    let key = match factor {
        FactorKind::DevicePasscode => device.passcode_key.as_ref(),
        _ => Some(&device.biometric_key),
    };
    let key = key.ok_or_else(|| Problem::new(Code::UnknownKey).at(format!("{pointer}/header/kid")))?;
    let start = &run.state.start;
    let raises = run.definition.authority == Authority::Raises;
    let life = run.policy.factor.proof_life;
    let expected = Expected {
        flow: start.flow,
        step,
        nonce: start.nonce.as_slice(),
        operation: start.operation,
        life: raises.then_some(life.get()),
    };
    let proof = factor::check_proof(turn, key, proof, &expected, pointer)?;
    factor::spend_proof(turn.store, &proof, pointer)?;
    Ok(proof.content())
}

/// Leaves a run; what it held stays held.
pub(super) fn cancel(turn: &mut Turn<'_>, device: &Device, said: &Verified<CancelFlow>) -> Decided<Answer> {
    let mut run = find(turn, device, said.body().flow)?;
    run.admit(turn, Author::Phone, FlowEventKind::Cancelled {})?;
    run.answer(turn)
}
