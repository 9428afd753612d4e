//! The shipped policy bundle: its values by key, its steps by the requirements that ask for them.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::number::Number;
use super::tree::Tree;
use crate::run::{Outcome, Problem};

/// Where the bundle is.
pub(crate) const PATH: &str = "core/flows/policy/cn-default.json";

/// The values and steps of one bundle.
#[derive(Debug)]
pub(crate) struct Bundle(Value);

/// The flows, each with its steps in their order.
pub(crate) type Steps = BTreeMap<String, Vec<String>>;

impl Bundle {
    /// Reads the bundle of a tree.
    pub(crate) fn read(tree: &Tree) -> Outcome<Self> {
        let bundle = serde_json::from_str(tree.text(PATH)?);
        bundle
            .map(Self)
            .map_err(|error| Problem::Failed(format!("{PATH}: {error}")))
    }

    /// The value of a dotted key.
    pub(crate) fn value(&self, key: &str) -> Option<&Value> {
        key.split('.').try_fold(&self.0, |value, member| value.get(member))
    }

    /// The steps of flows and of parts that name a requirement.
    pub(crate) fn steps(&self) -> BTreeMap<Number, Steps> {
        let mut steps = BTreeMap::new();
        for folder in ["flows", "parts"] {
            for (name, definition) in self.0.get(folder).and_then(Value::as_object).into_iter().flatten() {
                collect(name, definition, &mut steps);
            }
        }
        steps
    }

    /// Names in steps' `rules` that have not the form of a number.
    pub(crate) fn misnamed(&self) -> BTreeSet<String> {
        let mut misnamed = BTreeSet::new();
        each_step(&self.0, &mut |_, rule| {
            if Number::parse(rule).is_none() {
                misnamed.insert(rule.to_owned());
            }
        });
        misnamed
    }
}

fn collect(flow: &str, definition: &Value, steps: &mut BTreeMap<Number, Steps>) {
    each_step(definition, &mut |step, rule| {
        if let Some(number) = Number::parse(rule) {
            let flows: &mut Steps = steps.entry(number).or_default();
            flows.entry(flow.to_owned()).or_default().push(step.to_owned());
        }
    });
}

/// Whatever has an `id` with `rules`, however deep it stands.
fn each_step(value: &Value, found: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| each_step(value, found)),
        Value::Object(members) => {
            let id = members.get("id").and_then(Value::as_str).unwrap_or_default();
            let rules = members.get("rules").and_then(Value::as_array);
            for rule in rules.into_iter().flatten().filter_map(Value::as_str) {
                found(id, rule);
            }
            members.values().for_each(|value| each_step(value, found));
        }
        _ => {}
    }
}
