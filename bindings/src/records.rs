//! Plain records that a screen shows: configuration, terms, offers, contact.

use crate::convert::{moment, same_variants_out, shows_nothing};
use crate::ports::KeyStoreKind;
use quittance_protocol as protocol;
use quittance_wallet as inner;
use std::time::SystemTime;

/// Where the wallet keeps its file, which gateway it speaks to, and whose word it believes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WalletConfig {
    /// Folder of the wallet's file; made where it is missing. One folder is one account. Keep it out of backups: on
    /// Android below `noBackupFilesDir`, on iOS with `isExcludedFromBackup` set.
    pub data_dir: String,
    /// Where the gateway answers: `https://…`. Cleartext only to a loopback address with `sandbox`.
    pub gateway_url: String,
    /// The gateway's origin: the audience of every statement.
    pub origin: String,
    /// The log's C2SP verifier key, `name+hash+base64`.
    pub log_vkey: String,
    /// The policy author's Ed25519 key: a JWK, or its 32 bytes as base64url.
    pub policy_author: String,
    /// Whether cleartext to a loopback address is allowed.
    #[uniffi(default = false)]
    pub sandbox: bool,
}

/// An amount in minor units (cents, fen) of one currency.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Money {
    /// Minor units, between minus and plus 2^53 - 1.
    pub minor: i64,
    /// ISO 4217 code in capitals.
    pub currency: String,
}

/// How a mandate is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum MandateKind {
    /// Charged once a billing period.
    Subscription,
    /// Charged when used: rides, parking.
    PayAsYouGo,
}

/// Bounds on the charges of one mandate.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Limits {
    /// Most for one charge.
    pub per_charge: Money,
    /// Most for one period.
    pub per_period: Money,
    /// Length of a period in days, counted from the mandate's activation.
    pub period_days: u16,
    /// Most for all charges together.
    pub total: Option<Money>,
    /// Most charges in one period.
    pub charges_per_period: Option<u32>,
    /// Most charges at all; 1 is a mandate for a single use.
    pub charges: Option<u32>,
    /// Whether each charge takes exactly `perCharge`, no less.
    pub exact: bool,
}

/// Where a mandate is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Channel {
    /// The merchant's own app or a shop.
    App,
    /// A mini-program, whose merchant has to release it.
    MiniProgram,
    /// A bank's direct debit, which the bank app confirms.
    Bank,
}

/// What a mandate allows, as it is shown and agreed to. Personal: printed, it shows nothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct Terms {
    /// The merchant's name.
    pub merchant_name: String,
    /// The service's name.
    pub service: String,
    /// How it is used.
    pub kind: MandateKind,
    /// Bounds on what may be charged.
    pub limits: Limits,
    /// No charge from this moment on; absent: until somebody ends it.
    pub valid_until: Option<SystemTime>,
    /// The merchant category, by which a payer may stop all charges of its kind.
    pub category: Option<String>,
    /// Where it is used, which decides the ways to stop it.
    pub channel: Channel,
    /// Whether the service renews itself; absent: it is no subscription with renewal.
    pub auto_renewal: Option<bool>,
    /// The service that brought this one along.
    pub bundled_with: Option<String>,
}

/// A merchant's offer as it was scanned. A phone does not know merchants, so nobody has checked its signature: show the
/// words as the merchant's own.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Offer {
    /// The offer.
    pub offer: String,
    /// Who says it offers.
    pub merchant: String,
    /// What is offered, in the merchant's words.
    pub terms: Terms,
    /// Until before when it can be signed.
    pub expires_at: SystemTime,
}

/// What the gateway makes of a phone's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EvidenceLevel {
    /// Nothing is proved: there is no chain for a key, or none to be believed.
    E0,
    /// A believed chain says hardware, and lacks something that counts.
    E1,
    /// Every key has a chain up to a pinned root that lacks nothing.
    E2,
}

