//! All SQL of the vault.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, params};

use crate::error::VaultError;
use crate::journal::SealedRow;
use crate::lock::private;
use crate::record::{RecordKey, RecordKind};
use crate::tree::{NodeStore, SealedNode};

/// "QVLT": says in the SQLite header what the file is.
pub(crate) const APPLICATION_ID: u32 = 0x5156_4c54;

/// The format version that this library writes, in `user_version`.
pub const FORMAT_VERSION: u32 = 1;

pub(crate) const SCHEMA: &str = "
CREATE TABLE header (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    vault BLOB NOT NULL, height INTEGER NOT NULL, epoch INTEGER NOT NULL,
    root BLOB NOT NULL, next_slot INTEGER NOT NULL, settled INTEGER NOT NULL
) STRICT;
CREATE TABLE nodes (
    level INTEGER NOT NULL, position INTEGER NOT NULL, epoch INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE records (
    slot INTEGER PRIMARY KEY, kind INTEGER NOT NULL, id BLOB NOT NULL, version INTEGER NOT NULL,
    sealed BLOB NOT NULL, UNIQUE (kind, id)
) STRICT;
CREATE TABLE free_slots (slot INTEGER PRIMARY KEY) STRICT;
CREATE TABLE journal (
    name BLOB PRIMARY KEY, collection BLOB NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX journal_collection ON journal (collection);
CREATE TABLE destructions (
    order_id BLOB PRIMARY KEY, done INTEGER NOT NULL, epoch_new INTEGER NOT NULL, sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The one row that says which vault this is and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) vault: [u8; 16],
    pub(crate) height: u8,
    pub(crate) epoch: u64,
    /// The root node's key, wrapped by the key of `epoch`.
    pub(crate) root_wrapped: Vec<u8>,
    /// The lowest slot that was never used.
    pub(crate) next_slot: u64,
}

/// A record as it stands in the file.
pub(crate) struct SealedRecord {
    pub(crate) slot: u64,
    pub(crate) version: u64,
    pub(crate) sealed: Vec<u8>,
}

/// A destruction as it stands in the file.
pub(crate) struct SealedDestruction {
    pub(crate) order: [u8; 16],
    pub(crate) done: bool,
    pub(crate) epoch_new: u64,
    pub(crate) sealed: Vec<u8>,
}

/// Opens the file of an existing vault, checks what it is before anything may write to it.
pub(crate) fn open(path: &Path, vfs: Option<&str>) -> Result<Connection, VaultError> {
    if vfs.is_none()
        && !path.try_exists().map_err(|source| VaultError::File {
            step: "file",
            source,
        })?
    {
        return Err(VaultError::Missing);
    }
    let connection = connect(path, vfs, OpenFlags::empty()).map_err(|error| {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::CannotOpen) if vfs.is_some() => VaultError::Missing,
            _ => error.into(),
        }
    })?;
    // Until the version is known, closing must not write the write-ahead log of a newer program into the file.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let (application, version) = identity(&connection)?;
    if application == 0 && version == 0 && is_empty(&connection)? {
        // A creation that never committed.
        return Err(VaultError::Missing);
    }
    if application != APPLICATION_ID {
        return Err(VaultError::NotAVault);
    }
    if version > FORMAT_VERSION {
        return Err(VaultError::NewerVersion {
            found: version,
            supported: FORMAT_VERSION,
        });
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    configure(&connection)?;
    Ok(connection)
}

/// Makes the file of a new vault, readable by its owner only; refuses a file that holds anything.
pub(crate) fn create(path: &Path, vfs: Option<&str>) -> Result<Connection, VaultError> {
    if vfs.is_none() {
        let made = private(std::fs::OpenOptions::new().write(true).create_new(true)).open(path);
        match made {
            Ok(_file) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                return Err(VaultError::File {
                    step: "file",
                    source,
                });
            }
        }
    }
    let connection = connect(path, vfs, OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let empty =
        identity(&connection).and_then(|found| Ok(found == (0, 0) && is_empty(&connection)?));
    match empty {
        // New, or left by a creation that never committed: it holds nothing.
        Ok(true) => {}
        Ok(false) | Err(VaultError::NotAVault | VaultError::Corrupt { .. }) => {
            return Err(VaultError::AlreadyExists);
        }
        Err(error) => return Err(error),
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    configure(&connection)?;
    Ok(connection)
}

fn connect(path: &Path, vfs: Option<&str>, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
}

fn identity(connection: &Connection) -> Result<(u32, u32), VaultError> {
    let application = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((application, version))
}

fn is_empty(connection: &Connection) -> Result<bool, VaultError> {
    Ok(
        connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
            row.get(0)
        })?,
    )
}

