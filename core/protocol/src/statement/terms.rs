//! What a payer agrees to: the terms of a mandate with their limits.

use crate::Timestamp;
use crate::bytes::Digest32;
use crate::money::Money;
use serde::{Deserialize, Serialize};

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
    /// Most bytes of a category, in UTF-8: a payer who stops it names it, and the gateway keeps what they named.
    pub const MOST_CATEGORY_BYTES: usize = 64;

    /// Most bytes of what a service is called, its own name and that of the one that brought it along, in UTF-8.
    pub const MOST_SERVICE_BYTES: usize = 256;

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
