//! The bundle's members as types, group by group.

mod cancellation;
mod factor;
mod head;
mod protection;
mod recovery;
mod risk;
mod token;

pub use cancellation::{
    AssistedRoute, BankConfirmation, Cancellation, ChannelSync, Enrolment, ForcedUnbind, MiniProgram, Route, Silence,
};
pub use factor::{
    Biometric, EvidenceRules, FactorCategory, FactorKindRules, FactorRules, FalseAcceptance, FlowRules,
    OneTimePassword, ReviewRules,
};
pub use head::BundleHead;
pub use protection::{
    AccountPasswordRules, Checkup, CheckupGroup, GestureRules, LimitRules, PinRules, RegionRules, Regions,
    RiskyRegions, SafetyLock, Secrets, Teen, Uploads,
};
pub use recovery::{
    FailureBudget, QuizAmount, QuizDate, QuizMerchant, QuizWeights, Recovery, TransactionQuiz, TrustedContacts,
};
pub use risk::{RiskBand, RiskRules};
pub use token::{PermitRules, PooledPermits, SubscriptionPermits, TokenKeyRules, TokenRules};

use super::calendar::Calendar;
use crate::definition::{FlowDefinition, Step};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Values that no code of this version reads by name: they are reached by their keys.
pub type Table = serde_json::Map<String, serde_json::Value>;

/// All values; `docs/policy.md` says how a bundle is made, `policy/keys.json` what each value is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// Which form of bundle this is.
    pub schema: String,
    /// Which bundle this is.
    pub bundle: BundleHead,
    /// Operations that ask for a factor whatever the risk is.
    pub always_step_up: Vec<String>,
    /// The biometric ladder (R-036 … R-042).
    pub biometric: Biometric,
    /// Which days are worked, by name.
    pub calendar: BTreeMap<String, Calendar>,
    /// The ways to stop (R-013 … R-035).
    pub cancellation: Cancellation,
    /// The check-up of the account.
    pub checkup: Checkup,
    /// Closing the account.
    pub closure: Table,
    /// How mandates may come to be.
    pub enrolment: Enrolment,
    /// What proves something.
    pub factor: FactorRules,
    /// Life of a flow.
    pub flow: FlowRules,
    /// Amounts or sizes that are never exceeded.
    pub limits: LimitRules,
    /// Levels of merchants (R-230 … R-245).
    pub merchant: Table,
    /// Codes that are sent to a phone.
    pub otp: OneTimePassword,
    /// What differs in a region: a JSON merge patch (RFC 7396) over this bundle, by the region's name.
    pub overlays: BTreeMap<String, Table>,
    /// Taking mandates to another wallet.
    pub portability: Table,
    /// Notice before a charge.
    pub pre_debit_notice: Table,
    /// Real-name verification (R-150 … R-183).
    pub real_name: Table,
    /// Getting back in after a forgotten PIN (R-068 … R-146).
    pub recovery: Recovery,
    /// What is asked where (R-049 … R-055).
    pub regions: Regions,
    /// Rating of risk.
    pub risk: RiskRules,
    /// The emergency freeze (R-056 … R-063).
    pub safety_lock: SafetyLock,
    /// What the payer knows.
    pub secrets: Secrets,
    /// Lag between channels.
    pub sync: ChannelSync,
    /// Accounts of minors (R-043 … R-048).
    pub teen: Teen,
    /// Payment tokens.
    pub token: TokenRules,
    /// Evidence that others judge: tries, patience.
    pub evidence: EvidenceRules,
    /// The review desk.
    pub review: ReviewRules,
    /// Steps that several flows share, by name.
    pub parts: BTreeMap<String, Vec<Step>>,
    /// Verification flows, by name.
    pub flows: BTreeMap<String, FlowDefinition>,
}
