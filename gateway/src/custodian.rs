//! Who holds the key at the top of the gateway's vault.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quittance_vault::{Randomness, RootKeyError, RootKeys};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::files;

/// Holds the gateway's vault keys, one an epoch, and stores nothing else. An HSM implements
/// [`RootKeys`] and is a custodian by that.
pub trait KeyCustodian: RootKeys {}

impl<T: RootKeys + ?Sized> KeyCustodian for T {}

/// A folder of key files that only the owner can read. It *stands for* an HSM: put it on another volume than the
/// data, outside of every backup. Who has the history of that volume has the keys that were deleted from it.
pub struct FolderCustodian {
    folder: PathBuf,
    random: Arc<dyn Randomness>,
}

impl FolderCustodian {
    /// Takes the folder, made where it is missing.
    ///
    /// # Errors
    /// What the file system answers.
    pub fn open(folder: &Path, random: Arc<dyn Randomness>) -> io::Result<Self> {
        files::private_folder(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            random,
        })
    }

    fn file(&self, epoch: u64) -> PathBuf {
        self.folder.join(format!("epoch-{epoch}.key"))
    }

    fn random(&self, out: &mut [u8]) -> Result<(), RootKeyError> {
        self.random.fill(out).map_err(|_| RootKeyError::Unavailable {
            detail: "no randomness".to_owned(),
        })
    }

    fn key(&self, epoch: u64) -> Result<LessSafeKey, RootKeyError> {
        let mut file = match File::open(self.file(epoch)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(RootKeyError::Missing { epoch }),
            Err(error) => return Err(unavailable(&error)),
        };
        let mut key = Zeroizing::new([0; 32]);
        file.read_exact(&mut *key).map_err(|error| unavailable(&error))?;
        cipher(&key)
    }
}

fn unavailable(error: &io::Error) -> RootKeyError {
    RootKeyError::Unavailable {
        detail: error.kind().to_string(),
    }
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, RootKeyError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| RootKeyError::Unavailable {
            detail: "cipher".to_owned(),
        })
}

/// Binds what is wrapped to its epoch.
fn associated(epoch: u64) -> Aad<Vec<u8>> {
    let mut bytes = b"quittance-custodian/1".to_vec();
    bytes.extend(epoch.to_be_bytes());
    Aad::from(bytes)
}

impl RootKeys for FolderCustodian {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        if self.exists(epoch)? {
            return Ok(());
        }
        let mut key = Zeroizing::new([0; 32]);
        self.random(&mut *key)?;
        files::write_durably(&self.file(epoch), &*key).map_err(|error| unavailable(&error))
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        let key = self.key(epoch)?;
        let mut nonce = [0; NONCE_LEN];
        self.random(&mut nonce)?;
        let mut sealed = Zeroizing::new(root.to_vec());
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated(epoch), &mut *sealed)
            .map_err(|_| RootKeyError::Unavailable {
                detail: "cipher".to_owned(),
            })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        let key = self.key(epoch)?;
        let refused = RootKeyError::Refused { epoch };
        let (nonce, sealed) = wrapped
            .split_first_chunk::<NONCE_LEN>()
            .ok_or_else(|| refused.clone())?;
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let root = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), associated(epoch), &mut sealed)
            .map_err(|_| refused.clone())?;
        <[u8; 32]>::try_from(&*root).map(Zeroizing::new).map_err(|_| refused)
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        let path = self.file(epoch);
        let ended = (|| {
            // Overwriting is hygiene: file systems may keep the old blocks, which is why an HSM is better.
            let mut file = std::fs::OpenOptions::new().write(true).open(&path)?;
            file.write_all(&[0; 32])?;
            file.sync_all()?;
            drop(file);
            std::fs::remove_file(&path)?;
            files::sync_parent(&path)
        })();
        match ended {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            ended => ended.map_err(|error| unavailable(&error)),
        }
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.file(epoch).try_exists().map_err(|error| unavailable(&error))
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
        keys.delete(1).unwrap();
        keys.delete(1).unwrap();
        assert!(!keys.exists(1).unwrap());
        assert_eq!(
            keys.unwrap(1, &wrapped).unwrap_err(),
            RootKeyError::Missing { epoch: 1 }
        );
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

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_a_key() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let keys = custodian(&folder.path().join("keys"));
        keys.create(1).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&keys.file(1)), 0o600);
        assert_eq!(mode(&keys.folder), 0o700);
    }
}
