//! Permits that were deposited, charges that used them.

use quittance_protocol::answer::ChargeDecision;
use quittance_protocol::statement;
use quittance_protocol::{
    ChargeId, Digest32, MandateId, MerchantId, Money, StatementId, Thumbprint, Timestamp, TokenId,
};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Store, from_integer, to_doc, to_id, to_integer};
use crate::failure::Failure;

/// A verified permit with its number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Permit {
    pub(crate) number: u64,
    pub(crate) content: Digest32,
    pub(crate) permit: statement::Permit,
}

/// Where a charge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeState {
    /// The card network was, or will be, asked.
    Pending,
    /// Money moved.
    Approved,
    /// No money moved.
    Declined,
}

/// A charge that passed the rules.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Charge {
    pub(crate) charge: ChargeId,
    pub(crate) mandate: MandateId,
    pub(crate) token: TokenId,
    pub(crate) merchant: MerchantId,
    pub(crate) amount: Money,
    pub(crate) reference: String,
    /// The permit that it uses.
    pub(crate) permit: u64,
    pub(crate) at: Timestamp,
    pub(crate) kid: Thumbprint,
    pub(crate) jti: StatementId,
    pub(crate) content: Digest32,
    pub(crate) state: ChargeState,
    pub(crate) decision: Option<ChargeDecision>,
}

/// A charge with its place in the sequence in which charges were reserved; one that went bad has a place, too.
pub(crate) type Placed = (i64, Result<Charge, Failure>);

impl Charge {
    /// The network's name of a charge that passed.
    pub(crate) fn acquirer_reference(&self) -> Option<String> {
        match &self.decision {
            Some(ChargeDecision::Approved { acquirer_reference, .. }) => Some(acquirer_reference.clone()),
            _ => None,
        }
    }
}

impl ChargeState {
    const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Declined => "declined",
        }
    }
}

