//! What the loader proves of flow definitions.

use super::{Policy, PolicyError};
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

pub(super) fn check_flow(policy: &Policy, name: &str, flow: &FlowDefinition) -> Result<(), PolicyError> {
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
            && value_present(policy, budget).is_err()
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

/// A value that a flow step names stands in the bundle: no step waits, counts or compares without its number.
///
/// # Errors
/// [`PolicyError::Missing`] with the key.
pub(super) fn value_present(policy: &Policy, key: &str) -> Result<(), PolicyError> {
    policy.leaf(key).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::super::{DEFAULT_BUNDLE, Policy, PolicyError};

    fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Result<Policy, PolicyError> {
        let mut json: serde_json::Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
        change(&mut json);
        Policy::load(&json.to_string())
    }

    #[test]
    fn a_hold_that_asks_more_than_signing_did_is_refused() {
        let error = changed(|json| {
            json["flows"]["mandate.sign"]["steps"]
                .as_array_mut()
                .unwrap()
                .retain(|s| s["id"] != "identify");
        })
        .unwrap_err();
        assert!(error.to_string().contains("holding asks for Biometric"), "{error}");
    }

    #[test]
    fn a_step_that_raises_authority_is_never_skipped_offline() {
        let error =
            changed(|json| json["flows"]["mandate.sign"]["steps"][2]["skip_if"] = "offline".into()).unwrap_err();
        assert!(error.to_string().contains("never skipped offline"), "{error}");
    }

    #[test]
    fn a_step_whose_value_is_missing_is_refused() {
        let error =
            changed(|json| json["flows"]["mandate.sign"]["steps"][2]["budget"] = "secrets.payment_pin.tries".into());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("no value secrets.payment_pin.tries"), "{error}");
    }
}
