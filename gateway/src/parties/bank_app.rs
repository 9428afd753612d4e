//! The payer's bank: who confirms what its own app showed.

use std::sync::Arc;

use quittance_protocol::{Digest32, MandateId};
use serde::Serialize;

use super::call::outcomes;
use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Unavailable};

/// A confirmation that the bank shall ask its customer for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BankRequest {
    /// The mandate of the bank's.
    pub mandate: MandateId,
    /// SHA-256 of what will be done; the bank's app shows it.
    pub operation: Digest32,
    /// What ties the link back to this request: the phone must bring the same.
    pub state: Digest32,
}

outcomes! {
    /// What the customer decided in the bank's app.
    BankDecision {
        /// The bank agrees.
        Approved = "approved",
        /// It does not.
        Refused = "refused",
    }
}

/// The bank. Its reply is what it says over the back channel: the link that the payer comes back by must say the
/// same.
pub trait BankApp: Send + Sync {
    /// Asks for a confirmation.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn confirm(&self, call: &Call, request: &BankRequest) -> Result<Reply<BankDecision>, Unavailable>;
}

/// A bank whose customers approve unless its script says otherwise.
pub struct SimulatedBankApp {
    pub(super) script: Script<BankDecision>,
}

impl SimulatedBankApp {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::BankApp, file),
        }
    }
}

impl BankApp for SimulatedBankApp {
    fn confirm(&self, call: &Call, request: &BankRequest) -> Result<Reply<BankDecision>, Unavailable> {
        self.script.ask(call, request)
    }
}
