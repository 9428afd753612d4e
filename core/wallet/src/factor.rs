//! Factors of hardware keys: a signature of the enrolled key over the core's own challenge, and nothing else.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{FAILURES, Failures};
use crate::ports::{BiometricError, BiometricRequest, DeviceKeyError, KeyAlias};
use crate::texts;
use crate::unit::Unit;
use quittance_flows::{FactorKind, Policy, flow};
use quittance_protocol::flow_event::FlowEventKind;
use quittance_protocol::statement::{FactorProof, StepAnswer};
use quittance_protocol::{Claims, PublicKey, Received, StatementId, Unsigned, Verified};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// What is to be proved, with the one key that may prove it.
struct Challenge {
    key: PublicKey,
    origin: String,
    unsigned: Unsigned,
    body: FactorProof,
}

/// Whether a hardware prompt may be shown.
enum Leave<'a> {
    /// It may, and counts as up until this is dropped.
    Show(Option<Shown<'a>>),
    /// The failures of this day leave no try.
    UsedUp {
        /// How many there were.
        today: u32,
    },
    /// Those that are up may use up what is left.
    OthersAreUp,
}

/// A prompt that is up: it may become a failure.
struct Shown<'a>(&'a Mutex<u32>);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        let mut up = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *up = up.saturating_sub(1);
    }
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
        let _shown = match self.may_show(open, alias)? {
            Leave::Show(shown) => shown,
            Leave::UsedUp { today } => return self.say_failed(open, move |_unit| Ok(today)).await,
            // It ends like one that the system took away: nobody was looked at.
            Leave::OthersAreUp => return Err(BiometricError::UserCancelled.into()),
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

    /// Whether a prompt may be shown for the open step: failures of this day, and prompts that may still become some,
    /// leave it a try.
    fn may_show(&self, open: &OpenFlow, alias: KeyAlias) -> Result<Leave<'_>, WalletError> {
        if alias != KeyAlias::Biometric {
            return Ok(Leave::Show(None));
        }
        let mut up = self.prompts_up.lock().unwrap_or_else(PoisonError::into_inner);
        let today = self.failures(&open.policy)?.count;
        let mut state = open.state.clone();
        state.failures = state.failures.max(today);
        match flow::attempts_left(open.rules(), &state) {
            Some(0) => Ok(Leave::UsedUp { today }),
            Some(left) if *up >= left => Ok(Leave::OthersAreUp),
            _ => {
                *up = up.saturating_add(1);
                Ok(Leave::Show(Some(Shown(&self.prompts_up))))
            }
        }
    }

    /// The failures of this day, as they stand. A clock that was moved back brings no day back.
    fn failures(&self, policy: &Policy) -> Result<Failures, WalletError> {
        let day = policy.bundle.time_zone_rule.date(self.estimate()?).to_string();
        let known = self.vault()?.get(&FAILURES)?;
        let known = known.map(|bytes| serde_json::from_slice::<Failures>(&bytes));
        let known = known
            .transpose()
            .map_err(|_| WalletError::Journal("biometric failures"))?;
        Ok(known
            .filter(|known| known.day >= day)
            .unwrap_or(Failures { day, count: 0 }))
    }

    /// Counts the failures of one prompt, durably, and says them; what comes of it is for the fold to decide.
    async fn say_not_recognised(self: &Arc<Self>, open: &OpenFlow, failures: u32) -> Result<(), WalletError> {
        let policy = Arc::clone(&open.policy);
        self.say_failed(open, move |unit| unit.count_failures(&policy, failures))
            .await
    }

    /// Says that the open step failed, with the failures of this day.
    async fn say_failed(
        self: &Arc<Self>,
        open: &OpenFlow,
        today: impl FnOnce(&mut Unit<'_>) -> Result<u32, WalletError> + Send + 'static,
    ) -> Result<(), WalletError> {
        let shown = open.clone();
        let number = self
            .unit(move |unit| {
                let today = today(unit)?;
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
        let known = self.inner.failures(policy)?;
        let counted = Failures {
            count: known.count.saturating_add(failures),
            ..known
        };
        let bytes = serde_json::to_vec(&counted).map_err(|_| WalletError::Internal("a record cannot be written"))?;
        self.put_secret(FAILURES, Zeroizing::new(bytes));
        self.end_epoch();
        Ok(counted.count)
    }
}
