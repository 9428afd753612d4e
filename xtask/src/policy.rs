//! What people ask of a policy bundle: is it sound, what changed, what is this value for.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use quittance_flows::policy::{KeyIndex, Policy, PolicyError};
use serde_json::Value;

use crate::run::{Outcome, Problem, at, failed};

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Loads a bundle as gateway and phone do; says the line of what is wrong.
    Lint {
        /// The bundle, as JSON.
        file: PathBuf,
    },
    /// Says value by value what changed from one bundle to the next.
    Diff {
        /// The bundle in force.
        old: PathBuf,
        /// The bundle that follows it.
        new: PathBuf,
    },
    /// Says what a value is, what it is for, and which rules are behind it; a flow, step by step; or all values.
    Explain {
        /// The bundle, as JSON.
        file: PathBuf,
        /// A key, a group of keys, or a flow; everything if left out.
        name: Option<String>,
    },
}

/// Does what was asked; the answer goes to the standard output.
pub(crate) fn run(task: Task) -> Outcome {
    let answer = match task {
        Task::Lint { file } => lint(&read(&file)?, &file.display().to_string())?,
        Task::Diff { old, new } => diff(&load(&old)?, &load(&new)?)?,
        Task::Explain { file, name } => explain(&load(&file)?, name.as_deref())?,
    };
    print!("{answer}");
    Ok(())
}

fn read(file: &Path) -> Outcome<String> {
    at(file, fs::read_to_string(file))
}

fn load(file: &Path) -> Outcome<Policy> {
    let text = read(file)?;
    Policy::load(&text).map_err(|error| Problem::Failed(format!("{}: {error}", file.display())))
}

fn refused(error: PolicyError) -> Problem {
    Problem::Failed(error.to_string())
}

fn lint(text: &str, name: &str) -> Outcome<String> {
    let policy = Policy::load(text).map_err(|error| Problem::Failed(format!("{name}: {error}")))?;
    let index = KeyIndex::shipped().map_err(refused)?;
    let keys = policy.keys();
    let silent: Vec<&str> = keys
        .iter()
        .filter(|key| index.note(key).is_none())
        .map(String::as_str)
        .collect();
    if !silent.is_empty() {
        return failed(format!(
            "{name}: keys.json does not say what these are for: {}",
            silent.join(", ")
        ));
    }
    let head = &policy.bundle;
    let regions: Vec<&str> = policy.overlays.keys().map(String::as_str).collect();
    Ok(format!(
        "{name}: sound. {} version {}, in force from {}: {} values, {} flows, overlays: {}.\n",
        head.id,
        head.version,
        head.not_before,
        keys.len(),
        policy.flows.len(),
        if regions.is_empty() {
            "none".to_owned()
        } else {
            regions.join(", ")
        },
    ))
}

fn diff(old: &Policy, new: &Policy) -> Outcome<String> {
    let (before, after) = (everything(old)?, everything(new)?);
    let mut lines = Vec::new();
    for (key, value) in &before {
        match after.get(key) {
            None => lines.push(format!("- {key}: was {value}")),
            Some(now) if now != value => lines.push(format!("~ {key}: {value} -> {now}")),
            Some(_) => {}
        }
    }
    let added = after.iter().filter(|(key, _)| !before.contains_key(*key));
    lines.extend(added.map(|(key, value)| format!("+ {key}: {value}")));
    if lines.is_empty() {
        return Ok("The same values, the same flows.\n".to_owned());
    }
    if new.bundle.version <= old.bundle.version {
        lines.push("! bundle.version does not rise: whoever has the old bundle refuses this one".to_owned());
    }
    Ok(lines.join("\n") + "\n")
}

/// Values and flows by key. A step of a flow stands under its own name, so that a new step in front moves no other.
fn everything(policy: &Policy) -> Outcome<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for key in policy.keys() {
        let value = policy.leaf(&key).map_err(refused)?;
        all.insert(key, value.to_string());
    }
    for name in policy.flows.keys() {
        flatten(&format!("flows.{name}"), &definition(policy, name)?, &mut all);
    }
    Ok(all)
}

fn definition(policy: &Policy, name: &str) -> Outcome<Value> {
    match policy.flow(name).map(serde_json::to_value) {
        Some(Ok(definition)) => Ok(definition),
        _ => failed(format!("{name}: no such flow")),
    }
}

