//! The rows that the wallet keeps, sealed in the vault's journal.

use crate::events::WalletEvent;
use crate::time::GatewayTime;
use quittance_flows::destruction::phone::{Ground, PhoneState};
use quittance_flows::{Mandate, Policy};
use quittance_protocol::answer::{
    Asking, AttestedKey, ChargeRecord, Enrolled, LockRecord, MandateRecord, RecoveryRecord,
};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::evidence::EvidenceFinding;
use quittance_protocol::flow_event::{FlowEvent, FlowEventKind, FlowStart};
use quittance_protocol::log_body::{EvidenceLevel, TerminationCause};
use quittance_protocol::problem::Code;
use quittance_protocol::receipt::Annex;
use quittance_protocol::statement::{Limits, PermitAmount, ReplicaState, StopScope, Terms};
use quittance_protocol::{AccountId, DeviceId, FlowId, MandateId, MerchantId, OrderId, PublicKey, Timestamp, TokenId};
use quittance_vault::{RecordKey, RecordKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The kind of vault record that holds s_t, the phone's half of a token: 32 bytes, an Ed25519 seed.
const TOKEN: RecordKind = RecordKind(1);

/// The kind of vault record that counts tries on this phone.
const COUNTER: RecordKind = RecordKind(2);

/// The vault record of the biometric prompt's tries.
pub(crate) const TRIES: RecordKey = RecordKey::new(COUNTER, *b"biometric prompt");

/// The vault record of a token's half.
pub(crate) fn token_record(token: TokenId) -> RecordKey {
    RecordKey::new(TOKEN, *token.as_bytes())
}

/// A row of one collection.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// The collection's name; frozen.
    const COLLECTION: &'static str;
    /// The row's place in it; lists are ordered by these bytes.
    fn key(&self) -> Vec<u8>;
}

macro_rules! rows {
    ($($row:ident in $name:literal by |$this:ident| $key:expr;)*) => {$(
        impl Row for $row {
            const COLLECTION: &'static str = $name;
            fn key(&self) -> Vec<u8> {
                let $this = self;
                $key.to_vec()
            }
        }
    )*};
}

rows! {
    DeviceRow in "device" by |_row| b"";
    CounterRow in "counters" by |_row| b"";
    TimeRow in "time" by |_row| b"";
    LogRow in "log" by |_row| b"";
    PolicyRow in "policies" by |row| row.policy.bundle.version.to_be_bytes();
    MandateRow in "mandates" by |row| row.mandate.as_bytes();
    FlowRow in "flows" by |row| row.start.flow.as_bytes();
    OutboxRow in "outbox" by |row| row.number.to_be_bytes();
    OrderRow in "orders" by |row| row.place;
    EventRow in "events" by |row| row.number.to_be_bytes();
    EvidenceRow in "evidence" by |row| row.digest.as_bytes();
    StoppingRow in "stopping" by |_row| b"";
    ChargesRow in "charges" by |row| row.mandate.as_bytes();
    RecoveryRow in "recovery" by |_row| b"";
}

/// Who this phone is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DeviceRow {
    /// D.
    pub(crate) device_key: PublicKey,
    /// B, as it was when the phone enrolled.
    pub(crate) biometric_key: PublicKey,
    /// Whether the gateway refused these keys before it knew them. Their chains answer a nonce that is spent.
    #[serde(default)]
    pub(crate) refused: bool,
    /// What the gateway answered; absent until then.
    pub(crate) enrolled: Option<EnrolledRow>,
    /// P, as it was when the phone enrolled; absent without a lock screen, or on a phone that did not keep it.
    #[serde(default)]
    pub(crate) passcode_key: Option<PublicKey>,
    /// Whether the gateway has the PIN's record.
    pub(crate) pin_set: bool,
    /// Whether the gateway has the record of the safety lock's own password.
    #[serde(default)]
    pub(crate) lock_password_set: bool,
}

/// A mandate's history, as it was last fetched.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ChargesRow {
    pub(crate) mandate: MandateId,
    /// Newest first.
    pub(crate) charges: Vec<ChargeRecord>,
    pub(crate) as_of: Timestamp,
}

/// What stops charges beside single mandates: the safety lock, and stop instructions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoppingRow {
    /// The lock as the gateway last told, or as this phone put it on.
    pub(crate) lock: Option<LockRecord>,
    /// Stop instructions in force, as the gateway last told, with those that this phone gave since.
    pub(crate) stops: BTreeSet<StopScope>,
}

