//! Keystores, disks, as well as randomness for tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::{
    Neighbours, Randomness, RandomnessError, RecordKey, RecordKind, RootKeyError, RootKeys, SystemRandomness, Vault,
    VaultError, VaultOptions,
};

pub(super) const TOKEN: RecordKind = RecordKind(1);

pub(super) fn token(number: u8) -> RecordKey {
    RecordKey::new(TOKEN, [number; 16])
}

pub(super) fn secret(number: u8) -> Vec<u8> {
    format!("secret of token {number}").into_bytes()
}

/// The bytes 0, 1, 2 … for ever: the same calls give the same file.
#[derive(Default)]
pub(super) struct CountingRandomness(AtomicU64);

impl Randomness for CountingRandomness {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomnessError> {
        for byte in out {
            *byte = (self.0.fetch_add(1, Ordering::SeqCst) % 251) as u8;
        }
        Ok(())
    }
}

/// A keystore in memory. Cloning it is what a thief does who takes today's keys.
#[derive(Default)]
pub(super) struct MemoryKeys {
    keys: Mutex<BTreeMap<u64, [u8; 32]>>,
    /// Whether it makes a key ahead where it may.
    makes_ahead: bool,
}

impl Clone for MemoryKeys {
    fn clone(&self) -> Self {
        Self {
            keys: Mutex::new(self.keys.lock().unwrap().clone()),
            makes_ahead: self.makes_ahead,
        }
    }
}

impl MemoryKeys {
    pub(super) fn new(makes_ahead: bool) -> Self {
        Self {
            makes_ahead,
            ..Self::default()
        }
    }

    /// Whether the key of this epoch stands, none before it, and behind it one for the next epoch at most.
    pub(super) fn are_of(&self, epoch: u64) -> bool {
        let epochs = self.epochs();
        epochs == [epoch] || epochs == [epoch, epoch + 1]
    }

    pub(super) fn epochs(&self) -> Vec<u64> {
        self.keys.lock().unwrap().keys().copied().collect()
    }

    fn cipher(&self, epoch: u64) -> Result<LessSafeKey, RootKeyError> {
        let keys = self.keys.lock().unwrap();
        let key = keys.get(&epoch).ok_or(RootKeyError::Missing { epoch })?;
        Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap()))
    }
}

impl RootKeys for MemoryKeys {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        let mut key = [0; 32];
        SystemRandomness::new().fill(&mut key).unwrap();
        self.keys.lock().unwrap().entry(epoch).or_insert(key);
        Ok(())
    }

    // A fixed nonce: each key of this keystore wraps roots of tests only.
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        let mut bytes = root.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        self.cipher(epoch)?
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut bytes)
            .unwrap();
        Ok(bytes)
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        let mut bytes = wrapped.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let cipher = self.cipher(epoch)?;
        let root = cipher
            .open_in_place(nonce, Aad::empty(), &mut bytes)
            .map_err(|_| RootKeyError::Refused { epoch })?;
        Ok(Zeroizing::new(<[u8; 32]>::try_from(&*root).unwrap()))
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.keys.lock().unwrap().remove(&epoch);
        Ok(())
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        Ok(self.keys.lock().unwrap().contains_key(&epoch))
    }

    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        self.delete(old)?;
        if self.makes_ahead {
            self.delete(ahead)?;
            self.create(ahead)?;
        }
        Ok(self.makes_ahead)
    }
}

/// The control "rotation off": it says that a key is deleted, and keeps it for the thief.
#[derive(Default)]
pub(super) struct KeepsOldKeys {
    pub(super) kept: Arc<MemoryKeys>,
    hidden: Mutex<Vec<u64>>,
}

impl KeepsOldKeys {
    fn visible(&self, epoch: u64) -> Result<(), RootKeyError> {
        if self.hidden.lock().unwrap().contains(&epoch) {
            Err(RootKeyError::Missing { epoch })
        } else {
            Ok(())
        }
    }
}

impl RootKeys for KeepsOldKeys {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.kept.create(epoch)
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.visible(epoch)?;
        self.kept.wrap(epoch, root)
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.visible(epoch)?;
        self.kept.unwrap(epoch, wrapped)
    }
    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.hidden.lock().unwrap().push(epoch);
        Ok(())
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        Ok(self.visible(epoch).is_ok() && self.kept.exists(epoch)?)
    }
}

