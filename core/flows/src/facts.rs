//! The facts that conditions may name, each with what it says.

/// Facts by name. A bundle that names another one does not load. What holds is 1; what nobody said is 0. All but
/// [`OFFLINE`] are found out by the gateway, which tells a run in `found` events; those about mandates a phone also takes
/// from its own records, to say which routes are open ([`crate::routes::facts`]).
pub const FACTS: &[(&str, &str)] = &[
    (OFFLINE, "the phone cannot reach the gateway; said by the phone"),
    ("auto_renewal", "a linked subscription renews itself (R-022)"),
    (
        "bank_channel",
        "the mandate, one alone, is confirmed in the bank's app (R-019)",
    ),
    ("mini_program", "the mandate lives in a merchant's mini-program (R-030)"),
    ("system_default", "the mandate was not signed by the payer (R-021)"),
    ("overseas", "the payer's account is of another region (R-049)"),
    ("vpn", "the connection hides where it comes from (R-051)"),
    ("high_risk_region", "the payer is in a region of high risk (R-052)"),
    (
        "needs_passport",
        "the region's list of extra steps asks for the passport (R-050)",
    ),
    (
        "needs_foreign_phone_otp",
        "the region's list of extra steps asks for a code to a number abroad (R-050)",
    ),
    (
        "needs_video_verification",
        "the region's list of extra steps asks for a video (R-052)",
    ),
    (
        "needs_handheld_id_photo",
        "the region's list of extra steps asks for the payer holding the document (R-052)",
    ),
    (
        "needs_proof_of_address",
        "the region's local check is a proof of address (R-054)",
    ),
    ("lock_active", "the safety lock is on"),
    (
        LOCK_TRIGGER_OPEN,
        "what triggered the safety lock is not resolved (R-062)",
    ),
    (
        "undo_allowed",
        "the policy lets an order be taken back, and it is not effective yet (R-302)",
    ),
    (
        "is_guardian",
        "the payer is recorded as the guardian of the teen that is named",
    ),
    (REQUESTED_LIMIT, "the limit that is wanted, in the currency's main unit"),
    ("teen_is_adult", "the teen has come of age"),
    (
        "settled_transactions",
        "valid settled transactions of the account (R-096)",
    ),
    ("quiz_attempts_today", "quizzes begun today, this one included"),
    ("quiz_amounts_wrong", "amounts that were answered wrong (R-098)"),
    ("quiz_score", "points of the quiz, of 100 (R-101)"),
    ("contacts_eligible", "trusted contacts who may vouch now (R-104)"),
    ("contacts_asked", "trusted contacts who were named for this run (R-103)"),
    (CONTACTS_CONFIRMED, "trusted contacts who confirmed in time (R-106)"),
    (
        "contacts_verified",
        "confirmations that still stood when they were checked, once they were (R-110)",
    ),
    (
        "risk_cleared",
        "nothing unresolved was seen on the account when the confirmations were checked (R-110)",
    ),
    (
        RECOVERING,
        "a recovery was just made; what raises authority waits (R-332)",
    ),
    (
        "recoveries_failed",
        "failed recoveries within the policy's window (R-073)",
    ),
];

/// The one fact that the phone says.
pub const OFFLINE: &str = "offline";

/// How many trusted contacts vouched.
pub const CONTACTS_CONFIRMED: &str = "contacts_confirmed";

/// Whether a recovery was just made.
pub const RECOVERING: &str = "recovering";

/// Whether what triggered the safety lock is unresolved.
pub const LOCK_TRIGGER_OPEN: &str = "lock_trigger_open";

/// The limit that is wanted, in the main unit of the wish's currency.
pub const REQUESTED_LIMIT: &str = "requested_limit";

/// Whether conditions may name it.
#[must_use]
pub fn is_known(name: &str) -> bool {
    FACTS.iter().any(|(known, _)| *known == name)
}
