//! Mandates as a screen shows them, with their ends.

use crate::convert::{moment, same_variants_out};
use crate::events::DisputeReason;
use crate::records::Terms;
use quittance_protocol as protocol;
use quittance_wallet as inner;
use std::time::SystemTime;

/// Where a mandate stands on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum MandateState {
    /// Proposed; nobody began to sign it.
    Draft,
    /// The payer is signing it.
    PendingAuthorization,
    /// Signed; the payer's bank has to authorize it.
    PendingBank,
    /// Both halves are being made.
    Provisioning,
    /// Can be charged.
    Active,
    /// Somebody holds it.
    Suspended,
    /// Its end is ordered for later; held until then, and can be undone.
    RevocationScheduled,
    /// Ending; no way back.
    Revoking,
    /// Ended.
    Ended,
    /// Never came to life.
    Rejected,
}

/// Who holds a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HoldOwner {
    /// The payer's own pause.
    Payer,
    /// A cancellation that is under way or was left.
    Revocation,
    /// The payer's safety lock.
    SafetyLock,
    /// Teen mode.
    Teen,
    /// The risk engine.
    Risk,
    /// A disputed charge.
    Dispute,
    /// The merchant paused its service.
    Merchant,
    /// The payer's identity has to be checked again.
    Recheck,
    /// An observation period after a recovery.
    Observation,
    /// The payer's account is being closed.
    Closure,
    /// The payer's stop instruction.
    Stop,
    /// This phone does not have its half any more, or cannot read it.
    Device,
}

/// Where one half of a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum HalfState {
    /// Made, not yet confirmed by the other side.
    Provisioning,
    /// Can pay.
    Active,
    /// Cannot pay; can become active again.
    Held,
    /// Cannot pay; only forward from here.
    Quiesced,
    /// Destroyed, probed and stated.
    Destroyed,
}

/// One mandate as this phone knows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Mandate {
    /// The mandate.
    pub mandate: String,
    /// The merchant.
    pub merchant: String,
    /// What was agreed.
    pub terms: Terms,
    /// Where it stands on this phone.
    pub state: MandateState,
    /// Who holds it.
    pub holds: Vec<HoldOwner>,
    /// This phone's half of the token.
    pub phone_half: HalfState,
    /// The gateway's half, as it last told.
    pub gateway_half: Option<HalfState>,
    /// Whether this phone makes payer-present permits for it now.
    pub can_pay: bool,
    /// Permits made ahead whose window has not ended: what could still be charged without this phone.
    pub permits_ahead: u32,
    /// When the last of them ends.
    pub permits_until: Option<SystemTime>,
    /// When it became active.
    pub active_since: Option<SystemTime>,
    /// How it ends, once it does.
    pub ending: Option<Ending>,
}

/// How far an end has come.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Ending {
    /// The order, once the gateway's is known.
    pub order: Option<String>,
    /// How far this phone has come.
    pub stage: EndingStage,
    /// Why the gateway's word is not believed, where it is not.
    pub dispute: Option<DisputeReason>,
}

/// How far an end has come, as this phone verified it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EndingStage {
    /// It waits to be told to the gateway; this phone makes no permit any more.
    Waiting,
    /// Ordered for later: held until then, and can be taken back.
    Scheduled {
        /// Until before when it can be taken back.
        undo_until: SystemTime,
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
    Closed {
        /// Both sides, or the gateway alone.
        kind: ClosureKind,
    },
    /// The gateway's closure did not pass this phone's checks.
    Disputed,
}

/// Who stated its destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ClosureKind {
    /// Phone and gateway.
    TwoSided,
    /// The gateway alone.
    Unilateral,
}

/// Why a mandate ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TerminationCause {
    /// The payer, online.
    Payer,
    /// The payer, without the gateway in reach.
    PayerOffline,
    /// The payer, together with others in one batch.
    PayerBatch,
    /// The merchant ended the service.
    Merchant,
    /// The platform ended it without the merchant.
    PlatformForced,
    /// Customer service, on the payer's behalf.
    Assisted,
    /// Its validity is over.
    Expired,
    /// Every charge that it allowed was made.
    Consumed,
    /// The payer's account was closed.
    AccountClosed,
    /// The merchant may take no money any more.
    MerchantBanned,
    /// The phone was wiped from afar.
    DeviceWiped,
    /// The risk engine.
    Risk,
    /// The payer's bank did not authorize it.
    BankRefused,
    /// The card that paid for it was removed.
    FundingRemoved,
    /// It never became active in time.
    NeverActivated,
}

same_variants_out!(
    MandateState = protocol::answer::MandateState {
        Draft,
        PendingAuthorization,
        PendingBank,
        Provisioning,
        Active,
        Suspended,
        RevocationScheduled,
        Revoking,
        Ended,
        Rejected
    }
);
same_variants_out!(
    HoldOwner = quittance_flows::HoldOwner {
        Payer,
        Revocation,
        SafetyLock,
        Teen,
        Risk,
        Dispute,
        Merchant,
        Recheck,
        Observation,
        Closure,
        Stop,
        Device
    }
);
same_variants_out!(
    HalfState = protocol::statement::ReplicaState {
        Provisioning,
        Active,
        Held,
        Quiesced,
        Destroyed
    }
);
same_variants_out!(ClosureKind = protocol::log_body::ClosureKind { TwoSided, Unilateral });
same_variants_out!(
    TerminationCause = protocol::log_body::TerminationCause {
        Payer,
        PayerOffline,
        PayerBatch,
        Merchant,
        PlatformForced,
        Assisted,
        Expired,
        Consumed,
        AccountClosed,
        MerchantBanned,
        DeviceWiped,
        Risk,
        BankRefused,
        FundingRemoved,
        NeverActivated
    }
);

impl From<inner::MandateView> for Mandate {
    fn from(view: inner::MandateView) -> Self {
        Self {
            mandate: view.mandate.to_string(),
            merchant: view.merchant.to_string(),
            terms: view.terms.into(),
            state: view.state.into(),
            holds: view.holds.into_iter().map(Into::into).collect(),
            phone_half: view.phone_half.into(),
            gateway_half: view.gateway_half.map(Into::into),
            can_pay: view.can_pay,
            permits_ahead: view.permits_ahead,
            permits_until: view.permits_until.map(moment),
            active_since: view.active_since.map(moment),
            ending: view.ending.map(Into::into),
        }
    }
}

impl From<inner::EndingView> for Ending {
    fn from(view: inner::EndingView) -> Self {
        Self {
            order: view.order.map(|order| order.to_string()),
            stage: view.stage.into(),
            dispute: view.dispute.map(Into::into),
        }
    }
}

impl From<inner::EndingStage> for EndingStage {
    fn from(stage: inner::EndingStage) -> Self {
        match stage {
            inner::EndingStage::Waiting => Self::Waiting,
            inner::EndingStage::Scheduled { undo_until } => Self::Scheduled {
                undo_until: moment(undo_until),
            },
            inner::EndingStage::Undone => Self::Undone,
            inner::EndingStage::Ordered => Self::Ordered,
            inner::EndingStage::Attesting => Self::Attesting,
            inner::EndingStage::AwaitingClosure => Self::AwaitingClosure,
            inner::EndingStage::Closed(kind) => Self::Closed { kind: kind.into() },
            inner::EndingStage::Disputed => Self::Disputed,
        }
    }
}
