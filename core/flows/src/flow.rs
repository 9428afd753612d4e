//! The fold that runs every flow: `(rules, events) -> state`, the same at both ends.

mod explain;
mod moment;
mod settle;
mod take;

use crate::Refused;
use crate::definition::{FlowDefinition, FlowEffect, Step, StepKind};
use crate::facts::OFFLINE;
use crate::policy::Policy;
use quittance_protocol::flow_event::{FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::problem::Code;
use quittance_protocol::{Quantity, Timestamp, bytes::Digest32};
use std::collections::BTreeMap;

pub(crate) use explain::misses;
pub use explain::{Ahead, Because, Coming, Explanation, Found, Turn, Until, attempts_left, explain, progress};
pub use moment::{deadline, due, ends_at, entry_ends, idle_at};
pub use settle::{holds, refused_anew};

/// What a run is folded with: its definition, and the policy that it is pinned to.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'p> {
    /// The bundle.
    pub policy: &'p Policy,
    /// The flow.
    pub definition: &'p FlowDefinition,
}

/// Where one run of a flow stands. Made by [`fold`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowState {
    /// The head of the run.
    pub start: FlowStart,
    /// Where it stands.
    pub phase: Phase,
    /// The open step, then what is still ahead; steps may still turn out not to be there.
    ahead: Vec<Position>,
    /// Steps that are behind, in sequence. A step that was not there at all is not among them.
    pub done: Vec<DoneStep>,
    /// Failed tries at the open step; on this device today, where those are more.
    pub failures: u32,
    /// Tries that are left at the open step, where its factor counts them itself and one has failed.
    pub attempts_left: Option<u32>,
    /// What was handed in at the open step and is being judged.
    pub submitted: Option<Digest32>,
    /// When the open step's code was last sent.
    pub sent_at: Option<Timestamp>,
    /// What is known about the subject.
    pub facts: BTreeMap<String, Quantity>,
    /// What was decided at steps with an outcome, by step.
    pub outcomes: BTreeMap<String, String>,
    /// Who decided at the desk, in sequence.
    pub reviewers: Vec<String>,
    /// When the run began.
    pub started_at: Timestamp,
    /// The open step, once it was reached with all facts that it depends on.
    reached: Option<String>,
    /// When the open step was reached.
    pub reached_at: Timestamp,
    /// The step that was open when the run ended without its effect.
    pub ended_at: Option<String>,
    /// The last event's time.
    pub last_at: Timestamp,
}

/// Where a step stands in a definition: the index among the steps, then among each `otherwise`.
type Position = Vec<usize>;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A step is open.
    Open,
    /// Every step is done.
    Completed,
    /// It ended without its effect, for this reason. What was held stays held.
    Refused(Code),
    /// The payer left. What was held stays held.
    Cancelled,
    /// It was left alone for too long.
    Expired,
}

/// A step that is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneStep {
    /// The step.
    pub id: String,
    /// How it came to be behind.
    pub left: Left,
    /// Digest of the proof, or of what was shown; absent where the step was not done, or needs none.
    pub evidence: Option<Digest32>,
}

/// How a step came to be behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It was done.
    Done,
    /// It was left out because its `skip_if` held.
    Skipped,
    /// It was given up for the steps of its `otherwise`.
    GaveWay,
}

/// What has to be carried out because an event was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A step was reached: send its code, ask its party, put it on the desk.
    Reached(String),
    /// Bring this about now.
    Do(FlowEffect),
    /// Tell the payer: a text key.
    Notify(String),
    /// The flow is complete: do what it is for.
    Complete(FlowEffect),
}

/// Begins a run.
///
/// # Errors
/// [`Refused::StepOrder`] where the event is no start.
pub fn begin(rules: Rules<'_>, event: &FlowEvent) -> Result<(FlowState, Vec<Effect>), Refused> {
    let FlowEventKind::Started(start) = &event.kind else {
        return Err(Refused::StepOrder);
    };
    let mut state = FlowState {
        start: start.clone(),
        phase: Phase::Open,
        ahead: (0..rules.definition.steps.len()).map(|index| vec![index]).collect(),
        done: Vec::new(),
        failures: 0,
        attempts_left: None,
        submitted: None,
        sent_at: None,
        facts: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        reviewers: Vec::new(),
        started_at: event.at,
        reached: None,
        reached_at: event.at,
        ended_at: None,
        last_at: event.at,
    };
    // Facts that the first steps depend on are said next; until then nobody can answer.
    let mut effects = Vec::new();
    if rules.definition.begins_without_facts() {
        settle::settle(rules, &mut state, event.at, &mut effects)?;
    }
    Ok((state, effects))
}

