//! The phone's keystore as the vault and the statements need it.

use crate::error::WalletError;
use crate::ports::{DeviceKeyError, DeviceKeys, KeyAlias};
use quittance_protocol::{Claims, PublicKey, Received, Statement, Unsigned};
use quittance_vault::{RootKeyError, RootKeys};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Shows a [`DeviceKeys`] to the vault.
pub(crate) struct EpochKeys(pub(crate) Arc<dyn DeviceKeys>);

impl RootKeys for EpochKeys {
    fn create(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.0.create_epoch_key(epoch).map_err(|error| root_error(epoch, error))
    }

    fn wrap(&self, epoch: u64, root: &[u8; 32]) -> Result<Vec<u8>, RootKeyError> {
        self.0
            .wrap(epoch, root.to_vec())
            .map_err(|error| root_error(epoch, error))
    }

    fn unwrap(&self, epoch: u64, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, RootKeyError> {
        let plain = self
            .0
            .unwrap(epoch, wrapped.to_vec())
            .map_err(|error| root_error(epoch, error))?;
        let plain = Zeroizing::new(plain);
        let root: [u8; 32] = plain
            .as_slice()
            .try_into()
            .map_err(|_| RootKeyError::Refused { epoch })?;
        Ok(Zeroizing::new(root))
    }

    fn delete(&self, epoch: u64) -> Result<(), RootKeyError> {
        self.0.delete_epoch_key(epoch).map_err(|error| root_error(epoch, error))
    }

    fn exists(&self, epoch: u64) -> Result<bool, RootKeyError> {
        self.0.epoch_key_exists(epoch).map_err(|error| root_error(epoch, error))
    }
}

fn root_error(epoch: u64, error: DeviceKeyError) -> RootKeyError {
    match error {
        DeviceKeyError::KeyMissing => RootKeyError::Missing { epoch },
        DeviceKeyError::KeyInvalidated => RootKeyError::Invalidated { epoch },
        DeviceKeyError::Refused => RootKeyError::Refused { epoch },
        DeviceKeyError::HardwareUnavailable | DeviceKeyError::Locked | DeviceKeyError::Unexpected => {
            RootKeyError::Unavailable {
                detail: error.to_string(),
            }
        }
    }
}

/// Signs a statement with D. The signature is checked with the enrolled key before anything is stored: a keystore that
/// lost or exchanged its key is found here, not at the gateway.
pub(crate) fn sign_with_device_key<T: Statement>(
    keys: &dyn DeviceKeys,
    device_key: &PublicKey,
    claims: &Claims,
    body: &T,
) -> Result<String, WalletError> {
    let unsigned = Unsigned::new(&device_key.thumbprint(), claims, body)?;
    let der = keys.sign(KeyAlias::Device, unsigned.signing_input().to_vec())?;
    let compact = unsigned
        .with_der_signature(&der)
        .map_err(|_| WalletError::SignatureInvalid)?;
    Received::parse(&compact)
        .and_then(|received| received.verify::<T>(device_key, &claims.aud))
        .map_err(|_| WalletError::SignatureInvalid)?;
    Ok(compact)
}
