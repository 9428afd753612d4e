//! What each value is for: a sentence with its requirements, by key or by the group around it.

use super::PolicyError;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The index that belongs to the shipped bundle.
const SHIPPED: &str = include_str!("../../policy/keys.json");

/// What the values of bundles are for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct KeyIndex(BTreeMap<String, KeyNote>);

/// What one value, or every value of a group, is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyNote {
    /// One sentence for people.
    pub says: String,
    /// The requirements behind it, as `R-013`.
    pub rules: Vec<String>,
}

impl KeyIndex {
    /// Reads the index of the shipped bundle.
    ///
    /// # Errors
    /// [`PolicyError::Malformed`] where the index was edited into something else.
    pub fn shipped() -> Result<Self, PolicyError> {
        serde_json::from_str(SHIPPED).map_err(|error| PolicyError::Malformed(format!("keys.json: {error}")))
    }

    /// The note of a key, or of the nearest group around it, with the name under which it stands.
    #[must_use]
    pub fn note(&self, key: &str) -> Option<(&str, &KeyNote)> {
        let mut name = key;
        loop {
            if let Some((name, note)) = self.0.get_key_value(name) {
                return Some((name, note));
            }
            name = name.rsplit_once('.')?.0;
        }
    }

    /// All notes, by key or group.
    pub fn notes(&self) -> impl Iterator<Item = (&str, &KeyNote)> {
        self.0.iter().map(|(name, note)| (name.as_str(), note))
    }
}
