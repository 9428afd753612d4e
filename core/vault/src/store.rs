//! The rows of a vault: every statement that reads or writes one.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::destruction::{SealedDestruction, orders_from_bytes, orders_to_bytes};
use crate::error::VaultError;
use crate::journal::SealedRow;
use crate::record::{RecordKey, RecordKind};
use crate::seal::Tag;
use crate::tree::{NodeStore, SealedNode, Spot};

/// The one row that says which vault this is and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) vault: [u8; 16],
    pub(crate) height: u8,
    pub(crate) epoch: u64,
    /// The root node's key, wrapped by the key of `epoch`.
    pub(crate) root_wrapped: Vec<u8>,
    /// The journal's keys, sealed under the root node's key.
    pub(crate) journal: Vec<u8>,
    /// The lowest slot that was never used.
    pub(crate) next_slot: u64,
    /// The first slot that a destroyed record left; its row names the next one.
    pub(crate) free_slot: Option<u64>,
    /// Destructions that are pending, and the last ones that are done. They stand in the header because it is written with
    /// each of them anyway.
    pub(crate) orders: Vec<SealedDestruction>,
}

/// A record as it stands in the file.
pub(crate) struct SealedRecord {
    pub(crate) slot: u64,
    pub(crate) version: u64,
    pub(crate) sealed: Vec<u8>,
}

/// Stands in a free row where no other follows.
const NO_SLOT: i64 = -1;

/// The rows of the vault, through one connection.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a>(pub(crate) &'a Connection);

