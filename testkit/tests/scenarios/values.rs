//! No number of the rules stands in code: with another value in the policy, a scenario that names it fails.

use crate::files::{ALL, load};
use quittance_flows::Policy;
use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_testkit::scenario::bundle::{bundle_with, others, value_of};
use quittance_testkit::scenario::{How, play};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Values that no flow uses yet, or that nobody can see change from outside, with the reason.
const NOT_YET: &[(&str, &str)] = &[
    // Later articles.
    ("always_step_up", "security centre"),
    ("closure", "closing an account"),
    ("limits.L0", "levels of accounts"),
    ("limits.L1", "levels of accounts"),
    ("limits.L2", "levels of accounts"),
    ("limits.L3", "levels of accounts"),
    ("merchant", "levels of merchants"),
    ("portability", "export of data"),
    ("pre_debit_notice", "notice before a charge"),
    ("real_name", "verification of real names"),
    ("recovery.appeal", "recovery by appeal"),
    ("recovery.bank_card", "recovery by bank card"),
    ("recovery.device_biometric", "recovery by biometrics"),
    ("recovery.emergency_code", "recovery by emergency code"),
    ("recovery.failures_to_review.count", "recovery that a person reviews"),
    ("recovery.id_document", "recovery by document"),
    ("recovery.voice", "recovery by voice"),
    ("regions.domestic.risk", "risk engine"),
    ("regions.overseas.risk", "risk engine"),
    ("risk.actions", "risk engine"),
    ("risk.fingerprint_min_match", "risk engine"),
    ("risk.fingerprint_parameters", "risk engine"),
    ("safety_lock.linked", "security centre"),
    ("secrets.account_password", "account passwords"),
    ("secrets.gesture", "gesture passwords"),
    ("token.key", "rotation of keys by age"),
    // About the bundle itself, or about a phone in another region: shown by the loader's tests.
    ("bundle.calendar", "the calendar's name"),
    ("bundle.id", "the bundle's name"),
    ("bundle.min_core", "the loader's tests"),
    ("bundle.not_before", "the loader's tests"),
    ("bundle.time_zone", "the zone's name; its rule is bundle.time_zone_rule"),
    ("bundle.version", "the loader's tests"),
    (
        "calendar.cn.from",
        "the first day that the table knows: the loader's tests",
    ),
    ("calendar.cn.source", "a text"),
    (
        "calendar.cn.until",
        "the last day that the table knows: the loader's tests",
    ),
    ("schema", "the loader's tests"),
    ("checkup", "the sequence of a view's groups: the wallet's tests"),
    // What the definitions of flows say as steps; the loader holds them against it, and scenarios count the steps.
    ("biometric.escalate_when", "the tries of the step identify"),
    ("biometric.escalation", "the steps in place of identify"),
    (
        "biometric.max_far",
        "the platform's classes of sensors, which phones tell",
    ),
    ("biometric.order", "the platform's choice, which phones tell"),
    ("biometric.same_strength_as", "the loader's tests"),
    ("cancellation.assisted.steps", "the steps of the flow"),
    (
        "cancellation.bank_confirm.require_redirect_and_backchannel",
        "the steps of bank.confirm",
    ),
    ("cancellation.hold_while_waiting", "the step hold of each flow"),
    ("cancellation.mini_program.forced_unbind", "the steps of the flow"),
    ("cancellation.mini_program.silence_means", "no other meaning loads"),
    ("cancellation.quick.steps", "the steps of the flow"),
    ("cancellation.service.steps", "the steps of the flow"),
    ("enrolment.allow_system_default", "no statement makes such a mandate"),
    ("factor.kinds", "the loader's tests of substitution"),
    ("recovery.transaction_quiz.amount.fallback", "the step amounts_again"),
    (
        "recovery.transaction_quiz.amount.match",
        "exact is the only way to compare amounts",
    ),
    (
        "evidence.gestures.known",
        "which of them are drawn only the vault's key knows: the gateway's test of the draw",
    ),
    ("safety_lock.max_duration", "the gateway's tests of the longest lock"),
    (
        "safety_lock.password_entry_life",
        "phones choose a password at once: the gateway's tests of lock passwords",
    ),
    ("safety_lock.password_to_lock", "locking is no flow"),
    ("safety_lock.password_to_release", "the steps of lock.release"),
    ("teen.guardian_steps", "the steps of teen.raise_limit"),
    // Cannot be seen from outside; the gateway's own tests show them.
    (
        "factor.proof_life",
        "phones make a proof and hand it in at once: the gateway's tests of old proofs",
    ),
    (
        "recovery.failures_to_review.window",
        "a part of the rating: the gateway's test of a failed recovery, on both sides of it",
    ),
    (
        "risk.bands",
        "a rating's name, which no screen shows: the tests of ratings",
    ),
    ("token.drain", "a charge in flight: the gateway's tests of draining"),
    (
        "token.provisioning_deadline",
        "a phone that dies between two statements: the gateway's tests of activation",
    ),
];

/// Changes each value that a scenario names, until the scenario fails.
pub(crate) async fn each_value_matters(name: &str) {
    let scenario = load(name);
    for key in &scenario.policy {
        let value = scenario.given.policy.get(key).cloned();
        let value = value.unwrap_or_else(|| value_of(key).unwrap());
        let mut fails = false;
        let mut tried = Vec::new();
        for other in others(&value) {
            let mut policy = BTreeMap::from([(key.clone(), other.clone())]);
            policy.extend(balance(key, &value, &other));
            let whole: BTreeMap<String, Value> = scenario
                .given
                .policy
                .clone()
                .into_iter()
                .chain(policy.clone())
                .collect();
            if bundle_with(&whole).is_err() {
                continue;
            }
            tried.push(other);
            let how = How {
                policy,
                ..How::default()
            };
            fails = play(&scenario, &how).await.is_err();
            if fails {
                break;
            }
        }
        assert!(
            fails,
            "{name}: {key} was changed from {value} to {tried:?}, and it passed all the same"
        );
    }
}

/// Weights add up to a whole: where one of them grows another one shrinks.
fn balance(key: &str, value: &Value, other: &Value) -> Option<(String, Value)> {
    let (group, weight) = key.split_once(".weights.")?;
    let partner = if weight == "amount" { "merchant" } else { "amount" };
    let partner = format!("{group}.weights.{partner}");
    let left = value_of(&partner).unwrap().as_i64()? + value.as_i64()? - other.as_i64()?;
    Some((partner, left.into()))
}

#[test]
fn every_value_is_named_by_a_scenario_or_says_why_not() {
    let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
    let keys: BTreeSet<String> = policy.keys().into_iter().collect();
    let named: BTreeSet<String> = ALL.iter().flat_map(|name| load(name).policy).collect();
    let unknown: Vec<_> = named.difference(&keys).collect();
    assert!(unknown.is_empty(), "no values of the policy: {unknown:?}");
    let excused = |key: &&String| {
        NOT_YET
            .iter()
            .any(|(start, _)| *key == start || key.starts_with(&format!("{start}.")))
    };
    let missing: Vec<_> = keys.difference(&named).filter(|key| !excused(key)).collect();
    assert!(missing.is_empty(), "no scenario depends on {missing:#?}");
    for (start, reason) in NOT_YET {
        let stands = keys
            .iter()
            .any(|key| key == start || key.starts_with(&format!("{start}.")));
        assert!(stands, "{start} ({reason}) is no value of the policy any more");
        let needless = named.iter().any(|key| key == start);
        assert!(!needless, "{start} is named by a scenario: it needs no excuse");
    }
}
