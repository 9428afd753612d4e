//! What flows bring about, at a step or at their end.

use quittance_flows::mandate::MandateEvent;
use quittance_flows::{FlowEffect, Hold, HoldOwner};
use quittance_protocol::answer::MandateState;

use super::{Run, refusal};
use crate::failure::Decided;
use crate::store::Device;
use crate::turn::Turn;

/// Carries an effect out, in the turn in which it came about.
pub(super) fn bring_about(turn: &mut Turn<'_>, _device: &Device, run: &Run<'_>, effect: FlowEffect) -> Decided<()> {
    match effect {
        FlowEffect::Hold => hold_for_revocation(turn, run),
        // What a completed flow is for follows in its own statement: consent, intent, hold.
        _ => Ok(()),
    }
}

/// Holds a cancellation's mandates: no charge passes from here on. What ends already needs no hold.
fn hold_for_revocation(turn: &mut Turn<'_>, run: &Run<'_>) -> Decided<()> {
    for id in &run.state.start.mandates {
        let Some(mut mandate) = turn.store.mandate(*id)? else {
            continue;
        };
        if matches!(
            mandate.standing.state,
            MandateState::Revoking | MandateState::Ended | MandateState::Rejected
        ) {
            continue;
        }
        let held = mandate
            .standing
            .step(MandateEvent::HoldAdded(Hold::new(HoldOwner::Revocation, turn.now)));
        mandate.standing = held.map_err(refusal)?;
        mandate.follow_holds();
        turn.store.put_mandate(&mut mandate)?;
    }
    Ok(())
}