impl Rows<'_> {
    pub(crate) fn header(&self) -> Result<Header, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT vault, height, epoch, root, journal, next_slot, free_slot, orders FROM header")?;
        let row = statement
            .query_row([], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get::<_, i64>(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get::<_, i64>(5)?,
                    row.get::<_, Option<i64>>(6)?,
                    row.get::<_, Vec<u8>>(7)?,
                ))
            })
            .optional()?;
        let (vault, height, epoch, root_wrapped, journal, next_slot, free_slot, orders) =
            row.ok_or(VaultError::Corrupt { part: "header" })?;
        Ok(Header {
            vault,
            height,
            epoch: from_sql(epoch)?,
            root_wrapped,
            journal,
            next_slot: from_sql(next_slot)?,
            free_slot: free_slot.map(from_sql).transpose()?,
            orders: orders_from_bytes(&orders)?,
        })
    }

    pub(crate) fn put_header(&self, header: &Header) -> Result<(), VaultError> {
        self.0
            .prepare_cached(
                "INSERT INTO header (one, vault, height, epoch, root, journal, next_slot, free_slot, orders, settled)
             VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)
             ON CONFLICT (one) DO UPDATE
             SET height = ?2, epoch = ?3, root = ?4, journal = ?5, next_slot = ?6, free_slot = ?7, orders = ?8",
            )?
            .execute(params![
                header.vault,
                header.height,
                to_sql(header.epoch, "epoch")?,
                header.root_wrapped,
                header.journal,
                to_sql(header.next_slot, "slot")?,
                header.free_slot.map(|slot| to_sql(slot, "slot")).transpose()?,
                orders_to_bytes(&header.orders)?
            ])?;
        Ok(())
    }

    pub(crate) fn record(&self, key: &RecordKey) -> Result<Option<SealedRecord>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT slot, version, sealed FROM records WHERE name = ?1")?;
        let row = statement
            .query_row([key.name()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?))
            })
            .optional()?;
        row.map(|(slot, version, sealed)| {
            Ok(SealedRecord {
                slot: from_sql(slot)?,
                version: from_sql(version)?,
                sealed,
            })
        })
        .transpose()
    }

    /// Slot and version of a record, without its bytes.
    pub(crate) fn record_place(&self, key: &RecordKey) -> Result<Option<(u64, u64)>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT slot, version FROM records WHERE name = ?1")?;
        let row = statement
            .query_row([key.name()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        row.map(|(slot, version)| Ok((from_sql(slot)?, from_sql(version)?)))
            .transpose()
    }

    /// The slot of a record whose row may be damaged, where it can be one.
    pub(crate) fn record_slot(&self, key: &RecordKey) -> Result<Option<u64>, VaultError> {
        let mut statement = self.0.prepare_cached("SELECT slot FROM records WHERE name = ?1")?;
        let slot = statement
            .query_row([key.name()], |row| row.get::<_, i64>(0))
            .optional()?;
        Ok(slot.and_then(|slot| u64::try_from(slot).ok()))
    }

    /// Stores a record of its own slot, which is new or free: what says which slot is free is not sealed, so it is not
    /// believed over a row that lives.
    pub(crate) fn insert_record(&self, key: &RecordKey, record: &SealedRecord) -> Result<(), VaultError> {
        self.put_record(
            "INSERT INTO records (slot, name, version, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (slot) DO UPDATE SET name = ?2, version = ?3, sealed = ?4 WHERE name IS NULL",
            key,
            record,
            "free slots",
        )
    }

    /// Stores the next version of a record that stands.
    pub(crate) fn update_record(&self, key: &RecordKey, record: &SealedRecord) -> Result<(), VaultError> {
        self.put_record(
            "UPDATE records SET version = ?3, sealed = ?4 WHERE slot = ?1 AND name = ?2",
            key,
            record,
            "list of records",
        )
    }

    /// Runs a statement that has to change one row; where it changes none, this part of the file is damaged.
    fn put_record(
        &self,
        statement: &str,
        key: &RecordKey,
        record: &SealedRecord,
        part: &'static str,
    ) -> Result<(), VaultError> {
        let changed = self.0.prepare_cached(statement)?.execute(params![
            to_sql(record.slot, "slot")?,
            key.name(),
            to_sql(record.version, "version")?,
            record.sealed
        ])?;
        if changed == 1 {
            Ok(())
        } else {
            Err(VaultError::Corrupt { part })
        }
    }

    /// Ends a record: its row keeps nothing but the next free slot.
    pub(crate) fn free_record(&self, slot: u64, next: Option<u64>) -> Result<(), VaultError> {
        let next = next.map_or(Ok(NO_SLOT), |next| to_sql(next, "slot"))?;
        self.0
            .prepare_cached("UPDATE records SET name = NULL, version = ?2, sealed = x'' WHERE slot = ?1")?
            .execute([to_sql(slot, "slot")?, next])?;
        Ok(())
    }

    /// Takes a record's row away, with its slot.
    pub(crate) fn remove_record(&self, key: &RecordKey) -> Result<(), VaultError> {
        self.0
            .prepare_cached("DELETE FROM records WHERE name = ?1")?
            .execute([key.name()])?;
        Ok(())
    }

    /// The free slot behind this one.
    pub(crate) fn free_slot_behind(&self, slot: u64) -> Result<Option<u64>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT version FROM records WHERE slot = ?1 AND name IS NULL")?;
        let next = statement
            .query_row([to_sql(slot, "slot")?], |row| row.get::<_, i64>(0))
            .optional()?;
        match next {
            Some(NO_SLOT) => Ok(None),
            Some(next) => from_sql(next).map(Some),
            None => Err(VaultError::Corrupt { part: "free slots" }),
        }
    }

    pub(crate) fn record_ids(&self, kind: RecordKind) -> Result<Vec<[u8; 16]>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT name FROM records WHERE name BETWEEN ?1 AND ?2 ORDER BY name")?;
        let [first, last] = [0, u8::MAX].map(|byte| RecordKey::new(kind, [byte; 16]).name());
        let mut rows = statement.query([first, last])?;
        let mut ids = Vec::new();
        while let Some(row) = rows.next()? {
            let [_kind, id @ ..] = row.get::<_, [u8; 17]>(0)?;
            ids.push(id);
        }
        Ok(ids)
    }

    pub(crate) fn journal_row(&self, collection: &Tag, name: &Tag) -> Result<Option<SealedRow>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT version, sealed FROM journal WHERE collection = ?1 AND name = ?2")?;
        let row = statement
            .query_row([collection, name], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(version, sealed)| {
            Ok(SealedRow {
                name: *name,
                version: from_sql(version)?,
                sealed,
            })
        })
        .transpose()
    }

    /// The version of a row, without its bytes.
    pub(crate) fn journal_version(&self, collection: &Tag, name: &Tag) -> Result<Option<u64>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT version FROM journal WHERE collection = ?1 AND name = ?2")?;
        let row = statement.query_row([collection, name], |row| row.get(0)).optional()?;
        row.map(from_sql).transpose()
    }

    /// Runs through the rows of a collection: name, version and sealed bytes, which are lent for the call.
    pub(crate) fn each_journal_row(
        &self,
        collection: &Tag,
        mut each: impl FnMut(Tag, u64, &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT name, version, sealed FROM journal WHERE collection = ?1")?;
        let mut rows = statement.query([collection])?;
        while let Some(row) = rows.next()? {
            let sealed = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
            each(row.get(0)?, from_sql(row.get(1)?)?, sealed)?;
        }
        Ok(())
    }

    pub(crate) fn put_journal_row(&self, collection: &Tag, row: &SealedRow) -> Result<(), VaultError> {
        self.0
            .prepare_cached(
                "INSERT INTO journal (name, collection, version, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (collection, name) DO UPDATE SET version = ?3, sealed = ?4",
            )?
            .execute(params![
                row.name,
                collection,
                to_sql(row.version, "version")?,
                row.sealed
            ])?;
        Ok(())
    }

    /// Removes a row of the journal; says whether there was one.
    pub(crate) fn delete_journal_row(&self, collection: &Tag, name: &Tag) -> Result<bool, VaultError> {
        Ok(self
            .0
            .prepare_cached("DELETE FROM journal WHERE collection = ?1 AND name = ?2")?
            .execute([collection, name])?
            > 0)
    }

    /// A destruction that has a row of its own.
    pub(crate) fn destruction(&self, order: &[u8; 16]) -> Result<Option<SealedDestruction>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT epoch_new, sealed FROM destructions WHERE order_id = ?1")?;
        let row = statement
            .query_row([order], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(epoch_new, sealed)| {
            Ok(SealedDestruction {
                order: *order,
                done: true,
                epoch_new: from_sql(epoch_new)?,
                sealed,
            })
        })
        .transpose()
    }

    /// Gives a destruction that is done a row of its own.
    pub(crate) fn put_destruction(&self, row: &SealedDestruction) -> Result<(), VaultError> {
        self.0
            .prepare_cached("INSERT INTO destructions (order_id, epoch_new, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![row.order, to_sql(row.epoch_new, "epoch")?, row.sealed])?;
        Ok(())
    }
}