fn flatten(key: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                flatten(&format!("{key}.{name}"), inner, into);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let names: Vec<String> = items
                .iter()
                .enumerate()
                .map(|(index, item)| step_name(index, item))
                .collect();
            into.insert(format!("{key} in order"), names.join(", "));
            for (name, item) in names.iter().zip(items) {
                flatten(&format!("{key}.{name}"), item, into);
            }
        }
        _ => {
            into.insert(key.to_owned(), value.to_string());
        }
    }
}

fn step_name(index: usize, step: &Value) -> String {
    let id = step.get("id").and_then(Value::as_str);
    id.map_or_else(|| index.to_string(), str::to_owned)
}

fn explain(policy: &Policy, name: Option<&str>) -> Outcome<String> {
    if let Some(flow) = name.filter(|name| policy.flow(name).is_some()) {
        return explain_flow(policy, flow);
    }
    let index = KeyIndex::shipped().map_err(refused)?;
    let wanted = |key: &str| name.is_none_or(|name| key == name || key.starts_with(&format!("{name}.")));
    let mut said = None;
    let mut lines = Vec::new();
    for key in policy.keys().into_iter().filter(|key| wanted(key)) {
        let note = index.note(&key);
        // One sentence stands above all the values that it is about.
        if let Some((group, note)) = note.filter(|(group, _)| said.as_deref() != Some(*group)) {
            lines.push(format!(
                "{}{} ({})",
                if lines.is_empty() { "" } else { "\n" },
                note.says,
                note.rules.join(", ")
            ));
            said = Some(group.to_owned());
        }
        lines.push(format!("  {key} = {}", policy.leaf(&key).map_err(refused)?));
    }
    if lines.is_empty() {
        return failed(format!("{}: no such key, group or flow", name.unwrap_or_default()));
    }
    let users = users(policy, name);
    if !users.is_empty() {
        lines.push(format!("\nNamed by {}.", users.join(", ")));
    }
    Ok(lines.join("\n") + "\n")
}

fn explain_flow(policy: &Policy, name: &str) -> Outcome<String> {
    let definition = definition(policy, name)?;
    let mut lines = vec![name.to_owned()];
    for (member, value) in definition.as_object().into_iter().flatten() {
        if let Some(steps) = steps_of(value) {
            explain_steps(policy, steps, "  ", &mut lines);
        } else {
            lines.push(format!("  {member}: {}", told(policy, value)));
        }
    }
    Ok(lines.join("\n") + "\n")
}

/// Each step with its members below it; steps that stand inside of a member, such as `otherwise`, further in.
fn explain_steps(policy: &Policy, steps: &[Value], indent: &str, lines: &mut Vec<String>) {
    for (index, step) in steps.iter().enumerate() {
        lines.push(format!(
            "{indent}{}. {}",
            index.saturating_add(1),
            step_name(index, step)
        ));
        let members = step.as_object().into_iter().flatten();
        for (member, value) in members.filter(|(member, _)| *member != "id") {
            if let Some(steps) = steps_of(value) {
                lines.push(format!("{indent}   {member}:"));
                explain_steps(policy, steps, &format!("{indent}     "), lines);
            } else {
                lines.push(format!("{indent}   {member}: {}", told(policy, value)));
            }
        }
    }
}

fn steps_of(value: &Value) -> Option<&[Value]> {
    let steps = value.as_array()?;
    let all = !steps.is_empty() && steps.iter().all(|step| step.get("id").is_some());
    all.then_some(steps)
}

/// JSON as people read it: without its signs, and with the value behind each key that is named.
fn told(policy: &Policy, value: &Value) -> String {
    match value {
        Value::String(text) => match policy.leaf(text) {
            Ok(meant) => format!("{text} = {meant}"),
            Err(_) => text.clone(),
        },
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| told(policy, item)).collect();
            items.join(", ")
        }
        Value::Object(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|(name, inner)| format!("{name} {}", told(policy, inner)))
                .collect();
            members.join(", ")
        }
        other => other.to_string(),
    }
}

/// The flows with a step that names this key.
fn users(policy: &Policy, key: Option<&str>) -> Vec<String> {
    // A group may have the name of something else: of a factor, say.
    let Some(key) = key.filter(|key| policy.leaf(key).is_ok()) else {
        return Vec::new();
    };
    let flows = policy.flows.keys().filter(|name| {
        let definition = definition(policy, name);
        definition.is_ok_and(|definition| mentions(&definition, key))
    });
    flows.map(|name| format!("the flow {name}")).collect()
}

