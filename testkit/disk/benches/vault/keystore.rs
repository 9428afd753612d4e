//! The software keystore of the gateway, used as a gateway or a phone uses its own, with a clock.

use std::cell::Cell;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quittance_gateway::FolderCustodian;
use quittance_vault::{Neighbours, RootKeyError, RootKeys, SystemRandomness};
use zeroize::Zeroizing;

use super::Result;

/// Whose keystore it is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Ends an old key and makes the next one in one durable step, and finds both neighbours in one place.
    Gateways,
    /// Deletes an old key, makes the next one when its epoch begins, and is asked for each neighbour.
    Phones,
}

/// Says how long its calls took.
pub(crate) struct TimedKeys {
    keys: FolderCustodian,
    whose: Mutex<Cell<Whose>>,
    took: Mutex<Cell<Duration>>,
}

impl TimedKeys {
    /// The keys of this folder.
    pub(crate) fn open(folder: &Path, whose: Whose) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            keys: FolderCustodian::open(folder, Arc::new(SystemRandomness::new()))?,
            whose: Mutex::new(Cell::new(whose)),
            took: Mutex::default(),
        }))
    }

    /// How long the calls took since this was asked last.
    pub(crate) fn taken(&self) -> Duration {
        self.took.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Goes on in another one's way.
    pub(crate) fn go_on_like(&self, whose: Whose) {
        self.whose.lock().unwrap_or_else(PoisonError::into_inner).set(whose);
    }

    fn whose(&self) -> Whose {
        self.whose.lock().unwrap_or_else(PoisonError::into_inner).get()
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
        match self.whose() {
            Whose::Gateways => self.timed(|keys| keys.replace(old, ahead)),
            Whose::Phones => self.delete(old).map(|()| false),
        }
    }

    fn neighbours(&self, epoch: u64) -> std::result::Result<Neighbours, RootKeyError> {
        match self.whose() {
            Whose::Gateways => self.timed(|keys| keys.neighbours(epoch)),
            Whose::Phones => Ok(Neighbours {
                before: epoch.checked_sub(1).map_or(Ok(false), |before| self.exists(before))?,
                after: epoch.checked_add(1).map_or(Ok(false), |after| self.exists(after))?,
            }),
        }
    }
}
