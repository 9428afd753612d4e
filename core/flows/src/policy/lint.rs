//! What the loader proves of flow definitions.

use super::{Policy, PolicyError, named};
use crate::deed;
use crate::definition::{
    Authority, Bound, Comparison, Condition, FlowDefinition, FlowEffect, Next, NextOrKey, Step, StepKind,
};
use crate::factor::{FactorInput, FactorKind};
use crate::facts::{self, OFFLINE, RECOVERING};
use std::collections::BTreeSet;

/// Values that every run needs, whatever its definition names: how long a step may be left alone, how long somebody may
/// judge, how soon a code is sent again.
const EVERY_RUN: [&str; 4] = [
    "flow.idle_life",
    "flow.total_life",
    "evidence.judge_by",
    "otp.resend_after",
];

/// Something wrong in a definition.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The step; absent where it is the definition.
    step: Option<String>,
    /// What is wrong and how to mend it.
    what: String,
}

impl Wrong {
    pub(super) fn at(step: &str, what: impl Into<String>) -> Self {
        Self {
            step: Some(step.to_owned()),
            what: what.into(),
        }
    }

    /// The same, seen from the step that puts the part in.
    pub(super) fn within(self, outer: &str) -> Self {
        let step = self.step.map_or(outer.to_owned(), |step| format!("{outer}.{step}"));
        Self::at(&step, self.what)
    }

    /// As an error that names the flow and, where the text has it, the place of the step.
    pub(super) fn in_flow(self, name: &str, written: &FlowDefinition) -> PolicyError {
        let place = self.step.as_deref().and_then(|step| place_of(&written.steps, step));
        PolicyError::Flow {
            flow: name.to_owned(),
            place: place.unwrap_or_default(),
            what: match self.step {
                Some(step) => format!("step {step}: {}", self.what),
                None => self.what,
            },
        }
    }
}

impl<T: Into<String>> From<T> for Wrong {
    fn from(what: T) -> Self {
        Self {
            step: None,
            what: what.into(),
        }
    }
}

/// Where a step stands below its flow (RFC 6901). A step of a part stands where the part is put in.
fn place_of(steps: &[Step], id: &str) -> Option<String> {
    steps.iter().enumerate().find_map(|(index, step)| {
        let put_in = matches!(step.kind, StepKind::Part(_)) && id.starts_with(&format!("{}.", step.id));
        if step.id == id || put_in {
            return Some(format!("/steps/{index}"));
        }
        let inner = place_of(&step.otherwise, id)?;
        Some(format!("/steps/{index}{}", inner.replacen("/steps", "/otherwise", 1)))
    })
}

/// Proves the rules of every definition.
pub(super) fn check_flows(policy: &Policy) -> Result<(), PolicyError> {
    for key in EVERY_RUN {
        policy.span(key)?;
    }
    check_regions(policy)?;
    for (name, flow) in policy.definitions() {
        let written = policy.flows.get(name).unwrap_or(flow);
        check_flow(policy, flow)
            .and_then(|()| check_hold_is_cheap(policy, flow))
            .and_then(|()| check_settles_down(flow))
            .map_err(|wrong| wrong.in_flow(name, written))?;
    }
    Ok(())
}

/// Every check that a region adds is one that a flow can insert: none is left out because nobody knows its name.
fn check_regions(policy: &Policy) -> Result<(), PolicyError> {
    let lists = policy.keys().into_iter().filter(|key| key.ends_with(".extra_steps"));
    for key in lists.filter(|key| key.starts_with("regions.")) {
        let unknown = |check: &&&str| !facts::is_known(&format!("needs_{check}"));
        if let Some(unknown) = policy.list(&key)?.iter().find(unknown) {
            return Err(PolicyError::value(
                key.clone(),
                format!("no flow can ask for {unknown}"),
            ));
        }
    }
    Ok(())
}

