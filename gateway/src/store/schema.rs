//! The database's shape: how it is made, how it is recognised.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::failure::Failure;
use crate::files;

/// `QGTW`: what the file says of itself in its header.
const APPLICATION_ID: i32 = 0x5147_5457;

/// The version that this program writes.
pub(crate) const VERSION: i32 = 7;

/// One step for each version, from the one before; the last brings the database to [`VERSION`].
const MIGRATIONS: [&str; 7] = [
    VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6, VERSION_7,
];

const VERSION_7: &str = include_str!("schema/registrations.sql");

const VERSION_6: &str = include_str!("schema/hot.sql");

const VERSION_5: &str = include_str!("schema/teens.sql");

const VERSION_4: &str = include_str!("schema/orders.sql");

const VERSION_3: &str = include_str!("schema/people.sql");

const VERSION_2: &str = concat!(include_str!("schema/stopping.sql"), include_str!("schema/flows.sql"));

const VERSION_1: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE log_entries (
    place INTEGER PRIMARY KEY, bytes BLOB NOT NULL, salt BLOB NOT NULL, body BLOB NOT NULL, proof TEXT
) STRICT;
CREATE TABLE log_hashes (
    level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
CREATE TABLE policies (
    version INTEGER PRIMARY KEY, bundle TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES log_entries
) STRICT;

CREATE TABLE merchants (merchant TEXT PRIMARY KEY, kid TEXT NOT NULL UNIQUE, doc TEXT NOT NULL) STRICT;
CREATE TABLE notices (
    number INTEGER PRIMARY KEY AUTOINCREMENT, merchant TEXT NOT NULL REFERENCES merchants, doc TEXT NOT NULL,
    delivered INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE accounts (account TEXT PRIMARY KEY, risk_epoch INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE devices (
    device TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, kid TEXT NOT NULL UNIQUE, doc TEXT NOT NULL
) STRICT;
CREATE TABLE events (
    account TEXT NOT NULL REFERENCES accounts, number INTEGER NOT NULL, doc TEXT NOT NULL,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
    kid TEXT NOT NULL, jti TEXT NOT NULL, content BLOB NOT NULL, at INTEGER NOT NULL,
    status INTEGER NOT NULL, body BLOB, PRIMARY KEY (kid, jti)
) STRICT, WITHOUT ROWID;
CREATE TABLE sequences (
    device TEXT NOT NULL REFERENCES devices, number INTEGER NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (device, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE spent_nonces (nonce BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE spent_proofs (
    kid TEXT NOT NULL, jti TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (kid, jti)
) STRICT, WITHOUT ROWID;

CREATE TABLE pins (
    account TEXT PRIMARY KEY REFERENCES accounts, record BLOB NOT NULL, used INTEGER NOT NULL DEFAULT 0,
    last_guess INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE pin_logins (
    flow TEXT NOT NULL REFERENCES flows, step TEXT NOT NULL, request BLOB NOT NULL, sealed_state BLOB,
    answer BLOB NOT NULL, attempts_left INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (flow, step, request)
) STRICT;
CREATE TABLE flows (
    flow TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, doc TEXT NOT NULL
) STRICT;

CREATE TABLE orders (
    orders TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, own TEXT NOT NULL, batch BLOB,
    drain_until INTEGER, silent_until INTEGER, acknowledged INTEGER NOT NULL DEFAULT 0, doc TEXT NOT NULL
) STRICT;
CREATE INDEX orders_open ON orders (own) WHERE own != 'destroyed';
CREATE INDEX orders_silent ON orders (silent_until) WHERE silent_until IS NOT NULL;
CREATE INDEX orders_of_account ON orders (account);
CREATE TABLE mandates (
    mandate TEXT PRIMARY KEY, account TEXT NOT NULL REFERENCES accounts, token TEXT NOT NULL UNIQUE,
    token_kid TEXT NOT NULL UNIQUE, offer TEXT NOT NULL, provisioning_until INTEGER, version INTEGER NOT NULL,
    orders TEXT REFERENCES orders, doc TEXT NOT NULL, UNIQUE (account, offer)
) STRICT;
CREATE INDEX mandates_provisioning ON mandates (provisioning_until) WHERE provisioning_until IS NOT NULL;
CREATE TABLE permits (
    token TEXT NOT NULL REFERENCES mandates (token), number INTEGER NOT NULL, content BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('unused', 'reserved', 'used', 'dropped')), not_after INTEGER NOT NULL,
    doc TEXT NOT NULL, PRIMARY KEY (token, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE charges (
    charge TEXT PRIMARY KEY, mandate TEXT NOT NULL REFERENCES mandates, kid TEXT NOT NULL, jti TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'declined')), at INTEGER NOT NULL,
    minor INTEGER NOT NULL, doc TEXT NOT NULL, UNIQUE (kid, jti)
) STRICT;
CREATE INDEX charges_pending ON charges (state) WHERE state = 'pending';
CREATE INDEX notices_due ON notices (number) WHERE delivered = 0;
CREATE INDEX charges_of_mandate ON charges (mandate, at);
CREATE TABLE dead_uses (token TEXT PRIMARY KEY REFERENCES mandates (token), uses INTEGER NOT NULL) STRICT;
";

/// What stands at the database's path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DatabaseState {
    /// Nothing.
    Missing,
    /// A gateway database of this or an older version.
    Known,
    /// A gateway database of a newer version.
    Newer {
        /// Its version.
        found: i32,
    },
    /// Some other file.
    Foreign,
}

/// Looks at the file's header without opening it as a database, so that nothing of it changes.
pub(crate) fn inspect(path: &Path) -> io::Result<DatabaseState> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DatabaseState::Missing),
        Err(error) => return Err(error),
    };
    let mut header = [0; 72];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(DatabaseState::Foreign),
        Err(error) => return Err(error),
    }
    // SQLite file format, section 1.3: user version at 60, application id at 68, both big-endian.
    let number = |from: usize| {
        let bytes = header.get(from..from + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, i32::from_be_bytes)
    };
    Ok(
        match (header.starts_with(b"SQLite format 3\0"), number(68), number(60)) {
            (true, APPLICATION_ID, found) if found > VERSION => DatabaseState::Newer { found },
            (true, APPLICATION_ID, _) => DatabaseState::Known,
            _ => DatabaseState::Foreign,
        },
    )
}

/// Makes a new database; its name appears only when it is whole.
pub(crate) fn create(path: &Path, vault: &[u8; 16]) -> Result<Connection, CreateError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    if let Err(error) = std::fs::remove_file(new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error.into());
    }
    files::private(std::fs::OpenOptions::new().write(true).create_new(true)).open(new)?;
    let connection = Connection::open(new)?;
    // In one transaction with a rollback journal: the file is whole before it gets its name.
    connection.execute_batch(&format!(
        "PRAGMA synchronous=FULL; PRAGMA application_id={APPLICATION_ID}; BEGIN;"
    ))?;
    migrate(&connection, 0)?;
    connection.execute("INSERT INTO meta VALUES ('vault', ?1)", [hex::encode(vault)])?;
    connection.execute_batch("COMMIT")?;
    connection.close().map_err(|(_, error)| error)?;
    File::open(new)?.sync_all()?;
    quittance_vault::remove_leftovers(path).map_err(Failure::from)?;
    std::fs::rename(new, path)?;
    files::sync_parent(path)?;
    Ok(open(path, vault)?)
}

