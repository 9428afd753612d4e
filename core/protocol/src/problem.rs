//! Problem codes: every refusal that crosses a wire, with its status, its retry hint, its title.
//!
//! The wire form is RFC 9457 `application/problem+json`. `type`, `title`, `status` follow from the code, so two
//! sides that agree on the code agree on everything. A problem never carries a value that the caller sent: only
//! member names (as RFC 6901 pointers) and fixed sentences.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The media type of a problem (RFC 9457 section 3).
pub const CONTENT_TYPE: &str = "application/problem+json";

/// A pointer is cut to this many characters, so that a hostile member name is not echoed at length.
const POINTER_CHARACTERS: usize = 200;

/// What the caller may do after a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// This statement will be refused for ever: do not send it again.
    Never,
    /// Send the very same bytes again: the first answer may have been lost, nothing happens twice.
    Same,
    /// Something else must change first (a nonce, a proof, a hold); then sign a new statement.
    Later,
    /// Send the same bytes again after `retry_after` seconds.
    After,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal, $retry:ident, $title:literal;)*) => {
        /// The stable reason of a refusal, the same on every wire and across the FFI.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $($(#[$doc])* $variant,)*
            /// A code that this version does not know: only ever read, never written.
            #[serde(other)]
            Unrecognised,
        }

        impl Code {
            /// Every code that this version writes.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The name on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* Code::Unrecognised => "unrecognised" }
            }

            /// The HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)* Code::Unrecognised => 500 }
            }

            /// What the caller may do about it.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self { $(Code::$variant => Retry::$retry,)* Code::Unrecognised => Retry::Later }
            }

            /// One sentence for people who read logs; what a payer reads comes from the text catalogue.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* Code::Unrecognised => "The reason is not known to this version" }
            }
        }
    };
}

