//! What the gateway answers: plain records whose weighty parts carry log proofs.

use crate::bytes::{B64, Digest32};
use crate::evidence::{EvidenceFinding, EvidenceKey};
use crate::flow_event::FlowEvent;
use crate::log_body::{Ending, EvidenceLevel};
use crate::money::Money;
use crate::problem::Code;
use crate::receipt::Annex;
use crate::statement::{ReplicaState, StopScope, Terms};
use crate::{
    AccountId, ChargeId, DeviceId, EventId, FlowId, MandateId, OrderId, Quantity, RegistrationId, Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answer to `GET /v1/nonce`: single use, five minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce {
    /// The nonce.
    pub nonce: B64,
    /// Gateway time.
    pub now: Timestamp,
}

/// Answer to an enrolment. Each reconciliation says it again: what is believed of a phone's keys changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The payer's account.
    pub account: AccountId,
    /// This phone.
    pub device: DeviceId,
    /// What the gateway makes of the phone's keys.
    pub evidence_level: EvidenceLevel,
    /// Why it is not a higher level; empty at the highest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceFinding>,
    /// What verified hardware said of the keys; a key without a chain that is believed is not named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attested: Vec<AttestedKey>,
    /// When the phone was first enrolled; absent where that was before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Whether another phone speaks with the same keys: it raises nothing any more, its permits are worth nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quarantined: bool,
    /// Gateway time.
    pub now: Timestamp,
}

/// Where a key is kept, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptIn {
    /// In the system's own memory.
    Software,
    /// In an area of the processor that the system does not reach.
    TrustedEnvironment,
    /// In a chip of its own.
    StrongBox,
}

/// What verified hardware said of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AttestedKey {
    /// The key.
    pub key: EvidenceKey,
    /// Where it is kept.
    pub kept_in: KeptIn,
    /// Whether the hardware says that the key cannot be brought back once it is deleted.
    pub rollback_resistant: bool,
}

/// Answer to a session statement: a bearer token for reads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// 256 random bits.
    pub token: B64,
    /// Seconds that it lives.
    pub expires_in: u32,
}

/// Answer to the messages of a PIN exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinAnswer {
    /// The OPAQUE answer; empty where there is none.
    pub message: B64,
    /// Guesses that are left, this one counted.
    pub attempts_left: u32,
    /// The registration that was begun: its record has to name it. Absent in every other answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationId>,
}

/// Answer to every statement about a flow: its whole log as admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowLog {
    /// The flow.
    pub flow: FlowId,
    /// All events, first to last.
    pub events: Vec<FlowEvent>,
    /// What the open step shows beyond the definition, where it shows something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asking: Option<Asking>,
    /// Runs that the gateway began because this one is done: one for each item that its bank has to confirm.
    #[serde(default)]
    pub next_flows: Vec<FlowId>,
}

/// What the open step of a run shows, as the gateway found it out. Personal, so it is never stored with the events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "asking", rename_all = "snake_case")]
pub enum Asking {
    /// A code went to one of the payer's numbers; the carrier has them, the gateway does not.
    Code {
        /// Which: `own`, `bound` or `foreign`.
        sent_to: String,
        /// Until when it can be typed.
        valid_until: Timestamp,
        /// From when another one can be asked for.
        resend_from: Timestamp,
    },
    /// Another app has to be opened.
    Jump {
        /// Its link; carries the run's nonce as `state`.
        link: String,
    },
    /// Gestures to record, in sequence.
    Gestures {
        /// Names of gestures: text keys.
        gestures: Vec<String>,
    },
    /// Questions about the account's own charges.
    Questions {
        /// One for each entry of the answer.
        questions: Vec<Question>,
    },
    /// People to choose from.
    People {
        /// Accounts with the names that the payer gave them.
        people: Vec<(AccountId, String)>,
        /// How few will do.
        at_least: u32,
    },
}

/// One question about a charge.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What the question says of the charge: its day, its payee, its amount, as far as it is not what is asked.
    pub about: String,
    /// What can be chosen; empty where the answer is typed.
    pub choices: Vec<String>,
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asking(…)")
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question(…)")
    }
}

/// Answer to an upload: what statements name it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    /// SHA-256 of the bytes.
    pub digest: Digest32,
    /// When it is erased.
    pub kept_until: Timestamp,
}

