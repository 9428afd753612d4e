//! The payer's risk rating at the gateway: rated anew at each end of a mandate.

use quittance_flows::PolicyError;
use quittance_flows::risk::{self, Rating, Signals};
use quittance_protocol::AccountId;

use crate::failure::{Decided, Failure};
use crate::locks;
use crate::turn::Turn;

/// Rates a payer by what is known now. The epoch moves even where the level stays: a receipt says that it did.
pub(crate) fn refresh(turn: &Turn<'_>, account: AccountId) -> Decided<(u64, Rating)> {
    let policy = &turn.world.policies.current()?.policy;
    let before = turn.store.account(account)?.risk_epoch;
    let mut recovery_failed = false;
    for at in turn.store.profile(account)?.failed_recoveries {
        let until = policy
            .moment("recovery.failures_to_review.window", at)
            .map_err(damaged)?;
        recovery_failed |= turn.now < until;
    }
    let signals = Signals {
        lock_trigger_open: locks::has_open_trigger(turn, account)?,
        recovery_failed,
        dead_token_used: turn.store.dead_uses_of(account)? > 0,
        // Where a connection comes from is known while a run is open, not when its mandate ends.
        ..Signals::default()
    };
    let rating = risk::refresh(policy, before, signals).map_err(damaged)?;
    turn.store.put_rating(account, &rating)?;
    Ok((before, rating))
}

fn damaged(_: PolicyError) -> Failure {
    Failure::Damaged("a policy")
}
