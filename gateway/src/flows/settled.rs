//! What a run was let through for, looked at again at the moment when it brings something about.

use std::collections::{BTreeMap, BTreeSet};

use quittance_flows::definition::Condition;
use quittance_flows::facts::{LOCK_TRIGGER_OPEN, RECOVERING};
use quittance_flows::{Policy, flow};
use quittance_protocol::{AccountId, Quantity};

use super::{Run, refusal};
use crate::failure::Decided;
use crate::locks;
use crate::turn::Turn;

/// Refuses what the definition's guards would not let through any more: a run that began before a recovery, or before
/// something triggered the lock, does not finish as if nothing had happened. What no guard keeps back,
/// such as every cancellation, is never refused, and nothing is looked up for it.
///
/// # Errors
/// The code of the guard.
pub(crate) fn check(turn: &Turn<'_>, run: &Run<'_>) -> Decided<()> {
    let (rules, account) = (run.rules(), run.flow.account);
    let guarded: BTreeSet<&str> = rules.definition.guards().map(Condition::fact).collect();
    let mut found = BTreeMap::new();
    if guarded.contains(RECOVERING) {
        let recovering = is_recovering(turn, rules.policy, account)?;
        found.insert(RECOVERING.to_owned(), Quantity::from(recovering));
    }
    if guarded.contains(LOCK_TRIGGER_OPEN) {
        let open = locks::has_open_trigger(turn, account)?;
        found.insert(LOCK_TRIGGER_OPEN.to_owned(), Quantity::from(open));
    }
    let refused = flow::refused_anew(rules, &found).map_err(refusal)?;
    refused.map_or(Ok(()), |code| Err(code.into()))
}

/// Whether an account was recovered so lately that what raises authority has to wait.
pub(crate) fn is_recovering(turn: &Turn<'_>, policy: &Policy, account: AccountId) -> Decided<bool> {
    let Some(recovered) = turn.store.profile(account)?.recovered_at else {
        return Ok(false);
    };
    Ok(turn.now < policy.recovery.aftermath_hold.after(recovered))
}
