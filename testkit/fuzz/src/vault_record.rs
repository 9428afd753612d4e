//! Sealed bytes of a vault's file, changed where they stand.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use quittance_gateway::FolderCustodian;
use quittance_vault::{RecordKey, RecordKind, SystemRandomness, Vault, VaultError, VaultOptions};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::Verdict;
use crate::world::World;

/// Where sealed bytes stand: the table with the column.
const PLACES: [(&str, &str); 5] = [
    ("records", "sealed"),
    ("nodes", "sealed"),
    ("journal", "sealed"),
    ("header", "root"),
    ("header", "journal"),
];

const RECORD: RecordKey = RecordKey::new(RecordKind(7), [3; 16]);
/// What the vault was given.
pub(crate) const SECRET: &[u8] = b"the half of a token, thirty-two.";
const NOTE: &[u8] = b"what the outbox holds";

/// A vault's file with the keystore that belongs to it.
struct Kept {
    folder: TempDir,
    file: Vec<u8>,
}

/// One judges at a time; what another one found does not matter, since each begins with a whole file.
static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let mut vault = Vault::create(
        options(folder.path()),
        keys(folder.path()),
        Arc::new(SystemRandomness::new()),
    )
    .unwrap();
    vault
        .transact::<_, VaultError>(|tx| {
            tx.put(&RECORD, SECRET)?;
            tx.journal_put("outbox", b"first", NOTE)
        })
        .unwrap();
    drop(vault);
    let file = fs::read(options(folder.path()).path).unwrap();
    Mutex::new(Kept { folder, file })
});

fn options(folder: &Path) -> VaultOptions {
    VaultOptions {
        path: folder.join("vault.db"),
        height: 2,
        vfs: None,
    }
}

fn keys(folder: &Path) -> Arc<FolderCustodian> {
    Arc::new(FolderCustodian::open(&folder.join("keys"), Arc::new(SystemRandomness::new())).unwrap())
}

/// Which place (one byte), how many bytes are cut off its end (one byte), which bits are flipped in what is left.
///
/// Whatever was changed, the vault answers with what it once wrote or with an error, and alters nothing that it cannot read.
pub(crate) fn vault_record(world: &World, bytes: &[u8]) -> Verdict {
    let Some(([place, cut], flips)) = bytes.split_first_chunk::<2>() else {
        return Verdict::Refused;
    };
    let Some(place) = PLACES.get(usize::from(*place)) else {
        return Verdict::Refused;
    };
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = kept.folder.path();
    let path = options(folder).path;
    fs::write(&path, &kept.file).unwrap();
    let is_changed = change(&path, *place, usize::from(*cut), flips);
    let before = fs::read(&path).unwrap();
    let opened = Vault::open(options(folder), keys(folder), Arc::new(SystemRandomness::new())).and_then(|vault| {
        let secret = vault.get(&RECORD)?;
        Ok((secret, vault.journal_get("outbox", b"first")?))
    });
    match opened {
        Ok((secret, note)) => {
            assert_eq!(
                secret.as_deref(),
                Some(world.secret),
                "a record opens to another secret"
            );
            assert_eq!(note.as_deref(), Some(NOTE), "a row opens to another text");
            assert!(!is_changed, "{place:?} was changed, and nobody noticed");
            Verdict::Accepted
        }
        Err(_) => {
            assert!(
                fs::read(&path).unwrap() == before,
                "a file that is not understood was altered"
            );
            Verdict::Refused
        }
    }
}

/// Changes the first sealed bytes of a place; whether they are others than before.
fn change(path: &Path, (table, column): (&str, &str), cut: usize, flips: &[u8]) -> bool {
    let connection = Connection::open(path).unwrap();
    let read = format!("SELECT {column} FROM {table} LIMIT 1");
    let genuine: Vec<u8> = connection.query_row(&read, [], |row| row.get(0)).unwrap();
    let mut changed = genuine.clone();
    changed.truncate(genuine.len().saturating_sub(cut));
    for (byte, flip) in changed.iter_mut().zip(flips) {
        *byte ^= flip;
    }
    let write = format!("UPDATE {table} SET {column} = ?1 WHERE {column} = ?2");
    connection.execute(&write, (&changed, &genuine)).unwrap();
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    changed != genuine
}
