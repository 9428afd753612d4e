//! Mandates with the gateway's half of their tokens.

use std::collections::BTreeMap;

use quittance_flows::mandate;
use quittance_protocol::answer::EnrolmentKind;
use quittance_protocol::statement::{ReplicaState, Terms};
use quittance_protocol::{
    AccountId, B64, DeviceId, Digest32, MandateId, MerchantId, OfferId, OrderId, PublicKey, Thumbprint, Timestamp,
    TokenId,
};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Page, Place, Store, to_doc, to_integer};
use crate::each::readable;
use crate::failure::Failure;

/// One mandate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Mandate {
    pub(crate) mandate: MandateId,
    pub(crate) account: AccountId,
    pub(crate) device: DeviceId,
    pub(crate) merchant: MerchantId,
    pub(crate) offer: OfferId,
    pub(crate) terms: Terms,
    pub(crate) token: TokenId,
    pub(crate) token_key: PublicKey,
    /// The token's public name in the log.
    pub(crate) commitment: Digest32,
    /// What the rules decide by.
    pub(crate) standing: mandate::Mandate,
    /// The gateway's half.
    pub(crate) half: ReplicaState,
    /// The funding reference, sealed under the half; gone with it.
    pub(crate) sealed_reference: Option<B64>,
    /// The card behind the reference, by the gateway's keyed digest of its name; gone with the reference. Absent for
    /// mandates of before, whose card nobody was told.
    #[serde(default)]
    pub(crate) card: Option<Digest32>,
    /// The payer's consent, as evidence.
    pub(crate) consent: String,
    /// The device's number of the statement that last told of its half, the consent first: what was said before it knows
    /// less.
    #[serde(rename = "consent_number")]
    pub(crate) told_number: u64,
    pub(crate) active_since: Option<Timestamp>,
    /// When it ends by itself unless it is activated.
    pub(crate) provisioning_until: Option<Timestamp>,
    pub(crate) order: Option<OrderId>,
    /// Who agreed to it.
    #[serde(default)]
    pub(crate) enrolment: EnrolmentKind,
    /// Whether the linked subscription renews itself; absent where there is none.
    #[serde(default)]
    pub(crate) auto_renewal: Option<bool>,
    pub(crate) version: u64,
}

impl Mandate {
    /// Brings the half in step with the mandate, as far as both can go back: held while somebody holds.
    pub(crate) fn follow_holds(&mut self) {
        if matches!(self.half, ReplicaState::Active | ReplicaState::Held) {
            self.half = if self.standing.holds.is_empty() {
                ReplicaState::Active
            } else {
                ReplicaState::Held
            };
        }
    }
}

