//! Plain records that a screen shows; nothing in them decides.

use crate::error::WalletError;
use crate::events::DisputeReason;
use crate::inner::Inner;
use crate::journal::{MandateRow, OrderRow, OutboxRow};
use crate::order_facts::{ending_of, known_order};
use crate::permits::standing;
use crate::ports::KeyStoreKind;
use crate::signing::read_offer;
use quittance_flows::HoldOwner;
use quittance_flows::destruction::phone::PhoneState;
use quittance_protocol::answer::MandateState;
use quittance_protocol::log_body::{ClosureKind, EvidenceLevel, TerminationCause};
use quittance_protocol::statement::{ReplicaState, Terms};
use quittance_protocol::{AccountId, DeviceId, MandateId, MerchantId, OfferId, OrderId, Timestamp};

/// Who this phone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolmentView {
    /// The payer's account.
    pub account: AccountId,
    /// This phone.
    pub device: DeviceId,
    /// What the gateway makes of the phone's keys.
    pub evidence_level: EvidenceLevel,
    /// What the keystore says of itself.
    pub key_store: KeyStoreKind,
}

/// A merchant's offer as it was scanned. A phone does not know merchants, so nobody has checked its signature: show the
/// words as the merchant's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferView {
    /// The offer.
    pub offer: OfferId,
    /// Who says it offers.
    pub merchant: MerchantId,
    /// What is offered, in the merchant's words.
    pub terms: Terms,
    /// Until before when it can be signed.
    pub expires_at: Timestamp,
}

/// One mandate as this phone knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateView {
    /// The mandate.
    pub mandate: MandateId,
    /// The merchant.
    pub merchant: MerchantId,
    /// What was agreed.
    pub terms: Terms,
    /// Where it stands on this phone.
    pub state: MandateState,
    /// Who holds it.
    pub holds: Vec<HoldOwner>,
    /// This phone's half of the token.
    pub phone_half: ReplicaState,
    /// The gateway's half, as it last told.
    pub gateway_half: Option<ReplicaState>,
    /// Whether this phone makes payer-present permits for it now.
    pub can_pay: bool,
    /// Permits made ahead whose window has not ended: what could still be charged without this phone.
    pub permits_ahead: u32,
    /// When the last of them ends.
    pub permits_until: Option<Timestamp>,
    /// When it became active.
    pub active_since: Option<Timestamp>,
    /// How it ends, once it does.
    pub ending: Option<EndingView>,
}

/// How far an end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndingView {
    /// The order, once the gateway's is known.
    pub order: Option<OrderId>,
    /// How far this phone has come.
    pub stage: EndingStage,
    /// Why the gateway's word is not believed, where it is not.
    pub dispute: Option<DisputeReason>,
}

/// How far an end has come, as this phone verified it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndingStage {
    /// It waits to be told to the gateway; this phone makes no permit any more.
    Waiting,
    /// Ordered for later: held until then, and can be taken back.
    Scheduled {
        /// Until before when it can be taken back.
        undo_until: Timestamp,
    },
    /// Taken back in time: it goes on.
    Undone,
    /// The gateway's order is known; this phone's half is being destroyed.
    Ordered,
    /// This phone's half is destroyed; the statement is on its way.
    Attesting,
    /// The gateway has the statement; its closure is missing.
    AwaitingClosure,
    /// Closed, verified.
    Closed(ClosureKind),
    /// The gateway's closure did not pass this phone's checks.
    Disputed,
}

/// A receipt in the payer's hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptView {
    /// The order.
    pub order: OrderId,
    /// What ended.
    pub mandates: Vec<MandateId>,
    /// Both sides, or the gateway alone.
    pub kind: ClosureKind,
    /// Why it ended.
    pub cause: TerminationCause,
    /// How strong the evidence of the phone's side is.
    pub evidence_level: EvidenceLevel,
    /// When the closure was logged.
    pub closed_at: Timestamp,
}

/// What one contact did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Whether the gateway was reached throughout.
    pub online: bool,
    /// Statements that were answered.
    pub sent: u32,
    /// Statements that still wait.
    pub waiting: u32,
    /// When the next attempt should be made, by the phone's own clock.
    pub next_attempt: Option<Timestamp>,
    /// Mandates that were closed, and verified, in this contact.
    pub closed: Vec<MandateId>,
}