/// A mandate as the gateway holds it: answer to consent, activation, hold and reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MandateRecord {
    /// The mandate.
    pub mandate: MandateId,
    /// Its token.
    pub token: TokenId,
    /// What was agreed.
    pub terms: Terms,
    /// Where it stands.
    pub state: MandateState,
    /// Who holds it, in words of the protocol: `payer`, `revocation`, `safety_lock` ….
    pub holds: Vec<String>,
    /// The gateway's half.
    pub gateway_half: ReplicaState,
    /// Permits that the gateway still has: unused ones, with those that a charge in flight has reserved.
    pub permits_left: u32,
    /// The next permit number that was never seen.
    pub next_permit: u64,
    /// The order that ends it, once there is one.
    pub order: Option<OrderId>,
    /// When it became active.
    pub active_since: Option<Timestamp>,
    /// From when on nothing takes the scheduled end back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// Why it ended, or why its end is ordered, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// Who agreed to it: system-default ones are closed to the quick path.
    #[serde(default)]
    pub enrolment: EnrolmentKind,
    /// Whether the linked subscription renews itself; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_renewal: Option<bool>,
    /// What was taken so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
    /// Gateway time of this record: what a screen may call its age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// Grows with every change.
    pub version: u64,
}

/// Who agreed to a mandate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentKind {
    /// The payer signed it.
    #[default]
    PayerSigned,
    /// It was switched on without the payer: modelled, never made by default.
    SystemDefault,
}

/// What was taken under a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// In the current period.
    pub in_period: Money,
    /// At all.
    pub in_total: Money,
    /// How many charges at all.
    pub charges: u32,
    /// When last.
    pub last_at: Option<Timestamp>,
}

/// One charge or refund in a mandate's history; answer to `GET /v1/mandates/{id}/charges`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRecord {
    /// The charge.
    pub charge: ChargeId,
    /// When.
    pub at: Timestamp,
    /// How much was wanted.
    pub amount: Money,
    /// What became of it.
    pub decision: ChargeDecision,
    /// How much of it was given back; refunds need no living token.
    pub refunded: Option<Money>,
}

/// Answer to a merchant's release or objection: what was said is on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The mandate.
    pub mandate: MandateId,
    /// Gateway time.
    pub at: Timestamp,
}

/// The safety lock as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockRecord {
    /// Since when.
    pub since: Timestamp,
    /// Until when, unless it is released or extended.
    pub until: Timestamp,
    /// What put it on: `payer`, `remote_login`, `abnormal_spending`.
    pub trigger: String,
    /// Whether the account's other devices are locked, too.
    pub other_devices: bool,
}

/// Where a mandate stands (domain 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateState {
    /// Proposed; nobody began to sign it.
    Draft,
    /// The payer is signing it.
    PendingAuthorization,
    /// Signed; the payer's bank has to authorize it.
    PendingBank,
    /// Both halves are being made.
    Provisioning,
    /// Can be charged.
    Active,
    /// Somebody holds it.
    Suspended,
    /// Its end is ordered for later; held until then, and can be undone.
    RevocationScheduled,
    /// Ending; no way back.
    Revoking,
    /// Ended.
    Ended,
    /// Never came to life.
    Rejected,
}

/// Answer to a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeAnswer {
    /// The charge.
    pub charge: ChargeId,
    /// What became of it.
    pub decision: ChargeDecision,
}

/// What became of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum ChargeDecision {
    /// Money moved.
    Approved {
        /// The acquirer's reference; refunds need it and nothing else.
        acquirer_reference: String,
        /// How much.
        amount: Money,
    },
    /// No money moved.
    Declined {
        /// Why.
        code: Code,
    },
}

/// Something that the gateway said through its log, with all that is needed to check it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// 32 bytes that hide the body in the public log.
    pub salt: B64,
    /// The exact bytes that the commitment opens to.
    pub body: B64,
    /// The `tlog-proof` text; its `extra` is the entry's bytes.
    pub proof: String,
}

/// A destruction order as its device sees it: answer to intent, attestation, acknowledgement, reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// The order.
    pub order: OrderId,
    /// What ends.
    pub mandates: Vec<MandateId>,
    /// Their tokens' commitments, in the same sequence.
    pub tokens: Vec<Digest32>,
    /// What the phone's attestation must carry.
    pub nonce: B64,
    /// From when on nothing takes it back.
    pub effective_at: Timestamp,
    /// Where it stands.
    pub state: OrderState,
    /// The order as logged.
    pub ordered: Logged,
    /// The gateway's own destruction, once done.
    pub destroyed: Option<Logged>,
    /// The closure, once both sides stated theirs, or the phone's time ran out.
    pub closure: Option<Closure>,
}

