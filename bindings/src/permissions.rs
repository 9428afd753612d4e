//! Everything that can charge the payer, as a list or as one thing with its history.

use crate::convert::{all, id, moment, same_variants_out, shows_nothing};
use crate::error::WalletError;
use crate::mandates::{Ending, HoldOwner, MandateState};
use crate::records::{Money, Terms};
use crate::stopping::{SafetyLock, StopScope};
use crate::text::PromptText;
use crate::wallet::Wallet;
use quittance_protocol::answer::{ChargeDecision, ChargeRecord, Taken as ProtocolTaken};
use quittance_wallet as inner;
use std::time::SystemTime;

/// Everything that can charge the payer, with what did.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Permissions {
    /// On first, then paused, ending, ended; in each the one that was agreed to last is first. None of them is hidden.
    pub permissions: Vec<Permission>,
    /// How many are on.
    pub on: u32,
    /// How many are paused, by whomever.
    pub paused: u32,
    /// How many are ending.
    pub ending: u32,
    /// How many have ended.
    pub ended: u32,
    /// The safety lock, while it is on.
    pub lock: Option<SafetyLock>,
    /// Stop instructions in force.
    pub stops: Vec<StopScope>,
}

/// Where a permission stands, as the payer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PermissionGroup {
    /// It can be charged.
    On,
    /// It lives, but somebody holds it.
    Paused,
    /// Its end is wished for or ordered, not yet closed.
    Ending,
    /// It has ended, or never came to life.
    Ended,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Permission {
    /// The mandate.
    pub mandate: String,
    /// The merchant.
    pub merchant: String,
    /// What was agreed: names, limits, channel, renewal.
    pub terms: Terms,
    /// Where it stands for the payer.
    pub group: PermissionGroup,
    /// Where it stands.
    pub state: MandateState,
    /// Who holds it, each with the reason.
    pub holds: Vec<HoldDetail>,
    /// What its switch shows: on only where this phone and the gateway both let it be charged.
    pub switch_on: bool,
    /// Whether it was switched on without the payer.
    pub system_default: bool,
    /// The next charge that can come without this phone.
    pub next_charge: Option<NextCharge>,
    /// What was taken so far, as the gateway last told.
    pub taken: Option<Taken>,
    /// What could still be charged if this phone were lost now.
    pub exposure: Option<Exposure>,
    /// How far its end has come.
    pub ending: Option<Ending>,
    /// Until when a scheduled end can be taken back.
    pub undo_until: Option<SystemTime>,
    /// When the gateway last told of it: how old the rest may be.
    pub as_of: Option<SystemTime>,
    /// That is longer ago than the policy's `sync.max_lag`, or never: say so.
    pub stale: bool,
}

/// One hold, as the payer reads it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HoldDetail {
    /// Whose it is.
    pub owner: HoldOwner,
    /// Why.
    pub reason: PromptText,
    /// Since when.
    pub since: Option<SystemTime>,
    /// Until when; absent: until its owner lifts it.
    pub until: Option<SystemTime>,
}

/// A charge that can come.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NextCharge {
    /// From when on; in the past where it can come at any time.
    pub from: SystemTime,
    /// At most how much.
    pub at_most: Money,
}

/// What was taken under a mandate.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Taken {
    /// In the current period.
    pub in_period: Money,
    /// At all.
    pub in_total: Money,
    /// How many charges at all.
    pub charges: u32,
    /// When last.
    pub last_at: Option<SystemTime>,
}

/// What could still be charged without this phone.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Exposure {
    /// At most how many charges.
    pub charges: u32,
    /// Each at most of this much.
    pub per_charge: Money,
    /// Until when the last of them can come.
    pub until: SystemTime,
}

/// One permission with its history.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PermissionDetail {
    /// As in the list.
    pub permission: Permission,
    /// What was agreed, as it was signed.
    pub agreed: Agreement,
    /// What was charged or given back, newest first, as last fetched.
    pub history: Vec<PastCharge>,
    /// When the history was fetched; absent: never.
    pub history_as_of: Option<SystemTime>,
    /// The order that ends it, once there is one.
    pub order: Option<String>,
}

/// The consent as it was given.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Agreement {
    /// The run that signed it.
    pub flow: String,
    /// SHA-256 of the terms, as they were shown, in base64url.
    pub terms_hash: String,
    /// Language in which they were shown, as BCP 47.
    pub locale: String,
    /// When the consent was signed, as it says itself; absent until it is, or where the phone did not keep it.
    pub signed_at: Option<SystemTime>,
    /// The device whose key signed it.
    pub device: Option<String>,
    /// Whether that is this phone.
    pub on_this_phone: bool,
    /// Since when it can be charged.
    pub active_since: Option<SystemTime>,
}

/// One charge in a permission's history. Recoveries ask for what it says, so printed, it shows nothing.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
#[uniffi::export(Debug)]
pub struct PastCharge {
    /// The charge.
    pub charge: String,
    /// When.
    pub at: SystemTime,
    /// How much was wanted.
    pub amount: Money,
    /// What became of it.
    pub outcome: ChargeOutcome,
    /// How much of it was given back.
    pub refunded: Option<Money>,
}

