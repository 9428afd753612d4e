//! The geo locator: who knows where a network address is.

use std::net::IpAddr;
use std::sync::Arc;

use quittance_protocol::AccountId;
use serde::{Deserialize, Serialize};

use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Score, Unavailable};

/// An address to place.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct GeoQuestion {
    /// Who came from there.
    pub account: AccountId,
    /// The address, where whoever ends TLS tells it; a personal datum, so it is neither shown nor stored.
    #[serde(skip)]
    pub address: Option<IpAddr>,
}

impl std::fmt::Debug for GeoQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GeoQuestion")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Where an address seems to be: a signal, never the only reason for a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Location {
    /// ISO 3166-1 country, or ISO 3166-2 part of one.
    pub region: String,
    /// Whether it is the exit of a VPN or proxy.
    pub vpn: bool,
    /// How sure that is.
    pub confidence: Score,
}

impl Default for Location {
    fn default() -> Self {
        Self {
            region: "CN".to_owned(),
            vpn: false,
            confidence: Score::SIMULATED,
        }
    }
}

/// The geo locator.
pub trait GeoLocator: Send + Sync {
    /// Asks where an address is.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn locate(&self, call: &Call, question: &GeoQuestion) -> Result<Reply<Location>, Unavailable>;
}

/// A locator that finds everybody at home unless its script says otherwise.
pub struct SimulatedGeoLocator {
    pub(super) script: Script<Location>,
}

impl SimulatedGeoLocator {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::GeoLocator, file),
        }
    }
}

impl GeoLocator for SimulatedGeoLocator {
    fn locate(&self, call: &Call, question: &GeoQuestion) -> Result<Reply<Location>, Unavailable> {
        self.script.ask(call, question)
    }
}
