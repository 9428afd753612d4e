//! What is said while a verification flow runs: the events that both sides fold.

use crate::bytes::{B64, Digest32};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::statement::Limits;
use crate::{AccountId, FlowId, MandateId, OrderId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// What an event says. Nothing personal stands here: evidence is named by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum FlowEventKind {
    /// The flow began; always the first event and never a later one.
    Started(FlowStart),
    /// The gateway found out something that conditions and guards compare with. Later findings replace earlier ones.
    Found {
        /// Numbers by name; what holds is 1.
        facts: BTreeMap<String, Quantity>,
    },
    /// The payer answered a prompt that proves nothing by itself.
    Answered {
        /// The open step.
        step: String,
        /// SHA-256 of what was shown, or of what was entered.
        shown: Digest32,
    },
    /// The payer came back from another app.
    Returned {
        /// The open step.
        step: String,
        /// What the link said, such as `approved`.
        outcome: String,
    },
    /// The payer handed in what somebody else judges: images, a recording.
    Submitted {
        /// The open step.
        step: String,
        /// SHA-256 over the digests of what was handed in.
        evidence: Digest32,
    },
    /// A code was sent, or sent again.
    Sent {
        /// The open step.
        step: String,
    },
    /// A factor of the open step was proved.
    FactorProved {
        /// The open step.
        step: String,
        /// SHA-256 of the evidence: of the proof's content, of the PIN exchange, of what was judged.
        evidence: Digest32,
    },
    /// A factor of the open step was tried and not proved.
    FactorFailed {
        /// The open step.
        step: String,
        /// Failures with this factor on this device today, this one counted, where somebody counts them by the day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        today: Option<u32>,
        /// Tries that are left, where the factor counts them itself; 0 locks it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempts_left: Option<u32>,
    },
    /// An outside party said what it decided.
    Reported {
        /// The open step.
        step: String,
        /// Its decision, such as `approved`.
        outcome: String,
    },
    /// A reviewer decided.
    Reviewed {
        /// The open step.
        step: String,
        /// Who: an opaque name of the desk's.
        reviewer: String,
        /// Whether it goes on.
        approves: bool,
    },
    /// The moment came that the open step waits for, or its deadline.
    TimeCame {
        /// The open step.
        step: String,
    },
    /// Somebody who may do so objected: the run ends refused.
    Objected {},
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
    /// The run's identifier, drawn by whoever begins it.
    pub flow: FlowId,
    /// The definition's name in the policy bundle, such as `mandate.cancel.quick`.
    pub definition: String,
    /// The bundle version that the run is pinned to.
    pub policy_version: u64,
    /// The mandates it is about; for signing, the one to be made; empty where it is about the account.
    pub mandates: Vec<MandateId>,
    /// What is wanted, where mandates alone do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<Wish>,
    /// SHA-256 over what will be done if the flow completes; every proof covers it.
    pub operation: Digest32,
    /// Fresh bytes that every proof of this run covers. Where authority is raised, a gateway nonce.
    pub nonce: B64,
}

/// What a flow is to bring about, beyond the mandates that it names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wish", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wish {
    /// Other limits for the mandate.
    Limits {
        /// The new limits.
        limits: Limits,
    },
    /// Take back this order.
    Undo {
        /// The order.
        order: OrderId,
    },
    /// What a teen may spend on one charge without being asked.
    TeenLimit {
        /// The teen's account.
        teen: AccountId,
        /// Most for one charge.
        per_charge: Money,
    },
    /// Leave teen mode.
    TeenExit {
        /// The teen's account.
        teen: AccountId,
    },
    /// Take a stop instruction back.
    LiftStop {
        /// Which.
        stop: crate::statement::StopScope,
    },
    /// Keep the safety lock on for longer.
    ExtendLock {
        /// Until when.
        until: Timestamp,
    },
}

impl Wish {
    /// SHA-256 that a flow's operation digest covers; of nothing where there is no wish.
    ///
    /// # Errors
    /// None for a wish that was read; the serialiser's error otherwise.
    pub fn digest(wish: Option<&Self>) -> Result<Digest32, serde_json::Error> {
        wish.map_or(Ok(Digest32::of(b"")), |wish| {
            serde_json::to_vec(wish).map(|json| Digest32::of(&json))
        })
    }
}