fn configure(connection: &Connection) -> Result<(), VaultError> {
    // fullfsync makes Apple's disks write their caches too; elsewhere it changes nothing.
    connection.execute_batch(
        "PRAGMA temp_store = MEMORY; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
         PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
    )?;
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode == "wal" {
        Ok(())
    } else {
        Err(VaultError::Corrupt {
            part: "write-ahead log",
        })
    }
}

/// Begins a transaction that may write.
pub(crate) fn begin(connection: &mut Connection) -> Result<rusqlite::Transaction<'_>, VaultError> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Moves everything that this connection can read to where a power failure cannot take it back.
///
/// After a crash, or a commit that failed, the write-ahead log can hold a transaction that is visible now and gone
/// after a power failure, or the other way round. A key must not be deleted on the word of such a log: so one small
/// commit overwrites what may stand behind the visible end, then the whole log goes into the file, and both are synced.
pub(crate) fn settle(connection: &mut Connection) -> Result<(), VaultError> {
    let transaction = begin(connection)?;
    transaction.execute("UPDATE header SET settled = settled + 1", [])?;
    transaction.commit()?;
    checkpoint(connection)
}

/// Moves the write-ahead log into the file.
pub(crate) fn checkpoint(connection: &Connection) -> Result<(), VaultError> {
    let busy: bool =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        Err(VaultError::Locked)
    } else {
        Ok(())
    }
}

/// Writes the tables and the identity of a new vault.
pub(crate) fn write_schema(connection: &Connection) -> Result<(), VaultError> {
    connection.execute_batch(SCHEMA)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT_VERSION)?;
    Ok(())
}

/// The rows of the vault, through one connection.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a>(pub(crate) &'a Connection);

