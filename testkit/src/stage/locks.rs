//! A phone's screen lock with its fingers, as they decide about keys and the prompt.

use super::DyingKeys;
use crate::scripted_prompt::ScriptedPrompt;
use async_trait::async_trait;
use quittance_wallet::PhoneFacts;
use quittance_wallet::ports::{
    BiometricError, BiometricPrompt, BiometricRequest, CreatedKey, DeviceKeyError, DeviceKeys, KeyAlias, KeyStoreKind,
};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the platform knows of its locks. As on Android: a key that asks for a lock is not made where there is none, ends
/// with the screen lock, and the biometric one with another finger.
#[derive(Debug)]
pub struct PhoneLocks {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    facts: PhoneFacts,
    /// Keys that still stand, and sign no more.
    ended: HashSet<KeyAlias>,
}

impl Default for PhoneLocks {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                facts: PhoneFacts {
                    screen_lock: true,
                    biometrics: true,
                },
                ended: HashSet::new(),
            }),
        }
    }
}

impl PhoneLocks {
    /// What the platform tells an app of them.
    pub fn facts(&self) -> PhoneFacts {
        self.state().facts
    }

    /// The phone's owner changes them; a finger that comes after there was none is another one.
    pub fn change(&self, facts: PhoneFacts) {
        let mut state = self.state();
        if !facts.screen_lock {
            state.ended.extend([KeyAlias::Biometric, KeyAlias::Passcode]);
        }
        if facts.biometrics && !state.facts.biometrics {
            state.ended.insert(KeyAlias::Biometric);
        }
        state.facts = facts;
    }

    /// Whether such a key can be made here.
    fn allow(&self, alias: KeyAlias) -> Result<(), DeviceKeyError> {
        let facts = self.facts();
        match alias {
            KeyAlias::Biometric if !(facts.screen_lock && facts.biometrics) => Err(DeviceKeyError::KeyMissing),
            KeyAlias::Passcode if !facts.screen_lock => Err(DeviceKeyError::KeyMissing),
            KeyAlias::Device | KeyAlias::Biometric | KeyAlias::Passcode => Ok(()),
        }
    }

    /// Whether the prompt can ask for this key.
    fn ask(&self, alias: KeyAlias) -> Result<(), BiometricError> {
        let state = self.state();
        if state.ended.contains(&alias) {
            return Err(BiometricError::KeyInvalidated);
        }
        if alias == KeyAlias::Biometric && !state.facts.biometrics {
            return Err(BiometricError::NotEnrolled);
        }
        Ok(())
    }

    fn forget(&self, alias: KeyAlias) {
        self.state().ended.remove(&alias);
    }

    /// Keys that are gone do not stand any more, ended or not.
    pub(super) fn forget_all(&self) {
        self.state().ended.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The phone's keystore behind its locks.
pub(super) struct LockedKeys {
    pub(super) keys: Arc<DyingKeys>,
    pub(super) locks: Arc<PhoneLocks>,
}

impl DeviceKeys for LockedKeys {
    fn create_key(&self, alias: KeyAlias, challenge: Vec<u8>) -> Result<CreatedKey, DeviceKeyError> {
        self.locks.allow(alias)?;
        self.keys.create_key(alias, challenge)
    }

    fn sign(&self, alias: KeyAlias, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.keys.sign(alias, message)
    }

    fn delete_key(&self, alias: KeyAlias) -> Result<(), DeviceKeyError> {
        self.keys.delete_key(alias)?;
        self.locks.forget(alias);
        Ok(())
    }

    fn create_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        self.keys.create_epoch_key(epoch)
    }

    fn wrap(&self, epoch: u64, plain: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.keys.wrap(epoch, plain)
    }

    fn unwrap(&self, epoch: u64, wrapped: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError> {
        self.keys.unwrap(epoch, wrapped)
    }

    fn delete_epoch_key(&self, epoch: u64) -> Result<(), DeviceKeyError> {
        self.keys.delete_epoch_key(epoch)
    }

    fn epoch_key_exists(&self, epoch: u64) -> Result<bool, DeviceKeyError> {
        self.keys.epoch_key_exists(epoch)
    }

    fn describe(&self) -> KeyStoreKind {
        self.keys.describe()
    }
}

/// The payer's thumb behind the phone's locks.
pub(super) struct LockedPrompt {
    pub(super) prompt: Arc<ScriptedPrompt>,
    pub(super) locks: Arc<PhoneLocks>,
}

#[async_trait]
impl BiometricPrompt for LockedPrompt {
    async fn sign(&self, request: BiometricRequest) -> Result<Vec<u8>, BiometricError> {
        self.locks.ask(request.alias)?;
        self.prompt.sign(request).await
    }
}
