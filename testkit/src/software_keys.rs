//! Device keys in software, in a folder that stands for a phone's hardware. Evidence level E0, no more.

use quittance_wallet::ports::{CreatedKey, DeviceKeyError, DeviceKeys, KeyAlias, KeyStoreKind};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const NONCE_BYTES: usize = 12;

/// Keys as files of mode 0600. Everything that has the folder has the keys.
#[derive(Debug)]
pub struct SoftwareDeviceKeys {
    folder: PathBuf,
    /// Where ended epoch keys are kept all the same: the control of every destruction test.
    stash: Option<PathBuf>,
    random: SystemRandom,
    change: Mutex<KeyChange>,
}

/// When the last epoch key was made, and how long until the one before it was gone.
#[derive(Debug, Default)]
struct KeyChange {
    began: Option<Instant>,
    took: Duration,
}

impl SoftwareDeviceKeys {
    /// Opens the folder, making it where it is missing.
    ///
    /// # Errors
    /// [`DeviceKeyError::HardwareUnavailable`] where the folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, DeviceKeyError> {
        std::fs::create_dir_all(folder).map_err(|_| DeviceKeyError::HardwareUnavailable)?;
        Ok(Self {
            folder: folder.to_owned(),
            stash: None,
            random: SystemRandom::new(),
            change: Mutex::default(),
        })
    }

    /// The control: a keystore that says it deleted a key, and kept a copy.
    ///
    /// # Errors
    /// As [`SoftwareDeviceKeys::open`].
    pub fn open_keeping_old_keys(folder: &Path, stash: &Path) -> Result<Self, DeviceKeyError> {
        std::fs::create_dir_all(stash).map_err(|_| DeviceKeyError::HardwareUnavailable)?;
        Ok(Self {
            stash: Some(stash.to_owned()),
            ..Self::open(folder)?
        })
    }

    /// Signs with any key, as the platform would after its prompt: DER.
    ///
    /// # Errors
    /// [`DeviceKeyError::KeyMissing`].
    pub fn sign_after_prompt(&self, alias: KeyAlias, message: &[u8]) -> Result<Vec<u8>, DeviceKeyError> {
        let pair = self.pair(alias)?.ok_or(DeviceKeyError::KeyMissing)?;
        let signature = pair
            .sign(&self.random, message)
            .map_err(|_| DeviceKeyError::Unexpected)?;
        Ok(signature.as_ref().to_vec())
    }

    /// The SEC 1 point of a key; `None` where there is no such key.
    ///
    /// # Errors
    /// [`DeviceKeyError`] where its file cannot be read, or holds no key.
    pub fn public_key(&self, alias: KeyAlias) -> Result<Option<Vec<u8>>, DeviceKeyError> {
        Ok(self.pair(alias)?.map(|pair| pair.public_key().as_ref().to_vec()))
    }

    /// How long the last change of epoch took, from the new key's making to the old key's end.
    pub fn last_key_change(&self) -> Duration {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).took
    }

    /// The numbers of the epoch keys that stand, in their order.
    ///
    /// # Errors
    /// [`DeviceKeyError::HardwareUnavailable`] where the folder cannot be read.
    pub fn epochs(&self) -> Result<Vec<u64>, DeviceKeyError> {
        let entries = std::fs::read_dir(&self.folder).map_err(|_| DeviceKeyError::HardwareUnavailable)?;
        let number = |entry: std::fs::DirEntry| {
            let name = entry.file_name();
            name.to_str()?.strip_prefix("epoch-")?.parse::<u64>().ok()
        };
        let mut epochs: Vec<u64> = entries.filter_map(|entry| number(entry.ok()?)).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    /// The newest of them: how often the vault was rotated.
    ///
    /// # Errors
    /// As [`SoftwareDeviceKeys::epochs`].
    pub fn newest_epoch(&self) -> Result<u64, DeviceKeyError> {
        Ok(self.epochs()?.last().copied().unwrap_or(0))
    }

    fn pair(&self, alias: KeyAlias) -> Result<Option<EcdsaKeyPair>, DeviceKeyError> {
        let Some(pkcs8) = read(&self.key_file(alias))? else {
            return Ok(None);
        };
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8, &self.random)
            .map(Some)
            .map_err(|_| DeviceKeyError::Unexpected)
    }

    fn key_file(&self, alias: KeyAlias) -> PathBuf {
        self.folder.join(match alias {
            KeyAlias::Device => "device.p8",
            KeyAlias::Biometric => "biometric.p8",
            KeyAlias::Passcode => "passcode.p8",
        })
    }

    fn epoch_file(&self, epoch: u64) -> PathBuf {
        self.folder.join(format!("epoch-{epoch}"))
    }

    fn epoch_key(&self, epoch: u64) -> Result<LessSafeKey, DeviceKeyError> {
        let bytes = read(&self.epoch_file(epoch))?.ok_or(DeviceKeyError::KeyMissing)?;
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| DeviceKeyError::KeyInvalidated)?;
        Ok(LessSafeKey::new(key))
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], DeviceKeyError> {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).map_err(|_| DeviceKeyError::Unexpected)?;
        Ok(bytes)
    }
}