/// Two checkpoints of the log that contradict each other, kept as evidence: signed notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvidence {
    /// What was seen before.
    pub seen: String,
    /// What was offered then.
    pub offered: String,
    /// Whether the two alone convict the log.
    pub proves_fork: bool,
}

impl OfferView {
    /// Reads the payload of a merchant's code, without a network. Its words are the merchant's own.
    ///
    /// # Errors
    /// [`WalletError::Offer`].
    pub fn read(text: &str) -> Result<Self, WalletError> {
        let offer = read_offer(text)?;
        Ok(Self {
            offer: offer.offer,
            merchant: offer.merchant,
            terms: offer.terms,
            expires_at: offer.expires_at,
        })
    }
}

impl Inner {
    pub(crate) fn mandate_views(&self) -> Result<Vec<MandateView>, WalletError> {
        let (orders, outbox) = (self.read_all()?, self.read_all()?);
        let now = self.estimate()?;
        Ok(self
            .read_all::<MandateRow>()?
            .into_iter()
            .map(|row| mandate_view(row, &orders, &outbox, now))
            .collect())
    }

    pub(crate) fn mandate_view(&self, mandate: MandateId) -> Result<MandateView, WalletError> {
        let row = self
            .read::<MandateRow>(mandate.as_bytes())?
            .ok_or(WalletError::UnknownMandate)?;
        Ok(mandate_view(
            row,
            &self.read_all()?,
            &self.read_all()?,
            self.estimate()?,
        ))
    }

    pub(crate) fn receipt_views(&self) -> Result<Vec<ReceiptView>, WalletError> {
        let mut views: Vec<ReceiptView> = self
            .read_all::<OrderRow>()?
            .into_iter()
            .filter_map(receipt_view)
            .collect();
        views.sort_by_key(|view| (view.closed_at, view.order));
        Ok(views)
    }
}

fn mandate_view(row: MandateRow, orders: &[OrderRow], outbox: &[OutboxRow], now: Timestamp) -> MandateView {
    let ahead: Vec<Timestamp> = standing(&row, outbox, now)
        .iter()
        .map(|permit| permit.not_after)
        .collect();
    let order = ending_of(&row, orders);
    MandateView {
        mandate: row.mandate,
        merchant: row.merchant,
        state: row.replica.state,
        holds: row.replica.holds.owners().collect(),
        phone_half: row.half,
        gateway_half: row.gateway.as_ref().map(|record| record.gateway_half),
        can_pay: row.can_pay(),
        permits_ahead: u32::try_from(ahead.len()).unwrap_or(u32::MAX),
        permits_until: ahead.into_iter().max(),
        active_since: row.gateway.as_ref().and_then(|record| record.active_since),
        ending: order.map(ending_view),
        terms: row.terms,
    }
}

pub(crate) fn ending_view(row: &OrderRow) -> EndingView {
    let stage = match &row.state {
        PhoneState::Intended { .. } => EndingStage::Waiting,
        PhoneState::Scheduled { effective_at, .. } => EndingStage::Scheduled {
            undo_until: *effective_at,
        },
        PhoneState::Undone(_) => EndingStage::Undone,
        PhoneState::Ordered(_) => EndingStage::Ordered,
        PhoneState::Attesting(_) => EndingStage::Attesting,
        PhoneState::Attested(_) => EndingStage::AwaitingClosure,
        PhoneState::Closed { kind, .. } => EndingStage::Closed(*kind),
        PhoneState::Disputed(_) => EndingStage::Disputed,
    };
    EndingView {
        order: known_order(&row.state).map(|order| order.order),
        stage,
        dispute: row.dispute,
    }
}

fn receipt_view(row: OrderRow) -> Option<ReceiptView> {
    let PhoneState::Closed { order, kind } = row.state else {
        return None;
    };
    let receipt = row.receipt?;
    Some(ReceiptView {
        order: order.order,
        mandates: order.mandates,
        kind,
        cause: receipt.cause,
        evidence_level: receipt.evidence_level,
        closed_at: receipt.closed_at,
    })
}
