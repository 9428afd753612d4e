//! A thief who has copied vault files and holds whatever keys exist today.

use crate::software_keys::SoftwareDeviceKeys;
use quittance_gateway::FolderCustodian;
use quittance_vault::{RecordKind, RootKeyError, RootKeys, SystemRandomness, Vault, VaultOptions};
use quittance_wallet::ports::{DeviceKeyError, DeviceKeys};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Records of this kind are token halves, on the phone as at the gateway.
pub(crate) const TOKEN_HALF: RecordKind = RecordKind(1);

/// Whose vault it is, so how its keys are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Victim {
    /// The software keys that stand for a phone's hardware.
    Phone,
    /// The folder that stands for a gateway's HSM.
    Gateway,
}

/// A token half that the thief could read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loot {
    /// Which token, hex.
    pub token: String,
    /// The half itself, hex.
    pub half: String,
}

/// Tries every key of `keys` on the copied vault file, each alone, as somebody would who knows the format.
///
/// # Errors
/// Where the copies cannot be read or written at all.
pub fn open_copy(vault: &Path, keys: &[PathBuf], victim: Victim) -> io::Result<Vec<Loot>> {
    let mut loot = Vec::new();
    for folder in keys {
        for (keys, epoch) in keys_in(folder, victim)? {
            loot.extend(try_epoch(vault, keys, epoch)?);
        }
    }
    Ok(loot)
}

/// Each key that stands in a folder, or in a folder inside of it: that is how a hoard is kept.
fn keys_in(folder: &Path, victim: Victim) -> io::Result<Vec<(Arc<dyn RootKeys>, u64)>> {
    let mut found = Vec::new();
    let (keys, epochs): (Arc<dyn RootKeys>, Vec<u64>) = match victim {
        Victim::Phone => {
            let keys = SoftwareDeviceKeys::open(folder).map_err(io::Error::other)?;
            let epochs = keys.epochs().map_err(io::Error::other)?;
            (Arc::new(PhoneKeys(keys)), epochs)
        }
        Victim::Gateway => {
            let keys = FolderCustodian::open(folder, Arc::new(SystemRandomness::default()))?;
            let epochs = keys.epochs().map_err(io::Error::other)?;
            (Arc::new(keys), epochs)
        }
    };
    found.extend(epochs.into_iter().map(|epoch| (Arc::clone(&keys), epoch)));
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(keys_in(&path, victim)?);
        }
    }
    Ok(found)
}

fn try_epoch(vault: &Path, inner: Arc<dyn RootKeys>, epoch: u64) -> io::Result<Vec<Loot>> {
    let bench = tempfile::tempdir()?;
    let path = bench.path().join("copy");
    for suffix in ["", "-wal"] {
        let from = PathBuf::from(format!("{}{suffix}", vault.display()));
        if from.exists() {
            std::fs::copy(&from, format!("{}{suffix}", path.display()))?;
        }
    }
    let Ok(vault) = Vault::open(
        VaultOptions::at(path),
        Arc::new(OneEpoch { inner, epoch }),
        Arc::new(SystemRandomness::default()),
    ) else {
        return Ok(Vec::new());
    };
    let mut loot = Vec::new();
    for id in vault.records(TOKEN_HALF).map_err(io::Error::other)? {
        let key = quittance_vault::RecordKey::new(TOKEN_HALF, id);
        if let Ok(Some(half)) = vault.get(&key) {
            loot.push(Loot {
                token: hex::encode(id),
                half: hex::encode(half.as_slice()),
            });
        }
    }
    Ok(loot)
}

/// Shows the vault one epoch's key and hides all others, so that it takes an old file for today's.
struct OneEpoch {
    inner: Arc<dyn RootKeys>,
    epoch: u64,
}

impl RootKeys for OneEpoch {
    fn create(&self, _epoch: u64) -> Result<(), RootKeyError> {
        Ok(())
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.inner.wrap(epoch, root)
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        if epoch == self.epoch {
            self.inner.unwrap(epoch, wrapped)
        } else {
            Err(RootKeyError::Missing { epoch })
        }
    }

    fn delete(&self, _epoch: u64) -> Result<(), RootKeyError> {
        Ok(())
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        Ok(epoch == self.epoch)
    }
}

/// The phone's software keys as the vault wants them.
struct PhoneKeys(SoftwareDeviceKeys);

impl PhoneKeys {
    fn error(epoch: u64, error: DeviceKeyError) -> RootKeyError {
        match error {
            DeviceKeyError::KeyMissing => RootKeyError::Missing { epoch },
            DeviceKeyError::Refused => RootKeyError::Refused { epoch },
            _ => RootKeyError::Unavailable {
                detail: error.to_string(),
            },
        }
    }
}

impl RootKeys for PhoneKeys {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.0.create_epoch_key(epoch).map_err(|e| Self::error(epoch, e))
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.0.wrap(epoch, root.to_vec()).map_err(|e| Self::error(epoch, e))
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        let root = self
            .0
            .unwrap(epoch, wrapped.to_vec())
            .map_err(|e| Self::error(epoch, e))?;
        <[u8; 32]>::try_from(root)
            .map(Zeroizing::new)
            .map_err(|_| RootKeyError::Refused { epoch })
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.0.delete_epoch_key(epoch).map_err(|e| Self::error(epoch, e))
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.0.epoch_key_exists(epoch).map_err(|e| Self::error(epoch, e))
    }
}
