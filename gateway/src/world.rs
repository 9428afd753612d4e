//! What every decision may look at and none may change.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use quittance_flows::{FlowDefinition, Policy};
use quittance_protocol::log::NoteSigner;
use quittance_protocol::{AccountId, Digest32, Timestamp};
use quittance_vault::Randomness;

use crate::attestation::Trust;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::parties::{CardNetwork, MerchantSystem, OutsideParties};
use crate::secrets::{Secrets, random_bytes};

/// The gateway's surroundings.
pub(crate) struct World {
    pub(crate) origin: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) card_network: Arc<dyn CardNetwork>,
    pub(crate) merchants: Arc<dyn MerchantSystem>,
    pub(crate) outside: OutsideParties,
    pub(crate) secrets: Secrets,
    pub(crate) log: Arc<NoteSigner>,
    pub(crate) trust: Trust,
    pub(crate) policies: Policies,
    pub(crate) sessions: Sessions,
}

impl World {
    /// Draws random bytes.
    pub(crate) fn draw<const N: usize>(&self) -> Result<[u8; N], Failure> {
        Ok(random_bytes(&*self.randomness)?)
    }
}

/// Every bundle that was ever in force, by version.
#[derive(Default)]
pub(crate) struct Policies {
    by_version: BTreeMap<u64, PolicyInForce>,
}

/// One bundle.
pub(crate) struct PolicyInForce {
    pub(crate) policy: Policy,
    /// SHA-256 of the bundle statement's content.
    pub(crate) content: Digest32,
    /// The compact statement.
    pub(crate) bundle: String,
    /// Place of its entry in the log.
    pub(crate) entry: u64,
}

impl Policies {
    pub(crate) fn add(&mut self, policy: Policy, content: Digest32, bundle: String, entry: u64) {
        self.by_version.insert(
            policy.bundle.version,
            PolicyInForce {
                policy,
                content,
                bundle,
                entry,
            },
        );
    }

    /// The newest bundle.
    pub(crate) fn current(&self) -> Result<&PolicyInForce, Failure> {
        self.by_version
            .values()
            .next_back()
            .ok_or(Failure::Damaged("the list of policies"))
    }

    /// The bundle of a version.
    pub(crate) fn version(&self, version: u64) -> Option<&PolicyInForce> {
        self.by_version.get(&version)
    }

    /// A flow's definition in the bundle that the run is pinned to.
    pub(crate) fn definition(&self, version: u64, name: &str) -> Option<&FlowDefinition> {
        self.version(version)?.policy.flow(name)
    }
}

/// Read tokens in force: only their hashes are kept, and only in memory.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<Digest32, (AccountId, Timestamp)>>);

impl Sessions {
    /// Lets a token read until `until`.
    pub(crate) fn open(&self, token: &[u8], account: AccountId, until: Timestamp, now: Timestamp) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, (_, end)| *end > now);
        sessions.insert(Digest32::of(token), (account, until));
    }

    /// Whose token this is, while it lives.
    pub(crate) fn account(&self, token: &[u8], now: Timestamp) -> Option<AccountId> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (account, until) = sessions.get(&Digest32::of(token))?;
        (now < *until).then_some(*account)
    }
}
