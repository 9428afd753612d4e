//! Custodians that fail, or keep what they should delete. Product code has no such switch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quittance_gateway::KeyCustodian;
use quittance_vault::{RootKeyError, RootKeys};
use zeroize::Zeroizing;

/// Stops answering at one call, as if the process ended there.
pub(crate) struct Failing {
    pub(crate) inner: Arc<dyn KeyCustodian>,
    pub(crate) at_create: AtomicBool,
    pub(crate) at_delete: AtomicBool,
}

impl Failing {
    pub(crate) fn new(inner: Arc<dyn KeyCustodian>) -> Self {
        Self {
            inner,
            at_create: AtomicBool::new(false),
            at_delete: AtomicBool::new(false),
        }
    }
}

fn gone() -> RootKeyError {
    RootKeyError::Unavailable {
        detail: "scripted".to_owned(),
    }
}

impl RootKeys for Failing {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        if self.at_create.load(Ordering::SeqCst) {
            Err(gone())
        } else {
            self.inner.create(epoch)
        }
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.inner.wrap(epoch, root)
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.inner.unwrap(epoch, wrapped)
    }
    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        if self.at_delete.load(Ordering::SeqCst) {
            Err(gone())
        } else {
            self.inner.delete(epoch)
        }
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.inner.exists(epoch)
    }
}

/// Panics at the creation of an epoch, once it is told to: a defect on the gateway's one thread.
pub(crate) struct Panicking {
    pub(crate) inner: Arc<dyn KeyCustodian>,
    pub(crate) now: AtomicBool,
}

impl RootKeys for Panicking {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        assert!(!self.now.load(Ordering::SeqCst), "scripted");
        self.inner.create(epoch)
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.inner.wrap(epoch, root)
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.inner.unwrap(epoch, wrapped)
    }
    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.inner.delete(epoch)
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.inner.exists(epoch)
    }
}

/// Says that it deleted, and keeps the key: "rotation off".
pub(crate) struct Keeping(pub(crate) Arc<dyn KeyCustodian>);

impl RootKeys for Keeping {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.0.create(epoch)
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.0.wrap(epoch, root)
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.0.unwrap(epoch, wrapped)
    }
    fn delete(&self, _epoch: u64) -> Result<(), RootKeyError> {
        Ok(())
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.0.exists(epoch)
    }
}
