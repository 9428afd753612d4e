//! What can happen next.

use std::fmt;

use quittance_protocol::log_body::ClosureKind;

/// Who loses what it has in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The payer's phone.
    Phone,
    /// The gateway.
    Gateway,
}

/// What one side says to the other. Once said it may arrive never, once or often, in any sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// The payer's signed wish.
    Intent,
    /// The gateway's order, with whether it is effective.
    Order(bool),
    /// The payer's wish to take the order back.
    Undo,
    /// The order was taken back.
    Undone,
    /// The phone's attestation.
    Attestation,
    /// The gateway has it.
    Accepted,
    /// The closure; true: of both sides.
    Closure(bool),
}

impl Message {
    pub(crate) const fn closure(kind: ClosureKind) -> Self {
        Self::Closure(matches!(kind, ClosureKind::TwoSided))
    }

    pub(crate) const fn is_for_phone(self) -> bool {
        matches!(self, Self::Order(_) | Self::Undone | Self::Accepted | Self::Closure(_))
    }
}

/// One thing that happens; the number says to which token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The payer stops a permission.
    Stop(usize),
    /// The phone sends what its outbox holds.
    Send(usize),
    /// The payer takes a scheduled end back.
    TakeBack(usize),
    /// The phone carries out the order.
    PhoneDestroys(usize),
    /// The phone writes the attestation that it owes (only where that is a step of its own).
    PhoneAttests(usize),
    /// A message arrives.
    Arrives(usize, Message),
    /// The merchant wants money.
    Charge(usize),
    /// The charge in flight comes to its end.
    ChargeEnds(usize),
    /// The gateway sees that nothing is in flight any more.
    Drained(usize),
    /// The gateway's vault destroys the half.
    VaultDestroys(usize),
    /// The gateway commits what its vault did.
    Commits(usize),
    /// The gateway logs a closure that it owes (only where that is a step of its own).
    Logs(usize),
    /// The moment comes from which on nothing takes an order back.
    TimeComes,
    /// One side acts on that moment.
    Due(usize, Side),
    /// The phone's time to attest is over.
    DeadlinePasses,
    /// The gateway acts on that.
    Overdue(usize),
    /// A side is killed, and started again.
    Crash(Side),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stop(token) => write!(f, "The payer stops permission {token}."),
            Self::Send(token) => write!(f, "The phone sends what it has to say about {token}."),
            Self::TakeBack(token) => write!(f, "The payer takes the end of {token} back."),
            Self::PhoneDestroys(token) => write!(f, "The phone destroys its half of {token}."),
            Self::PhoneAttests(token) => write!(f, "The phone writes its attestation for {token}."),
            Self::Arrives(token, message) => write!(f, "{message:?} about {token} arrives."),
            Self::Charge(token) => write!(f, "The merchant charges {token}."),
            Self::ChargeEnds(token) => write!(f, "The charge of {token} comes to its end."),
            Self::Drained(token) => write!(f, "The gateway sees no charge of {token} in flight."),
            Self::VaultDestroys(token) => write!(f, "The gateway's vault destroys its half of {token}."),
            Self::Commits(token) => write!(f, "The gateway commits that its half of {token} is destroyed."),
            Self::Logs(token) => write!(f, "The gateway logs the closure of {token}."),
            Self::TimeComes => write!(f, "The moment comes from which on nothing is taken back."),
            Self::Due(token, side) => write!(f, "The {} sees that the end of {token} is due.", name(*side)),
            Self::DeadlinePasses => write!(f, "The phone's time to attest is over."),
            Self::Overdue(token) => write!(f, "The gateway gives the phone up for {token}."),
            Self::Crash(side) => write!(f, "The {} is killed and starts again.", name(*side)),
        }
    }
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Phone => "phone",
        Side::Gateway => "gateway",
    }
}
