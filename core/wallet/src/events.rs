//! What the payer should know, kept until the app says that it was shown.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::EventRow;
use quittance_flows::HoldOwner;
use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, FlowId, MandateId, Money, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

/// Something that happened, under its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletNews {
    /// Larger than each number before it. A wallet gives a number once, also after it forgot what was under it; another
    /// wallet has numbers of its own.
    pub number: u64,
    /// What happened.
    pub event: WalletEvent,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum WalletEvent {
    /// A mandate can be charged from now on.
    MandateActive {
        /// Which.
        mandate: MandateId,
    },
    /// A mandate never came to life; the phone's half is destroyed.
    MandateRejected {
        /// Which.
        mandate: MandateId,
    },
    /// A mandate cannot pay from now on, on this phone.
    Held {
        /// Which.
        mandate: MandateId,
        /// Who holds it.
        by: HoldOwner,
    },
    /// The gateway's order is known, and the phone's half is destroyed; something is still missing.
    Closing {
        /// The order.
        order: OrderId,
        /// What is missing until it is closed.
        missing: Missing,
    },
    /// Closed, and verified by this phone.
    Closed {
        /// The order.
        order: OrderId,
        /// What ended.
        mandates: Vec<MandateId>,
        /// Both sides, or the gateway alone.
        kind: ClosureKind,
    },
    /// The payer took a scheduled end back in time: it goes on as before.
    Undone {
        /// The order.
        order: OrderId,
        /// Which.
        mandate: MandateId,
    },
    /// What the gateway says does not pass this phone's checks: not closed.
    Disputed {
        /// The order.
        order: OrderId,
        /// Which check failed.
        reason: DisputeReason,
    },
    /// The gateway refused a wish to end mandates: they are held on this phone, and not stopped at the gateway yet.
    NotStopped {
        /// Which.
        mandates: Vec<MandateId>,
        /// Why.
        code: Code,
    },
    /// A merchant tried a destroyed token.
    DeadTokenUsed {
        /// Whose token.
        mandate: MandateId,
        /// How often up to now.
        uses: u64,
    },
    /// A charge passed.
    Charged {
        /// Under which mandate.
        mandate: MandateId,
        /// How much.
        amount: Money,
    },
    /// A charge passed after the moment at which a receipt of this phone says that its mandate was closed. The gateway said
    /// both: the receipt is the payer's proof.
    ChargedAfterEnd {
        /// Under which mandate.
        mandate: MandateId,
        /// Whose receipt it contradicts.
        order: OrderId,
        /// How much.
        amount: Money,
    },
    /// A flow tells the payer something: a text key of its definition.
    Told {
        /// The flow.
        flow: FlowId,
        /// The text key.
        text: String,
    },
    /// The safety lock went on by itself.
    Locked {
        /// What put it on.
        trigger: String,
        /// Until when.
        until: Timestamp,
    },
    /// The safety lock ends soon.
    LockEnds {
        /// When.
        at: Timestamp,
    },
    /// The safety lock ended.
    Unlocked,
    /// A charge was declined because of a rule that the payer or a guardian can change.
    Declined {
        /// Under which mandate.
        mandate: MandateId,
        /// Why.
        code: Code,
        /// How much was wanted.
        amount: Money,
    },
    /// A merchant objected to an end that was forced on it; nothing changes by it.
    MerchantObjected {
        /// The mandate.
        mandate: MandateId,
    },
    /// Somebody names this payer as a trusted contact or guardian, and waits for an answer.
    AskedToVouch {
        /// The run that asks.
        flow: FlowId,
        /// Whose it is.
        requester: AccountId,
        /// The definition's name: what it is for.
        purpose: String,
    },
    /// The log showed two faces. Both checkpoints are kept.
    LogContradiction {
        /// Whether the two notes alone convict the log.
        proves_fork: bool,
    },
    /// The gateway put this phone in quarantine: another phone spoke with its keys, or an older state of it did. It takes no
    /// payment from it and nothing that allows one; what stops payments is taken as before.
    Quarantined,
    /// The gateway refused for good what this phone had said.
    Refused {
        /// What was said: the statement's name, such as `hold`.
        statement: String,
        /// Why.
        code: Code,
    },
}

