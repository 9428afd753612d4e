//! The statements that people and devices sign: one struct each, dispatched by its `typ`.

use crate::bytes::{B64, Digest32};
use crate::flow_event::FlowStart;
use crate::jws::{Alg, Statement};
use crate::key::{PublicKey, Thumbprint};
use crate::money::Money;
use crate::{AccountId, ChargeId, FlowId, MandateId, MerchantId, OfferId, OrderId, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

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

/// How the payer answered a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case", deny_unknown_fields)]
pub enum StepAnswer {
    /// Agreed to what was shown.
    Confirmed {
        /// SHA-256 of what was shown.
        shown: Digest32,
    },
    /// Proved a factor with a hardware key.
    Proof {
        /// The compact [`FactorProof`].
        proof: String,
    },
    /// The platform asked, and the payer was not recognised.
    NotRecognised {
        /// Tries of today that are spent, this one counted, as the phone's own durable counter says: failures, and prompts of
        /// which no end was heard.
        today: u32,
    },
    /// A code that was sent.
    Code {
        /// As typed.
        code: OneTimeCode,
    },
    /// Asks for the code once more.
    Resend {},
    /// Images or recordings, uploaded before.
    Evidence {
        /// SHA-256 of each, in the sequence that the step asks for.
        uploads: Vec<Digest32>,
    },
    /// What was entered or chosen: facts of a case, answers of a quiz, names of people.
    Entered {
        /// 32 random bytes of the phone, so that nobody guesses the entries by the digest that the log names.
        salt: B64,
        /// One entry for each question, in sequence.
        entries: Vec<Entry>,
    },
    /// Came back from another app.
    Returned {
        /// The flow's nonce, as the link carried it; another one is `foreign_state`.
        state: B64,
        /// What the link said.
        outcome: String,
    },
    /// Cannot reach the gateway for this step, and the definition lets it be skipped.
    Offline {},
}

impl StepAnswer {
    /// What was entered, with a salt that was drawn for this answer alone.
    #[must_use]
    pub fn entered(salt: [u8; 32], entries: Vec<Entry>) -> Self {
        Self::Entered {
            salt: B64::new(salt.to_vec()),
            entries,
        }
    }

    /// What the event of this answer names, on both sides: SHA-256 over the digests of what was handed in, one after
    /// the other, or over the salt followed by the JSON array of what was entered. Nothing for other answers.
    #[must_use]
    pub fn digest(&self) -> Option<Digest32> {
        match self {
            Self::Evidence { uploads } => {
                let bytes: Vec<u8> = uploads.iter().flat_map(|digest| *digest.as_bytes()).collect();
                Some(Digest32::of(&bytes))
            }
            Self::Entered { salt, entries } => {
                let json = serde_json::to_vec(entries).ok()?;
                Some(Digest32::of(&[salt.as_slice(), &json].concat()))
            }
            _ => None,
        }
    }
}

/// A one-time code as typed; it appears in no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OneTimeCode(pub String);

/// What a payer entered; personal, so it appears in no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entry(pub String);

impl Entry {
    /// Most bytes of one entry, in UTF-8: a page of words for whoever decides.
    pub const MOST_BYTES: usize = 4_096;
}

impl std::fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry(…)")
    }
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

/// What a permit covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PermitAmount {
    /// This amount and no other.
    Exact(Money),
    /// Any positive amount up to this one.
    AtMost(Money),
}

/// What a merchant may take under a mandate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The merchant's name, as shown.
    pub merchant_name: String,
    /// The service's name, as shown.
    pub service: String,
    /// Decides how many permits are made ahead.
    pub kind: MandateKind,
    /// Bounds on what may be charged.
    pub limits: Limits,
    /// No charge from this moment on; absent: until somebody ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
    /// The merchant category, by which a payer may stop all charges of its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where it is used, which decides the routes to its end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub channel: Channel,
    /// Whether the service renews itself; absent: it is no subscription with renewal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_renewal: Option<bool>,
    /// The service that brought this one along, as shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundled_with: Option<String>,
}

