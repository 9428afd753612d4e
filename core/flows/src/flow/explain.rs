//! Why a run stands where it stands: the answers to "why am I asked this, what comes next, until when?"

use super::{FlowState, Left, Phase, Rules, moment, open_step, settle, steps_ahead};
use crate::definition::{Bound, Comparison, Condition, Next, Party, Step, StepKind};
use crate::factor::FactorInput;
use crate::policy::Policy;
use quittance_protocol::problem::Code;
use quittance_protocol::{Quantity, Timestamp};

/// Everything that a screen may say about where a run stands, as names and numbers: the texts are the catalogue's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The open step, or the one at which the run ended; absent once it is complete.
    pub step: Option<String>,
    /// The requirements that ask for that step.
    pub rules: Vec<String>,
    /// What made the step part of this run, or what refused the run at it; absent where it is always there.
    pub because: Option<Because>,
    /// Whose turn it is; nobody's once the run has ended.
    pub turn: Option<Turn>,
    /// What comes after it, as far as is known now.
    pub ahead: Vec<Ahead>,
    /// Until when the step has to be done.
    pub until: Option<Until>,
    /// From when on the run may be ended because it was left alone.
    pub left_alone_until: Option<Timestamp>,
    /// Tries that are left.
    pub attempts_left: Option<u32>,
    /// Why the run ended, where it was refused.
    pub refused: Option<Code>,
}

/// A condition with what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Because {
    /// The fact, see [`crate::facts`].
    pub fact: String,
    /// Its value; what nobody said is zero.
    pub value: Quantity,
    /// How it is compared: `at_least`, `more_than`, `at_most`, `less_than`.
    pub comparison: &'static str,
    /// With what.
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
    /// Whose turn it will be.
    pub turn: Turn,
    /// The requirements that ask for it.
    pub rules: Vec<String>,
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
    let step = open.or(state.ended_at.as_ref().and_then(ended_at));
    Explanation {
        step: step.map(|step| step.id.clone()),
        rules: step.map(|step| step.rules.clone()).unwrap_or_default(),
        because: step.and_then(|step| because(rules.policy, state, condition_of(step)?)),
        turn: open.and_then(|open| turn(open, state.submitted.is_some())),
        ahead: steps_ahead(rules, state).filter_map(ahead).collect(),
        until: open.and_then(|open| until(rules, state, open)),
        left_alone_until: moment::ends_at(rules, state),
        attempts_left: attempts_left(rules, state),
        refused: match state.phase {
            Phase::Refused(code) => Some(code),
            _ => None,
        },
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
    let (_, bound, _) = parts_of(rules.policy, &tries.failures)?;
    let last = match tries.failures {
        Comparison::MoreThan(_) => bound.trunc().saturating_add(1),
        _ => bound.trunc(),
    };
    u32::try_from(last.saturating_sub(i64::from(state.failures)).max(0)).ok()
}

/// The condition that decided about a step: that of its insertion, else its own comparison.
fn condition_of(step: &Step) -> Option<&Condition> {
    match (&step.insert_if, &step.kind) {
        (Some(condition), _) | (None, StepKind::Guard(condition)) => Some(condition),
        _ => None,
    }
}

fn because(policy: &Policy, state: &FlowState, condition: &Condition) -> Option<Because> {
    let one = Comparison::AtLeast(Bound::Number(1));
    let (fact, comparison) = match condition {
        Condition::Holds(fact) => (fact, &one),
        Condition::Compares { fact, comparison, .. } => (fact, comparison),
    };
    let (name, bound, key) = parts_of(policy, comparison)?;
    Some(Because {
        fact: fact.clone(),
        value: state.facts.get(fact).copied().unwrap_or(Quantity::ZERO),
        comparison: name,
        bound,
        key,
    })
}

fn parts_of(policy: &Policy, comparison: &Comparison) -> Option<(&'static str, Quantity, Option<String>)> {
    let (name, bound) = match comparison {
        Comparison::AtLeast(bound) => ("at_least", bound),
        Comparison::MoreThan(bound) => ("more_than", bound),
        Comparison::AtMost(bound) => ("at_most", bound),
        Comparison::LessThan(bound) => ("less_than", bound),
    };
    let key = match bound {
        Bound::Number(_) => None,
        Bound::Key(key) => Some(key.clone()),
    };
    Some((name, settle::value_of(policy, bound).ok()?, key))
}

fn ahead(step: &Step) -> Option<Ahead> {
    Some(Ahead {
        step: step.id.clone(),
        turn: turn(step, false)?,
        rules: step.rules.clone(),
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
        Some(deadline) => rules.next_of(&deadline.then)?,
        None => Next::GoOn,
    };
    Some(Until {
        at: moment::due(rules, state)?,
        then,
    })
}
