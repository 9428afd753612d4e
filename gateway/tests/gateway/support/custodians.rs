//! Custodians that fail, or keep what they should delete. Product code has no such switch.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use quittance_gateway::KeyCustodian;
use quittance_vault::{Neighbours, RootKeyError, RootKeys};
use zeroize::Zeroizing;

/// A call on a custodian that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Create,
    Unwrap,
    /// The old key's end, by itself or in the step that makes another.
    End,
}

/// Where a custodian stops answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The call does nothing.
    Before(Call),
    /// The call does its work, and nobody hears of it.
    After(Call),
}

/// Stops answering at one call, as if the process ended there; all else is the custodian's own.
pub(crate) struct Failing {
    inner: Arc<dyn KeyCustodian>,
    at: Mutex<Option<Stop>>,
    replaced: AtomicUsize,
}

impl Failing {
    pub(crate) fn new(inner: Arc<dyn KeyCustodian>) -> Self {
        Self {
            inner,
            at: Mutex::default(),
            replaced: AtomicUsize::new(0),
        }
    }

    /// From now on it stops there; nowhere where it is well again.
    pub(crate) fn stop(&self, at: Option<Stop>) {
        *self.at.lock().unwrap() = at;
    }

    /// How often it ended a key in the step that made another.
    pub(crate) fn replaced(&self) -> usize {
        self.replaced.load(Ordering::SeqCst)
    }

    fn around<T>(&self, call: Call, run: impl FnOnce() -> Result<T, RootKeyError>) -> Result<T, RootKeyError> {
        let at = *self.at.lock().unwrap();
        if at == Some(Stop::Before(call)) {
            return Err(gone());
        }
        let answer = run()?;
        if at == Some(Stop::After(call)) {
            return Err(gone());
        }
        Ok(answer)
    }
}

fn gone() -> RootKeyError {
    RootKeyError::Unavailable {
        detail: "scripted".to_owned(),
    }
}

impl RootKeys for Failing {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.around(Call::Create, || self.inner.create(epoch))
    }
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.inner.wrap(epoch, root)
    }
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        self.around(Call::Unwrap, || self.inner.unwrap(epoch, wrapped))
    }
    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.around(Call::End, || self.inner.delete(epoch))
    }
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.inner.exists(epoch)
    }
    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        self.around(Call::End, || {
            let has_made = self.inner.replace(old, ahead)?;
            self.replaced.fetch_add(usize::from(has_made), Ordering::SeqCst);
            Ok(has_made)
        })
    }
    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.inner.neighbours(epoch)
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
    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        self.inner.replace(old, ahead)
    }
    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.inner.neighbours(epoch)
    }
}

/// Says that it deleted, and keeps the key: "rotation off". It makes no key ahead, since that would overwrite an old one.
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

/// Ends no key until it is let, once it is told so: whoever destroys waits there.
pub(crate) struct Paced {
    inner: Arc<dyn KeyCustodian>,
    go: Mutex<Option<Receiver<()>>>,
    asked: AtomicUsize,
}

impl Paced {
    pub(crate) fn new(inner: Arc<dyn KeyCustodian>) -> Self {
        Self {
            inner,
            go: Mutex::default(),
            asked: AtomicUsize::new(0),
        }
    }

    /// From now on each end waits for a word; for none once the other side of it is dropped.
    pub(crate) fn pace(&self) -> Sender<()> {
        let (let_go, go) = channel();
        *self.go.lock().unwrap() = Some(go);
        let_go
    }

    /// How many ends were asked for.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl RootKeys for Paced {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
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
    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(go) = self.go.lock().unwrap().as_ref() {
            let _let_go = go.recv();
        }
        self.inner.replace(old, ahead)
    }
    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.inner.neighbours(epoch)
    }
}
