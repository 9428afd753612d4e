//! What an app has without Quittance: rows in SQLite, each sealed by AES-256-GCM under one key that never changes.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use quittance_vault::{Randomness as _, RootKeys as _, SystemRandomness};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rusqlite::Connection;

use super::keystore::{TimedKeys, Whose};
use super::{Result, Store};

/// The store, as durable as the vault and as careful with freed pages.
pub(crate) struct Baseline {
    connection: Connection,
    key: LessSafeKey,
    random: SystemRandomness,
    path: PathBuf,
    /// Bytes that were read, so that no reading is left out.
    read: Cell<usize>,
}

const SCHEMA: &str = "
CREATE TABLE wrapped (key BLOB NOT NULL) STRICT;
CREATE TABLE records (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL) STRICT;
CREATE TABLE rows (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, sealed BLOB NOT NULL) STRICT;
";

impl Baseline {
    fn put(&mut self, table: &str, ids: &[[u8; 16]], plain: &[u8]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert =
                transaction.prepare_cached(&format!("INSERT INTO {table} (id, sealed) VALUES (?1, ?2)"))?;
            for id in ids {
                let mut nonce = [0; NONCE_LEN];
                self.random.fill(&mut nonce)?;
                let mut sealed = plain.to_vec();
                self.key
                    .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(id), &mut sealed)
                    .map_err(|_| "not sealed")?;
                insert.execute((id, [nonce.as_slice(), &sealed].concat()))?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn unseal(&self, id: &[u8; 16], sealed: &[u8]) -> Result<usize> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or("too short")?;
        let mut sealed = sealed.to_vec();
        let plain = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(id), &mut sealed)
            .map_err(|_| "not opened")?;
        self.read.set(self.read.get() + plain.len());
        Ok(plain.len())
    }
}

impl Store for Baseline {
    fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("plain.db");
        let keys = TimedKeys::open(&folder.join("keys"), Whose::Gateways)?;
        let is_new = !path.exists();
        let connection = Connection::open(&path)?;
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;
             PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        )?;
        let random = SystemRandomness::new();
        if is_new {
            let mut key = [0; 32];
            random.fill(&mut key)?;
            keys.create(1)?;
            connection.execute_batch(SCHEMA)?;
            connection.execute("INSERT INTO wrapped (key) VALUES (?1)", [keys.wrap(1, &key)?])?;
        }
        let wrapped: Vec<u8> = connection.query_row("SELECT key FROM wrapped", [], |row| row.get(0))?;
        let key = keys.unwrap(1, &wrapped)?;
        Ok(Self {
            connection,
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| "no key")?),
            random,
            path,
            read: Cell::new(0),
        })
    }

    fn insert(&mut self, ids: &[[u8; 16]], record: &[u8]) -> Result<()> {
        self.put("records", ids, record)
    }

    fn get(&self, id: [u8; 16]) -> Result<usize> {
        let mut select = self
            .connection
            .prepare_cached("SELECT sealed FROM records WHERE id = ?1")?;
        let sealed: Vec<u8> = select.query_row([&id], |row| row.get(0))?;
        self.unseal(&id, &sealed)
    }

    fn names(&self) -> Result<usize> {
        let mut select = self.connection.prepare_cached("SELECT id FROM records ORDER BY id")?;
        let ids: Vec<[u8; 16]> = select
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(ids.len())
    }

    fn insert_rows(&mut self, ids: &[[u8; 16]], row: &[u8]) -> Result<()> {
        self.put("rows", ids, row)
    }

    fn rows(&self) -> Result<usize> {
        let mut select = self
            .connection
            .prepare_cached("SELECT id, sealed FROM rows ORDER BY id")?;
        let rows: Vec<([u8; 16], Vec<u8>)> = select
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        rows.iter()
            .try_for_each(|(id, sealed)| self.unseal(id, sealed).map(drop))?;
        Ok(rows.len())
    }

    fn begin_log_anew(&mut self) -> Result<()> {
        let restart = "PRAGMA wal_checkpoint(RESTART)";
        Ok(self.connection.query_row(restart, [], |_| Ok(()))?)
    }

    fn destroy(&mut self, ids: &[[u8; 16]]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut delete = transaction.prepare_cached("DELETE FROM records WHERE id = ?1")?;
            for id in ids {
                delete.execute([id])?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn close(self) -> Result<u64> {
        drop(self.connection);
        Ok(fs::metadata(self.path)?.len())
    }
}
