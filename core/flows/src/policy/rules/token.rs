//! Values of payment tokens: `token.*`.

use crate::policy::span::Seconds;
use serde::Deserialize;

/// `token.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenRules {
    /// When a token's key is replaced.
    pub key: TokenKeyRules,
    /// Consent without activation is destroyed after this.
    pub provisioning_deadline: Seconds,
    /// An order whose phone is silent for this long closes unilaterally.
    pub device_deadline: Seconds,
    /// Charges in flight have this long before their outcome is asked for.
    pub drain: Seconds,
    /// How many permits are made ahead.
    pub permit: PermitRules,
}

/// `token.permit.*`: the bound on what a lost phone can still be charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermitRules {
    /// One permit for each billing period.
    pub subscription: SubscriptionPermits,
    /// A rolling pool.
    pub pay_as_you_go: PooledPermits,
}

/// `token.permit.subscription.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionPermits {
    /// Billing periods that have a permit.
    pub periods_ahead: u32,
}

/// `token.permit.pay_as_you_go.*`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PooledPermits {
    /// Permits in the pool.
    pub pool: u32,
    /// How long each can be used.
    pub window: Seconds,
}

/// `token.key.*`: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenKeyRules {
    /// Uses of one key.
    pub max_uses: u32,
    /// Age of one key.
    pub max_age: Seconds,
}
