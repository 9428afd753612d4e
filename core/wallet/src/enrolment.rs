//! Enrolment: the phone's keys are introduced, then the payment PIN is set.

use crate::error::WalletError;
use crate::inner::Inner;
use crate::journal::{DeviceRow, OutboxRow, Purpose};
use crate::pin::check_form;
use crate::ports::{BiometricError, CreatedKey, DeviceKeyError, KeyAlias};
use crate::unit::{Unit, blocking};
use crate::views::EnrolmentView;
use quittance_protocol::PublicKey;
use quittance_protocol::answer::Nonce;
use quittance_protocol::bytes::B64;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::Enrolment;
use std::collections::BTreeSet;
use std::sync::Arc;
use zeroize::Zeroizing;

impl Inner {
    /// Enrols the phone, or goes on where an enrolment was interrupted. One at a time: a second one finds what the first
    /// one came to.
    pub(crate) async fn enrol(self: &Arc<Self>, pin: Zeroizing<Vec<u8>>) -> Result<EnrolmentView, WalletError> {
        let _one_at_a_time = self.enrolling.arrive().enter(self.ports.patience).await?;
        if let Some(done) = self.look(Inner::enrolment_view).await? {
            return Ok(done);
        }
        self.refresh_policy().await?;
        let digits = self
            .look(|inner| Ok(inner.policy()?.secrets.payment_pin.digits))
            .await?;
        check_form(&pin, digits)?;
        // What an interrupted call left goes first: the same bytes again.
        self.flush_all(&mut BTreeSet::new()).await?;
        self.introduce_keys().await?;
        if self.look(Inner::enrolment_view).await?.is_none() {
            match self.register_pin(pin.clone()).await {
                Err(WalletError::Problem(problem)) if is_of_another(problem.code()) => {
                    // These keys spoke before, from files that are gone or on another phone. By their numbers the gateway
                    // knows; what stays of them is worth nothing, and the phone goes on with keys of its own.
                    self.unit(|unit| unit.give_up_keys()).await?;
                    self.introduce_keys().await?;
                    self.register_pin(pin).await?;
                }
                other => other?,
            }
        }
        self.look(Inner::enrolment_view).await?.ok_or(WalletError::NotEnrolled)
    }

