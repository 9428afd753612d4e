//! What the payer should know, kept until the app says that it was shown.

use crate::convert::{moment, same_variants_out};
use crate::mandates::{ClosureKind, HoldOwner};
use crate::records::Money;
use quittance_wallet as inner;
use std::time::SystemTime;

/// Something that happened, under its number.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WalletNews {
    /// Larger than each number before it. A wallet gives a number once; another wallet, such as one that is set up anew, has
    /// numbers of its own.
    pub number: u64,
    /// What happened.
    pub event: WalletEvent,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum WalletEvent {
    /// A mandate can be charged from now on.
    MandateActive {
        /// Which.
        mandate: String,
    },
    /// A mandate never came to life; the phone's half is destroyed.
    MandateRejected {
        /// Which.
        mandate: String,
    },
    /// A mandate cannot pay from now on, on this phone.
    Held {
        /// Which.
        mandate: String,
        /// Who holds it.
        by: HoldOwner,
    },
    /// The phone's half is destroyed; something is still missing.
    Closing {
        /// The order.
        order: String,
        /// What is missing until it is closed.
        missing: Missing,
    },
    /// Closed, and verified by this phone.
    Closed {
        /// The order.
        order: String,
        /// What ended.
        mandates: Vec<String>,
        /// Both sides, or the gateway alone.
        kind: ClosureKind,
    },
    /// The payer took a scheduled end back in time: it goes on as before.
    Undone {
        /// The order.
        order: String,
        /// Which.
        mandate: String,
    },
    /// What the gateway says does not pass this phone's checks: not closed.
    Disputed {
        /// The order.
        order: String,
        /// Which check failed.
        reason: DisputeReason,
    },
    /// A merchant tried a destroyed token.
    DeadTokenUsed {
        /// Whose token.
        mandate: String,
        /// How often up to now.
        uses: u64,
    },
    /// A charge passed.
    Charged {
        /// Under which mandate.
        mandate: String,
        /// How much.
        amount: Money,
    },
    /// A charge passed after the moment at which a receipt of this phone says that its mandate was closed. The gateway said
    /// both: the receipt is the payer's proof.
    ChargedAfterEnd {
        /// Under which mandate.
        mandate: String,
        /// Whose receipt it contradicts.
        order: String,
        /// How much.
        amount: Money,
    },
    /// The gateway refused a wish to end mandates: they are held on this phone, and not stopped at the gateway yet.
    NotStopped {
        /// Which.
        mandates: Vec<String>,
        /// Why: the gateway's code.
        code: String,
    },
    /// A flow tells the payer something.
    Told {
        /// The flow.
        flow: String,
        /// Text key of what it tells.
        text: String,
    },
    /// The safety lock went on by itself.
    Locked {
        /// What put it on.
        trigger: String,
        /// Until when.
        until: SystemTime,
    },
    /// The safety lock ends soon.
    LockEnds {
        /// When.
        at: SystemTime,
    },
    /// The safety lock ended.
    Unlocked,
    /// A charge was declined because of a rule that the payer or a guardian can change.
    Declined {
        /// Under which mandate.
        mandate: String,
        /// Why: the gateway's code.
        code: String,
        /// How much was wanted.
        amount: Money,
    },
    /// A merchant objected to an end that was forced on it; nothing changes by it.
    MerchantObjected {
        /// The mandate.
        mandate: String,
    },
    /// Somebody names this payer as a trusted contact or guardian, and waits for an answer.
    AskedToVouch {
        /// The run that asks.
        flow: String,
        /// Whose it is.
        requester: String,
        /// What it is for: the flow's name.
        purpose: String,
    },
    /// The log showed two faces. Both checkpoints are kept.
    LogContradiction {
        /// Whether the two notes alone convict the log.
        proves_fork: bool,
    },
    /// The gateway put this phone in quarantine: another phone spoke with its keys, or an older state of it did. It takes no
    /// payment from it and nothing that allows one; what stops payments is taken as before. The phone has to be set up again.
    Quarantined,
    /// The gateway refused for good what this phone had said.
    Refused {
        /// What was said: the statement's name, such as `hold`.
        statement: String,
        /// Why: the gateway's code.
        code: String,
    },
}

/// What is missing until an order is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Missing {
    /// The phone's statement has to reach the gateway.
    PhoneStatement,
    /// The gateway's closure.
    GatewayClosure,
}

