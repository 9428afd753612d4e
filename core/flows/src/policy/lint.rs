//! What the loader proves of flow definitions.

use super::{Policy, PolicyError};
use crate::definition::{
    Authority, Bound, Comparison, Condition, FlowDefinition, FlowEffect, Next, NextOrKey, Step, StepKind,
};
use crate::factor::{FactorInput, FactorKind};
use crate::facts::{self, OFFLINE};
use std::collections::{BTreeMap, BTreeSet};

/// How deep definitions may stand in one another.
const DEPTH: usize = 4;

/// Puts the steps of parts where they are named, so that a running flow is a plain list.
///
/// # Errors
/// [`PolicyError::Flow`]: a part that is missing, or that contains itself.
pub(super) fn inline(
    flows: &BTreeMap<String, FlowDefinition>,
    parts: &BTreeMap<String, Vec<Step>>,
) -> Result<BTreeMap<String, FlowDefinition>, PolicyError> {
    flows
        .iter()
        .map(|(name, flow)| {
            let steps = inline_steps(parts, &flow.steps, DEPTH).map_err(|what| PolicyError::Flow {
                flow: name.clone(),
                what,
            })?;
            Ok((name.clone(), FlowDefinition { steps, ..flow.clone() }))
        })
        .collect()
}

fn inline_steps(parts: &BTreeMap<String, Vec<Step>>, steps: &[Step], depth: usize) -> Result<Vec<Step>, String> {
    let mut plain = Vec::new();
    for step in steps {
        let StepKind::Part(name) = &step.kind else {
            let otherwise = inline_steps(parts, &step.otherwise, depth)?;
            plain.push(Step {
                otherwise,
                ..step.clone()
            });
            continue;
        };
        let part = parts
            .get(name)
            .ok_or_else(|| format!("step {}: there is no part {name}", step.id))?;
        if depth == 0 {
            return Err(format!("step {}: {name} has no end, it leads back to itself", step.id));
        }
        if step.tries.is_some() || step.deadline.is_some() || !step.otherwise.is_empty() {
            return Err(format!(
                "step {}: tries, deadline, otherwise belong to the steps of {name}",
                step.id
            ));
        }
        for mut inner in inline_steps(parts, part, depth - 1)? {
            inner.id = format!("{}.{}", step.id, inner.id);
            rename_references(&mut inner, &step.id);
            inner.insert_if = both(inner.insert_if, step.insert_if.as_ref(), &step.id)?;
            inner.skip_if = both(inner.skip_if, step.skip_if.as_ref(), &step.id)?;
            plain.push(inner);
        }
    }
    Ok(plain)
}

fn rename_references(part: &mut Step, prefix: &str) {
    if let StepKind::External(external) = &mut part.kind
        && let Some(other) = &mut external.agrees_with
    {
        *other = format!("{prefix}.{other}");
    }
    for inner in &mut part.otherwise {
        inner.id = format!("{prefix}.{}", inner.id);
        rename_references(inner, prefix);
    }
}

fn both(inner: Option<Condition>, outer: Option<&Condition>, step: &str) -> Result<Option<Condition>, String> {
    match (inner, outer) {
        (Some(_), Some(_)) => Err(format!(
            "step {step}: its flow's steps have conditions of their own; give it none"
        )),
        (inner, outer) => Ok(inner.or_else(|| outer.cloned())),
    }
}

/// Proves the rules of every definition.
pub(super) fn check_flows(policy: &Policy) -> Result<(), PolicyError> {
    for (name, flow) in policy.definitions() {
        let wrong = |what: String| PolicyError::Flow {
            flow: name.to_owned(),
            what,
        };
        check_flow(policy, flow).map_err(wrong)?;
        check_hold_is_cheap(policy, flow).map_err(wrong)?;
    }
    Ok(())
}

fn check_flow(policy: &Policy, flow: &FlowDefinition) -> Result<(), String> {
    let first = flow.steps.first().ok_or("has no steps")?;
    if first.insert_if.is_some() || first.skip_if.is_some() {
        return Err(format!("step {}: the first step stands without conditions", first.id));
    }
    for key in [&flow.effective, &flow.idle_life].into_iter().flatten() {
        span(policy, key)?;
    }
    let mut ids = BTreeSet::new();
    for step in flow.all_steps() {
        if !ids.insert(step.id.as_str()) {
            return Err(format!("two steps are named {}", step.id));
        }
        check_step(policy, flow, step).map_err(|what| format!("step {}: {what}", step.id))?;
    }
    Ok(())
}

