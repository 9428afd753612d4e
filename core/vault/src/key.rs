//! A key of the tree.

use std::ops::{Deref, DerefMut};

use zeroize::Zeroize as _;

use crate::error::VaultError;
use crate::randomness::Randomness;

/// Bytes of every key.
pub(crate) const KEY_LEN: usize = 32;

/// A key of the tree; wiped when dropped. It has a place of its own, because what is moved about on the stack leaves
/// copies there that nobody wipes.
pub(crate) struct Key(Box<[u8; KEY_LEN]>);

impl Key {
    /// The key with these bytes.
    pub(crate) fn of(bytes: &[u8; KEY_LEN]) -> Self {
        let mut key = Self(Box::new([0; KEY_LEN]));
        key.copy_from_slice(bytes);
        key
    }
}

impl Clone for Key {
    fn clone(&self) -> Self {
        Self::of(self)
    }
}

impl Deref for Key {
    type Target = [u8; KEY_LEN];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Key {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A fresh random key.
pub(crate) fn fresh_key(random: &dyn Randomness) -> Result<Key, VaultError> {
    let mut key = Key::of(&[0; KEY_LEN]);
    random.fill(key.as_mut_slice())?;
    Ok(key)
}
