//! What can charge the payer, as plain records: everything in a list, or one thing with its history.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::{ChargesRow, Deposited, MandateRow, OrderRow, OutboxRow};
use crate::lock::LockView;
use crate::order_facts::ending_of;
use crate::permits::standing;
use crate::texts::Text;
use crate::time::is_stale;
use crate::views::{EndingStage, EndingView, ending_view};
use quittance_flows::{HoldOwner, Seconds};
use quittance_protocol::answer::{ChargeRecord, EnrolmentKind, MandateState, Taken};
use quittance_protocol::bytes::Digest32;
use quittance_protocol::statement::{MandateKind, StopScope, Terms};
use quittance_protocol::{DeviceId, FlowId, MandateId, MerchantId, Money, OrderId, Timestamp};
use std::cmp::Reverse;
use std::sync::Arc;

/// Everything that can charge the payer, and what did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionsView {
    /// On first, then paused, ending, ended; in each the one that was agreed to last is first. None of them is hidden.
    pub permissions: Vec<PermissionView>,
    /// How many are on.
    pub on: u32,
    /// How many are paused, by whomever.
    pub paused: u32,
    /// How many are ending.
    pub ending: u32,
    /// How many have ended.
    pub ended: u32,
    /// The safety lock, while it is on.
    pub lock: Option<LockView>,
    /// Stop instructions in force.
    pub stops: Vec<StopScope>,
}

/// Where a permission stands, as the payer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PermissionGroup {
    /// It can be charged.
    On,
    /// It lives, and somebody holds it.
    Paused,
    /// Its end is wished for or ordered, and not yet closed.
    Ending,
    /// It has ended, or never came to life.
    Ended,
}

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionView {
    /// The mandate.
    pub mandate: MandateId,
    /// The merchant.
    pub merchant: MerchantId,
    /// What was agreed: names, limits, channel, renewal.
    pub terms: Terms,
    /// Where it stands for the payer.
    pub group: PermissionGroup,
    /// Where it stands.
    pub state: MandateState,
    /// Who holds it, and why.
    pub holds: Vec<HoldView>,
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
    pub ending: Option<EndingView>,
    /// Until when a scheduled end can be taken back.
    pub undo_until: Option<Timestamp>,
    /// When the gateway last told of it: how old the rest may be.
    pub as_of: Option<Timestamp>,
    /// That is longer ago than `sync.max_lag`, or never: a screen says so, and only a fresh read decides.
    pub stale: bool,
}

/// One hold, as the payer reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldView {
    /// Whose it is.
    pub owner: HoldOwner,
    /// Why.
    pub reason: Text,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Until when; absent: until its owner lifts it.
    pub until: Option<Timestamp>,
}

/// A charge that can come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextCharge {
    /// From when on; in the past where it can come at any time.
    pub from: Timestamp,
    /// At most how much.
    pub at_most: Money,
}

/// What could still be charged without this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// At most how many charges.
    pub charges: u32,
    /// Each at most of this much.
    pub per_charge: Money,
    /// Until when the last of them can come.
    pub until: Timestamp,
}

/// One permission with its history and its ways to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionDetail {
    /// As in the list.
    pub permission: PermissionView,
    /// What was agreed, as it was signed.
    pub agreed: AgreedView,
    /// What was charged and given back, newest first, as last fetched.
    pub history: Vec<ChargeRecord>,
    /// When the history was fetched; absent: never.
    pub history_as_of: Option<Timestamp>,
    /// The order that ends it, once there is one.
    pub order: Option<OrderId>,
}

/// The consent as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedView {
    /// The run that signed it.
    pub flow: FlowId,
    /// SHA-256 of the terms, as they were shown.
    pub terms_hash: Digest32,
    /// Language in which they were shown.
    pub locale: String,
    /// When the consent was signed, as it says itself; absent until it is, and on a phone that did not keep it.
    pub signed_at: Option<Timestamp>,
    /// The phone whose key signed it.
    pub device: Option<DeviceId>,
    /// Whether that is this phone.
    pub on_this_phone: bool,
    /// Since when it can be charged.
    pub active_since: Option<Timestamp>,
}

impl Inner {
    /// Everything that can charge the payer; read from this phone alone.
    pub(crate) fn permissions(&self) -> Result<PermissionsView, WalletError> {
        let (orders, outbox, now) = (self.read_all()?, self.read_all()?, self.estimate()?);
        let lag = self.policy()?.sync.max_lag;
        let mut permissions = Vec::new();
        for row in self.read_all::<MandateRow>()? {
            permissions.push((agreed_at(&row), permission(row, &orders, &outbox, now, lag)));
        }
        permissions.sort_by_key(|(agreed, view)| (view.group, Reverse(*agreed), view.mandate));
        let permissions: Vec<PermissionView> = permissions.into_iter().map(|(_, view)| view).collect();
        let count = |group: PermissionGroup| {
            let of_it = permissions.iter().filter(|view| view.group == group).count();
            u32::try_from(of_it).unwrap_or(u32::MAX)
        };
        let stopping = self.stopping_view()?;
        Ok(PermissionsView {
            on: count(PermissionGroup::On),
            paused: count(PermissionGroup::Paused),
            ending: count(PermissionGroup::Ending),
            ended: count(PermissionGroup::Ended),
            permissions,
            lock: stopping.lock,
            stops: stopping.stops,
        })
    }

