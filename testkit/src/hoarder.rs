//! The control of every destruction at the gateway: a custodian that keeps the keys that it says it deleted.

use quittance_gateway::FolderCustodian;
use quittance_vault::{Neighbours, RootKeyError, RootKeys};
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

    fn keep_what_ends(&self, epoch: u64) -> Result<(), RootKeyError> {
        if !self.honest.exists(epoch)? {
            return Ok(());
        }
        self.keep(epoch).map_err(|error| RootKeyError::Unavailable {
            detail: error.to_string(),
        })
    }

    /// Copies the folder as it stands: a custodian's folder with the key in it.
    fn keep(&self, epoch: u64) -> io::Result<()> {
        let copy = self.hoard.join(epoch.to_string());
        std::fs::create_dir_all(&copy)?;
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            std::fs::copy(entry.path(), copy.join(entry.file_name()))?;
        }
        Ok(())
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
        self.keep_what_ends(epoch)?;
        self.honest.delete(epoch)
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.honest.exists(epoch)
    }

    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        self.keep_what_ends(old)?;
        self.honest.replace(old, ahead)
    }

    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.honest.neighbours(epoch)
    }
}
