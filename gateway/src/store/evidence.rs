//! What payers hand in: images and texts, sealed, until their time is over.

use quittance_protocol::{AccountId, Digest32, FlowId, Timestamp};
use rusqlite::params;

use super::Store;
use crate::failure::Failure;

impl Store<'_> {
    /// Keeps an upload; the same bytes again are the same upload, kept for longer.
    pub(crate) fn put_upload(
        self,
        account: AccountId,
        digest: &Digest32,
        sealed: &[u8],
        erase_at: Timestamp,
    ) -> Result<(), Failure> {
        self.run(
            "INSERT INTO uploads (account, digest, erase_at, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, digest) DO UPDATE SET erase_at=max(erase_at, excluded.erase_at)",
            params![
                account.to_string(),
                digest.as_bytes().as_slice(),
                erase_at.unix(),
                sealed
            ],
        )?;
        Ok(())
    }

    /// Whether an account handed this in, and it is not erased.
    pub(crate) fn has_upload(self, account: AccountId, digest: &Digest32) -> Result<bool, Failure> {
        let found = self.one(
            "SELECT 1 FROM uploads WHERE account=?1 AND digest=?2",
            params![account.to_string(), digest.as_bytes().as_slice()],
            |row| row.get::<_, i64>(0),
        )?;
        Ok(found.is_some())
    }

    /// How many uploads of an account are kept.
    pub(crate) fn count_uploads(self, account: AccountId) -> Result<i64, Failure> {
        let count = self.one(
            "SELECT COUNT(*) FROM uploads WHERE account=?1",
            [account.to_string()],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// Keeps what was entered at a step.
    pub(crate) fn put_entries(
        self,
        flow: FlowId,
        step: &str,
        sealed: &[u8],
        erase_at: Timestamp,
    ) -> Result<(), Failure> {
        self.run(
            "INSERT INTO entries (flow, step, erase_at, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (flow, step) DO UPDATE SET erase_at=excluded.erase_at, sealed=excluded.sealed",
            params![flow.to_string(), step, erase_at.unix(), sealed],
        )?;
        Ok(())
    }

    /// What was entered at a step, sealed.
    pub(crate) fn entries_at(self, flow: FlowId, step: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.one(
            "SELECT sealed FROM entries WHERE flow=?1 AND step=?2",
            params![flow.to_string(), step],
            |row| row.get(0),
        )
    }

    /// Erases what was entered at a step, before its time.
    pub(crate) fn erase_entries(self, flow: FlowId, step: &str) -> Result<(), Failure> {
        self.run(
            "DELETE FROM entries WHERE flow=?1 AND step=?2",
            params![flow.to_string(), step],
        )?;
        Ok(())
    }

    /// Erases what was kept for long enough.
    pub(crate) fn erase_evidence(self, now: Timestamp) -> Result<(), Failure> {
        for sql in [
            "DELETE FROM uploads WHERE erase_at<=?1",
            "DELETE FROM entries WHERE erase_at<=?1",
        ] {
            self.run(sql, [now.unix()])?;
        }
        Ok(())
    }
}
