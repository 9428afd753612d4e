//! The SQLite file: how it is made, recognised, as well as synced.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::VaultError;
use crate::lock::private;

/// "QVLT": says in the SQLite header what the file is.
pub(crate) const APPLICATION_ID: u32 = 0x5156_4c54;

/// The format version that this library writes, in `user_version`.
pub const FORMAT_VERSION: u32 = 1;

/// Statements that are kept ready: more than there are.
const STATEMENTS: usize = 32;

pub(crate) const SCHEMA: &str = "
CREATE TABLE header (
    one INTEGER PRIMARY KEY, vault BLOB NOT NULL, height INTEGER NOT NULL, epoch INTEGER NOT NULL, root BLOB NOT NULL,
    journal BLOB NOT NULL, next_slot INTEGER NOT NULL, free_slot INTEGER, orders BLOB NOT NULL, settled INTEGER NOT NULL
) STRICT;
CREATE TABLE nodes (place INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
CREATE TABLE records (
    slot INTEGER PRIMARY KEY, name BLOB, version INTEGER NOT NULL, sealed BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX names ON records (name) WHERE name IS NOT NULL;
CREATE TABLE journal (
    collection BLOB NOT NULL, name BLOB NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL,
    PRIMARY KEY (collection, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE destructions (
    order_id BLOB PRIMARY KEY, epoch_new INTEGER NOT NULL, sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Opens the file of an existing vault, checks what it is before anything may write to it.
pub(crate) fn open(path: &Path, vfs: Option<&str>) -> Result<Connection, VaultError> {
    let connection = connect(path, vfs, OpenFlags::empty()).map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen) if vfs.is_some() => VaultError::Missing,
        _ => why_not_opened(path, error),
    })?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        // SQLite takes a file that it may only read, and would fail somewhere on the way. Nobody else may open it to find
        // out: closing it again would drop the locks that this process holds on it.
        return Err(VaultError::ReadOnly);
    }
    // Closing must not write the write-ahead log of a newer program into the file, nor remove the log of ours: see `close`.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let (application, version) = identity(&connection)?;
    if is_unfinished(&connection)? {
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
    configure(&connection)?;
    Ok(connection)
}

/// Bytes of a file that SQLite takes for one in which nothing was ever written.
const NOTHING: u64 = 1;

/// Whether a file stands at the path with nothing in it. No vault that is being made leaves one: something emptied it.
///
/// # Errors
/// [`VaultError::ReadOnly`], [`VaultError::File`]: what the file system answers, but that there is no file.
pub fn is_emptied(path: &Path) -> Result<bool, VaultError> {
    match std::fs::metadata(path) {
        Ok(found) => Ok(found.len() <= NOTHING),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(VaultError::of_file("file", source)),
    }
}

/// What SQLite keeps beside a file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Removes, durably, what SQLite left beside a file that is gone. A file that takes the name would be mixed with it: where the
/// removal of a whole folder was interrupted, the log can be what is left.
///
/// # Errors
/// [`VaultError::AlreadyExists`] where a file with anything in it stands at the path: what is beside it belongs to it. What the
/// file system answers.
pub fn remove_leftovers(path: &Path) -> Result<(), VaultError> {
    let failed = |source| VaultError::of_file("file", source);
    if path.try_exists().map_err(failed)? && !is_emptied(path)? {
        return Err(VaultError::AlreadyExists);
    }
    let mut is_changed = false;
    for end in BESIDE {
        match std::fs::remove_file(beside(path, end)) {
            Ok(()) => is_changed = true,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if is_changed { sync_folder(path) } else { Ok(()) }
}

/// Makes the file of a new vault, readable by its owner only; refuses a file that holds anything.
pub(crate) fn create(path: &Path, vfs: Option<&str>) -> Result<Connection, VaultError> {
    let failed = |source| VaultError::of_file("file", source);
    if vfs.is_none() && (is_emptied(path)? || !path.try_exists().map_err(failed)?) {
        let begun = beside(path, ".new");
        begin_file(&begun)?;
        remove_leftovers(path)?;
        std::fs::rename(&begun, path).map_err(failed)?;
    }
    let connection = connect(path, vfs, OpenFlags::SQLITE_OPEN_CREATE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    match is_unfinished(&connection) {
        // New, or left by a creation that never committed: it holds nothing.
        Ok(true) => {}
        Ok(false) | Err(VaultError::NotAVault | VaultError::Corrupt { .. }) => {
            return Err(VaultError::AlreadyExists);
        }
        Err(error) => return Err(error),
    }
    configure(&connection)?;
    Ok(connection)
}

/// Writes a file that says whose it is, and holds no table yet.
///
/// It is written beside the vault's path and takes its name when it is whole. So a file without a byte at that path is never a
/// vault that is being made, and the keys that stand are not taken for those of one.
fn begin_file(path: &Path) -> Result<(), VaultError> {
    let failed = |source| VaultError::of_file("file", source);
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let create = |options: &mut OpenOptions| private(options).open(path).and_then(|file| file.sync_all());
    create(OpenOptions::new().write(true).create_new(true)).map_err(failed)?;
    let connection = connect(path, None, OpenFlags::empty())?;
    // Nobody reads it before it is whole, so it needs no journal, which would be a file of its own.
    connection.query_row("PRAGMA journal_mode = OFF", [], |_mode| Ok(()))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.close().map_err(|(_still_open, error)| error)?;
    let sync = |file: File| file.sync_all();
    OpenOptions::new().write(true).open(path).and_then(sync).map_err(failed)
}

/// A name beside that of the vault.
pub(crate) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Makes the names of new files durable. Not every platform can open a folder; SQLite does the same for its own files.
pub(crate) fn sync_folder(path: &Path) -> Result<(), VaultError> {
    let sync = |folder: &Path| -> io::Result<()> { File::open(folder)?.sync_all() };
    match path.parent().filter(|folder| cfg!(unix) && folder.is_dir()) {
        Some(folder) => sync(folder).map_err(|source| VaultError::of_file("folder", source)),
        None => Ok(()),
    }
}

fn connect(path: &Path, vfs: Option<&str>, more: OpenFlags) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
}

/// What the system says of a file that SQLite could not open.
fn why_not_opened(path: &Path, error: rusqlite::Error) -> VaultError {
    match OpenOptions::new().read(true).write(true).open(path) {
        Err(source) => VaultError::of_file("file", source),
        Ok(_file) => error.into(),
    }
}

fn identity(connection: &Connection) -> Result<(u32, u32), VaultError> {
    let application = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok((application, version))
}

/// Whether this is the file of a vault whose making never committed: nothing was ever kept in it.
fn is_unfinished(connection: &Connection) -> Result<bool, VaultError> {
    let (application, version) = identity(connection)?;
    let is_empty = || connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0));
    Ok([0, APPLICATION_ID].contains(&application) && version == 0 && is_empty()?)
}

fn configure(connection: &Connection) -> Result<(), VaultError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    if cfg!(target_vendor = "apple") {
        // Makes the disk write its cache too, which a sync alone does not there.
        connection.execute_batch("PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;")?;
    }
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;")?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode == "wal" {
        Ok(())
    } else {
        Err(VaultError::Corrupt {
            part: "write-ahead log",
        })
    }
}

