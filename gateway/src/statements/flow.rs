//! Verification flows: events are admitted by the fold, effects carried out.

use std::collections::BTreeSet;

use quittance_flows::definition::FactorKind;
use quittance_flows::flow::{self, Effect};
use quittance_flows::mandate::MandateEvent;
use quittance_flows::{Authority, FlowDefinition, FlowEffect, FlowState, Hold, HoldOwner, Phase, Refused, Step, StepKind};
use quittance_protocol::answer::{FlowLog, MandateState};
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{AnswerFlow, CancelFlow, StartFlow, StepAnswer, operation_digest};
use quittance_protocol::{Digest32, FlowId, Problem, Verified};

use crate::factor::{self, Expected};
use crate::failure::{Decided, Failure};
use crate::store::{Device, Flow, Store};
use crate::turn::{Answer, Turn};
use crate::world::World;

/// A run with its definition and the state that its log folds to.
pub(super) struct Run<'w> {
    pub(super) flow: Flow,
    pub(super) definition: &'w FlowDefinition,
    pub(super) state: FlowState,
}

/// What came of looking a flow up.
pub(super) enum Found<'w> {
    /// It can go on.
    Open(Run<'w>),
    /// It has just expired; that is recorded.
    Expired(Answer),
}

impl Run<'_> {
    /// Takes one event, writes it, carries its effects out.
    pub(super) fn admit(&mut self, turn: &mut Turn<'_>, author: Author, kind: FlowEventKind) -> Decided<()> {
        let event = FlowEvent {
            at: turn.now,
            author,
            kind,
        };
        let (state, effects) = flow::step(self.definition, &self.state, &event).map_err(refusal)?;
        self.state = state;
        self.flow.events.push(event);
        turn.store.put_flow(&self.flow)?;
        for effect in effects {
            match effect {
                Effect::Hold => hold_for_revocation(turn, &self.state.start)?,
                // What a completed flow is for follows in its own statement: consent, intent, hold.
                Effect::Complete(_) => {}
            }
        }
        Ok(())
    }

    pub(super) fn log(&self) -> Decided<Answer> {
        Answer::json(&FlowLog {
            flow: self.flow.flow,
            events: self.flow.events.clone(),
        })
    }

    /// The open step, where it is the one that is named.
    pub(super) fn open_step(&self, step: &str) -> Decided<&Step> {
        flow::open_step(self.definition, &self.state)
            .filter(|open| open.id == step)
            .ok_or_else(|| Problem::new(Code::StepOrder).at("/step").into())
    }
}

pub(super) fn refusal(refused: Refused) -> Problem {
    match refused {
        Refused::StepOrder | Refused::TooEarly | Refused::Ended | Refused::Author => Problem::new(Code::StepOrder),
        Refused::TooLate => Problem::new(Code::TooLate),
        Refused::Contradiction => Problem::new(Code::ProofRejected),
    }
}

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
    if turn.store.flow(start.flow)?.is_some() {
        return Err(Problem::new(Code::StepOrder).at("/start/flow").into());
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
    let event = FlowEvent {
        at: turn.now,
        author: Author::Phone,
        kind: FlowEventKind::Started(start.clone()),
    };
    let state = flow::begin(&event).map_err(refusal)?;
    let flow = Flow {
        flow: start.flow,
        account: device.account,
        device: device.device,
        events: vec![event],
    };
    turn.store.put_flow(&flow)?;
    Run {
        flow,
        definition,
        state,
    }
    .log()
}

fn check_subjects(turn: &Turn<'_>, device: &Device, start: &FlowStart, definition: &FlowDefinition) -> Decided<()> {
    let malformed = |detail: &'static str| Problem::new(Code::Malformed).at("/start/mandates").detail(detail);
    let most = turn.world.policies.current()?.policy.cancellation.batch_max_items;
    if start.mandates.is_empty() {
        return Err(malformed("name the mandates").into());
    }
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
    for (index, mandate) in start.mandates.iter().enumerate() {
        let row = turn
            .store
            .mandate(*mandate)?
            .filter(|row| row.account == device.account);
        row.ok_or_else(|| Problem::new(Code::NotFound).at(format!("/start/mandates/{index}")))?;
    }
    if start.operation != operation_digest(&start.definition, &start.mandates, &Digest32::of(b"")) {
        return Err(Problem::new(Code::Malformed)
            .at("/start/operation")
            .detail("it is not this flow's digest")
            .into());
    }
    Ok(())
}

