//! The vault as this benchmark drives it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quittance_vault::{Randomness as _, RecordKey, RecordKind, SystemRandomness, Vault, VaultError, VaultOptions};

use super::keystore::{TimedKeys, Whose};
use super::{Result, Store};

const KIND: RecordKind = RecordKind(1);
const ROWS: &str = "rows";

/// A vault in a folder with its keys.
pub(crate) struct Vaulted {
    vault: Vault,
    keys: Arc<TimedKeys>,
    path: PathBuf,
}

impl Vaulted {
    /// How long the keystore took since this was asked last.
    pub(crate) fn rotation(&self) -> Duration {
        self.keys.taken()
    }

    /// Lets the keystore go on like a gateway's or a phone's; the key that one has made ahead is used up.
    pub(crate) fn go_on_like(&mut self, whose: Whose) -> Result<()> {
        self.keys.go_on_like(whose);
        self.destroy(&[])
    }

    /// Opens what stands in the folder, or makes it, with a keystore like a gateway's or a phone's.
    pub(crate) fn open_with(folder: &Path, whose: Whose) -> Result<Self> {
        let path = folder.join("vault.db");
        let keys = TimedKeys::open(&folder.join("keys"), whose)?;
        let options = VaultOptions::at(path.clone());
        let (held, random) = (Arc::clone(&keys) as _, Arc::new(SystemRandomness::new()));
        let vault = if path.exists() {
            Vault::open(options, held, random)?
        } else {
            Vault::create(options, held, random)?
        };
        keys.taken();
        Ok(Self { vault, keys, path })
    }
}

impl Store for Vaulted {
    fn open(folder: &Path) -> Result<Self> {
        Self::open_with(folder, Whose::Gateways)
    }

    fn insert(&mut self, ids: &[[u8; 16]], record: &[u8]) -> Result<()> {
        self.vault
            .transact::<_, VaultError>(|tx| ids.iter().try_for_each(|id| tx.put(&RecordKey::new(KIND, *id), record)))?;
        Ok(())
    }

    fn get(&self, id: [u8; 16]) -> Result<usize> {
        let record = self.vault.get(&RecordKey::new(KIND, id))?;
        Ok(record.ok_or("no such record")?.len())
    }

    fn names(&self) -> Result<usize> {
        Ok(self.vault.records(KIND)?.len())
    }

    fn insert_rows(&mut self, ids: &[[u8; 16]], row: &[u8]) -> Result<()> {
        self.vault
            .transact::<_, VaultError>(|tx| ids.iter().try_for_each(|id| tx.journal_put(ROWS, id, row)))?;
        Ok(())
    }

    fn rows(&self) -> Result<usize> {
        Ok(self.vault.journal_list(ROWS)?.len())
    }

    /// The first epoch after an opening does, where it finds the key of the next one made.
    fn begin_log_anew(&mut self) -> Result<()> {
        self.destroy(&[])
    }

    fn destroy(&mut self, ids: &[[u8; 16]]) -> Result<()> {
        let mut order = [0; 16];
        SystemRandomness::new().fill(&mut order)?;
        let targets: Vec<RecordKey> = ids.iter().map(|id| RecordKey::new(KIND, *id)).collect();
        self.keys.taken();
        let made = self.vault.destroy(order, &targets, |_| Ok(()))?;
        if made.destroyed.len() == ids.len() {
            Ok(())
        } else {
            Err("not all were destroyed".into())
        }
    }

    fn close(self) -> Result<u64> {
        drop(self.vault);
        Ok(fs::metadata(self.path)?.len())
    }
}
