//! A biometric prompt whose payer follows a script: thumbs, mistakes, lies.

use crate::phone_protocol::SHOWN;
use crate::software_keys::SoftwareDeviceKeys;
use async_trait::async_trait;
use quittance_wallet::ports::{BiometricError, BiometricPrompt, BiometricRequest, KeyAlias};
use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Semaphore, watch};

/// How one prompt ends.
#[derive(Debug, Clone, Copy)]
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
    /// "Yes", signed by the right key, over other bytes than those that were asked for.
    OtherChallenge,
    /// The right signature, with its bytes changed.
    Spoiled(fn(Vec<u8>) -> Vec<u8>),
    /// The right thumb, as soon as [`ScriptedPrompt::release`] lets it answer.
    Held,
    /// No answer, ever.
    Never,
    /// Native code that breaks off in the middle.
    Panic,
}

impl Outcome {
    /// One look at somebody who is not the payer.
    pub const NOT_RECOGNISED: Self = Self::Fault(BiometricError::NotRecognised { failures: 1 });
    /// The payer put it away.
    pub const DISMISSED: Self = Self::Fault(BiometricError::UserCancelled);
}

/// Failures of a day after which the biometric ladder goes on: the policy's three, and the one above them.
pub const FAILURES_A_DAY: u32 = 4;

/// Plays its script, then ends the same way for ever.
#[derive(Debug)]
pub struct ScriptedPrompt {
    keys: Arc<SoftwareDeviceKeys>,
    script: Mutex<VecDeque<Outcome>>,
    /// How prompts behind the script end.
    at_last: Mutex<Outcome>,
    last: Mutex<Option<Vec<u8>>>,
    /// How many prompts were shown.
    shown: watch::Sender<u32>,
    /// Whether each is told to whoever started this process.
    is_told: AtomicBool,
    /// One permit for each prompt that may answer.
    released: Semaphore,
}

impl ScriptedPrompt {
    /// A payer who always shows the right thumb.
    pub fn willing(keys: Arc<SoftwareDeviceKeys>) -> Self {
        Self {
            keys,
            script: Mutex::default(),
            at_last: Mutex::new(Outcome::Thumb),
            last: Mutex::default(),
            shown: watch::Sender::new(0),
            is_told: AtomicBool::new(false),
            released: Semaphore::new(0),
        }
    }

    /// Waits until the payer is shown a prompt, counted from this call.
    pub fn until_shown(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut shown = self.shown.subscribe();
        async move {
            let _shown = shown.changed().await;
        }
    }

    /// How many prompts were shown: how often somebody was looked at.
    pub fn shown(&self) -> u32 {
        *self.shown.borrow()
    }

    /// From now on says on standard output when a prompt comes up, so that it is known though the process dies with it.
    pub fn tell(&self) {
        self.is_told.store(true, Ordering::SeqCst);
    }

    /// Lets one prompt that is held answer.
    pub fn release(&self) {
        self.released.add_permits(1);
    }

    /// What the next prompts will end in.
    pub fn then(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.script
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(outcomes);
    }

    /// What every prompt behind the script will end in.
    pub fn at_last(&self, outcome: Outcome) {
        *self.at_last.lock().unwrap_or_else(PoisonError::into_inner) = outcome;
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
        let next = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let outcome = next.unwrap_or_else(|| *self.at_last.lock().unwrap_or_else(PoisonError::into_inner));
        if self.is_told.load(Ordering::SeqCst) {
            let mut out = std::io::stdout().lock();
            let told = writeln!(out, "{SHOWN}").and_then(|()| out.flush());
            // Nobody sees what cannot be counted.
            told.map_err(|_| BiometricError::HardwareUnavailable)?;
        }
        self.shown.send_modify(|shown| *shown += 1);
        match outcome {
            Outcome::Held => {
                if let Ok(permit) = self.released.acquire().await {
                    permit.forget();
                }
            }
            Outcome::Never => std::future::pending().await,
            #[expect(clippy::panic, reason = "this is what it is for")]
            Outcome::Panic => panic!("native code breaks off"),
            _ => {}
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::Thumb | Outcome::Held | Outcome::Never | Outcome::Panic => {
                let signature = self.signature(request.alias, &request.challenge)?;
                *last = Some(signature.clone());
                Ok(signature)
            }
            Outcome::Fault(error) => Err(error),
            Outcome::YesWithoutSignature => Ok(Vec::new()),
            Outcome::Garbage => Ok(vec![0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01]),
            Outcome::OldSignature => Ok(last.clone().unwrap_or_default()),
            Outcome::OtherKey => self.signature(KeyAlias::Device, &request.challenge),
            Outcome::OtherChallenge => {
                let mut other = request.challenge;
                other.push(b'.');
                self.signature(request.alias, &other)
            }
            Outcome::Spoiled(spoil) => Ok(spoil(self.signature(request.alias, &request.challenge)?)),
        }
    }
}