fn mentions(value: &Value, key: &str) -> bool {
    match value {
        Value::String(text) => text == key,
        Value::Array(items) => items.iter().any(|item| mentions(item, key)),
        Value::Object(members) => members.values().any(|inner| mentions(inner, key)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_flows::policy::DEFAULT_BUNDLE;

    fn shipped() -> Policy {
        Policy::load(DEFAULT_BUNDLE).unwrap()
    }

    fn with(from: &str, to: &str) -> Policy {
        assert!(DEFAULT_BUNDLE.contains(from));
        Policy::load(&DEFAULT_BUNDLE.replace(from, to)).unwrap()
    }

    #[test]
    fn the_shipped_bundle_is_sound() {
        let said = lint(DEFAULT_BUNDLE, "bundle.json").unwrap();
        assert!(said.starts_with("bundle.json: sound. cn-default version 1"), "{said}");
    }

    #[test]
    fn a_value_that_nobody_explains_is_named() {
        let odd = DEFAULT_BUNDLE.replace(
            "\"cooling_off\": \"P7D\"",
            "\"cooling_off\": \"P7D\", \"mood\": \"blue\"",
        );
        assert!(lint(&odd, "b").is_ok(), "closure is explained as a group");
        let odd = DEFAULT_BUNDLE.replace("\"onboarding\": {", "\"mood\": 1, \"onboarding\": {");
        let said = lint(&odd, "b").unwrap_err().to_string();
        assert!(said.contains("merchant.mood"), "{said}");
    }

    #[test]
    fn a_broken_bundle_is_told_with_its_line() {
        let said = lint(&DEFAULT_BUNDLE.replace("\"digits\": 6,", "\"digits\": 1,"), "b")
            .unwrap_err()
            .to_string();
        assert!(said.contains("digits: must be at least 4 at line "), "{said}");
    }

    #[test]
    fn a_change_is_told_by_key_with_both_values() {
        let old = shipped();
        assert_eq!(diff(&old, &old).unwrap(), "The same values, the same flows.\n");
        let said = diff(&old, &with("\"drain\": \"PT30S\"", "\"drain\": \"PT45S\"")).unwrap();
        assert_eq!(
            said,
            "~ token.drain: \"PT30S\" -> \"PT45S\"\n\
             ! bundle.version does not rise: whoever has the old bundle refuses this one\n"
        );
        let said = diff(&old, &with("\"version\": 1,", "\"version\": 2,")).unwrap();
        assert_eq!(said, "~ bundle.version: 1 -> 2\n");
        let said = diff(&old, &with("\"watch\": true", "\"watched\": true")).unwrap();
        assert!(
            said.contains("- merchant.levels.2.watch: was true\n+ merchant.levels.2.watched: true"),
            "{said}"
        );
    }

    #[test]
    fn a_changed_step_is_told_under_its_own_name() {
        let said = diff(&shipped(), &with("[\"R-001\", \"R-311\"]", "[\"R-311\"]")).unwrap();
        assert!(said.starts_with("~ flows.mandate.sign.steps.consent.rules: "), "{said}");
    }

    #[test]
    fn a_value_is_explained_with_its_rules() {
        let said = explain(&shipped(), Some("biometric.max_failures")).unwrap();
        assert_eq!(
            said,
            "Failures that are forgiven; the next one escalates. (R-038)\n  biometric.max_failures = 3\n\n\
             Named by the flow mandate.cancel.assisted, the flow mandate.cancel.quick, the flow mandate.cancel.service.\n"
        );
        let said = explain(&shipped(), Some("otp")).unwrap();
        assert!(
            said.contains("(R-026)") && said.contains("  otp.ttl = \"PT5M\"\n"),
            "{said}"
        );
        assert!(explain(&shipped(), Some("horoscope")).is_err());
        assert!(explain(&shipped(), None).unwrap().lines().count() > 200);
    }

    #[test]
    fn a_flow_is_explained_step_by_step_with_the_values_it_names() {
        let said = explain(&shipped(), Some("mandate.sign")).unwrap();
        assert!(
            said.starts_with(
                "mandate.sign\n  authority: raises\n  effect: provision\n  1. consent\n     do: prompt consent\n"
            ),
            "{said}"
        );
        assert!(
            said.contains("     tries: at_least secrets.payment_pin.max_attempts = 5, then stay\n"),
            "{said}"
        );
        let said = explain(&shipped(), Some("mandate.cancel.quick")).unwrap();
        assert!(
            said.contains("     otherwise:\n       1. identify.bound_phone_otp\n"),
            "{said}"
        );
        let said = explain(&shipped(), Some("secrets.payment_pin.max_attempts")).unwrap();
        assert!(said.contains("the flow mandate.sign"), "{said}");
    }
}
