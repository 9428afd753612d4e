//! Destruction orders.

use std::collections::BTreeSet;

use quittance_flows::destruction::gateway::{GatewayState, OwnHalf, PhoneSide};
use quittance_protocol::log_body::{ClosureKind, EvidenceLevel, TerminationCause};
use quittance_protocol::{AccountId, B64, Digest32, MandateId, OrderId, Timestamp, TokenId};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Page, Place, Store, to_doc};
use crate::failure::Failure;

/// One order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) order: OrderId,
    pub(crate) account: AccountId,
    pub(crate) mandates: Vec<MandateId>,
    /// Tokens whose halves end with it: not of what left it for an earlier end.
    pub(crate) tokens: Vec<TokenId>,
    /// All that it was logged with.
    pub(crate) commitments: Vec<Digest32>,
    pub(crate) cause: TerminationCause,
    pub(crate) nonce: B64,
    pub(crate) effective_at: Timestamp,
    /// SHA-256 of the policy bundle that it is pinned to.
    pub(crate) policy: Digest32,
    /// The payer's intent, compact.
    pub(crate) intent: Option<String>,
    pub(crate) intent_content: Option<Digest32>,
    /// The phone's attestation, compact.
    pub(crate) attestation: Option<String>,
    /// How strong the phone's side is.
    pub(crate) evidence_level: EvidenceLevel,
    /// What the rules decide by.
    pub(crate) state: GatewayState,
    /// The vault's destruction that ends its halves: one for all orders of a commit.
    pub(crate) batch: Option<B64>,
    pub(crate) drain_until: Timestamp,
    pub(crate) silent_until: Timestamp,
    /// Places of its entries in the log.
    pub(crate) ordered_entry: u64,
    pub(crate) destroyed_entry: Option<u64>,
    pub(crate) closure: Option<StoredClosure>,
    pub(crate) risk_epochs: Option<(u64, u64)>,
    /// What the phone found when it checked the closure.
    pub(crate) acknowledged: Option<bool>,
    /// Scheduled orders that some of its mandates left for it: what these say of their tokens waits for this one.
    #[serde(default)]
    pub(crate) left: BTreeSet<OrderId>,
}

/// The closure that was logged last.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct StoredClosure {
    pub(crate) kind: ClosureKind,
    /// Its place in the log.
    pub(crate) entry: u64,
}

impl Store<'_> {
    pub(crate) fn order(self, order: OrderId) -> Result<Option<Order>, Failure> {
        self.doc("SELECT doc FROM orders WHERE orders=?1", [order.to_string()])
    }

    pub(crate) fn put_order(self, order: &Order) -> Result<(), Failure> {
        let own = match order.state.own {
            OwnHalf::Scheduled => "scheduled",
            OwnHalf::Undone => "undone",
            OwnHalf::Quiesced => "quiesced",
            OwnHalf::Destroying => "destroying",
            OwnHalf::Destroyed => "destroyed",
        };
        let draining = (order.state.own == OwnHalf::Quiesced).then(|| order.drain_until.unix());
        let due = (order.state.own == OwnHalf::Scheduled).then(|| order.effective_at.unix());
        let silent = (order.state.phone == PhoneSide::Silent).then(|| order.silent_until.unix());
        self.run(
            "INSERT INTO orders (orders, account, own, batch, drain_until, silent_until, acknowledged, doc, due)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (orders) DO UPDATE SET own=excluded.own, batch=excluded.batch,
             drain_until=excluded.drain_until, silent_until=excluded.silent_until,
             acknowledged=excluded.acknowledged, doc=excluded.doc, due=excluded.due",
            params![
                order.order.to_string(),
                order.account.to_string(),
                own,
                order.batch.as_ref().map(B64::as_slice),
                draining,
                silent,
                order.acknowledged == Some(true),
                to_doc(order)?,
                due
            ],
        )?;
        Ok(())
    }

    /// Orders whose halves the vault has to destroy. The second term is the index's own: without it SQLite reads them all.
    pub(crate) fn destroying(self) -> Result<Vec<Result<Order, Failure>>, Failure> {
        self.each_doc(
            "SELECT doc FROM orders WHERE own='destroying' AND own IN ('quiesced', 'destroying') ORDER BY rowid",
            [],
        )
    }

    /// Orders that have waited long enough for charges in flight. They are few, and are looked through as they came.
    pub(crate) fn drained(self, now: Timestamp, behind: Option<Place>) -> Result<Page<Order>, Failure> {
        self.page_of_docs(
            "SELECT doc, 0, rowid FROM orders WHERE own='quiesced' AND own IN ('quiesced', 'destroying')
             AND drain_until<=?1 AND (0, rowid)>(?2, ?3) ORDER BY rowid LIMIT ?4",
            now.unix(),
            behind,
        )
    }

    /// Scheduled orders whose moment has come.
    pub(crate) fn scheduled_due(self, now: Timestamp, behind: Option<Place>) -> Result<Page<Order>, Failure> {
        self.page_of_docs(
            "SELECT doc, due, rowid FROM orders WHERE due<=?1 AND (due, rowid)>(?2, ?3) ORDER BY due, rowid LIMIT ?4",
            now.unix(),
            behind,
        )
    }

    /// Orders whose phone had its time and said nothing.
    pub(crate) fn overdue(self, now: Timestamp, behind: Option<Place>) -> Result<Page<Order>, Failure> {
        self.page_of_docs(
            "SELECT doc, silent_until, rowid FROM orders WHERE silent_until<=?1 AND own NOT IN ('scheduled', 'undone')
             AND (silent_until, rowid)>(?2, ?3) ORDER BY silent_until, rowid LIMIT ?4",
            now.unix(),
            behind,
        )
    }

    /// Orders that the phone has not confirmed as closed; what was taken back is told for as long as a phone may be
    /// silent.
    pub(crate) fn unacknowledged(
        self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Vec<Result<Order, Failure>>, Failure> {
        self.each_doc(
            "SELECT doc FROM orders WHERE account=?1 AND acknowledged=0 AND (own!='undone' OR silent_until>?2)
             ORDER BY rowid",
            params![account.to_string(), now.unix()],
        )
    }
}
