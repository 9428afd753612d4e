//! The video desk: who speaks with a person by video.

use std::sync::Arc;

use quittance_protocol::{AccountId, Digest32};
use serde::Serialize;

use super::call::outcomes;
use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Unavailable};

/// Somebody to speak with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VideoRequest {
    /// Who.
    pub account: AccountId,
    /// SHA-256 of what they want to do: the desk reads it out before they agree.
    pub operation: Digest32,
}

outcomes! {
    /// What the desk finds.
    VideoVerification {
        /// It is the person, who wants this.
        Verified = "verified",
        /// It is not, or they do not.
        Refused = "refused",
    }
}

/// The video desk.
pub trait VideoDesk: Send + Sync {
    /// Asks for a conversation.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn verify(&self, call: &Call, request: &VideoRequest) -> Result<Reply<VideoVerification>, Unavailable>;
}

/// A desk that verifies everybody unless its script says otherwise.
pub struct SimulatedVideoDesk {
    pub(super) script: Script<VideoVerification>,
}

impl SimulatedVideoDesk {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::VideoDesk, file),
        }
    }
}

impl VideoDesk for SimulatedVideoDesk {
    fn verify(&self, call: &Call, request: &VideoRequest) -> Result<Reply<VideoVerification>, Unavailable> {
        self.script.ask(call, request)
    }
}
