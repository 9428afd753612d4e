//! One run of a flow: what its log folds to, moved by one event at a time.

use quittance_flows::flow::{self, Effect};
use quittance_flows::{
    Authority, FactorInput, FlowDefinition, FlowEffect, FlowState, Phase, Policy, Refused, Rules, Step, StepKind,
};
use quittance_protocol::answer::FlowLog;
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, DeviceId, FlowId, MandateId, Problem};
use std::collections::BTreeSet;

use super::effects;
use crate::failure::{Decided, Failure};
use crate::rating;
use crate::store::{Device, Flow, FlowIndex, Store};
use crate::turn::{Answer, Turn};
use crate::world::World;

/// A run with its definition and the state that its log folds to.
pub(crate) struct Run<'w> {
    pub(crate) flow: Flow,
    /// The bundle that the run is pinned to.
    pub(crate) policy: &'w Policy,
    pub(crate) definition: &'w FlowDefinition,
    pub(crate) state: FlowState,
}

impl<'w> Run<'w> {
    /// A run as it stands, whoever's it is.
    pub(crate) fn load(store: Store<'_>, world: &'w World, id: FlowId) -> Result<Option<Self>, Failure> {
        store.flow(id)?.map(|flow| Self::of(world, flow)).transpose()
    }

    /// Folds a stored log.
    pub(crate) fn of(world: &'w World, flow: Flow) -> Result<Self, Failure> {
        let damaged = || Failure::Damaged("a flow");
        let Some(FlowEventKind::Started(start)) = flow.events.first().map(|event| &event.kind) else {
            return Err(damaged());
        };
        let policy = &world.policies.version(start.policy_version).ok_or_else(damaged)?.policy;
        let definition = policy.flow(&start.definition).ok_or_else(damaged)?;
        let state = flow::fold(Rules { policy, definition }, &flow.events).map_err(|_| damaged())?;
        Ok(Self {
            flow,
            policy,
            definition,
            state,
        })
    }

    /// What the run is folded with.
    pub(crate) const fn rules(&self) -> Rules<'w> {
        Rules {
            policy: self.policy,
            definition: self.definition,
        }
    }

    /// Takes one event, writes it, carries its effects out.
    pub(crate) fn admit(&mut self, turn: &mut Turn<'_>, author: Author, kind: FlowEventKind) -> Decided<()> {
        let effects = self.take(turn, author, kind)?;
        self.carry_out(turn, effects)
    }

    /// Takes one event and writes it; its effects are still to be carried out.
    pub(super) fn take(&mut self, turn: &Turn<'_>, author: Author, kind: FlowEventKind) -> Decided<Vec<Effect>> {
        let event = FlowEvent {
            at: turn.now,
            author,
            kind,
        };
        let (state, effects) = flow::step(self.rules(), &self.state, &event).map_err(refusal)?;
        self.state = state;
        if self.definition.effect == FlowEffect::OpenPinReset && matches!(self.state.phase, Phase::Refused(_)) {
            rating::note_refused_recovery(turn, self.policy, self.flow.account)?;
        }
        self.flow.events.push(event);
        self.keep(turn)?;
        Ok(effects)
    }

    /// Writes the run with what it waits for.
    pub(crate) fn keep(&self, turn: &Turn<'_>) -> Result<(), Failure> {
        let rules = self.rules();
        let open = flow::open_step(self.definition, &self.state);
        let moments = [flow::due(rules, &self.state), flow::ends_at(rules, &self.state)];
        let index = FlowIndex {
            open: open.is_some(),
            due: moments.into_iter().flatten().min(),
            desk: open.and_then(|step| match step.kind {
                StepKind::Review(desk) => Some(super::desk::name(desk)),
                _ => None,
            }),
        };
        if open.is_none() {
            turn.store.stop_waiting(self.flow.flow)?;
            self.erase_elements(turn)?;
        }
        turn.store.put_flow(&self.flow, &index)
    }

    /// What was entered to prove a factor matters to nobody once the run is over.
    fn erase_elements(&self, turn: &Turn<'_>) -> Result<(), Failure> {
        for step in self.definition.all_steps() {
            if matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Entries) {
                turn.store.erase_entries(self.flow.flow, &step.id)?;
            }
        }
        Ok(())
    }

    /// Carries effects out. What a step needs when it opens may lead to events of its own, so it comes last, as the
    /// fold has it.
    pub(super) fn carry_out(&mut self, turn: &mut Turn<'_>, effects: Vec<Effect>) -> Decided<()> {
        for effect in effects {
            match effect {
                Effect::Reached(step) => super::reached::prepare(turn, self, &step)?,
                Effect::Do(effect) | Effect::Complete(effect) => {
                    let device = self.device(turn.store)?;
                    effects::bring_about(turn, &device, self, effect)?;
                }
                Effect::Notify(text) => super::notices::told(turn, self, text)?,
            }
        }
        Ok(())
    }

    /// The phone whose run it is.
    pub(crate) fn device(&self, store: Store<'_>) -> Result<Device, Failure> {
        store.device(self.flow.device)?.ok_or(Failure::Damaged("a device"))
    }

    /// The open step.
    pub(crate) fn open(&self) -> Option<&'w Step> {
        flow::open_step(self.definition, &self.state)
    }

    /// The open step, where it is the one that is named.
    pub(crate) fn open_step(&self, step: &str) -> Decided<&'w Step> {
        self.open()
            .filter(|open| open.id == step)
            .ok_or_else(|| Problem::new(Code::StepOrder).at("/step").into())
    }

    /// The whole log, as every answer about a run gives it.
    pub(crate) fn log(&self) -> FlowLog {
        FlowLog {
            flow: self.flow.flow,
            events: self.flow.events.clone(),
            asking: None,
            next_flows: self.flow.next_flows.clone(),
        }
    }

    /// The answer to its own device, with what the open step shows.
    pub(crate) fn answer(&self, turn: &Turn<'_>) -> Decided<Answer> {
        turn.store.flow_is_heard(self.flow.flow)?;
        let mut log = self.log();
        log.asking = super::asking::find_out(turn.store, turn.world, self, turn.now)?;
        Ok(Answer::Flow(Box::new(log)))
    }
}

