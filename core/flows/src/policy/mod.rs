//! The policy bundle: every number of the rules, as signed data.
//!
//! A bundle is one JSON document. [`Policy::load`] reads it and proves what can be proved before it is in force;
//! after that its values are read by name ([`Values`]) or by key ([`Policy::quantity`], [`Policy::span`], …), and
//! nothing changes them. `docs/policy.md` says how one is made.

mod agrees;
mod bundle;
mod calendar;
mod definitions;
mod error;
mod index;
mod lint;
pub mod named;
mod overlay;
mod parts;
mod place;
mod rules;
mod sense;
mod span;
#[cfg(test)]
mod tests;
mod values;

pub use bundle::{BUNDLE_AUDIENCE, DEFAULT_BUNDLE, PolicyBundle, SANDBOX_AUTHOR_SEED};
pub use calendar::{Calendar, Zone};
pub use error::PolicyError;
pub use index::{KeyIndex, KeyNote};
pub use quittance_protocol::quantity::{InvalidQuantity, Quantity};
pub use rules::*;
pub use span::{Seconds, Span};

use crate::definition::FlowDefinition;
use quittance_protocol::Timestamp;
use quittance_protocol::json::{self, Limits};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_path_to_error::Segment;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

const SCHEMA: &str = "quittance-policy/1";

/// This core, for `bundle.min_core`.
const CORE: &str = env!("CARGO_PKG_VERSION");

/// A text may be this many times longer than the statement that it becomes: people indent.
const INDENTED: usize = 4;

/// Bytes of a statement beside the bundle: header, claims, signature.
const STATEMENT_FRAME: usize = 1024;

/// A policy bundle. Its members are read as those of [`Values`]; nothing changes them, and a copy costs nothing.
#[derive(Clone)]
pub struct Policy(Arc<Loaded>);

struct Loaded {
    values: Values,
    /// The flows with their parts put in.
    plain: BTreeMap<String, FlowDefinition>,
    /// The document as it was written: what is signed, and what keys reach into.
    tree: Value,
}

impl Policy {
    /// Reads a bundle and proves what the loader must prove (design section 8).
    ///
    /// # Errors
    /// [`PolicyError::Malformed`] for what is no JSON, [`PolicyError::Shape`] for what is no bundle; else as
    /// [`Policy::check`]. Each says the line and column of what is wrong, or of what it is missing in.
    pub fn load(text: &str) -> Result<Self, PolicyError> {
        let tree = strict(text)?;
        check_head(&tree).map_err(|error| error.located(text))?;
        let policy = Self::from_tree(tree).map_err(|error| error.located(text))?;
        policy.check().map_err(|error| error.located(text))?;
        Ok(policy)
    }

    /// Checks the rules of the loader on a bundle that came as a statement.
    ///
    /// # Errors
    /// [`PolicyError::Schema`], [`PolicyError::CoreTooOld`], [`PolicyError::TooLarge`], [`PolicyError::Flow`],
    /// [`PolicyError::Overlay`]; [`PolicyError::Value`], [`PolicyError::Missing`] or [`PolicyError::Kind`] for the
    /// key that is wrong.
    pub fn check(&self) -> Result<(), PolicyError> {
        check_head(self.tree())?;
        if version_of(&self.bundle.min_core).is_none() {
            return Err(PolicyError::value("bundle.min_core", "write it as 0.1.0"));
        }
        if self.bundle.region.is_some() {
            return Err(PolicyError::value(
                "bundle.region",
                "leave it out: an overlay names its region",
            ));
        }
        self.check_size()?;
        self.check_overlay_members()?;
        self.check_values()?;
        self.check_overlays()
    }

    /// Everything that must hold in each region.
    fn check_values(&self) -> Result<(), PolicyError> {
        sense::check(self)?;
        named::check(self)?;
        lint::check_flows(self)?;
        agrees::check(self)
    }