impl Rows<'_> {
    pub(crate) fn header(&self) -> Result<Header, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT vault, height, epoch, root, next_slot FROM header")?;
        let row = statement
            .query_row([], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get::<_, i64>(2)?,
                    row.get(3)?,
                    row.get::<_, i64>(4)?,
                ))
            })
            .optional()?;
        let (vault, height, epoch, root_wrapped, next_slot) =
            row.ok_or(VaultError::Corrupt { part: "header" })?;
        Ok(Header {
            vault,
            height,
            epoch: from_sql(epoch)?,
            root_wrapped,
            next_slot: from_sql(next_slot)?,
        })
    }

    pub(crate) fn put_header(&self, header: &Header) -> Result<(), VaultError> {
        self.0.prepare_cached(
            "INSERT INTO header (one, vault, height, epoch, root, next_slot, settled) VALUES (1, ?1, ?2, ?3, ?4, ?5, 0)
             ON CONFLICT (one) DO UPDATE SET epoch = ?3, root = ?4, next_slot = ?5",
        )?
        .execute(params![
            header.vault,
            header.height,
            to_sql(header.epoch, "epoch")?,
            header.root_wrapped,
            to_sql(header.next_slot, "slot")?
        ])?;
        Ok(())
    }

    pub(crate) fn record(&self, key: &RecordKey) -> Result<Option<SealedRecord>, VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT slot, version, sealed FROM records WHERE kind = ?1 AND id = ?2",
        )?;
        let row = statement
            .query_row(params![key.kind.0, key.id], |row| {
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

    pub(crate) fn put_record(
        &self,
        key: &RecordKey,
        record: &SealedRecord,
    ) -> Result<(), VaultError> {
        self.0
            .prepare_cached(
                "INSERT INTO records (slot, kind, id, version, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (slot) DO UPDATE SET version = ?4, sealed = ?5",
            )?
            .execute(params![
                to_sql(record.slot, "slot")?,
                key.kind.0,
                key.id,
                to_sql(record.version, "version")?,
                record.sealed
            ])?;
        Ok(())
    }

    /// Ends the row of a record; its slot may be used again.
    pub(crate) fn free_record(&self, slot: u64) -> Result<(), VaultError> {
        let slot = to_sql(slot, "slot")?;
        self.0
            .prepare_cached("DELETE FROM records WHERE slot = ?1")?
            .execute([slot])?;
        self.0
            .prepare_cached("INSERT INTO free_slots (slot) VALUES (?1)")?
            .execute([slot])?;
        Ok(())
    }

    pub(crate) fn record_ids(&self, kind: RecordKind) -> Result<Vec<[u8; 16]>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT id FROM records WHERE kind = ?1 ORDER BY id")?;
        let ids = statement.query_map([kind.0], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Takes the lowest slot that a destroyed record left.
    pub(crate) fn take_free_slot(&self) -> Result<Option<u64>, VaultError> {
        let mut statement = self.0.prepare_cached(
            "DELETE FROM free_slots WHERE slot = (SELECT min(slot) FROM free_slots) RETURNING slot",
        )?;
        // RETURNING rows are handed out before the statement ends: it has to run to its end to take effect.
        let slots: Vec<i64> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        slots.first().map(|slot| from_sql(*slot)).transpose()
    }

    pub(crate) fn journal_row(&self, name: &[u8; 32]) -> Result<Option<SealedRow>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT version, sealed FROM journal WHERE name = ?1")?;
        let row = statement
            .query_row([name], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
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

    pub(crate) fn journal_rows(&self, collection: &[u8; 32]) -> Result<Vec<SealedRow>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT name, version, sealed FROM journal WHERE collection = ?1")?;
        let rows = statement
            .query_map([collection], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        rows.into_iter()
            .map(|(name, version, sealed)| {
                Ok(SealedRow {
                    name,
                    version: from_sql(version)?,
                    sealed,
                })
            })
            .collect()
    }

    pub(crate) fn put_journal_row(
        &self,
        collection: &[u8; 32],
        row: &SealedRow,
    ) -> Result<(), VaultError> {
        self.0
            .prepare_cached(
                "INSERT INTO journal (name, collection, version, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET version = ?3, sealed = ?4",
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
    pub(crate) fn delete_journal_row(&self, name: &[u8; 32]) -> Result<bool, VaultError> {
        Ok(self
            .0
            .prepare_cached("DELETE FROM journal WHERE name = ?1")?
            .execute([name])?
            > 0)
    }

    pub(crate) fn destruction(
        &self,
        order: &[u8; 16],
    ) -> Result<Option<SealedDestruction>, VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT done, epoch_new, sealed FROM destructions WHERE order_id = ?1",
        )?;
        let row = statement
            .query_row([order], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?))
            })
            .optional()?;
        row.map(|(done, epoch_new, sealed)| {
            Ok(SealedDestruction {
                order: *order,
                done,
                epoch_new: from_sql(epoch_new)?,
                sealed,
            })
        })
        .transpose()
    }

    pub(crate) fn pending_orders(&self) -> Result<Vec<[u8; 16]>, VaultError> {
        let mut statement = self.0.prepare_cached(
            "SELECT order_id FROM destructions WHERE done = 0 ORDER BY epoch_new",
        )?;
        let orders = statement.query_map([], |row| row.get(0))?;
        Ok(orders.collect::<Result<_, _>>()?)
    }

    pub(crate) fn put_destruction(&self, row: &SealedDestruction) -> Result<(), VaultError> {
        self.0.prepare_cached(
            "INSERT INTO destructions (order_id, done, epoch_new, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (order_id) DO UPDATE SET done = ?2, sealed = ?4",
        )?
        .execute(params![row.order, row.done, to_sql(row.epoch_new, "epoch")?, row.sealed])?;
        Ok(())
    }
}

impl NodeStore for Rows<'_> {
    fn node(&self, level: u8, index: u64) -> Result<Option<SealedNode>, VaultError> {
        let mut statement = self
            .0
            .prepare_cached("SELECT epoch, sealed FROM nodes WHERE level = ?1 AND position = ?2")?;
        let row = statement
            .query_row(params![level, to_sql(index, "slot")?], |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?))
            })
            .optional()?;
        row.map(|(epoch, sealed)| {
            Ok(SealedNode {
                epoch: from_sql(epoch)?,
                sealed,
            })
        })
        .transpose()
    }

    fn put_node(&self, level: u8, index: u64, node: &SealedNode) -> Result<(), VaultError> {
        self.0
            .prepare_cached(
                "INSERT INTO nodes (level, position, epoch, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (level, position) DO UPDATE SET epoch = ?3, sealed = ?4",
            )?
            .execute(params![
                level,
                to_sql(index, "slot")?,
                to_sql(node.epoch, "epoch")?,
                node.sealed
            ])?;
        Ok(())
    }
}

/// SQLite counts in signed 64 bits.
fn to_sql(value: u64, counter: &'static str) -> Result<i64, VaultError> {
    i64::try_from(value).map_err(|_too_large| VaultError::Exhausted { counter })
}

fn from_sql(value: i64) -> Result<u64, VaultError> {
    u64::try_from(value).map_err(|_negative| VaultError::Corrupt { part: "database" })
}
