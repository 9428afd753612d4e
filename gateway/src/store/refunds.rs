//! Refunds: they need a charge's acquirer reference, not a living token.

use quittance_protocol::{ChargeId, Money, StatementId, Thumbprint, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Store, to_doc};
use crate::failure::Failure;

/// One refund, kept until the network has it and for the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) kid: Thumbprint,
    pub(crate) jti: StatementId,
    pub(crate) charge: ChargeId,
    pub(crate) amount: Money,
    /// What the network knows the charge by.
    pub(crate) acquirer_reference: String,
    pub(crate) at: Timestamp,
}

impl Store<'_> {
    pub(crate) fn add_refund(self, refund: &Refund) -> Result<(), Failure> {
        self.run(
            "INSERT INTO refunds (kid, jti, charge, minor, at, tried, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
            params![
                refund.kid.to_string(),
                refund.jti.to_string(),
                refund.charge.to_string(),
                refund.amount.minor(),
                refund.at.unix(),
                to_doc(refund)?
            ],
        )?;
        Ok(())
    }

    /// Minor units given back of a charge.
    pub(crate) fn refunded(self, charge: ChargeId) -> Result<i64, Failure> {
        let sum = self.one(
            "SELECT COALESCE(SUM(minor), 0) FROM refunds WHERE charge=?1",
            [charge.to_string()],
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or(0))
    }

    /// Refunds that the network does not have yet; those first that it was not asked for the longest time.
    pub(crate) fn refunds_due(self) -> Result<Vec<Result<Refund, Failure>>, Failure> {
        self.each_doc("SELECT doc FROM refunds WHERE sent=0 ORDER BY tried, at LIMIT 100", [])
    }

    /// The network is asked once more.
    pub(crate) fn refund_is_tried(self, refund: &Refund, at: Timestamp) -> Result<(), Failure> {
        self.run(
            "UPDATE refunds SET tried=?3 WHERE kid=?1 AND jti=?2",
            params![refund.kid.to_string(), refund.jti.to_string(), at.unix()],
        )?;
        Ok(())
    }

    /// The network has it.
    pub(crate) fn refund_is_sent(self, kid: &Thumbprint, jti: StatementId) -> Result<(), Failure> {
        self.run(
            "UPDATE refunds SET sent=1 WHERE kid=?1 AND jti=?2",
            params![kid.to_string(), jti.to_string()],
        )?;
        Ok(())
    }
}
