//! The log's entries, hashes, checkpoints; the policy bundles that stand in it.

use quittance_protocol::log::merkle::{Hash, HashStore, StoredHash};
use rusqlite::params;

use super::{Store, from_integer, to_array, to_integer};
use crate::failure::Failure;

/// One entry with the private text behind its commitment.
#[derive(Debug, Clone)]
pub(crate) struct StoredEntry {
    pub(crate) bytes: Vec<u8>,
    pub(crate) salt: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// The `tlog-proof` under the first checkpoint that covers it; none until that is signed.
    pub(crate) proof: Option<String>,
}

/// The stored hashes of complete subtrees.
impl HashStore for Store<'_> {
    fn hash(&self, level: u8, index: u64) -> Option<Hash> {
        let found: Option<Vec<u8>> = self
            .one(
                "SELECT hash FROM log_hashes WHERE level=?1 AND place=?2",
                params![level, to_integer(index).ok()?],
                |row| row.get(0),
            )
            .ok()?;
        to_array(&found?).ok()
    }
}

impl Store<'_> {
    /// A fact about this database that never changes.
    pub(crate) fn meta(self, name: &str) -> Result<Option<String>, Failure> {
        self.one("SELECT value FROM meta WHERE name=?1", [name], |row| row.get(0))
    }

    pub(crate) fn put_meta(self, name: &str, value: &str) -> Result<(), Failure> {
        self.run("INSERT INTO meta (name, value) VALUES (?1, ?2)", params![name, value])?;
        Ok(())
    }

    /// How many entries were appended, also in this transaction.
    pub(crate) fn log_size(self) -> Result<u64, Failure> {
        let size = self.one("SELECT COALESCE(MAX(place)+1, 0) FROM log_entries", [], |row| {
            row.get(0)
        })?;
        from_integer(size.unwrap_or(0))
    }

    pub(crate) fn add_entry(self, place: u64, entry: &StoredEntry, hashes: &[StoredHash]) -> Result<(), Failure> {
        self.run(
            "INSERT INTO log_entries (place, bytes, salt, body) VALUES (?1, ?2, ?3, ?4)",
            params![to_integer(place)?, entry.bytes, entry.salt, entry.body],
        )?;
        for stored in hashes {
            self.run(
                "INSERT INTO log_hashes (level, place, hash) VALUES (?1, ?2, ?3)",
                params![stored.level, to_integer(stored.index)?, stored.hash],
            )?;
        }
        Ok(())
    }

    pub(crate) fn entry(self, place: u64) -> Result<Option<StoredEntry>, Failure> {
        self.one(
            "SELECT bytes, salt, body, proof FROM log_entries WHERE place=?1",
            [to_integer(place)?],
            |row| {
                Ok(StoredEntry {
                    bytes: row.get(0)?,
                    salt: row.get(1)?,
                    body: row.get(2)?,
                    proof: row.get(3)?,
                })
            },
        )
    }

    pub(crate) fn entries(self, from: u64, below: u64) -> Result<Vec<Vec<u8>>, Failure> {
        self.all(
            "SELECT bytes FROM log_entries WHERE place>=?1 AND place<?2 ORDER BY place",
            params![to_integer(from)?, to_integer(below)?],
            |row| row.get(0),
        )
    }

    pub(crate) fn put_proof(self, place: u64, proof: &str) -> Result<(), Failure> {
        self.run(
            "UPDATE log_entries SET proof=?2 WHERE place=?1",
            params![to_integer(place)?, proof],
        )?;
        Ok(())
    }

    pub(crate) fn add_checkpoint(self, size: u64, note: &str) -> Result<(), Failure> {
        self.run(
            "INSERT INTO checkpoints (size, note) VALUES (?1, ?2)",
            params![to_integer(size)?, note],
        )?;
        Ok(())
    }

    /// The newest checkpoint: its size with its text.
    pub(crate) fn checkpoint(self) -> Result<Option<(u64, String)>, Failure> {
        let row = self.one(
            "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)),
        )?;
        row.map(|(size, note)| Ok((from_integer(size)?, note))).transpose()
    }

    /// Every bundle that was ever in force: version, compact statement, place of its entry.
    pub(crate) fn policies(self) -> Result<Vec<(u64, String, u64)>, Failure> {
        let rows = self.all(
            "SELECT version, bundle, entry FROM policies ORDER BY version",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?)),
        )?;
        rows.into_iter()
            .map(|(version, bundle, entry)| Ok((from_integer(version)?, bundle, from_integer(entry)?)))
            .collect()
    }

    pub(crate) fn add_policy(self, version: u64, bundle: &str, entry: u64) -> Result<(), Failure> {
        self.run(
            "INSERT INTO policies (version, bundle, entry) VALUES (?1, ?2, ?3)",
            params![to_integer(version)?, bundle, to_integer(entry)?],
        )?;
        Ok(())
    }
}
