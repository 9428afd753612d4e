//! What a run was let through for, looked at again at the moment when it brings something about.

use quittance_flows::definition::Condition;
use quittance_flows::{FlowDefinition, Policy, StepKind};
use quittance_protocol::AccountId;
use quittance_protocol::problem::Code;

use crate::failure::Decided;
use crate::locks;
use crate::turn::Turn;

/// Refuses what the definition's guards would not let through any more: a run that began before a recovery, or before
/// something triggered the lock, does not finish as if nothing had happened. What no guard keeps back,
/// such as every cancellation, is never refused.
///
/// # Errors
/// `risk_denied`.
pub(crate) fn check(turn: &Turn<'_>, policy: &Policy, definition: &FlowDefinition, account: AccountId) -> Decided<()> {
    let refused = (guards(definition, "recovering") && is_recovering(turn, policy, account)?)
        || (guards(definition, "lock_trigger_open") && locks::has_open_trigger(turn, account)?);
    if refused {
        return Err(Code::RiskDenied.into());
    }
    Ok(())
}

/// Whether an account was recovered so lately that what raises authority has to wait.
pub(crate) fn is_recovering(turn: &Turn<'_>, policy: &Policy, account: AccountId) -> Decided<bool> {
    let Some(recovered) = turn.store.profile(account)?.recovered_at else {
        return Ok(false);
    };
    let until = policy.moment("recovery.aftermath_hold", recovered);
    Ok(turn.now < until?)
}

fn guards(definition: &FlowDefinition, name: &str) -> bool {
    definition.all_steps().any(|step| {
        matches!(&step.kind, StepKind::Guard(Condition::Compares { fact, .. } | Condition::Holds(fact)) if fact == name)
    })
}
