//! The runner: sets the stage that a scenario asks for, then takes its steps one by one.

use super::bundle::bundle_with;
use super::model::{Scenario, Step};
use super::people::Profile;
use super::setting;
use crate::stage::{IdlePhone, Stage, StagePhone};
use quittance_gateway::Clock as _;
use quittance_protocol::{AccountId, FlowId, MandateId, Timestamp};
use quittance_wallet::ErrorKind;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// How a scenario is played, where not as it stands in its file.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// Values of the policy that differ from the scenario's.
    pub policy: BTreeMap<String, Value>,
    /// Every phone's app dies after each step, and is started again on the same files.
    pub restart_after_each_step: bool,
}

/// What a scenario failed with.
#[derive(Debug)]
pub struct Failed {
    /// The scenario's sentence.
    pub scenario: String,
    /// The step that failed, from 1; absent where the stage could not be set.
    pub step: Option<usize>,
    /// What was expected.
    pub expected: String,
    /// What was.
    pub was: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.step.map_or("given".to_owned(), |step| format!("step {step}"));
        write!(
            f,
            "{} {step}: expected {}, was {}",
            self.scenario, self.expected, self.was
        )
    }
}

impl std::error::Error for Failed {}

/// What one step failed with.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) expected: String,
    pub(super) was: String,
}

impl Wrong {
    pub(super) fn new(expected: impl fmt::Display, was: impl fmt::Display) -> Self {
        Self {
            expected: expected.to_string(),
            was: was.to_string(),
        }
    }

    /// The scenario names what it never introduced.
    pub(super) fn unknown(kind: &str, name: &str) -> Self {
        Self::new(format!("a {kind} of this scenario"), name)
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Wrong {
    fn from(error: E) -> Self {
        Self::new("that it can be done", error.into())
    }
}

/// Compares what is with what should be.
pub(super) fn same<T: PartialEq + fmt::Debug>(what: &str, expected: &T, was: &T) -> Result<(), Wrong> {
    if expected == was {
        Ok(())
    } else {
        Err(Wrong::new(format!("{what} {expected:?}"), format!("{was:?}")))
    }
}

/// A mandate of the scenario.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) mandate: MandateId,
    pub(super) merchant: String,
}

/// A run of the scenario.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) by: String,
    pub(super) flow: FlowId,
    pub(super) definition: String,
}

/// A scenario being played.
pub(super) struct Play {
    pub(super) stage: Stage,
    pub(super) phones: BTreeMap<String, StagePhone>,
    /// Phones whose app does not run.
    pub(super) idle: BTreeMap<String, IdlePhone>,
    /// Copies of apps' files, by their owner and their name.
    pub(super) backups: BTreeMap<(String, String), tempfile::TempDir>,
    /// What the last refusal on each phone owes its payer.
    pub(super) owed: BTreeMap<String, ErrorKind>,
    /// By how many seconds a phone's clock is ahead of everybody's.
    pub(super) clocks_off: BTreeMap<String, i64>,
    pub(super) accounts: BTreeMap<String, AccountId>,
    pub(super) profiles: BTreeMap<String, Profile>,
    pub(super) mandates: BTreeMap<String, Signed>,
    /// Merchants by name.
    pub(super) merchants: BTreeMap<String, String>,
    pub(super) runs: BTreeMap<String, Run>,
    /// Charges by name, each with its merchant.
    pub(super) charges: BTreeMap<String, (String, String)>,
    /// Reviewers by name.
    pub(super) reviewers: BTreeMap<String, String>,
    /// What phones told and nobody has looked at.
    pub(super) events: BTreeMap<String, Vec<Value>>,
    /// Vault epochs from which rotations are counted.
    pub(super) epochs: BTreeMap<String, u64>,
    /// Counts references of charges, images, and whatever else must differ.
    pub(super) counter: u32,
}

/// Plays a scenario.
///
/// # Errors
/// [`Failed`] at the first step that does not come out as the scenario says.
pub async fn play(scenario: &Scenario, how: &How) -> Result<(), Failed> {
    let failed = |step: Option<usize>, wrong: Wrong| Failed {
        scenario: scenario.sentence.clone(),
        step,
        expected: wrong.expected,
        was: wrong.was,
    };
    let mut policy = scenario.given.policy.clone();
    policy.extend(how.policy.clone());
    let bundle = bundle_with(&policy).map_err(|what| failed(None, Wrong::new("a policy that loads", what)))?;
    let set = setting::set(&scenario.given, bundle).await;
    let mut play = set.map_err(|wrong| failed(None, wrong))?;
    for (index, step) in scenario.steps.iter().enumerate() {
        let taken = match step {
            Step::Do(act) => play.act(act).await,
            Step::Expect(expectation) => play.expect(expectation).await,
        };
        taken.map_err(|wrong| failed(Some(index + 1), wrong))?;
        if how.restart_after_each_step {
            let names: Vec<String> = play.phones.keys().cloned().collect();
            for name in names {
                play.restart_phone(&name, None)
                    .map_err(|wrong| failed(Some(index + 1), wrong))?;
            }
        }
    }
    Ok(())
}

impl Play {
    pub(super) fn now(&self) -> Timestamp {
        self.stage.clock.now()
    }

    pub(super) fn phone(&self, name: &str) -> Result<&StagePhone, Wrong> {
        self.phones.get(name).ok_or_else(|| match self.idle.get(name) {
            Some(_) => Wrong::new("an app that runs", "none"),
            None => Wrong::unknown("person", name),
        })
    }

    pub(super) fn account(&self, name: &str) -> Result<AccountId, Wrong> {
        let account = self.accounts.get(name).copied();
        account.ok_or_else(|| Wrong::unknown("person", name))
    }

    pub(super) fn signed(&self, name: &str) -> Result<&Signed, Wrong> {
        self.mandates.get(name).ok_or_else(|| Wrong::unknown("mandate", name))
    }

    /// Mandates by their names; a name of several stands for all of them.
    pub(super) fn ids(&self, names: &[String]) -> Result<Vec<MandateId>, Wrong> {
        let mut ids = Vec::new();
        for name in names {
            if let Some(one) = self.mandates.get(name) {
                ids.push(one.mandate);
                continue;
            }
            let first = ids.len();
            let group = format!("{name}-");
            let mut numbered: Vec<(u32, MandateId)> = Vec::new();
            for (other, signed) in &self.mandates {
                if let Some(number) = other.strip_prefix(&group).and_then(|rest| rest.parse().ok()) {
                    numbered.push((number, signed.mandate));
                }
            }
            numbered.sort_by_key(|(number, _)| *number);
            ids.extend(numbered.into_iter().map(|(_, id)| id));
            if ids.len() == first {
                return Err(Wrong::unknown("mandate", name));
            }
        }
        Ok(ids)
    }

    pub(super) fn run(&self, name: &str) -> Result<&Run, Wrong> {
        self.runs.get(name).ok_or_else(|| Wrong::unknown("run", name))
    }

    /// A number that nothing else has.
    pub(super) fn next(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }
}