/// Goes on reading in the transaction of the reads before, or begins one.
///
/// Nobody else writes the file, so one view of it holds until this connection writes. To begin and end one for each read is a
/// fifth of what a read costs.
pub(crate) fn read_on(connection: &Connection) -> Result<(), VaultError> {
    if connection.is_autocommit() {
        connection.prepare_cached("BEGIN")?.execute([])?;
    }
    Ok(())
}

/// Ends the transaction that reads go on in. It has nothing to commit, and were it another one, it had better not be.
fn end_reading(connection: &Connection) -> Result<(), VaultError> {
    if !connection.is_autocommit() {
        connection.prepare_cached("ROLLBACK")?.execute([])?;
    }
    Ok(())
}

/// Begins a transaction that may write.
pub(crate) fn begin(connection: &mut Connection) -> Result<rusqlite::Transaction<'_>, VaultError> {
    end_reading(connection)?;
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

/// Moves everything that this connection can read to where a power failure cannot take it back.
///
/// After a crash, or a commit that failed, the write-ahead log can hold a transaction that is visible now and gone
/// after a power failure, or the other way round: what a failed sync did not write no later one writes, though whoever reads
/// the file finds it there. No key must be deleted on the word of such a log, and no commit follow it: so the whole log goes
/// into the file, both are synced, and one small commit begins the log anew, after which nothing of the old one counts.
pub(crate) fn settle(connection: &mut Connection) -> Result<(), VaultError> {
    checkpoint(connection)?;
    begin_log(connection)
}

/// The same where anything is visible in the log: an empty one costs no sync.
pub(crate) fn settle_found(connection: &mut Connection) -> Result<(), VaultError> {
    if checkpoint(connection)? > 0 {
        begin_log(connection)?;
    }
    Ok(())
}

/// The smallest commit that there is. After a checkpoint it begins the log anew.
fn begin_log(connection: &mut Connection) -> Result<(), VaultError> {
    let transaction = begin(connection)?;
    transaction.execute("UPDATE header SET settled = settled + 1", [])?;
    Ok(transaction.commit()?)
}

/// Moves the write-ahead log into the file: how many pages of it were visible. It is written from its beginning again then,
/// and keeps its room on the disk: a commit that lets it grow takes the disk half as long again.
pub(crate) fn checkpoint(connection: &Connection) -> Result<u32, VaultError> {
    move_log(connection, "PRAGMA wal_checkpoint(RESTART)")
}

/// Moves the write-ahead log into the file and leaves it empty, so that the next opening has nothing to read in it.
pub(crate) fn close(connection: &Connection) -> Result<(), VaultError> {
    move_log(connection, "PRAGMA wal_checkpoint(TRUNCATE)").map(drop)
}

fn move_log(connection: &Connection, how: &str) -> Result<u32, VaultError> {
    end_reading(connection)?;
    let (is_busy, pages): (bool, u32) = connection.query_row(how, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if is_busy { Err(VaultError::Locked) } else { Ok(pages) }
}

/// Writes the tables and the identity of a new vault.
pub(crate) fn write_schema(connection: &Connection) -> Result<(), VaultError> {
    connection.execute_batch(SCHEMA)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT_VERSION)?;
    Ok(())
}
