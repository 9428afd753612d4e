//! The merchant as the one who may release a mandate.

use std::sync::Arc;

use quittance_protocol::{MandateId, MerchantId};
use serde::Serialize;

use super::call::outcomes;
use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Unavailable};

/// A mandate that its payer wants to be released from. The merchant is not told who that is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseRequest {
    /// Who is asked.
    pub merchant: MerchantId,
    /// Which mandate.
    pub mandate: MandateId,
}

outcomes! {
    /// What the merchant decides; one that stays silent replies with [`super::After::Never`].
    ReleaseAnswer {
        /// The mandate may end.
        Agrees = "agrees",
        /// It should not.
        Refuses = "refuses",
    }
}

/// Merchants who are asked to release.
pub trait MerchantRelease: Send + Sync {
    /// Asks a merchant to release a mandate.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn ask(&self, call: &Call, request: &ReleaseRequest) -> Result<Reply<ReleaseAnswer>, Unavailable>;
}

/// Merchants who agree unless their script says otherwise.
pub struct SimulatedMerchantRelease {
    pub(super) script: Script<ReleaseAnswer>,
}

impl SimulatedMerchantRelease {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::MerchantRelease, file),
        }
    }
}

impl MerchantRelease for SimulatedMerchantRelease {
    fn ask(&self, call: &Call, request: &ReleaseRequest) -> Result<Reply<ReleaseAnswer>, Unavailable> {
        self.script.ask(call, request)
    }
}
