//! What time brings about by itself.

use std::collections::HashSet;

use quittance_protocol::{ChargeId, Timestamp};

use crate::failure::{Decided, Failure};
use crate::statements::{self, closed_by_deadline, never_activated};
use crate::store::Store;
use crate::turn::Turn;

/// Whether something is due, looked up without writing.
pub(crate) fn is_due(store: Store<'_>, now: Timestamp) -> Result<bool, Failure> {
    Ok(!store.never_activated(now)?.is_empty()
        || !store.overdue(now)?.is_empty()
        || store.draining()?.iter().any(|order| order.drain_until <= now))
}

/// Carries out what is due.
pub(crate) fn run(turn: &mut Turn<'_>) -> Decided<()> {
    for mandate in turn.store.never_activated(turn.now)? {
        never_activated(turn, mandate)?;
    }
    for order in turn.store.draining()? {
        if order.drain_until <= turn.now {
            statements::drain(turn, order.order, true)?;
        }
    }
    for order in turn.store.overdue(turn.now)? {
        closed_by_deadline(turn, order)?;
    }
    Ok(())
}

/// Asks again about charges whose outcome nobody knows and nobody is asking about.
pub(crate) fn ask_about_charges(turn: &mut Turn<'_>, asking: &HashSet<ChargeId>) -> Decided<()> {
    for charge in turn.store.pending_charges()? {
        if !asking.contains(&charge.charge) {
            statements::ask_again(turn, &charge)?;
        }
    }
    Ok(())
}

/// Forgets what cannot matter any more.
pub(crate) fn tidy(turn: &Turn<'_>) -> Decided<()> {
    turn.store.forget_nonces(turn.now)?;
    turn.store
        .forget_pin_logins(turn.now.plus_seconds(-statements::LOGIN_LIFE))?;
    Ok(())
}
