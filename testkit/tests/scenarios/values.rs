//! No number of the rules stands in code: with another value in the policy, a scenario that names it fails.

use crate::files::{ALL, load};
use quittance_flows::Policy;
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_testkit::scenario::bundle::{bundle_with, others, value_of};
use quittance_testkit::scenario::{How, play};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Values that no flow uses yet, or that nobody can see change from outside, with the reason.
const NOT_YET: &[(&str, &str)] = &[];

/// Changes each value that a scenario names, until the scenario fails.
#[cfg(test)]
pub(crate) async fn each_value_matters(name: &str) {
    let scenario = load(name);
    for key in &scenario.policy {
        let value = scenario.given.policy.get(key).cloned();
        let value = value.unwrap_or_else(|| value_of(key).unwrap());
        let mut fails = false;
        let mut tried = Vec::new();
        for other in others(&value) {
            let policy = BTreeMap::from([(key.clone(), other.clone())]);
            let whole: BTreeMap<String, Value> = scenario.given.policy.clone().into_iter().chain(policy.clone()).collect();
            if bundle_with(&whole).is_err() {
                continue;
            }
            tried.push(other);
            let how = How {
                policy,
                ..How::default()
            };
            // A stage that cannot be set says nothing about the value.
            fails = play(&scenario, &how).await.is_err_and(|failed| failed.step.is_some());
            if fails {
                break;
            }
        }
        assert!(fails, "{name}: {key} was changed from {value} to {tried:?}, and it passed all the same");
    }
}

#[test]
fn every_value_is_named_by_a_scenario_or_says_why_not() {
    let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
    let keys: BTreeSet<String> = policy.keys().into_iter().collect();
    let named: BTreeSet<String> = ALL.iter().flat_map(|name| load(name).policy).collect();
    let unknown: Vec<_> = named.difference(&keys).collect();
    assert!(unknown.is_empty(), "no values of the policy: {unknown:?}");
    let excused = |key: &&String| NOT_YET.iter().any(|(start, _)| *key == start || key.starts_with(&format!("{start}.")));
    let missing: Vec<_> = keys.difference(&named).filter(|key| !excused(key)).collect();
    assert!(missing.is_empty(), "no scenario depends on {missing:#?}");
    for (start, reason) in NOT_YET {
        let stands = keys.iter().any(|key| key == start || key.starts_with(&format!("{start}.")));
        assert!(stands, "{start} ({reason}) is no value of the policy any more");
        let needless = named.iter().any(|key| key == start);
        assert!(!needless, "{start} is named by a scenario: it needs no excuse");
    }
}
