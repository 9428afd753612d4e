//! What a scenario file may say: people, parties, permissions, then steps of one verb each.

use super::acts::Act;
use super::expectations::Expectation;
use super::people::Profile;
use super::terms::MandateSpec;
use quittance_protocol::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One behaviour: what is given, what is done, what has to come of it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The behaviour in one sentence.
    pub sentence: String,
    /// The requirements that it shows.
    pub rules: Vec<String>,
    /// Policy keys whose values it depends on: with another value it fails.
    pub policy: Vec<String>,
    /// What stands before the first step.
    pub given: Given,
    /// What happens, in sequence.
    pub steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: String,
    rules: Vec<String>,
    #[serde(default)]
    policy: Vec<String>,
    given: Given,
    steps: Vec<Map<String, Value>>,
}

/// What stands before the first step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The moment at which everything begins; clocks stand still but for `pass`.
    pub clock: Timestamp,
    /// What the gateway knows about the payer, whose phone is enrolled.
    #[serde(default)]
    pub payer: Profile,
    /// Other people, each with a phone of their own.
    #[serde(default)]
    pub others: BTreeMap<String, Profile>,
    /// Scripts of outside parties; who has none is benign.
    #[serde(default)]
    pub parties: BTreeMap<String, Vec<Value>>,
    /// Values of the policy that differ from the shipped ones.
    #[serde(default)]
    pub policy: BTreeMap<String, Value>,
    /// Mandates that the payer has signed, all of them active.
    #[serde(default)]
    pub mandates: Vec<MandateSpec>,
}

/// One step: something is done, or something has to stand so.
#[derive(Debug, Clone)]
pub enum Step {
    /// Something is done.
    Do(Box<Act>),
    /// Something has to stand so.
    Expect(Box<Expectation>),
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What is wrong, with the step and the member.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let steps = file
            .steps
            .into_iter()
            .enumerate()
            .map(|(index, members)| step(members).map_err(|what| format!("step {}: {what}", index + 1)));
        Ok(Self {
            sentence: file.scenario,
            rules: file.rules,
            policy: file.policy,
            given: file.given,
            steps: steps.collect::<Result<_, _>>()?,
        })
    }
}

fn step(mut members: Map<String, Value>) -> Result<Step, String> {
    members.remove("note");
    let verbs: Vec<&str> = Act::VERBS
        .iter()
        .chain(Expectation::VERBS)
        .copied()
        .filter(|verb| members.contains_key(*verb))
        .collect();
    match verbs.as_slice() {
        [verb] => {
            let act = Act::of(verb, &members).map(|act| act.map(|act| Step::Do(Box::new(act))));
            let read = act
                .or_else(|| Expectation::of(verb, &members).map(|what| what.map(|what| Step::Expect(Box::new(what)))));
            match read {
                Some(read) => read.map_err(|error| format!("{verb}: {error}")),
                None => Err(format!("{verb} is no verb")),
            }
        }
        [] => {
            let named: Vec<&str> = members.keys().map(String::as_str).collect();
            Err(format!("no verb among its members: {}", named.join(", ")))
        }
        several => Err(format!("more than one verb: {}", several.join(", "))),
    }
}
