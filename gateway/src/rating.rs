//! The payer's risk rating at the gateway: rated anew at each end of a mandate.

use quittance_flows::Policy;
use quittance_flows::risk::{self, Rating, Signals};
use quittance_protocol::{AccountId, Timestamp};

use crate::failure::Decided;
use crate::locks;
use crate::store::Profile;
use crate::turn::Turn;

/// Rates a payer by what is known now. The epoch moves even where the level stays: a receipt says that it did.
pub(crate) fn refresh(turn: &Turn<'_>, account: AccountId) -> Decided<(u64, Rating)> {
    let policy = &turn.world.policies.current()?.policy;
    let before = turn.store.account(account)?.risk_epoch;
    let profile = turn.store.profile(account)?;
    let connection = profile.connection;
    let signals = Signals {
        vpn: connection.is_some_and(|connection| connection.vpn),
        high_risk_region: connection.is_some_and(|connection| connection.high_risk_region),
        lock_trigger_open: locks::has_open_trigger(turn, account)?,
        recovery_failed: recent_failures(turn, policy, &profile)? > 0,
        dead_token_used: turn.store.dead_uses_of(account)? > 0,
    };
    let rating = risk::refresh(policy, before, signals)?;
    turn.store.put_rating(account, &rating)?;
    Ok((before, rating))
}

/// Recoveries of a payer that failed within the policy's window.
pub(crate) fn recent_failures(turn: &Turn<'_>, policy: &Policy, profile: &Profile) -> Decided<u32> {
    let mut failed: u32 = 0;
    for at in &profile.failed_recoveries {
        failed = failed.saturating_add(u32::from(counts_still(turn, policy, *at)));
    }
    Ok(failed)
}

/// Remembers that a recovery was refused, by its answers or by somebody who objected, for as long as it counts.
pub(crate) fn note_refused_recovery(turn: &Turn<'_>, policy: &Policy, account: AccountId) -> Decided<()> {
    let mut profile = turn.store.profile(account)?;
    let mut recent = vec![turn.now];
    for at in profile.failed_recoveries {
        if counts_still(turn, policy, at) {
            recent.push(at);
        }
    }
    profile.failed_recoveries = recent;
    Ok(turn.store.put_profile(account, &profile)?)
}

fn counts_still(turn: &Turn<'_>, policy: &Policy, failed_at: Timestamp) -> bool {
    turn.now < policy.recovery.failures_to_review.window.after(failed_at)
}
