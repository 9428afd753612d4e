//! What the loader proves of flow definitions.

use super::PolicyError;
use crate::definition::{Authority, Condition, FactorKind, FlowDefinition, StepEffect, StepKind};
use std::collections::{BTreeMap, BTreeSet};

/// The cheapest hold never asks for a factor that signing did not ask for.
pub(super) fn check_hold_is_cheap(flows: &BTreeMap<String, FlowDefinition>) -> Result<(), PolicyError> {
    let Some(sign) = flows.get("mandate.sign") else {
        return Ok(());
    };
    let asked: Vec<FactorKind> = sign.steps.iter().filter_map(factor_of).collect();
    for (name, flow) in flows.iter().filter(|(_, flow)| flow.authority == Authority::Lowers) {
        let until_hold = flow.steps.iter().position(|s| s.then == Some(StepEffect::Hold));
        let Some(until_hold) = until_hold else {
            return Err(PolicyError::Flow {
                flow: name.clone(),
                what: "no step holds: give one step \"then\": \"hold\"".to_owned(),
            });
        };
        for factor in flow.steps.iter().take(until_hold + 1).filter_map(factor_of) {
            if !asked.contains(&factor) {
                return Err(PolicyError::Flow {
                    flow: name.clone(),
                    what: format!("holding asks for {factor:?}, which signing did not ask for"),
                });
            }
        }
    }
    Ok(())
}

fn factor_of(step: &crate::definition::Step) -> Option<FactorKind> {
    match step.ask {
        StepKind::Factor(factor) => Some(factor),
        StepKind::Prompt(_) => None,
    }
}

pub(super) fn check_flow(name: &str, flow: &FlowDefinition) -> Result<(), PolicyError> {
    let wrong = |what: String| {
        Err(PolicyError::Flow {
            flow: name.to_owned(),
            what,
        })
    };
    if flow.steps.is_empty() {
        return wrong("has no steps".to_owned());
    }
    let mut ids = BTreeSet::new();
    for step in &flow.steps {
        if !ids.insert(step.id.as_str()) {
            return wrong(format!("two steps are named {}", step.id));
        }
        if step.rules.is_empty() {
            return wrong(format!("step {} names no rule", step.id));
        }
        if let Some(budget) = &step.budget
            && budget != "secrets.payment_pin.max_attempts"
        {
            return wrong(format!("step {}: no value {budget}", step.id));
        }
        if step.skip_if == Some(Condition::Offline) && flow.authority == Authority::Raises {
            return wrong(format!(
                "step {}: what raises authority is never skipped offline",
                step.id
            ));
        }
    }
    Ok(())
}
