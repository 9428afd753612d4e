//! Secrets that stay on phones: a guess is counted, durably, before its answer leaves.

use quittance_flows::pin::{self as guesses, Counted, PinCounter, PinEvent};
use quittance_flows::policy::PinRules;
use quittance_flows::{FactorKind, StepKind, lock};
use quittance_protocol::answer::PinAnswer;
use quittance_protocol::draws::Draws;
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::pin;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{PinFinish, PinPhase, PinRegister, PinStart, SecretKind};
use quittance_protocol::{AccountId, B64, Digest32, FlowId, Problem, RegistrationId, Verified};

use super::flow::{Run, find};
use crate::factor;
use crate::failure::{Decided, Failure, Refusal};
use crate::round::in_mark;
use crate::secrets::{seal, unseal};
use crate::store::{Device, PinLogin};
use crate::turn::{Answer, Turn};

/// Seconds between the first and the third message.
pub(crate) const LOGIN_LIFE: i64 = 300;

/// Registers a payment PIN where none is set or while a recovery holds the door open, a password of the safety lock
/// while the proof of the payment PIN does.
pub(super) fn register(turn: &mut Turn<'_>, device: &Device, said: &Verified<PinRegister>) -> Decided<Answer> {
    let body = said.body();
    let secret = body.secret;
    let is_set = turn.store.payer_secret(device.account, secret)?.is_some();
    let resets = match secret {
        SecretKind::PaymentPin => turn.store.pin_reset_is_open(device.account, turn.now)?,
        SecretKind::LockPassword => turn.store.lock_password_is_open(device.account, turn.now)?,
    };
    if is_set && !resets {
        return Err(Problem::new(Code::ProofRejected)
            .detail("it is set already: recover it first")
            .into());
    }
    if secret != SecretKind::PaymentPin
        && turn
            .store
            .payer_secret(device.account, SecretKind::PaymentPin)?
            .is_none()
    {
        return Err(Problem::new(Code::StepOrder)
            .at("/secret")
            .detail("register a payment PIN first")
            .into());
    }
    if secret == SecretKind::LockPassword {
        // Whoever could choose it under the lock would take the lock off with it.
        if turn.store.lock(device.account)?.is_some() {
            return Err(Code::SafetyLocked.into());
        }
        if !resets {
            return Err(Problem::new(Code::StepOrder)
                .at("/secret")
                .detail("prove the payment PIN first")
                .into());
        }
    }
    factor::spend_nonce(turn, body.nonce.as_slice(), "/nonce")?;
    let (message, registration) = match (body.phase, body.registration) {
        (PinPhase::Request, None) => begin(turn, device, said.body())?,
        (PinPhase::Record, Some(registration)) => {
            complete(turn, device, said.body(), registration)?;
            (Vec::new(), None)
        }
        (PinPhase::Request, Some(_)) | (PinPhase::Record, None) => {
            return Err(Problem::new(Code::Malformed)
                .at("/registration")
                .detail("a record names its registration, a request none")
                .into());
        }
    };
    Answer::json(&PinAnswer {
        message: B64::new(message),
        attempts_left: rules(turn, device, secret, PinCounter::default())?.max_attempts,
        registration,
    })
}

/// Answers a request under the name of a registration that is drawn for it alone. It is counted nowhere, so what it
/// evaluates must be worth nothing: neither for the record that stands nor for one that comes of another request.
fn begin(turn: &Turn<'_>, device: &Device, body: &PinRegister) -> Decided<(Vec<u8>, Option<RegistrationId>)> {
    let registration = RegistrationId::from_bytes(turn.world.draw()?);
    let message = pin::server_register(
        &turn.world.secrets.pin,
        credential(device.account, body.secret, Some(registration)).as_bytes(),
        body.message.as_slice(),
    )?;
    turn.store
        .begin_registration(device.account, body.secret, registration)?;
    Ok((message, Some(registration)))
}