impl Store<'_> {
    /// The content under which a token's number was seen.
    pub(crate) fn permit_content(self, token: TokenId, number: u64) -> Result<Option<Digest32>, Failure> {
        let content: Option<Vec<u8>> = self.one(
            "SELECT content FROM permits WHERE token=?1 AND number=?2",
            params![token.to_string(), to_integer(number)?],
            |row| row.get(0),
        )?;
        content
            .map(|content| super::to_array(&content).map(Digest32::from_bytes))
            .transpose()
    }

    /// Takes a permit whose number was never seen; `reserved` where a charge uses it at once.
    pub(crate) fn add_permit(self, token: TokenId, permit: &Permit, reserved: bool) -> Result<(), Failure> {
        self.run(
            "INSERT INTO permits (token, number, content, state, not_after, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                token.to_string(),
                to_integer(permit.number)?,
                permit.content.as_bytes(),
                if reserved { "reserved" } else { "unused" },
                permit.permit.not_after.unix(),
                to_doc(permit)?
            ],
        )?;
        Ok(())
    }

    /// Unused permits whose window has not ended, by number.
    pub(crate) fn unused_permits(self, token: TokenId, now: Timestamp) -> Result<Vec<Permit>, Failure> {
        self.docs(
            "SELECT doc FROM permits WHERE token=?1 AND state='unused' AND not_after>?2 ORDER BY number",
            params![token.to_string(), now.unix()],
        )
    }

    /// Whether the window of a permit has not ended.
    pub(crate) fn is_within_window(self, token: TokenId, number: u64, now: Timestamp) -> Result<bool, Failure> {
        let found = self.one(
            "SELECT not_after>?3 FROM permits WHERE token=?1 AND number=?2",
            params![token.to_string(), to_integer(number)?, now.unix()],
            |row| row.get(0),
        )?;
        Ok(found.unwrap_or(false))
    }

    /// How many permits can still be used, or are being used by a charge that may yet be declined.
    pub(crate) fn outstanding_permits(self, token: TokenId, now: Timestamp) -> Result<u64, Failure> {
        let count = self.one(
            "SELECT COUNT(*) FROM permits WHERE token=?1 AND state IN ('unused', 'reserved') AND not_after>?2",
            params![token.to_string(), now.unix()],
            |row| row.get(0),
        )?;
        from_integer(count.unwrap_or(0))
    }

    /// The last permit that could have been used when the token was quiesced.
    pub(crate) fn last_good_permit(self, token: TokenId) -> Result<Option<Permit>, Failure> {
        self.doc(
            "SELECT doc FROM permits WHERE token=?1 ORDER BY state='dropped' DESC, number DESC LIMIT 1",
            [token.to_string()],
        )
    }

    /// The next number of a token that was never seen, from 1.
    pub(crate) fn next_permit(self, token: TokenId) -> Result<u64, Failure> {
        let last: Option<i64> = self.one(
            "SELECT COALESCE(MAX(number), 0) FROM permits WHERE token=?1",
            [token.to_string()],
            |row| row.get(0),
        )?;
        Ok(from_integer(last.unwrap_or(0))?.saturating_add(1))
    }

    pub(crate) fn reserve_permit(self, token: TokenId, number: u64) -> Result<bool, Failure> {
        self.move_permit(token, number, "unused", "reserved")
    }

    pub(crate) fn use_permit(self, token: TokenId, number: u64) -> Result<bool, Failure> {
        self.move_permit(token, number, "reserved", "used")
    }

    pub(crate) fn free_permit(self, token: TokenId, number: u64) -> Result<bool, Failure> {
        self.move_permit(token, number, "reserved", "unused")
    }

    /// An unused permit can be used no more.
    pub(crate) fn drop_permit(self, token: TokenId, number: u64) -> Result<bool, Failure> {
        self.move_permit(token, number, "unused", "dropped")
    }

    fn move_permit(self, token: TokenId, number: u64, from: &str, to: &str) -> Result<bool, Failure> {
        let moved = self.run(
            "UPDATE permits SET state=?4 WHERE token=?1 AND number=?2 AND state=?3",
            params![token.to_string(), to_integer(number)?, from, to],
        )?;
        Ok(moved == 1)
    }

    /// No unused permit of the token can be used any more.
    pub(crate) fn drop_permits(self, token: TokenId) -> Result<(), Failure> {
        self.run(
            "UPDATE permits SET state='dropped' WHERE token=?1 AND state='unused'",
            [token.to_string()],
        )?;
        Ok(())
    }

    pub(crate) fn put_charge(self, charge: &Charge) -> Result<(), Failure> {
        self.run(
            "INSERT INTO charges (charge, mandate, kid, jti, state, at, minor, doc)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (charge) DO UPDATE SET state=excluded.state, doc=excluded.doc",
            params![
                charge.charge.to_string(),
                charge.mandate.to_string(),
                charge.kid.to_string(),
                charge.jti.to_string(),
                charge.state.name(),
                charge.at.unix(),
                charge.amount.minor(),
                to_doc(charge)?
            ],
        )?;
        Ok(())
    }

    pub(crate) fn charge(self, charge: ChargeId) -> Result<Option<Charge>, Failure> {
        self.doc("SELECT doc FROM charges WHERE charge=?1", [charge.to_string()])
    }

    /// Which statement wanted a charge.
    pub(crate) fn said_for(self, charge: ChargeId) -> Result<Option<(Thumbprint, StatementId)>, Failure> {
        let said = self.one(
            "SELECT kid, jti FROM charges WHERE charge=?1",
            [charge.to_string()],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        )?;
        said.map(|(kid, jti)| Ok((to_id(&kid)?, to_id(&jti)?))).transpose()
    }

    pub(crate) fn charge_of(self, kid: &Thumbprint, jti: StatementId) -> Result<Option<Charge>, Failure> {
        self.doc(
            "SELECT doc FROM charges WHERE kid=?1 AND jti=?2",
            params![kid.to_string(), jti.to_string()],
        )
    }

    /// Some charges whose outcome is not known, the oldest first, of those behind a place in their sequence.
    pub(crate) fn pending_behind(self, place: i64) -> Result<Vec<Placed>, Failure> {
        self.all(
            "SELECT doc, rowid FROM charges WHERE state='pending' AND rowid>?1 ORDER BY rowid LIMIT 100",
            [place],
            |row| Ok((row.get(1)?, super::read_doc(row))),
        )
    }

    /// Charges of some mandates that are in flight.
    pub(crate) fn pending_of(self, mandates: &[MandateId]) -> Result<Vec<ChargeId>, Failure> {
        let mut pending = Vec::new();
        for mandate in mandates {
            let charges = self.all(
                "SELECT charge FROM charges WHERE mandate=?1 AND state='pending' ORDER BY rowid",
                [mandate.to_string()],
                |row| row.get::<_, String>(0),
            )?;
            for charge in &charges {
                pending.push(to_id(charge)?);
            }
        }
        Ok(pending)
    }

    /// How many charges passed at all.
    pub(crate) fn approved_charges(self, mandate: MandateId) -> Result<u32, Failure> {
        let count = self.one(
            "SELECT COUNT(*) FROM charges WHERE mandate=?1 AND state='approved'",
            [mandate.to_string()],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// When a charge last passed.
    pub(crate) fn last_charge(self, mandate: MandateId) -> Result<Option<Timestamp>, Failure> {
        let last: Option<Option<i64>> = self.one(
            "SELECT MAX(at) FROM charges WHERE mandate=?1 AND state='approved'",
            [mandate.to_string()],
            |row| row.get(0),
        )?;
        last.flatten().map(super::to_time).transpose()
    }

    /// The charges of a mandate, the oldest first.
    pub(crate) fn charges_of(self, mandate: MandateId) -> Result<Vec<Charge>, Failure> {
        self.docs(
            "SELECT doc FROM charges WHERE mandate=?1 ORDER BY at, rowid",
            [mandate.to_string()],
        )
    }

    /// Minor units taken, or being taken, from a moment on where there is one, and by how many charges.
    pub(crate) fn taken_since(self, mandate: MandateId, from: Option<Timestamp>) -> Result<(i64, u32), Failure> {
        let taken = self.one(
            "SELECT COALESCE(SUM(minor), 0), COUNT(*) FROM charges WHERE mandate=?1 AND at>=?2 AND state!='declined'",
            params![mandate.to_string(), from.map_or(i64::MIN, |from| from.unix())],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(taken.unwrap_or((0, 0)))
    }

    /// The same without one charge, and before a moment where there is one.
    pub(crate) fn taken_beside(
        self,
        charge: &Charge,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<(i64, u32), Failure> {
        let taken = self.one(
            "SELECT COALESCE(SUM(minor), 0), COUNT(*) FROM charges
             WHERE mandate=?1 AND at>=?2 AND at<?3 AND state!='declined' AND charge!=?4",
            params![
                charge.mandate.to_string(),
                from.map_or(i64::MIN, |from| from.unix()),
                until.map_or(i64::MAX, |until| until.unix()),
                charge.charge.to_string()
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(taken.unwrap_or((0, 0)))
    }
}