/// Where an order stands (domain 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Held on both sides; can be taken back until it is effective.
    Scheduled,
    /// Taken back before it was effective; the mandates live on.
    Undone,
    /// Nothing takes it back; charges in flight drain.
    Quiesced,
    /// The gateway's half is being destroyed.
    Destroying,
    /// The gateway's half is destroyed; the phone's statement is missing.
    Destroyed,
    /// The phone never answered, or had no such token.
    ClosedUnilateral,
    /// Both sides stated their destruction.
    Closed,
}

/// The receipt with its private annex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// The `.tlog-proof` file.
    pub receipt: String,
    /// What opens it; for the payer alone.
    pub annex: Annex,
}

/// Answer to a reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Every mandate of the account.
    pub mandates: Vec<MandateRecord>,
    /// Every order that this phone has not acknowledged.
    pub orders: Vec<OrderRecord>,
    /// Tokens that the phone told of and the gateway does not know: the phone destroys them.
    pub orphans: Vec<TokenId>,
    /// What the payer should know.
    pub events: Vec<PayerEvent>,
    /// Runs of flows of this device that are open, or ended since the phone last heard of them.
    #[serde(default)]
    pub flows: Vec<FlowLog>,
    /// The safety lock, while it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockRecord>,
    /// Stop instructions in force.
    #[serde(default)]
    pub stops: Vec<StopScope>,
    /// This phone as the gateway knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Enrolled>,
    /// What the payer's ways back to a forgotten PIN depend on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryRecord>,
    /// Gateway time.
    pub now: Timestamp,
}

/// What decides whether a way back to a forgotten PIN would be open now. Numbers only: names and charges stay where they
/// are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryRecord {
    /// By definition, the facts that its run would begin with.
    pub facts: BTreeMap<String, BTreeMap<String, Quantity>>,
    /// From when on the trusted contacts that were named last count; absent where none wait for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contacts_count_from: Option<Timestamp>,
}

/// Something that the payer should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayerEvent {
    /// The event.
    pub event: EventId,
    /// Its place in the account's sequence.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: PayerEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PayerEventKind {
    /// A merchant tried a destroyed token (tombstone alarm, R-011).
    DeadTokenUsed {
        /// Whose token.
        mandate: MandateId,
        /// How often up to now.
        uses: u64,
    },
    /// A flow told the payer something: a text key of its definition.
    Told {
        /// The flow.
        flow: FlowId,
        /// The text key.
        text: String,
    },
    /// The safety lock went on by itself.
    Locked {
        /// What put it on.
        trigger: String,
        /// Until when.
        until: Timestamp,
    },
    /// The safety lock ends soon.
    LockEnds {
        /// When.
        at: Timestamp,
    },
    /// The safety lock ended.
    Unlocked {},
    /// A charge was declined because of a rule that the payer or a guardian can change.
    Declined {
        /// Under which mandate.
        mandate: MandateId,
        /// Why.
        code: Code,
        /// How much was wanted.
        amount: Money,
    },
    /// A merchant objected to a forced end.
    MerchantObjected {
        /// The mandate.
        mandate: MandateId,
    },
    /// Somebody names this payer as a trusted contact or guardian, for a run that waits for an answer.
    AskedToVouch {
        /// The run.
        flow: FlowId,
        /// Whose.
        requester: AccountId,
        /// The definition's name.
        purpose: String,
    },
    /// A charge passed.
    Charged {
        /// Under which mandate.
        mandate: MandateId,
        /// How much.
        amount: Money,
    },
    /// Something that this version does not know: only ever read, never written.
    #[serde(other)]
    Unrecognised,
}

/// Answer to `GET /log/consistency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyAnswer {
    /// RFC 6962 consistency proof.
    pub hashes: Vec<Digest32>,
}

/// Answer to `GET /v1/policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyAnswer {
    /// The author's signed bundle, compact JWS.
    pub bundle: String,
    /// The bundle's own log entry.
    pub logged: Logged,
}