fn check_step(policy: &Policy, flow: &FlowDefinition, step: &Step) -> Result<(), String> {
    if step.rules.is_empty() {
        return Err("names no rule".to_owned());
    }
    for condition in [&step.insert_if, &step.skip_if].into_iter().flatten() {
        check_condition(policy, condition)?;
    }
    if flow.authority == Authority::Raises
        && let Some(Condition::Holds(fact) | Condition::Compares { fact, .. }) = &step.skip_if
        && fact == OFFLINE
    {
        return Err("what raises authority is never skipped offline".to_owned());
    }
    let waits = matches!(step.kind, StepKind::External(_) | StepKind::Review(_))
        || matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Nothing);
    if waits && step.deadline.is_none() {
        return Err("has no end: somebody else's turn needs a deadline".to_owned());
    }
    match &step.kind {
        StepKind::Guard(condition) => check_condition(policy, condition)?,
        StepKind::Timer(timer) => span(policy, &timer.after)?,
        StepKind::External(external) => {
            if let Some(other) = &external.agrees_with
                && !flow.all_steps().any(|step| step.id == *other)
            {
                return Err(format!("agrees_with: there is no step {other}"));
            }
            for next in external.outcomes.values() {
                check_next(step, *next)?;
            }
        }
        StepKind::Factor(factor) => check_factor(policy, step, *factor)?,
        StepKind::Part(name) => return Err(format!("{name} is not put in")),
        StepKind::Prompt(_) | StepKind::Review(_) | StepKind::Effect(_) | StepKind::Notify(_) => {}
    }
    if let Some(tries) = &step.tries {
        check_comparison(policy, &tries.failures)?;
        check_next(step, tries.then)?;
    }
    if let Some(deadline) = &step.deadline {
        span(policy, &deadline.after)?;
        let next = match &deadline.then {
            NextOrKey::Next(next) => *next,
            NextOrKey::Key(key) => policy
                .next(key)
                .ok_or_else(|| format!("{key} has no value, or none that says what comes next"))?,
        };
        check_next(step, next)?;
    }
    Ok(())
}

/// A factor that can fail is given up after a number of tries; what stands in for it is equal or stronger.
fn check_factor(policy: &Policy, step: &Step, factor: FactorKind) -> Result<(), String> {
    if step.tries.is_none() && factor.input() != FactorInput::HardwareKey {
        return Err("has no end: name the tries".to_owned());
    }
    let strength = |factors: &[FactorKind]| -> Result<u32, String> {
        policy
            .strength(factors)
            .ok_or_else(|| format!("factor.kinds lacks a kind of step {}", step.id))
    };
    let asked = strength(&[factor])?;
    let instead: Vec<FactorKind> = step.otherwise.iter().filter_map(factor_of).collect();
    if !step.otherwise.is_empty() && strength(&instead)? < asked {
        return Err(format!(
            "what stands in for {} is weaker than it: use equal or stronger factors",
            factor.name()
        ));
    }
    Ok(())
}

fn check_next(step: &Step, next: Next) -> Result<(), String> {
    let otherwise = !step.otherwise.is_empty();
    match next {
        Next::Otherwise if !otherwise => Err("leads to otherwise, which it does not have".to_owned()),
        Next::GoOn if matches!(step.kind, StepKind::Factor(_)) => {
            Err("a factor is proved, or it is not: it cannot go on without".to_owned())
        }
        Next::Stay if !matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Secret) => {
            Err("only a secret that locks for a time of its own stays open".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_condition(policy: &Policy, condition: &Condition) -> Result<(), String> {
    let fact = match condition {
        Condition::Holds(fact) => fact,
        Condition::Compares { fact, comparison, .. } => {
            check_comparison(policy, comparison)?;
            fact
        }
    };
    if facts::is_known(fact) {
        Ok(())
    } else {
        Err(format!("nobody finds out {fact}"))
    }
}

fn check_comparison(policy: &Policy, comparison: &Comparison) -> Result<(), String> {
    let (Comparison::AtLeast(bound)
    | Comparison::MoreThan(bound)
    | Comparison::AtMost(bound)
    | Comparison::LessThan(bound)) = comparison;
    match bound {
        Bound::Number(_) => Ok(()),
        Bound::Key(key) => match policy.quantity(key) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("{key} has no value, or none that is a number")),
        },
    }
}

fn span(policy: &Policy, key: &str) -> Result<(), String> {
    match policy.span(key) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{key} has no value, or none that is a length of time")),
    }
}

/// What ends mandates holds them first, and the hold never asks for a factor that signing did not ask for.
fn check_hold_is_cheap(policy: &Policy, flow: &FlowDefinition) -> Result<(), String> {
    if flow.effect != FlowEffect::Destroy {
        return Ok(());
    }
    let Some(sign) = policy.flow("mandate.sign") else {
        return Ok(());
    };
    let asked: Vec<FactorKind> = sign.steps.iter().filter_map(factor_of).collect();
    let hold = |step: &Step| step.kind == StepKind::Effect(FlowEffect::Hold) && step.insert_if.is_none();
    let until_hold = flow
        .steps
        .iter()
        .position(hold)
        .ok_or("no step holds: add {\"effect\": \"hold\"} after the first step")?;
    for step in flow.steps.iter().take(until_hold) {
        match &step.kind {
            StepKind::Factor(factor) if !asked.contains(factor) => {
                return Err(format!(
                    "step {}: holding asks for {}, which signing did not ask for",
                    step.id,
                    factor.name()
                ));
            }
            StepKind::External(_) | StepKind::Review(_) | StepKind::Timer(_) | StepKind::Guard(_) => {
                return Err(format!("step {}: the hold waits for it; hold before", step.id));
            }
            _ => {}
        }
    }
    Ok(())
}

fn factor_of(step: &Step) -> Option<FactorKind> {
    match step.kind {
        StepKind::Factor(factor) => Some(factor),
        _ => None,
    }
}
