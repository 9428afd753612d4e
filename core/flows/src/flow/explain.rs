//! Why a run stands where it stands: the answers to "why am I asked this, what comes next, until when?"

use super::{FlowState, Left, Phase, Rules, moment, open_step, settle, steps_ahead};
use crate::definition::{Bound, Comparison, Condition, FlowEffect, Next, Party, Step, StepKind};
use crate::factor::FactorInput;
use crate::policy::Policy;
use quittance_protocol::problem::Code;
use quittance_protocol::{Quantity, Timestamp};
use std::collections::BTreeMap;

/// Everything that a screen may say about where a run stands, as names and numbers: the texts are the catalogue's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The requirements that ask for the open step, or for the one at which the run ended.
    pub rules: Vec<String>,
    /// What made the step part of this run, or what ended the run at it; absent where it is always there.
    pub because: Option<Because>,
    /// Whose turn it is; nobody's once the run has ended, or before the gateway said what comes first.
    pub turn: Option<Turn>,
    /// What comes after it, as far as is known now.
    pub ahead: Vec<Ahead>,
    /// Until when the step has to be done.
    pub until: Option<Until>,
    /// From when on the run may be ended because it was left alone.
    pub left_alone_until: Option<Timestamp>,
}

/// Why a step is there, or why the run ended at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// A fact put the step there.
    Holds(Found),
    /// A fact is smaller than it has to be.
    Lacks(Found),
    /// A fact is greater than it may be.
    Exceeds(Found),
    /// So many tries failed.
    Tries(u32),
    /// Its moment passed, or it was left alone for too long.
    Late,
    /// Whoever had the turn said no.
    SaidNo(Turn),
    /// Two answers of the same party did not agree.
    Disagreed,
    /// Somebody who may do so objected.
    Objected,
    /// The payer left.
    Left,
    /// Every step is done.
    Complete,
}

/// A fact with what it was compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The fact, see [`crate::facts`].
    pub fact: String,
    /// Its value; what nobody said is zero.
    pub value: Quantity,
    /// With what it is compared.
    pub bound: Quantity,
    /// The policy key of the bound, where it has one.
    pub key: Option<String>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The payer's.
    Payer,
    /// Somebody judges what the payer handed in, or a source is asked.
    Vendor,
    /// An outside party decides.
    Party(Party),
    /// A person at the desk decides.
    Reviewer,
    /// Other people's answers are waited for.
    Others,
    /// A moment is waited for.
    Time,
}

/// A step that is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// The step.
    pub step: String,
    /// What will happen at it.
    pub what: Coming,
}

/// What will happen at a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Coming {
    /// Somebody has the turn.
    Turn {
        /// Who.
        turn: Turn,
        /// For how long at most, as ISO 8601, business days as `P3BD`: a deadline, or how long a moment is waited for.
        within: Option<String>,
        /// What silence leads to.
        silence: Option<Next>,
    },
    /// It is brought about as soon as it is reached.
    Effect(FlowEffect),
}

/// A moment that ends a step, with what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until {
    /// The moment; before it the step can be done.
    pub at: Timestamp,
    /// What happens then; a timer goes on.
    pub then: Next,
}

/// Explains where a run stands.
#[must_use]
pub fn explain(rules: Rules<'_>, state: &FlowState) -> Explanation {
    let open = open_step(rules.definition, state);
    let ended_at = |id: &String| rules.definition.all_steps().find(|step| step.id == *id);
    let ended_at = state.ended_at.as_ref().and_then(ended_at);
    Explanation {
        rules: open.or(ended_at).map(|step| step.rules.clone()).unwrap_or_default(),
        because: match open {
            Some(open) => why_open(rules.policy, state, open),
            None => why_ended(rules.policy, state, ended_at),
        },
        turn: open.and_then(|open| turn(open, state.submitted.is_some())),
        ahead: steps_ahead(rules, state)
            .filter_map(|step| ahead(rules, step))
            .collect(),
        until: open.and_then(|open| until(rules, state, open)),
        left_alone_until: moment::ends_at(rules, state),
    }
}

/// The number of the open step among those that the payer counts, with how many there are as far as is known now. A
/// step that gave way is none; those in its place are.
#[must_use]
pub fn progress(rules: Rules<'_>, state: &FlowState) -> (usize, usize) {
    let counts = |id: &str| {
        let mut all = rules.definition.all_steps();
        all.find(|step| step.id == id).is_some_and(Step::counts)
    };
    let done = state.done.iter().filter(|done| done.left == Left::Done);
    let done = done.filter(|done| counts(&done.id)).count();
    let open = usize::from(open_step(rules.definition, state).is_some_and(Step::counts));
    let ahead = steps_ahead(rules, state).filter(|step| step.counts()).count();
    (done + open, done + open + ahead)
}

/// Tries that are left at the open step: as its factor counts them, else until its budget is used up.
#[must_use]
pub fn attempts_left(rules: Rules<'_>, state: &FlowState) -> Option<u32> {
    let tries = open_step(rules.definition, state)?.tries.as_ref()?;
    if state.attempts_left.is_some() {
        return state.attempts_left;
    }
    let bound = settle::value_of(rules.policy, bound_of(&tries.failures)).ok()?;
    let last = match tries.failures {
        Comparison::MoreThan(_) => bound.trunc().saturating_add(1),
        _ => bound.trunc(),
    };
    u32::try_from(last.saturating_sub(i64::from(state.failures)).max(0)).ok()
}