/// What became of a charge.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ChargeOutcome {
    /// Money moved.
    Approved {
        /// How much.
        amount: Money,
    },
    /// No money moved.
    Declined {
        /// Why: the gateway's code.
        code: String,
    },
}

#[uniffi::export]
impl Wallet {
    /// Everything that can charge the payer, in groups, without a network; nothing of it is an empty list.
    pub async fn permissions(&self) -> Result<Permissions, WalletError> {
        Ok(self.look(|wallet| wallet.permissions()).await?.into())
    }

    /// One permission with its history as last fetched, without a network. Throws `Unknown`.
    pub async fn permission(&self, mandate: String) -> Result<PermissionDetail, WalletError> {
        let mandate = id("mandate", &mandate)?;
        Ok(self.look(move |wallet| wallet.permission(mandate)).await?.into())
    }

    /// Fetches a permission's history from the gateway. It is kept for when there is no network. Throws `Unknown`,
    /// `Offline`.
    pub async fn refresh_history(&self, mandate: String) -> Result<(), WalletError> {
        let mandate = id("mandate", &mandate)?;
        self.act(|wallet| async move { wallet.refresh_history(mandate).await })
            .await
    }
}

shows_nothing!(PastCharge);
same_variants_out!(
    PermissionGroup = inner::PermissionGroup {
        On,
        Paused,
        Ending,
        Ended
    }
);

impl From<inner::PermissionsView> for Permissions {
    fn from(view: inner::PermissionsView) -> Self {
        Self {
            permissions: all(view.permissions),
            on: view.on,
            paused: view.paused,
            ending: view.ending,
            ended: view.ended,
            lock: view.lock.map(Into::into),
            stops: all(view.stops),
        }
    }
}

impl From<inner::PermissionView> for Permission {
    fn from(view: inner::PermissionView) -> Self {
        Self {
            mandate: view.mandate.to_string(),
            merchant: view.merchant.to_string(),
            terms: view.terms.into(),
            group: view.group.into(),
            state: view.state.into(),
            holds: all(view.holds),
            switch_on: view.switch_on,
            system_default: view.system_default,
            next_charge: view.next_charge.map(Into::into),
            taken: view.taken.map(Into::into),
            exposure: view.exposure.map(Into::into),
            ending: view.ending.map(Into::into),
            undo_until: view.undo_until.map(moment),
            as_of: view.as_of.map(moment),
            stale: view.stale,
        }
    }
}

impl From<inner::HoldView> for HoldDetail {
    fn from(view: inner::HoldView) -> Self {
        Self {
            owner: view.owner.into(),
            reason: view.reason.into(),
            since: view.since.map(moment),
            until: view.until.map(moment),
        }
    }
}

impl From<inner::NextCharge> for NextCharge {
    fn from(next: inner::NextCharge) -> Self {
        Self {
            from: moment(next.from),
            at_most: next.at_most.into(),
        }
    }
}

impl From<ProtocolTaken> for Taken {
    fn from(taken: ProtocolTaken) -> Self {
        Self {
            in_period: taken.in_period.into(),
            in_total: taken.in_total.into(),
            charges: taken.charges,
            last_at: taken.last_at.map(moment),
        }
    }
}

impl From<inner::Exposure> for Exposure {
    fn from(exposure: inner::Exposure) -> Self {
        Self {
            charges: exposure.charges,
            per_charge: exposure.per_charge.into(),
            until: moment(exposure.until),
        }
    }
}

impl From<inner::PermissionDetail> for PermissionDetail {
    fn from(detail: inner::PermissionDetail) -> Self {
        Self {
            permission: detail.permission.into(),
            agreed: detail.agreed.into(),
            history: all(detail.history),
            history_as_of: detail.history_as_of.map(moment),
            order: detail.order.map(|order| order.to_string()),
        }
    }
}

impl From<inner::AgreedView> for Agreement {
    fn from(view: inner::AgreedView) -> Self {
        Self {
            flow: view.flow.to_string(),
            terms_hash: view.terms_hash.to_string(),
            locale: view.locale,
            signed_at: view.signed_at.map(moment),
            device: view.device.map(|device| device.to_string()),
            on_this_phone: view.on_this_phone,
            active_since: view.active_since.map(moment),
        }
    }
}

impl From<ChargeRecord> for PastCharge {
    fn from(record: ChargeRecord) -> Self {
        Self {
            charge: record.charge.to_string(),
            at: moment(record.at),
            amount: record.amount.into(),
            outcome: record.decision.into(),
            refunded: record.refunded.map(Into::into),
        }
    }
}

impl From<ChargeDecision> for ChargeOutcome {
    fn from(decision: ChargeDecision) -> Self {
        match decision {
            // The acquirer's reference is for the merchant, who refunds by it.
            ChargeDecision::Approved { amount, .. } => Self::Approved { amount: amount.into() },
            ChargeDecision::Declined { code } => Self::Declined {
                code: code.name().to_owned(),
            },
        }
    }
}
