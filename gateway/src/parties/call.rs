//! How an outside party is asked: at once, under a name that makes asking again harmless.
//!
//! A call is synchronous because it runs inside the sequencer's turn, where nothing may wait. What takes a party
//! time comes back as [`Reply::after`]: the gateway stores the reply with its due moment, then feeds the outcome to
//! the flow when gateway time reaches it.

use std::fmt;

use quittance_flows::Seconds;
use quittance_protocol::{FlowId, Timestamp};
use serde::{Deserialize, Serialize};

/// The party does not answer. It may have heard: ask again under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an outside party does not answer: ask again under the same key")]
pub struct Unavailable;

/// Names a call: a party answers each name once, for ever the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallKey(String);

impl CallKey {
    /// A try of a flow's step: `flow|step|try`.
    #[must_use]
    pub fn of_step(flow: FlowId, step: &str, attempt: u32) -> Self {
        Self(format!("{flow}|{step}|{attempt}"))
    }

    /// Something that is asked for outside of a flow, under a name of the caller's that never comes twice for two
    /// things, such as an event's id.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One call, whatever it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub key: CallKey,
    /// When it is made, by gateway time.
    pub at: Timestamp,
}

/// How long an outcome takes, by gateway time; written as ISO 8601, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum After {
    /// It is known so many seconds after the call.
    Seconds(Seconds),
    /// The party took the call, then stays silent.
    Never,
}

/// How [`After::Never`] is written.
const NEVER: &str = "never";

impl After {
    /// Known as soon as asked.
    pub const AT_ONCE: Self = Self::Seconds(Seconds::new(0));

    /// The moment at which the outcome of a call is known; none for silence.
    #[must_use]
    pub fn from(self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Seconds(seconds) => Some(at.plus_seconds(seconds.get())),
            Self::Never => None,
        }
    }
}

impl TryFrom<String> for After {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == NEVER {
            return Ok(Self::Never);
        }
        // The reader of durations knows friendlier forms too, such as `10 minutes`.
        let seconds = Some(text).filter(|text| text.starts_with('P'));
        let seconds = seconds.and_then(|text| Seconds::try_from(text).ok());
        seconds
            .map(Self::Seconds)
            .ok_or_else(|| format!("use an ISO 8601 duration such as PT10M, or {NEVER}"))
    }
}

impl From<After> for String {
    fn from(after: After) -> String {
        match after {
            After::Seconds(seconds) => seconds.into(),
            After::Never => NEVER.to_owned(),
        }
    }
}

/// What a party will have decided, and when that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply<T> {
    /// Gateway time from the call until the outcome is known. Nobody may look at the outcome before.
    pub after: After,
    /// The outcome.
    pub outcome: T,
}

/// An outcome without parts, with the name that it has on the wire.
macro_rules! outcomes {
    ($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident = $first_text:literal, $($(#[$other_doc:meta])* $other:ident = $other_text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            #[serde(rename = $first_text)]
            $first,
            $($(#[$other_doc])* #[serde(rename = $other_text)] $other,)*
        }

        impl $name {
            /// The name on the wire, which flow definitions use too.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { Self::$first => $first_text, $(Self::$other => $other_text,)* }
            }
        }
    };
}
pub(super) use outcomes;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_flow_step_and_try() {
        let flow = FlowId::from_bytes([0xa7; 16]);
        assert_eq!(
            CallKey::of_step(flow, "bank", 2).as_str(),
            "flo_a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7|bank|2"
        );
    }

    #[test]
    fn an_outcome_is_due_after_its_time_or_never() {
        let at: Timestamp = "2026-11-22T06:30:00Z".parse().unwrap();
        let read = |text: &str| After::try_from(text.to_owned());
        assert_eq!(
            read("PT10M").unwrap().from(at).unwrap().to_string(),
            "2026-11-22T06:40:00Z"
        );
        assert_eq!(After::AT_ONCE.from(at), Some(at));
        assert_eq!(read("never").unwrap().from(at), None);
        for text in ["", "10", "-PT1S", "PT", "Never", "P1M", "10 minutes"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_time_reads_back_as_it_was_written() {
        for after in [After::Never, After::AT_ONCE, After::Seconds(Seconds::new(90))] {
            assert_eq!(After::try_from(String::from(after)), Ok(after));
        }
    }
}
