//! Who holds the key at the top of the gateway's vault.

use std::io;
use std::path::Path;
use std::sync::Arc;

use quittance_vault::{Neighbours, Randomness, RootKeyError, RootKeys, aead};
use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::shelf::{FolderShelf, Shelf};

/// Holds the gateway's vault keys, one an epoch, and stores nothing else. An HSM implements
/// [`RootKeys`] and is a custodian by that.
pub trait KeyCustodian: RootKeys {}

impl<T: RootKeys + ?Sized> KeyCustodian for T {}

/// Keeps keys on a shelf: two slots, since never more than two epochs stand beside each other.
///
/// On a [`FolderShelf`] it *stands for* an HSM: put the folder on another volume than the data, outside of every backup. Who
/// has the history of that volume has the keys that were deleted from it.
pub struct ShelfCustodian<S> {
    shelf: S,
    random: Arc<dyn Randomness>,
}

/// A custodian with a folder.
pub type FolderCustodian = ShelfCustodian<FolderShelf>;

/// A key with its epoch.
type Held = (u64, Zeroizing<[u8; 32]>);

/// How a slot with a key in it begins.
const MARK: &[u8; 4] = b"QKEY";
/// Mark, epoch, key, the beginning of their SHA-256.
const PAGE: usize = 4 + 8 + 32 + 16;

impl FolderCustodian {
    /// Takes the folder, made where it is missing.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn open(folder: &Path, random: Arc<dyn Randomness>) -> io::Result<Self> {
        Ok(Self::on(FolderShelf::open(folder)?, random))
    }
}

impl<S: Shelf> ShelfCustodian<S> {
    /// Takes a shelf with what stands on it.
    pub fn on(shelf: S, random: Arc<dyn Randomness>) -> Self {
        Self { shelf, random }
    }

    /// The epochs whose keys stand.
    ///
    /// # Errors
    /// [`RootKeyError::Unavailable`] where the shelf does not answer.
    pub fn epochs(&self) -> Result<Vec<u64>, RootKeyError> {
        let slots = [self.slot(0)?, self.slot(1)?];
        Ok(slots.into_iter().flatten().map(|(epoch, _)| epoch).collect())
    }

    /// What stands in the slot of this epoch, which may be the key of another.
    fn slot(&self, epoch: u64) -> Result<Option<Held>, RootKeyError> {
        let page = self.shelf.read(name(epoch)).map_err(|error| unavailable(&error))?;
        Ok(page.map(Zeroizing::new).and_then(|page| read(&page)))
    }

    /// Writes a page over whatever stands in the slot of this epoch.
    fn put(&self, epoch: u64, page: &[u8]) -> Result<(), RootKeyError> {
        self.shelf.write(name(epoch), page).map_err(|error| unavailable(&error))
    }

    /// Writes a fresh key over whatever stands in its slot.
    fn put_fresh(&self, epoch: u64) -> Result<(), RootKeyError> {
        let mut key = Zeroizing::new([0; 32]);
        self.random.fill(&mut *key).map_err(|_| RootKeyError::Unavailable {
            detail: "no randomness".to_owned(),
        })?;
        self.put(epoch, &written(epoch, &key))
    }

    fn key(&self, epoch: u64) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        match self.slot(epoch)? {
            Some((stands, key)) if stands == epoch => Ok(key),
            _ => Err(RootKeyError::Missing { epoch }),
        }
    }
}

/// The slot of an epoch: its neighbours have the other one.
fn name(epoch: u64) -> &'static str {
    if epoch.is_multiple_of(2) { "slot-0" } else { "slot-1" }
}

/// A page with a key; wiped when dropped.
fn written(epoch: u64, key: &[u8; 32]) -> Zeroizing<Vec<u8>> {
    let mut page = Zeroizing::new(Vec::with_capacity(PAGE));
    page.extend_from_slice(MARK);
    page.extend_from_slice(&epoch.to_be_bytes());
    page.extend_from_slice(key);
    let sum = digest(&SHA256, &page);
    page.extend(sum.as_ref().iter().take(16));
    page
}

