//! What is on record between payers and merchants: obstructions, objections.

use quittance_protocol::{MandateId, MerchantId, Timestamp};
use rusqlite::params;

use super::{Store, from_integer};
use crate::failure::Failure;

impl Store<'_> {
    /// Records that a merchant stands in the way of a mandate's end.
    pub(crate) fn add_obstruction(
        self,
        merchant: MerchantId,
        mandate: MandateId,
        at: Timestamp,
    ) -> Result<(), Failure> {
        self.run(
            "INSERT INTO obstructions (merchant, mandate, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![merchant.to_string(), mandate.to_string(), at.unix()],
        )?;
        Ok(())
    }

    /// How often a merchant stood in the way.
    pub(crate) fn obstructions(self, merchant: MerchantId) -> Result<u64, Failure> {
        let count = self.one(
            "SELECT COUNT(*) FROM obstructions WHERE merchant=?1",
            [merchant.to_string()],
            |row| row.get(0),
        )?;
        from_integer(count.unwrap_or(0))
    }

    /// Records a merchant's objection as it was signed; the first one counts.
    pub(crate) fn add_objection(self, mandate: MandateId, at: Timestamp, statement: &str) -> Result<bool, Failure> {
        let added = self.run(
            "INSERT INTO objections (mandate, at, statement) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![mandate.to_string(), at.unix(), statement],
        )?;
        Ok(added == 1)
    }
}