    async fn introduce_keys(self: &Arc<Self>) -> Result<(), WalletError> {
        // Twice, where a nonce ended on the way.
        for _ in 0..2 {
            if self.look(Inner::introduced).await? {
                break;
            }
            let nonce: Nonce = self.transport.get("/v1/nonce", None).await?;
            let inner = Arc::clone(self);
            let number = blocking(move || inner.make_keys(nonce)).await?;
            let Some(number) = number else { break };
            match self.flush(number).await {
                Ok(_) => {}
                Err(WalletError::Problem(problem)) if problem.code() == Code::NonceNeeded => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Makes the keys and the statement that introduces them. Where that fails on the way, keys that no row tells of are
    /// ended: the next try has another challenge, which the chain of a key that stands would not answer.
    fn make_keys(&self, nonce: Nonce) -> Result<Option<u64>, WalletError> {
        self.unit_now(|unit| unit.introduce(nonce)).inspect_err(|_| {
            if let Err(error) = self.unit_now(|unit| unit.end_untold_keys()) {
                tracing::warn!(%error, "keys of an enrolment that failed still stand");
            }
        })
    }

    fn introduced(&self) -> Result<bool, WalletError> {
        Ok(self
            .read::<DeviceRow>(b"")?
            .is_some_and(|device| device.enrolled.is_some()))
    }

    /// Who this phone is, once it is enrolled with a PIN.
    pub(crate) fn enrolment_view(&self) -> Result<Option<EnrolmentView>, WalletError> {
        let device = match self.enrolled() {
            Ok(device) => device,
            Err(WalletError::NotEnrolled) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(device.enrolled.map(|enrolled| EnrolmentView {
            account: enrolled.account,
            device: enrolled.device,
            evidence_level: enrolled.evidence_level,
            key_store: self.keys.describe(),
        }))
    }
}

/// Whether the gateway says that another phone, or this one before, said something else under the same numbers.
const fn is_of_another(code: Code) -> bool {
    matches!(code, Code::SequenceFork | Code::DeviceQuarantined)
}

impl Unit<'_> {
    /// The keys that stand are not to be used: the next introduction makes others.
    fn give_up_keys(&mut self) -> Result<(), WalletError> {
        if let Some(mut device) = self.get::<DeviceRow>(b"")? {
            (device.refused, device.enrolled) = (true, None);
            self.put(&device)?;
        }
        Ok(())
    }

    /// Ends the keys, unless a row tells of them that the gateway may know.
    fn end_untold_keys(&mut self) -> Result<(), WalletError> {
        if self.get::<DeviceRow>(b"")?.is_none_or(|device| device.refused) {
            self.end_keys()?;
        }
        Ok(())
    }

    fn end_keys(&mut self) -> Result<(), WalletError> {
        for alias in [KeyAlias::Device, KeyAlias::Biometric, KeyAlias::Passcode] {
            self.inner.keys.delete_key(alias)?;
        }
        Ok(())
    }

    /// The statement that introduces the keys, made of new ones where none waits; none where the gateway knows the keys by
    /// now.
    fn introduce(&mut self, nonce: Nonce) -> Result<Option<u64>, WalletError> {
        let waiting = self
            .list::<OutboxRow>()?
            .into_iter()
            .find(|row| row.purpose == Purpose::Enrolment {});
        if let Some(waiting) = waiting {
            return Ok(Some(waiting.number));
        }
        let device = self.get::<DeviceRow>(b"")?;
        // A call whose caller does not wait any more may have come to its end meanwhile.
        if device.as_ref().is_some_and(|device| device.enrolled.is_some()) {
            return Ok(None);
        }
        self.heard(nonce.now)?;
        let challenge = nonce.nonce.as_slice().to_vec();
        if device.is_some_and(|device| device.refused) {
            // The gateway does not know them, and a chain answers the one challenge that its key was made with.
            self.end_keys()?;
        }
        let device = self.inner.keys.create_key(KeyAlias::Device, challenge.clone())?;
        let biometric = match self.inner.keys.create_key(KeyAlias::Biometric, challenge.clone()) {
            Err(DeviceKeyError::KeyMissing) => return Err(BiometricError::NotEnrolled.into()),
            made => made?,
        };
        let passcode = match self.inner.keys.create_key(KeyAlias::Passcode, challenge) {
            Ok(key) => Some(key),
            // A phone without a lock screen has no such key. No other fault says so: the phone would be without it for ever.
            Err(DeviceKeyError::KeyMissing) => None,
            Err(error) => return Err(error.into()),
        };
        let device_key = point(&device.public_key_sec1)?;
        let biometric_key = point(&biometric.public_key_sec1)?;
        let passcode_key = passcode.as_ref().map(|key| point(&key.public_key_sec1)).transpose()?;
        self.put(&DeviceRow {
            device_key,
            biometric_key,
            passcode_key,
            refused: false,
            enrolled: None,
            pin_set: false,
            lock_password_set: false,
        })?;
        let number = self.send(
            Purpose::Enrolment {},
            &Enrolment {
                nonce: nonce.nonce,
                device_key,
                biometric_key,
                passcode_key,
                attestation: chain(device),
                biometric_attestation: chain(biometric),
                passcode_attestation: passcode.map(chain).unwrap_or_default(),
            },
        )?;
        Ok(Some(number))
    }
}

fn chain(key: CreatedKey) -> Vec<B64> {
    key.attestation.into_iter().map(B64::from).collect()
}

fn point(sec1: &[u8]) -> Result<PublicKey, WalletError> {
    PublicKey::p256_from_sec1(sec1).map_err(|_| WalletError::Keys(DeviceKeyError::Unexpected))
}
