//! What the engine asks a bundle: definitions with their parts put in, moments, strengths.

use super::{Policy, PolicyError};
use crate::definition::{FlowDefinition, Next};
use crate::factor::FactorKind;
use quittance_protocol::Timestamp;
use std::collections::BTreeMap;

impl Policy {
    /// The definition of a flow, its parts put in.
    #[must_use]
    pub fn flow(&self, name: &str) -> Option<&FlowDefinition> {
        self.0.plain.get(name)
    }

    /// Every definition by name, parts put in.
    pub fn definitions(&self) -> impl Iterator<Item = (&str, &FlowDefinition)> {
        self.0.plain.iter().map(|(name, flow)| (name.as_str(), flow))
    }

    /// The moment that lies a policy value after `start`, business days by the bundle's calendar.
    ///
    /// # Errors
    /// [`PolicyError`] where the key has no value, or one that is no length of time.
    pub fn moment(&self, key: &str, start: Timestamp) -> Result<Timestamp, PolicyError> {
        self.after(key, start)
    }

    /// The local date of a moment, where the bundle's days begin.
    #[must_use]
    pub fn local_date(&self, moment: Timestamp) -> jiff::civil::Date {
        self.bundle.time_zone_rule.date(moment)
    }

    /// What comes next, where the text at a key says so.
    #[must_use]
    pub fn next(&self, key: &str) -> Option<Next> {
        let word = self.text(key).ok()?;
        serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
    }

    /// How strong factors are together: the strongest of each category counts. Nothing where the policy does
    /// not know one of them.
    #[must_use]
    pub fn strength(&self, factors: &[FactorKind]) -> Option<u32> {
        let mut strongest: BTreeMap<String, u32> = BTreeMap::new();
        for factor in factors {
            let key = format!("factor.kinds.{}", factor.name());
            let category = self.text(&format!("{key}.category")).ok()?.to_owned();
            let strength = u32::try_from(self.quantity(&format!("{key}.strength")).ok()?.trunc()).ok()?;
            let kept = strongest.entry(category).or_default();
            *kept = strength.max(*kept);
        }
        Some(strongest.values().sum())
    }
}