impl NodeStore for Rows<'_> {
    fn node(&self, spot: Spot) -> Result<Option<SealedNode>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT epoch, sealed FROM nodes WHERE place = ?1")?;
        let row = statement
            .query_row([place(spot)?], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(epoch, sealed)| {
            Ok(SealedNode {
                epoch: from_sql(epoch)?,
                sealed,
            })
        })
        .transpose()
    }

    fn put_node(&self, spot: Spot, node: &SealedNode) -> Result<(), VaultError> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO nodes (place, epoch, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![place(spot)?, to_sql(node.epoch, "epoch")?, node.sealed])?;
        Ok(())
    }
}

/// A node's row: its index eight times, and its level, so that leaves are written one behind the other.
fn place((level, index): Spot) -> Result<i64, VaultError> {
    let place = index.checked_mul(8).and_then(|place| place.checked_add(level.into()));
    to_sql(place.unwrap_or(u64::MAX), "slot")
}

/// SQLite counts in signed 64 bits.
fn to_sql(value: u64, counter: &'static str) -> Result<i64, VaultError> {
    i64::try_from(value).map_err(|_too_large| VaultError::Exhausted { counter })
}

fn from_sql(value: i64) -> Result<u64, VaultError> {
    u64::try_from(value).map_err(|_negative| VaultError::Corrupt { part: "database" })
}