fn check_flow(policy: &Policy, flow: &FlowDefinition) -> Result<(), Wrong> {
    let first = flow.steps.first().ok_or("has no steps")?;
    if first.insert_if.is_some() || first.skip_if.is_some() {
        return Err(Wrong::at(&first.id, "the first step stands without conditions"));
    }
    for key in [&flow.effective, &flow.idle_life, &flow.entry_life]
        .into_iter()
        .flatten()
    {
        span(policy, key)?;
    }
    if flow.effect.opens_entry() != flow.entry_life.is_some() {
        return Err(Wrong::from(
            "entry_life: has to stand where the effect lets something be entered, and nowhere else",
        ));
    }
    if let Some(key) = &flow.enrolment {
        policy.enrolment_kinds(key).map_err(|error| error.to_string())?;
    }
    let mut before = BTreeSet::new();
    for step in flow.all_steps() {
        check_step(policy, flow, step, &before).map_err(|what| Wrong::at(&step.id, what))?;
        if !before.insert(step.id.as_str()) {
            return Err(Wrong::at(&step.id, "two steps have this name"));
        }
    }
    Ok(())
}

/// `before` are the names of the steps before it.
fn check_step(policy: &Policy, flow: &FlowDefinition, step: &Step, before: &BTreeSet<&str>) -> Result<(), String> {
    if step.rules.is_empty() {
        return Err("names no rule".to_owned());
    }
    for condition in [&step.insert_if, &step.skip_if].into_iter().flatten() {
        check_condition(policy, condition)?;
    }
    if flow.authority == Authority::Raises
        && step
            .skip_if
            .as_ref()
            .is_some_and(|condition| condition.fact() == OFFLINE)
    {
        return Err("what raises authority is never skipped offline".to_owned());
    }
    match &step.kind {
        StepKind::Guard(condition) => check_condition(policy, condition)?,
        StepKind::Timer(timer) => span(policy, &timer.after)?,
        StepKind::External(external) => {
            if let Some(other) = &external.agrees_with
                && !before.contains(other.as_str())
            {
                return Err(format!("agrees_with: there is no step {other} before it"));
            }
            for next in external.outcomes.values() {
                check_next(step, *next)?;
            }
        }
        StepKind::Factor(factor) => check_factor(policy, step, *factor)?,
        StepKind::Part(name) => return Err(format!("{name} is not put in")),
        StepKind::Effect(effect) if deed::needs_wish(*effect) => {
            return Err("brings about what a payer wishes: let it be the flow's own effect".to_owned());
        }
        StepKind::Prompt(_) | StepKind::Review(_) | StepKind::Effect(_) | StepKind::Notify(_) => {}
    }
    check_ends(policy, step)
}

/// Whoever's turn it is, the step ends: by tries, by a deadline, or because the payer left it alone for too long.
fn check_ends(policy: &Policy, step: &Step) -> Result<(), String> {
    let waits_for_others = matches!(step.kind, StepKind::External(_) | StepKind::Review(_))
        || matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Nothing);
    if waits_for_others && step.deadline.is_none() {
        return Err("has no end: somebody else's turn needs a deadline".to_owned());
    }
    let mut leads_to = Vec::new();
    if let Some(tries) = &step.tries {
        if !matches!(step.kind, StepKind::Factor(_)) {
            return Err("only a factor has tries".to_owned());
        }
        if let Comparison::AtMost(_) | Comparison::LessThan(_) = tries.failures {
            return Err("has no end: failures only grow, compare them with at_least or more_than".to_owned());
        }
        check_comparison(policy, &tries.failures)?;
        leads_to.push(tries.then);
    }
    if let Some(deadline) = &step.deadline {
        if matches!(
            step.kind,
            StepKind::Timer(_) | StepKind::Effect(_) | StepKind::Notify(_)
        ) {
            return Err("nobody has to do it, so it has no deadline".to_owned());
        }
        span(policy, &deadline.after)?;
        leads_to.push(match &deadline.then {
            NextOrKey::Next(next) => *next,
            NextOrKey::Key(key) => policy
                .next(key)
                .ok_or_else(|| format!("{key} has no value, or none that says what comes next"))?,
        });
    }
    leads_to.iter().try_for_each(|next| check_next(step, *next))?;
    if let StepKind::External(external) = &step.kind {
        leads_to.extend(external.outcomes.values());
    }
    if step.otherwise.is_empty() || leads_to.contains(&Next::Otherwise) {
        Ok(())
    } else {
        Err("nothing leads to its otherwise".to_owned())
    }
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
    // What may turn out not to be there stands in for nothing.
    let always = |step: &&Step| step.insert_if.is_none() && step.skip_if.is_none();
    let instead: Vec<FactorKind> = step.otherwise.iter().filter(always).filter_map(factor_of).collect();
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
        Next::GoOn if !matches!(step.kind, StepKind::External(_)) => {
            Err("only an outside party's silence or decision can go on without it".to_owned())
        }
        Next::Stay if !matches!(step.kind, StepKind::Factor(factor) if factor.input() == FactorInput::Secret) => {
            Err("only a secret that locks for a time of its own stays open".to_owned())
        }
        _ => Ok(()),
    }
}

