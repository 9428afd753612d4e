//! The elements of a bank card: sealed until the card network has compared them, then gone.

use quittance_flows::factor::CARD_ELEMENTS;
use quittance_protocol::bytes::B64;
use quittance_protocol::flow_event::{Author, FlowEventKind};
use quittance_protocol::problem::Code;
use quittance_protocol::statement::{Entry, StepAnswer};
use quittance_protocol::{Digest32, Problem};

use super::{Run, entering, evidence};
use crate::failure::{Decided, Failure};
use crate::parties::{CardClaim, CardMatch, PersonalText};
use crate::turn::Turn;

/// Takes what was entered at the open step, and asks the network. The run's log names it by its salted digest alone.
///
/// # Errors
/// `malformed` where it is not one entry for each element; `step_order` where the ones before are still compared.
pub(crate) fn take(
    turn: &mut Turn<'_>,
    run: &mut Run<'_>,
    step: &str,
    answer: &StepAnswer,
    salt: &B64,
    entries: &[Entry],
) -> Decided<()> {
    entering::check_form(salt, entries)?;
    if entries.len() != CARD_ELEMENTS.len() {
        return Err(Problem::new(Code::Malformed)
            .at("/answer/entries")
            .detail("enter each element of the card, once")
            .into());
    }
    let event = FlowEventKind::Submitted {
        step: step.to_owned(),
        evidence: answer.digest().ok_or(Failure::Damaged("entries"))?,
    };
    run.admit(turn, Author::Phone, event)?;
    // A network that does not answer is asked again about the same.
    entering::keep(turn, run, step, salt, entries)?;
    ask(turn, run, step)
}

/// Asks the network about what was entered last.
pub(super) fn ask(turn: &mut Turn<'_>, run: &mut Run<'_>, step: &str) -> Decided<()> {
    let entries = entering::read(turn.store, turn.world, run.flow.flow, step)?;
    let mut elements = entries.into_iter().map(PersonalText::new);
    let (Some(number), Some(phone)) = (elements.next(), elements.next()) else {
        // Its time was over first; the run ends by its own.
        return Ok(());
    };
    let claim = CardClaim {
        account: run.flow.account,
        number,
        phone,
    };
    let call = evidence::call(turn, run, step);
    let evidence = run.state.submitted;
    let evidence = evidence.unwrap_or_else(|| Digest32::of(call.key.as_str().as_bytes()));
    let reply = turn.world.outside.card_holder.compare(&call, &claim);
    let judged = reply.map(|reply| (reply.after, reply.outcome == CardMatch::Match));
    evidence::settle(turn, run, step, judged, evidence, Vec::new())
}
