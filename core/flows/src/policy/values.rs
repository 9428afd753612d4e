//! Values by key: how flows, texts and pages of documentation name them.

use super::{Policy, PolicyError, Quantity, Span};
use quittance_protocol::Timestamp;
use quittance_protocol::answer::EnrolmentKind;
use serde::Deserialize;
use serde_json::Value;

/// The members whose leaves are no values: definitions have their own form.
const FLOWS: [&str; 2] = ["flows", "parts"];

impl Policy {
    /// A number of the rules: an integer or decimal text.
    ///
    /// # Errors
    /// [`PolicyError::Missing`], [`PolicyError::Kind`].
    pub fn quantity(&self, key: &str) -> Result<Quantity, PolicyError> {
        let value = match self.leaf(key)? {
            Value::Number(number) => number.as_i64().map(Quantity::whole),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        value.ok_or_else(|| wrong_kind(key, "an integer or decimal text"))
    }

    /// A length of time.
    ///
    /// # Errors
    /// [`PolicyError::Missing`], [`PolicyError::Kind`].
    pub fn span(&self, key: &str) -> Result<Span, PolicyError> {
        let span = self.leaf(key)?.as_str().and_then(|text| text.parse().ok());
        span.ok_or_else(|| wrong_kind(key, "a duration such as PT24H or P3BD"))
    }

    /// A text.
    ///
    /// # Errors
    /// [`PolicyError::Missing`], [`PolicyError::Kind`].
    pub fn text(&self, key: &str) -> Result<&str, PolicyError> {
        self.leaf(key)?.as_str().ok_or_else(|| wrong_kind(key, "a text"))
    }

    /// A list of texts.
    ///
    /// # Errors
    /// [`PolicyError::Missing`], [`PolicyError::Kind`].
    pub fn list(&self, key: &str) -> Result<Vec<&str>, PolicyError> {
        let items = self.leaf(key)?.as_array();
        let texts: Option<Vec<&str>> = items.and_then(|items| items.iter().map(Value::as_str).collect());
        texts.ok_or_else(|| wrong_kind(key, "a list of texts"))
    }

    /// The kinds of enrolment that a route is for.
    ///
    /// # Errors
    /// [`PolicyError::Missing`], [`PolicyError::Kind`].
    pub fn enrolment_kinds(&self, key: &str) -> Result<Vec<EnrolmentKind>, PolicyError> {
        let kinds = Vec::deserialize(self.leaf(key)?);
        kinds.map_err(|_| wrong_kind(key, "a list of payer_signed and system_default"))
    }

    /// The moment that lies the span of `key` after `start`, in this bundle's calendar and time zone.
    ///
    /// # Errors
    /// As [`Policy::span`]; [`PolicyError::Value`] where the bundle names a calendar that it has not.
    pub fn after(&self, key: &str, start: Timestamp) -> Result<Timestamp, PolicyError> {
        Ok(self
            .span(key)?
            .after(start, self.business_calendar()?, &self.bundle.time_zone_rule))
    }

    /// The keys of all values, in alphabetical order; definitions of flows are none.
    ///
    /// A list of plain items is one value; the members of a list of objects are named by their index.
    #[must_use]
    pub fn keys(&self) -> Vec<String> {
        self.leaves().into_iter().map(|(key, _)| key).collect()
    }

    /// The value of a key as it stands in the bundle.
    ///
    /// # Errors
    /// [`PolicyError::Missing`] where there is none, or only a group of values.
    pub fn leaf(&self, key: &str) -> Result<&Value, PolicyError> {
        let missing = || PolicyError::Missing { key: key.to_owned() };
        let mut value = self.tree();
        let mut names = key.split('.').peekable();
        if names.peek().is_some_and(|first| FLOWS.contains(first)) {
            return Err(missing());
        }
        for name in names {
            let inner = match value {
                Value::Object(members) => members.get(name),
                Value::Array(items) if is_group(value) => name.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            value = inner.ok_or_else(missing)?;
        }
        if is_group(value) { Err(missing()) } else { Ok(value) }
    }

    /// All values with their keys.
    pub(super) fn leaves(&self) -> Vec<(String, &Value)> {
        let mut leaves = Vec::new();
        if let Value::Object(members) = self.tree() {
            for (name, value) in members.iter().filter(|(name, _)| !FLOWS.contains(&name.as_str())) {
                collect(name.clone(), value, &mut leaves);
            }
        }
        leaves
    }
}

fn wrong_kind(key: &str, expected: &'static str) -> PolicyError {
    PolicyError::Kind {
        key: key.to_owned(),
        expected,
    }
}

/// Whether values stand inside it.
fn is_group(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    }
}

fn collect<'a>(key: String, value: &'a Value, leaves: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                collect(format!("{key}.{name}"), inner, leaves);
            }
        }
        Value::Array(items) if is_group(value) => {
            for (index, inner) in items.iter().enumerate() {
                collect(format!("{key}.{index}"), inner, leaves);
            }
        }
        _ => leaves.push((key, value)),
    }
}