    /// Accepts this bundle after `in_force`.
    ///
    /// # Errors
    /// [`PolicyError::Older`] where the version goes back.
    pub fn succeeds(&self, in_force: u64) -> Result<(), PolicyError> {
        if self.bundle.version < in_force {
            return Err(PolicyError::Older {
                found: self.bundle.version,
                in_force,
            });
        }
        Ok(())
    }

    /// Accepts this bundle at the moment `now`.
    ///
    /// # Errors
    /// [`PolicyError::NotYet`] before its first moment of force.
    pub fn in_force_at(&self, now: Timestamp) -> Result<(), PolicyError> {
        let not_before = self.bundle.not_before;
        if now < not_before {
            return Err(PolicyError::NotYet { not_before, now });
        }
        Ok(())
    }

    /// The calendar in which business days are counted.
    ///
    /// # Errors
    /// [`PolicyError::Value`] where the bundle has none of that name; none for a bundle that was checked.
    pub fn business_calendar(&self) -> Result<&Calendar, PolicyError> {
        let name = &self.bundle.calendar;
        self.calendar
            .get(name)
            .ok_or_else(|| PolicyError::value("bundle.calendar", format!("there is no calendar.{name}")))
    }

    fn check_size(&self) -> Result<(), PolicyError> {
        let payload = self.tree().to_string().len();
        // Base64url makes four letters of three bytes.
        let bytes = payload.saturating_mul(4).div_ceil(3).saturating_add(STATEMENT_FRAME);
        let most = Limits::PROTOCOL.bytes;
        if bytes > most {
            return Err(PolicyError::TooLarge { bytes, most });
        }
        Ok(())
    }

    fn tree(&self) -> &Value {
        &self.0.tree
    }

    fn from_tree(tree: Value) -> Result<Self, PolicyError> {
        let values: Values = serde_path_to_error::deserialize(&tree).map_err(|error| PolicyError::Shape {
            pointer: pointer_of(error.path()),
            says: error.inner().to_string(),
        })?;
        let plain = parts::put_in(&values.flows, &values.parts)?;
        Ok(Self(Arc::new(Loaded { values, plain, tree })))
    }
}

/// Whether a document is for this core. Asked before its shape is: a newer bundle can have members that this core does not know.
fn check_head(tree: &Value) -> Result<(), PolicyError> {
    let min_core = tree.pointer("/bundle/min_core").and_then(Value::as_str);
    if let Some(min_core) = min_core.filter(|least| version_of(least) > version_of(CORE)) {
        return Err(PolicyError::CoreTooOld {
            min_core: min_core.to_owned(),
            core: CORE,
        });
    }
    if tree.get("schema").and_then(Value::as_str) != Some(SCHEMA) {
        return Err(PolicyError::Schema);
    }
    Ok(())
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// Reads the text as every statement is read: no member twice, no fractions, no depths.
fn strict(text: &str) -> Result<Value, PolicyError> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return Err(PolicyError::Malformed(error.to_string()));
    }
    let limits = Limits {
        bytes: Limits::PROTOCOL.bytes.saturating_mul(INDENTED),
        ..Limits::PROTOCOL
    };
    json::value_from_slice(text.as_bytes(), limits).map_err(|problem| {
        let error = PolicyError::Shape {
            pointer: problem.pointer().unwrap_or_default().to_owned(),
            says: problem.to_string(),
        };
        error.located(text)
    })
}

/// `major.minor.patch`, comparable.
fn version_of(text: &str) -> Option<[u64; 3]> {
    let parts: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

impl Deref for Policy {
    type Target = Values;

    fn deref(&self) -> &Values {
        &self.0.values
    }
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.tree() == other.tree()
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({} version {})", self.bundle.id, self.bundle.version)
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.tree().serialize(out)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        match Self::from_tree(Value::deserialize(input)?) {
            Ok(policy) => Ok(policy),
            // Readers of statements know a fault by serde's own words.
            Err(PolicyError::Shape { says, .. }) => Err(serde::de::Error::custom(says)),
            Err(other) => Err(serde::de::Error::custom(other)),
        }
    }
}
