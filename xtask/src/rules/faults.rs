//! What is wrong with the rules: one that nothing shows, a number or a key that does not exist.
use std::collections::BTreeMap;

use super::bundle::{self, Bundle};
use super::evidence::Evidence;
use super::number::Number;
use super::table::{self, Shown, Table};

/// Every fault, with the name of the rule, file or key at fault.
pub(crate) fn faults(table: &Table, bundle: &Bundle, evidence: &Evidence) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rows = BTreeMap::<Number, usize>::new();
    for rule in table.rules() {
        *rows.entry(rule.id).or_default() += 1;
        match (&rule.shown, evidence.shows.contains_key(&rule.id)) {
            (Shown::Tests, true) => {}
            (Shown::Tests, false) => faults.push(format!("{} has no test: {}", rule.id, rule.rule)),
            (_, true) => faults.push(format!(
                "{} has a test, yet {} says that it has none",
                rule.id,
                table::PATH
            )),
            (_, false) => {}
        }
        for key in rule.policy.iter().filter(|key| bundle.value(key).is_none()) {
            faults.push(format!("{}: {} has no key {key}", rule.id, bundle::PATH));
        }
    }
    for (number, _) in rows.iter().filter(|(_, count)| **count > 1) {
        faults.push(format!("{number} stands in {} more than once", table::PATH));
    }
    for (number, path) in &evidence.named {
        if !table.knows(*number) {
            faults.push(format!("{number}, named in {path}, is no rule"));
        }
    }
    for number in bundle.steps().keys().filter(|number| !table.knows(**number)) {
        faults.push(format!("{number}, named in {}, is no rule", bundle::PATH));
    }
    for name in bundle.misnamed() {
        faults.push(format!("{name}, named in {}, is no rule", bundle::PATH));
    }
    faults
}
