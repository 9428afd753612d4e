//! The payment PIN on the phone: OPAQUE's client, so that the PIN never leaves it.

use crate::error::WalletError;
use crate::flows::OpenFlow;
use crate::inner::Inner;
use crate::journal::{FlowRow, OutboxRow, Purpose};
use crate::transport::{SendError, read};
use crate::turns::Arrival;
use crate::unit::blocking;
use quittance_protocol::answer::{Nonce, PinAnswer};
use quittance_protocol::bytes::B64;
use quittance_protocol::draws::Draws;
use quittance_protocol::pin::{self, LoggingIn};
use quittance_protocol::problem::{Code, Retry};
use quittance_protocol::statement::{PinFinish, PinPhase, PinRegister, PinStart, SecretKind};
use quittance_protocol::{FlowId, Problem};
use quittance_vault::{Randomness, RandomnessError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// A PIN check whose first message was sent, and whose answer has not come. Sending it again costs no second guess.
struct PinAttempt {
    pin: Zeroizing<Vec<u8>>,
    compact: String,
    state: LoggingIn,
}

/// PIN checks whose answer has not come, each kept while its step is open and the payer wants nothing else.
#[derive(Default)]
pub(crate) struct PinChecks(Mutex<BTreeMap<FlowId, PinAttempt>>);

impl PinChecks {
    fn keep(&self, flow: FlowId, attempt: PinAttempt) {
        self.unanswered().insert(flow, attempt);
    }

    /// The check of this very PIN; one of another PIN is forgotten.
    fn take(&self, flow: FlowId, pin: &Zeroizing<Vec<u8>>) -> Option<PinAttempt> {
        self.unanswered().remove(&flow).filter(|attempt| attempt.pin == *pin)
    }

    /// Forgets the PIN of a run that is left.
    pub(crate) fn forget(&self, flow: FlowId) {
        self.unanswered().remove(&flow);
    }

    /// Forgets every PIN.
    pub(crate) fn forget_all(&self) {
        self.unanswered().clear();
    }

    fn unanswered(&self) -> MutexGuard<'_, BTreeMap<FlowId, PinAttempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The injected randomness, as OPAQUE wants it.
fn draws(source: &dyn Randomness) -> Draws<impl FnMut(&mut [u8]) -> Result<(), RandomnessError>, RandomnessError> {
    Draws::of(|out: &mut [u8]| source.fill(out))
}

/// Whether a PIN has the form that the policy asks for.
pub(crate) fn check_form(pin: &[u8], digits: u8) -> Result<(), WalletError> {
    if pin.len() == usize::from(digits) && pin.iter().all(u8::is_ascii_digit) {
        Ok(())
    } else {
        Err(WalletError::PinFormat { digits })
    }
}

/// Whether a gateway that says this has decided nothing, and may later; a factor that is locked is a decision.
fn is_unwell(problem: &Problem) -> bool {
    matches!(problem.retry(), Retry::Same | Retry::After) && problem.code() != Code::FactorLocked
}

impl Inner {
    /// Registers the PIN. A registration whose end is not known waits in the outbox and was sent before this.
    pub(crate) async fn register_pin(self: &Arc<Self>, pin: Zeroizing<Vec<u8>>) -> Result<(), WalletError> {
        self.register_secret(SecretKind::PaymentPin, pin).await
    }

    /// Registers another PIN, which the gateway takes after a recovery alone.
    ///
    /// # Errors
    /// [`WalletError::WrongAnswer`] where another one was chosen since this one's caller arrived; it is not looked at.
    pub(crate) async fn choose_new_pin(self: &Arc<Self>, pin: Zeroizing<Vec<u8>>) -> Result<(), WalletError> {
        let arrival = self.choosing.arrive();
        let digits = self
            .look(|inner| {
                inner.enrolled()?;
                Ok(inner.policy()?.secrets.payment_pin.digits)
            })
            .await?;
        check_form(&pin, digits)?;
        let _visit = arrival.enter_first(self.ports.patience).await?;
        self.register_secret(SecretKind::PaymentPin, pin).await
    }

    /// Registers a secret, by OPAQUE: it never leaves the phone. Where a registration was begun elsewhere before this one
    /// was complete, it is begun again, once.
    pub(crate) async fn register_secret(
        self: &Arc<Self>,
        secret: SecretKind,
        pin: Zeroizing<Vec<u8>>,
    ) -> Result<(), WalletError> {
        match self.register_once(secret, pin.clone()).await {
            Err(WalletError::Problem(problem)) if problem.code() == Code::VersionConflict => {
                self.register_once(secret, pin).await
            }
            other => other,
        }
    }

    async fn register_once(self: &Arc<Self>, secret: SecretKind, pin: Zeroizing<Vec<u8>>) -> Result<(), WalletError> {
        let inner = Arc::clone(self);
        let text = pin.clone();
        let (state, request) = blocking(move || {
            let mut draws = draws(&*inner.ports.randomness);
            let begun = pin::client_register_start(&text, &mut draws);
            draws.check()?;
            Ok::<_, WalletError>(begun?)
        })
        .await?;
        let nonce = self.transport.get::<Nonce>("/v1/nonce", None).await?.nonce;
        let message = B64::from(request);
        let compact = self
            .unit(move |unit| {
                unit.sign(&PinRegister {
                    nonce,
                    secret,
                    phase: PinPhase::Request,
                    registration: None,
                    message,
                })
            })
            .await?;
        let answer: PinAnswer = read(&self.transport.post(&compact).await?)?;
        let Some(registration) = answer.registration else {
            return Err(WalletError::Answer("no registration"));
        };
        let inner = Arc::clone(self);
        let record = blocking(move || {
            let mut draws = draws(&*inner.ports.randomness);
            let made = pin::client_register_finish(state, &pin, answer.message.as_slice(), &mut draws);
            draws.check()?;
            Ok::<_, WalletError>(made?)
        })
        .await?;
        let nonce = self.transport.get::<Nonce>("/v1/nonce", None).await?.nonce;
        let message = B64::from(record);
        let statement = PinRegister {
            nonce,
            secret,
            phase: PinPhase::Record,
            registration: Some(registration),
            message,
        };
        let number = self
            .unit(move |unit| {
                let purpose = match secret {
                    SecretKind::PaymentPin => Purpose::PinRecord {},
                    SecretKind::LockPassword => Purpose::LockPasswordRecord {},
                };
                // The gateway takes no record of a registration that was begun before this one.
                for row in unit.list::<OutboxRow>()? {
                    if row.purpose == purpose {
                        unit.delete(&row);
                    }
                }
                unit.send(purpose, &statement)
            })
            .await?;
        self.flush(number).await.map(|_| ())
    }

    /// Proves the PIN at the open step, which may be done by then by whoever was faster: whether it was this PIN that was
    /// proved. The guess is counted by the gateway before it answers the first message.
    ///
    /// # Errors
    /// [`WalletError::WrongAnswer`] where another one was tried since this one's caller arrived: a button that is pressed
    /// twice costs one guess.
    pub(crate) async fn prove_pin(
        self: &Arc<Self>,
        arrival: Arrival<'_>,
        open: OpenFlow,
        pin: Zeroizing<Vec<u8>>,
    ) -> Result<bool, WalletError> {
        check_form(&pin, open.pinned.policy.secrets.payment_pin.digits)?;
        let flow = open.flow();
        let visit = arrival.enter(self.ports.patience).await?;
        // The gateway has to know all that came before in this flow, that it began first of all.
        self.unit(move |unit| {
            let Some(mut row) = unit.get::<FlowRow>(flow.as_bytes())?.filter(|row| !row.told) else {
                return Ok(());
            };
            unit.tell_start(&mut row)?;
            unit.put(&row)
        })
        .await?;
        if let Some(number) = self.look(move |inner| inner.last_row_of(flow)).await? {
            match self.flush(number).await {
                Ok(_) => {}
                // A refusal for good is on the flow's own row.
                Err(WalletError::Problem(problem)) if !is_unwell(&problem) => {}
                Err(error @ (WalletError::Problem(_) | WalletError::Offline)) => {
                    return self.without_gateway_at_pin(&open, error).await;
                }
                Err(error) => return Err(error),
            }
        }
        // What waited may have been the end of this very check.
        let now_open = self.look(move |inner| inner.open_flow(flow)).await?;
        if now_open.is_none_or(|now| now.step.id != open.step.id) {
            return self.carry_on(&open).await.map(|()| false);
        }
        let unanswered = self.pin_checks.take(flow, &pin);
        let attempt = match unanswered {
            Some(attempt) => attempt,
            None if visit.is_first => self.begin_attempt(&open, pin).await?,
            None => return Err(WalletError::WrongAnswer),
        };
        let answer: PinAnswer = match self.transport.post(&attempt.compact).await {
            Ok(answer) => read(&answer)?,
            Err(SendError::Problem(problem)) if problem.code() == Code::FactorLocked => {
                return Err(WalletError::PinLocked {
                    retry_after: problem.retry_after_seconds(),
                });
            }
            Err(SendError::Problem(problem)) if !is_unwell(&problem) => return Err(problem.into()),
            Err(error) => {
                let is_counted = matches!(&error, SendError::Problem(problem) if problem.retry() != Retry::Same);
                let skipped = self.without_gateway_at_pin(&open, error.into()).await;
                if !is_counted && skipped.is_err() {
                    // Kept no longer than the step is open: the same PIN costs no second guess.
                    self.pin_checks.keep(flow, attempt);
                }
                return skipped;
            }
        };
        let attempts_left = answer.attempts_left;
        self.unit(move |unit| {
            let Some(mut row) = unit.get::<FlowRow>(flow.as_bytes())? else {
                return Ok(());
            };
            row.attempts_left = Some(attempts_left);
            unit.put(&row)
        })
        .await?;
        let message = self.finish_attempt(&open, attempt, answer).await?;
        let statement = PinFinish {
            flow,
            step: open.step.id.clone(),
            message,
        };
        let number = self
            .unit(move |unit| unit.send(Purpose::PinFinish { flow }, &statement))
            .await?;
        self.flush(number).await?;
        self.carry_on(&open).await.map(|()| true)
    }

    /// At the PIN step without a gateway that decides, whether it is out of reach or unwell: what may be skipped is
    /// skipped, everything else waits, with the error that says why.
    async fn without_gateway_at_pin(
        self: &Arc<Self>,
        open: &OpenFlow,
        error: WalletError,
    ) -> Result<bool, WalletError> {
        let flow = open.flow();
        if open.can_skip_offline() {
            self.go_offline(flow).await?;
        }
        let now = self.look(move |inner| inner.open_flow(flow)).await?;
        if now.is_some_and(|now| now.step.id == open.step.id) {
            return Err(error);
        }
        Ok(false)
    }

    async fn begin_attempt(
        self: &Arc<Self>,
        open: &OpenFlow,
        pin: Zeroizing<Vec<u8>>,
    ) -> Result<PinAttempt, WalletError> {
        let flow = open.flow();
        let step = open.step.id.clone();
        self.unit(move |unit| {
            let mut draws = draws(&*unit.inner.ports.randomness);
            let begun = pin::client_login_start(&pin, &mut draws);
            draws.check()?;
            let (state, message) = begun?;
            let compact = unit.sign(&PinStart {
                flow,
                step,
                message: B64::from(message),
            })?;
            Ok(PinAttempt { pin, compact, state })
        })
        .await
    }

    async fn finish_attempt(
        self: &Arc<Self>,
        open: &OpenFlow,
        attempt: PinAttempt,
        answer: PinAnswer,
    ) -> Result<B64, WalletError> {
        let start = &open.row.start;
        let context = pin::context(start.flow, &open.step.id, start.nonce.as_slice(), &start.operation);
        let inner = Arc::clone(self);
        blocking(move || {
            let mut draws = draws(&*inner.ports.randomness);
            let PinAttempt { pin, state, .. } = attempt;
            let finished = pin::client_login_finish(state, &pin, answer.message.as_slice(), &context, &mut draws);
            match finished {
                Err(problem) if problem.code() == Code::ProofRejected => Err(WalletError::WrongPin {
                    attempts_left: answer.attempts_left,
                }),
                other => {
                    draws.check()?;
                    let (message, _session_key) = other?;
                    Ok(B64::from(message))
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Randomness for Broken {
        fn fill(&self, _out: &mut [u8]) -> Result<(), RandomnessError> {
            Err(RandomnessError)
        }
    }

    #[test]
    fn a_failed_source_of_randomness_ends_the_exchange() {
        let mut bad = draws(&Broken);
        let _unusable = pin::client_login_start(b"258036", &mut bad);
        assert!(bad.check().is_err());
        let system = quittance_vault::SystemRandomness::default();
        let mut good = draws(&system);
        assert!(pin::client_login_start(b"258036", &mut good).is_ok());
        assert!(good.check().is_ok(), "control: with randomness it begins");
    }

    #[test]
    fn a_pin_has_exactly_the_policys_digits() {
        assert!(check_form(b"258036", 6).is_ok());
        for bad in [
            b"25803".as_slice(),
            b"2580361",
            b"25803a",
            b"",
            "25803\u{661}".as_bytes(),
        ] {
            assert!(
                matches!(check_form(bad, 6), Err(WalletError::PinFormat { digits: 6 })),
                "{bad:?}"
            );
        }
    }
}
