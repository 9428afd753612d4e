//! What payers are told while runs go on: an event for each of their phones, and a push that may get lost.

use std::collections::BTreeMap;

use quittance_protocol::answer::PayerEventKind;
use quittance_protocol::{AccountId, EventId};

use super::Run;
use crate::failure::Decided;
use crate::parties::{Call, CallKey, PayerNotice};
use crate::turn::Turn;

/// Tells the run's payer something, on every phone of theirs.
pub(super) fn told(turn: &Turn<'_>, run: &Run<'_>, text: String) -> Decided<()> {
    let flow = run.flow.flow;
    tell(turn, run.flow.account, PayerEventKind::Told { flow, text })
}

/// Adds to what a payer should know. What is missing at the push service stands in the events.
pub(super) fn tell(turn: &Turn<'_>, account: AccountId, kind: PayerEventKind) -> Decided<()> {
    let event = EventId::from_bytes(turn.world.draw()?);
    let text = match &kind {
        PayerEventKind::Told { text, .. } => text.clone(),
        _ => "notice.look_into_app".to_owned(),
    };
    turn.store.add_event(account, event, turn.now, kind)?;
    let call = Call {
        key: CallKey::named(event.to_string()),
        at: turn.now,
    };
    let notice = PayerNotice {
        account,
        text,
        arguments: BTreeMap::new(),
    };
    if turn.world.outside.push.notify(&call, &notice).is_err() {
        tracing::warn!("a notice was not pushed; it stands in the payer's events");
    }
    Ok(())
}
