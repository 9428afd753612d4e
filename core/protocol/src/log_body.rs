//! The private texts behind the log's commitments: what the gateway says, in full.

use crate::bytes::{B64, Digest32};
use crate::statement::Probe;
use crate::{MandateId, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

/// Why a mandate ended, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminationCause {
    /// The payer, online.
    Payer,
    /// The payer, without the gateway in reach.
    PayerOffline,
    /// The payer, together with others in one batch.
    PayerBatch,
    /// The merchant ended the service.
    Merchant,
    /// The platform ended it without the merchant (forced unbinding).
    PlatformForced,
    /// Customer service, on the payer's behalf.
    Assisted,
    /// Its validity is over.
    Expired,
    /// Every charge that it allowed was made: a used single-use mandate.
    Consumed,
    /// The payer's account was closed.
    AccountClosed,
    /// The merchant may take no money any more.
    MerchantBanned,
    /// The phone was wiped from afar.
    DeviceWiped,
    /// The risk engine.
    Risk,
    /// The payer's bank did not authorize it.
    BankRefused,
    /// The card that paid for it was removed.
    FundingRemoved,
    /// It never became active in time.
    NeverActivated,
}

/// Who brought an end about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The payer.
    Payer,
    /// The merchant.
    Merchant,
    /// The operator of the gateway.
    Platform,
    /// The guardian of a minor payer.
    Guardian,
    /// The payer's bank.
    Bank,
    /// A rule, with nobody acting: a deadline, a limit that is used up.
    System,
}

/// How a mandate ended: why, by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Why.
    pub cause: TerminationCause,
    /// By whom.
    pub by: Actor,
}

impl TerminationCause {
    /// Every cause.
    pub const ALL: &'static [TerminationCause] = &[
        Self::Payer,
        Self::PayerOffline,
        Self::PayerBatch,
        Self::Merchant,
        Self::PlatformForced,
        Self::Assisted,
        Self::Expired,
        Self::Consumed,
        Self::AccountClosed,
        Self::MerchantBanned,
        Self::DeviceWiped,
        Self::Risk,
        Self::BankRefused,
        Self::FundingRemoved,
        Self::NeverActivated,
    ];

    /// Who acts where nobody else is named: the payer closes the account and removes the card, unless the caller
    /// knows better (a guardian, say).
    pub const fn usual_actor(self) -> Actor {
        match self {
            Self::Payer
            | Self::PayerOffline
            | Self::PayerBatch
            | Self::Assisted
            | Self::AccountClosed
            | Self::DeviceWiped
            | Self::FundingRemoved => Actor::Payer,
            Self::Merchant => Actor::Merchant,
            Self::PlatformForced | Self::MerchantBanned | Self::Risk => Actor::Platform,
            Self::BankRefused => Actor::Bank,
            Self::Expired | Self::Consumed | Self::NeverActivated => Actor::System,
        }
    }

    /// This cause, brought about by whoever usually does.
    pub const fn by_usual_actor(self) -> Ending {
        Ending {
            cause: self,
            by: self.usual_actor(),
        }
    }
}

/// How strong the evidence of the phone's side is; decided by the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EvidenceLevel {
    /// Nothing is proved: there is no chain for a key, or none to be believed.
    E0,
    /// A believed chain says hardware, and lacks something that counts.
    E1,
    /// Every key has a chain up to a pinned root that lacks nothing.
    E2,
}

/// Behind an `order` entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderBody {
    /// The order.
    pub order: OrderId,
    /// What ends.
    pub mandates: Vec<MandateId>,
    /// Commitments of their tokens, in the same sequence.
    pub tokens: Vec<Digest32>,
    /// Why.
    pub cause: TerminationCause,
    /// Content digest of the payer's intent; absent where no payer asked.
    pub intent: Option<Digest32>,
    /// What the phone's attestation must carry.
    pub nonce: B64,
    /// From when on nothing takes it back.
    pub effective_at: Timestamp,
    /// SHA-256 of the policy bundle that the order is pinned to.
    pub policy: Digest32,
}

/// Behind a `destroyed` entry: the gateway's own attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestroyedBody {
    /// The order.
    pub order: OrderId,
    /// Commitments of the destroyed tokens.
    pub tokens: Vec<Digest32>,
    /// Vault epoch before.
    pub epoch_old: u64,
    /// Vault epoch after.
    pub epoch_new: u64,
    /// Commitment to the destroyed keys, from the vault.
    pub destroyed_key: Digest32,
    /// What the vault's probe found; every member must be false.
    pub probe: Probe,
    /// What the authorization function answered for the last good permit: `token_destroyed`.
    pub authorization: String,
    /// Whether a restart completed it.
    pub resumed: bool,
}

/// Which sides stated a destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosureKind {
    /// Phone and gateway.
    TwoSided,
    /// The gateway alone: the phone is silent, or has no such token.
    Unilateral,
}

/// Behind a `closure` entry: what the receipt proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureBody {
    /// The order.
    pub order: OrderId,
    /// Both sides, or one.
    pub kind: ClosureKind,
    /// What ended.
    pub mandates: Vec<MandateId>,
    /// Commitments of their tokens, in the same sequence.
    pub tokens: Vec<Digest32>,
    /// Why.
    pub cause: TerminationCause,
    /// The order's nonce.
    pub nonce: B64,
    /// Digest of the payer's intent; it stands among the annex's statements.
    pub intent: Option<Digest32>,
    /// Digest of the phone's attestation; it stands among the annex's statements.
    pub phone_attestation: Option<Digest32>,
    /// SHA-256 of the `destroyed` entry's bytes.
    pub gateway_attestation: Digest32,
    /// Decided by the gateway from what it verified at enrolment, less what was revoked since.
    pub evidence_level: EvidenceLevel,
    /// The payer's risk rating was refreshed: epoch before.
    pub risk_epoch_before: u64,
    /// … and after.
    pub risk_epoch_after: u64,
    /// SHA-256 of the policy bundle.
    pub policy: Digest32,
    /// From when on nothing could take it back.
    pub effective_at: Timestamp,
}

/// Behind a `tombstone` entry: a dead token was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TombstoneBody {
    /// The token's commitment.
    pub token: Digest32,
    /// When it was first tried.
    pub first_use: Timestamp,
}

/// Behind a `policy` entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyBody {
    /// The bundle's version.
    pub version: u64,
    /// SHA-256 of the bundle statement's content.
    pub bundle: Digest32,
}
