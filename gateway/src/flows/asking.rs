//! What the open step of a run shows beyond its definition. Personal, so it is found out anew each time.

use quittance_flows::definition::PromptKind;
use quittance_flows::{FactorInput, FactorKind, FlowEffect, StepKind};
use quittance_protocol::Timestamp;
use quittance_protocol::answer::Asking;
use quittance_protocol::bytes::to_base64url;

use super::{Run, codes, contacts, gestures, quiz};
use crate::failure::Failure;
use crate::parties::NumberKind;
use crate::store::Store;
use crate::world::World;

/// What the open step shows, where it shows something.
pub(crate) fn find_out(
    store: Store<'_>,
    world: &World,
    run: &Run<'_>,
    now: Timestamp,
) -> Result<Option<Asking>, Failure> {
    let Some(open) = run.open() else { return Ok(None) };
    match &open.kind {
        StepKind::Factor(FactorKind::GestureVideo) => Ok(Some(Asking::Gestures {
            gestures: gestures::asked(run.policy, &world.secrets.master, run.flow.flow, &open.id),
        })),
        StepKind::Factor(factor) if factor.input() == FactorInput::Code => {
            let sent = store.step_code(run.flow.flow, &open.id)?;
            sent.map(|sent| code(run, *factor, sent.code.sent_at)).transpose()
        }
        StepKind::Prompt(PromptKind::Jump) => Ok(Some(Asking::Jump { link: link(run) })),
        StepKind::Prompt(PromptKind::People) => {
            let (at_least, _) = quittance_flows::contacts::how_many(run.policy);
            let people = if run.definition.effect == FlowEffect::SetContacts {
                contacts::nameable(store, run.policy, run.flow.account, now)?
            } else {
                contacts::eligible(store, run.policy, run.flow.account, now)?
            };
            Ok(Some(Asking::People { people, at_least }))
        }
        StepKind::Prompt(prompt) => quiz::questions(store, world, run, *prompt),
        _ => Ok(None),
    }
}

fn code(run: &Run<'_>, factor: FactorKind, sent_at: Timestamp) -> Result<Asking, Failure> {
    let number = match codes::number(factor) {
        NumberKind::Own => "own",
        NumberKind::Bound => "bound",
        NumberKind::Foreign => "foreign",
    };
    Ok(Asking::Code {
        sent_to: number.to_owned(),
        valid_until: codes::valid_until(run, sent_at),
        resend_from: codes::resend_from(run, sent_at),
    })
}

/// The bank's app link: what it is asked, and the state that its answer has to bring back.
fn link(run: &Run<'_>) -> String {
    let start = &run.state.start;
    let state = to_base64url(start.nonce.as_slice());
    format!("bank-app://confirm?operation={}&state={state}", start.operation)
}
