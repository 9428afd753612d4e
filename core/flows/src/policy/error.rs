//! Why a bundle is not loaded, or a key has no such value.

use super::place;
use quittance_protocol::{Problem, Timestamp};

/// Why a bundle is not loaded, or a key has no such value.
///
/// Keys are written as they stand in the bundle (`otp.ttl`, `recovery.appeal.tiers.0.min`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not JSON; the text names the line and column.
    #[error("policy bundle: {0}")]
    Malformed(String),
    /// A member that the schema does not know, one that it lacks, or one of another form.
    #[error("policy bundle: {pointer}: {says}")]
    Shape {
        /// Where in the bundle (RFC 6901).
        pointer: String,
        /// What is wrong there.
        says: String,
    },
    /// The schema is another one.
    #[error("policy bundle: schema is not quittance-policy/1")]
    Schema,
    /// A flow breaks a rule of the loader.
    #[error("policy bundle: flows.{flow}: {what}")]
    Flow {
        /// The flow's name.
        flow: String,
        /// Where below the flow it stands (RFC 6901); empty for the flow itself.
        place: String,
        /// What is wrong and how to mend it.
        what: String,
    },
    /// A value is outside what makes sense.
    #[error("policy bundle: {key}: {what}")]
    Value {
        /// The policy key.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// No value has this key.
    #[error("policy bundle: no value {key}")]
    Missing {
        /// The policy key.
        key: String,
    },
    /// The value of this key is of another kind.
    #[error("policy bundle: {key}: expected {expected}")]
    Kind {
        /// The policy key.
        key: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// A region's overlay does not give a bundle that can be used.
    #[error("with overlays.{region}: {error}")]
    Overlay {
        /// The region.
        region: String,
        /// What is wrong once it is applied.
        error: Box<PolicyError>,
    },
    /// Something that stands at a line of the text.
    #[error("{error} at line {line} column {column}")]
    At {
        /// Line in the text, from 1.
        line: usize,
        /// Column in the line, from 1.
        column: usize,
        /// What is wrong there.
        error: Box<PolicyError>,
    },
    /// Too long to travel as one statement.
    #[error("policy bundle: {bytes} bytes as a statement, at most {most} travel")]
    TooLarge {
        /// Length of the statement.
        bytes: usize,
        /// The protocol's bound.
        most: usize,
    },
    /// Not signed by the author that is trusted.
    #[error("policy bundle: not signed by the trusted author: {0}")]
    Untrusted(Problem),
    /// An older bundle than the one in force (I10).
    #[error("policy bundle: version {found} is older than version {in_force}, which is in force")]
    Older {
        /// Version of the refused bundle.
        found: u64,
        /// Version in force.
        in_force: u64,
    },
    /// Its first moment of force has not come.
    #[error("policy bundle: bundle.not_before is {not_before}, it is {now} now")]
    NotYet {
        /// First moment of force.
        not_before: Timestamp,
        /// The moment that was given.
        now: Timestamp,
    },
    /// It was made for a newer core.
    #[error("policy bundle: bundle.min_core is {min_core}, this core is {core}: update it")]
    CoreTooOld {
        /// Oldest core that understands the bundle.
        min_core: String,
        /// This core.
        core: &'static str,
    },
}

impl PolicyError {
    /// A value that makes no sense.
    pub(crate) fn value(key: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Value {
            key: key.into(),
            what: what.into(),
        }
    }

    /// The same, with the line of `text` where its key stands; unchanged where it has none or names it already.
    #[must_use]
    pub(crate) fn located(self, text: &str) -> Self {
        let Some(pointer) = self.pointer() else {
            return self;
        };
        match place::of(text, &pointer) {
            Some(place) => Self::At {
                line: place.line,
                column: place.column,
                error: Box::new(self),
            },
            None => self,
        }
    }

    /// Where in the bundle it is (RFC 6901).
    fn pointer(&self) -> Option<String> {
        let dotted = |key: &str| format!("/{}", key.replace('.', "/"));
        match self {
            Self::Schema => Some("/schema".to_owned()),
            Self::Shape { pointer, .. } => Some(pointer.clone()),
            // A flow's name has dots of its own.
            Self::Flow { flow, place, .. } => Some(format!("/flows/{flow}{place}")),
            Self::Value { key, .. } | Self::Missing { key } | Self::Kind { key, .. } => Some(dotted(key)),
            Self::Overlay { region, error } => {
                let within = error.pointer().unwrap_or_default();
                Some(format!("/overlays/{region}{within}"))
            }
            Self::NotYet { .. } => Some("/bundle/not_before".to_owned()),
            Self::CoreTooOld { .. } => Some("/bundle/min_core".to_owned()),
            Self::Older { .. } => Some("/bundle/version".to_owned()),
            Self::Malformed(_) | Self::At { .. } | Self::TooLarge { .. } | Self::Untrusted(_) => None,
        }
    }
}
