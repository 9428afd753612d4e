//! What a phone says about its flows: begin, answer, leave.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use quittance_flows::definition::PromptKind;
use quittance_flows::{
    Authority, Deed, FactorInput, FactorKind, FlowDefinition, FlowEffect, Step, StepKind, flow, routes,
};
use quittance_protocol::flow_event::{Author, FlowEventKind, FlowStart, Wish};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{AnswerFlow, CancelFlow, StartFlow, StepAnswer, operation_digest};
use quittance_protocol::{MandateId, Problem, Verified};

use crate::factor::{self, Expected};
use crate::failure::{Decided, Failure};
use crate::flows::{begin, card_elements, codes, entering, evidence};
use crate::store::{Device, Flow};
use crate::turn::{Answer, Turn};
use crate::{locks, stops, teens};

pub(super) use crate::flows::{Run, find, is_idle, load, lowers, refusal};

/// Most open runs of one account, more than any batch has parts: each is kept, and told to its phone, while it is open.
/// Stopping is open to the payer beyond it: what needs no run of the gateway's, holds and an offline intent among it, and
/// from each phone one run for the end of each mandate.
const MOST_OPEN: u64 = 128;
/// How many fresh bytes of its own a phone brings to a run that lowers authority.
const OWN_NONCE_BYTES: RangeInclusive<usize> = 16..=64;

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
    if definition.effect == FlowEffect::Destroy && !routes::is_route(definition) {
        return Err(Problem::new(Code::Malformed)
            .at("/start/definition")
            .detail("the gateway begins this flow by itself")
            .into());
    }
    check_subjects(turn, device, start, definition)?;
    if definition.authority == Authority::Raises {
        factor::spend_nonce(turn, start.nonce.as_slice(), "/start/nonce")?;
    } else if !OWN_NONCE_BYTES.contains(&start.nonce.as_slice().len()) {
        return Err(Problem::new(Code::Malformed)
            .at("/start/nonce")
            .detail("use 16 to 64 fresh bytes")
            .into());
    }
    if turn.store.count_open_flows(device.account, MOST_OPEN)? >= MOST_OPEN
        && !ends_what_no_run_ends(turn, device, start, definition)?
    {
        return Err(Problem::new(Code::LimitExceeded)
            .detail("leave another run first, or wait until one ends")
            .into());
    }
    begin(turn, device, start, Author::Phone)?.answer(turn)
}

/// Whether a run ends mandates of which no open run of this phone ends one already.
fn ends_what_no_run_ends(
    turn: &Turn<'_>,
    device: &Device,
    start: &FlowStart,
    definition: &FlowDefinition,
) -> Decided<bool> {
    if definition.effect != FlowEffect::Destroy {
        return Ok(false);
    }
    // A run that went bad keeps nobody from stopping.
    let open = turn.store.open_flows_on(device.account, device.device)?;
    let is_taken = open
        .iter()
        .flatten()
        .any(|run| to_end(turn, run).iter().any(|mandate| start.mandates.contains(mandate)));
    Ok(!is_taken)
}

