//! The payment PIN over OPAQUE: a guess is counted, durably, before its answer leaves.

use quittance_flows::StepKind;
use quittance_flows::definition::FactorKind;
use quittance_flows::pin::{self as guesses, Counted, PinCounter, PinEvent};
use quittance_protocol::answer::PinAnswer;
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::pin;
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{PinFinish, PinPhase, PinRegister, PinStart};
use quittance_protocol::{B64, Digest32, FlowId, Problem, Verified};

use super::flow::{Found, Run, find};
use crate::factor;
use crate::failure::{Decided, Failure};
use crate::secrets::{PinRandomness, seal, unseal};
use crate::store::{Device, PinLogin};
use crate::turn::{Answer, Turn};

/// Seconds between the first and the third message.
pub(crate) const LOGIN_LIFE: i64 = 300;

/// Registers a PIN where none is set.
pub(super) fn register(turn: &mut Turn<'_>, device: &Device, said: &Verified<PinRegister>) -> Decided<Answer> {
    let body = said.body();
    if turn.store.pin(device.account)?.is_some() {
        return Err(Problem::new(Code::StepOrder)
            .detail("a payment PIN is set already")
            .into());
    }
    factor::spend_nonce(turn, body.nonce.as_slice(), "/nonce")?;
    let account = device.account.to_string();
    let message = match body.phase {
        PinPhase::Request => {
            pin::server_register(&turn.world.secrets.pin, account.as_bytes(), body.message.as_slice())?
        }
        PinPhase::Record => {
            let record = pin::server_register_finish(body.message.as_slice())?;
            turn.store.add_pin(device.account, &record)?;
            Vec::new()
        }
    };
    let attempts_left = turn.world.policies.current()?.policy.secrets.payment_pin.max_attempts;
    Answer::json(&PinAnswer {
        message: B64::new(message),
        attempts_left,
    })
}

/// Counts a guess, then answers its first message. The same message for the same step gets the same answer free.
pub(super) fn start(turn: &mut Turn<'_>, device: &Device, said: &Verified<PinStart>) -> Decided<Answer> {
    let body = said.body();
    let run = match find(turn, device, body.flow)? {
        Found::Open(run) => run,
        Found::Expired(answer) => return Ok(answer),
    };
    expect_pin_step(&run, &body.step)?;
    if let Some(login) = turn
        .store
        .pin_login(body.flow, &body.step, Some(body.message.as_slice()))?
        && turn.now.seconds_since(login.at) < LOGIN_LIFE
    {
        return Answer::json(&PinAnswer {
            message: B64::new(login.answer),
            attempts_left: login.attempts_left,
        });
    }
    let registered = turn
        .store
        .pin(device.account)?
        .ok_or_else(|| Problem::new(Code::StepOrder).detail("register a payment PIN first"))?;
    let Counted { attempts_left, .. } = count(turn, device, registered.counter, PinEvent::Guessed)?;
    let start = &run.state.start;
    let context = pin::context(body.flow, &body.step, start.nonce.as_slice(), &start.operation);
    let mut rng = PinRandomness::new(&*turn.world.randomness);
    let (state, answer) = pin::server_login_start(
        &turn.world.secrets.pin,
        device.account.to_string().as_bytes(),
        Some(&registered.record),
        body.message.as_slice(),
        &context,
        &mut rng,
    )?;
    rng.check()?;
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
    })
}

/// Judges the third message. A right one sets the counter back; a wrong one leaves its guess counted.
pub(super) fn finish(turn: &mut Turn<'_>, device: &Device, said: &Verified<PinFinish>) -> Decided<Answer> {
    let body = said.body();
    let mut run = match find(turn, device, body.flow)? {
        Found::Open(run) => run,
        Found::Expired(answer) => return Ok(answer),
    };
    expect_pin_step(&run, &body.step)?;
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
                .pin(device.account)?
                .ok_or(Failure::Damaged("a payment PIN"))?;
            count(turn, device, registered.counter, PinEvent::Proved)?;
            let evidence = Digest32::of(body.message.as_slice());
            run.admit(
                turn,
                Author::Gateway,
                FlowEventKind::FactorProved {
                    step: body.step.clone(),
                    evidence,
                },
            )?;
            run.log()
        }
        Err(problem) if problem.code() == Code::ProofRejected => {
            let attempts_left = login.attempts_left;
            let failed = FlowEventKind::FactorFailed {
                step: body.step.clone(),
                attempts_left,
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
fn count(turn: &Turn<'_>, device: &Device, counter: PinCounter, event: PinEvent) -> Decided<Counted> {
    let rules = &turn.world.policies.current()?.policy.secrets.payment_pin;
    let counted = guesses::step(rules, counter, event, turn.now)
        .map_err(|locked| Problem::new(Code::FactorLocked).retry_after(locked.wait))?;
    turn.store.count_guesses(device.account, counted.counter)?;
    Ok(counted)
}

fn expect_pin_step(run: &Run<'_>, step: &str) -> Decided<()> {
    match run.open_step(step)?.ask {
        StepKind::Factor(FactorKind::PaymentPin) => Ok(()),
        _ => Err(Problem::new(Code::StepOrder).at("/step").into()),
    }
}

/// Binds a sealed state to the step that it was made for.
fn place(flow: FlowId, step: &str) -> String {
    format!("quittance-gateway/pin-state/1\n{flow}\n{step}")
}