/// This phone as the gateway last told: at its enrolment, then in each contact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EnrolledRow {
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) evidence_level: EvidenceLevel,
    /// Why it is not a higher level.
    #[serde(default)]
    pub(crate) evidence: Vec<EvidenceFinding>,
    /// What verified hardware said of the keys.
    #[serde(default)]
    pub(crate) attested: Vec<AttestedKey>,
    /// When the phone was first enrolled.
    #[serde(default)]
    pub(crate) since: Option<Timestamp>,
    /// When the gateway last heard of the phone.
    #[serde(default)]
    pub(crate) seen: Option<Timestamp>,
    /// Whether another phone speaks with the same keys.
    #[serde(default)]
    pub(crate) quarantined: bool,
}

impl From<Enrolled> for EnrolledRow {
    fn from(told: Enrolled) -> Self {
        Self {
            account: told.account,
            device: told.device,
            evidence_level: told.evidence_level,
            evidence: told.evidence,
            attested: told.attested,
            since: told.since,
            seen: Some(told.now),
            quarantined: told.quarantined,
        }
    }
}

/// What the payer's ways back to a forgotten PIN depend on, as the gateway last told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecoveryRow {
    pub(crate) record: RecoveryRecord,
    pub(crate) as_of: Timestamp,
}

/// The consent as this phone signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConsentRow {
    /// The moment that stands in the statement.
    pub(crate) at: Timestamp,
    /// The phone whose key signed it.
    pub(crate) device: DeviceId,
}

/// Numbers that are used once.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct CounterRow {
    /// The next statement's `seq`.
    pub(crate) statement: u64,
    /// The next row of the outbox.
    pub(crate) outbox: u64,
    /// The next event.
    pub(crate) event: u64,
    /// The last event of the gateway that was taken over.
    pub(crate) gateway_event: Option<u64>,
}

/// Gateway time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct TimeRow(pub(crate) GatewayTime);

/// The largest checkpoint that was accepted, as the signed note.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LogRow {
    pub(crate) note: String,
}

/// A bundle whose author and log entry were checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PolicyRow {
    pub(crate) policy: Policy,
    pub(crate) content: Digest32,
}

/// A mandate as this phone holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MandateRow {
    pub(crate) mandate: MandateId,
    pub(crate) token: TokenId,
    pub(crate) token_key: PublicKey,
    pub(crate) merchant: MerchantId,
    pub(crate) terms: Terms,
    /// The merchant's signed offer, as it was scanned.
    pub(crate) offer: String,
    /// The flow that signed it.
    pub(crate) flow: FlowId,
    /// Language in which the terms were shown.
    pub(crate) locale: String,
    /// Absent until it is signed, and on a phone that did not keep it.
    #[serde(default)]
    pub(crate) consent: Option<ConsentRow>,
    pub(crate) provisioning: Provisioning,
    /// This phone's replica of what decides.
    pub(crate) replica: Mandate,
    /// This phone's half.
    pub(crate) half: ReplicaState,
    /// What the gateway last said.
    pub(crate) gateway: Option<MandateRecord>,
    /// The next permit's number; never goes back.
    pub(crate) next_permit: u64,
    /// From when on periods are counted.
    pub(crate) permit_base: Option<Timestamp>,
    /// Permits that were made ahead.
    pub(crate) deposited: Vec<Deposited>,
    /// The limits that the payer chose last, whatever the gateway made of it; none where they are those of the offer.
    #[serde(default)]
    pub(crate) wished_limits: Option<Limits>,
    /// The gateway does not know it: the phone's half ends without an order.
    pub(crate) orphan: bool,
    pub(crate) order: Option<OrderId>,
}

/// What is still to be said to make a mandate live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provisioning {
    /// The gateway has to hear of it.
    ConsentDue,
    /// The gateway has to get the first permits.
    ActivationDue,
    /// Nothing.
    Done,
}

/// A permit that was made ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deposited {
    pub(crate) number: u64,
    pub(crate) amount: PermitAmount,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

/// One run of a flow.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FlowRow {
    pub(crate) start: FlowStart,
    pub(crate) events: Vec<FlowEvent>,
    /// The offer, where a mandate is signed.
    pub(crate) offer: Option<String>,
    /// Language of what is shown.
    pub(crate) locale: String,
    /// The compact proof of the identify step.
    pub(crate) proof: Option<String>,
    /// Whether `flow-start` was put into the outbox.
    pub(crate) told: bool,
    /// Tries of the PIN that are left, where one has failed.
    pub(crate) attempts_left: Option<u32>,
    /// Why the gateway refused what was said in it.
    pub(crate) refused: Option<Code>,
    /// The order that it led to.
    pub(crate) order: Option<OrderId>,
    /// Mandates that end with it on this phone alone: the gateway had not accepted them, and knows no flow about them.
    #[serde(default)]
    pub(crate) alone: Vec<MandateId>,
    /// Completing it ends its mandates.
    #[serde(default)]
    pub(crate) ends_mandates: bool,
    /// Begun by the gateway: it gives the gateway no ground that it did not have.
    #[serde(default)]
    pub(crate) foreign: bool,
    /// What this phone said in it: nothing else that its log tells in the phone's name is believed.
    #[serde(default)]
    pub(crate) said: Vec<FlowEventKind>,
    /// How many events of the gateway's log were taken over: a shorter one is an older one.
    #[serde(default)]
    pub(crate) admitted: usize,
    /// What the open step shows beyond the definition, as the gateway last said.
    #[serde(default)]
    pub(crate) asking: Option<Asking>,
    /// Mandates for which it is no ground any more: an order for them was taken back, or closed.
    #[serde(default)]
    pub(crate) used_up: Vec<MandateId>,
    /// Runs that the gateway began because this one is done.
    #[serde(default)]
    pub(crate) next_flows: Vec<FlowId>,
}

