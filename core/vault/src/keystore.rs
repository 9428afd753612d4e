//! The keystore as a vault calls it: no call leaves a key behind on the stack.

use std::sync::Arc;

use crate::key::Key;
use crate::root_keys::{Neighbours, RootKeyError, RootKeys};
use crate::stack::on_wiped_stack;

/// Words of the stack that a keystore's call may use: without optimisation every move has a place of its own.
const OF_A_KEYSTORE: usize = if cfg!(debug_assertions) { 8_192 } else { 2_048 };

/// See [`RootKeys`], whose calls these are.
pub(crate) struct Keystore(Arc<dyn RootKeys>);

impl Keystore {
    pub(crate) fn new(keys: Arc<dyn RootKeys>) -> Self {
        Self(keys)
    }

    /// Makes a fresh key of `epoch`. One that stands is of an age that nobody knows, so it ends first.
    pub(crate) fn create_fresh(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.call(|keys| {
            if keys.exists(epoch)? {
                keys.delete(epoch)?;
            }
            keys.create(epoch)
        })
    }

    pub(crate) fn wrap(&self, epoch: u64, root: &Key) -> Result<Vec<u8>, RootKeyError> {
        self.call(|keys| keys.wrap(epoch, root))
    }

    /// Opens a wrapped root key into a place of its own.
    pub(crate) fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Key, RootKeyError> {
        self.call(|keys| keys.unwrap(epoch, wrapped).map(|root| Key::of(&root)))
    }

    pub(crate) fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.call(|keys| keys.delete(epoch))
    }

    pub(crate) fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.call(|keys| keys.exists(epoch))
    }

    pub(crate) fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        self.call(|keys| keys.replace(old, ahead))
    }

    pub(crate) fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        self.call(|keys| keys.neighbours(epoch))
    }

    fn call<T>(&self, call: impl FnOnce(&dyn RootKeys) -> T) -> T {
        on_wiped_stack::<_, OF_A_KEYSTORE>(|| call(&*self.0))
    }
}
