//! The software keystore of the gateway, with a clock.

use std::cell::Cell;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quittance_gateway::FolderCustodian;
use quittance_vault::{Neighbours, RootKeyError, RootKeys, SystemRandomness};
use zeroize::Zeroizing;

use super::Result;

/// Says how long its calls took.
pub(crate) struct TimedKeys {
    keys: FolderCustodian,
    took: Mutex<Cell<Duration>>,
}

impl TimedKeys {
    /// The keys of this folder.
    pub(crate) fn open(folder: &Path) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            keys: FolderCustodian::open(folder, Arc::new(SystemRandomness::new()))?,
            took: Mutex::default(),
        }))
    }

    /// How long the calls took since this was asked last.
    pub(crate) fn taken(&self) -> Duration {
        self.took.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn timed<T>(&self, call: impl FnOnce(&FolderCustodian) -> T) -> T {
        let began = Instant::now();
        let answer = call(&self.keys);
        let took = self.took.lock().unwrap_or_else(PoisonError::into_inner);
        took.set(took.get() + began.elapsed());
        answer
    }
}

impl RootKeys for TimedKeys {
    fn create(&self, epoch: u64) -> std::result::Result<(), RootKeyError> {
        self.timed(|keys| keys.create(epoch))
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> std::result::Result<Vec<u8>, RootKeyError> {
        self.timed(|keys| keys.wrap(epoch, root))
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> std::result::Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.timed(|keys| keys.unwrap(epoch, wrapped))
    }

    fn delete(&self, epoch: u64) -> std::result::Result<(), RootKeyError> {
        self.timed(|keys| keys.delete(epoch))
    }

    fn exists(&self, epoch: u64) -> std::result::Result<bool, RootKeyError> {
        self.timed(|keys| keys.exists(epoch))
    }

    fn replace(&self, old: u64, ahead: u64) -> std::result::Result<bool, RootKeyError> {
        self.timed(|keys| keys.replace(old, ahead))
    }

    fn neighbours(&self, epoch: u64) -> std::result::Result<Neighbours, RootKeyError> {
        self.timed(|keys| keys.neighbours(epoch))
    }
}
