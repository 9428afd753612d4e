//! What native code gives to the core: keys, the biometric prompt, time.

use async_trait::async_trait;
use quittance_protocol::Timestamp;
pub use quittance_vault::{Randomness, RandomnessError, SystemRandomness};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Which of the phone's P-256 keys is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlias {
    /// D: signs every statement of the phone, without asking.
    Device,
    /// B: signs after the biometric prompt, each time; a newly enrolled finger or face ends it.
    Biometric,
    /// P: signs after the lock screen's secret.
    Passcode,
}

/// A key that stands in the phone's keystore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedKey {
    /// Uncompressed SEC 1 point: 65 bytes that begin with 04.
    pub public_key_sec1: Vec<u8>,
    /// Attestation chain, leaf first, DER; empty where the platform gives none.
    pub attestation: Vec<Vec<u8>>,
}

/// What a keystore says of itself: shown to the payer. What the gateway makes of a phone rests on attestation alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStoreKind {
    /// Keys in software: tests, simulators.
    Software,
    /// Keys in the platform's hardware.
    Hardware,
}

/// The phone's keystore. Every call may take seconds and is made on a thread that may block, never with a prompt
/// open. Calls must not call back into the wallet.
pub trait DeviceKeys: Send + Sync {
    /// Makes a P-256 signing key, with the challenge in its attestation; a key that stands already is answered as
    /// it is.
    ///
    /// # Errors
    /// [`DeviceKeyError`]: `KeyMissing` where this phone cannot have such a key, for want of a screen lock, or of a
    /// finger or face.
    fn create_key(&self, alias: KeyAlias, challenge: Vec<u8>) -> Result<CreatedKey, DeviceKeyError>;

    /// Signs with ECDSA over SHA-256 of the message; answers DER. Called for [`KeyAlias::Device`] only: the others
    /// sign through [`BiometricPrompt`].
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    fn sign(&self, alias: KeyAlias, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;

    /// Ends a signing key; without such a key it does nothing.
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    fn delete_key(&self, alias: KeyAlias) -> Result<(), DeviceKeyError>;

    /// Makes the wrapping key of a vault epoch; a key that stands already is kept. Durable when it returns. An epoch begins
    /// with each biometric prompt and with each destruction.
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    fn create_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError>;

    /// Encrypts 32 bytes, with authentication, under the key of an epoch.
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    fn wrap(&self, epoch: u64, plain: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;

    /// Opens what [`DeviceKeys::wrap`] gave.
    ///
    /// # Errors
    /// [`DeviceKeyError::Refused`] where the key of this epoch did not wrap these bytes.
    fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;

    /// Ends the wrapping key of an epoch; without such a key it does nothing. Durable when it returns.
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    fn delete_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError>;

    /// Whether a wrapping key of this epoch stands, usable or not.
    ///
    /// # Errors
    /// [`DeviceKeyError`].
    fn epoch_key_exists(&self, epoch: u64) -> Result<bool, DeviceKeyError>;

    /// What the keystore says of itself.
    fn describe(&self) -> KeyStoreKind;
}

/// Why the keystore did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
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
    /// The key did not make these bytes.
    #[error("the key does not open these bytes")]
    Refused,
    /// Anything else, an exception of native code included.
    #[error("unexpected answer of the keystore")]
    Unexpected,
}

/// What the biometric prompt is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BiometricRequest {
    /// The key to sign with.
    pub alias: KeyAlias,
    /// The bytes to sign (ECDSA over their SHA-256); not a secret.
    pub challenge: Vec<u8>,
    /// Text key of the prompt's title.
    pub title_key: String,
    /// Text key of the sentence that says why.
    pub reason_key: String,
}

/// The phone's biometric prompt. Its answer is believed only as a signature by the key over the challenge; no
/// answer of another form exists.
#[async_trait]
pub trait BiometricPrompt: Send + Sync {
    /// Shows the prompt, then signs the challenge. Answers DER. No lock of the wallet is held meanwhile. A call that is
    /// dropped before it answered, or panics, has spent a try.
    ///
    /// # Errors
    /// [`BiometricError`].
    async fn sign(&self, request: BiometricRequest) -> Result<Vec<u8>, BiometricError>;
}

/// How a biometric prompt ends without a signature. iOS hides single failures, Android hides which biometric was
/// used: `failures` counts what the platform tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
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
    /// Anything else, an exception of native code included.
    #[error("unexpected answer of the biometric prompt")]
    Unexpected,
}

/// The phone's own clock. It may be wrong: the wallet only adds what it moves to the time that the gateway told last.
pub trait Clock: Send + Sync {
    /// What the phone thinks is now.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |age| age.as_secs());
        match Timestamp::from_unix(0) {
            Ok(epoch) => epoch.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)),
            Err(_) => unreachable!("the epoch is a moment of the protocol"),
        }
    }
}

/// Longer than any keystore takes that still answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time and randomness, injected.
#[derive(Clone)]
pub struct Ports {
    /// The phone's clock.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub randomness: Arc<dyn Randomness>,
    /// How long a call waits for another one that the keystore holds up.
    pub patience: Duration,
}

impl Ports {
    /// The operating system's clock and generator.
    #[must_use]
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness::default()),
            patience: PATIENCE,
        }
    }
}
