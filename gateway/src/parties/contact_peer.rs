//! A trusted contact: who vouches for somebody they know.

use std::sync::Arc;

use quittance_protocol::{AccountId, FlowId};
use serde::Serialize;

use super::call::outcomes;
use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Unavailable};

/// The way that a contact is reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactChannel {
    /// They scan a code that the requester shows: what they answer to it counts.
    QrCode,
    /// A text with a link that opens their app: whatever comes of it, it confirms nothing by itself.
    SmsLink,
}

impl ContactChannel {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::QrCode => "qr_code",
            Self::SmsLink => "sms_link",
        }
    }
}

/// A contact to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactRequest {
    /// Whom.
    pub contact: AccountId,
    /// For whom.
    pub requester: AccountId,
    /// In which run.
    pub flow: FlowId,
    /// What for: the definition that the run follows.
    pub purpose: String,
    /// How.
    pub channel: ContactChannel,
}

outcomes! {
    /// What the contact decides; one who stays silent replies with [`super::After::Never`].
    ContactAnswer {
        /// They vouch.
        Confirms = "confirms",
        /// They do not: something may be wrong.
        Refuses = "refuses",
    }
}

/// Trusted contacts.
pub trait ContactPeer: Send + Sync {
    /// Asks a contact to vouch.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn ask(&self, call: &Call, request: &ContactRequest) -> Result<Reply<ContactAnswer>, Unavailable>;
}

/// Contacts who vouch unless their script says otherwise.
pub struct SimulatedContactPeer {
    pub(super) script: Script<ContactAnswer>,
}

impl SimulatedContactPeer {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::ContactPeer, file),
        }
    }
}

impl ContactPeer for SimulatedContactPeer {
    fn ask(&self, call: &Call, request: &ContactRequest) -> Result<Reply<ContactAnswer>, Unavailable> {
        self.script.ask(call, request)
    }
}