impl WalletEvent {
    /// What the payer is told of an event of the gateway's; nothing of a kind that this app does not know.
    pub(crate) fn of(kind: PayerEventKind) -> Option<Self> {
        use PayerEventKind as Kind;
        Some(match kind {
            Kind::DeadTokenUsed { mandate, uses } => Self::DeadTokenUsed { mandate, uses },
            Kind::Told { flow, text } => Self::Told { flow, text },
            Kind::Locked { trigger, until } => Self::Locked { trigger, until },
            Kind::LockEnds { at } => Self::LockEnds { at },
            Kind::Unlocked {} => Self::Unlocked,
            Kind::Declined { mandate, code, amount } => Self::Declined { mandate, code, amount },
            Kind::MerchantObjected { mandate } => Self::MerchantObjected { mandate },
            Kind::AskedToVouch {
                flow,
                requester,
                purpose,
            } => Self::AskedToVouch {
                flow,
                requester,
                purpose,
            },
            Kind::Charged { mandate, amount } => Self::Charged { mandate, amount },
            Kind::Unrecognised => return None,
        })
    }
}

/// What is missing until an order is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The phone's statement has to reach the gateway.
    PhoneStatement,
    /// The gateway's closure.
    GatewayClosure,
}

/// Which check of a destruction failed. The phone does not say *closed* before all of them pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// The closure does not name this phone's own attestation, or names one of no destruction as one of both sides.
    OwnAttestationMissing,
    /// The gateway's own destruction is missing, or is not in the log.
    DestroyedNotLogged,
    /// The gateway's statement of its destruction does not say what it must: probe, epochs, authorization, tokens, time.
    DestroyedMismatch,
    /// The payer's risk rating was not refreshed.
    RiskNotRefreshed,
    /// The closure is pinned to another policy than the order.
    OtherPolicy,
    /// The log's checkpoints are not shown to be of one growing log.
    LogInconsistent,
}

impl DisputeReason {
    /// The reason's name, as it is written in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderNotLogged => "order_not_logged",
            Self::OrderMismatch => "order_mismatch",
            Self::ReceiptNotLogged => "receipt_not_logged",
            Self::AnnexMismatch => "annex_mismatch",
            Self::OtherOrder => "other_order",
            Self::OtherToken => "other_token",
            Self::OtherNonce => "other_nonce",
            Self::OtherIntent => "other_intent",
            Self::OwnAttestationMissing => "own_attestation_missing",
            Self::DestroyedNotLogged => "destroyed_not_logged",
            Self::DestroyedMismatch => "destroyed_mismatch",
            Self::RiskNotRefreshed => "risk_not_refreshed",
            Self::OtherPolicy => "other_policy",
            Self::LogInconsistent => "log_inconsistent",
        }
    }
}

impl Inner {
    /// Forgets what was shown, then gives what is left, oldest first.
    pub(crate) fn news(&self, shown: Option<u64>) -> Result<Vec<WalletNews>, WalletError> {
        let left = match shown {
            None => self.read_all::<EventRow>()?,
            Some(shown) => self.unit_now(|unit| {
                let rows = unit.list::<EventRow>()?;
                if !rows.iter().any(|row| row.number == shown) {
                    // Forgotten before, and everything older with it; or no number of this wallet, which shows nothing.
                    return Ok(rows);
                }
                let (seen, left): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.number <= shown);
                seen.iter().for_each(|row| unit.delete(row));
                Ok(left)
            })?,
        };
        Ok(left.into_iter().map(WalletNews::from).collect())
    }
}

impl From<EventRow> for WalletNews {
    fn from(EventRow { number, event }: EventRow) -> Self {
        Self { number, event }
    }
}
