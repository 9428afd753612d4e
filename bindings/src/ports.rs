//! What native code gives: keys in hardware, the biometric prompt.

use crate::convert::same_variants;
use async_trait::async_trait;
use quittance_wallet::ports as inner;
use std::sync::Arc;

/// Which of the phone's P-256 keys is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyAlias {
    /// D: signs every statement of the phone, without asking.
    Device,
    /// B: signs after the biometric prompt, each time; a newly enrolled finger or face ends it.
    Biometric,
    /// P: signs after the lock screen's secret.
    Passcode,
}

/// A key that stands in the phone's keystore.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CreatedKey {
    /// Uncompressed SEC 1 point: 65 bytes that begin with 04.
    pub public_key_sec1: Vec<u8>,
    /// Attestation chain, leaf first, DER; empty where the platform gives none.
    pub attestation: Vec<Vec<u8>>,
}

/// What a keystore says of itself: shown to the payer. What the gateway makes of a phone rests on attestation alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeyStoreKind {
    /// Keys in software: tests, simulators. Evidence level E0.
    Software,
    /// Keys in the platform's hardware.
    Hardware,
}

/// Why the keystore did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum DeviceKeyError {
    /// There is no such key.
    #[error("the key does not exist")]
    KeyMissing,
    /// The platform ended the key's use: the lock screen or the enrolled biometrics changed.
    #[error("the key was invalidated by a change of the phone's locks")]
    KeyInvalidated,
    /// The keystore does not answer now.
    #[error("the keystore does not answer")]
    HardwareUnavailable,
    /// The phone must be unlocked first.
    #[error("the phone is locked")]
    Locked,
    /// The key of this epoch did not wrap these bytes.
    #[error("the key does not open these bytes")]
    Refused,
    /// Anything else; a thrown exception arrives as this, without its text.
    #[error("unexpected answer of the keystore")]
    Unexpected,
}

/// How a biometric prompt ends without a signature.
///
/// iOS hides single failures, Android hides which biometric was used: `failures` counts what the platform tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum BiometricError {
    /// The payer dismissed the prompt.
    #[error("the payer dismissed the biometric prompt")]
    UserCancelled,
    /// The platform closed the prompt for want of action.
    #[error("the biometric prompt timed out")]
    TimedOut,
    /// Not recognised.
    #[error("not recognised, {failures} times")]
    NotRecognised {
        /// How often, as far as the platform tells.
        failures: u32,
    },
    /// Too many failures.
    #[error("biometrics are locked")]
    LockedOut {
        /// Whether only the lock screen's secret unlocks it.
        permanent: bool,
    },
    /// No finger or face is enrolled on the phone.
    #[error("no biometrics are enrolled on this phone")]
    NotEnrolled,
    /// The sensor does not answer.
    #[error("the biometric sensor does not answer")]
    HardwareUnavailable,
    /// A new finger or face was enrolled, which ended the key.
    #[error("the biometric key was invalidated by a new enrolment")]
    KeyInvalidated,
    /// There is no biometric key.
    #[error("the biometric key does not exist")]
    KeyMissing,
    /// Anything else; a thrown exception arrives as this, without its text.
    #[error("unexpected answer of the biometric prompt")]
    Unexpected,
}

/// What the biometric prompt is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BiometricRequest {
    /// The key to sign with: ECDSA over SHA-256 of the challenge, answered as DER.
    pub alias: KeyAlias,
    /// The bytes to sign; not a secret.
    pub challenge: Vec<u8>,
    /// Text key of the prompt's title.
    pub title_key: String,
    /// Text key of the sentence that says why.
    pub reason_key: String,
}

