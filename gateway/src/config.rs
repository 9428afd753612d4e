//! What a gateway is told when it starts.

use std::path::PathBuf;
use std::sync::Arc;

use quittance_protocol::{MerchantId, PublicKey};
use quittance_vault::Randomness;
use serde::{Deserialize, Serialize};

use crate::attestation::Trust;
use crate::clock::{Clock, SandboxClock};
use crate::custodian::KeyCustodian;
use crate::parties::{
    CardNetwork, MerchantSystem, OutsideParties, SimulatedCardNetwork, SimulatedMerchants, SimulatedParties,
};

/// Where a gateway stands, under which names.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of database, vault and lock; made where it is missing.
    pub data: PathBuf,
    /// Its origin, such as `https://gateway.example`: the audience of every statement.
    pub origin: String,
    /// The name of its log, which is also the name of the log's key. None: the name that the log was begun under; for
    /// a new log the origin's authority.
    pub log_name: Option<String>,
    /// Merchants to know from the start, added to those that are known.
    pub merchants: Vec<KnownMerchant>,
    /// Where the rules come from.
    pub policy: PolicySource,
    /// Which attestation chains are believed.
    pub attestation: Trust,
}

/// A merchant as its file tells: `--merchants` is a JSON list of these.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownMerchant {
    /// Its id.
    pub merchant: MerchantId,
    /// Its shown name.
    pub name: String,
    /// Its public key, Ed25519.
    pub jwk: PublicKey,
}

/// Where the policy bundle comes from.
#[derive(Debug, Clone)]
pub enum PolicySource {
    /// The shipped bundle, signed by the public sandbox author.
    Sandbox,
    /// The shipped bundle, signed by an author key of this gateway's own vault.
    Own,
    /// A bundle that its author signed.
    Signed {
        /// The compact statement.
        bundle: String,
        /// Who must have signed it.
        author: PublicKey,
    },
}

/// What a gateway works with; everything that a test may want to replace.
pub struct Parts {
    /// Holds the vault's keys.
    pub custodian: Arc<dyn KeyCustodian>,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
    /// Draws keys, nonces, ids.
    pub randomness: Arc<dyn Randomness>,
    /// Moves money.
    pub card_network: Arc<dyn CardNetwork>,
    /// Hears of ended mandates.
    pub merchants: Arc<dyn MerchantSystem>,
    /// Whom flows ask: carriers, vendors, banks, people.
    pub outside: OutsideParties,
    /// The sandbox's handles on simulators; without them there are no sandbox routes.
    pub sandbox: Option<Sandbox>,
}

/// What the sandbox routes move.
#[derive(Clone)]
pub struct Sandbox {
    /// The clock that can be moved.
    pub clock: Arc<SandboxClock>,
    /// The card network that can be scripted.
    pub card_network: Arc<SimulatedCardNetwork>,
    /// Merchants that can be made.
    pub merchants: Arc<SimulatedMerchants>,
    /// The parties that flows ask, which can be scripted.
    pub parties: Arc<SimulatedParties>,
}