/// Takes the record of the registration that was begun last, and closes the door behind it.
fn complete(turn: &Turn<'_>, device: &Device, body: &PinRegister, registration: RegistrationId) -> Decided<()> {
    let record = pin::server_register_finish(body.message.as_slice())?;
    let (account, secret) = (device.account, body.secret);
    if !turn
        .store
        .complete_registration(account, secret, registration, &record)?
    {
        return Err(Problem::new(Code::VersionConflict)
            .at("/registration")
            .detail("begin the registration again")
            .into());
    }
    match secret {
        SecretKind::PaymentPin => turn.store.close_pin_reset(account)?,
        SecretKind::LockPassword => turn.store.close_lock_password(account)?,
    }
    Ok(())
}

/// Under which name OPAQUE keeps a secret: two registrations never share one, so neither do two secrets or two accounts.
fn credential(account: AccountId, secret: SecretKind, registration: Option<RegistrationId>) -> String {
    let registration = registration.map_or_else(String::new, |registration| format!("/{registration}"));
    match secret {
        SecretKind::PaymentPin => format!("{account}{registration}"),
        SecretKind::LockPassword => format!("{account}/lock-password{registration}"),
    }
}

/// How guesses at a secret are counted: the lock's password has its own number of tries, under each lock.
fn rules(turn: &Turn<'_>, device: &Device, secret: SecretKind, counter: PinCounter) -> Decided<PinRules> {
    let policy = &turn.world.policies.current()?.policy;
    Ok(match secret {
        SecretKind::PaymentPin => policy.secrets.payment_pin,
        SecretKind::LockPassword => {
            let lock = turn.store.lock(device.account)?;
            lock::password_rules(policy, lock.as_ref().map(|row| &row.lock), counter)
        }
    })
}

/// Counts a guess, then answers its first message. The same message for the same step gets the same answer free.
pub(super) fn start(turn: &mut Turn<'_>, device: &Device, said: &Verified<PinStart>) -> Decided<Answer> {
    let body = said.body();
    let run = find(turn, device, body.flow)?;
    let secret = secret_of(&run, &body.step)?;
    if let Some(login) = turn
        .store
        .pin_login(body.flow, &body.step, Some(body.message.as_slice()))?
        && turn.now.seconds_since(login.at) < LOGIN_LIFE
    {
        return Answer::json(&PinAnswer {
            message: B64::new(login.answer),
            attempts_left: login.attempts_left,
            registration: None,
        });
    }
    let registered = turn
        .store
        .payer_secret(device.account, secret)?
        .ok_or_else(|| Problem::new(Code::StepOrder).detail("register the secret first"))?;
    let Counted { attempts_left, .. } = count(turn, device, secret, registered.counter, PinEvent::Guessed)?;
    let start = &run.state.start;
    let context = pin::context(body.flow, &body.step, start.nonce.as_slice(), &start.operation);
    let mut draws = Draws::of(|out: &mut [u8]| turn.world.randomness.fill(out));
    let (state, answer) = pin::server_login_start(
        &turn.world.secrets.pin,
        credential(device.account, secret, registered.registration).as_bytes(),
        Some(&registered.record),
        body.message.as_slice(),
        &context,
        &mut draws,
    )?;
    draws.check()?;
    let key = turn.world.secrets.master.pin_state_key();
    let place = place(body.flow, &body.step);
    let login = PinLogin {
        request: body.message.as_slice().to_vec(),
        sealed_state: Some(seal(&key, &*turn.world.randomness, &place, &state)?),
        answer,
        attempts_left,
        at: turn.now,
    };
    turn.store.add_pin_login(body.flow, &body.step, &login)?;
    Answer::json(&PinAnswer {
        message: B64::new(login.answer),
        attempts_left,
        registration: None,
    })
}

