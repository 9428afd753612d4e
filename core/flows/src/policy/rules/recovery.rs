//! Values of getting back in after a forgotten PIN: `recovery.*`.

use super::Table;
use crate::policy::span::Seconds;
use quittance_protocol::Quantity;
use serde::Deserialize;

/// `recovery.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    /// When a reviewer takes over.
    pub failures_to_review: FailureBudget,
    /// How long high-risk operations wait after any recovery.
    pub aftermath_hold: Seconds,
    /// Questions about the account's own transactions (R-096 … R-102).
    pub transaction_quiz: TransactionQuiz,
    /// Trusted contacts (R-103 … R-111).
    pub trusted_contacts: TrustedContacts,
    /// Bound bank card (R-084 … R-088).
    pub bank_card: Table,
    /// Identity document (R-089 … R-095).
    pub id_document: Table,
    /// Appeal to a reviewer (R-112 … R-121).
    pub appeal: Table,
    /// The phone's own biometrics (R-122 … R-129).
    pub device_biometric: Table,
    /// By telephone (R-130 … R-135).
    pub voice: Table,
    /// One payment without the PIN (R-136 … R-146).
    pub emergency_code: Table,
}

/// `recovery.failures_to_review.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureBudget {
    /// So many failed flows …
    pub count: u32,
    /// … within this time.
    pub window: Seconds,
}

/// `recovery.transaction_quiz.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionQuiz {
    /// Fewest settled transactions of an account that may take it.
    pub min_transactions: u32,
    /// Questions about amounts.
    pub amount: QuizAmount,
    /// The question about payees.
    pub merchant: QuizMerchant,
    /// The question about dates.
    pub date: QuizDate,
    /// Points of each kind of question; together 100.
    pub weights: QuizWeights,
    /// Points that pass; this number passes, too.
    pub pass: Quantity,
    /// Attempts in one local day.
    pub per_day: u32,
}

/// `recovery.transaction_quiz.amount.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuizAmount {
    /// How many of the last transactions are asked for.
    pub questions: u32,
    /// How an answer is compared.
    pub r#match: String,
    /// What a wrong answer may be replaced by.
    pub fallback: String,
    /// How many amounts that replacement offers.
    pub choices: u32,
    /// Share of the points that it earns.
    pub fallback_score: Quantity,
}

/// `recovery.transaction_quiz.merchant.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuizMerchant {
    /// Likeness from which a name is taken; this number is taken, too.
    pub min_similarity: Quantity,
}

/// `recovery.transaction_quiz.date.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuizDate {
    /// Days on either side that are taken, too.
    pub tolerance_days: u32,
}

/// `recovery.transaction_quiz.weights.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuizWeights {
    /// Points of all amounts together.
    pub amount: Quantity,
    /// Points of the payee.
    pub merchant: Quantity,
    /// Points of the date.
    pub date: Quantity,
}

/// `recovery.trusted_contacts.*`: times are counted from the start of the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedContacts {
    /// Fewest contacts.
    pub min: u32,
    /// Most contacts.
    pub max: u32,
    /// Days for which a contact must be known: more than this.
    pub known_days_gt: u32,
    /// How many must confirm.
    pub quorum: u32,
    /// When the request must be complete.
    pub request_by: Seconds,
    /// Until when answers count.
    pub answers_by: Seconds,
    /// Until when they are verified.
    pub verify_by: Seconds,
    /// When the reset opens, never earlier.
    pub opens_at: Seconds,
    /// How long it stays open.
    pub entry_life: Seconds,
    /// How long a changed set does not count yet.
    pub change_cooling_off: Seconds,
}
