//! The statements that people and devices sign: one struct each, dispatched by its `typ`.

use crate::bytes::{B64, Digest32};
use crate::flow_event::FlowStart;
use crate::jws::{Alg, Statement};
use crate::key::{PublicKey, Thumbprint};
use crate::money::Money;
use crate::{AccountId, ChargeId, FlowId, MandateId, MerchantId, OfferId, OrderId, RegistrationId, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

mod answer;
mod half;
mod terms;

pub use answer::{Entry, OneTimeCode, StepAnswer};
pub use half::{HeldToken, PhoneOutcome, Probe, ReplicaState};
pub use terms::{Channel, Limits, MandateKind, PermitAmount, Terms};

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $typ:literal by $alg:ident $sequenced:literal { $($fields:tt)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($fields)* }

        impl Statement for $name {
            const NAME: &'static str = $typ;
            const ALG: Alg = Alg::$alg;
            const SEQUENCED: bool = $sequenced;
        }
    )*};
}

statements! {
    /// A phone introduces its keys; signed by the device key that it carries.
    Enrolment = "enrolment" by Es256 true {
        /// Gateway nonce: enrolment raises authority.
        pub nonce: B64,
        /// D, whose thumbprint is the header's `kid`.
        pub device_key: PublicKey,
        /// B, which signs only after the biometric prompt.
        pub biometric_key: PublicKey,
        /// P, which signs only after the lock screen; absent where there is no lock screen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub passcode_key: Option<PublicKey>,
        /// Key attestation chain of D, leaf first, DER, over the nonce as its challenge; empty for software keys.
        pub attestation: Vec<B64>,
        /// The same of B.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub biometric_attestation: Vec<B64>,
        /// The same of P.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pub passcode_attestation: Vec<B64>,
    }

    /// Buys a short bearer token for reads.
    Session = "session" by Es256 true {}

    /// One of the two messages that register a payment PIN (OPAQUE, RFC 9807).
    PinRegister = "pin-register" by Es256 true {
        /// Gateway nonce: a PIN raises authority.
        pub nonce: B64,
        /// Which secret it is.
        #[serde(default, skip_serializing_if = "SecretKind::is_default")]
        pub secret: SecretKind,
        /// Which message it is.
        pub phase: PinPhase,
        /// The registration that the record completes; absent in a request, which begins one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub registration: Option<RegistrationId>,
        /// The OPAQUE message.
        pub message: B64,
    }

    /// First message of a PIN check (KE1). The guess is counted before the answer.
    PinStart = "pin-start" by Es256 true {
        /// The flow whose open step asks for the PIN.
        pub flow: FlowId,
        /// The open step.
        pub step: String,
        /// OPAQUE KE1.
        pub message: B64,
    }

    /// Third message of a PIN check (KE3).
    PinFinish = "pin-finish" by Es256 true {
        /// The flow whose open step asks for the PIN.
        pub flow: FlowId,
        /// The open step.
        pub step: String,
        /// OPAQUE KE3.
        pub message: B64,
    }

    /// The biometric key's signature over one step of one flow.
    FactorProof = "factor-proof" by Es256 false {
        /// The flow.
        pub flow: FlowId,
        /// The step that it answers.
        pub step: String,
        /// The flow's nonce.
        pub nonce: B64,
        /// The flow's operation digest.
        pub operation: Digest32,
    }

    /// Begins a flow.
    StartFlow = "flow-start" by Es256 true {
        /// What it is about.
        pub start: FlowStart,
    }

    /// Answers the open step of a flow.
    AnswerFlow = "flow-answer" by Es256 true {
        /// The flow.
        pub flow: FlowId,
        /// The step that is answered; `step_order` where another one is open.
        pub step: String,
        /// The answer.
        pub answer: StepAnswer,
    }

    /// Leaves a flow. What it held stays held until the payer lifts it.
    CancelFlow = "flow-cancel" by Es256 true {
        /// The flow.
        pub flow: FlowId,
    }

    /// The payer agrees to a merchant's offer and brings the phone's half of the token.
    Consent = "consent" by Es256 true {
        /// Gateway nonce: consent raises authority.
        pub nonce: B64,
        /// The completed `mandate.sign` flow.
        pub flow: FlowId,
        /// The mandate, drawn by the phone; the flow's only subject.
        pub mandate: MandateId,
        /// The token, drawn by the phone.
        pub token: TokenId,
        /// Public key of the phone's half.
        pub token_key: PublicKey,
        /// The merchant's signed offer, as it was scanned.
        pub offer: String,
        /// SHA-256 of the offer's terms, as they were shown.
        pub terms_hash: Digest32,
        /// Language in which they were shown, such as `zh-Hans`.
        pub locale: String,
    }

    /// The phone confirms that its half is stored and deposits the first permits.
    Activation = "activation" by Es256 true {
        /// Gateway nonce: activation raises authority.
        pub nonce: B64,
        /// The mandate.
        pub mandate: MandateId,
        /// Permits signed by the token key.
        pub permits: Vec<String>,
    }

    /// One future charge, capped; signed by the phone's half of the token. Its number is `seq`.
    Permit = "permit" by Ed25519 true {
        /// The token.
        pub token: TokenId,
        /// Who may use it.
        pub payee: MerchantId,
        /// What it covers.
        pub amount: PermitAmount,
        /// When it may be used, by gateway time: from this moment …
        pub not_before: Timestamp,
        /// … until before this one.
        pub not_after: Timestamp,
        /// The merchant's challenge, in a permit made while the payer is present.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub challenge: Option<String>,
    }

    /// A merchant's proposal of a mandate: what the QR code holds.
    Offer = "offer" by Ed25519 false {
        /// The offer; it can be signed once for each account.
        pub offer: OfferId,
        /// Who offers.
        pub merchant: MerchantId,
        /// What is offered.
        pub terms: Terms,
        /// Until before when it can be signed.
        pub expires_at: Timestamp,
    }

    /// A merchant wants money. `jti` makes a repeated request the same charge.
    Charge = "charge" by Ed25519 false {
        /// Under which mandate.
        pub mandate: MandateId,
        /// How much.
        pub amount: Money,
        /// The merchant's own reference.
        pub reference: String,
        /// The permit that the payer handed over, where the payer is present.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub permit: Option<String>,
    }

    /// Adds or lifts the payer's own pause. Adding needs nothing; lifting needs nonce and biometric proof.
    Hold = "hold" by Es256 true {
        /// The mandates.
        pub mandates: Vec<MandateId>,
        /// What to do.
        pub change: HoldChange,
    }

    /// The payer wants the mandates ended. Lowers authority: no nonce, no PIN; D signs and carries B's proof.
    Intent = "intent" by Es256 true {
        /// The cancellation flow.
        pub flow: FlowId,
        /// The mandates to end.
        pub mandates: Vec<MandateId>,
        /// Made without the gateway in reach, so without the PIN.
        pub offline: bool,
        /// The compact factor proof of the flow's identify step.
        pub proof: String,
    }

    /// The phone says what became of its half.
    Attestation = "attestation" by Es256 true {
        /// The order.
        pub order: OrderId,
        /// The order's nonce.
        pub nonce: B64,
        /// The commitments of the order's tokens, in the order's sequence.
        pub tokens: Vec<Digest32>,
        /// What was done.
        pub outcome: PhoneOutcome,
    }

    /// The phone says what it found when it checked the closure itself.
    Acknowledgement = "acknowledgement" by Es256 true {
        /// The order.
        pub order: OrderId,
        /// Whether every check passed; where false, the phone does not say *closed*.
        pub verified: bool,
    }

    /// Locks every mandate of the account at once. Lowers authority: needs no nonce, no factor, no network.
    Lock = "lock" by Es256 true {
        /// Whether the account's other devices are locked, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        pub other_devices: bool,
    }

    /// Stops every charge in a scope, without naming mandates. Lowers authority: needs nothing.
    Stop = "stop" by Es256 true {
        /// What is stopped.
        pub stop: StopScope,
    }

    /// A trusted contact or guardian answers for somebody, on a device of their own.
    Vouch = "vouch" by Es256 true {
        /// The run that asks.
        pub flow: FlowId,
        /// Whose run it is.
        pub requester: AccountId,
        /// The definition's name: what it is for.
        pub purpose: String,
        /// Whether they stand for it; false also objects to a recovery of one's own account.
        pub approves: bool,
    }

    /// A reviewer of the desk decides. Signed with the reviewer's own key.
    Review = "review" by Ed25519 false {
        /// The run.
        pub flow: FlowId,
        /// The open step.
        pub step: String,
        /// Whether it goes on.
        pub approves: bool,
    }

    /// A merchant objects to an end that was forced on it. Recorded; changes nothing.
    Objection = "objection" by Ed25519 false {
        /// The mandate.
        pub mandate: MandateId,
        /// SHA-256 of the reasons, which the merchant keeps.
        pub reasons: Digest32,
    }

    /// A merchant gives money back (domain 7.1). Needs the charge's acquirer reference, not a living token.
    Refund = "refund" by Ed25519 false {
        /// The charge.
        pub charge: ChargeId,
        /// How much; never more than is left of it.
        pub amount: Money,
    }

    /// A merchant ends a mandate by itself.
    Release = "release" by Ed25519 false {
        /// The mandate.
        pub mandate: MandateId,
    }

    /// The phone tells what it holds, so that both sides find out where they differ (domain 7.2).
    Reconciliation = "reconciliation" by Es256 true {
        /// Every token that the phone knows.
        pub tokens: Vec<HeldToken>,
        /// Events after this one are answered; absent: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub events_after: Option<u64>,
    }
}