/// Takes one event.
///
/// # Errors
/// [`Refused`]; the state that went in is then still the state.
pub fn step(rules: Rules<'_>, state: &FlowState, event: &FlowEvent) -> Result<(FlowState, Vec<Effect>), Refused> {
    if state.phase != Phase::Open {
        return Err(Refused::Ended);
    }
    let mut run = take::Run {
        rules,
        next: state.clone(),
        effects: Vec::new(),
        at: event.at.max(state.last_at),
    };
    run.take(event)?;
    run.next.last_at = run.at;
    Ok((run.next, run.effects))
}

/// Folds a whole log.
///
/// # Errors
/// [`Refused`] at the first event that the definition does not take; an empty log is [`Refused::StepOrder`].
pub fn fold(rules: Rules<'_>, events: &[FlowEvent]) -> Result<FlowState, Refused> {
    let (first, rest) = events.split_first().ok_or(Refused::StepOrder)?;
    rest.iter().try_fold(begin(rules, first)?.0, |state, event| {
        step(rules, &state, event).map(|(next, _)| next)
    })
}

/// The open step, where there is one.
#[must_use]
pub fn open_step<'d>(definition: &'d FlowDefinition, state: &FlowState) -> Option<&'d Step> {
    match state.phase {
        Phase::Open => definition.at(state.ahead.first()?),
        _ => None,
    }
}

/// Whether a run is a cancellation that has held its mandates on its way.
#[must_use]
pub fn has_held(definition: &FlowDefinition, state: &FlowState) -> bool {
    let is_hold = |step: &Step| step.kind == StepKind::Effect(FlowEffect::Hold);
    let mut holds = definition.all_steps().filter(|step| is_hold(step));
    definition.effect == FlowEffect::Destroy
        && holds.any(|hold| {
            state
                .done
                .iter()
                .any(|done| done.id == hold.id && done.left == Left::Done)
        })
}

/// The steps that are still to come after the open one, as far as is known now.
pub fn steps_ahead<'r>(rules: Rules<'r>, state: &'r FlowState) -> impl Iterator<Item = &'r Step> {
    state
        .ahead
        .iter()
        .skip(1)
        .filter_map(move |position| rules.definition.at(position))
        .filter(move |step| settle::is_there(rules, state, step).unwrap_or(true))
        .filter(move |step| !settle::is_skipped(rules, state, step).unwrap_or(false))
}

/// Whether the payer did the last of the steps that count, so that the effect of the run follows in a statement of
/// the phone's. Where somebody else did, or time did, the gateway carries it out without waiting for the phone.
#[must_use]
pub fn ends_with_payer(definition: &FlowDefinition, state: &FlowState) -> bool {
    let done = state.done.iter().rev().filter(|step| step.left == Left::Done);
    let mut counted = done
        .filter_map(|done| definition.all_steps().find(|step| step.id == done.id))
        .filter(|step| step.counts());
    counted.next().is_some_and(Step::asks_payer)
}

impl FlowState {
    /// Whether the phone said that it cannot reach the gateway.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.facts.get(OFFLINE).is_some_and(|fact| *fact >= Quantity::ONE)
    }
}

impl FlowDefinition {
    fn at(&self, position: &[usize]) -> Option<&Step> {
        let (last, path) = position.split_last()?;
        let mut steps = &self.steps;
        for index in path {
            steps = &steps.get(*index)?.otherwise;
        }
        steps.get(*last)
    }

    /// Whether the steps up to the first one that somebody does stand whatever is found out.
    fn begins_without_facts(&self) -> bool {
        let machinery = |step: &&Step| matches!(step.kind, StepKind::Effect(_) | StepKind::Notify(_));
        let machines = self.steps.iter().take_while(machinery).count();
        let stands = |step: &Step| {
            step.insert_if.is_none() && step.skip_if.is_none() && !matches!(step.kind, StepKind::Guard(_))
        };
        self.steps.iter().take(machines.saturating_add(1)).all(stands)
    }
}
