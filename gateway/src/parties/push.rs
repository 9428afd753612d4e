//! The push service: who brings a notice to the payer's phones.

use std::collections::BTreeMap;
use std::sync::Arc;

use quittance_protocol::AccountId;
use serde::Serialize;

use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Delivery, Party, Reply, Unavailable};

/// A notice, by its text key. Push services read along, so nothing personal or secret belongs into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayerNotice {
    /// To whom.
    pub account: AccountId,
    /// The text's key in the catalogue.
    pub text: String,
    /// What the text says.
    pub arguments: BTreeMap<String, String>,
}

/// The push service. It may lose notices: whatever matters stands in the payer's events too.
pub trait Push: Send + Sync {
    /// Sends a notice.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn notify(&self, call: &Call, notice: &PayerNotice) -> Result<Reply<Delivery>, Unavailable>;
}

/// A service that delivers at once unless its script says otherwise.
pub struct SimulatedPush {
    pub(super) script: Script<Delivery>,
}

impl SimulatedPush {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::Push, file),
        }
    }
}

impl Push for SimulatedPush {
    fn notify(&self, call: &Call, notice: &PayerNotice) -> Result<Reply<Delivery>, Unavailable> {
        self.script.ask(call, notice)
    }
}
