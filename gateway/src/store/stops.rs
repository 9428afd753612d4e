//! Stop instructions in force.

use quittance_protocol::statement::StopScope;
use quittance_protocol::{AccountId, Timestamp};
use rusqlite::params;

use super::{Store, to_doc};
use crate::failure::Failure;

impl Store<'_> {
    /// What a payer stopped.
    pub(crate) fn stops(self, account: AccountId) -> Result<Vec<StopScope>, Failure> {
        self.docs(
            "SELECT scope FROM stops WHERE account=?1 ORDER BY scope",
            [account.to_string()],
        )
    }

    /// Stops a scope; one that is stopped already stays so.
    pub(crate) fn add_stop(self, account: AccountId, scope: &StopScope, at: Timestamp) -> Result<(), Failure> {
        self.run(
            "INSERT INTO stops (account, scope, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            params![account.to_string(), to_doc(scope)?, at.unix()],
        )?;
        Ok(())
    }

    /// Takes an instruction back; says whether there was one.
    pub(crate) fn remove_stop(self, account: AccountId, scope: &StopScope) -> Result<bool, Failure> {
        let removed = self.run(
            "DELETE FROM stops WHERE account=?1 AND scope=?2",
            params![account.to_string(), to_doc(scope)?],
        )?;
        Ok(removed == 1)
    }
}
