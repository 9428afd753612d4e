//! What time brings about by itself.

use std::collections::HashSet;

use quittance_protocol::{ChargeId, Timestamp};

use crate::each::{each, pass_over};
use crate::failure::{Decided, Failure};
use crate::flows::moments;
use crate::round::in_mark;
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

/// Carries out what is due. What fails for what one row is leaves the rest to go on.
pub(crate) fn run(turn: &mut Turn<'_>) -> Result<(), Failure> {
    for work in [moments::pass, teens::run_due, locks::run_due, ending::run_due] {
        pass_over(in_mark(turn, work))?;
    }
    Ok(())
}

/// Asks again about charges whose outcome nobody knows and nobody is asking about, for refunds that nobody took.
pub(crate) fn ask_about_charges(turn: &mut Turn<'_>, asking: &HashSet<ChargeId>) -> Decided<()> {
    let charges = turn.store.pending_charges()?;
    each(turn, charges, |turn, charge| {
        if !asking.contains(&charge.charge) {
            statements::ask_again(turn, &charge)?;
        }
        Ok(())
    })?;
    let refunds = turn.store.refunds_due()?;
    each(turn, refunds, |turn, refund| {
        turn.after.push(After::Refund(refund));
        Ok(())
    })
}

/// Forgets what cannot matter any more.
pub(crate) fn tidy(turn: &Turn<'_>) -> Decided<()> {
    turn.store.forget_nonces(turn.now)?;
    turn.store.erase_evidence(turn.now)?;
    turn.store
        .forget_pin_logins(turn.now.plus_seconds(-statements::LOGIN_LIFE))?;
    Ok(())
}
