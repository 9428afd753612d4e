//! One-time codes: sent by text, recognised by a keyed digest, each good once and for a while.

use std::collections::BTreeMap;

use quittance_flows::FactorKind;
use quittance_flows::otp::{self, Checked, NotSent};
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::OneTimeCode;
use quittance_protocol::{Digest32, Problem, Timestamp};
use zeroize::Zeroizing;

use super::{Run, parties};
use crate::failure::Decided;
use crate::parties::{Call, CallKey, NumberKind, TextMessage};
use crate::store::StepCode;
use crate::turn::Turn;

/// The template of the text that carries a code.
const TEMPLATE: &str = "otp";
const CODE: &str = "quittance-gateway/one-time-code/1";
const CONTEXT: &str = "quittance-gateway/one-time-code-context/1";

/// Which of the payer's numbers a factor's code goes to.
pub(super) const fn number(factor: FactorKind) -> NumberKind {
    match factor {
        FactorKind::BoundPhoneOtp => NumberKind::Bound,
        FactorKind::ForeignPhoneOtp => NumberKind::Foreign,
        _ => NumberKind::Own,
    }
}

/// Draws a code and sends it; it takes the place of the one before. A carrier that does not answer is asked again.
///
/// # Errors
/// `factor_locked` with the seconds to wait where the one before is too young.
pub(crate) fn send(turn: &mut Turn<'_>, run: &mut Run<'_>, step: &str, factor: FactorKind) -> Decided<()> {
    let flow = run.flow.flow;
    let before = turn.store.step_code(flow, step)?;
    let sends = before.as_ref().map_or(0, |before| before.sends) + 1;
    let code = code(turn, run, step, sends);
    let sent = otp::sent(
        run.policy,
        before.as_ref().map(|before| &before.code),
        &code,
        &*context(turn, run, step, sends),
        turn.now,
    );
    let sent = match sent {
        Ok(sent) => sent,
        Err(NotSent::TooSoon { from }) => {
            let wait = u32::try_from(from.seconds_since(turn.now)).unwrap_or(u32::MAX);
            return Err(Problem::new(Code::FactorLocked).at("/answer").retry_after(wait).into());
        }
    };
    let call = Call {
        key: CallKey::of_step(flow, step, sends),
        at: turn.now,
    };
    let text = TextMessage {
        account: run.flow.account,
        number: number(factor),
        template: TEMPLATE.to_owned(),
        arguments: BTreeMap::from([("code".to_owned(), code.0)]),
    };
    if turn.world.outside.sms_carrier.send(&call, &text).is_err() {
        return parties::ask_again(turn, run, step, Vec::new());
    }
    // What the carrier did not take before is not sent any more.
    parties::ask_no_more(turn, run, step)?;
    turn.store.put_step_code(flow, step, &StepCode { code: sent, sends })?;
    let step = step.to_owned();
    run.admit(turn, Author::Gateway, FlowEventKind::Sent { step })
}

/// What a typed code comes to, counted before anybody hears of it.
///
/// # Errors
/// `step_order` where none was sent, `too_late` where its time is over: neither counts as a try.
pub(crate) fn check(turn: &Turn<'_>, run: &Run<'_>, step: &str, typed: &OneTimeCode) -> Decided<FlowEventKind> {
    let pointer = "/answer/code";
    let flow = run.flow.flow;
    let sent = turn.store.step_code(flow, step)?.ok_or_else(|| {
        Problem::new(Code::StepOrder)
            .at(pointer)
            .detail("no code was sent yet: ask for one")
    })?;
    let context = context(turn, run, step, sent.sends);
    let (code, checked) = otp::check(run.policy, &sent.code, typed, &*context, turn.now);
    let evidence = Digest32::of_parts(&[flow.as_bytes(), step.as_bytes(), &sent.sends.to_be_bytes()]);
    turn.store.put_step_code(flow, step, &StepCode { code, ..sent })?;
    let step = step.to_owned();
    match checked {
        Checked::Proved => Ok(FlowEventKind::FactorProved { step, evidence }),
        Checked::Failed { attempts_left } => Ok(FlowEventKind::FactorFailed {
            step,
            today: None,
            attempts_left: Some(attempts_left),
        }),
        Checked::Expired => Err(Problem::new(Code::TooLate)
            .at(pointer)
            .detail("the code's time is over: ask for another one")
            .into()),
        Checked::UsedUp => Err(Problem::new(Code::BudgetExhausted).at(pointer).into()),
    }
}

/// Until before when a code can be typed.
pub(super) fn valid_until(run: &Run<'_>, sent_at: Timestamp) -> Timestamp {
    otp::valid_until(run.policy, sent_at)
}

/// From when on another code can be asked for.
pub(super) fn resend_from(run: &Run<'_>, sent_at: Timestamp) -> Timestamp {
    otp::resend_from(run.policy, sent_at)
}

/// Binds a code to its run, step and sending, under the vault's key: a stolen database does not say the few codes that
/// there are.
fn context(turn: &Turn<'_>, run: &Run<'_>, step: &str, sends: u32) -> Zeroizing<[u8; 32]> {
    turn.world.secrets.master.derive(CONTEXT, &place(run, step, sends))
}

/// The code of a sending. It is derived and not drawn: a carrier that did not answer may have heard, so that asking it
/// again has to say the same.
fn code(turn: &Turn<'_>, run: &Run<'_>, step: &str, sends: u32) -> OneTimeCode {
    let derived = turn.world.secrets.master.derive(CODE, &place(run, step, sends));
    let random = derived.first_chunk().copied().unwrap_or_default();
    otp::draw(run.policy, random)
}

fn place(run: &Run<'_>, step: &str, sends: u32) -> Vec<u8> {
    format!("{}\n{step}\n{sends}", run.flow.flow).into_bytes()
}
