//! What can happen next.

use std::fmt;

use quittance_protocol::log_body::ClosureKind;

/// Who loses what it has in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// A phone of the payer's.
    Phone(usize),
    /// The gateway.
    Gateway,
}

/// What one side says to the other. Once said it may arrive never, once or often, in any sequence. A number says which
/// phone speaks, or is answered; what has none is told to each phone of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// The payer's signed wish.
    Intent(usize),
    /// The gateway's order, with whether it is effective.
    Order(bool),
    /// The payer's wish to take the order back.
    Undo(usize),
    /// The order was taken back.
    Undone,
    /// A phone's attestation.
    Attestation(usize),
    /// The gateway has it.
    Accepted(usize),
    /// The closure; true: of both sides.
    Closure(bool),
    /// One more permit.
    Permit(Signed),
}

/// A permit as a phone signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signed {
    /// The phone.
    pub phone: usize,
    /// The permit's number.
    pub number: u8,
    /// How many crashes were still to come then: what is signed again after one is other content.
    pub edition: u8,
}

impl Message {
    pub(crate) const fn closure(kind: ClosureKind) -> Self {
        Self::Closure(matches!(kind, ClosureKind::TwoSided))
    }

    pub(crate) const fn is_for_phones(self) -> bool {
        matches!(
            self,
            Self::Order(_) | Self::Undone | Self::Accepted(_) | Self::Closure(_)
        )
    }
}

/// One thing that happens. The first number says on which phone, where it is a phone's; the last one to which token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The payer stops a permission.
    Stop(usize, usize),
    /// A phone sends what its outbox holds.
    Send(usize, usize),
    /// The payer takes a scheduled end back.
    TakeBack(usize, usize),
    /// A phone makes one more permit.
    Permits(usize, usize),
    /// A phone carries out the order.
    PhoneDestroys(usize, usize),
    /// A phone writes the attestation that it owes (only where that is a step of its own).
    PhoneAttests(usize, usize),
    /// A phone hears.
    Hears(usize, usize, Message),
    /// A message arrives at the gateway.
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
    Due(Side, usize),
    /// The phones' time to attest is over.
    DeadlinePasses,
    /// The gateway acts on that.
    Overdue(usize),
    /// A side is killed, and started again.
    Crash(Side),
    /// A phone is lost, for ever.
    Lost(usize),
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intent(phone) => write!(f, "the wish of {}", Side::Phone(*phone)),
            Self::Order(true) => write!(f, "the order"),
            Self::Order(false) => write!(f, "the order for later"),
            Self::Undo(phone) => write!(f, "the wish of {} to take it back", Side::Phone(*phone)),
            Self::Undone => write!(f, "that the order was taken back"),
            Self::Attestation(phone) => write!(f, "the attestation of {}", Side::Phone(*phone)),
            Self::Accepted(phone) => write!(f, "that the attestation of {} is there", Side::Phone(*phone)),
            Self::Closure(true) => write!(f, "the closure by both sides"),
            Self::Closure(false) => write!(f, "the closure by one side"),
            Self::Permit(signed) => {
                let Signed { phone, number, .. } = signed;
                write!(f, "permit number {number} of {}", Side::Phone(*phone))
            }
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone(0) => "the phone",
            Self::Phone(_) => "the other phone",
            Self::Gateway => "the gateway",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phone = |number: &usize| Side::Phone(*number);
        match self {
            Self::Stop(p, token) => write!(f, "On {}: the payer stops permission {token}.", phone(p)),
            Self::Send(p, token) => write!(f, "On {}: what it has to say about {token} is sent.", phone(p)),
            Self::TakeBack(p, token) => write!(f, "On {}: the payer takes the end of {token} back.", phone(p)),
            Self::Permits(p, token) => write!(f, "On {}: one more permit for {token} is signed.", phone(p)),
            Self::PhoneDestroys(p, token) => write!(f, "On {}: its half of {token} is destroyed.", phone(p)),
            Self::PhoneAttests(p, token) => write!(f, "On {}: the attestation for {token} is written.", phone(p)),
            Self::Hears(p, token, message) => write!(f, "On {}: {message} about {token} arrives.", phone(p)),
            Self::Arrives(token, message) => write!(f, "At the gateway: {message} about {token} arrives."),
            Self::Charge(token) => write!(f, "The merchant charges {token}."),
            Self::ChargeEnds(token) => write!(f, "The charge of {token} comes to its end."),
            Self::Drained(token) => write!(f, "At the gateway: no charge of {token} is seen in flight."),
            Self::VaultDestroys(token) => write!(f, "At the gateway: the vault destroys its half of {token}."),
            Self::Commits(token) => write!(f, "At the gateway: that its half of {token} is gone is committed."),
            Self::Logs(token) => write!(f, "At the gateway: the closure of {token} is logged."),
            Self::TimeComes => write!(f, "The moment comes from which on nothing is taken back."),
            Self::Due(side, token) => write!(f, "At {side}: the end of {token} is seen to be due."),
            Self::DeadlinePasses => write!(f, "The time to attest is over."),
            Self::Overdue(token) => write!(f, "At the gateway: the phone is given up for {token}."),
            Self::Crash(side) => write!(f, "Killed, and started again: {side}."),
            Self::Lost(p) => write!(f, "Lost for ever: {}.", phone(p)),
        }
    }
}
