//! What is said while a verification flow runs: the events that both sides fold.

use crate::bytes::{B64, Digest32};
use crate::{FlowId, MandateId, Timestamp};
use serde::{Deserialize, Serialize};

/// Who may say an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The phone, in a signed statement.
    Phone,
    /// The gateway, which admits events.
    Gateway,
}

/// One line of a flow's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowEvent {
    /// When it was said: gateway time once admitted, the phone's estimate before.
    pub at: Timestamp,
    /// Who said it.
    pub author: Author,
    /// What was said.
    pub kind: FlowEventKind,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum FlowEventKind {
    /// The flow began; always the first event and never a later one.
    Started(FlowStart),
    /// The payer answered a prompt that proves nothing by itself.
    Answered {
        /// The open step.
        step: String,
        /// SHA-256 of what was shown, where the step shows consequences or a text to agree to.
        shown: Digest32,
    },
    /// A factor of the open step was proved.
    FactorProved {
        /// The open step.
        step: String,
        /// SHA-256 of the evidence: of the proof's content, or of the PIN exchange.
        evidence: Digest32,
    },
    /// A factor of the open step was tried and not proved.
    FactorFailed {
        /// The open step.
        step: String,
        /// Tries that are left; 0 locks the factor.
        attempts_left: u32,
    },
    /// The phone cannot reach the gateway; steps that may be skipped offline are skipped.
    WentOffline {},
    /// The payer left the flow.
    Cancelled {},
    /// The flow outlived its idle time.
    Expired {},
}

/// The head of a flow: what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowStart {
    /// The run's identifier, drawn by the phone.
    pub flow: FlowId,
    /// The definition's name in the policy bundle, such as `mandate.cancel.quick`.
    pub definition: String,
    /// The bundle version that the run is pinned to.
    pub policy_version: u64,
    /// The mandates it is about; for signing, the one to be made.
    pub mandates: Vec<MandateId>,
    /// SHA-256 over what will be done if the flow completes; every proof covers it.
    pub operation: Digest32,
    /// Fresh bytes that every proof of this run covers. Where authority is raised, a gateway nonce.
    pub nonce: B64,
}
