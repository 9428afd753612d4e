//! What time brings about by itself.

use std::collections::HashSet;

use quittance_protocol::{ChargeId, Timestamp};

use crate::failure::{Decided, Failure};
use crate::flows::moments;
use crate::statements;
use crate::store::Store;
use crate::turn::{After, Turn};
use crate::world::World;
use crate::{ending, locks, teens};

/// Whether something is due, looked up without writing.
pub(crate) fn is_due(store: Store<'_>, world: &World, now: Timestamp) -> Result<bool, Failure> {
    Ok(moments::is_due(store, now)?
        || ending::is_due(store, now)?
        || locks::is_due(store, now)?
        || teens::is_due(store, world, now)?)
}

/// Carries out what is due.
pub(crate) fn run(turn: &mut Turn<'_>) -> Decided<()> {
    moments::pass(turn)?;
    teens::run_due(turn)?;
    locks::run_due(turn)?;
    ending::run_due(turn)
}

/// Asks again about charges whose outcome nobody knows and nobody is asking about, for refunds that nobody took.
pub(crate) fn ask_about_charges(turn: &mut Turn<'_>, asking: &HashSet<ChargeId>) -> Decided<()> {
    for charge in turn.store.pending_charges()? {
        if !asking.contains(&charge.charge) {
            statements::ask_again(turn, &charge)?;
        }
    }
    let refunds = turn.store.refunds_due()?;
    turn.after.extend(refunds.into_iter().map(After::Refund));
    Ok(())
}

/// Forgets what cannot matter any more.
pub(crate) fn tidy(turn: &Turn<'_>) -> Decided<()> {
    turn.store.forget_nonces(turn.now)?;
    turn.store.erase_evidence(turn.now)?;
    turn.store
        .forget_pin_logins(turn.now.plus_seconds(-statements::LOGIN_LIFE))?;
    Ok(())
}
