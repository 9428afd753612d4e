//! Holds: what keeps a mandate from being charged while it lives (R-306).

use quittance_protocol::Timestamp;
use quittance_protocol::log_body::Actor;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who holds a mandate. Lifting one owner's hold lifts no other (R-306).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldOwner {
    /// The payer's own pause.
    Payer,
    /// A cancellation that is under way or was left (R-301).
    Revocation,
    /// The payer's safety lock.
    SafetyLock,
    /// Teen mode.
    Teen,
    /// The risk engine.
    Risk,
    /// A disputed charge.
    Dispute,
    /// The merchant paused its service.
    Merchant,
    /// The payer's identity has to be checked again.
    Recheck,
    /// An observation period after a recovery.
    Observation,
    /// The payer's account is being closed.
    Closure,
    /// The payer's stop instruction (R-309).
    Stop,
    /// The phone does not have the other half any more, until it tells of it again.
    Device,
}

/// One owner's hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WrittenHold")]
pub struct Hold {
    /// Whose it is.
    pub owner: HoldOwner,
    /// Text key of the reason, as the payer reads it.
    pub reason: String,
    /// From when on; absent where the hold was written before holds had a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Until before when it stands; absent: until its owner lifts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// The holds of one mandate: at most one for each owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Hold>", into = "Vec<Hold>")]
pub struct Holds(BTreeMap<HoldOwner, Hold>);

/// What stands in a database: the owner alone, as it was first written, or the whole hold.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenHold {
    Owner(HoldOwner),
    Whole {
        owner: HoldOwner,
        reason: String,
        #[serde(default)]
        since: Option<Timestamp>,
        #[serde(default)]
        until: Option<Timestamp>,
    },
}

impl HoldOwner {
    /// Every owner.
    pub const ALL: &'static [HoldOwner] = &[
        Self::Payer,
        Self::Revocation,
        Self::SafetyLock,
        Self::Teen,
        Self::Risk,
        Self::Dispute,
        Self::Merchant,
        Self::Recheck,
        Self::Observation,
        Self::Closure,
        Self::Stop,
        Self::Device,
    ];

    /// The owner's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payer => "payer",
            Self::Revocation => "revocation",
            Self::SafetyLock => "safety_lock",
            Self::Teen => "teen",
            Self::Risk => "risk",
            Self::Dispute => "dispute",
            Self::Merchant => "merchant",
            Self::Recheck => "recheck",
            Self::Observation => "observation",
            Self::Closure => "closure",
            Self::Stop => "stop",
            Self::Device => "device",
        }
    }

    /// The owner of this name on the wire.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|owner| owner.name() == name)
    }

    /// Who may lift such a hold (I9). What belongs to [`Actor::System`] is lifted by a rule alone, when its condition
    /// is fulfilled: a recheck that was passed, a phone that is back.
    pub const fn lifted_by(self) -> Actor {
        match self {
            Self::Payer | Self::Revocation | Self::SafetyLock | Self::Closure | Self::Stop => Actor::Payer,
            Self::Teen => Actor::Guardian,
            Self::Risk | Self::Dispute => Actor::Platform,
            Self::Merchant => Actor::Merchant,
            Self::Recheck | Self::Observation | Self::Device => Actor::System,
        }
    }
}

impl Hold {
    /// A hold from `since` until its owner lifts it, with the owner's usual reason.
    pub fn new(owner: HoldOwner, since: Timestamp) -> Self {
        Self {
            since: Some(since),
            ..Self::undated(owner)
        }
    }

    /// The same with another reason, by its text key.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            ..self
        }
    }

    /// The same, which ends by itself at `until`.
    #[must_use]
    pub fn until(self, until: Timestamp) -> Self {
        Self {
            until: Some(until),
            ..self
        }
    }

    fn undated(owner: HoldOwner) -> Self {
        Self {
            owner,
            reason: format!("hold.{}.reason", owner.name()),
            since: None,
            until: None,
        }
    }
}

impl Holds {
    /// Whether this owner holds.
    pub fn contains(&self, owner: &HoldOwner) -> bool {
        self.0.contains_key(owner)
    }

    /// This owner's hold.
    pub fn get(&self, owner: HoldOwner) -> Option<&Hold> {
        self.0.get(&owner)
    }

