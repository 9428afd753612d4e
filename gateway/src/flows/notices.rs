//! What the payer is told while a run goes on.

use quittance_protocol::EventId;
use quittance_protocol::answer::PayerEventKind;

use super::Run;
use crate::failure::Decided;
use crate::turn::Turn;

/// Tells the run's payer something, on every phone of theirs.
pub(super) fn told(turn: &Turn<'_>, run: &Run<'_>, text: String) -> Decided<()> {
    let event = EventId::from_bytes(turn.world.draw()?);
    let flow = run.flow.flow;
    let kind = PayerEventKind::Told { flow, text };
    Ok(turn.store.add_event(run.flow.account, event, turn.now, kind)?)
}
