//! Safety locks that are on.

use quittance_flows::lock::SafetyLock;
use quittance_protocol::{AccountId, Timestamp};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::{Page, Place, Store, to_doc};
use crate::failure::Failure;

/// One lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lock {
    pub(crate) account: AccountId,
    /// What the rules decide by.
    pub(crate) lock: SafetyLock,
    /// Whether the account's other devices are locked, too.
    pub(crate) other_devices: bool,
}

impl Store<'_> {
    pub(crate) fn lock(self, account: AccountId) -> Result<Option<Lock>, Failure> {
        self.doc("SELECT doc FROM locks WHERE account=?1", [account.to_string()])
    }

    /// Writes a lock; `due` is when the gateway has to look at it next.
    pub(crate) fn put_lock(self, lock: &Lock, due: Timestamp) -> Result<(), Failure> {
        self.run(
            "INSERT INTO locks (account, due, doc) VALUES (?1, ?2, ?3)
             ON CONFLICT (account) DO UPDATE SET due=excluded.due, doc=excluded.doc",
            params![lock.account.to_string(), due.unix(), to_doc(lock)?],
        )?;
        Ok(())
    }

    /// The lock is off.
    pub(crate) fn delete_lock(self, account: AccountId) -> Result<(), Failure> {
        self.run("DELETE FROM locks WHERE account=?1", [account.to_string()])?;
        Ok(())
    }

    /// Locks that the gateway has to look at now, the earliest first.
    pub(crate) fn locks_due(self, now: Timestamp, behind: Option<Place>) -> Result<Page<Lock>, Failure> {
        self.page_of_docs(
            "SELECT doc, due, rowid FROM locks WHERE due<=?1 AND (due, rowid)>(?2, ?3) ORDER BY due, rowid LIMIT ?4",
            now.unix(),
            behind,
        )
    }
}
