//! The face vendor: who judges a capture of a face.

use std::sync::Arc;

use quittance_protocol::{AccountId, Digest32};
use serde::{Deserialize, Serialize};

use super::script::Script;
use super::simulator_file::SimulatorFile;
use super::{Call, Party, Reply, Score, Unavailable};

/// What was captured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaceCapture {
    /// One picture, to compare.
    Photo,
    /// A short recording, to see that somebody lives.
    Liveness,
    /// A recording of asked gestures, in their order.
    GestureVideo {
        /// Names of the gestures.
        gestures: Vec<String>,
    },
}

/// A face to judge against the one that the account enrolled. Recordings go by digest: the vendor is served from the
/// evidence store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaceQuestion {
    /// Whose face it should be.
    pub account: AccountId,
    /// What was captured.
    pub capture: FaceCapture,
    /// SHA-256 of the recording.
    pub evidence: Digest32,
}

/// What the vendor finds. It decides nothing: bounds are the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaceFindings {
    /// How alike the faces are.
    pub similarity: Score,
    /// Whether somebody alive stood before the camera.
    pub live: bool,
    /// Whether the gestures are those that were asked for; of a capture without gestures it says nothing.
    pub gestures_match: bool,
}

impl Default for FaceFindings {
    fn default() -> Self {
        Self {
            similarity: Score::SIMULATED,
            live: true,
            gestures_match: true,
        }
    }
}

/// The face vendor.
pub trait FaceVendor: Send + Sync {
    /// Judges a face.
    ///
    /// # Errors
    /// [`Unavailable`].
    fn judge(&self, call: &Call, question: &FaceQuestion) -> Result<Reply<FaceFindings>, Unavailable>;
}

/// A vendor that recognises everybody unless its script says otherwise.
pub struct SimulatedFaceVendor {
    pub(super) script: Script<FaceFindings>,
}

impl SimulatedFaceVendor {
    pub(super) fn new(file: &Arc<SimulatorFile>) -> Self {
        Self {
            script: Script::new(Party::FaceVendor, file),
        }
    }
}

impl FaceVendor for SimulatedFaceVendor {
    fn judge(&self, call: &Call, question: &FaceQuestion) -> Result<Reply<FaceFindings>, Unavailable> {
        self.script.ask(call, question)
    }
}
