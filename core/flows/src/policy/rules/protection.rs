//! Values that protect the payer: `teen.*`, `regions.*`, `safety_lock.*`, `secrets.*`, `limits.*`, `checkup.*`.

use super::Table;
use crate::policy::span::Seconds;
use quittance_protocol::{Currency, Quantity};
use serde::Deserialize;

/// `teen.*`: accounts of minors.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teen {
    /// What the amounts are in: nothing is charged to a minor, nor granted, in another currency.
    pub currency: Currency,
    /// Most in one charge before a guardian raises it.
    pub default_limit: Quantity,
    /// Most that a guardian can allow in one charge.
    pub max_per_txn: Quantity,
    /// What the guardian proves, in this order.
    pub guardian_steps: Vec<String>,
    /// Age in years at which the limits end by themselves.
    pub majority_years: u8,
    /// How long the guardian may take to confirm that teen mode ends.
    pub guardian_confirm_by: Seconds,
}

/// `regions.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regions {
    /// Which of them holds for the payer: an overlay changes it.
    pub in_force: String,
    /// At home.
    pub domestic: RegionRules,
    /// Abroad.
    pub overseas: RegionRules,
    /// Where more is asked of everybody.
    pub high_risk: RiskyRegions,
}

/// `regions.{domestic|overseas}.*`: the factors of one region (R-053 … R-055).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionRules {
    /// Factors that every cancellation asks beside its own.
    pub extra_steps: Vec<String>,
    /// The factor that proves who somebody is.
    pub id: String,
    /// The factors that prove where somebody is: any of them.
    pub local: Vec<String>,
    /// What the rating of risk looks at.
    pub risk: String,
}

/// `regions.high_risk.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskyRegions {
    /// Region codes of the locator that are risky.
    pub regions: Vec<String>,
    /// Factors that are asked there, too.
    pub extra_steps: Vec<String>,
}

/// `safety_lock.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetyLock {
    /// How long it stays.
    pub duration: Seconds,
    /// How long it stays at most, however often the payer extends it.
    pub max_duration: Seconds,
    /// How long a password may be chosen after the payment PIN was proved for it.
    pub password_entry_life: Seconds,
    /// Whether locking needs the lock password.
    pub password_to_lock: bool,
    /// Whether early release needs it.
    pub password_to_release: bool,
    /// Wrong lock passwords until it can only expire.
    pub max_attempts: u32,
    /// How long before the end it is announced.
    pub expiry_notice: Seconds,
    /// Whether it expires while what triggered it is unresolved.
    pub expires_while_triggered: bool,
    /// What locks by itself.
    pub triggers: Vec<String>,
    /// What is locked or told with it.
    pub linked: Vec<String>,
}

/// `secrets.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// The payment PIN.
    pub payment_pin: PinRules,
    /// The password of the account.
    pub account_password: AccountPasswordRules,
    /// The pattern that is drawn.
    pub gesture: GestureRules,
}

/// `secrets.payment_pin.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinRules {
    /// How many digits.
    pub digits: u8,
    /// Wrong guesses until it locks.
    pub max_attempts: u32,
    /// How long it stays locked.
    pub locked_for: Seconds,
}

/// `secrets.account_password.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountPasswordRules {
    /// Fewest characters.
    pub min_length: u8,
    /// Kinds of characters that it must have, all of them.
    pub classes: Vec<String>,
    /// Age at which a change is suggested; none by default.
    pub max_age: Option<Seconds>,
}

/// `secrets.gesture.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GestureRules {
    /// Fewest points of the pattern.
    pub min_points: u8,
    /// Wrong patterns until the other secret is asked.
    pub max_attempts: u32,
    /// The secret that is asked then.
    pub then: String,
    /// When it is asked.
    pub ask: String,
}

/// `limits.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitRules {
    /// Accounts without verification.
    #[serde(rename = "L0")]
    pub level_0: Table,
    /// Accounts of the first level.
    #[serde(rename = "L1")]
    pub level_1: Table,
    /// Accounts of the second level.
    #[serde(rename = "L2")]
    pub level_2: Table,
    /// Accounts of the third level.
    #[serde(rename = "L3")]
    pub level_3: Table,
    /// Images that the payer sends.
    pub uploads: Uploads,
}

/// `limits.uploads.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uploads {
    /// Most bytes of one image.
    pub max_bytes: u64,
    /// Most images of one payer that are kept at once.
    pub max_kept: u32,
}

/// `checkup.*`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkup {
    /// The groups of findings, in the sequence in which they are shown; each of them once.
    pub groups: Vec<CheckupGroup>,
}

/// What a finding of the check-up puts at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckupGroup {
    /// Money: what can charge, and whether its end is certain.
    Payment,
    /// What the wallet runs on: the phone's system, and how it tells who holds it.
    LoginEnvironment,
    /// The account: who else could act in it, and whether its owner could get back in.
    AccountTheft,
    /// What somebody who holds the phone could read.
    PrivacyLeak,
}

impl CheckupGroup {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Payment,
        Self::LoginEnvironment,
        Self::AccountTheft,
        Self::PrivacyLeak,
    ];

    /// The group's word in the policy and in text keys.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::LoginEnvironment => "login_environment",
            Self::AccountTheft => "account_theft",
            Self::PrivacyLeak => "privacy_leak",
        }
    }
}