impl Terms {
    /// Terms without any of the optional members.
    pub fn new(
        merchant_name: impl Into<String>,
        service: impl Into<String>,
        kind: MandateKind,
        limits: Limits,
    ) -> Self {
        Self {
            merchant_name: merchant_name.into(),
            service: service.into(),
            kind,
            limits,
            valid_until: None,
            category: None,
            channel: Channel::App,
            auto_renewal: None,
            bundled_with: None,
        }
    }

    /// SHA-256 over the terms' JSON: what a payer's consent names as shown.
    ///
    /// # Errors
    /// None for terms that were read; the serialiser's error otherwise.
    pub fn digest(&self) -> Result<Digest32, serde_json::Error> {
        serde_json::to_vec(self).map(|json| Digest32::of(&json))
    }
}

/// Whether a member is not written: terms from before it existed keep their bytes, so their digests too.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How a mandate is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateKind {
    /// Charged once a billing period.
    Subscription,
    /// Charged when used: rides, parking.
    PayAsYouGo,
}

/// Where a mandate is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The merchant's own app or a shop.
    #[default]
    App,
    /// A mini-program, whose merchant has to release it.
    MiniProgram,
    /// A bank's direct debit, which the bank app confirms.
    Bank,
}

/// Bounds on the charges of one mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Most for one charge.
    pub per_charge: Money,
    /// Most for one period.
    pub per_period: Money,
    /// Length of a period in days, counted from the mandate's activation.
    pub period_days: u16,
    /// Most for all charges together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// Most charges in one period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges_per_period: Option<u32>,
    /// Most charges at all; 1 is a mandate for a single use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<u32>,
    /// Whether each charge takes exactly `per_charge`, no less.
    #[serde(default, skip_serializing_if = "is_default")]
    pub exact: bool,
}

impl Limits {
    /// Limits on a charge and a period, without any of the optional members.
    pub const fn new(per_charge: Money, per_period: Money, period_days: u16) -> Self {
        Self {
            per_charge,
            per_period,
            period_days,
            total: None,
            charges_per_period: None,
            charges: None,
            exact: false,
        }
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

/// What the phone did with its half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum PhoneOutcome {
    /// Destroyed, probed, and only then said.
    Destroyed {
        /// Vault epoch before.
        epoch_old: u64,
        /// Vault epoch after.
        epoch_new: u64,
        /// Commitment to the destroyed key, from the vault.
        destroyed_key: Digest32,
        /// What the probe found; every member must be false.
        probe: Probe,
        /// Whether a restart completed it.
        resumed: bool,
    },
    /// The phone has no such token: reinstalled or restored.
    Absent {},
}

/// What was found when the destroyed half was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The old root's wrapped bytes still opened.
    pub old_root_opens: bool,
    /// A destroyed record still opened.
    pub records_open: bool,
    /// The old epoch's key was still found.
    pub key_found: bool,
}

/// One token as the phone holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldToken {
    /// The token.
    pub token: TokenId,
    /// Its mandate.
    pub mandate: MandateId,
    /// The phone's half.
    pub state: ReplicaState,
    /// Permits that this phone would like to know unused, so that it can renew them.
    pub next_permit: u64,
}

/// The state of one half of a token (domain 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaState {
    /// Made, not yet confirmed by the other side.
    Provisioning,
    /// Can pay.
    Active,
    /// Cannot pay; can become active again.
    Held,
    /// Cannot pay; only forward from here.
    Quiesced,
    /// Destroyed, probed and stated.
    Destroyed,
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

#[cfg(test)]
mod tests {
    use super::*;

    // Before, whoever read the log tried names and amounts until the digest fitted.
    #[test]
    fn equal_entries_have_another_digest_under_another_salt() {
        let entries = vec![Entry("12.50".to_owned())];
        let digest = |salt| StepAnswer::entered(salt, entries.clone()).digest().unwrap();
        assert_ne!(digest([1; 32]), digest([2; 32]));
        assert_eq!(
            digest([1; 32]),
            digest([1; 32]),
            "control: both sides find the same one"
        );
        assert_ne!(digest([1; 32]), Digest32::of(&serde_json::to_vec(&entries).unwrap()));
    }
}