/// Judges the third message. A right one sets the counter back; a wrong one leaves its guess counted.
pub(super) fn finish(turn: &mut Turn<'_>, device: &Device, said: &Verified<PinFinish>) -> Decided<Answer> {
    let body = said.body();
    let mut run = find(turn, device, body.flow)?;
    let secret = secret_of(&run, &body.step)?;
    let again = || {
        Problem::new(Code::StepOrder)
            .at("/message")
            .detail("begin the PIN check again")
    };
    let login = turn.store.pin_login(body.flow, &body.step, None)?.ok_or_else(again)?;
    let sealed = login.sealed_state.as_deref().ok_or_else(again)?;
    if turn.now.seconds_since(login.at) >= LOGIN_LIFE {
        return Err(again().into());
    }
    let key = turn.world.secrets.master.pin_state_key();
    let state = unseal(&key, &place(body.flow, &body.step), sealed)?;
    turn.store.use_up_pin_logins(body.flow, &body.step)?;
    match pin::server_login_finish(&state, body.message.as_slice()) {
        Ok(_session_key) => {
            let registered = turn
                .store
                .payer_secret(device.account, secret)?
                .ok_or(Failure::Damaged("a payer's secret"))?;
            count(turn, device, secret, registered.counter, PinEvent::Proved)?;
            let proved = FlowEventKind::FactorProved {
                step: body.step.clone(),
                evidence: Digest32::of(body.message.as_slice()),
            };
            // A right guess is none of the wrong ones, also where what the run is for is refused.
            match in_mark(turn, |turn| run.admit(turn, Author::Gateway, proved)) {
                Ok(()) => run.answer(turn),
                Err(Refusal::Problem(problem)) => Ok(Answer::Problem(problem)),
                Err(failure) => Err(failure),
            }
        }
        Err(problem) if problem.code() == Code::ProofRejected => {
            let attempts_left = login.attempts_left;
            let failed = FlowEventKind::FactorFailed {
                step: body.step.clone(),
                today: None,
                attempts_left: Some(attempts_left),
            };
            run.admit(turn, Author::Gateway, failed)?;
            let left = attempts_left.to_string();
            Ok(Answer::Problem(
                Problem::new(Code::ProofRejected)
                    .at("/message")
                    .next("attempts_left", &left),
            ))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Lets the rules count, writes what they counted.
fn count(
    turn: &Turn<'_>,
    device: &Device,
    secret: SecretKind,
    counter: PinCounter,
    event: PinEvent,
) -> Decided<Counted> {
    let rules = rules(turn, device, secret, counter)?;
    let counted = guesses::step(&rules, counter, event, turn.now)
        .map_err(|locked| Problem::new(Code::FactorLocked).retry_after(locked.wait))?;
    turn.store.count_guesses(device.account, secret, counted.counter)?;
    Ok(counted)
}

/// The secret that the open step asks for.
fn secret_of(run: &Run<'_>, step: &str) -> Decided<SecretKind> {
    match run.open_step(step)?.kind {
        StepKind::Factor(FactorKind::PaymentPin) => Ok(SecretKind::PaymentPin),
        StepKind::Factor(FactorKind::LockPassword) => Ok(SecretKind::LockPassword),
        _ => Err(Problem::new(Code::StepOrder).at("/step").into()),
    }
}

/// Binds a sealed state to the step that it was made for.
fn place(flow: FlowId, step: &str) -> String {
    format!("quittance-gateway/pin-state/1\n{flow}\n{step}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_before_registrations_had_names_stays_under_its_own() {
        let account = AccountId::from_bytes([7; 16]);
        let named = |secret| credential(account, secret, None);
        assert_eq!(named(SecretKind::PaymentPin), account.to_string());
        assert_eq!(named(SecretKind::LockPassword), format!("{account}/lock-password"));
    }

    #[test]
    fn no_two_registrations_share_a_name() {
        let accounts = [1, 2].map(|byte| AccountId::from_bytes([byte; 16]));
        let registrations = [None, Some([1; 16]), Some([2; 16])].map(|bytes| bytes.map(RegistrationId::from_bytes));
        let mut names = std::collections::BTreeSet::new();
        for account in accounts {
            for secret in [SecretKind::PaymentPin, SecretKind::LockPassword] {
                names.extend(registrations.map(|registration| credential(account, secret, registration)));
            }
        }
        assert_eq!(names.len(), 12);
    }
}