/// Who this phone is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Enrolment {
    /// The payer's account.
    pub account: String,
    /// This phone.
    pub device: String,
    /// What the gateway makes of the phone's keys.
    pub evidence_level: EvidenceLevel,
    /// What the keystore says of itself.
    pub key_store: KeyStoreKind,
}

/// What one contact with the gateway did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SyncReport {
    /// Whether the gateway was reached throughout.
    pub online: bool,
    /// Statements that were answered.
    pub sent: u32,
    /// Statements that still wait.
    pub waiting: u32,
    /// When the app should sync again for what waits to be sent; absent where nothing waits.
    pub next_attempt: Option<SystemTime>,
    /// Mandates that were closed, and verified, in this contact.
    pub closed: Vec<String>,
}

/// Two checkpoints of the log that contradict each other: signed notes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogEvidence {
    /// What was seen before.
    pub seen: String,
    /// What was offered then.
    pub offered: String,
    /// Whether the two alone convict the log.
    pub proves_fork: bool,
}

shows_nothing!(Terms);
same_variants_out!(
    MandateKind = protocol::statement::MandateKind {
        Subscription,
        PayAsYouGo
    }
);
same_variants_out!(Channel = protocol::statement::Channel { App, MiniProgram, Bank });
same_variants_out!(EvidenceLevel = protocol::log_body::EvidenceLevel { E0, E1, E2 });

impl From<WalletConfig> for inner::WalletConfig {
    fn from(config: WalletConfig) -> Self {
        Self {
            data_dir: config.data_dir.into(),
            gateway_url: config.gateway_url,
            origin: config.origin,
            log_vkey: config.log_vkey,
            policy_author: config.policy_author,
            sandbox: config.sandbox,
        }
    }
}

impl From<protocol::Money> for Money {
    fn from(money: protocol::Money) -> Self {
        Self {
            minor: money.minor(),
            currency: money.currency().to_string(),
        }
    }
}

impl From<protocol::statement::Terms> for Terms {
    fn from(terms: protocol::statement::Terms) -> Self {
        Self {
            merchant_name: terms.merchant_name,
            service: terms.service,
            kind: terms.kind.into(),
            limits: terms.limits.into(),
            valid_until: terms.valid_until.map(moment),
            category: terms.category,
            channel: terms.channel.into(),
            auto_renewal: terms.auto_renewal,
            bundled_with: terms.bundled_with,
        }
    }
}

impl From<protocol::statement::Limits> for Limits {
    fn from(limits: protocol::statement::Limits) -> Self {
        Self {
            per_charge: limits.per_charge.into(),
            per_period: limits.per_period.into(),
            period_days: limits.period_days,
            total: limits.total.map(Into::into),
            charges_per_period: limits.charges_per_period,
            charges: limits.charges,
            exact: limits.exact,
        }
    }
}

impl From<inner::OfferView> for Offer {
    fn from(view: inner::OfferView) -> Self {
        Self {
            offer: view.offer.to_string(),
            merchant: view.merchant.to_string(),
            terms: view.terms.into(),
            expires_at: moment(view.expires_at),
        }
    }
}

impl From<inner::EnrolmentView> for Enrolment {
    fn from(view: inner::EnrolmentView) -> Self {
        Self {
            account: view.account.to_string(),
            device: view.device.to_string(),
            evidence_level: view.evidence_level.into(),
            key_store: view.key_store.into(),
        }
    }
}

impl From<inner::SyncReport> for SyncReport {
    fn from(report: inner::SyncReport) -> Self {
        Self {
            online: report.online,
            sent: report.sent,
            waiting: report.waiting,
            next_attempt: report.next_attempt.map(moment),
            closed: report.closed.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<inner::LogEvidence> for LogEvidence {
    fn from(evidence: inner::LogEvidence) -> Self {
        Self {
            seen: evidence.seen,
            offered: evidence.offered,
            proves_fork: evidence.proves_fork,
        }
    }
}