/// The phone's keystore. Calls come on background threads and may take seconds. They must not call into the wallet.
#[uniffi::export(foreign)]
pub trait DeviceKeys: Send + Sync {
    /// Makes a P-256 signing key with the challenge in its attestation; one that stands already is answered as it is.
    /// `KeyMissing` says that this phone cannot have such a key, for want of a screen lock, or of a finger or face.
    fn create_key(&self, alias: KeyAlias, challenge: Vec<u8>) -> Result<CreatedKey, DeviceKeyError>;
    /// ECDSA over SHA-256 of the message, as DER. Asked for the device key only.
    fn sign(&self, alias: KeyAlias, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;
    /// Ends a signing key; without such a key it does nothing.
    fn delete_key(&self, alias: KeyAlias) -> Result<(), DeviceKeyError>;
    /// Makes the wrapping key of a vault epoch; one that stands already is kept. Durable when it returns. An epoch begins
    /// with each destruction, and with each biometric prompt, whose try is counted before it is shown.
    fn create_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError>;
    /// Encrypts, with authentication, under the key of an epoch.
    fn wrap(&self, epoch: u64, plain: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;
    /// Opens what `wrap` gave; `Refused` where this epoch's key did not wrap these bytes.
    fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;
    /// Ends the wrapping key of an epoch; without such a key it does nothing. Durable when it returns.
    fn delete_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError>;
    /// Whether a wrapping key of this epoch stands.
    fn epoch_key_exists(&self, epoch: u64) -> Result<bool, DeviceKeyError>;
    /// What the keystore says of itself.
    fn describe(&self) -> Result<KeyStoreKind, DeviceKeyError>;
}

/// The phone's biometric prompt. Its answer is believed only as a signature by the enrolled key over the challenge.
///
/// `sign` is called on a background thread, and shows its sheet on whichever thread the platform wants. It may call the
/// wallet, but for `setLockPassword` and `chooseNewPin`, which wait for one another. It must come back, with a
/// signature or with an error: the call that led to it waits as long. A process that ends while the biometric prompt is
/// open has used a try.
#[uniffi::export(foreign)]
#[async_trait]
pub trait BiometricPrompt: Send + Sync {
    /// Shows the prompt, then signs the challenge with the key behind it. Answers DER.
    async fn sign(&self, request: BiometricRequest) -> Result<Vec<u8>, BiometricError>;
}

impl From<uniffi::UnexpectedUniFFICallbackError> for DeviceKeyError {
    /// Drops the text: it is whatever the exception said.
    fn from(_exception: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected
    }
}

impl From<uniffi::UnexpectedUniFFICallbackError> for BiometricError {
    /// Drops the text: it is whatever the exception said.
    fn from(_exception: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected
    }
}

same_variants!(
    KeyAlias = inner::KeyAlias {
        Device,
        Biometric,
        Passcode
    }
);
same_variants!(KeyStoreKind = inner::KeyStoreKind { Software, Hardware });
same_variants!(
    DeviceKeyError = inner::DeviceKeyError {
        KeyMissing,
        KeyInvalidated,
        HardwareUnavailable,
        Locked,
        Refused,
        Unexpected
    }
);
same_variants!(BiometricError = inner::BiometricError {
    UserCancelled, TimedOut, NotRecognised { failures }, LockedOut { permanent }, NotEnrolled, HardwareUnavailable,
    KeyInvalidated, KeyMissing, Unexpected
});

/// Native keys as the wallet wants them.
pub(crate) struct NativeKeys(pub(crate) Arc<dyn DeviceKeys>);

impl inner::DeviceKeys for NativeKeys {
    fn create_key(
        &self,
        alias: inner::KeyAlias,
        challenge: Vec<u8>,
    ) -> Result<inner::CreatedKey, inner::DeviceKeyError> {
        let made = self.0.create_key(alias.into(), challenge)?;
        Ok(inner::CreatedKey {
            public_key_sec1: made.public_key_sec1,
            attestation: made.attestation,
        })
    }

    fn sign(&self, alias: inner::KeyAlias, message: Vec<u8>) -> Result<Vec<u8>, inner::DeviceKeyError> {
        Ok(self.0.sign(alias.into(), message)?)
    }

    fn delete_key(&self, alias: inner::KeyAlias) -> Result<(), inner::DeviceKeyError> {
        Ok(self.0.delete_key(alias.into())?)
    }

    fn create_epoch_key(&self, epoch: u64) -> Result<(), inner::DeviceKeyError> {
        Ok(self.0.create_epoch_key(epoch)?)
    }

    fn wrap(&self, epoch: u64, plain: Vec<u8>) -> Result<Vec<u8>, inner::DeviceKeyError> {
        Ok(self.0.wrap(epoch, plain)?)
    }

    fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, inner::DeviceKeyError> {
        Ok(self.0.unwrap(epoch, wrapped)?)
    }

    fn delete_epoch_key(&self, epoch: u64) -> Result<(), inner::DeviceKeyError> {
        Ok(self.0.delete_epoch_key(epoch)?)
    }

    fn epoch_key_exists(&self, epoch: u64) -> Result<bool, inner::DeviceKeyError> {
        Ok(self.0.epoch_key_exists(epoch)?)
    }

    fn describe(&self) -> inner::KeyStoreKind {
        // A keystore that cannot even tell claims nothing.
        self.0.describe().map_or(inner::KeyStoreKind::Software, Into::into)
    }
}

/// The native prompt as the wallet wants it.
pub(crate) struct NativePrompt(pub(crate) Arc<dyn BiometricPrompt>);

#[async_trait]
impl inner::BiometricPrompt for NativePrompt {
    async fn sign(&self, request: inner::BiometricRequest) -> Result<Vec<u8>, inner::BiometricError> {
        let request = BiometricRequest {
            alias: request.alias.into(),
            challenge: request.challenge,
            title_key: request.title_key,
            reason_key: request.reason_key,
        };
        Ok(self.0.sign(request).await?)
    }
}