    /// Whether nobody holds.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All holds, in the sequence of their owners.
    pub fn iter(&self) -> impl Iterator<Item = &Hold> {
        self.0.values()
    }

    /// Who holds.
    pub fn owners(&self) -> impl Iterator<Item = HoldOwner> {
        self.0.keys().copied()
    }

    /// Adds a hold. An owner who holds already holds since then, for the newer reason, and never for a shorter time.
    pub(crate) fn add(&mut self, hold: Hold) {
        let hold = match self.0.remove(&hold.owner) {
            Some(known) => Hold {
                since: known.since,
                until: known.until.zip(hold.until).map(|(one, other)| one.max(other)),
                ..hold
            },
            None => hold,
        };
        self.0.insert(hold.owner, hold);
    }

    /// Removes one owner's hold, no other.
    pub(crate) fn remove(&mut self, owner: HoldOwner) {
        self.0.remove(&owner);
    }

    /// Removes the holds whose time is over.
    pub(crate) fn lapse(&mut self, now: Timestamp) {
        self.0.retain(|_, hold| hold.until.is_none_or(|until| now < until));
    }
}

impl From<Vec<Hold>> for Holds {
    fn from(holds: Vec<Hold>) -> Self {
        Self(holds.into_iter().map(|hold| (hold.owner, hold)).collect())
    }
}

impl From<Holds> for Vec<Hold> {
    fn from(holds: Holds) -> Self {
        holds.0.into_values().collect()
    }
}

impl From<WrittenHold> for Hold {
    fn from(written: WrittenHold) -> Self {
        match written {
            WrittenHold::Owner(owner) => Self::undated(owner),
            WrittenHold::Whole {
                owner,
                reason,
                since,
                until,
            } => Self {
                owner,
                reason,
                since,
                until,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(1_800_000_000 + second).unwrap()
    }

    fn held(holds: &[Hold]) -> Holds {
        let mut all = Holds::default();
        holds.iter().cloned().for_each(|hold| all.add(hold));
        all
    }

    // R-306
    #[test]
    fn every_owner_is_found_under_the_name_that_is_written() {
        for owner in HoldOwner::ALL {
            assert_eq!(HoldOwner::named(owner.name()), Some(*owner));
            assert_eq!(serde_json::to_string(owner).unwrap(), format!("\"{}\"", owner.name()));
        }
        assert_eq!(HoldOwner::named("nobody"), None);
    }

    // R-306
    #[test]
    fn a_hold_keeps_owner_reason_beginning_and_end_when_it_is_written() {
        let holds = held(&[
            Hold::new(HoldOwner::SafetyLock, at(0)).until(at(86_400)),
            Hold::new(HoldOwner::Risk, at(5)).because("risk.many_countries"),
        ]);
        let written = serde_json::to_string(&holds).unwrap();
        assert_eq!(serde_json::from_str::<Holds>(&written).unwrap(), holds);
        assert!(
            written.contains(r#"{"owner":"risk","reason":"risk.many_countries","since":"#),
            "{written}"
        );
    }

    #[test]
    fn holding_again_never_ends_sooner_nor_begins_later() {
        let lock = |since, until| Hold::new(HoldOwner::SafetyLock, at(since)).until(at(until));
        let twice = held(&[lock(0, 100), lock(50, 90)]);
        assert_eq!(twice.get(HoldOwner::SafetyLock), Some(&lock(0, 100)));
        let longer = held(&[lock(0, 100), lock(50, 150)]);
        assert_eq!(longer.get(HoldOwner::SafetyLock), Some(&lock(0, 150)));
        let endless = held(&[lock(0, 100), Hold::new(HoldOwner::SafetyLock, at(50))]);
        assert_eq!(endless.get(HoldOwner::SafetyLock).and_then(|hold| hold.until), None);
    }

    #[test]
    fn a_hold_with_an_end_stands_until_before_it() {
        let mut holds = held(&[
            Hold::new(HoldOwner::SafetyLock, at(0)).until(at(100)),
            Hold::new(HoldOwner::Payer, at(0)),
        ]);
        holds.lapse(at(99));
        assert!(holds.contains(&HoldOwner::SafetyLock));
        holds.lapse(at(100));
        assert_eq!(holds.owners().collect::<Vec<_>>(), [HoldOwner::Payer]);
    }
}
