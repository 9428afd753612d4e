//! Which ways lead back to a forgotten PIN, with what still keeps each of them closed.

use crate::definition::{Condition, FlowDefinition, FlowEffect, StepKind};
use crate::flow::{Because, holds, misses};
use crate::{Policy, Refused};
use quittance_protocol::Quantity;
use std::collections::{BTreeMap, BTreeSet};

/// What is known about a payer's ways back: facts by their names, by the definition that would be begun.
pub type FactsByWay = BTreeMap<String, BTreeMap<String, Quantity>>;

/// One way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The definition's name.
    pub definition: String,
    /// What would refuse it if it were begun now; empty where nothing would.
    pub missing: Vec<Missing>,
}

/// Why a way would be refused at its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// A guard does not hold: what is there is too little, or too much.
    Guard(Because),
    /// Nobody said yet what this fact is.
    Unheard(String),
}

/// Every way back that a bundle ships, with what is missing for it by these facts.
///
/// # Errors
/// [`Refused::Contradiction`] where the policy lacks a bound; a loaded bundle never does.
pub fn ways(policy: &Policy, known: &FactsByWay) -> Result<Vec<Way>, Refused> {
    let nothing = BTreeMap::new();
    let mut ways = Vec::new();
    for (name, definition) in definitions(policy) {
        let facts = known.get(name).unwrap_or(&nothing);
        let mut missing = Vec::new();
        for condition in at_the_door(definition) {
            let fact = condition.fact();
            if !facts.contains_key(fact) {
                missing.push(Missing::Unheard(fact.to_owned()));
            } else if !holds(policy, facts, condition)? {
                let because = misses(policy, facts, condition).ok_or(Refused::Contradiction)?;
                missing.push(Missing::Guard(because));
            }
        }
        ways.push(Way {
            definition: name.to_owned(),
            missing,
        });
    }
    Ok(ways)
}

/// The definitions that let a payer choose a new PIN.
pub fn definitions(policy: &Policy) -> impl Iterator<Item = (&str, &FlowDefinition)> {
    let all = policy.definitions();
    all.filter(|(_, definition)| definition.effect == FlowEffect::OpenPinReset)
}

/// The facts that decide whether a run of this definition comes to its first question.
#[must_use]
pub fn facts_at_the_door(definition: &FlowDefinition) -> BTreeSet<&str> {
    at_the_door(definition).map(Condition::fact).collect()
}

/// The guards before anybody is asked anything. One that waits, or that is not always there, is no door: whether it
/// opens shows as the run goes on.
fn at_the_door(definition: &FlowDefinition) -> impl Iterator<Item = &Condition> {
    definition.steps.iter().map_while(|step| match &step.kind {
        StepKind::Guard(condition) if step.deadline.is_none() && step.insert_if.is_none() => Some(condition),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::DEFAULT_BUNDLE;

    const QUIZ: &str = "recovery.transaction_quiz";
    const CONTACTS: &str = "recovery.trusted_contacts";

    fn facts(settled: i64, begun: i64, triggers: i64, eligible: i64) -> FactsByWay {
        let of = |facts: &[(&str, i64)]| {
            let named = facts
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Quantity::whole(*value)));
            named.collect::<BTreeMap<_, _>>()
        };
        BTreeMap::from([
            (
                QUIZ.to_owned(),
                of(&[
                    ("settled_transactions", settled),
                    ("quiz_attempts_today", begun),
                    ("lock_trigger_open", triggers),
                ]),
            ),
            (CONTACTS.to_owned(), of(&[("contacts_eligible", eligible)])),
        ])
    }

    /// What is missing for one way, as short words.
    fn missing(way: &str, known: &FactsByWay) -> Vec<String> {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let ways = ways(&policy, known).unwrap();
        let way = ways.iter().find(|found| found.definition == way).unwrap();
        let say = |missing: &Missing| match missing {
            Missing::Guard(Because::Lacks(found)) => format!("{} {} < {}", found.fact, found.value, found.bound),
            Missing::Guard(Because::Exceeds(found)) => format!("{} {} > {}", found.fact, found.value, found.bound),
            Missing::Guard(other) => format!("{other:?}"),
            Missing::Unheard(fact) => format!("{fact} unheard"),
        };
        way.missing.iter().map(say).collect()
    }

    //
    #[test]
    fn every_way_that_the_bundle_ships_is_named_and_nothing_else() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let names: Vec<&str> = definitions(&policy).map(|(name, _)| name).collect();
        assert_eq!(names, [QUIZ, CONTACTS]);
    }

    // R-082 R-096 R-103
    #[test]
    fn a_way_is_ready_from_its_bound_on_and_says_below_it_how_much_is_missing() {
        let (enough, too_few) = (facts(20, 2, 0, 3), facts(19, 3, 0, 2));
        assert_eq!(missing(QUIZ, &enough), [""; 0]);
        assert_eq!(missing(CONTACTS, &enough), [""; 0]);
        assert_eq!(
            missing(QUIZ, &too_few),
            ["settled_transactions 19 < 20", "quiz_attempts_today 3 > 2"]
        );
        assert_eq!(missing(CONTACTS, &too_few), ["contacts_eligible 2 < 3"]);
    }

    // R-068 R-082
    #[test]
    fn a_quiz_is_not_ready_while_something_on_the_account_is_unresolved() {
        let seen = facts(20, 2, 1, 3);
        assert_eq!(missing(QUIZ, &seen), ["lock_trigger_open 1 > 0"]);
        assert_eq!(missing(CONTACTS, &seen), [""; 0], "which is looked at 30 minutes later");
    }

    //
    #[test]
    fn what_nobody_said_is_no_zero() {
        assert_eq!(missing(CONTACTS, &FactsByWay::new()), ["contacts_eligible unheard"]);
    }

    #[test]
    fn what_shows_only_as_the_run_goes_on_is_no_door() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let doors = |name| facts_at_the_door(policy.flow(name).unwrap());
        assert_eq!(
            doors(QUIZ),
            BTreeSet::from(["lock_trigger_open", "quiz_attempts_today", "settled_transactions"])
        );
        assert_eq!(doors(CONTACTS), BTreeSet::from(["contacts_eligible"]));
    }
}