/// Why a wish's last intent did not do: the gateway refused it, or the end that it led to was taken back. The wish stands, the
/// mandates stay held here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RefusedIntent {
    pub(crate) code: Code,
    /// How many intents were signed for it; as many as ever may be where it is given up.
    #[serde(alias = "times")]
    pub(crate) signed: u32,
}

/// Something that has to reach the gateway. Signed once: sending again sends the same bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OutboxRow {
    pub(crate) number: u64,
    pub(crate) purpose: Purpose,
    /// The compact statement; absent while it waits for the vault (an attestation that is due).
    pub(crate) compact: Option<String>,
    /// How often it was sent without an answer.
    pub(crate) attempts: u32,
    /// When it was last sent, by the phone's own clock.
    pub(crate) tried_at: Option<Timestamp>,
    /// The gateway does not want it before this moment, by the phone's own clock.
    pub(crate) not_before: Option<Timestamp>,
}

/// What a row of the outbox is for, which decides what its answer does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub(crate) enum Purpose {
    Enrolment {},
    PinRecord {},
    LockPasswordRecord {},
    Lock {},
    Stop { scope: StopScope },
    Vouch { flow: FlowId },
    FlowStart { flow: FlowId },
    FlowOffline { flow: FlowId },
    FlowAnswer { flow: FlowId },
    FlowCancel { flow: FlowId },
    PinFinish { flow: FlowId },
    Consent { mandate: MandateId },
    Activation { mandate: MandateId },
    Permit { mandate: MandateId, number: u64 },
    Pause { mandates: Vec<MandateId> },
    Resume { mandates: Vec<MandateId> },
    Intent { flow: FlowId },
    Attestation { order: OrderId },
    Acknowledgement { order: OrderId },
}

/// One destruction as this phone sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrderRow {
    /// Where the row stands: the flow's id where the phone asked, else the order's; what an answer left of a wish stands at random.
    pub(crate) place: [u8; 16],
    pub(crate) state: PhoneState,
    /// The compact intents with which this phone asked.
    pub(crate) intents: Vec<String>,
    /// SHA-256 of the policy bundle that the order is pinned to.
    pub(crate) policy: Option<Digest32>,
    /// On what the order stands, as it is logged.
    #[serde(default)]
    pub(crate) ground: Option<Ground>,
    /// How the gateway refused the last intent, where it did.
    #[serde(default)]
    pub(crate) refused: Option<RefusedIntent>,
    /// The compact attestation, once made.
    pub(crate) attestation: Option<String>,
    /// From when on nothing takes it back.
    pub(crate) effective_at: Option<Timestamp>,
    /// What was verified; absent until closed.
    pub(crate) receipt: Option<ReceiptRow>,
    /// Why this phone does not believe it.
    pub(crate) dispute: Option<crate::events::DisputeReason>,
}

impl OrderRow {
    /// A row for an order of which nothing is known yet.
    pub(crate) fn new(place: [u8; 16], mandates: Vec<MandateId>, intents: Vec<String>) -> Self {
        Self {
            place,
            state: PhoneState::Intended { mandates },
            intents,
            policy: None,
            ground: None,
            refused: None,
            attestation: None,
            effective_at: None,
            receipt: None,
            dispute: None,
        }
    }
}

/// A closure that passed every check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReceiptRow {
    pub(crate) receipt: String,
    pub(crate) annex: Annex,
    pub(crate) cause: TerminationCause,
    pub(crate) evidence_level: EvidenceLevel,
    pub(crate) closed_at: Timestamp,
}

/// Something the payer should know, until the app says that it was shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EventRow {
    pub(crate) number: u64,
    pub(crate) event: WalletEvent,
}

/// Two checkpoints that contradict each other.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EvidenceRow {
    pub(crate) digest: Digest32,
    pub(crate) seen: String,
    pub(crate) offered: String,
    /// Whether the two alone convict the log.
    pub(crate) proves_fork: bool,
}
