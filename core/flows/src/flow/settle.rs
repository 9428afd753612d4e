//! Goes on by itself as far as it can: leaves out what is not there, runs what nobody has to answer.

use super::{DoneStep, Effect, FlowState, Left, Phase, Rules, moment};
use crate::Refused;
use crate::definition::{Bound, Comparison, Condition, Step, StepKind};
use crate::policy::Policy;
use quittance_protocol::problem::Code;
use quittance_protocol::{Digest32, Quantity, Timestamp};
use std::collections::BTreeMap;

/// Moves on to the next step that somebody has to do, or to the end.
pub(super) fn settle(
    rules: Rules<'_>,
    state: &mut FlowState,
    at: Timestamp,
    effects: &mut Vec<Effect>,
) -> Result<(), Refused> {
    while state.phase == Phase::Open {
        let Some(position) = state.ahead.first() else {
            state.phase = Phase::Completed;
            effects.push(Effect::Complete(rules.definition.effect));
            return Ok(());
        };
        let step = rules.definition.at(position).ok_or(Refused::Contradiction)?;
        let open = state.reached.as_deref() == Some(step.id.as_str());
        if !open && !is_there(rules, state, step)? {
            state.ahead.remove(0);
            continue;
        }
        if !open {
            state.reached_at = at;
        } else if moment::is_late(rules, state, at) {
            // Nothing but time itself moves it now.
            return Ok(());
        }
        if is_skipped(rules, state, step)? {
            leave(state, step, Left::Skipped, None);
            continue;
        }
        match &step.kind {
            StepKind::Effect(effect) => effects.push(Effect::Do(*effect)),
            StepKind::Notify(text) => effects.push(Effect::Notify(text.clone())),
            StepKind::Guard(condition) => {
                let holds = holds(rules.policy, &state.facts, condition)?;
                if !holds && step.deadline.is_none() {
                    end(state, Some(step), Phase::Refused(refusal_of(condition)));
                    return Ok(());
                }
                if !holds || moment::is_late(rules, state, at) {
                    reach(state, step, effects);
                    return Ok(());
                }
            }
            _ => {
                reach(state, step, effects);
                return Ok(());
            }
        }
        leave(state, step, Left::Done, None);
    }
    Ok(())
}

/// Opens a step that was not open.
fn reach(state: &mut FlowState, step: &Step, effects: &mut Vec<Effect>) {
    if state.reached.as_deref() != Some(step.id.as_str()) {
        state.reached = Some(step.id.clone());
        effects.push(Effect::Reached(step.id.clone()));
    }
}

/// Puts the open step behind.
pub(super) fn leave(state: &mut FlowState, open: &Step, left: Left, evidence: Option<Digest32>) {
    if !state.ahead.is_empty() {
        state.ahead.remove(0);
    }
    state.done.push(DoneStep {
        id: open.id.clone(),
        left,
        evidence,
    });
    state.failures = 0;
    state.attempts_left = None;
    state.submitted = None;
    state.sent_at = None;
}

/// Ends the run without its effect.
pub(super) fn end(state: &mut FlowState, open: Option<&Step>, phase: Phase) {
    state.phase = phase;
    state.ahead.clear();
    state.ended_at = open.map(|open| open.id.clone());
}

/// Whether a step is left out, as far as the facts say now.
pub(super) fn is_skipped(rules: Rules<'_>, state: &FlowState, step: &Step) -> Result<bool, Refused> {
    match &step.skip_if {
        Some(condition) => holds(rules.policy, &state.facts, condition),
        None => Ok(false),
    }
}

/// Whether a step is part of this run, as far as the facts say now.
pub(super) fn is_there(rules: Rules<'_>, state: &FlowState, step: &Step) -> Result<bool, Refused> {
    match &step.insert_if {
        Some(condition) => holds(rules.policy, &state.facts, condition),
        None => Ok(true),
    }
}

/// Whether a condition holds for what is known. What nobody said counts as zero.
///
/// # Errors
/// [`Refused::Contradiction`] where the policy lacks the bound; a loaded bundle never does.
pub fn holds(policy: &Policy, facts: &BTreeMap<String, Quantity>, condition: &Condition) -> Result<bool, Refused> {
    let fact = |name: &str| facts.get(name).copied().unwrap_or(Quantity::ZERO);
    match condition {
        Condition::Holds(name) => Ok(fact(name) >= Quantity::ONE),
        Condition::Compares {
            fact: name, comparison, ..
        } => compares(policy, fact(name), comparison),
    }
}

/// The refusal of the definition's first guard that does not hold for what was found anew; guards about other facts are
/// left alone. What was true when a run passed a guard may not be true when its effect is brought about.
///
/// # Errors
/// As [`holds`].
pub fn refused_anew(rules: Rules<'_>, found: &BTreeMap<String, Quantity>) -> Result<Option<Code>, Refused> {
    for condition in rules.definition.guards() {
        if found.contains_key(condition.fact()) && !holds(rules.policy, found, condition)? {
            return Ok(Some(refusal_of(condition)));
        }
    }
    Ok(None)
}

/// Whether a number compares so with the policy's bound.
pub(super) fn compares(policy: &Policy, number: Quantity, comparison: &Comparison) -> Result<bool, Refused> {
    let (Comparison::AtLeast(bound)
    | Comparison::MoreThan(bound)
    | Comparison::AtMost(bound)
    | Comparison::LessThan(bound)) = comparison;
    let bound = value_of(policy, bound)?;
    Ok(match comparison {
        Comparison::AtLeast(_) => number >= bound,
        Comparison::MoreThan(_) => number > bound,
        Comparison::AtMost(_) => number <= bound,
        Comparison::LessThan(_) => number < bound,
    })
}

/// The number that a bound stands for.
pub(super) fn value_of(policy: &Policy, bound: &Bound) -> Result<Quantity, Refused> {
    match bound {
        Bound::Number(number) => Ok(Quantity::whole(*number)),
        Bound::Key(key) => policy.quantity(key).map_err(|_| Refused::Contradiction),
    }
}

fn refusal_of(condition: &Condition) -> Code {
    match condition {
        Condition::Compares { refuse: Some(code), .. } => *code,
        _ => Code::NotEligible,
    }
}