/// The mandates that a run is to end; none where it is about something else.
fn to_end<'f>(turn: &Turn<'_>, run: &'f Flow) -> &'f [MandateId] {
    let Some(FlowEventKind::Started(start)) = run.events.first().map(|event| &event.kind) else {
        return &[];
    };
    let definition = turn.world.policies.definition(start.policy_version, &start.definition);
    match definition {
        Some(definition) if definition.effect == FlowEffect::Destroy => &start.mandates,
        _ => &[],
    }
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
    if let Some(Wish::LiftStop { stop }) = &start.wish {
        stops::check(stop, "/start/wish/stop")?;
    }
    if !Deed::fits(definition.effect, start.wish.as_ref()) {
        return Err(Problem::new(Code::Malformed)
            .at("/start/wish")
            .detail("it is not what this flow brings about")
            .into());
    }
    // Nobody proves anything for what would be refused in the end.
    match &start.wish {
        Some(Wish::ExtendLock { until }) => locks::extended(turn, device.account, *until).map(drop),
        Some(Wish::TeenLimit { per_charge, .. }) => teens::check_grant(turn, *per_charge),
        _ => Ok(()),
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
///
/// # Errors
/// `step_order` where another step is open, or the answer is none to it; else what judging the answer says.
pub(super) fn answer(turn: &mut Turn<'_>, device: &Device, said: &Verified<AnswerFlow>) -> Decided<Answer> {
    let body = said.body();
    let mut run = find(turn, device, body.flow)?;
    // Without the gateway in reach a phone cannot know which step the facts put in: it is about the whole run.
    if body.answer == (StepAnswer::Offline {}) && run.definition.skips_offline() {
        run.admit(turn, Author::Phone, FlowEventKind::WentOffline {})?;
        return run.answer(turn);
    }
    let open = run.open_step(&body.step)?;
    if flow::deadline(run.rules(), &run.state).is_some_and(|end| turn.now >= end) {
        return Err(Problem::new(Code::TooLate).at("/step").into());
    }
    match &open.kind {
        StepKind::Prompt(prompt) => answer_prompt(turn, &mut run, open, *prompt, &body.answer)?,
        StepKind::Factor(factor) => prove_factor(turn, device, &mut run, open, *factor, &body.answer)?,
        _ => return Err(no_answer()),
    }
    run.answer(turn)
}

fn answer_prompt(
    turn: &mut Turn<'_>,
    run: &mut Run<'_>,
    open: &Step,
    prompt: PromptKind,
    answer: &StepAnswer,
) -> Decided<()> {
    let step = open.id.clone();
    let event = match answer {
        StepAnswer::Confirmed { shown } if is_confirmed(prompt) => FlowEventKind::Answered { step, shown: *shown },
        StepAnswer::Entered { salt, entries } if !is_confirmed(prompt) && prompt != PromptKind::Jump => {
            entering::take(turn, run, &step, prompt, salt, entries)?;
            let shown = answer.digest().ok_or(Failure::Damaged("entries"))?;
            FlowEventKind::Answered { step, shown }
        }
        StepAnswer::Returned { state, outcome } if prompt == PromptKind::Jump => {
            if *state != run.state.start.nonce {
                return Err(Problem::new(Code::ForeignState).at("/answer/state").into());
            }
            check_outcome(outcome)?;
            let outcome = outcome.clone();
            FlowEventKind::Returned { step, outcome }
        }
        _ => return Err(no_answer()),
    };
    run.admit(turn, Author::Phone, event)
}

fn prove_factor(
    turn: &mut Turn<'_>,
    device: &Device,
    run: &mut Run<'_>,
    open: &Step,
    factor: FactorKind,
    answer: &StepAnswer,
) -> Decided<()> {
    let step = open.id.clone();
    match (answer, factor.input()) {
        (StepAnswer::Proof { proof }, FactorInput::HardwareKey) => {
            let evidence = prove(turn, device, run, factor, &step, proof)?;
            run.admit(turn, Author::Phone, FlowEventKind::FactorProved { step, evidence })
        }
        (StepAnswer::NotRecognised { today }, FactorInput::HardwareKey) => {
            let event = FlowEventKind::FactorFailed {
                step,
                today: Some(*today),
                attempts_left: None,
            };
            run.admit(turn, Author::Phone, event)
        }
        (StepAnswer::Code { code }, FactorInput::Code) => {
            let event = codes::check(turn, run, &step, code)?;
            run.admit(turn, Author::Gateway, event)
        }
        (StepAnswer::Resend {}, FactorInput::Code) => codes::send(turn, run, &step, factor),
        (StepAnswer::Evidence { uploads }, FactorInput::Evidence) => {
            evidence::check(turn, run, factor, uploads)?;
            let evidence = answer.digest().ok_or(Failure::Damaged("evidence"))?;
            let event = FlowEventKind::Submitted {
                step: step.clone(),
                evidence,
            };
            run.admit(turn, Author::Phone, event)?;
            evidence::ask_vendor(turn, run, &step, factor, uploads.clone())
        }
        (StepAnswer::Entered { salt, entries }, FactorInput::Entries) => {
            card_elements::take(turn, run, &step, answer, salt, entries)
        }
        _ => Err(no_answer()),
    }
}

/// A decision that came by a link is a word that flow definitions could name, and no longer text.
fn check_outcome(outcome: &str) -> Decided<()> {
    let word = outcome.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if word && (1..=32).contains(&outcome.len()) {
        return Ok(());
    }
    Err(Problem::new(Code::Malformed)
        .at("/answer/outcome")
        .detail("use a word of small letters, such as approved")
        .into())
}

fn no_answer() -> crate::failure::Refusal {
    Problem::new(Code::StepOrder)
        .at("/answer")
        .detail("the open step takes no such answer")
        .into()
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
