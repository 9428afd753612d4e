//! Parts: steps that several flows share, put where they are named.

use super::PolicyError;
use super::lint::Wrong;
use crate::definition::{Condition, FlowDefinition, Step, StepKind};
use std::collections::BTreeMap;

/// Parts by name.
type Parts = BTreeMap<String, Vec<Step>>;

/// Puts the steps of parts where they are named, so that a running flow is a plain list.
///
/// # Errors
/// [`PolicyError::Flow`]: a part that is missing, or that contains itself.
pub(super) fn put_in(
    flows: &BTreeMap<String, FlowDefinition>,
    parts: &Parts,
) -> Result<BTreeMap<String, FlowDefinition>, PolicyError> {
    let plain = |(name, flow): (&String, &FlowDefinition)| {
        let steps = plain_steps(parts, &flow.steps, &mut Vec::new()).map_err(|wrong| wrong.in_flow(name, flow))?;
        Ok((name.clone(), FlowDefinition { steps, ..flow.clone() }))
    };
    flows.iter().map(plain).collect()
}

/// `inside` are the parts that are being put in, outermost first.
fn plain_steps<'p>(parts: &'p Parts, steps: &'p [Step], inside: &mut Vec<&'p str>) -> Result<Vec<Step>, Wrong> {
    let mut plain = Vec::new();
    for step in steps {
        let StepKind::Part(name) = &step.kind else {
            let otherwise = plain_steps(parts, &step.otherwise, inside)?;
            plain.push(Step {
                otherwise,
                ..step.clone()
            });
            continue;
        };
        let wrong = |what: String| Wrong::at(&step.id, what);
        let part = parts
            .get(name)
            .ok_or_else(|| wrong(format!("there is no part {name}")))?;
        if inside.contains(&name.as_str()) {
            return Err(wrong(format!("has no end: the part {name} leads back to itself")));
        }
        if step.tries.is_some() || step.deadline.is_some() || !step.otherwise.is_empty() {
            return Err(wrong(format!(
                "tries, deadline, otherwise belong to the steps of the part {name}"
            )));
        }
        inside.push(name);
        let inner = plain_steps(parts, part, inside).map_err(|inner| inner.within(&step.id))?;
        inside.pop();
        for mut inner in inner {
            inner.insert_if = either(inner.insert_if, &step.insert_if).map_err(wrong)?;
            inner.skip_if = either(inner.skip_if, &step.skip_if).map_err(wrong)?;
            rename(&mut inner, &step.id);
            plain.push(inner);
        }
    }
    Ok(plain)
}

/// Names a step of a part, and what it refers to, after the step that puts the part in.
fn rename(step: &mut Step, prefix: &str) {
    step.id = format!("{prefix}.{}", step.id);
    if let StepKind::External(external) = &mut step.kind
        && let Some(other) = &mut external.agrees_with
    {
        *other = format!("{prefix}.{other}");
    }
    step.otherwise.iter_mut().for_each(|inner| rename(inner, prefix));
}

fn either(inner: Option<Condition>, outer: &Option<Condition>) -> Result<Option<Condition>, String> {
    match (inner, outer) {
        (Some(_), Some(_)) => {
            Err("the steps of its part have a condition of this kind already: give it none".to_owned())
        }
        (inner, outer) => Ok(inner.or_else(|| outer.clone())),
    }
}
