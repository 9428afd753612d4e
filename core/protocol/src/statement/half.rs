//! One half of a token: how it stands, how it ended.

use crate::bytes::Digest32;
use crate::{MandateId, TokenId};
use serde::{Deserialize, Serialize};

/// What the phone did with its half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum PhoneOutcome {
    /// Destroyed, probed, and only then said.
    Destroyed {
        /// Vault epoch before.
        epoch_old: u64,
        /// Vault epoch after.
        epoch_new: u64,
        /// Commitment to the destroyed key, from the vault.
        destroyed_key: Digest32,
        /// What the probe found; every member must be false.
        probe: Probe,
        /// Whether a restart completed it.
        resumed: bool,
    },
    /// The phone has no such token, or lacks one of several: reinstalled, restored, or damaged. Both sides did not end it
    /// then.
    Absent {},
}

/// What was found when the destroyed half was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The old root's wrapped bytes still opened.
    pub old_root_opens: bool,
    /// A destroyed record still opened.
    pub records_open: bool,
    /// The old epoch's key was still found.
    pub key_found: bool,
}

impl Probe {
    /// Whether nothing opened.
    #[must_use]
    pub const fn passed(&self) -> bool {
        !self.old_root_opens && !self.records_open && !self.key_found
    }
}

/// One token as the phone holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldToken {
    /// The token.
    pub token: TokenId,
    /// Its mandate.
    pub mandate: MandateId,
    /// The phone's half.
    pub state: ReplicaState,
    /// Permits that this phone would like to know unused, so that it can renew them.
    pub next_permit: u64,
}

/// The state of one half of a token (domain 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaState {
    /// Made, not yet confirmed by the other side.
    Provisioning,
    /// Can pay.
    Active,
    /// Cannot pay; can become active again.
    Held,
    /// Cannot pay; only forward from here.
    Quiesced,
    /// Destroyed, probed and stated.
    Destroyed,
}