fn check_condition(policy: &Policy, condition: &Condition) -> Result<(), String> {
    if let Condition::Compares { comparison, .. } = condition {
        check_comparison(policy, comparison)?;
    }
    let fact = condition.fact();
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
fn check_hold_is_cheap(policy: &Policy, flow: &FlowDefinition) -> Result<(), Wrong> {
    if flow.effect != FlowEffect::Destroy {
        return Ok(());
    }
    let Some(sign) = policy.flow(named::SIGN) else {
        return Ok(());
    };
    let asked: Vec<FactorKind> = sign.steps.iter().filter_map(factor_of).collect();
    let always_holds = |step: &Step| {
        step.kind == StepKind::Effect(FlowEffect::Hold) && step.insert_if.is_none() && step.skip_if.is_none()
    };
    let until_hold = flow
        .steps
        .iter()
        .position(always_holds)
        .ok_or("no step holds: add {\"effect\": \"hold\"} after the first step")?;
    for step in flow.steps.iter().take(until_hold) {
        match &step.kind {
            StepKind::Factor(factor) if !asked.contains(factor) => {
                let factor = factor.name();
                let what = format!("holding asks for {factor}, which signing did not ask for");
                return Err(Wrong::at(&step.id, what));
            }
            StepKind::External(_) | StepKind::Review(_) | StepKind::Timer(_) | StepKind::Guard(_) => {
                return Err(Wrong::at(&step.id, "the hold waits for it; hold before"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What raises authority waits in the aftermath of a recovery. A recovery does not wait for itself; the gateway
/// looks by itself before it lifts a pause, which needs no run.
fn check_settles_down(flow: &FlowDefinition) -> Result<(), Wrong> {
    if flow.authority == Authority::Lowers || matches!(flow.effect, FlowEffect::OpenPinReset | FlowEffect::LiftPause) {
        return Ok(());
    }
    let waits = |step: &Step| {
        let until_settled = matches!(
            &step.kind,
            StepKind::Guard(Condition::Compares { fact, comparison: Comparison::AtMost(Bound::Number(0)), .. })
                if fact == RECOVERING
        );
        // What can be left out, or given up for something else, keeps nobody waiting.
        until_settled && step.insert_if.is_none() && step.skip_if.is_none() && step.otherwise.is_empty()
    };
    if flow.steps.iter().any(waits) {
        return Ok(());
    }
    Err(Wrong::from(format!(
        "raises authority right after a recovery: guard that {RECOVERING} is at most 0"
    )))
}

fn factor_of(step: &Step) -> Option<FactorKind> {
    match step.kind {
        StepKind::Factor(factor) => Some(factor),
        _ => None,
    }
}
