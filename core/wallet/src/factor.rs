//! Factors of hardware keys: a signature of the enrolled key over the core's own challenge, and nothing else.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::ports::{BiometricError, BiometricRequest, DeviceKeyError, KeyAlias};
use crate::texts;
use crate::tries::{Leave, Try};
use quittance_flows::FactorKind;
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{FactorProof, StepAnswer};
use quittance_protocol::{Claims, PublicKey, Received, StatementId, Unsigned, Verified};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

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
        let challenge = self.look(move |inner| inner.challenge(body, alias)).await?;
        let proof = if alias == KeyAlias::Biometric {
            let shown = open.clone();
            match self.unit(move |unit| unit.begin_try(&shown)).await? {
                Leave::Show(tried) => {
                    let answered = self.ask_hardware(challenge, alias, &start.definition).await;
                    self.end_try(open, tried, &answered).await?;
                    answered?
                }
                Leave::UsedUp { today } => return self.say_failed(open, today).await,
                Leave::NotToday { wait } => return Err(WalletError::NoTriesToday { retry_after: wait }),
            }
        } else {
            self.ask_hardware(challenge, alias, &start.definition).await?
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

    /// Takes in how a try of the biometric prompt ended, and says what failed; what comes of it is for the fold to decide
    ///
    async fn end_try(
        self: &Arc<Self>,
        open: &OpenFlow,
        tried: Try,
        answered: &Result<Verified<FactorProof>, WalletError>,
    ) -> Result<(), WalletError> {
        let failures = match answered {
            Err(WalletError::Biometric(error)) => failures(*error),
            // It broke off: nobody heard how it ended, so its try stays spent.
            Err(WalletError::Internal(_)) => return Ok(()),
            Ok(_) | Err(_) => 0,
        };
        let shown = open.clone();
        let today = self.unit(move |unit| unit.end_try(&shown, tried, failures)).await?;
        if failures == 0 {
            return Ok(());
        }
        self.say_failed(open, today).await
    }

    /// Says that the open step failed, with the tries of this day that are spent.
    async fn say_failed(self: &Arc<Self>, open: &OpenFlow, today: u32) -> Result<(), WalletError> {
        let shown = open.clone();
        let number = self
            .unit(move |unit| {
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
        &self,
        challenge: Challenge,
        alias: KeyAlias,
        definition: &str,
    ) -> Result<Verified<FactorProof>, WalletError> {
        let request = BiometricRequest {
            alias,
            challenge: challenge.unsigned.signing_input().to_vec(),
            title_key: texts::hardware_title(definition, alias).to_owned(),
            reason_key: texts::hardware_reason(definition, alias).to_owned(),
        };
        let der = unbroken(async { Ok(self.prompt.sign(request).await?) }).await?;
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

/// Native code that breaks off ends its own call, not that of whoever asked for it.
async fn unbroken<T>(native: impl Future<Output = Result<T, WalletError>>) -> Result<T, WalletError> {
    let mut native = pin!(native);
    poll_fn(|context| {
        // What is left of it is not polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| native.as_mut().poll(context)));
        polled.unwrap_or(Poll::Ready(Err(WalletError::Internal("the prompt broke off"))))
    })
    .await
}

/// How many failures an end of the prompt stands for; none where nobody was looked at.
fn failures(error: BiometricError) -> u32 {
    match error {
        BiometricError::NotRecognised { failures } => failures.max(1),
        // The platform hides how many led to it: at least one.
        BiometricError::LockedOut { .. } => 1,
        _ => 0,
    }
}