/// Which message of a PIN registration a statement carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinPhase {
    /// RegistrationRequest.
    Request,
    /// RegistrationRecord.
    Record,
}

/// What a stop instruction covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "snake_case", deny_unknown_fields)]
pub enum StopScope {
    /// Every mandate with this merchant, present or future.
    Merchant {
        /// The merchant.
        merchant: MerchantId,
    },
    /// Every mandate of this merchant category.
    Category {
        /// The category, as in the terms.
        category: String,
    },
    /// Everything.
    Everything {},
}

/// Which secret a PIN exchange is about; each has a counter of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// The payment PIN.
    #[default]
    PaymentPin,
    /// The safety lock's own password.
    LockPassword,
}

impl SecretKind {
    /// Whether it is the one that statements leave out.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A change of the payer's own pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum HoldChange {
    /// No charge from now on.
    Add {},
    /// Charges again, as far as no other hold stands. Raises authority.
    Lift {
        /// Gateway nonce.
        nonce: B64,
        /// The compact factor proof: flow = the flow `mandate.resume` of this wish.
        proof: String,
    },
}

/// Public name of a token in the log: hides the token, binds its key.
///
/// SHA-256 over a domain line, the token's identifier and the thumbprint of its key.
pub fn token_commitment(token: TokenId, token_key: &Thumbprint) -> Digest32 {
    Digest32::of(format!("quittance-token/1\n{token}\n{token_key}\n").as_bytes())
}

/// What a flow's proofs cover: a domain line, the definition and the mandates.
pub fn operation_digest(definition: &str, mandates: &[MandateId], details: &Digest32) -> Digest32 {
    let mut text = format!("quittance-operation/1\n{definition}\n{details}\n");
    for mandate in mandates {
        text.push_str(&format!("{mandate}\n"));
    }
    Digest32::of(text.as_bytes())
}