/// Takes the phone's answer to the open step.
pub(super) fn answer(turn: &mut Turn<'_>, device: &Device, said: &Verified<AnswerFlow>) -> Decided<Answer> {
    let body = said.body();
    let mut run = match find(turn, device, body.flow)? {
        Found::Open(run) => run,
        Found::Expired(answer) => return Ok(answer),
    };
    let open = run.open_step(&body.step)?;
    let kind = match (&body.answer, open.ask) {
        (StepAnswer::Confirmed { shown }, StepKind::Prompt(_)) => FlowEventKind::Answered {
            step: body.step.clone(),
            shown: *shown,
        },
        (StepAnswer::Proof { proof }, StepKind::Factor(FactorKind::Biometric)) => {
            let start = &run.state.start;
            let raises = run.definition.authority == Authority::Raises;
            let life = turn.world.policies.current()?.policy.factor.proof_life.get();
            let expected = Expected {
                flow: body.flow,
                step: &body.step,
                nonce: start.nonce.as_slice(),
                operation: start.operation,
                life: raises.then_some(life),
            };
            let proof = factor::check_proof(turn, device, proof, &expected, "/answer/proof")?;
            factor::spend_proof(turn.store, &proof, "/answer/proof")?;
            FlowEventKind::FactorProved {
                step: body.step.clone(),
                evidence: proof.content(),
            }
        }
        (StepAnswer::Offline {}, _) if open.skip_if.is_some() => FlowEventKind::WentOffline {},
        _ => return Err(Problem::new(Code::StepOrder).at("/answer").into()),
    };
    run.admit(turn, Author::Phone, kind)?;
    run.log()
}

/// Leaves a run; what it held stays held.
pub(super) fn cancel(turn: &mut Turn<'_>, device: &Device, said: &Verified<CancelFlow>) -> Decided<Answer> {
    let mut run = match find(turn, device, said.body().flow)? {
        Found::Open(run) => run,
        Found::Expired(answer) => return Ok(answer),
    };
    run.admit(turn, Author::Phone, FlowEventKind::Cancelled {})?;
    run.log()
}

/// A device's run that can go on. One that nobody touched for too long expires here, where it is next touched.
pub(super) fn find<'w>(turn: &mut Turn<'w>, device: &Device, id: FlowId) -> Decided<Found<'w>> {
    let missing = || Problem::new(Code::NotFound).at("/flow");
    let mut run = load(turn.store, turn.world, device, id)?.ok_or_else(missing)?;
    match run.state.phase {
        Phase::Expired => return Err(Code::FlowExpired.into()),
        Phase::Open(_) => {}
        Phase::Completed | Phase::Cancelled => return Err(Problem::new(Code::StepOrder).at("/flow").into()),
    }
    if is_idle(turn, &run)? {
        run.admit(turn, Author::Gateway, FlowEventKind::Expired {})?;
        return Ok(Found::Expired(Answer::Problem(Problem::new(Code::FlowExpired))));
    }
    Ok(Found::Open(run))
}

/// Whether nobody touched a run for the idle life of the policy that it is pinned to.
pub(super) fn is_idle(turn: &Turn<'_>, run: &Run<'_>) -> Result<bool, Failure> {
    let policy = turn
        .world
        .policies
        .version(run.state.start.policy_version)
        .ok_or(Failure::Damaged("a flow"))?;
    Ok(turn.now.seconds_since(run.state.last_at) > policy.policy.flow.idle_life.get())
}

/// Whether a device's run takes authority away.
pub(super) fn lowers(turn: &Turn<'_>, device: &Device, id: FlowId) -> Result<bool, Failure> {
    let run = load(turn.store, turn.world, device, id)?;
    Ok(run.is_some_and(|run| run.definition.authority == Authority::Lowers))
}

/// A device's run as it stands.
pub(super) fn load<'w>(
    store: Store<'_>,
    world: &'w World,
    device: &Device,
    id: FlowId,
) -> Result<Option<Run<'w>>, Failure> {
    let Some(flow) = store.flow(id)?.filter(|flow| flow.device == device.device) else {
        return Ok(None);
    };
    let Some(FlowEventKind::Started(start)) = flow.events.first().map(|event| &event.kind) else {
        return Err(Failure::Damaged("a flow"));
    };
    let definition = world
        .policies
        .definition(start.policy_version, &start.definition)
        .ok_or(Failure::Damaged("a flow"))?;
    let state = flow::fold(definition, &flow.events).map_err(|_| Failure::Damaged("a flow"))?;
    Ok(Some(Run {
        flow,
        definition,
        state,
    }))
}

/// Holds a cancellation's mandates: no charge passes from here on. What ends already needs no hold.
fn hold_for_revocation(turn: &mut Turn<'_>, start: &FlowStart) -> Decided<()> {
    for id in &start.mandates {
        let Some(mut mandate) = turn.store.mandate(*id)? else {
            continue;
        };
        if matches!(
            mandate.standing.state,
            MandateState::Revoking | MandateState::Ended | MandateState::Rejected
        ) {
            continue;
        }
        mandate.standing = mandate
            .standing
            .step(MandateEvent::HoldAdded(Hold::new(HoldOwner::Revocation, turn.now)))
            .map_err(refusal)?;
        mandate.follow_holds();
        turn.store.put_mandate(&mut mandate)?;
    }
    Ok(())
}