/// A call on a keystore, as decorators see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Create,
    Wrap,
    Unwrap,
    Delete,
    Exists,
    Replace,
    Neighbours,
}

/// Runs a hook before and after each call of another keystore; a hook that answers an error ends the call there.
pub(super) struct Hooked<H> {
    pub(super) inner: Arc<dyn RootKeys>,
    pub(super) hook: H,
}

/// What a hook is told: the call, with whether it has taken effect.
pub(super) type Moment = (Call, bool);

impl<H: Fn(Moment) -> Result<(), RootKeyError> + Send + Sync> Hooked<H> {
    fn around<T>(&self, call: Call, run: impl FnOnce() -> Result<T, RootKeyError>) -> Result<T, RootKeyError> {
        (self.hook)((call, false))?;
        let answer = run()?;
        (self.hook)((call, true))?;
        Ok(answer)
    }
}

impl<H: Fn(Moment) -> Result<(), RootKeyError> + Send + Sync> RootKeys for Hooked<H> {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.around(Call::Create, || self.inner.create(epoch))
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.around(Call::Wrap, || self.inner.wrap(epoch, root))
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.around(Call::Unwrap, || self.inner.unwrap(epoch, wrapped))
    }
    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.around(Call::Delete, || self.inner.delete(epoch))
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.around(Call::Exists, || self.inner.exists(epoch))
    }
    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        self.around(Call::Replace, || self.inner.replace(old, ahead))
    }
    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.around(Call::Neighbours, || self.inner.neighbours(epoch))
    }
}

pub(super) fn dead() -> RootKeyError {
    RootKeyError::Unavailable {
        detail: "the process is dead".to_owned(),
    }
}

/// A folder with one vault in it.
pub(super) struct Disk(pub(super) TempDir);

impl Disk {
    pub(super) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.path().join("tokens.vault")
    }

    pub(super) fn options(&self) -> VaultOptions {
        VaultOptions {
            path: self.file(),
            height: 2,
            vfs: None,
        }
    }

    pub(super) fn create(&self, keys: &Arc<impl RootKeys + 'static>) -> Vault {
        self.try_create(keys).unwrap()
    }

    pub(super) fn try_create(&self, keys: &Arc<impl RootKeys + 'static>) -> Result<Vault, VaultError> {
        Vault::create(self.options(), Arc::clone(keys) as _, Arc::new(SystemRandomness::new()))
    }

    pub(super) fn open(&self, keys: &Arc<impl RootKeys + 'static>) -> Vault {
        self.try_open(keys).unwrap()
    }

    pub(super) fn try_open(&self, keys: &Arc<impl RootKeys + 'static>) -> Result<Vault, VaultError> {
        Vault::open(self.options(), Arc::clone(keys) as _, Arc::new(SystemRandomness::new()))
    }

    pub(super) fn image(&self) -> Image {
        Image::take(&self.file())
    }
}

/// The bytes of a vault's files at one moment, taken by somebody who reads the disk while it is in use.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Image {
    file: Vec<u8>,
    log: Option<Vec<u8>>,
}

impl Image {
    pub(super) fn take(path: &Path) -> Self {
        // An empty log is none: SQLite makes one when it looks at a file.
        let log = std::fs::read(log_of(path)).ok().filter(|log| !log.is_empty());
        Self {
            file: std::fs::read(path).unwrap(),
            log,
        }
    }

    pub(super) fn put(&self, disk: &Disk) {
        std::fs::write(disk.file(), &self.file).unwrap();
        match &self.log {
            Some(log) => std::fs::write(log_of(&disk.file()), log).unwrap(),
            None => drop(std::fs::remove_file(log_of(&disk.file()))),
        }
    }
}

pub(super) fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Puts tokens 1 to `count`, each with its secret.
pub(super) fn put_tokens(vault: &mut Vault, count: u8) {
    vault
        .transact(|tx| (1..=count).try_for_each(|number| tx.put(&token(number), &secret(number))))
        .unwrap();
}