/// What put the open step there, or what it still waits for.
fn why_open(policy: &Policy, state: &FlowState, open: &Step) -> Option<Because> {
    match (&open.insert_if, &open.kind) {
        (Some(condition), _) => found(policy, &state.facts, condition).map(Because::Holds),
        (None, StepKind::Guard(condition)) => misses(policy, &state.facts, condition),
        _ => None,
    }
}

/// What ended the run.
fn why_ended(policy: &Policy, state: &FlowState, at: Option<&Step>) -> Option<Because> {
    let code = match state.phase {
        Phase::Open => return None,
        Phase::Completed => return Some(Because::Complete),
        Phase::Cancelled => return Some(Because::Left),
        Phase::Expired => return Some(Because::Late),
        Phase::Refused(code) => code,
    };
    let step = at?;
    match (code, &step.kind) {
        (Code::Objected, _) => Some(Because::Objected),
        (_, StepKind::Guard(condition)) if step.deadline.is_none() => misses(policy, &state.facts, condition),
        (Code::TooLate, _) => Some(Because::Late),
        (Code::ForeignState, _) => Some(Because::Disagreed),
        (_, StepKind::External(_) | StepKind::Review(_)) => turn(step, false).map(Because::SaidNo),
        _ => (state.failures > 0).then_some(Because::Tries(state.failures)),
    }
}

/// A condition that does not hold.
pub(crate) fn misses(policy: &Policy, facts: &BTreeMap<String, Quantity>, condition: &Condition) -> Option<Because> {
    let found = found(policy, facts, condition)?;
    Some(match condition {
        Condition::Compares {
            comparison: Comparison::AtMost(_) | Comparison::LessThan(_),
            ..
        } => Because::Exceeds(found),
        Condition::Holds(_) | Condition::Compares { .. } => Because::Lacks(found),
    })
}

fn found(policy: &Policy, facts: &BTreeMap<String, Quantity>, condition: &Condition) -> Option<Found> {
    let one = Bound::Number(1);
    let (fact, bound) = match condition {
        Condition::Holds(fact) => (fact, &one),
        Condition::Compares { fact, comparison, .. } => (fact, bound_of(comparison)),
    };
    Some(Found {
        fact: fact.clone(),
        value: facts.get(fact).copied().unwrap_or(Quantity::ZERO),
        bound: settle::value_of(policy, bound).ok()?,
        key: match bound {
            Bound::Number(_) => None,
            Bound::Key(key) => Some(key.clone()),
        },
    })
}

const fn bound_of(comparison: &Comparison) -> &Bound {
    let (Comparison::AtLeast(bound)
    | Comparison::MoreThan(bound)
    | Comparison::AtMost(bound)
    | Comparison::LessThan(bound)) = comparison;
    bound
}

fn ahead(rules: Rules<'_>, step: &Step) -> Option<Ahead> {
    let what = match &step.kind {
        StepKind::Effect(effect) => Coming::Effect(*effect),
        kind => {
            let (wait, silence) = match (kind, &step.deadline) {
                (StepKind::Timer(timer), _) => (Some(&timer.after), None),
                (_, Some(deadline)) => (Some(&deadline.after), silence_leads_to(rules, step)),
                (_, None) => (None, None),
            };
            Coming::Turn {
                turn: turn(step, false)?,
                within: wait.and_then(|key| rules.policy.text(key).ok()).map(str::to_owned),
                silence,
            }
        }
    };
    Some(Ahead {
        step: step.id.clone(),
        what,
    })
}

/// Nobody's turn where a step is carried out as soon as it is reached.
fn turn(step: &Step, submitted: bool) -> Option<Turn> {
    Some(match &step.kind {
        StepKind::Prompt(_) => Turn::Payer,
        StepKind::Factor(factor) if submitted || factor.input() == FactorInput::Nothing => Turn::Vendor,
        StepKind::Factor(_) => Turn::Payer,
        StepKind::External(external) => Turn::Party(external.party),
        StepKind::Review(_) => Turn::Reviewer,
        StepKind::Timer(_) => Turn::Time,
        StepKind::Guard(_) if step.deadline.is_some() => Turn::Others,
        StepKind::Guard(_) | StepKind::Effect(_) | StepKind::Notify(_) | StepKind::Part(_) => return None,
    })
}

fn until(rules: Rules<'_>, state: &FlowState, open: &Step) -> Option<Until> {
    let then = match &open.deadline {
        Some(_) => silence_leads_to(rules, open)?,
        None => Next::GoOn,
    };
    Some(Until {
        at: moment::due(rules, state)?,
        then,
    })
}

/// What follows where nobody answers in time. What stands in and asks nobody for anything is no other way: it goes on.
fn silence_leads_to(rules: Rules<'_>, step: &Step) -> Option<Next> {
    match rules.next_of(&step.deadline.as_ref()?.then)? {
        Next::Otherwise if !step.otherwise.iter().any(Step::counts) => Some(Next::GoOn),
        next => Some(next),
    }
}