/// The key of a page; `None` for an empty page, or one that was never written to its end.
fn read(page: &[u8]) -> Option<Held> {
    let (epoch, rest) = page.strip_prefix(MARK)?.split_first_chunk::<8>()?;
    let (key, _sum) = rest.split_first_chunk::<32>()?;
    let (epoch, key) = (u64::from_be_bytes(*epoch), Zeroizing::new(*key));
    (written(epoch, &key).as_slice() == page).then_some((epoch, key))
}

fn unavailable(error: &io::Error) -> RootKeyError {
    RootKeyError::Unavailable {
        detail: error.kind().to_string(),
    }
}

/// Binds what is wrapped to its epoch.
fn associated(epoch: u64) -> Vec<u8> {
    let mut bytes = b"quittance-custodian/1".to_vec();
    bytes.extend(epoch.to_be_bytes());
    bytes
}

impl<S: Shelf> RootKeys for ShelfCustodian<S> {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        match self.slot(epoch)? {
            // What is read may be what a sync that failed left in the cache: only what is written now is durable.
            Some((stands, key)) if stands == epoch => return self.put(epoch, &written(epoch, &key)),
            Some((stands, _)) => {
                return Err(RootKeyError::Unavailable {
                    detail: format!("the key of epoch {stands} has to be deleted first"),
                });
            }
            None => {}
        }
        self.put_fresh(epoch)
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        let key = self.key(epoch)?;
        aead::seal(&key, &*self.random, &associated(epoch), root).map_err(|error| RootKeyError::Unavailable {
            detail: error.to_string(),
        })
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        let key = self.key(epoch)?;
        let root = aead::open(&key, &associated(epoch), wrapped.to_vec()).ok();
        root.and_then(|root| <[u8; 32]>::try_from(&*root).ok())
            .map(Zeroizing::new)
            .ok_or(RootKeyError::Refused { epoch })
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        let page = self.shelf.read(name(epoch)).map_err(|error| unavailable(&error))?;
        let Some(page) = page.map(Zeroizing::new) else {
            return Ok(());
        };
        // A page that does not read as a key may be a damaged one: it goes, too. Only the key of another epoch stays.
        let is_of_another = read(&page).is_some_and(|(stands, _)| stands != epoch);
        // That key is written, too, where it may be what a failed call put over this one: after a sync that failed the
        // cache shows what the disk does not hold, and no later sync writes it.
        let page = if is_of_another { page.as_slice() } else { &[0; PAGE] };
        // Overwriting is what a folder can do: a disk may keep the old block somewhere, which is why an HSM is better.
        self.put(epoch, page)
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        Ok(self.slot(epoch)?.is_some_and(|(stands, _)| stands == epoch))
    }

    /// The next key but one has the slot of the old key: writing the one ends the other.
    fn replace(&self, old: u64, ahead: u64) -> Result<bool, RootKeyError> {
        let is_free = self.slot(old)?.is_none_or(|(stands, _)| [old, ahead].contains(&stands));
        if name(old) != name(ahead) || !is_free {
            return self.delete(old).map(|()| false);
        }
        self.put_fresh(ahead).map(|()| true)
    }

    fn neighbours(&self, epoch: u64) -> Result<Neighbours, RootKeyError> {
        let held = self.slot(epoch.wrapping_add(1))?.map(|(stands, _)| stands);
        Ok(Neighbours {
            before: held.is_some() && held == epoch.checked_sub(1),
            after: held.is_some() && held == epoch.checked_add(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quittance_vault::SystemRandomness;

    fn custodian(folder: &Path) -> FolderCustodian {
        FolderCustodian::open(folder, Arc::new(SystemRandomness::new())).unwrap()
    }

    #[test]
    fn a_deleted_key_opens_nothing_and_other_epochs_open_only_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let keys = custodian(folder.path());
        keys.create(1).unwrap();
        keys.create(2).unwrap();
        let wrapped = keys.wrap(1, &[7; 32]).unwrap();
        assert_eq!(*keys.unwrap(1, &wrapped).unwrap(), [7; 32]);
        assert_eq!(
            keys.unwrap(2, &wrapped).unwrap_err(),
            RootKeyError::Refused { epoch: 2 }
        );
        // In whose slot the key of another epoch stands, that is not used for it.
        let missing = RootKeyError::Missing { epoch: 3 };
        assert_eq!(keys.wrap(3, &[7; 32]).unwrap_err(), missing);
        assert_eq!(keys.unwrap(3, &wrapped).unwrap_err(), missing);
        keys.delete(1).unwrap();
        keys.delete(1).unwrap();
        assert!(!keys.exists(1).unwrap());
        assert_eq!(
            keys.unwrap(1, &wrapped).unwrap_err(),
            RootKeyError::Missing { epoch: 1 }
        );
    }

    #[test]
    fn what_was_wrapped_is_bound_to_its_epoch_even_under_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys = custodian(folder.path());
        for epoch in [1, 2] {
            keys.put(epoch, &written(epoch, &[9; 32])).unwrap();
        }
        let wrapped = keys.wrap(1, &[7; 32]).unwrap();
        assert_eq!(
            keys.unwrap(2, &wrapped).unwrap_err(),
            RootKeyError::Refused { epoch: 2 }
        );
        assert_eq!(*keys.unwrap(1, &wrapped).unwrap(), [7; 32], "control");
    }

    #[test]
    fn creating_a_key_that_stands_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let keys = custodian(folder.path());
        keys.create(5).unwrap();
        let wrapped = keys.wrap(5, &[9; 32]).unwrap();
        keys.create(5).unwrap();
        assert_eq!(*custodian(folder.path()).unwrap(5, &wrapped).unwrap(), [9; 32]);
    }

    #[test]
    fn a_third_key_waits_until_a_slot_is_free_and_a_page_that_was_torn_holds_none() {
        let folder = tempfile::tempdir().unwrap();
        let keys = custodian(folder.path());
        for epoch in [1, 2] {
            keys.create(epoch).unwrap();
        }
        assert!(matches!(keys.create(3), Err(RootKeyError::Unavailable { .. })));
        assert!(keys.exists(1).unwrap());
        keys.delete(1).unwrap();
        keys.create(3).unwrap();
        assert_eq!(keys.epochs().unwrap(), [2, 3]);

        let page = folder.path().join("slot-1");
        let mut bytes = std::fs::read(&page).unwrap();
        bytes[20] ^= 1;
        std::fs::write(&page, bytes).unwrap();
        assert_eq!(keys.epochs().unwrap(), [2]);
        keys.delete(3).unwrap();
        assert_eq!(
            std::fs::read(&page).unwrap(),
            [0; PAGE],
            "what may have been a key is overwritten"
        );
        keys.delete(4).unwrap();
        assert_eq!(keys.epochs().unwrap(), [2], "the key of another epoch stays");
    }

    #[test]
    fn a_key_is_replaced_by_the_next_but_one_which_is_fresh_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let keys = custodian(folder.path());
        for epoch in [1, 2] {
            keys.create(epoch).unwrap();
        }
        assert!(keys.replace(1, 3).unwrap());
        assert_eq!(keys.epochs().unwrap(), [2, 3]);
        let standing = |epoch| {
            let found = keys.neighbours(epoch).unwrap();
            (found.before, found.after)
        };
        assert_eq!(
            (standing(2), standing(1), standing(3), standing(4)),
            ((false, true), (false, true), (true, false), (true, false))
        );
        let wrapped = keys.wrap(3, &[9; 32]).unwrap();
        assert!(keys.replace(1, 3).unwrap());
        assert_eq!(
            keys.unwrap(3, &wrapped).unwrap_err(),
            RootKeyError::Refused { epoch: 3 },
            "a key that stood there already is of unknown age"
        );
        // Only a neighbour's slot is taken, and no key of a third epoch ends.
        assert!(!keys.replace(5, 7).unwrap() && !keys.replace(2, 3).unwrap());
        assert_eq!(keys.epochs().unwrap(), [3]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_a_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let keys = custodian(&folder.path().join("keys"));
        keys.create(1).unwrap();
        let mode = |name: &str| {
            std::fs::metadata(folder.path().join(name))
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!((mode("keys/slot-1"), mode("keys")), (0o600, 0o700));
    }
}
