//! One turn of the sequencer: a transaction in which statements are decided one after the other.

use quittance_protocol::answer::FlowLog;
use quittance_protocol::{AccountId, ChargeId, DeviceId, OrderId, Problem, Timestamp, TokenId};
use quittance_vault::Vault;
use serde::Serialize;

use crate::failure::{Decided, Failure};
use crate::parties::NetworkCharge;
use crate::store::{Refund, Store};
use crate::world::World;

/// What a decision may touch.
pub(crate) struct Turn<'t> {
    /// The batch's transaction.
    pub(crate) store: Store<'t>,
    /// The halves.
    pub(crate) vault: &'t mut Vault,
    /// Everything that does not change.
    pub(crate) world: &'t World,
    /// Gateway time, one for the whole turn.
    pub(crate) now: Timestamp,
    /// Names the vault's destruction that this commit's orders will share.
    pub(crate) batch: [u8; 16],
    /// What to do once the turn is durable.
    pub(crate) after: Vec<After>,
    /// Whether what a crash left is being completed.
    pub(crate) resuming: bool,
}

impl<'t> Turn<'t> {
    /// Begins a turn, and with it its transaction.
    ///
    /// # Errors
    /// What the database or the source of randomness answers; the transaction may be open then.
    pub(crate) fn begin(
        store: Store<'t>,
        vault: &'t mut Vault,
        world: &'t World,
        now: Timestamp,
        resuming: bool,
    ) -> Result<Self, Failure> {
        store.begin()?;
        Ok(Self {
            store,
            vault,
            world,
            now,
            batch: world.draw()?,
            after: Vec::new(),
            resuming,
        })
    }
}

/// Something to be done after the commit, never before.
pub(crate) enum After {
    /// Ask the card network to charge.
    Charge(NetworkCharge),
    /// Ask the card network what became of a charge.
    Resolve(ChargeId),
    /// Ask the card network to give money back.
    Refund(Refund),
    /// Note in the vault that the row of a token's half is committed.
    HalfStands(TokenId),
    /// Let a read token read.
    OpenSession {
        token: Vec<u8>,
        account: AccountId,
        until: Timestamp,
    },
}

/// What the caller hears.
pub(crate) enum Answer {
    /// This JSON, now.
    Json(Vec<u8>),
    /// A refusal whose effects stay (a counted guess, an expired flow).
    Problem(Problem),
    /// A run's log. What its open step shows is personal: it is said, not stored.
    Flow(Box<FlowLog>),
    /// What is built at the end of the turn, of what stands then.
    Late(Late),
    /// A read token, which is not stored: it can be derived again.
    Session(Vec<u8>),
    /// Nothing yet: the card network is asked.
    Charge,
    /// Nothing yet, nothing done: the card network is asked how this token is paid for, then the statement is decided
    /// again.
    Fund(ToFund),
}

/// An answer that tells how things stand at the end of the turn.
pub(crate) enum Late {
    /// An order, with its log proofs.
    Order(OrderId),
    /// Every stop instruction of an account. It is not stored: what stands is said again.
    Stops(AccountId),
    /// How phone and gateway compare. It is as long as the account is old, so it is not stored: the comparison is made
    /// again.
    Reconciled {
        account: AccountId,
        device: DeviceId,
        orphans: Vec<TokenId>,
        events_after: u64,
    },
}

/// A token that has to be paid for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToFund {
    pub(crate) token: TokenId,
    /// Whose money.
    pub(crate) payer: AccountId,
}

impl Answer {
    /// An answer that stands already.
    pub(crate) fn json<T: Serialize>(value: &T) -> Decided<Self> {
        Ok(serde_json::to_vec(value)
            .map(Self::Json)
            .map_err(|_| Failure::Damaged("an answer"))?)
    }
}