/// What the cancellations of a payer hold that go on, on whichever phone. A run that went bad goes on nowhere.
pub(crate) fn held_by_cancellations(turn: &Turn<'_>, account: AccountId) -> Result<BTreeSet<MandateId>, Failure> {
    let open = turn.store.each_open_flow_of(account)?.into_iter().flatten();
    let runs = open.filter_map(|flow| Run::of(turn.world, flow).ok());
    let holding = runs.filter(|run| flow::has_held(run.definition, &run.state));
    Ok(holding.flat_map(|run| run.state.start.mandates).collect())
}

/// A device's runs that are open, or went on without it lately: news that it may have missed.
pub(crate) fn to_tell(turn: &Turn<'_>, device: DeviceId) -> Result<Vec<FlowLog>, Failure> {
    let kept = turn.world.policies.current()?.policy.flow.case_life.get();
    let since = turn.now.plus_seconds(-kept);
    let flows = turn.store.flows_to_tell(device, since)?;
    let log = |flow: Flow| FlowLog {
        flow: flow.flow,
        events: flow.events,
        asking: None,
        next_flows: flow.next_flows,
    };
    Ok(flows.into_iter().map(log).collect())
}

/// What a caller hears where the fold refuses.
pub(crate) fn refusal(refused: Refused) -> Problem {
    match refused {
        Refused::StepOrder | Refused::TooEarly | Refused::Ended | Refused::Author => Problem::new(Code::StepOrder),
        Refused::TooLate => Problem::new(Code::TooLate),
        Refused::SameReviewer => Problem::new(Code::FourEyes),
        Refused::Contradiction => Problem::new(Code::ProofRejected),
    }
}

/// A device's run that can go on.
///
/// # Errors
/// `not_found`; `flow_expired` where nobody touched it for too long; the code that it was refused with; `step_order`
/// where it is over otherwise.
pub(crate) fn find<'w>(turn: &Turn<'w>, device: &Device, id: FlowId) -> Decided<Run<'w>> {
    let missing = || Problem::new(Code::NotFound).at("/flow");
    let run = load(turn.store, turn.world, device, id)?.ok_or_else(missing)?;
    match run.state.phase {
        Phase::Open => Ok(run),
        Phase::Expired => Err(Code::FlowExpired.into()),
        Phase::Refused(code) => Err(Problem::new(code).at("/flow").into()),
        Phase::Completed | Phase::Cancelled => Err(Problem::new(Code::StepOrder).at("/flow").into()),
    }
}

/// A device's run as it stands.
pub(crate) fn load<'w>(
    store: Store<'_>,
    world: &'w World,
    device: &Device,
    id: FlowId,
) -> Result<Option<Run<'w>>, Failure> {
    let run = Run::load(store, world, id)?;
    Ok(run.filter(|run| run.flow.device == device.device))
}

/// Whether nobody touched a run, done or not, for the idle life of the policy that it is pinned to.
pub(crate) fn is_idle(turn: &Turn<'_>, run: &Run<'_>) -> Result<bool, Failure> {
    let end = flow::idle_at(run.rules(), &run.state);
    Ok(turn.now >= end.ok_or(Failure::Damaged("a policy"))?)
}

/// Whether a device's run takes authority away.
pub(crate) fn lowers(turn: &Turn<'_>, device: &Device, id: FlowId) -> Result<bool, Failure> {
    let run = load(turn.store, turn.world, device, id)?;
    Ok(run.is_some_and(|run| run.definition.authority == Authority::Lowers))
}