/// Which check of a destruction failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DisputeReason {
    /// The order's log entry does not hold, or opens to something else.
    OrderNotLogged,
    /// The order is for other mandates or tokens than this phone's.
    OrderMismatch,
    /// The receipt is no proof that the log holds a closure.
    ReceiptNotLogged,
    /// The annex does not open the receipt, or lacks a statement.
    AnnexMismatch,
    /// The closure is for another order.
    OtherOrder,
    /// The closure names other mandates or tokens.
    OtherToken,
    /// The closure carries another nonce.
    OtherNonce,
    /// The closure names another intent than this phone's.
    OtherIntent,
    /// The closure does not name this phone's own attestation.
    OwnAttestationMissing,
    /// The gateway's own destruction is missing, or is not in the log.
    DestroyedNotLogged,
    /// The gateway's statement of its destruction does not say what it must.
    DestroyedMismatch,
    /// The payer's risk rating was not refreshed.
    RiskNotRefreshed,
    /// The closure is pinned to another policy than the order.
    OtherPolicy,
    /// The log's checkpoints are not shown to be of one growing log.
    LogInconsistent,
}

same_variants_out!(
    Missing = inner::Missing {
        PhoneStatement,
        GatewayClosure
    }
);
same_variants_out!(
    DisputeReason = inner::DisputeReason {
        OrderNotLogged,
        OrderMismatch,
        ReceiptNotLogged,
        AnnexMismatch,
        OtherOrder,
        OtherToken,
        OtherNonce,
        OtherIntent,
        OwnAttestationMissing,
        DestroyedNotLogged,
        DestroyedMismatch,
        RiskNotRefreshed,
        OtherPolicy,
        LogInconsistent
    }
);

impl From<inner::WalletNews> for WalletNews {
    fn from(news: inner::WalletNews) -> Self {
        Self {
            number: news.number,
            event: news.event.into(),
        }
    }
}

impl From<inner::WalletEvent> for WalletEvent {
    fn from(event: inner::WalletEvent) -> Self {
        use inner::WalletEvent as Inner;
        match event {
            Inner::MandateActive { mandate } => Self::MandateActive {
                mandate: mandate.to_string(),
            },
            Inner::MandateRejected { mandate } => Self::MandateRejected {
                mandate: mandate.to_string(),
            },
            Inner::Held { mandate, by } => Self::Held {
                mandate: mandate.to_string(),
                by: by.into(),
            },
            Inner::Closing { order, missing } => Self::Closing {
                order: order.to_string(),
                missing: missing.into(),
            },
            Inner::Closed { order, mandates, kind } => Self::Closed {
                order: order.to_string(),
                mandates: mandates.iter().map(ToString::to_string).collect(),
                kind: kind.into(),
            },
            Inner::Undone { order, mandate } => Self::Undone {
                order: order.to_string(),
                mandate: mandate.to_string(),
            },
            Inner::Disputed { order, reason } => Self::Disputed {
                order: order.to_string(),
                reason: reason.into(),
            },
            Inner::DeadTokenUsed { mandate, uses } => Self::DeadTokenUsed {
                mandate: mandate.to_string(),
                uses,
            },
            Inner::Charged { mandate, amount } => Self::Charged {
                mandate: mandate.to_string(),
                amount: amount.into(),
            },
            Inner::ChargedAfterEnd { mandate, order, amount } => Self::ChargedAfterEnd {
                mandate: mandate.to_string(),
                order: order.to_string(),
                amount: amount.into(),
            },
            Inner::NotStopped { mandates, code } => Self::NotStopped {
                mandates: mandates.iter().map(ToString::to_string).collect(),
                code: code.name().to_owned(),
            },
            Inner::Told { flow, text } => Self::Told {
                flow: flow.to_string(),
                text,
            },
            Inner::Locked { trigger, until } => Self::Locked {
                trigger,
                until: moment(until),
            },
            Inner::LockEnds { at } => Self::LockEnds { at: moment(at) },
            Inner::Unlocked => Self::Unlocked,
            Inner::Declined { mandate, code, amount } => Self::Declined {
                mandate: mandate.to_string(),
                code: code.name().to_owned(),
                amount: amount.into(),
            },
            Inner::MerchantObjected { mandate } => Self::MerchantObjected {
                mandate: mandate.to_string(),
            },
            Inner::AskedToVouch {
                flow,
                requester,
                purpose,
            } => Self::AskedToVouch {
                flow: flow.to_string(),
                requester: requester.to_string(),
                purpose,
            },
            Inner::LogContradiction { proves_fork } => Self::LogContradiction { proves_fork },
            Inner::Quarantined => Self::Quarantined,
            Inner::Refused { statement, code } => Self::Refused {
                statement,
                code: code.name().to_owned(),
            },
        }
    }
}