codes! {
    /// The bytes do not have the form that the protocol demands.
    Malformed = "malformed", 400, Never, "The message does not have the form that the protocol demands";
    /// A member that the protocol does not know.
    UnknownMember = "unknown_member", 400, Never, "The message has a member that the protocol does not know";
    /// The `typ` is not the one that is expected here.
    WrongType = "wrong_type", 400, Never, "The statement is of another type than is expected here";
    /// The `alg` is not the one that the `typ` pins.
    WrongAlg = "wrong_alg", 400, Never, "The statement's algorithm is not the one that its type pins";
    /// The statement speaks to another gateway.
    WrongAudience = "wrong_audience", 403, Never, "The statement is addressed to another gateway";
    /// No such key, or not a key that may say this.
    UnknownKey = "unknown_key", 401, Never, "The key is not known or may not sign this";
    /// The signature does not verify.
    BadSignature = "bad_signature", 401, Never, "The signature does not verify";
    /// The read token is missing or has ended.
    SessionNeeded = "session_needed", 401, Later, "A fresh read token is needed";
    /// The statement id was used before with other content.
    JtiReused = "jti_reused", 422, Never, "The statement id was used before with other content";
    /// The device's sequence number was used before with other content.
    SequenceFork = "sequence_fork", 409, Never, "The sequence number was used before with other content";
    /// A fresh gateway nonce is needed.
    NonceNeeded = "nonce_needed", 428, Later, "The statement needs a fresh nonce of the gateway";
    /// The message is over its size limit.
    TooLarge = "too_large", 413, Never, "The message is larger than is allowed";
    /// No such thing, or not the caller's.
    NotFound = "not_found", 404, Never, "There is no such thing for this caller";
    /// The flow expects another step now.
    StepOrder = "step_order", 409, Later, "The flow expects another step now";
    /// The factor was not proved.
    ProofRejected = "proof_rejected", 403, Later, "The factor was not proved";
    /// The factor proof was used before.
    ProofReused = "proof_reused", 409, Later, "The factor proof was used before";
    /// The factor is locked for a time.
    FactorLocked = "factor_locked", 423, After, "The factor is locked for a time";
    /// The flow's time is over.
    FlowExpired = "flow_expired", 410, Never, "The flow has expired";
    /// The mandate is on hold.
    MandateHeld = "mandate_held", 409, Later, "The mandate is on hold";
    /// The mandate has ended.
    MandateEnded = "mandate_ended", 410, Never, "The mandate has ended";
    /// The payment token is destroyed.
    TokenDestroyed = "token_destroyed", 410, Never, "The payment token is destroyed";
    /// No unused permit covers the charge.
    PermitMissing = "permit_missing", 409, Later, "No unused permit covers the charge";
    /// The permit's window is not open.
    PermitWindow = "permit_window", 409, Later, "The permit's window is not open";
    /// The permit does not cover this amount.
    PermitAmount = "permit_amount", 422, Never, "The permit does not cover this amount";
    /// The permit names another payee.
    PermitPayee = "permit_payee", 422, Never, "The permit names another payee";
    /// The permit carries another challenge.
    PermitChallenge = "permit_challenge", 422, Never, "The permit answers another challenge";
    /// A limit of the mandate would be exceeded.
    LimitExceeded = "limit_exceeded", 422, Later, "A limit would be exceeded";
    /// The currencies differ.
    CurrencyMismatch = "currency_mismatch", 422, Never, "The currencies do not match";
    /// The time for this is over.
    TooLate = "too_late", 409, Never, "The time for this is over";
    /// Something changed in between.
    VersionConflict = "version_conflict", 412, Later, "It was changed in between";
    /// The caller's policy is too old.
    PolicyTooOld = "policy_too_old", 409, Later, "The policy in use is too old";
    /// A reviewer decided against it.
    ReviewRefused = "review_refused", 403, Never, "A reviewer decided against it";
    /// An outside party decided against it.
    ExternalRefused = "external_refused", 403, Never, "An outside party decided against it";
    /// Somebody who may do so objected.
    Objected = "objected", 409, Never, "Somebody who may do so objected";
    /// The device is in quarantine.
    DeviceQuarantined = "device_quarantined", 403, Later, "The device is in quarantine";
    /// The amount is over what teen mode allows.
    TeenLimit = "teen_limit", 422, Later, "The amount is over what teen mode allows";
    /// The payer's safety lock is on.
    SafetyLocked = "safety_locked", 423, Later, "The safety lock is on";
    /// The payer stopped this merchant, this category, or every charge.
    StoppedByPayer = "stopped_by_payer", 409, Later, "The payer stopped charges of this kind";
    /// The caller does not fulfil a condition of the rules.
    NotEligible = "not_eligible", 403, Later, "A condition for this is not fulfilled";
    /// The tries that the rules allow are used up.
    BudgetExhausted = "budget_exhausted", 429, Later, "The tries that are allowed for this are used up";
    /// The rules allow this at certain hours only.
    OutsideHours = "outside_hours", 409, After, "This is not open at this hour";
    /// An outside party was asked and has not decided.
    ExternalPending = "external_pending", 409, After, "An outside party has not decided yet";
    /// The payer's bank did not authorize it, or its two answers disagree.
    BankNotAuthorized = "bank_not_authorized", 403, Later, "The payer's bank did not authorize this";
    /// The same person may not decide twice, nor about themselves.
    FourEyes = "four_eyes", 403, Never, "Another person has to decide this";
    /// The upload is not an image of an accepted kind.
    NotAnImage = "not_an_image", 422, Never, "The upload is not an image of an accepted kind";
    /// An attestation chain is no chain about the key that it was brought for.
    AttestationRefused = "attestation_refused", 403, Later, "The attestation chain is not one about this key";
    /// The link answers another request than the one that is open.
    ForeignState = "foreign_state", 403, Never, "The link belongs to another request";
    /// The risk check refused.
    RiskDenied = "risk_denied", 403, Later, "The risk check refused this";
    /// The limit on all charges together would be exceeded.
    LimitTotal = "limit_total", 422, Never, "The limit on all charges together would be exceeded";
    /// The number of charges that is allowed would be exceeded.
    LimitCount = "limit_count", 422, Later, "The number of charges that is allowed would be exceeded";
    /// The mandate's validity is over.
    MandateExpired = "mandate_expired", 410, Never, "The mandate's validity is over";
    /// An outside party does not answer.
    ExternalUnavailable = "external_unavailable", 503, After, "An outside party does not answer";
    /// There is no room to store it durably.
    StorageFull = "storage_full", 507, After, "There is no room to store this durably";
    /// A defect on this side.
    Internal = "internal", 500, Same, "Something went wrong on this side";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One refusal, as it crosses the wire.
///
/// ```
/// use quittance_protocol::problem::{Code, Problem};
/// let problem = Problem::new(Code::UnknownMember).at("/amount/mineur");
/// assert_eq!(problem.status(), 400);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    detail: Option<Cow<'static, str>>,
    pointer: Option<String>,
    retry_after: Option<u32>,
    next: BTreeMap<String, String>,
}