/// Why a database could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

/// Opens the database for the sequencer, brought to this version.
pub(crate) fn open(path: &Path, vault: &[u8; 16]) -> Result<Connection, Failure> {
    // Left by a process that did not close it.
    let has_log = std::fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0);
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // Before anything is written: SQLite would take a page that went bad for what it was until somebody reads it.
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        return Err(rusqlite::Error::SqliteFailure(corrupt, None).into());
    }
    // A newer version may stand in the write-ahead log only.
    let version: i32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > VERSION {
        return Err(Failure::Damaged("the schema: it is of a newer program"));
    }
    let known: String = connection.query_row("SELECT value FROM meta WHERE name='vault'", [], |row| row.get(0))?;
    if known != hex::encode(vault) {
        return Err(Failure::Damaged("the pairing: the database belongs to another vault"));
    }
    connection.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;
         PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;",
    )?;
    if version < VERSION {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        migrate(&connection, version)?;
        connection.execute_batch("COMMIT")?;
    }
    if has_log {
        settle(&connection)?;
    }
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Moves everything that this connection can read to where a loss of power cannot take it back.
///
/// A process that was killed may have written a commit that it had not synced: it is visible now, and halves are destroyed,
/// statements answered and charges asked about on its word. So the whole log goes into the file, both are synced, and one small
/// commit begins the log anew: the old one can have a gap on the disk, where a sync had failed. The vault does the same.
fn settle(connection: &Connection) -> Result<(), Failure> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get(0))?;
    if busy {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(busy, None).into());
    }
    // It has to change something: SQLite writes no page that stays as it is.
    Ok(connection.execute_batch(
        "INSERT INTO meta VALUES ('settled', '1')
         ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
    )?)
}

