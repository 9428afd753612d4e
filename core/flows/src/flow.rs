//! The fold that runs every flow: `(rules, events) -> state`, the same at both ends.

mod moment;
mod settle;

use crate::Refused;
use crate::definition::{Authority, FlowDefinition, FlowEffect, Next, Step, StepKind, Tries};
use crate::factor::FactorKind;
use crate::facts::OFFLINE;
use crate::policy::Policy;
use quittance_protocol::flow_event::{Author, FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::problem::Code;
use quittance_protocol::{Quantity, Timestamp, bytes::Digest32};
use std::collections::BTreeMap;

pub use moment::{deadline, due, ends_at};
pub use settle::holds;

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
    /// Steps that are behind, in sequence; skipped ones and those that gave way have no evidence.
    pub done: Vec<DoneStep>,
    /// Failed tries at the open step.
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
    /// Digest of the proof, or of what was shown; absent where the step was skipped, gave way, or needs none.
    pub evidence: Option<Digest32>,
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
        last_at: event.at,
    };
    // Facts that the first steps depend on are said next; until then only a step without conditions is open.
    let mut effects = Vec::new();
    if rules.definition.needs_no_facts_to_begin() {
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
    let mut run = Run {
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

/// The steps that are still to come after the open one, as far as is known now.
pub fn steps_ahead<'r>(rules: Rules<'r>, state: &'r FlowState) -> impl Iterator<Item = &'r Step> {
    state
        .ahead
        .iter()
        .skip(1)
        .filter_map(move |position| rules.definition.at(position))
        .filter(move |step| settle::is_there(rules, state, step).unwrap_or(true))
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

    /// Whether the first step stands whatever is found out.
    fn needs_no_facts_to_begin(&self) -> bool {
        self.steps.first().is_some_and(|step| {
            step.insert_if.is_none() && step.skip_if.is_none() && !matches!(step.kind, StepKind::Guard(_))
        })
    }
}

/// One event being taken.
struct Run<'p> {
    rules: Rules<'p>,
    next: FlowState,
    effects: Vec<Effect>,
    at: Timestamp,
}

impl<'p> Run<'p> {
    fn take(&mut self, event: &FlowEvent) -> Result<(), Refused> {
        match &event.kind {
            FlowEventKind::Started(_) => Err(Refused::StepOrder),
            FlowEventKind::Found { facts } => {
                from(event, Author::Gateway)?;
                // Whether the gateway is in reach is for the phone to say.
                let facts = facts.iter().filter(|(name, _)| *name != OFFLINE);
                self.next.facts.extend(facts.map(|(name, fact)| (name.clone(), *fact)));
                self.settle()
            }
            FlowEventKind::Answered { step, shown } => {
                let open = self.open(step, event)?;
                let StepKind::Prompt(_) = open.kind else {
                    return Err(Refused::StepOrder);
                };
                from(event, Author::Phone)?;
                self.done(open, Some(*shown))
            }
            FlowEventKind::Returned { step, outcome } => {
                let open = self.open(step, event)?;
                let StepKind::Prompt(crate::definition::PromptKind::Jump) = open.kind else {
                    return Err(Refused::StepOrder);
                };
                from(event, Author::Phone)?;
                self.next.outcomes.insert(open.id.clone(), outcome.clone());
                self.done(open, Some(Digest32::of(outcome.as_bytes())))
            }
            FlowEventKind::Submitted { step, evidence } => {
                let open = self.open(step, event)?;
                let StepKind::Factor(factor) = open.kind else {
                    return Err(Refused::StepOrder);
                };
                from(event, Author::Phone)?;
                if factor.author() == Author::Phone || self.next.submitted.is_some() {
                    return Err(Refused::StepOrder);
                }
                self.next.submitted = Some(*evidence);
                Ok(())
            }
            FlowEventKind::Sent { step } => {
                self.factor(step, event, Author::Gateway)?;
                if let Some(moment) = moment::resend_from(self.rules, &self.next)
                    && event.at < moment
                {
                    return Err(Refused::TooEarly);
                }
                self.next.sent_at = Some(event.at);
                Ok(())
            }
            FlowEventKind::FactorProved { step, evidence } => {
                let (open, factor) = self.factor_of(step, event)?;
                from(event, factor.author())?;
                self.done(open, Some(*evidence))
            }
            FlowEventKind::FactorFailed {
                step,
                today,
                attempts_left,
            } => {
                let (open, factor) = self.factor_of(step, event)?;
                from(event, factor.author())?;
                self.failed(open, *today, *attempts_left)
            }
            FlowEventKind::Reported { step, outcome } => self.reported(step, outcome, event),
            FlowEventKind::Reviewed {
                step,
                reviewer,
                approves,
            } => {
                let open = self.open(step, event)?;
                let StepKind::Review(_) = open.kind else {
                    return Err(Refused::StepOrder);
                };
                from(event, Author::Gateway)?;
                if self.next.reviewers.contains(reviewer) {
                    return Err(Refused::SameReviewer);
                }
                self.next.reviewers.push(reviewer.clone());
                if *approves {
                    self.done(open, None)
                } else {
                    self.go(open, Next::Refuse, Code::ReviewRefused)
                }
            }
            FlowEventKind::TimeCame { step } => self.time_came(step, event),
            FlowEventKind::Objected {} => {
                from(event, Author::Gateway)?;
                self.end(Phase::Refused(Code::Objected));
                Ok(())
            }
            FlowEventKind::WentOffline {} => {
                from(event, Author::Phone)?;
                if self.rules.definition.authority == Authority::Raises {
                    return Err(Refused::StepOrder);
                }
                self.next.facts.insert(OFFLINE.to_owned(), Quantity::ONE);
                self.settle()
            }
            FlowEventKind::Cancelled {} => {
                from(event, Author::Phone)?;
                self.end(Phase::Cancelled);
                Ok(())
            }
            FlowEventKind::Expired {} => {
                from(event, Author::Gateway)?;
                match moment::ends_at(self.rules, &self.next) {
                    Some(end) if event.at >= end => {
                        self.end(Phase::Expired);
                        Ok(())
                    }
                    _ => Err(Refused::TooEarly),
                }
            }
        }
    }

    /// The open step, where it is the one that is named and its deadline has not passed.
    fn open(&self, step: &str, event: &FlowEvent) -> Result<&'p Step, Refused> {
        let open = self.open_any()?;
        if open.id != step {
            return Err(Refused::StepOrder);
        }
        match moment::deadline(self.rules, &self.next) {
            Some(end) if event.at >= end => Err(Refused::TooLate),
            _ => Ok(open),
        }
    }

    fn open_any(&self) -> Result<&'p Step, Refused> {
        let position = self.next.ahead.first().ok_or(Refused::Ended)?;
        self.rules.definition.at(position).ok_or(Refused::Ended)
    }

    fn factor_of(&self, step: &str, event: &FlowEvent) -> Result<(&'p Step, FactorKind), Refused> {
        let open = self.open(step, event)?;
        match open.kind {
            StepKind::Factor(factor) => Ok((open, factor)),
            _ => Err(Refused::StepOrder),
        }
    }

    fn factor(&self, step: &str, event: &FlowEvent, author: Author) -> Result<(&'p Step, FactorKind), Refused> {
        let found = self.factor_of(step, event)?;
        from(event, author)?;
        Ok(found)
    }

    fn reported(&mut self, step: &str, outcome: &str, event: &FlowEvent) -> Result<(), Refused> {
        let open = self.open(step, event)?;
        let StepKind::External(external) = &open.kind else {
            return Err(Refused::StepOrder);
        };
        from(event, Author::Gateway)?;
        self.next.outcomes.insert(open.id.clone(), outcome.to_owned());
        let other = external.agrees_with.as_ref().and_then(|other| self.next.outcomes.get(other));
        if external.agrees_with.is_some() && other.map(String::as_str) != Some(outcome) {
            return self.go(open, Next::Refuse, Code::ForeignState);
        }
        let next = external.outcomes.get(outcome).copied().unwrap_or(Next::Refuse);
        self.go(open, next, Code::ExternalRefused)
    }

    fn failed(&mut self, open: &'p Step, today: Option<u32>, attempts_left: Option<u32>) -> Result<(), Refused> {
        self.next.failures = self.next.failures.saturating_add(1);
        self.next.attempts_left = attempts_left;
        self.next.submitted = None;
        let Some(Tries { failures, then }) = &open.tries else {
            return Ok(());
        };
        let counted = Quantity::from(self.next.failures.max(today.unwrap_or(0)));
        if settle::compares(self.rules.policy, counted, failures)? && *then != Next::Stay {
            return self.go(open, *then, Code::BudgetExhausted);
        }
        Ok(())
    }

    fn time_came(&mut self, step: &str, event: &FlowEvent) -> Result<(), Refused> {
        from(event, Author::Gateway)?;
        let open = self.open_any()?;
        if open.id != step {
            return Err(Refused::StepOrder);
        }
        let due = moment::due(self.rules, &self.next).ok_or(Refused::StepOrder)?;
        if event.at < due {
            return Err(Refused::TooEarly);
        }
        if let StepKind::Timer(_) = open.kind {
            return self.done(open, None);
        }
        let deadline = open.deadline.as_ref().ok_or(Refused::StepOrder)?;
        let then = self.rules.next_of(&deadline.then).ok_or(Refused::Contradiction)?;
        self.go(open, then, Code::TooLate)
    }

    /// What comes after a step that was not simply done.
    fn go(&mut self, open: &'p Step, next: Next, code: Code) -> Result<(), Refused> {
        match next {
            Next::GoOn => self.done(open, None),
            Next::Otherwise => {
                let position = self.next.ahead.first().cloned().unwrap_or_default();
                self.leave(open, None);
                let instead = (0..open.otherwise.len()).map(|index| {
                    let mut inner = position.clone();
                    inner.push(index);
                    inner
                });
                self.next.ahead.splice(0..0, instead.collect::<Vec<_>>());
                self.settle()
            }
            Next::Refuse => {
                self.end(Phase::Refused(code));
                Ok(())
            }
            Next::Expire => {
                self.end(Phase::Expired);
                Ok(())
            }
            Next::Stay => Ok(()),
        }
    }

    fn done(&mut self, open: &Step, evidence: Option<Digest32>) -> Result<(), Refused> {
        self.leave(open, evidence);
        self.settle()
    }

    fn leave(&mut self, open: &Step, evidence: Option<Digest32>) {
        settle::leave(&mut self.next, open, evidence);
    }

    fn settle(&mut self) -> Result<(), Refused> {
        settle::settle(self.rules, &mut self.next, self.at, &mut self.effects)
    }

    fn end(&mut self, phase: Phase) {
        self.next.phase = phase;
        self.next.ahead.clear();
    }
}

fn from(event: &FlowEvent, author: Author) -> Result<(), Refused> {
    if event.author == author { Ok(()) } else { Err(Refused::Author) }
}