impl Problem {
    /// A problem with nothing but its code.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            pointer: None,
            retry_after: None,
            next: BTreeMap::new(),
        }
    }

    /// Names the member that is at fault, as an RFC 6901 pointer into what the caller sent (`/amount/minor`).
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        let pointer = pointer.into();
        self.pointer = Some(match pointer.char_indices().nth(POINTER_CHARACTERS) {
            Some((end, _)) => pointer.get(..end).unwrap_or_default().to_owned(),
            None => pointer,
        });
        self
    }

    /// Says what to do about it. The text must hold no secret, no personal datum, nothing that the caller sent.
    #[must_use]
    pub fn detail(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(text.into());
        self
    }

    /// How many seconds to wait before the same bytes may be sent again.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Names what the caller should turn to instead, by kind and id (`receipt` -> `rcp_…`).
    #[must_use]
    pub fn next(mut self, kind: &str, id: &str) -> Self {
        self.next.insert(kind.to_owned(), id.to_owned());
        self
    }

    /// The stable reason.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// What the caller may do about it.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        self.code.retry()
    }

    /// The member at fault, where one is (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> Option<&str> {
        self.pointer.as_deref()
    }

    /// The remedy, where one is known.
    #[must_use]
    pub fn detail_text(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Seconds to wait, where the retry hint is `after`.
    #[must_use]
    pub const fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after
    }

    /// What to turn to instead, by kind.
    #[must_use]
    pub const fn next_steps(&self) -> &BTreeMap<String, String> {
        &self.next
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(pointer) = &self.pointer {
            write!(f, " at {pointer:?}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[derive(Serialize)]
struct Outgoing<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    retry: Retry,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    next: &'a BTreeMap<String, String>,
}

/// Members that follow from the code are not read back, members of later versions are skipped: a phone must
/// understand the refusals of a newer gateway.
#[derive(Deserialize)]
struct Incoming {
    code: Code,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    pointer: Option<String>,
    #[serde(default)]
    retry_after: Option<u32>,
    #[serde(default)]
    next: BTreeMap<String, String>,
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Outgoing {
            r#type: format!("/problems/{}", self.code.name()),
            title: self.code.title(),
            status: self.status(),
            code: self.code,
            detail: self.detail.as_deref(),
            pointer: self.pointer.as_deref(),
            retry: self.retry(),
            retry_after: self.retry_after,
            next: &self.next,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Problem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let incoming = Incoming::deserialize(deserializer)?;
        let mut problem = Self::new(incoming.code);
        problem.detail = incoming.detail.map(Cow::Owned);
        problem.retry_after = incoming.retry_after;
        problem.next = incoming.next;
        Ok(match incoming.pointer {
            Some(pointer) => problem.at(pointer),
            None => problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-335
    #[test]
    fn a_problem_has_the_members_of_rfc_9457_with_our_extensions() {
        let problem = Problem::new(Code::FactorLocked)
            .at("/proof")
            .detail("wait")
            .retry_after(30)
            .next("flow", "flw_1");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"/problems/factor_locked","title":"The factor is locked for a time","status":423,"code":"factor_locked","detail":"wait","pointer":"/proof","retry":"after","retry_after":30,"next":{"flow":"flw_1"}}"#
        );
    }

    // R-335
    #[test]
    fn every_code_reads_back_as_itself_under_its_own_name() {
        for code in Code::ALL {
            let text = serde_json::to_string(&Problem::new(*code)).unwrap();
            assert!(text.contains(&format!("\"code\":\"{}\"", code.name())));
            assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), Problem::new(*code));
        }
    }

    #[test]
    fn the_code_of_a_newer_gateway_is_unrecognised_not_an_error() {
        let problem: Problem = serde_json::from_str(r#"{"code":"from_the_future","new_member":1}"#).unwrap();
        assert_eq!(problem.code(), Code::Unrecognised);
    }

    #[test]
    fn a_hostile_pointer_is_cut() {
        let problem = Problem::new(Code::UnknownMember).at("/é".repeat(10_000));
        assert_eq!(problem.pointer().unwrap().chars().count(), 200);
    }
}