/// The write-ahead log that stands beside a database.
fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Opens the database beside the sequencer: reads only, never waits for a writer.
pub(crate) fn open_for_reads(path: &Path) -> Result<Connection, Failure> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn migrate(connection: &Connection, from: i32) -> Result<(), Failure> {
    let done = usize::try_from(from).map_err(|_| Failure::Damaged("the schema version"))?;
    for step in MIGRATIONS.iter().skip(done) {
        connection.execute_batch(step)?;
    }
    Ok(connection.execute_batch(&format!("PRAGMA user_version={VERSION}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.sqlite");
        assert_eq!(inspect(&path).unwrap(), DatabaseState::Missing);
        drop(create(&path, &[1; 16]).unwrap());
        assert_eq!(inspect(&path).unwrap(), DatabaseState::Known);
        let other = folder.path().join("other");
        std::fs::write(&other, [0; 100]).unwrap();
        assert_eq!(inspect(&other).unwrap(), DatabaseState::Foreign);
    }

    /// What a copy of the file alone holds, without the log beside it.
    fn rows_in_the_file(path: &Path) -> i64 {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy");
        std::fs::copy(path, &copy).unwrap();
        let file = Connection::open(&copy).unwrap();
        file.query_row("SELECT COUNT(*) FROM meta", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn what_a_killed_process_left_in_the_log_is_durable_before_anybody_acts_on_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.sqlite");
        let killed = create(&path, &[1; 16]).unwrap();
        let before = rows_in_the_file(&path);
        killed
            .execute_batch("PRAGMA synchronous=OFF; INSERT INTO meta VALUES ('more', '1')")
            .unwrap();
        assert_eq!(rows_in_the_file(&path), before, "control: it is in the log alone");
        // As after SIGKILL: nobody closes it, and its locks are gone.
        let left = folder.path().join("left.sqlite");
        std::fs::copy(&path, &left).unwrap();
        std::fs::copy(log_of(&path), log_of(&left)).unwrap();
        // SQLite file format, section 4.1: two salts at 16, without which no frame counts.
        let salts = || std::fs::read(log_of(&left)).unwrap()[16..24].to_vec();
        let of_the_killed = salts();
        let open = open(&left, &[1; 16]).unwrap();
        assert_eq!(rows_in_the_file(&left), before + 1);
        assert_ne!(salts(), of_the_killed, "the log is begun anew");
        let settled = |connection: &Connection| -> String {
            let sql = "SELECT value FROM meta WHERE name='settled'";
            connection.query_row(sql, [], |row| row.get(0)).unwrap()
        };
        assert_eq!(settled(&open), "1");
        settle(&open).unwrap();
        assert_eq!(settled(&open), "2");
        drop((open, killed));
    }

    #[test]
    fn a_new_database_is_not_mixed_with_the_log_of_one_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.sqlite");
        let gone = create(&path, &[1; 16]).unwrap();
        gone.execute_batch("INSERT INTO meta VALUES ('more', '1')").unwrap();
        let log = std::fs::read(log_of(&path)).unwrap();
        assert!(!log.is_empty(), "control");
        let next = folder.path().join("next.sqlite");
        std::fs::write(log_of(&next), log).unwrap();
        let made = create(&next, &[2; 16]).unwrap();
        let more = "SELECT COUNT(*) FROM meta WHERE name='more'";
        assert_eq!(made.query_row(more, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
        drop((made, gone));
    }

    #[test]
    fn a_database_of_the_version_before_keeps_its_secrets_and_its_runs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.sqlite");
        let account = quittance_protocol::AccountId::from_bytes([3; 16]);
        let flow = quittance_protocol::FlowId::from_bytes([4; 16]);
        let device = quittance_protocol::DeviceId::from_bytes([5; 16]);
        let old = Connection::open(&path).unwrap();
        old.execute_batch(VERSION_1).unwrap();
        old.execute_batch(&format!(
            "PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=1;
             INSERT INTO meta VALUES ('vault', '{}');
             INSERT INTO accounts (account) VALUES ('{account}');
             INSERT INTO pins (account, record, used) VALUES ('{account}', x'01', 4);
             INSERT INTO flows (flow, account, doc) VALUES ('{flow}', '{account}',
                 '{{\"flow\":\"{flow}\",\"account\":\"{account}\",\"device\":\"{device}\",\"events\":[]}}');",
            hex::encode([1; 16])
        ))
        .unwrap();
        drop(old);
        let connection = open(&path, &[1; 16]).unwrap();
        let store = crate::store::Store::new(&connection);
        let pin = store.payer_secret(account, quittance_protocol::statement::SecretKind::PaymentPin);
        let pin = pin.unwrap().unwrap();
        assert_eq!((pin.counter.used, pin.registration), (4, None));
        let now = quittance_protocol::Timestamp::from_unix(1_800_000_000).unwrap();
        assert_eq!(
            store.first_due_flow(now).unwrap().unwrap().0,
            flow,
            "it is looked at once"
        );
        let kept: String = connection
            .query_row("SELECT device FROM flows", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, device.to_string());
    }

    #[test]
    fn a_database_of_before_cards_and_sets_keeps_its_contacts_and_what_they_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.sqlite");
        let id = |byte| [byte; 16];
        let (account, plain) = (
            quittance_protocol::AccountId::from_bytes(id(3)),
            quittance_protocol::AccountId::from_bytes(id(9)),
        );
        let people = [1, 2, 4].map(|byte| quittance_protocol::AccountId::from_bytes(id(byte)));
        let flow = quittance_protocol::FlowId::from_bytes(id(5));
        let device = quittance_protocol::DeviceId::from_bytes(id(6));
        let contact = |number: usize, more: &str| {
            format!(
                r#"{{"account":"{}","name":"Lin's","known_since":"2025-01-01T00:00:00Z","verified":true{more}}}"#,
                people[number]
            )
        };
        let lately = r#","named_at":"2026-11-20T08:00:00Z""#;
        let profile = format!(
            r#"{{"region":"CN","contacts":[{},{},{}],"triggers":["remote_login"]}}"#,
            contact(0, ""),
            contact(1, ""),
            contact(2, lately)
        );
        let old = Connection::open(&path).unwrap();
        old.execute_batch(VERSION_1).unwrap();
        old.execute_batch(VERSION_2).unwrap();
        old.execute_batch(&format!(
            "PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=2;
             INSERT INTO meta VALUES ('vault', '{}');
             INSERT INTO accounts (account) VALUES ('{plain}');",
            hex::encode([1; 16])
        ))
        .unwrap();
        let account_row = "INSERT INTO accounts (account, profile) VALUES (?1, ?2)";
        old.execute(account_row, [&account.to_string(), &profile]).unwrap();
        old.execute_batch(&format!(
            "INSERT INTO flows (flow, account, doc) VALUES ('{flow}', '{account}', '{{}}');
             INSERT INTO vouchers VALUES ('{flow}', '{}', '{device}', 1, 1800000000);
             INSERT INTO vouchers VALUES ('{flow}', '{}', NULL, NULL, 1800000000);",
            people[0], people[1]
        ))
        .unwrap();
        drop(old);

        let connection = open(&path, &[1; 16]).unwrap();

        let store = crate::store::Store::new(&connection);
        assert!(store.profile(plain).unwrap() == crate::store::Profile::default());
        let kept = store.profile(account).unwrap();
        assert_eq!(kept.region.as_deref(), Some("CN"));
        assert!(kept.triggers.contains("remote_login"));
        let known: Vec<_> = kept.acquaintances.iter().map(|known| known.account).collect();
        assert_eq!(known, people);
        assert!(
            kept.acquaintances
                .iter()
                .all(|known| known.verified && known.name == "Lin's")
        );
        let sets: Vec<_> = kept
            .contacts
            .iter()
            .map(|set| (set.set_at.to_string(), set.people.clone()))
            .collect();
        let expected = [
            ("1970-01-01T00:00:00Z".to_owned(), people[..2].to_vec()),
            ("2026-11-20T08:00:00Z".to_owned(), people.to_vec()),
        ];
        assert_eq!(sets, expected, "whoever was named lately still has to wait");
        assert_eq!(store.vouchers(flow).unwrap(), [people[0], people[1]]);
        let voices = store.voices(flow).unwrap();
        assert_eq!(voices.len(), 1);
        assert_eq!(
            (voices[0].account, voices[0].device, voices[0].approves),
            (people[0], device, true)
        );
        let unknown = quittance_protocol::Digest32::of(b"card");
        assert!(store.mandates_of_card(&unknown).unwrap().is_empty());
    }

    #[test]
    fn a_database_opens_only_with_the_vault_that_it_was_made_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.sqlite");
        drop(create(&path, &[1; 16]).unwrap());
        assert!(open(&path, &[1; 16]).is_ok());
        assert!(open(&path, &[2; 16]).is_err());
    }
}
