//! A biometric prompt whose payer follows a script: thumbs, mistakes, lies.

use crate::software_keys::SoftwareDeviceKeys;
use async_trait::async_trait;
use quittance_wallet::ports::{BiometricError, BiometricPrompt, BiometricRequest, KeyAlias};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// How one prompt ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The right thumb: the right signature.
    Thumb,
    /// A typed end without a signature.
    Fault(BiometricError),
    /// "Yes", with nothing signed.
    YesWithoutSignature,
    /// "Yes", with bytes that are no signature.
    Garbage,
    /// "Yes", with the signature of the prompt before.
    OldSignature,
    /// "Yes", signed by another key of this phone.
    OtherKey,
}

/// Plays its script, then shows a thumb for ever.
#[derive(Debug)]
pub struct ScriptedPrompt {
    keys: Arc<SoftwareDeviceKeys>,
    script: Mutex<VecDeque<Outcome>>,
    last: Mutex<Option<Vec<u8>>>,
}

impl ScriptedPrompt {
    /// A payer who always shows the right thumb.
    pub fn willing(keys: Arc<SoftwareDeviceKeys>) -> Self {
        Self {
            keys,
            script: Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// What the next prompts will end in.
    pub fn then(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(outcomes);
    }

    fn signature(&self, alias: KeyAlias, challenge: &[u8]) -> Result<Vec<u8>, BiometricError> {
        self.keys
            .sign_after_prompt(alias, challenge)
            .map_err(|_| BiometricError::KeyMissing)
    }
}

#[async_trait]
impl BiometricPrompt for ScriptedPrompt {
    async fn sign(&self, request: BiometricRequest) -> Result<Vec<u8>, BiometricError> {
        let outcome = self
            .script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
            .unwrap_or(Outcome::Thumb);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Thumb => {
                let signature = self.signature(request.alias, &request.challenge)?;
                *last = Some(signature.clone());
                Ok(signature)
            }
            Outcome::Fault(error) => Err(error),
            Outcome::YesWithoutSignature => Ok(Vec::new()),
            Outcome::Garbage => Ok(vec![0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]),
            Outcome::OldSignature => Ok(last.clone().unwrap_or_default()),
            Outcome::OtherKey => self.signature(KeyAlias::Device, &request.challenge),
        }
    }
}
