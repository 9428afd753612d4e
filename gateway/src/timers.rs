//! What time brings about by itself.

use quittance_protocol::Timestamp;

use crate::each::{each, pass_over};
use crate::failure::{Decided, Failure, Refusal};
use crate::flows::moments;
use crate::round::{Memory, in_mark};
use crate::statements;
use crate::store::Store;
use crate::sweep::Sweep;
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

/// Carries out what is due, some of each kind; `seen` says how far it came, and whether more is left. What fails for what
/// one row is leaves the rest to go on.
pub(crate) fn run(turn: &mut Turn<'_>, seen: &mut Sweep) -> Result<(), Failure> {
    for work in [moments::pass, teens::run_due, locks::run_due, ending::run_due] {
        pass_over(turn.store, in_mark(turn, |turn| work(turn, seen)))?;
    }
    Ok(())
}

/// Asks the card network again about charges whose outcome nobody knows and nobody is asking about, and for refunds that it
/// did not take: some at a time, those first that were not tried for the longest time.
pub(crate) fn ask_the_network(turn: &mut Turn<'_>, memory: &mut Memory) -> Decided<()> {
    let mut pending = turn.store.pending_behind(memory.asked_up_to)?;
    if pending.is_empty() {
        pending = turn.store.pending_behind(0)?;
    }
    memory.asked_up_to = pending.last().map_or(0, |(place, _)| *place);
    let charges = pending.into_iter().map(|(_, charge)| charge).collect();
    each(turn, charges, |turn, charge| {
        if memory.asks_about(charge.charge) {
            return Ok(());
        }
        match statements::ask_again(turn, &charge) {
            // Neither made nor given up before the vault can be read. What needs no vault goes on.
            Err(Refusal::Failure(Failure::Vault(error))) => {
                tracing::error!(%error, charge = %charge.charge, "a charge waits for the vault");
                Ok(())
            }
            asked => asked,
        }
    })?;
    let refunds = turn.store.refunds_due()?;
    each(turn, refunds, |turn, refund| {
        if !memory.refunding.contains(&(refund.kid, refund.jti)) {
            turn.store.refund_is_tried(&refund, turn.now)?;
            turn.after.push(After::Refund(refund));
        }
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