impl DeviceKeys for SoftwareDeviceKeys {
    fn create_key(&self, alias: KeyAlias, _challenge: Vec<u8>) -> Result<CreatedKey, DeviceKeyError> {
        if self.pair(alias)?.is_none() {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.random)
                .map_err(|_| DeviceKeyError::Unexpected)?;
            write(&self.key_file(alias), pkcs8.as_ref())?;
        }
        let public_key_sec1 = self.public_key(alias)?.ok_or(DeviceKeyError::Unexpected)?;
        Ok(CreatedKey {
            public_key_sec1,
            attestation: Vec::new(),
        })
    }

    fn sign(&self, alias: KeyAlias, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.sign_after_prompt(alias, &message)
    }

    fn delete_key(&self, alias: KeyAlias) -> Result<(), DeviceKeyError> {
        remove(&self.key_file(alias))
    }

    fn create_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner).began = Some(Instant::now());
        let file = self.epoch_file(epoch);
        if read(&file)?.is_none() {
            write(&file, &self.random::<32>()?)
        } else {
            sync_folder(&file).map_err(|_| DeviceKeyError::HardwareUnavailable)
        }
    }

    fn wrap(&self, epoch: u64, plain: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        let nonce = self.random::<NONCE_BYTES>()?;
        let mut sealed = plain;
        self.epoch_key(epoch)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(epoch.to_be_bytes()),
                &mut sealed,
            )
            .map_err(|_| DeviceKeyError::Unexpected)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        let key = self.epoch_key(epoch)?;
        let (nonce, sealed) = wrapped
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(DeviceKeyError::Refused)?;
        let mut sealed = sealed.to_vec();
        key.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(epoch.to_be_bytes()),
            &mut sealed,
        )
        .map(|plain| plain.to_vec())
        .map_err(|_| DeviceKeyError::Refused)
    }

    fn delete_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        let file = self.epoch_file(epoch);
        if let (Some(stash), Some(bytes)) = (&self.stash, read(&file)?) {
            write(&stash.join(format!("epoch-{epoch}")), &bytes)?;
        }
        remove(&file)?;
        let mut change = self.change.lock().unwrap_or_else(PoisonError::into_inner);
        change.took = change.began.map_or(Duration::ZERO, |began| began.elapsed());
        Ok(())
    }

    fn epoch_key_exists(&self, epoch: u64) -> Result<bool, DeviceKeyError> {
        self.epoch_file(epoch)
            .try_exists()
            .map_err(|_| DeviceKeyError::HardwareUnavailable)
    }

    fn describe(&self) -> KeyStoreKind {
        KeyStoreKind::Software
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, DeviceKeyError> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(_) => Err(DeviceKeyError::HardwareUnavailable),
    }
}

/// Writes a file durably: under another name first, so that half a key never stands.
fn write(file: &Path, bytes: &[u8]) -> Result<(), DeviceKeyError> {
    use std::os::unix::fs::OpenOptionsExt;
    let half = file.with_extension("half");
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(&half)
        .and_then(|mut out| out.write_all(bytes).and_then(|()| out.sync_all()))
        .and_then(|()| std::fs::rename(&half, file))
        .and_then(|()| sync_folder(file))
        .map_err(|_| DeviceKeyError::HardwareUnavailable)
}

fn remove(file: &Path) -> Result<(), DeviceKeyError> {
    match std::fs::remove_file(file) {
        // Gone before, it may be gone from the cache alone: an earlier sync may have failed.
        Err(error) if error.kind() != ErrorKind::NotFound => Err(DeviceKeyError::HardwareUnavailable),
        _ => sync_folder(file).map_err(|_| DeviceKeyError::HardwareUnavailable),
    }
}

fn sync_folder(file: &Path) -> std::io::Result<()> {
    file.parent()
        .map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
}