impl Store<'_> {
    pub(crate) fn mandate(self, mandate: MandateId) -> Result<Option<Mandate>, Failure> {
        self.doc("SELECT doc FROM mandates WHERE mandate=?1", [mandate.to_string()])
    }

    pub(crate) fn mandate_of_token(self, token: TokenId) -> Result<Option<Mandate>, Failure> {
        self.doc("SELECT doc FROM mandates WHERE token=?1", [token.to_string()])
    }

    pub(crate) fn mandate_of_token_key(self, kid: &Thumbprint) -> Result<Option<Mandate>, Failure> {
        self.doc("SELECT doc FROM mandates WHERE token_kid=?1", [kid.to_string()])
    }

    /// Those mandates of a payer that can be read. One that cannot is left out: nobody can charge it either, and it keeps no
    /// lock, no stop and no news from the others.
    pub(crate) fn readable_mandates_of(self, account: AccountId) -> Result<Vec<Mandate>, Failure> {
        let rows = self.each_doc(
            "SELECT doc FROM mandates WHERE account=?1 ORDER BY rowid",
            [account.to_string()],
        )?;
        readable(rows)
    }

    /// Mandates that a card pays for.
    pub(crate) fn mandates_of_card(self, card: &Digest32) -> Result<Vec<Mandate>, Failure> {
        self.docs(
            "SELECT doc FROM mandates WHERE card=?1 ORDER BY account, rowid",
            [card.as_bytes().as_slice()],
        )
    }

    /// Notes that a card is gone; once is enough.
    pub(crate) fn add_removed_card(self, card: &Digest32, at: Timestamp) -> Result<(), Failure> {
        self.run(
            "INSERT INTO removed_cards (card, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![card.as_bytes().as_slice(), at.unix()],
        )?;
        Ok(())
    }

    /// Whether a card is gone.
    pub(crate) fn is_removed_card(self, card: &Digest32) -> Result<bool, Failure> {
        let found = self.one(
            "SELECT 1 FROM removed_cards WHERE card=?1",
            [card.as_bytes().as_slice()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// The mandates under an order, each by itself.
    pub(crate) fn mandates_of_order(self, order: OrderId) -> Result<Vec<Result<Mandate, Failure>>, Failure> {
        self.each_doc(
            "SELECT doc FROM mandates WHERE orders=?1 ORDER BY rowid",
            [order.to_string()],
        )
    }

    /// Every token, and whether it lives: nobody ordered its end, so its half stands in the vault.
    pub(crate) fn tokens(self) -> Result<BTreeMap<TokenId, bool>, Failure> {
        self.all("SELECT token, orders IS NULL FROM mandates", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?))
        })?
        .into_iter()
        .map(|(token, is_live)| Ok((super::to_id(&token)?, is_live)))
        .collect()
    }

    /// Mandates whose activation did not come in time.
    pub(crate) fn never_activated(self, now: Timestamp, behind: Option<Place>) -> Result<Page<Mandate>, Failure> {
        self.page_of_docs(
            "SELECT doc, provisioning_until, rowid FROM mandates
             WHERE provisioning_until<=?1 AND (provisioning_until, rowid)>(?2, ?3)
             ORDER BY provisioning_until, rowid LIMIT ?4",
            now.unix(),
            behind,
        )
    }

    /// Mandates under no order whose validity is over.
    pub(crate) fn mandates_over(self, now: Timestamp, behind: Option<Place>) -> Result<Page<Mandate>, Failure> {
        self.page_of_docs(
            "SELECT doc, ends_at, rowid FROM mandates WHERE ends_at<=?1 AND (ends_at, rowid)>(?2, ?3)
             ORDER BY ends_at, rowid LIMIT ?4",
            now.unix(),
            behind,
        )
    }

    pub(crate) fn offer_is_taken(self, account: AccountId, offer: OfferId) -> Result<bool, Failure> {
        let found = self.one(
            "SELECT 1 FROM mandates WHERE account=?1 AND offer=?2",
            params![account.to_string(), offer.to_string()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Writes a mandate as its next version.
    pub(crate) fn put_mandate(self, mandate: &mut Mandate) -> Result<(), Failure> {
        mandate.version = mandate.version.saturating_add(1);
        let ends_at = mandate.terms.valid_until.filter(|_| mandate.order.is_none());
        self.run(
            "INSERT INTO mandates
             (mandate, account, token, token_kid, offer, provisioning_until, version, orders, doc, ends_at, card)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (mandate) DO UPDATE SET provisioning_until=excluded.provisioning_until,
             version=excluded.version, orders=excluded.orders, doc=excluded.doc, ends_at=excluded.ends_at, card=excluded.card",
            params![
                mandate.mandate.to_string(),
                mandate.account.to_string(),
                mandate.token.to_string(),
                mandate.token_key.thumbprint().to_string(),
                mandate.offer.to_string(),
                mandate.provisioning_until.map(|until| until.unix()),
                to_integer(mandate.version)?,
                mandate.order.map(|order| order.to_string()),
                to_doc(mandate)?,
                ends_at.map(|until| until.unix()),
                mandate.card.map(|card| card.as_bytes().to_vec())
            ],
        )?;
        Ok(())
    }

    /// How often destroyed tokens of a payer were tried.
    pub(crate) fn dead_uses_of(self, account: AccountId) -> Result<u64, Failure> {
        let uses = self.one(
            "SELECT COALESCE(SUM(uses), 0) FROM dead_uses JOIN mandates USING (token) WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        super::from_integer(uses.unwrap_or(0))
    }

    /// Counts one more use of a destroyed token, and says how many there were with it.
    pub(crate) fn count_dead_use(self, token: TokenId) -> Result<u64, Failure> {
        let uses = self.one(
            "INSERT INTO dead_uses (token, uses) VALUES (?1, 1)
             ON CONFLICT (token) DO UPDATE SET uses=uses+1 RETURNING uses",
            [token.to_string()],
            |row| row.get(0),
        )?;
        super::from_integer(uses.unwrap_or(0))
    }
}
