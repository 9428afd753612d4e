//! The control of every destruction at the gateway: a custodian that keeps the keys that it says it deleted.

use quittance_gateway::FolderCustodian;
use quittance_vault::{RootKeyError, RootKeys};
use std::io;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// A folder custodian with a hoard.
pub struct HoardingCustodian {
    honest: FolderCustodian,
    folder: PathBuf,
    hoard: PathBuf,
}

impl HoardingCustodian {
    /// Keeps in `hoard` what `honest` deletes from `folder`.
    ///
    /// # Errors
    /// Where the hoard cannot be made.
    pub fn new(honest: FolderCustodian, folder: PathBuf, hoard: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&hoard)?;
        Ok(Self { honest, folder, hoard })
    }
}

impl RootKeys for HoardingCustodian {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.honest.create(epoch)
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.honest.wrap(epoch, root)
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.honest.unwrap(epoch, wrapped)
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        let name = format!("epoch-{epoch}.key");
        // There may be no such key: deleting is idempotent.
        let _kept = std::fs::copy(self.folder.join(&name), self.hoard.join(&name));
        self.honest.delete(epoch)
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.honest.exists(epoch)
    }
}