    /// One permission; read from this phone alone.
    pub(crate) fn permission(&self, mandate: MandateId) -> Result<PermissionDetail, WalletError> {
        let row = self
            .read::<MandateRow>(mandate.as_bytes())?
            .ok_or(WalletError::UnknownMandate)?;
        let charges = self.read::<ChargesRow>(mandate.as_bytes())?;
        let phone = self.enrolled()?.enrolled.map(|enrolled| enrolled.device);
        let signer = row.consent.map(|consent| consent.device);
        let agreed = AgreedView {
            flow: row.flow,
            terms_hash: crate::signing::terms_hash(&crate::signing::read_offer(&row.offer)?.terms)?,
            locale: row.locale.clone(),
            signed_at: row.consent.map(|consent| consent.at),
            device: signer,
            on_this_phone: signer.is_some() && signer == phone,
            active_since: row.gateway.as_ref().and_then(|record| record.active_since),
        };
        let order = row.order;
        let (history, history_as_of) = charges.map_or((Vec::new(), None), |row| (row.charges, Some(row.as_of)));
        Ok(PermissionDetail {
            permission: permission(
                row,
                &self.read_all()?,
                &self.read_all()?,
                self.estimate()?,
                self.policy()?.sync.max_lag,
            ),
            agreed,
            history,
            history_as_of,
            order,
        })
    }

    /// Fetches a permission's history and keeps it.
    pub(crate) async fn refresh_history(self: &Arc<Self>, mandate: MandateId) -> Result<(), WalletError> {
        self.look(move |inner| {
            let known = inner.read::<MandateRow>(mandate.as_bytes())?;
            known.map(|_| ()).ok_or(WalletError::UnknownMandate)
        })
        .await?;
        let mut charges: Vec<ChargeRecord> = self.read_own(&format!("/v1/mandates/{mandate}/charges")).await?;
        charges.sort_by_key(|charge| Reverse(charge.at));
        self.unit(move |unit| {
            let as_of = unit.now()?;
            unit.put(&ChargesRow {
                mandate,
                charges,
                as_of,
            })
        })
        .await
    }
}

/// When the payer agreed; where this phone did not keep it, since when it can be charged.
fn agreed_at(row: &MandateRow) -> Option<Timestamp> {
    let active_since = row.gateway.as_ref().and_then(|record| record.active_since);
    row.consent.map(|consent| consent.at).or(active_since)
}

fn permission(
    row: MandateRow,
    orders: &[OrderRow],
    outbox: &[OutboxRow],
    now: Timestamp,
    lag: Seconds,
) -> PermissionView {
    let standing = standing(&row, outbox, now);
    let ending = ending_of(&row, orders).map(ending_view);
    let group = group_of(&row, ending.as_ref());
    let alive = matches!(group, PermissionGroup::On | PermissionGroup::Paused);
    let gateway = row.gateway.as_ref();
    let holds = row.replica.holds.iter().map(|hold| HoldView {
        owner: hold.owner,
        reason: Text::new(&hold.reason),
        since: hold.since,
        until: hold.until,
    });
    PermissionView {
        mandate: row.mandate,
        merchant: row.merchant,
        group,
        state: row.replica.state,
        holds: holds.collect(),
        switch_on: row.can_pay() && gateway.is_some_and(|record| record.state == MandateState::Active),
        system_default: gateway.is_some_and(|record| record.enrolment == EnrolmentKind::SystemDefault),
        next_charge: next_charge(&row, &standing, now).filter(|_| group == PermissionGroup::On),
        taken: gateway.and_then(|record| record.taken),
        exposure: exposure(&row, &standing).filter(|_| alive),
        undo_until: match ending.as_ref().map(|ending| ending.stage) {
            Some(EndingStage::Scheduled { undo_until }) => Some(undo_until),
            _ => None,
        },
        ending,
        as_of: gateway.and_then(|record| record.as_of),
        stale: is_stale(gateway.and_then(|record| record.as_of), now, lag),
        terms: row.terms,
    }
}

fn group_of(row: &MandateRow, ending: Option<&EndingView>) -> PermissionGroup {
    let closed = ending.is_some_and(|ending| matches!(ending.stage, EndingStage::Closed(_)));
    if closed || row.has_ended() && ending.is_none() {
        PermissionGroup::Ended
    } else if ending.is_some() || row.has_ended() {
        PermissionGroup::Ending
    } else if row.can_pay() {
        PermissionGroup::On
    } else {
        PermissionGroup::Paused
    }
}

fn next_charge(row: &MandateRow, standing: &[&Deposited], now: Timestamp) -> Option<NextCharge> {
    let from = match row.terms.kind {
        MandateKind::Subscription => standing.first()?.not_before,
        MandateKind::PayAsYouGo => standing.first()?.not_before.min(now),
    };
    Some(NextCharge {
        from,
        at_most: row.terms.limits.per_charge,
    })
}

fn exposure(row: &MandateRow, standing: &[&Deposited]) -> Option<Exposure> {
    let until = standing.iter().map(|permit| permit.not_after).max()?;
    Some(Exposure {
        charges: u32::try_from(standing.len()).unwrap_or(u32::MAX),
        per_charge: row.terms.limits.per_charge,
        until,
    })
}
