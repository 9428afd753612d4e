//! Factors of hardware keys: a signature of the enrolled key over the core's own challenge, and nothing else.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::FailuresRow;
use crate::ports::{BiometricError, BiometricRequest, DeviceKeyError, KeyAlias};
use crate::texts;
use crate::unit::Unit;
use quittance_flows::{FactorKind, Policy};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{FactorProof, StepAnswer};
use quittance_protocol::{Claims, PublicKey, Received, StatementId, Unsigned, Verified};
use std::sync::Arc;

/// What is to be proved, with the one key that may prove it.
struct Challenge {
    key: PublicKey,
    origin: String,
    unsigned: Unsigned,
    body: FactorProof,
}

impl Challenge {
    /// Believes an answer of native code only as a DER signature of this key over these bytes.
    fn verify(&self, der: &[u8]) -> Result<Verified<FactorProof>, WalletError> {
        let compact = self
            .unsigned
            .with_der_signature(der)
            .map_err(|_| WalletError::ProofInvalid)?;
        let proof = Received::parse(&compact)
            .and_then(|received| received.verify::<FactorProof>(&self.key, &self.origin))
            .map_err(|_| WalletError::ProofInvalid)?;
        if *proof.body() == self.body {
            Ok(proof)
        } else {
            Err(WalletError::ProofInvalid)
        }
    }
}

impl Inner {
    /// Asks for the open step's hardware key; says the proof, or that the platform did not recognise the payer. No lock
    /// is held while the payer is asked.
    pub(crate) async fn prove_with_key(
        self: &Arc<Self>,
        open: &OpenFlow,
        factor: FactorKind,
    ) -> Result<(), WalletError> {
        let start = &open.row.start;
        let alias = match factor {
            FactorKind::DevicePasscode => KeyAlias::Passcode,
            _ => KeyAlias::Biometric,
        };
        let body = FactorProof {
            flow: start.flow,
            step: open.step.id.clone(),
            nonce: start.nonce.clone(),
            operation: start.operation,
        };
        let proof = match self.ask_hardware(body, alias, &start.definition).await {
            Ok(proof) => proof,
            Err(WalletError::Biometric(error)) => {
                if let Some(failures) = failures(error).filter(|_| alias == KeyAlias::Biometric) {
                    self.say_not_recognised(open, failures).await?;
                }
                return Err(error.into());
            }
            Err(error) => return Err(error),
        };
        let shown = open.clone();
        let number = self
            .unit(move |unit| {
                let event = FlowEventKind::FactorProved {
                    step: shown.step.id.clone(),
                    evidence: proof.content(),
                };
                let proof = proof.compact().to_owned();
                unit.answer(&shown, StepAnswer::Proof { proof }, Some(event))
            })
            .await?;
        self.say(open, number).await
    }

    /// Counts the failures of one prompt, durably, and says them; what comes of it is for the fold to decide.
    async fn say_not_recognised(self: &Arc<Self>, open: &OpenFlow, failures: u32) -> Result<(), WalletError> {
        let shown = open.clone();
        let number = self
            .unit(move |unit| {
                let today = unit.count_failures(&shown.policy, failures)?;
                let event = FlowEventKind::FactorFailed {
                    step: shown.step.id.clone(),
                    today: Some(today),
                    attempts_left: None,
                };
                unit.answer(&shown, StepAnswer::NotRecognised { today }, Some(event))
            })
            .await?;
        if let Some(number) = number
            && let Err(error) = self.flush(number).await
        {
            // What the payer has to know is that the prompt failed; the gateway hears of it with the next answer.
            tracing::debug!(kind = ?error.kind(), "a failure of the biometric prompt was not told yet");
        }
        Ok(())
    }

    async fn ask_hardware(
        self: &Arc<Self>,
        body: FactorProof,
        alias: KeyAlias,
        definition: &str,
    ) -> Result<Verified<FactorProof>, WalletError> {
        let challenge = self.look(move |inner| inner.challenge(body, alias)).await?;
        let request = BiometricRequest {
            alias,
            challenge: challenge.unsigned.signing_input().to_vec(),
            title_key: texts::hardware_title(definition, alias).to_owned(),
            reason_key: texts::hardware_reason(definition, alias).to_owned(),
        };
        let der = self.prompt.sign(request).await?;
        challenge.verify(&der)
    }

    fn challenge(&self, body: FactorProof, alias: KeyAlias) -> Result<Challenge, WalletError> {
        let device = self.enrolled()?;
        let key = match alias {
            KeyAlias::Passcode => device.passcode_key.ok_or(DeviceKeyError::KeyMissing)?,
            _ => device.biometric_key,
        };
        let origin = self.pinned.origin.clone();
        let jti = StatementId::from_bytes(self.random()?);
        let claims = Claims {
            aud: origin.clone(),
            iat: self.estimate()?,
            jti,
            seq: None,
        };
        let unsigned = Unsigned::new(&key.thumbprint(), &claims, &body)?;
        Ok(Challenge {
            key,
            origin,
            unsigned,
            body,
        })
    }
}

/// How many failures an end of the prompt stands for; nothing where nobody was looked at.
fn failures(error: BiometricError) -> Option<u32> {
    match error {
        BiometricError::NotRecognised { failures } => Some(failures.max(1)),
        // The platform hides how many led to it: at least one.
        BiometricError::LockedOut { .. } => Some(1),
        _ => None,
    }
}

impl Unit<'_> {
    /// Adds failures to today's, of this phone and whatever flow: the count, these included.
    fn count_failures(&mut self, policy: &Policy, failures: u32) -> Result<u32, WalletError> {
        let day = policy.bundle.time_zone_rule.date(self.now()?).to_string();
        let known = self.get::<FailuresRow>(b"")?.filter(|row| row.day == day);
        let count = known.map_or(0, |row| row.count).saturating_add(failures);
        self.put(&FailuresRow { day, count })?;
        Ok(count)
    }
}
