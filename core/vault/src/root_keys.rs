//! Who holds the key at the top of the tree: one key for each epoch.

use zeroize::Zeroizing;

use crate::seal::{Key, on_wiped_stack};

/// Words of the stack that a keystore's call may use.
const OF_A_KEYSTORE: usize = 2_048;

/// Wraps a root key, and wipes the stack that the keystore used.
pub(crate) fn wrap_root(keys: &dyn RootKeys, epoch: u64, root: &Key) -> Result<Vec<u8>, RootKeyError> {
    on_wiped_stack::<_, OF_A_KEYSTORE>(|| keys.wrap(epoch, root))
}

/// Opens a wrapped root key into a place of its own, and wipes the stack that the keystore used.
pub(crate) fn unwrap_root(keys: &dyn RootKeys, epoch: u64, wrapped: &[u8]) -> Result<Key, RootKeyError> {
    on_wiped_stack::<_, OF_A_KEYSTORE>(|| keys.unwrap(epoch, wrapped).map(|root| Key::of(&root)))
}

/// Holds the key H_e of each epoch, outside the file: the phone's hardware, or the gateway's key custodian.
///
/// The order in which a vault calls these is its whole promise, so each call has to be durable before it returns: a
/// key that `create` reported stands after a power failure, and one that `delete` reported does not.
/// One `RootKeys` belongs to one vault file.
pub trait RootKeys: Send + Sync {
    /// Makes the key of `epoch`; a key that stands already is kept.
    ///
    /// # Errors
    /// [`RootKeyError::Unavailable`] when the keystore does not answer; a key may or may not stand then.
    fn create(&self, epoch: u64) -> Result<(), RootKeyError>;

    /// Encrypts the vault's root key under the key of `epoch`.
    ///
    /// # Errors
    /// [`RootKeyError::Missing`] without such a key, [`RootKeyError::Invalidated`] when it can no longer be used,
    /// [`RootKeyError::Unavailable`] when the keystore does not answer.
    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError>;

    /// Opens what [`RootKeys::wrap`] gave.
    ///
    /// # Errors
    /// As `wrap`, and [`RootKeyError::Refused`] when the key of `epoch` did not wrap these bytes.
    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError>;

    /// Ends the key of `epoch`; without such a key it does nothing.
    ///
    /// # Errors
    /// [`RootKeyError::Unavailable`] when the keystore does not answer; the key may or may not stand then.
    fn delete(&self, epoch: u64) -> Result<(), RootKeyError>;

    /// Whether a key of `epoch` stands, usable or not.
    ///
    /// # Errors
    /// [`RootKeyError::Unavailable`] when the keystore does not answer.
    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError>;

    /// Ends the key of `old` as [`RootKeys::delete`] does; where the same durable step can make a fresh key of `ahead`,
    /// for the epoch to come, it does that too and answers `true`.
    ///
    /// A keystore whose steps are dear saves one at each destruction by this. A key of `ahead` that stands already may be
    /// of any age: it is never answered for.
    ///
    /// # Errors
    /// As [`RootKeys::delete`], and of a key of `ahead` nothing is known then either.
    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        let _made_when_it_is_needed = ahead;
        self.delete(old).map(|()| false)
    }

    /// Whether keys of the epochs around `epoch` stand. A keystore that finds both in one place looks there once.
    ///
    /// # Errors
    /// As [`RootKeys::exists`].
    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        let exists = |neighbour: Option<u64>| neighbour.map_or(Ok(false), |epoch| self.exists(epoch));
        Ok(Neighbours {
            before: exists(epoch.checked_sub(1))?,
            after: exists(epoch.checked_add(1))?,
        })
    }
}

/// Which keys stand beside the one of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbours {
    /// The key of the epoch before.
    pub before: bool,
    /// The key of the epoch after.
    pub after: bool,
}

/// Why a keystore did not do what it was asked. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootKeyError {
    /// There is no key of this epoch.
    #[error("no key of epoch {epoch}")]
    Missing {
        /// The epoch that was asked for.
        epoch: u64,
    },
    /// The platform ended the key's use, for good.
    #[error("the key of epoch {epoch} was invalidated")]
    Invalidated {
        /// The epoch that was asked for.
        epoch: u64,
    },
    /// The key of this epoch did not make these bytes.
    #[error("the key of epoch {epoch} does not open these bytes")]
    Refused {
        /// The epoch that was asked for.
        epoch: u64,
    },
    /// The keystore does not answer now; later may do.
    #[error("the keystore does not answer: {detail}")]
    Unavailable {
        /// A fixed code or an operating system's message; never a key, a name or a path of a person.
        detail: String,
    },
}
