//! Teen mode at the gateway: on with a guardian, limits by the guardian's flow, off at the end of another or with age.

use quittance_flows::mandate::MandateEvent;
use quittance_flows::{Hold, HoldOwner, teen};
use quittance_protocol::log_body::Actor;
use quittance_protocol::problem::Code;
use quittance_protocol::{AccountId, Money, Problem, Timestamp};

use crate::failure::{Decided, Failure};
use crate::flows::refusal;
use crate::store::{Mandate, Store, Teen};
use crate::sweep::{Sweep, sweep};
use crate::turn::Turn;
use crate::world::World;

/// Sets what a teen may spend on one charge, at the wish of the guardian who is on record.
///
/// # Errors
/// `not_eligible` for anybody else; as [`check_grant`].
pub(crate) fn set_limit(turn: &mut Turn<'_>, guardian: AccountId, account: AccountId, limit: Money) -> Decided<()> {
    check_grant(turn, limit)?;
    let mut profile = turn.store.profile(account)?;
    let teen = profile.teen.as_mut().filter(|teen| teen.guardian == guardian);
    let teen = teen.ok_or_else(|| Problem::new(Code::NotEligible).at("/start/wish/teen"))?;
    teen.per_charge = Some(limit);
    turn.store.put_profile(account, &profile)?;
    follow(turn, account)
}

/// Whether a guardian can grant this.
///
/// # Errors
/// `currency_mismatch` where it is in another currency than the ceiling.
pub(crate) fn check_grant(turn: &Turn<'_>, limit: Money) -> Decided<()> {
    let policy = &turn.world.policies.current()?.policy;
    let checked = teen::check_grant(policy, limit);
    Ok(checked.map_err(|code| Problem::new(code).at("/start/wish/per_charge"))?)
}

/// Ends teen mode for a payer who is of age, or whose guardian agreed.
///
/// # Errors
/// `not_eligible` where the payer speaks for somebody else.
pub(crate) fn leave(turn: &mut Turn<'_>, payer: AccountId, account: AccountId) -> Decided<()> {
    if payer != account {
        return Err(Problem::new(Code::NotEligible).at("/start/wish/teen").into());
    }
    end(turn, account)
}

/// Whether somebody in teen mode has come of age, looked up without writing.
pub(crate) fn is_due(store: Store<'_>, world: &World, now: Timestamp) -> Result<bool, Failure> {
    Ok(store.grown_teens(&adults_born_by(world, now)?, None)?.is_due())
}

/// Ends teen mode for whoever has come of age, without anybody's doing.
pub(crate) fn run_due(turn: &mut Turn<'_>, seen: &mut Sweep) -> Decided<()> {
    let born_by = adults_born_by(turn.world, turn.now)?;
    let grown = turn.store.grown_teens(&born_by, seen.teens)?;
    sweep(turn, grown, &mut seen.teens, |turn, account| end(turn, account))
}

fn adults_born_by(world: &World, now: Timestamp) -> Result<String, Failure> {
    let policy = &world.policies.current()?.policy;
    let born_by = teen::adults_born_by(policy, now);
    Ok(born_by.to_string())
}

fn end(turn: &Turn<'_>, account: AccountId) -> Decided<()> {
    let mut profile = turn.store.profile(account)?;
    profile.teen = None;
    turn.store.put_profile(account, &profile)?;
    follow(turn, account)
}

/// Brings the holds of teen mode in step with the profile: they stand while nothing may be charged at all.
pub(crate) fn follow(turn: &Turn<'_>, account: AccountId) -> Decided<()> {
    let teen = turn.store.profile(account)?.teen;
    for mut row in turn.store.readable_mandates_of(account)? {
        let before = row.standing.clone();
        if row.standing.is_live() {
            follow_one(turn, teen.as_ref(), &mut row)?;
        }
        if row.standing != before {
            turn.store.put_mandate(&mut row)?;
        }
    }
    Ok(())
}

fn follow_one(turn: &Turn<'_>, teen: Option<&Teen>, row: &mut Mandate) -> Decided<()> {
    let holds = match teen {
        Some(teen) => !may_sign(turn, teen)?,
        None => false,
    };
    let event = match (holds, row.standing.holds.contains(&HoldOwner::Teen)) {
        (true, false) => MandateEvent::HoldAdded(Hold::new(HoldOwner::Teen, turn.now)),
        (false, true) => MandateEvent::HoldLifted(HoldOwner::Teen, Actor::Guardian),
        _ => return Ok(()),
    };
    row.standing = row.standing.step(event).map_err(refusal)?;
    row.follow_holds();
    Ok(())
}

/// Whether a teen may sign a mandate at all.
pub(crate) fn may_sign(turn: &Turn<'_>, teen: &Teen) -> Decided<bool> {
    let policy = &turn.world.policies.current()?.policy;
    Ok(teen::may_sign(policy, teen.per_charge))
}

/// Whether a charge is within what the account may spend: everything, outside of teen mode.
pub(crate) fn check_charge(turn: &Turn<'_>, account: AccountId, amount: Money) -> Decided<Result<(), Code>> {
    let Some(teen) = turn.store.profile(account)?.teen else {
        return Ok(Ok(()));
    };
    let policy = &turn.world.policies.current()?.policy;
    Ok(teen::check_charge(policy, teen.per_charge, amount))
}
